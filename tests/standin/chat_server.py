"""A stand-in of an OpenAI-compatible server: the same words on the wire, and every way of not answering.

Each request is answered by the next of a script of behaviours, and by the last one for ever. A behaviour is given the
handler of the request, and writes what it likes.
"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = b"<!doctype html><html><title>502 Bad Gateway</title></html>"
MODEL = "standin-1"


@dataclass
class Asked:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """What it asks."""
        return json.loads(self.raw)


@dataclass
class ChatServer:
    """A running stand-in; `url` is what goes before `/chat/completions`, `connections` is how many were made."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    is_asked: threading.Event = field(default_factory=threading.Event)
    is_left: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    standin: ChatServer
    script: "list[Behaviour]"
    lock: threading.Lock
    asked: Asked

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        with self.lock:
            self.standin.connections += 1

    def handle(self) -> None:
        """Answer until the other side leaves, in whatever way."""
        with suppress(ConnectionError):
            super().handle()

    def do_POST(self) -> None:
        """Behave as the script says."""
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, raw)
        with self.lock:
            self.standin.asked.append(self.asked)
            behave = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.standin.is_asked.set()
        try:
            behave(self)
        except OSError:
            # Whoever asked has left.
            self.close_connection = True

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """A whole answer."""
        self.begin(status, {**headers, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


Behaviour = Callable[[Handler], None]


@contextmanager
def chat_server(*script: Behaviour, encrypted: tuple[Path, Path] | None = None) -> Iterator[ChatServer]:
    """Running on a free port of 127.0.0.1; `encrypted` by a certificate and its key."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if encrypted is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*encrypted)
        # Each handler shakes hands for itself, when it first reads: who goes away then disturbs nobody else.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    standin = ChatServer(f"{'https' if encrypted else 'http'}://127.0.0.1:{server.server_port}/v1")
    members = {"standin": standin, "script": list(script), "lock": threading.Lock()}
    server.RequestHandlerClass = type("Scripted", (Handler,), members)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield standin
    finally:
        standin.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def completion(message: Mapping[str, Any], finish: str | None = "stop", **others: Any) -> dict[str, Any]:
    """The body of an answer; `others` are put beside its choices, or in their place."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": MODEL,
        "choices": [
            {"index": 0, "message": {"role": "assistant", **message}, "logprobs": None, "finish_reason": finish}
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17},
        **others,
    }


def called(name: str, arguments: Any, identity: str | None = "call_1") -> dict[str, Any]:
    """A message that asks for one tool."""
    call = {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"content": None, "tool_calls": [call]}


def says(body: Any, status: int = 200, headers: Mapping[str, str] = JSON) -> Behaviour:
    """Answers with this body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.whole(status, raw, headers)


def good(text: str = "hello there") -> Behaviour:
    """Answers with a text."""
    return says(completion({"content": text}))


def error(status: int, message: str, **headers: str) -> Behaviour:
    """Answers as these servers do where they do not answer; `Retry_After` is the header `Retry-After`."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return says(body, status, {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}})


def secured(key: str, behave: Behaviour) -> Behaviour:
    """As `behave` with the right key; else 401 with the wrong one in it, as these servers do."""

    def checked(handler: Handler) -> None:
        given = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        refused = error(401, f"Incorrect API key provided: {given}.") if given else error(401, "No API key provided.")
        (behave if given == key else refused)(handler)

    return checked


def ahead(seconds: float, behave: Behaviour) -> Behaviour:
    """As `behave`, by a clock that is so many seconds ahead."""

    def by_another_clock(handler: Handler) -> None:
        handler.date_time_string = lambda timestamp=None: dated(seconds)  # type: ignore[method-assign]
        behave(handler)

    return by_another_clock


def echoes(handler: Handler) -> None:
    """Answers with the last message."""
    good(handler.asked.body["messages"][-1]["content"])(handler)


def hangs(handler: Handler) -> None:
    """Never says anything, and notes when whoever asked has left."""
    handler.rfile.read(1)
    handler.standin.is_left.set()
    handler.close_connection = True


def drops(handler: Handler) -> None:
    """Hangs up without an answer."""
    handler.close_connection = True


def breaks_off(handler: Handler) -> None:
    """Hangs up in the middle of the body."""
    handler.begin(200, {**JSON, "Content-Length": "1000"})
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def drips(handler: Handler) -> None:
    """Sends the body letter by letter, without end."""
    handler.begin(200, {**JSON, "Content-Length": "1000000"})
    while not handler.standin.ended.wait(0.02):
        handler.wfile.write(b" ")


def drips_head(handler: Handler) -> None:
    """Sends a header letter by letter, without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.standin.ended.wait(0.02):
        handler.wfile.write(b"x")


def never_ends(handler: Handler) -> None:
    """Sends a body without end, as fast as it is taken."""
    handler.begin(200, {**JSON, "Connection": "close"})
    while not handler.standin.ended.is_set():
        handler.wfile.write(b" " * 65536)


def dated(seconds: float) -> str:
    """An HTTP date that lies so many seconds ahead."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds))
