"""What somebody lets stand: with a reason, for a time, and never by the change that brings in an error of security."""

import pytest

from skillctl.domain import document as documents
from skillctl.domain import rules, suppression
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.judgement import Ignore

HEAD = "name: adder\n"


def read(text: str) -> tuple[tuple[Ignore, ...], list[tuple[str, int, int, str]]]:
    document, findings = documents.parse_text(HEAD + text, "skill.yaml")
    assert document is not None, findings
    ignores, findings = suppression.read(document, "adder", rules.SUPPRESSIBLE)
    return ignores, [(one.code, one.line, one.column, one.message) for one in findings]


def test_none_is_none() -> None:
    assert read("") == ((), [])


def test_one_with_a_reason_and_a_day() -> None:
    ignores, findings = read('x-skillctl-ignore:\n  - {code: SK212, reason: "so it is", until: "2027-03-31"}\n')
    assert findings == []
    assert ignores == (Ignore("SK212", "2027-03-31", "skill.yaml", 3, 5),)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{code: SK212}", "the suppression of `SK212` has no reason"),
        ('{code: SK212, reason: " "}', "the suppression of `SK212` has no reason"),
        ("{code: SK212, reason: [a]}", "the suppression of `SK212` has no reason"),
        ("{code: SK999, reason: x}", "`SK999` is no code that can be suppressed"),
        ("{code: SK102, reason: x}", "`SK102` is no code that can be suppressed"),
        ("{code: SK208, reason: x}", "`SK208` is no code that can be suppressed"),
        ("{code: SK601, reason: x}", "`SK601` is no code that can be suppressed"),
        ("{code: [SK212], reason: x}", "`['SK212']` is no code that can be suppressed"),
        ("{reason: x}", "`None` is no code that can be suppressed"),
        ("{code: SK212, reason: x, until: 2027-02-30}", "`2027-02-30` is no day"),
        ("{code: SK212, reason: x, until: 20270331}", "`20270331` is no day"),
        ("{code: SK212, reason: x, until: tomorrow}", "`tomorrow` is no day"),
        ("{code: SK212, reason: x, untl: tomorrow}", "`untl` is no key of a suppression"),
        ("{code: SK212, reason: x, zzzzz: tomorrow}", "`zzzzz` is no key of a suppression"),
        ("SK212", "a suppression is a mapping with `code` and `reason`"),
        ("{}", "a suppression is a mapping with `code` and `reason`"),
    ],
)
def test_what_is_none(item: str, message: str) -> None:
    assert read(f"x-skillctl-ignore: [{item}]\n") == ((), [("SK601", 2, 21, message)])


def test_it_is_a_list() -> None:
    assert read("x-skillctl-ignore: SK212\n") == ((), [("SK601", 2, 20, "`x-skillctl-ignore` must be a list")])


SHORT = Finding("SK212", "too short", "SKILL.md", 3, 1, "adder")
OTHER = Finding("SK207", "missing", "SKILL.md", 9, 1, "adder")
PIPED = Finding("SK502", "piped", "scripts/a.sh", 1, 1, "adder")
AGAIN = Finding("SK502", "piped", "scripts/a.sh", 2, 1, "adder")


def settled(
    *findings: Finding, code: str = "SK212", until: str | None = None, new: tuple[Finding, ...] = ()
) -> list[str]:
    ignore = Ignore(code, until, "skill.yaml", 5, 5)
    return [one.code for one in suppression.settled(findings, [ignore], "adder", "2026-11-24", new)]


def test_it_takes_away_what_it_names_and_nothing_else() -> None:
    assert settled(SHORT, OTHER) == ["SK207"]
    assert settled(SHORT, OTHER, until="2026-11-24") == ["SK207"]


def test_after_its_day_the_finding_stands_and_so_does_one_about_it() -> None:
    assert settled(SHORT, OTHER, until="2026-11-23") == ["SK212", "SK207", "SK602"]


def test_one_that_suppresses_nothing() -> None:
    assert settled(OTHER) == ["SK207", "SK603"]
    (left,) = suppression.settled([], [Ignore("SK212", None, "skill.yaml", 5, 5)], "adder", "", ())
    assert (left.code, left.severity, left.line, left.column) == ("SK603", Severity.WARNING, 5, 5)


def test_what_the_change_brings_in_stands() -> None:
    assert settled(PIPED, AGAIN, code="SK502", new=(AGAIN,)) == ["SK502", "SK604"]
    assert settled(PIPED, AGAIN, code="SK502") == []
