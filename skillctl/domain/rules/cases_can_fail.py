"""SK307: every check of a case can fail."""

import re
from collections.abc import Iterator

from skillctl.domain.checks import Check, regex
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

#: Short texts that have nothing in common: what is found in each of them is found in every text.
_PROBES = ("", "a", "Z", "7", " ", "\n", "-", "é", "{}\n", "x\ny")


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each pattern that matches whatever is printed."""
    if subject.suite is None:
        return
    for path, case in subject.suite.cases:
        for index, expected in enumerate(case.expect):
            for place, part in expected.parts():
                if "not" in place or not _holds_always(part):
                    continue
                message = f"`{part.regex}` matches whatever case `{case.id}` prints"
                hint = "write what the output must hold"
                yield subject.suite.finding("SK307", message, (*path, "expect", index, *place, "regex"), hint)


def _holds_always(check: Check) -> bool:
    # With a path or a file the check fails where there is none, so it asks for something.
    return check.regex is not None and check.json_path is None and check.file is None and _matches_all(check.regex)


def _matches_all(pattern: str) -> bool:
    if "(?!" in pattern or "(?<!" in pattern:
        # It says what the output must not hold, which most short texts do not.
        return False
    if not regex.is_plain(pattern):
        return False
    return all(re.search(pattern, probe, re.MULTILINE) for probe in _PROBES)


RULE = Rule(
    code="SK307",
    severity=Severity.ERROR,
    title="every check can fail",
    why="A pattern that the empty text matches holds for every output, so the case passes whatever the skill does.",
    bad='- {regex: ".*"}',
    good='- {regex: "^4.$"}',
    check=check,
)
