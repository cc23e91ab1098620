"""SK221: an approved skill requires approved ones."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import World
from skillctl.domain.version_range import holds, parse


def across(world: World) -> Iterator[Finding]:
    """A finding where a range has no approved version: an error for an approved skill, a warning for a candidate."""
    for card in world.requiring:
        if card.status not in (Status.CANDIDATE, Status.APPROVED):
            continue
        severity = Severity.ERROR if card.status is Status.APPROVED else Severity.WARNING
        for required, text in card.requires.items():
            other, wanted = world.card(required), parse(text)
            if other is None or wanted is None or required == card.name:
                continue
            if not any(holds(wanted, version) for version in other.approved):
                message = f"no version of `{required}` in `{text}` is approved"
                hint = f"promote it first: `skillctl promote {required}`"
                yield card.finding("SK221", message, f"requires.{required}", hint, severity)


RULE = Rule(
    code="SK221",
    severity=Severity.ERROR,
    title="an approved skill requires approved ones",
    why=(
        "Production serves approved versions only, so an agent would load a skill whose other half is missing. For a "
        "candidate this is a warning: the other one has to be approved first."
    ),
    bad='requires: {taxes: "^1.0"}  # `taxes` is a draft',
    good='requires: {taxes: "^1.0"}  # `taxes` 1.0.0 is approved',
    across=across,
)
