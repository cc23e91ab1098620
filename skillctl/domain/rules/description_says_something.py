"""SK211: the description is more than spaces."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where the description is blank."""
    skill = subject.skill
    if not skill.description.strip():
        hint = "say what the skill does and when to use it"
        yield subject.at(subject.describing, "SK211", "the description is blank", ("description",), hint)


RULE = Rule(
    code="SK211",
    severity=Severity.ERROR,
    title="the description says something",
    why="It is all that an agent sees of a skill before it chooses one; a skill without it is never chosen.",
    bad='description: "  "',
    good='description: "Adds up the bills of a month. Use it to add."',
    check=check,
    standard=True,
)
