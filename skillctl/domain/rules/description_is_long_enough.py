"""SK212: a description is long enough to choose by."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

_LETTERS = 20
_WORDS = 4


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where the description has too few letters or words, but is not blank."""
    skill = subject.skill
    text = skill.description.strip()
    if text and (len(text) < _LETTERS or len(text.split()) < _WORDS):
        message = f"the description `{text}` is too short to choose the skill by"
        hint = "say what the skill does and when to use it"
        yield subject.at(subject.describing, "SK212", message, ("description",), hint, Severity.WARNING)


RULE = Rule(
    code="SK212",
    severity=Severity.WARNING,
    title="the description is long enough to choose by",
    why=(
        "An agent chooses among all skills by their descriptions. Fewer than 20 characters or 4 words do not say when "
        "a skill is the right one, so it is used too often or never."
    ),
    bad='description: "Adds."',
    good='description: "Adds up the bills of a month. Use it to add."',
    check=check,
    standard=True,
)
