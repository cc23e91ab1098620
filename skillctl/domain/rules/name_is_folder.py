"""SK201: a skill is called as its folder is, in `skill.yaml` and in `SKILL.md`."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each name that differs from the folder's."""
    skill = subject.skill
    named = [(skill.document, skill.definition.name)]
    named += [(skill.sheet.document, skill.sheet.frontmatter.name)] if skill.sheet else []
    hint = f"write `name: {subject.name}`, or rename the folder"
    for document, name in named:
        if name != subject.name:
            message = f"`name` is `{name}`, but the folder is `{subject.name}`"
            yield subject.at(document, "SK201", message, ("name",), hint)


RULE = Rule(
    code="SK201",
    severity=Severity.ERROR,
    title="a skill is called as its folder is",
    why=(
        "Agents find a skill by its folder and load it by its name. Where the two differ, the standard calls the "
        "skill invalid and hosts leave it out without a word."
    ),
    bad="name: sums",
    good="name: adder",
    check=check,
    standard=True,
)
