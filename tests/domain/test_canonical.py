"""One spelling of JSON: the file that people read has the bytes that `json` of Python would give it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import canonical

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner))


def _plainly(value: Any) -> str:
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


@given(_VALUES)
def test_the_fast_writer_gives_the_bytes_of_the_plain_one(value: Any) -> None:
    assert canonical.pretty(value) == _plainly(value)


@pytest.mark.parametrize(
    "value", [1e22, -1e-07, [1e-5], {"a": 1.5e300}, 1e16, 5e-324, 2**200, -0.0, "\x7f\x1f\u2028", [], {}, [[], {}]]
)
def test_what_two_writers_spell_in_two_ways_is_written_as_python_does(value: Any) -> None:
    assert canonical.pretty(value) == _plainly(value)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical.pretty(float("nan"))
