"""SK306: no case of a suite is still a placeholder."""

import re
from collections.abc import Iterator

from skillctl.domain.case import Case
from skillctl.domain.document import Path
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

#: A value that is nothing but this; a longer text may well be about a TODO.
_PLACEHOLDER = re.compile(
    r"\s*(?:(?:todo|tbd|fixme|xxx)\b[^\n]{0,60}|lorem ipsum\b.*|\.{3}|…|expected[ _-]?(?:output|result|value)"
    r"|(?:your|insert|replace|fill in)\b[^\n]{0,40}\bhere|<[a-z][a-z _-]{2,40}>)[.!]?\s*",
    re.IGNORECASE | re.DOTALL,
)


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each value of a case that somebody meant to replace."""
    if subject.suite is None:
        return
    for place, case in subject.suite.cases:
        for path, value in _values(case):
            if _PLACEHOLDER.fullmatch(value):
                message = f"`{' '.join(value.split())[:40]}` in case `{case.id}` is a placeholder"
                hint = "write what the skill is given, and what it must answer"
                yield subject.suite.finding("SK306", message, (*place, *path), hint, Severity.WARNING)


def _values(case: Case) -> Iterator[tuple[Path, str]]:
    if case.trigger is not None:
        yield ("trigger", "prompt"), case.trigger.prompt
    if case.ask is not None:
        yield ("ask", "prompt"), case.ask.prompt
    if case.run is not None:
        for index, argument in enumerate(case.run.args):
            yield ("run", "args", index), argument
        if case.run.stdin is not None:
            yield ("run", "stdin"), case.run.stdin
    for index, expected in enumerate(case.expect):
        for key in ("equals", "contains", "not_contains", "icontains", "starts_with", "regex"):
            value = getattr(expected, key)
            if isinstance(value, str):
                yield ("expect", index, key), value


RULE = Rule(
    code="SK306",
    severity=Severity.WARNING,
    title="no case is a placeholder",
    why="A case that nobody filled in proves nothing, and counts towards the number of cases that the policy asks for.",
    bad='- {equals: "expected output"}',
    good='- {equals: "42"}',
    check=check,
)
