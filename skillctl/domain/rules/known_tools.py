"""SK202: a skill's tools are of servers that the registry (`.claude/mcp-servers.json`) knows."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.naming import nearest
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import World


def across(world: World) -> Iterator[Finding]:
    """A finding for each unknown server; nothing where there is no registry."""
    if world.servers is None:
        return
    for card in world.cards.values():
        for server in card.tools:
            if server not in world.servers:
                message = f"`{server}` is no server of `.claude/mcp-servers.json`"
                yield card.finding("SK202", message, f"tools.{server}", _hint(server, world))


def _hint(server: str, world: World) -> str:
    members = world.groups.get(server)
    if members:
        return f"`{server}` is a group; name the servers of it that are needed: {', '.join(members)}"
    near = nearest(server, world.servers or ())
    return f"did you mean `{near}`?" if near else "add it to the registry"


RULE = Rule(
    code="SK202",
    severity=Severity.ERROR,
    title="the servers that a skill needs are in the registry",
    why=(
        "A server that `.claude/mcp-servers.json` does not list cannot be started, so the skill fails at its first "
        "call. A group such as `core` is a name for several servers and no server itself."
    ),
    bad="tools: {odoo-erp-servr: [search_read]}",
    good="tools: {odoo-erp-server: [search_read]}",
    across=across,
)
