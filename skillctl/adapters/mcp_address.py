"""An address that speaks MCP over HTTP, in bounded memory; what goes wrong there is said in the server's answer.

The SDK drops the status of a refusal, and lets one failed request end all others of the connection. So each failure
is turned into an error of the protocol before the SDK sees it. It follows redirects itself, within the same origin.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, JSONRPCError, jsonrpc_message_adapter

from skillctl.adapters.mcp_program import LONGEST

#: What an error carries as `data` if it was made here.
OURS = "skillctl"
#: Seconds to connect, and to send; how long an answer may take is the caller's to say.
_TIMEOUT = httpx2.Timeout(30, read=None)
_JSON, _EVENTS = "application/json", "text/event-stream"


class Address:
    """One connection to an address; `variable` is the one that holds the bearer token."""

    problem: str | None = None
    said = ""

    def __init__(self, url: str, variable: str | None, token: str | None, quoted: Callable[[str], str]) -> None:
        self._url = url
        self._token = token or ""
        self._variable = variable
        origin = f"its token is `{variable}`" + ("" if token else ", which is not set")
        self._origin = origin if variable else "no `token` is defined for it"
        self._quoted = quoted

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[Any]:
        """The messages of the server, and those for it; MCPError if the token is none."""
        if not (self._token.isascii() and self._token.isprintable()):
            raise MCPError(CONNECTION_CLOSED, f"cannot be asked: `{self._variable}` holds no token", OURS)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with (
            _Client(self._origin, self._quoted, headers=headers, timeout=_TIMEOUT) as client,
            streamable_http_client(self._url, http_client=client, max_sse_event_size=LONGEST) as streams,
        ):
            yield streams


class _Client(httpx2.AsyncClient):
    def __init__(self, origin: str, quoted: Callable[[str], str], **options: Any) -> None:
        super().__init__(**options)
        self._origin = origin
        self._quoted = quoted

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """The answer, its body read unless it is a stream of events; a failure as an error of the protocol."""
        try:
            response = await super().send(request, **options)
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if response.is_success and kind == _EVENTS:
                return response
            body = await _bounded(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as problem:
            return _refusal(request, f"cannot be reached ({type(problem).__name__})")
        if body is None:
            return _refusal(request, f"answered with more than {LONGEST:,} bytes")
        if response.is_error and not _is_error_of_protocol(kind, body):
            whence = f" ({self._origin})" if response.status_code in (401, 403) else ""
            return _refusal(request, f"answered {response.status_code}{whence}")
        if response.is_success and body and kind != _JSON:
            return _refusal(request, f"does not speak MCP: it answered {self._quoted(kind or 'text of no type')}")
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        whole = httpx2.Response(
            response.status_code, headers={**kept, "Content-Type": kind}, content=body, request=request
        )
        whole.next_request = response.next_request
        return whole


async def _bounded(response: httpx2.Response) -> bytes | None:
    read = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            read += chunk
            if len(read) > LONGEST:
                return None
    finally:
        await response.aclose()
    return bytes(read)


def _is_error_of_protocol(kind: str, body: bytes) -> bool:
    try:
        return kind == _JSON and isinstance(jsonrpc_message_adapter.validate_json(body, by_name=False), JSONRPCError)
    except ValueError:
        return False


def _refusal(request: httpx2.Request, message: str) -> httpx2.Response:
    error = {"code": CONNECTION_CLOSED, "message": message, "data": OURS}
    return httpx2.Response(502, json={"jsonrpc": "2.0", "id": None, "error": error}, request=request)
