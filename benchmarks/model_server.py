"""A model on this machine that repeats what it is asked, after a time, as `/v1/chat/completions` of OpenAI does.

A program of its own: `python -m benchmarks.model_server SECONDS` prints its port and ends with its standard input.
`GET /told` gives how many prompts were answered and how many waited at once at most, both since it was last asked.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass
class _Told:
    seconds: float
    answered: int = 0
    waiting: int = 0
    most_at_once: int = 0


@dataclass
class _Talk(asyncio.Protocol):
    """One connection, kept open; requests in it are answered in their order, for no client of ours sends them ahead."""

    told: _Told
    got: bytearray = field(default_factory=bytearray)
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data
        while (request := self._next()) is not None:
            self._take(*request)

    def _next(self) -> tuple[str, bytes] | None:
        """The next request line with its body, once all of it is there."""
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *headers = self.got[:end].decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
        whole = end + 4 + int(fields.get("content-length", 0))
        if len(self.got) < whole:
            return None
        body = bytes(self.got[end + 4 : whole])
        del self.got[:whole]
        return first, body

    def _take(self, line: str, body: bytes) -> None:
        method, path, _ = line.split(" ")
        told = self.told
        if (method, path) == ("GET", "/told"):
            self._send(HTTPStatus.OK, {"answered": told.answered, "most_at_once": told.most_at_once})
            told.answered = told.most_at_once = 0
        elif (method, path) == ("POST", "/v1/chat/completions"):
            told.waiting += 1
            told.most_at_once = max(told.most_at_once, told.waiting)
            answer = _answer(json.loads(body))
            asyncio.get_running_loop().call_later(told.seconds, self._answered, answer)
        else:
            self._send(HTTPStatus.NOT_FOUND, {"error": {"message": f"there is no {method} {path}"}})

    def _answered(self, answer: dict[str, Any]) -> None:
        self.told.waiting -= 1
        self.told.answered += 1
        self._send(HTTPStatus.OK, answer)

    def _send(self, status: HTTPStatus, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    prompt = asked["messages"][-1]["content"]
    text = prompt if isinstance(prompt, str) else "".join(part["text"] for part in prompt)
    words = len(text.split())
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": asked["model"],
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": words, "completion_tokens": words, "total_tokens": 2 * words},
    }


async def _serve(seconds: float) -> None:
    told, loop = _Told(seconds), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Talk(told), "127.0.0.1", 0)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
