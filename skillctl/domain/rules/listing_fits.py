"""SK224: the names and descriptions of all offered skills fit into a host's listing."""

from collections.abc import Iterator
from heapq import nsmallest

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import World

#: What hosts give to the listing of all skills together.
BUDGET = 15_000
_NAMED = 3


def across(world: World) -> Iterator[Finding]:
    """One finding for the whole catalogue, at the skill that takes most of it."""
    listing = world.listing()
    total = sum(listing.values())
    if total <= BUDGET:
        return
    biggest = nsmallest(_NAMED, listing, key=lambda name: (-listing[name], name))
    shares = ", ".join(f"`{name}` {listing[name]:,}" for name in biggest)
    message = f"the listing of all offered skills has {total:,} characters, more than {BUDGET:,}"
    hint = f"shorten the longest descriptions ({shares}), or deprecate what nobody uses"
    yield world.cards[biggest[0]].finding("SK224", message, "description", hint, Severity.WARNING)


RULE = Rule(
    code="SK224",
    severity=Severity.WARNING,
    title="the listing of all skills fits its budget",
    why=(
        "Hosts show an agent the name and description of every skill within some 15,000 characters. What is beyond is "
        "cut off, and the skills there never trigger."
    ),
    bad="status: candidate  # one of twenty with 900 characters each",
    good="status: candidate  # few words for each",
    across=across,
)
