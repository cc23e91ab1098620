"""SK220: no skill requires itself by way of others."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import World


def across(world: World) -> Iterator[Finding]:
    """A finding where what a skill requires leads back to it."""
    for name, circle in world.circles().items():
        way = " -> ".join(f"`{step}`" for step in (*circle, name))
        hint = "take one of the requirements out, or put what both need into a third skill"
        yield world.cards[name].finding("SK220", f"the requirements go round: {way}", f"requires.{circle[1]}", hint)


RULE = Rule(
    code="SK220",
    severity=Severity.ERROR,
    title="requirements do not go round",
    why="Of two skills that require each other neither can be approved first, and an agent loads both for ever.",
    bad='requires: {adder: "^1.0"}',
    good='requires: {taxes: "^1.0"}',
    across=across,
)
