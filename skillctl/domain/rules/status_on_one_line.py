"""SK210: `status` and `version` stand on one line, because the tool rewrites them there."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each of the two that is written as block text."""
    for key in ("version", "status"):
        if key in subject.skill.document.data and subject.skill.document.span((key,)) is None:
            message = f"`{key}` is written as block text, which no promotion can change in place"
            yield subject.finding("SK210", message, (key,), f"write `{key}:` and its value on one line")


RULE = Rule(
    code="SK210",
    severity=Severity.ERROR,
    title="`status` and `version` stand on one line",
    why="A promotion rewrites these values in place and touches nothing else, which it cannot do in block text.",
    bad="status: |-",
    good="status: draft",
    check=check,
    binding=True,
)
