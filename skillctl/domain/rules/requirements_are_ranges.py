"""SK218: what is required is a range of versions."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.version_range import parse


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each requirement whose range cannot be read."""
    for required, text in subject.skill.definition.requires.items():
        if parse(text) is None:
            message = f"`{text}` is no range of versions"
            yield subject.finding("SK218", message, ("requires", required), 'write one such as "^1.2" or ">=1.2 <2"')


RULE = Rule(
    code="SK218",
    severity=Severity.ERROR,
    title="a requirement is a range of versions",
    why=(
        "Ranges are written as npm writes them: `^1.2`, `~1.2.3`, `>=1.2 <2`, `1.x`, `1.2 - 1.4`, `^1 || ^2`. "
        "What is none of these can be satisfied by nothing."
    ),
    bad='requires: {taxes: "newest"}',
    good='requires: {taxes: "^1.0"}',
    check=check,
)
