"""SK202: a skill's tools are of servers that the registry (`.claude/mcp-servers.json`) knows."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding
from skillctl.domain.rules.subject import Subject, World
from skillctl.domain.schema import nearest


def check(subject: Subject, world: World) -> Iterator[Finding]:
    """A finding for each unknown server; nothing where there is no registry."""
    if world.servers is None:
        return
    for server in subject.skill.definition.tools:
        if server not in world.servers:
            near = nearest(server, world.servers)
            place = subject.skill.document.key_place(("tools", server))
            message = f"`{server}` is no server of `.claude/mcp-servers.json`"
            hint = f"did you mean `{near}`?" if near else "add it to the registry"
            file = subject.skill.document.file
            yield Finding("SK202", message, file, place.line, place.column, subject.skill.name, hint)
