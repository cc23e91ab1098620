"""SK214: below the frontmatter stand instructions."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where the instructions are blank."""
    skill = subject.skill
    if skill.instructions.strip():
        return
    if skill.sheet is None:
        yield subject.finding("SK214", "the instructions are blank", ("instructions",), "say what to do, step by step")
        return
    file = skill.sheet.document.file
    message = "below the frontmatter there are no instructions"
    yield Finding("SK214", message, file, skill.sheet.first_line, 1, subject.name, "say what to do, step by step")


RULE = Rule(
    code="SK214",
    severity=Severity.ERROR,
    title="a skill has instructions",
    why="An agent that loads the skill gets an empty text, and does what it would have done without it.",
    bad='---\nname: adder\ndescription: "Adds up the bills of a month. Use it to add."\n---\n',
    good="Run `scripts/add.sh`.",
    check=check,
    standard=True,
)
