"""SK213: `SKILL.md` is spelled exactly so."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Place, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.skill import SHEET_NAME


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each file of the folder whose name differs from `SKILL.md` in case alone."""
    skill = subject.skill
    if (f"{skill.folder}/{SHEET_NAME}", Place(1, 1)) in subject.told:
        # It is missing, and that finding names the other one.
        return
    for file in sorted(skill.files):
        if file.lower() == SHEET_NAME.lower() and file != SHEET_NAME:
            message = f"`{file}` is read by nobody: the name is `{SHEET_NAME}`"
            hint = f"rename it: `git mv {skill.folder}/{file} {skill.folder}/{SHEET_NAME}`, or remove it"
            yield Finding("SK213", message, f"{skill.folder}/{file}", skill=subject.name, hint=hint)


RULE = Rule(
    code="SK213",
    severity=Severity.ERROR,
    title="`SKILL.md` is spelled exactly so",
    why=(
        "Where names are case-sensitive, which is in Git and on every server, `skill.md` is another file. Some readers "
        "take it and some do not, so one folder holds two skills."
    ),
    bad="skills/adder/Skill.md",
    good="skills/adder/SKILL.md",
    check=check,
    standard=True,
)
