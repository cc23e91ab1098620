"""SK209: a skill's folder holds plain files only, whose names any store can keep."""

from collections.abc import Iterator

from skillctl.domain.digest import obstacle
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each entry that has no identity: it could be neither measured nor promoted."""
    folder = subject.skill.folder
    for entry in subject.entries:
        why = obstacle(folder, entry)
        if why is not None:
            file = entry.path.encode("utf-8", "backslashreplace").decode().replace("\n", "\\n")
            yield Finding("SK209", why, file, skill=subject.name, hint="put a plain file in its place")


RULE = Rule(
    code="SK209",
    severity=Severity.ERROR,
    title="a skill's folder holds plain files only",
    why=(
        "A link or a submodule has no bytes of its own: what it leads to can change without any change of the skill, "
        "so it can be neither measured nor approved."
    ),
    bad="skills/adder/link",
    good="skills/adder/scripts/add.sh",
    check=check,
    standard=True,
    binding=True,
)
