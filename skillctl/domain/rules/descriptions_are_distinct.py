"""SK223: no two skills have nearly the same description."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import World


def across(world: World) -> Iterator[Finding]:
    """A finding where another skill says nearly the same of itself."""
    for name, near in world.near_descriptions().items():
        others = ", ".join(f"`{other}`" for other in near[:3]) + (f" and {len(near) - 3} more" if near[3:] else "")
        message = f"the description is nearly that of {others}"
        hint = "say in each what the other is not for"
        yield world.cards[name].finding("SK223", message, "description", hint, Severity.WARNING)


RULE = Rule(
    code="SK223",
    severity=Severity.WARNING,
    title="descriptions are not nearly the same",
    why=(
        "An agent chooses by the description; of two that are the same but for one word it takes either, and a new "
        "skill takes the prompts of an approved one. Texts that differ in numbers only are meant to be alike."
    ),
    bad='description: "Adds up all the bills of a month. Use it to add."',
    good='description: "Looks up the tax of a month. Use it before a return."',
    across=across,
)
