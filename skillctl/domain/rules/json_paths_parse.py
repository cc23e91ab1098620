"""SK304: the JSON paths of a suite's checks are JSON paths (RFC 9535)."""

from collections.abc import Iterator

from skillctl.domain.checks import json_path
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each check whose path cannot be read; it is no part of the model, whose reading must be quick."""
    if subject.suite is None:
        return
    for path, case in subject.suite.cases:
        for index, expected in enumerate(case.expect):
            for place, part in expected.parts():
                wrong = json_path.problem(part.json_path) if part.json_path else None
                if wrong is not None:
                    yield subject.suite.finding("SK304", wrong, (*path, "expect", index, *place, "json_path"))


RULE = Rule(
    code="SK304",
    severity=Severity.ERROR,
    title="the JSON path of a check can be read",
    why="A check whose path cannot be read is errored at each run, so the suite is evidence for nothing.",
    bad="{json_path: '$[', equals: 42}",
    good="{json_path: $.sum, equals: 42}",
    check=check,
)
