"""SK219: a version that is required is there: the working one, or one that was approved."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import World
from skillctl.domain.version_range import holds, parse


def across(world: World) -> Iterator[Finding]:
    """A finding for each range that no version of the required skill lies in."""
    for card in world.requiring:
        for required, text in card.requires.items():
            other, wanted = world.card(required), parse(text)
            if other is None or wanted is None or required == card.name:
                continue
            versions = dict.fromkeys((other.version, *other.approved))
            if not any(holds(wanted, version) for version in versions):
                message = f"`{required}` has no version in `{text}`"
                yield card.finding("SK219", message, f"requires.{required}", f"there is {', '.join(versions)}")


RULE = Rule(
    code="SK219",
    severity=Severity.ERROR,
    title="a required version is there",
    why="Neither the working version of the required skill nor an approved one lies in the range, so nothing meets it.",
    bad='requires: {taxes: "^2.0"}',
    good='requires: {taxes: "^1.0"}',
    across=across,
)
