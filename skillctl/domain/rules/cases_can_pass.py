"""SK308: the checks of a case do not contradict each other."""

import re
from collections.abc import Iterator

from skillctl.domain.checks import Check, equals, regex
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
        for index, expected in enumerate(case.expect):
            if any(_excludes(one, expected) for one in case.expect[:index]):
                message = f"case `{case.id}` can never pass: this check contradicts one before it"
                hint = "keep one of them, or make two cases"
                yield subject.suite.finding("SK308", message, (*path, "expect", index), hint)


def _excludes(one: Check, other: Check) -> bool:
    if one.exit_code is not None or other.exit_code is not None:
        return None not in (one.exit_code, other.exit_code) and one.exit_code != other.exit_code
    if (one.json_path, one.stream) != (other.json_path, other.stream):
        return False
    if one.json_path is not None and _ONE_VALUE.fullmatch(one.json_path) is None:
        return False
    first, second = (one, other) if "equals" in one.model_fields_set else (other, one)
    if "equals" not in first.model_fields_set:
        return False
    return _refutes(first, second)


def _refutes(exact: Check, other: Check) -> bool:
    """Whether what equals one thing cannot be what the other check wants."""
    if "equals" in other.model_fields_set:
        return not equals.same(exact.equals, other.equals)
    if not isinstance(exact.equals, str):
        return "contains" in other.model_fields_set and not equals.same(exact.equals, other.contains)
    # One line break at the end of a text is left out when it is compared as a whole.
    texts = [exact.equals] if exact.json_path else [exact.equals + end for end in ("", "\n", "\r\n")]
    if other.regex is not None:
        pattern = other.regex
        return (
            regex.is_plain(pattern)
            and len(exact.equals) <= _LONGEST
            and not any(re.search(pattern, text, re.MULTILINE) for text in texts)
        )
    return not any(isinstance(other.contains, str) and other.contains in text for text in texts)


RULE = Rule(
    code="SK308",
    severity=Severity.ERROR,
    title="the checks of a case agree",
    why="A case that can never pass blocks every promotion, and the usual way out is to take it from the suite.",
    bad="expect: [{exit_code: 0}, {exit_code: 2}]",
    good='expect: [{exit_code: 0}, {equals: "42"}]',
    check=check,
)
