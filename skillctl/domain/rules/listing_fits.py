"""SK224: the names and descriptions of all offered skills fit into a host's listing."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject, World

#: What hosts give to the listing of all skills together.
BUDGET = 15_000
_NAMED = 3


def check(subject: Subject, world: World) -> Iterator[Finding]:
    """One finding for the whole catalogue, at the skill that takes most of it."""
    if world.listed <= BUDGET:
        return
    biggest = world.longest[:_NAMED]
    if subject.skill.name != biggest[0]:
        return
    skill = subject.skill
    document = skill.sheet.document if skill.sheet else skill.document
    place = document.place(("description",))
    shares = ", ".join(f"`{name}` {world.listing[name]:,}" for name in biggest)
    message = f"the listing of all offered skills has {world.listed:,} characters, more than {BUDGET:,}"
    hint = f"shorten the longest descriptions ({shares}), or deprecate what nobody uses"
    yield Finding("SK224", message, document.file, place.line, place.column, skill.name, hint, Severity.WARNING)


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
    check=check,
)
