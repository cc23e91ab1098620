"""Ranges of versions mean what npm means by them."""

import pytest

from skillctl.domain.version_range import holds, parse

HOLDS = """
^1.2            | 1.2.0 1.9.9          | 1.1.9 2.0.0 2.0.0-rc.1 1.3.0-rc.1
^1              | 1.0.0 1.9.0          | 0.9.0 2.0.0
^0.2.3          | 0.2.3 0.2.9          | 0.3.0 0.2.2
^0.0.3          | 0.0.3                | 0.0.4
^0.0            | 0.0.9                | 0.1.0
^1.2.3-rc.2     | 1.2.3-rc.2 1.2.3     | 1.2.3-rc.1 1.3.0-rc.1
~1.2.3          | 1.2.3 1.2.9          | 1.3.0
~1.2            | 1.2.0                | 1.3.0
~1              | 1.9.0                | 2.0.0
1.x             | 1.0.0 1.9.0          | 2.0.0 0.9.0
1.2.*           | 1.2.7                | 1.3.0
*               | 0.0.1 9.9.9          | 1.0.0-rc.1
>=*             | 3.0.0                | 1.0.0-rc.1
1.2.3           | 1.2.3                | 1.2.4
=1.2            | 1.2.9                | 1.3.0
v1.2.3          | 1.2.3                | 1.2.4
>1.2            | 1.3.0                | 1.2.9
>1.2.3          | 1.2.4                | 1.2.3
<=1.2           | 1.2.9 0.1.0          | 1.3.0
<=1.2.3         | 1.2.3                | 1.2.4
<1.2            | 1.1.9                | 1.2.0
>=1.0 <2        | 1.5.0                | 2.0.0 0.9.0
>= 1.0, < 2     | 1.5.0                | 2.0.0
1.2 - 1.4       | 1.2.0 1.4.9          | 1.5.0 1.1.0
^1 || ^3        | 1.5.0 3.1.0          | 2.0.0
"""


@pytest.mark.parametrize("line", HOLDS.strip().splitlines())
def test_a_range_holds_for_these_and_not_for_those(line: str) -> None:
    *_, inside, outside = (part.strip() for part in line.rsplit("|", 2))
    wanted = parse(line.rsplit("|", 2)[0].strip())
    assert wanted is not None
    assert [version for version in inside.split() if not holds(wanted, version)] == []
    assert [version for version in outside.split() if holds(wanted, version)] == []


@pytest.mark.parametrize("text", ["", "newest", "^1.2 ||", "1.2.3.4", "<*", ">x", "01.2", "^^1", "1.2-", "a^1"])
def test_what_is_no_range(text: str) -> None:
    assert parse(text) is None
