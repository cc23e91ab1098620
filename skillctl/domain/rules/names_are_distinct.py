"""SK222: no two skills have nearly the same name."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import World


def across(world: World) -> Iterator[Finding]:
    """A finding where another skill is called nearly the same."""
    for name, near in world.near_names.items():
        others = ", ".join(f"`{other}`" for other in near[:3]) + (f" and {len(near) - 3} more" if near[3:] else "")
        message = f"the name is nearly that of {others}"
        yield world.cards[name].finding("SK222", message, "name", "give one of them another name", Severity.WARNING)


RULE = Rule(
    code="SK222",
    severity=Severity.WARNING,
    title="names are not nearly the same",
    why=(
        "People and agents mix up names that differ in one letter or in hyphens alone; a name like a trusted one is "
        "also how a false skill gets loaded. Names that differ in a number only are meant to be alike."
    ),
    bad="name: ad-der",
    good="name: taxes",
    across=across,
)
