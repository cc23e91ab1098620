"""One connection to an MCP server, kept open in an event loop for as many calls as come, several at the same time."""

import logging
import math
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import anyio
from mcp import Client, MCPError
from mcp_types import CallToolResult, Implementation
from pydantic import ValidationError

from skillctl import __version__
from skillctl.adapters.mcp_address import OURS
from skillctl.domain.checks.produced import shown
from skillctl.domain.naming import nearest

#: Pages of a list of tools; whoever has more is not read to the end.
_MOST_PAGES = 100
#: Seconds for a server to let go of us.
_FAREWELL = 3.0

# Without a handler, what the SDK logs would be written to the terminal; one of its loggers is not named after it.
for _name in ("mcp", "client"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Server(Protocol):
    """What is at the other end: a program or an address."""

    @property
    def problem(self) -> str | None:
        """What became of it, where that is known better than from what it answered."""
        ...

    @property
    def said(self) -> str:
        """What it said besides messages, as the end of a sentence; empty if nothing."""
        ...

    def streams(self) -> AbstractAsyncContextManager[Any]:
        """Its messages, and those for it."""
        ...


class Connection:
    """Made in the event loop, where `run`, `ask` and `end` belong; the rest may be read in any thread.

    `ready` is None once there is a connection, or the sentence, without its subject, that says why there is none.
    """

    def __init__(self, opened: Callable[[anyio.Event], Server], quoted: Callable[[str], str], starting: float) -> None:
        self.ready: Future[str | None] = Future()
        self._opened = opened
        self._quoted = quoted
        self._starting = starting
        self._is_ending = False
        self._is_refused = False
        self._over = anyio.Event()
        self._ended = anyio.Event()
        self._scope = anyio.CancelScope()
        self._problem: str | None = None
        self._asking = 0
        self._tools: frozenset[str] = frozenset()
        self._client: Client

    @property
    def is_lost(self) -> bool:
        """Whether there was a connection, and whoever asks next needs another."""
        was = self.ready.done() and self.ready.result() is None
        return was and (self._is_refused or self._over.is_set())

    async def run(self) -> None:
        """Connect, and stay so until the other side ends, or `end` is called."""
        server: Server | None = None
        problem: str | None = "was closed"
        try:
            server = self._opened(self._over)
            self._scope.deadline = anyio.current_time() + self._starting
            with self._scope:
                async with _client(server) as self._client:
                    self._tools = await self._listed()
                    self._scope.deadline = math.inf
                    self.ready.set_result(None)
                    await self._over.wait()
            if not self.ready.done() and not self._is_ending:
                problem = f"did not answer within {self._starting:g} s{server.said}"
        except Exception as failure:
            problem = self._sentence(failure)
        finally:
            self._over.set()
            self._problem = (server and server.problem) or problem
            self._ended.set()
            if not self.ready.done():
                self.ready.set_result(self._problem)

    def end(self) -> None:
        """Let `run` come to its end, soon."""
        self._is_ending = True
        self._over.set()
        if self.ready.done():
            self._scope.deadline = anyio.current_time() + _FAREWELL
        else:
            self._scope.cancel()

    async def ask(self, tool: str, arguments: dict[str, Any]) -> CallToolResult | str:
        """What the tool answered, or the sentence, without its subject, that says why there is nothing to judge."""
        self._asking += 1
        try:
            if tool not in self._tools:
                self._tools = await self._listed()
            if tool not in self._tools:
                near = nearest(tool, self._tools)
                return f"has no tool {shown(tool)}" + (f"; did you mean {shown(near)}?" if near else "")
            return await self._client.call_tool(tool, arguments)
        except Exception as failure:
            self._is_refused = self._is_refused or _is_ours(failure)
            if not self._over.is_set():
                return self._sentence(failure)
            await self._ended.wait()
            return f"{self._problem}, in the middle of the call"
        finally:
            self._asking -= 1
            if self._is_refused and not self._asking:
                self.end()

    async def _listed(self) -> frozenset[str]:
        """The names of all tools; having seen the list, the SDK also knows their schemas and headers."""
        names: set[str] = set()
        cursor: str | None = None
        for _page in range(_MOST_PAGES):
            page = await self._client.list_tools(cursor=cursor)
            names.update(tool.name for tool in page.tools)
            cursor = page.next_cursor
            if cursor is None:
                break
        return frozenset(names)

    def _sentence(self, failure: Exception) -> str:
        match failure:
            case ExceptionGroup():
                return self._sentence(failure.exceptions[0])
            case MCPError() if _is_ours(failure):
                return failure.message
            case MCPError():
                return f"answered with an error: {self._quoted(failure.message)} ({failure.code})"
            case ValidationError():
                return "answered what is not MCP"
            case RuntimeError():
                return f"does not keep to MCP: {self._quoted(str(failure).partition(chr(10))[0])}"
            case OSError():
                return f"could not be started: {self._quoted(failure.filename or 'it')}: {failure.strerror}"
            case _:
                return f"could not be asked ({type(failure).__name__})"


def _client(server: Server) -> Client:
    # Without a cache, so that a list that is asked for again is really asked for.
    return Client(server.streams(), cache=None, client_info=Implementation(name="skillctl", version=__version__))


def _is_ours(failure: Exception) -> bool:
    return isinstance(failure, MCPError) and failure.data == OURS
