"""A small Odoo behind MCP, made with the official SDK: `odoo_lab.py` over stdio, `odoo_lab.py ERA TOKEN` over HTTP.

The SDK serves both eras; with ERA `legacy` the newer one is hidden. Over HTTP it prints its port, and serves until
standard input is closed, so that it never outlives a test.
"""

import os
import socket
import sys
import threading
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import EmbeddedResource, ImageContent, TextContent, TextResourceContents
from pydantic import BaseModel

PARTNERS: list[dict[str, Any]] = [{"id": 1, "name": "Azucena Ltée"}, {"id": 2, "name": "Deco Addict"}]
server = MCPServer("odoo-lab", log_level="WARNING")
meeting = threading.Barrier(2)


class Found(BaseModel):
    """Records of one model."""

    model: str
    records: list[dict[str, Any]]


@server.tool()
def search_read(model: str, limit: int = 80) -> Found:
    """The records of a model."""
    if model != "res.partner":
        raise ToolError(f"Object {model} doesn't exist")
    return Found(model=model, records=PARTNERS[:limit])


@server.tool()
def create(model: str, values: dict[str, Any]) -> int:
    """The id of a new record."""
    PARTNERS.append({"id": len(PARTNERS) + 1, **values})
    return len(PARTNERS)


@server.tool(structured_output=False)
def report(title: str) -> list[TextContent | ImageContent | EmbeddedResource]:
    """Two texts and a picture."""
    inside = TextResourceContents(uri="odoo://report/1", text="total 1,000.00")
    return [
        TextContent(type="text", text=title),
        ImageContent(type="image", data="AAAA", mime_type="image/png"),
        EmbeddedResource(type="resource", resource=inside),
    ]


@server.tool()
def environment() -> dict[str, str]:
    """What it was given, and where it works."""
    return {**os.environ, "cwd": os.getcwd()}  # noqa: PTH109


@server.tool()
def meet() -> str:
    """Answers when it is called twice at the same time, and never else."""
    meeting.wait()
    return "met"


@server.tool()
def number() -> int:
    """Which process this is."""
    return os.getpid()


@server.tool(structured_output=False)
def export(size: int) -> str:
    """So many bytes."""
    return "x" * size


def serve_http(era: str, token: str) -> None:
    """Serve on a free port of 127.0.0.1; whoever lacks the token is refused."""
    import uvicorn

    inner = server.streamable_http_app()

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers") or [])
        status = 0
        if scope["type"] == "http" and headers.get(b"authorization") != f"Bearer {token}".encode():
            status = 401
        elif era == "legacy" and headers.get(b"mcp-method") == b"server/discover":
            status = 404
        if not status:
            await inner(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    # With its protocol named, asyncio sends small answers at once; else each takes 40 ms.
    listening = socket.socket(proto=socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    serving = uvicorn.Server(uvicorn.Config(guarded, log_level="error", timeout_graceful_shutdown=1))

    def until_closed() -> None:
        sys.stdin.read()
        serving.should_exit = True

    threading.Thread(target=until_closed, daemon=True).start()
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    serving.run(sockets=[listening])


if __name__ == "__main__":
    if sys.argv[1:]:
        serve_http(*sys.argv[1:])
    else:
        server.run(transport="stdio")
