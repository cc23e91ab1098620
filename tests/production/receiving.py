"""Receivers of deliveries on this machine, that answer as they are told."""

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server:
    """Answers POSTs as it is told, and says what came."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.came: queue.Queue[str] = queue.Queue()
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                mine.came.put(self.headers.get("webhook-id", ""))
                answer(self)

            def log_message(self, *args: Any) -> None:
                """Kept in `came`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Nobody is there any more."""
        self._server.shutdown()
        self._server.server_close()


def said(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    """A whole answer, in JSON."""
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def reset(handler: BaseHTTPRequestHandler) -> None:
    """No answer: the connection is reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()


@contextlib.contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[Server]:
    """A receiver that answers so, on a free port."""
    server = Server(answer)
    try:
        yield server
    finally:
        server.close()
