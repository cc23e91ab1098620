"""SK308: the checks of a case do not contradict each other."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from skillctl.domain.checks import Check, equals, regex
from skillctl.domain.checks.kinds import ON_TEXT
from skillctl.domain.document import Path
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

#: A path that selects one value at most.
_ONE_VALUE = re.compile(r"\$(?:\.\w+|\[\d+\]|\['[^'\\]*'\]|\[\"[^\"\\]*\"\])*")

#: A longer text is not matched here.
_LONGEST = 1000


def check(subject: Subject) -> Iterator[Finding]:
    """A finding at each check that cannot hold if an earlier one of its case does."""
    if subject.suite is None:
        return
    for path, case in subject.suite.cases:
        before: list[Check] = []
        for place, expected in _needed(case.expect):
            if any(_excludes(one, expected) for one in before):
                message = f"case `{case.id}` can never pass: this check contradicts one before it"
                hint = "keep one of them, or make two cases"
                yield subject.suite.finding("SK308", message, (*path, "expect", *place), hint)
            before.append(expected)


def _needed(checks: Sequence[Check]) -> Iterator[tuple[Path, Check]]:
    """The checks that must all hold, each with where it stands; `all_of` is what it lists."""
    for number, check in enumerate(checks):
        if check.all_of is None:
            yield (number,), check
        else:
            yield from (((number, "all_of", *place), part) for place, part in _needed(check.all_of))


def _excludes(one: Check, other: Check) -> bool:
    if one.exit_code is not None and other.exit_code is not None:
        return one.exit_code != other.exit_code
    if _denies(one, other) or _denies(other, one):
        return True
    if one.kind in ON_TEXT and other.kind in ON_TEXT:
        return _same_value(one, other) and any(_refutes(*pair) for pair in ((one, other), (other, one)))
    return any(_calls_what_must_not_be(*pair) for pair in ((one, other), (other, one)))


def _denies(one: Check, other: Check) -> bool:
    return one.not_ is not None and one.not_.kind == other.kind and one.not_ == other


def _same_value(one: Check, other: Check) -> bool:
    if (one.json_path, one.stream, one.file) != (other.json_path, other.stream, other.file):
        return False
    return one.json_path is None or _ONE_VALUE.fullmatch(one.json_path) is not None


def _calls_what_must_not_be(one: Check, other: Check) -> bool:
    called = one.tool_called
    return called is not None and called.name == other.tool_not_called and called.bounds[0] > 0


def _refutes(one: Check, other: Check) -> bool:
    """Whether what equals, holds or starts with one thing cannot be what the other check wants."""
    if one.kind == "equals":
        return _is_judged_here(other, one.equals) and _unequal(one, other)
    if other.kind != "not_contains" or one.kind not in ("contains", "starts_with"):
        return False
    unwanted = other.not_contains
    return equals.same(one.asked, unwanted) or (
        isinstance(unwanted, str) and isinstance(one.asked, str) and unwanted in one.asked
    )


def _is_judged_here(check: Check, value: Any) -> bool:
    if check.regex is not None:
        return regex.is_plain(check.regex) and len(str(value)) <= _LONGEST
    return check.kind not in ("json_schema", "contains_json")


def _unequal(exact: Check, other: Check) -> bool:
    test = ON_TEXT[other.kind]
    if exact.json_path is not None:
        return test.values_failure(other.asked, [exact.equals], exact.json_path) is not None
    # One line break at the end of a text is left out when it is compared as a whole.
    texts = [f"{exact.equals}{end}" for end in ("", "\n", "\r\n")]
    return all(
        test.failure(other.asked, text) is not None for text in texts if equals.failure(str(exact.equals), text) is None
    )


RULE = Rule(
    code="SK308",
    severity=Severity.ERROR,
    title="the checks of a case agree",
    why="A case that can never pass blocks every promotion, and the usual way out is to take it from the suite.",
    bad="expect: [{exit_code: 0}, {exit_code: 2}]",
    good='expect: [{exit_code: 0}, {equals: "42"}]',
    check=check,
)
