"""Whoever the workflows call: keeps what came, and answers by path as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Reply = tuple[int, Any]


@dataclass(frozen=True)
class Call:
    """One request; `body` is what its JSON says, `query` the last value of each name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Receiver:
    """Where it is, what came, and by path what is answered; `200 {}` where nothing is said."""

    url: str
    calls: list[Call] = field(default_factory=list)
    replies: dict[str, Callable[[Call], Reply]] = field(default_factory=dict)

    def at(self, path: str) -> list[Call]:
        """What came to a path, in order."""
        return [call for call in self.calls if call.path == path]


def in_turn(*replies: Reply) -> Callable[[Call], Reply]:
    """One after the other, the last for ever."""
    left = list(replies)
    return lambda _call: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """On a free port of 127.0.0.1."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            asked, raw = urlsplit(self.path), self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
            call = Call(self.command, asked.path, query, headers, json.loads(raw) if raw else None)
            with lock:
                receiver.calls.append(call)
                reply = receiver.replies.get(call.path)
                status, said = reply(call) if reply else (200, {})
            body = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _take  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what came is kept."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
