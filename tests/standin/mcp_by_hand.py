"""MCP over stdio without the SDK, so that it can go wrong: `mcp_by_hand.py WAY [PIPE]`.

It speaks the era of the handshake (2025-06-18), and knows no `server/discover`.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

NAMES = ("echo", "big", "huge", "die", "hang", "refuse", "leave", "wrong", "shapeless", "nan")
WAY = sys.argv[1]


def say(message: dict[str, Any]) -> None:
    """One message, on a line."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def answer(number: Any, result: dict[str, Any]) -> None:
    """The result of a request."""
    say({"id": number, "result": result})


def text(number: Any, words: str) -> None:
    """The result of a tool."""
    answer(number, {"content": [{"type": "text", "text": words}]})


def listed(cursor: str | None) -> dict[str, Any]:
    """One tool on each page, so that a list has to be read to its end."""
    at = int(cursor or 0)
    if WAY == "endless":
        return {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}], "nextCursor": str(at + 1)}
    tool: dict[str, Any] = {"name": NAMES[at], "inputSchema": {"type": "object"}}
    if NAMES[at] == "wrong":
        tool["outputSchema"] = {"type": "object", "required": ["id"]}
    return {"tools": [tool], **({"nextCursor": str(at + 1)} if at + 1 < len(NAMES) else {})}


def call(number: Any, name: str, arguments: dict[str, Any]) -> None:
    """Do what the tool does to whoever called it."""
    if name == "echo":
        text(number, json.dumps(arguments))
    elif name in ("big", "huge"):
        text(number, "x" * (5_000_000 if name == "big" else 20_000_000))
    elif name == "hang":
        tell(arguments["told"])
    elif name == "die":
        sys.stderr.write("Traceback\nMemoryError: the lab is full\n")
        sys.stderr.flush()
        os._exit(3)
    elif name == "refuse":
        said = f"no access with {os.environ.get('ODOO_PASSWORD')}"
        say({"id": number, "error": {"code": -32000, "message": said}})
    elif name == "leave":
        text(number, left_behind())
    elif name == "shapeless":
        answer(number, {"content": "a text"})
    elif name == "nan":
        answer(number, {"content": [], "structuredContent": {"total": float("nan")}})
    elif name == "wrong":
        answer(number, {"content": [], "structuredContent": {"name": "Deco"}})


def left_behind() -> str:
    """The ids of two processes that would sleep on: one in this group, one that left it."""
    null = subprocess.DEVNULL
    both = [
        subprocess.Popen(["sleep", "600"], stdin=null, stdout=null, stderr=null, start_new_session=leaves)
        for leaves in (False, True)
    ]
    return " ".join(str(process.pid) for process in both)


def serve() -> None:
    """Answer until there are no more requests."""
    for line in sys.stdin:
        request = json.loads(line)
        number, method, params = request.get("id"), request["method"], request.get("params") or {}
        if method == "initialize":
            version = "1999-01-01" if WAY == "ancient" else "2025-06-18"
            information = {"name": "by-hand", "version": "1"}
            answer(number, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": information})
        elif method == "tools/list":
            answer(number, listed(params.get("cursor")))
        elif method == "tools/call":
            call(number, params["name"], params.get("arguments") or {})
        elif number is not None:
            say({"id": number, "error": {"code": -32601, "message": "Method not found"}})


def tell(pipe: str) -> None:
    """Tell a test, by a named pipe, how far this has come."""
    Path(pipe).write_text("here", encoding="ascii")


def greet() -> None:
    """Print what is no message."""
    sys.stdout.write("Welcome to Odoo!\n")
    sys.stdout.flush()


def never() -> None:
    """Wait until somebody ends this."""
    threading.Event().wait()


if WAY == "silent":
    sys.stderr.write("waiting for the database\n")
    sys.stderr.flush()
    for named in sys.argv[2:]:
        tell(named)
    never()
elif WAY == "exits":
    sys.exit(f"no module named odoo, password {os.environ.get('ODOO_PASSWORD')}")
elif WAY == "garbage":
    while True:
        greet()
elif WAY in ("deaf", "mute"):
    os.close(0 if WAY == "deaf" else 1)
    never()
elif WAY == "floods":
    for _ in range(20_000):
        sys.stderr.write("x" * 99 + "\n")
    serve()
elif WAY == "stubborn":
    greet()
    serve()
    never()
else:
    serve()
