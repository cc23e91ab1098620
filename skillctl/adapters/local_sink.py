"""A sink on this machine in the place of Mattermost and n8n: it answers as they do, and keeps what came."""

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct, field

from skillctl.adapters.n8n import signature


class Sink(Struct):
    """Where the two destinations are, and the bodies that arrived, in order, by destination."""

    mattermost_url: str
    n8n_url: str
    arrived: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"mattermost": [], "n8n": []})


@contextmanager
def local_sink(secret: str) -> Iterator[Sink]:
    """A running sink on a free port of 127.0.0.1; a rollout whose signature is wrong is answered 401."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            name = self.path.strip("/")
            if name == "mattermost":
                sink.arrived[name].append(json.loads(body))
                self._answer(200, "text/plain", b"ok")
            elif name == "n8n" and self._is_signed(body):
                sink.arrived[name].append(json.loads(body))
                said = {"status": "accepted", "execution_id": str(len(sink.arrived[name]))}
                self._answer(200, "application/json", json.dumps(said).encode())
            else:
                self._answer(401 if name == "n8n" else 404, "application/json", b'{"error":"refused"}')

        def _is_signed(self, body: bytes) -> bool:
            identity, stamp = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "")
            given = self.headers.get("webhook-signature", "")
            return hmac.compare_digest(given, signature(secret, identity, stamp, body))

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what arrived is shown by whoever asks."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"
    sink = Sink(f"{base}/mattermost", f"{base}/n8n")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
