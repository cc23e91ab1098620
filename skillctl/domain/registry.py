"""The registry of MCP servers: `.claude/mcp-servers.json`, a mapping `mcpServers` and, of ours, one of `groups`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from skillctl.domain.finding import Finding
from skillctl.domain.tree import REGISTRY_FILE

if TYPE_CHECKING:
    from skillctl.domain.document import Path

FILE_NAME = REGISTRY_FILE


class Registry(Struct, frozen=True):
    """The servers that skills may need; None where there is no registry. `groups` name several of them."""

    servers: frozenset[str] | None = None
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read(raw: bytes) -> tuple[Registry, list[Finding]]:
    """The registry in a file's bytes, or an empty one with the findings that keep it from being read."""
    # Loaded here: who only remembers a registry reads none.
    from skillctl.domain.document import parse

    document, findings = parse(raw, FILE_NAME)
    if document is None:
        return Registry(), findings
    servers, groups = document.data.get("mcpServers"), document.data.get("groups", {})
    wrong: list[tuple[Path, str]] = []
    if not isinstance(servers, dict):
        wrong.append((("mcpServers",), "`mcpServers` must be a mapping, of the servers by their names"))
    if not isinstance(groups, dict):
        wrong.append((("groups",), "`groups` must be a mapping"))
    else:
        message = "a group must be a list of names of servers"
        wrong += [(("groups", name), message) for name, members in groups.items() if not _are_names(members)]
    if wrong:
        hint = 'write `{"mcpServers": {"odoo-erp-server": {…}}}`'
        places = [(document.place(path), message) for path, message in wrong]
        return Registry(), [Finding("SK008", text, FILE_NAME, at.line, at.column, None, hint) for at, text in places]
    return Registry(frozenset(servers or ()), groups), []


def _are_names(members: Any) -> bool:
    return isinstance(members, list) and all(isinstance(member, str) for member in members)
