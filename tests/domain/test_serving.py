"""`serving.yaml`: what is written is read again, and the hardest word wins."""

import string

from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import serving
from skillctl.domain.serving import Retirement, Serving
from tests.domain.made import told

FILE = serving.path_of("adder")
letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
numbers = st.integers(0, 10**6)
pre = st.one_of(st.just(""), st.text(string.ascii_letters + "-", min_size=1, max_size=8).map(lambda text: "-" + text))
versions = st.builds(lambda a, b, c, end: f"{a}.{b}.{c}{end}", numbers, numbers, numbers, pre)
retirements = st.builds(
    Retirement,
    reason=st.text(letters, min_size=1, max_size=300),
    replaced_by=st.none() | st.text(letters, max_size=130),
    sunset=st.none() | st.dates().map(lambda day: day.isoformat()),
)
mappings = st.dictionaries(versions, retirements, max_size=4)
servings = st.builds(
    Serving,
    serving=st.none() | versions,
    deprecated=mappings,
    reinstated=mappings,
    withdrawn=mappings,
    revoked=mappings,
)


@given(servings)
def test_what_is_written_is_read_again(made: Serving) -> None:
    raw = serving.write(made)
    assert serving.read(FILE, raw, "adder") == (made, [])
    assert serving.write(made) == raw


def test_the_file_as_people_review_it() -> None:
    old = Retirement(reason='10 % "was": wrong', replaced_by="adder@2.0.0", sunset="2027-01-31")
    made = Serving().offers("2.0.0").deprecates("1.10.0", old).deprecates("1.9.0", Retirement(reason="no"))
    assert serving.write(made).decode() == (
        "# written by `skillctl`; reviewed like code\n"
        'serving: "2.0.0"\n'
        "deprecated:\n"
        '  "1.10.0":\n'
        '    reason: "10 % \\"was\\": wrong"\n'
        '    replaced_by: "adder@2.0.0"\n'
        '    sunset: "2027-01-31"\n'
        '  "1.9.0":\n'
        '    reason: "no"\n'
    )


def test_the_hardest_word_wins() -> None:
    soft, hard = Retirement(reason="old"), Retirement(reason="unsafe")
    made = Serving(deprecated={"1.0.0": soft, "1.1.0": soft}, withdrawn={"1.1.0": hard}, revoked={"1.2.0": hard})
    assert made.state("1.0.0") == ("deprecated", soft)
    assert made.state("1.1.0") == ("withdrawn", hard)
    assert made.state("1.2.0") == ("revoked", hard)
    assert made.state("9.9.9") == ("approved", None)


def test_a_version_is_deprecated_or_reinstated_and_never_both() -> None:
    old, again = Retirement(reason="old"), Retirement(reason="needed")
    made = Serving(serving="1.0.0").deprecates("1.0.0", old).deprecates("0.9.0", old).reinstates("1.0.0", "needed")
    assert made == Serving(serving="1.0.0", deprecated={"0.9.0": old}, reinstated={"1.0.0": again})
    assert made.state("1.0.0") == ("approved", None)
    assert made.deprecates("1.0.0", old) == Serving(serving="1.0.0", deprecated={"0.9.0": old, "1.0.0": old})
    revoked = Serving(deprecated={"1.0.0": old}, revoked={"1.0.0": old}).reinstates("1.0.0", "needed")
    assert revoked.state("1.0.0") == ("revoked", old)


def test_what_is_withdrawn_is_not_served() -> None:
    why = Retirement(reason="wrong")
    made = Serving(serving="1.0.0", deprecated={"1.0.0": why}).withdraws("1.0.0", why)
    assert (made.serving, made.state("1.0.0")) == (None, ("withdrawn", why))
    assert made.deprecated == {"1.0.0": why}
    assert Serving(serving="1.1.0").withdraws("1.0.0", why).serving == "1.1.0"


def test_what_no_serving_file_may_say() -> None:
    assert serving.read(FILE, b"serving: [", "adder")[0] is None
    read, findings = serving.read(FILE, b'serving: 1.0\ndeprecated: {"1.0": {reason: x}}\n', "adder")
    assert read is None
    assert told(findings) == [
        ("SK104", 1, 10, "`serving` must be text, not the number `1.0`"),
        ("SK105", 2, 21, "`deprecated.1.0`: `1.0` is not a semantic version such as `1.4.0`"),
    ]
    assert findings[0].hint == 'quote it: "1.0"'
    assert {finding.skill for finding in findings} == {"adder"}


def test_a_revoked_version_is_forbidden_and_another_one_served() -> None:
    made = Serving(serving="1.1.0").revokes("1.1.0", Retirement(reason="it leaks"), "1.0.0")
    assert (made.serving, made.state("1.1.0")) == ("1.0.0", ("revoked", Retirement(reason="it leaks")))
