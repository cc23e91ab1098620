"""A stand-in of n8n: one published webhook and the public API, with the answers of n8n 2.41 and 2.8.

Each call of the webhook is met by the next of a script of behaviours, and by the last one for ever. Like n8n it knows
no keys: every call that is accepted starts a run.
"""

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from skillctl.adapters.n8n import signature
from tests.standin.data_api import PUBLISHABLE_KEY

API_KEY = "eyJ-n8n-api-hunter2"
NOT_PUBLISHED = {
    "code": 404,
    "message": 'The requested webhook "POST rollout" is not registered.',
    "hint": "The workflow must be active for a production URL to run successfully.",
}
_FINAL = ("success", "error", "canceled", "crashed")


@dataclass
class Execution:
    """One run; `data` is what its webhook node gave it."""

    id: str
    status: str
    data: dict[str, Any]
    error: str | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    stopped_at: datetime | None = None

    def said(self, *, whole: bool) -> dict[str, Any]:
        """As the API says it."""
        told: dict[str, Any] = {
            "id": self.id,
            "finished": self.status == "success",
            "mode": "webhook",
            "status": self.status,
            "startedAt": _moment(self.started_at),
            "stoppedAt": _moment(self.stopped_at),
            "workflowId": "skillctlRollout1",
            "waitTill": None,
        }
        if whole:
            result: dict[str, Any] = {"runData": {"Webhook": [{"data": {"main": [[{"json": self.data}]]}}]}}
            result["lastNodeExecuted"] = "Roll out"
            if self.error is not None:
                result["error"] = {"message": self.error, "name": "NodeApiError"}
            told["data"] = {"startData": {}, "resultData": result, "executionData": {"contextData": {}}}
        return told


@dataclass
class N8nServer:
    """A running stand-in; `is_away` answers every call of the API with 502, as what stands before it does."""

    url: str
    secret: str
    script: "list[Behaviour]"
    executions: list[Execution] = field(default_factory=list)
    calls: int = 0
    asked: list[str] = field(default_factory=list)
    is_away: bool = False

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/webhook/rollout"

    def end(self, execution: Execution, status: str, error: str | None = None, *, ago: float = 0) -> None:
        """A run comes to its end."""
        execution.status, execution.error = status, error
        execution.stopped_at = datetime.now(UTC) - timedelta(seconds=ago)

    def acknowledge(self, execution: Execution, outcome: str, detail: str = "", **changed: Any) -> httpx.Response:
        """As the workflow does: with the publishable key and the token that came with the release."""
        data = execution.data["body"]["data"]
        body = {
            "p_release": data["release"],
            "p_token": data["acknowledge"]["token"],
            "p_outcome": outcome,
            "p_detail": detail,
            "p_execution": execution.id,
        } | changed
        headers = {"Content-Profile": "mcp", "apikey": PUBLISHABLE_KEY}
        return httpx.post(data["acknowledge"]["url"], json=body, headers=headers)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server_: N8nServer

    def do_POST(self) -> None:
        n8n, raw = self.server_, self.rfile.read(int(self.headers["Content-Length"]))
        behave = n8n.script.pop(0) if len(n8n.script) > 1 else n8n.script[0]
        n8n.calls += 1
        behave(self, raw)

    def do_GET(self) -> None:
        n8n, parts = self.server_, urlsplit(self.path)
        n8n.asked.append(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if n8n.is_away:
            self.page(502, b"<html>bad gateway</html>")
        elif self.headers.get("X-N8N-API-KEY") != API_KEY:
            self.json(401, {"message": "Unauthorized"})
        elif parts.path == "/api/v1/executions":
            self.json(200, _listed(n8n, query))
        else:
            known = {one.id: one for one in n8n.executions}.get(parts.path.rpartition("/")[2])
            if known is None:
                self.json(404, {"message": "Not Found"})
            else:
                self.json(200, known.said(whole=query.get("includeData") == "true"))

    def start(self, raw: bytes, status: str = "running") -> Execution:
        """A run, as the webhook node starts it."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        given = {"headers": headers, "params": {}, "query": {}, "body": json.loads(raw), "executionMode": "production"}
        given["binary"] = {"data": {"data": base64.b64encode(raw).decode(), "mimeType": "application/json"}}
        execution = Execution(str(len(self.server_.executions) + 231), status, given)
        self.server_.executions.append(execution)
        return execution

    def json(self, status: int, said: Any) -> None:
        """An answer in JSON."""
        self.page(status, json.dumps(said).encode(), "application/json; charset=utf-8")

    def page(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
        """An answer of another kind."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        """No answer."""
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


Behaviour = Callable[[Handler, bytes], None]


def accepts(handler: Handler, raw: bytes) -> None:
    """Verifies the signature, starts a run and names it."""
    named = handler.headers
    expected = signature(handler.server_.secret, named["webhook-id"], named["webhook-timestamp"], raw)
    if named["webhook-signature"] != expected:
        handler.server_.end(handler.start(raw), "error", "bad signature")
        handler.json(401, {"error": "bad signature"})
        return
    handler.json(200, {"status": "accepted", "execution_id": handler.start(raw).id})


def loses_the_answer(handler: Handler, raw: bytes) -> None:
    """Starts a run, and hangs up before it says so."""
    handler.start(raw)
    handler.hang_up()


def loses_the_request(handler: Handler, raw: bytes) -> None:
    """Hangs up, and starts nothing."""
    handler.hang_up()


def fails_before_it_responds(handler: Handler, raw: bytes) -> None:
    """The workflow fails before its Respond node."""
    handler.server_.end(handler.start(raw), "error", "connect ECONNREFUSED 10.0.0.7:443")
    handler.json(500, {"message": "Error in workflow"})


def responds_at_once(handler: Handler, raw: bytes) -> None:
    """A workflow without a Respond node: a run, and no id."""
    handler.start(raw)
    handler.json(200, {"message": "Workflow was started"})


def is_starting(handler: Handler, raw: bytes) -> None:
    """As n8n does for the first seconds."""
    handler.page(200, b"n8n is starting up. Please wait")


def is_not_published(handler: Handler, raw: bytes) -> None:
    """As n8n does for a workflow that is not active."""
    handler.json(404, NOT_PUBLISHED)


def answers_502(handler: Handler, raw: bytes) -> None:
    """As a proxy does whose n8n is away."""
    handler.page(502, b"<html>bad gateway</html>")


@contextmanager
def n8n_server(secret: str, *script: Behaviour) -> Iterator[N8nServer]:
    """Running on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    standin = N8nServer(f"http://127.0.0.1:{server.server_port}", secret, list(script) or [accepts])
    server.RequestHandlerClass = type("Scripted", (Handler,), {"server_": standin})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listed(n8n: N8nServer, query: dict[str, str]) -> dict[str, Any]:
    """The newest first; without a status, only what has ended."""
    status, limit, start = query.get("status"), int(query.get("limit", "100")), int(query.get("cursor", "0"))
    fits = [
        one for one in reversed(n8n.executions) if (one.status in _FINAL if status is None else one.status == status)
    ]
    page = fits[start : start + limit]
    cursor = str(start + limit) if start + limit < len(fits) else None
    return {"data": [one.said(whole=query.get("includeData") == "true") for one in page], "nextCursor": cursor}


def _moment(when: datetime | None) -> str | None:
    return None if when is None else when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
