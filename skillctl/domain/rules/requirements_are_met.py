"""SK219: a version that is required is there: the working one, or one that was approved."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject, World
from skillctl.domain.version_range import holds, parse


def check(subject: Subject, world: World) -> Iterator[Finding]:
    """A finding for each range that no version of the required skill lies in."""
    for required, text in subject.skill.definition.requires.items():
        card, wanted = world.cards.get(required), parse(text)
        if card is None or wanted is None or required == subject.skill.name:
            continue
        versions = dict.fromkeys((card.version, *card.approved))
        if not any(holds(wanted, version) for version in versions):
            message = f"`{required}` has no version in `{text}`"
            hint = f"there is {', '.join(versions)}"
            yield subject.finding("SK219", message, ("requires", required), hint)


RULE = Rule(
    code="SK219",
    severity=Severity.ERROR,
    title="a required version is there",
    why="Neither the working version of the required skill nor an approved one lies in the range, so nothing meets it.",
    bad='requires: {taxes: "^2.0"}',
    good='requires: {taxes: "^1.0"}',
    check=check,
)
