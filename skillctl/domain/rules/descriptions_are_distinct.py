"""SK223: no two skills have nearly the same description."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject, World


def check(subject: Subject, world: World) -> Iterator[Finding]:
    """A finding where another skill says nearly the same of itself."""
    skill = subject.skill
    near = world.near_descriptions.get(skill.name, ())
    if near:
        others = ", ".join(f"`{other}`" for other in near[:3]) + (f" and {len(near) - 3} more" if near[3:] else "")
        document = skill.sheet.document if skill.sheet else skill.document
        place = document.place(("description",))
        message = f"the description is nearly that of {others}"
        hint = "say in each what the other is not for"
        yield Finding("SK223", message, document.file, place.line, place.column, skill.name, hint, Severity.WARNING)


RULE = Rule(
    code="SK223",
    severity=Severity.WARNING,
    title="descriptions are not nearly the same",
    why=(
        "An agent chooses by the description; of two that share four fifths of their words it takes either, and a new "
        "skill takes the prompts of an approved one. Texts that differ in numbers only are meant to be alike."
    ),
    bad='description: "Adds up all the bills of a month. Use it to add."',
    good='description: "Looks up the tax of a month. Use it before a return."',
    check=check,
)
