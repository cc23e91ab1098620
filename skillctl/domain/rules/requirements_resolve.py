"""SK204: what a skill requires is a skill of this repository, and not the skill itself."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.naming import nearest
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import World


def across(world: World) -> Iterator[Finding]:
    """A finding for each requirement that leads nowhere."""
    for card in world.requiring:
        for required in card.requires:
            if required == card.name:
                yield card.finding("SK204", "a skill cannot require itself", f"requires.{required}")
            elif required not in world.skills:
                near = nearest(required, world.skills)
                hint = f"did you mean `{near}`?" if near else None
                yield card.finding("SK204", f"there is no skill `{required}`", f"requires.{required}", hint)


RULE = Rule(
    code="SK204",
    severity=Severity.ERROR,
    title="what a skill requires is another skill of this repository",
    why="A requirement that leads nowhere is found out only when an agent needs it.",
    bad='requires: {taxs: "^1.0"}',
    good='requires: {taxes: "^1.0"}',
    across=across,
)
