"""The registry of MCP servers: `.claude/mcp-servers.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skillctl.domain.finding import Finding

FILE_NAME = ".claude/mcp-servers.json"


@dataclass(frozen=True)
class Registry:
    """The servers that skills may need; None where there is no registry. `groups` name several of them."""

    servers: frozenset[str] | None = None
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read(raw: bytes) -> tuple[Registry, list[Finding]]:
    """The registry in a file's bytes, or an empty one with the finding that keeps it from being read."""
    try:
        said = json.loads(raw)
        groups = {name: list(members) for name, members in said.get("groups", {}).items()}
        return Registry(frozenset(said["mcpServers"]), groups), []
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        message = f"the server registry cannot be read: {type(problem).__name__}: {problem}"
        return Registry(), [Finding("SK008", message, FILE_NAME, hint="it is JSON with a mapping `mcpServers`")]
