"""SK201: a skill is called as its folder is, in `skill.yaml` and in `SKILL.md`."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject, World


def check(subject: Subject, _world: World) -> Iterator[Finding]:
    """A finding for each name that differs from the folder's."""
    skill = subject.skill
    folder = skill.folder.rsplit("/", 1)[-1]
    hint = f"write `name: {folder}`, or rename the folder"
    if skill.definition.name != folder:
        message = f"`name` is `{skill.definition.name}`, but the folder is `{folder}`"
        yield subject.finding("SK201", message, ("name",), hint)
    if skill.sheet and skill.sheet.frontmatter.name != folder:
        document = skill.sheet.document
        place = document.place(("name",))
        message = f"`name` is `{skill.sheet.frontmatter.name}`, but the folder is `{folder}`"
        yield Finding("SK201", message, document.file, place.line, place.column, skill.name, hint)


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
)
