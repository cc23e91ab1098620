"""Tools of MCP servers, called as `tool` cases say: one connection to each server serves the whole run.

Servers are reached with the official SDK, in an event loop of its own thread; both are loaded and started by the first
call. A server that could not be started is not tried again; one that ended is, by the next call.
"""

import json
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, wait
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from skillctl.adapters.mcp_secrets import Secrets
from skillctl.domain.checks.produced import Produced, shown
from skillctl.domain.naming import nearest
from skillctl.domain.runner import Server

if TYPE_CHECKING:
    import anyio
    from anyio.from_thread import BlockingPortal
    from mcp_types import CallToolResult

    from skillctl.adapters.mcp_address import Address
    from skillctl.adapters.mcp_connection import Connection
    from skillctl.adapters.mcp_program import Program

#: Bytes of an answer that are looked at; more is no answer.
ANSWER_LIMIT = 1024 * 1024
#: Seconds to start a server, connect to it, and list its tools.
STARTING = 30.0
#: Seconds to let go of all servers.
_LONGEST_FAREWELL = 6.0
_INHERITED = ("PATH", "HOME", "LANG")


class McpTools:
    """Calls tools, from any thread, several at the same time.

    `servers` are those of `skillctl.yaml` by alias; programs run in `folder`; `variables` is the environment, of which
    a program is given PATH, HOME, LANG and what its definition names.
    """

    def __init__(
        self, servers: Mapping[str, Server], folder: Path, variables: Mapping[str, str], *, starting: float = STARTING
    ) -> None:
        self._servers = servers
        self._folder = folder
        self._variables = variables
        self._starting = starting
        self._opening = Lock()
        self._loop: tuple[Thread, BlockingPortal] | None = None
        self._connections: dict[str, tuple[Connection, Future[None]]] = {}
        self._programs: set[Program] = set()
        # For whoever is interrupted and does not get to `close`.
        weakref.finalize(self, _end, self._programs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def call(self, server: str, tool: str, arguments: Mapping[str, Any], timeout: float) -> Produced | str:
        """What the tool answered within `timeout` seconds, or why there is nothing to judge.

        Standard output is the structured content as JSON, or the texts joined by line breaks where there is none. An
        error of the tool itself is an answer: exit code 1, and its texts in both streams, as `contains` looks at the
        one and `exit_code` shows the other. The start of the server is not counted.
        """
        if server not in self._servers:
            near = nearest(server, self._servers)
            return f"there is no server `{server}` in `skillctl.yaml`" + (f"; did you mean `{near}`?" if near else "")
        try:
            json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError):
            return f"the arguments of {shown(tool)} are not JSON"
        try:
            said = self._said(server, tool, dict(arguments), timeout)
        except ImportError:
            return "the MCP SDK is not installed: install `skillctl-lifecycle[mcp]`"
        return f"server `{server}` {said}" if isinstance(said, str) else said

    def close(self) -> None:
        """End all connections, and the programs with all they started; takes a few seconds at most."""
        with self._opening:
            if self._loop is None:
                return
            (thread, portal), self._loop = self._loop, None
            connections = list(self._connections.values())
            self._connections.clear()
        for connection, _ended in connections:
            portal.start_task_soon(connection.end)
        wait([ended for _connection, ended in connections], timeout=_LONGEST_FAREWELL)
        _end(self._programs)
        portal.start_task_soon(portal.stop, True)
        thread.join(_LONGEST_FAREWELL)

    def _said(self, alias: str, tool: str, arguments: dict[str, Any], timeout: float) -> Produced | str:
        portal, connection = self._connected(alias)
        problem = connection.ready.result()
        if problem is not None:
            unset = [f"`{name}`" for name in self._servers[alias].env if name not in self._variables]
            return problem + (f" (not set: {', '.join(unset)})" if unset else "")
        start = time.monotonic()
        try:
            asked = portal.start_task_soon(connection.ask, tool, arguments)
        except RuntimeError:
            # The loop has ended.
            return "was closed"
        try:
            answer = asked.result(timeout)
        except TimeoutError:
            # Nobody waits until the server has taken notice.
            asked.cancel()
            return f"gave no answer to {shown(tool)} within {timeout:g} s (time-out)"
        except CancelledError:
            return "was closed"
        if isinstance(answer, str):
            return answer
        return _produced(answer, Secrets(self._servers[alias], self._variables), time.monotonic() - start)

    def _connected(self, alias: str) -> "tuple[BlockingPortal, Connection]":
        from skillctl.adapters.mcp_connection import Connection

        with self._opening:
            if self._loop is None:
                self._loop = _loop()
            portal = self._loop[1]
            connection = self._connections[alias][0] if alias in self._connections else None
            if connection is None or connection.is_lost:
                secrets = Secrets(self._servers[alias], self._variables)
                connection = portal.call(Connection, self._opened(alias, secrets), secrets.quoted, self._starting)
                self._connections[alias] = connection, portal.start_task_soon(connection.run)
            return portal, connection

    def _opened(self, alias: str, secrets: Secrets) -> "Callable[[anyio.Event], Program | Address]":
        from skillctl.adapters.mcp_address import Address
        from skillctl.adapters.mcp_program import Program

        server, variables = self._servers[alias], self._variables

        def program(over: "anyio.Event") -> Program:
            given = {name: variables[name] for name in (*_INHERITED, *server.env) if name in variables}
            started = Program(server.command or [], self._folder, given, secrets.quoted, over)
            self._programs.add(started)
            return started

        def address(_over: "anyio.Event") -> Address:
            token = variables.get(server.token or "")
            return Address(server.url or "", server.token, token, secrets.quoted)

        return program if server.url is None else address


def _loop() -> "tuple[Thread, BlockingPortal]":
    """An event loop in a thread of its own; the library's own way to start one waits for it when Python exits."""
    import anyio
    from anyio.from_thread import BlockingPortal

    started: Future[BlockingPortal] = Future()

    async def serve() -> None:
        async with BlockingPortal() as portal:
            started.set_result(portal)
            await portal.sleep_until_stopped()

    thread = Thread(target=anyio.run, args=(serve,), name="mcp", daemon=True)
    thread.start()
    return thread, started.result()


def _produced(answer: "CallToolResult", secrets: Secrets, seconds: float) -> Produced | str:
    texts = "\n".join(_texts(answer))
    if answer.structured_content is None or (answer.is_error and texts):
        said = texts
    else:
        try:
            said = json.dumps(answer.structured_content, ensure_ascii=False, allow_nan=False)
        except (ValueError, RecursionError):
            return "answered with what is not JSON"
    said = secrets.masked(said)
    if len(said.encode("utf-8", "replace")) > ANSWER_LIMIT:
        return f"answered with more than {ANSWER_LIMIT:,} bytes"
    if answer.is_error:
        return Produced(1, said, said, seconds=seconds)
    return Produced(0, said, seconds=seconds)


def _texts(answer: "CallToolResult") -> list[str]:
    """The texts of an answer, those of embedded resources included; images and sounds are left out."""
    parts = (getattr(part, "resource", part) for part in answer.content)
    return [text for part in parts if isinstance(text := getattr(part, "text", None), str)]


def _end(programs: "set[Program]") -> None:
    for program in list(programs):
        program.end()
    programs.clear()
