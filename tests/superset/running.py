"""A real Superset of its own: an empty home, the commands of its environment, one server on a free port."""

import contextlib
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx

from tests.superset.bundle import CHARTS

ADMIN = "admin"
START_SECONDS = 180


class Superset:
    """`programs` is the folder with `superset` and `gunicorn`; everything else is in `home`."""

    def __init__(self, programs: Path, home: Path) -> None:
        self.programs, self.home, self.password = programs, home, secrets.token_hex(8)
        self.environment = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "FLASK_APP": "superset",
            "SUPERSET_HOME": str(home),
            "SUPERSET_SECRET_KEY": secrets.token_hex(32),
            "SUPERSET_CONFIG_PATH": str(Path(__file__).with_name("superset_config.py")),
        }

    def run(self, *words: str | os.PathLike[str]) -> str:
        """What `superset WORDS` says; it must succeed."""
        done = subprocess.run(
            [self.programs / "superset", *words],
            cwd=self.home, env=self.environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    def set_up(self) -> None:
        """An empty home becomes one with an administrator."""
        self.run("db", "upgrade")
        person = ("--firstname", "Ada", "--lastname", "Admin", "--email", "ada@example.test")
        self.run("fab", "create-admin", "--username", ADMIN, "--password", self.password, *person)
        self.run("init")

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """The address of the running server, once it is well."""
        with socket.create_server(("127.0.0.1", 0)) as listening, (self.home / "log").open("wb") as log:
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            # It takes over our socket: what is asked before it is up waits in there, and nobody has to ask twice.
            options = ("-w", "1", "-k", "gthread", "--threads", "4", "--timeout", "120")
            process = subprocess.Popen(
                [self.programs / "gunicorn", *options, "-b", f"fd://{listening.fileno()}", "superset.app:create_app()"],
                cwd=self.home, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                pass_fds=[listening.fileno()],
            )  # fmt: skip
        try:
            assert httpx.get(f"{address}/health", timeout=START_SECONDS).text == "OK"
            yield address
        finally:
            process.terminate()
            process.wait(30)


class Api:
    """What its API says, as the administrator."""

    def __init__(self, address: str, password: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=60)
        told = {"username": ADMIN, "password": password, "provider": "db", "refresh": False}
        answer = self.client.post("/api/v1/security/login", json=told)
        answer.raise_for_status()
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def charts(self) -> dict[str, int]:
        """The numbers of the charts, by their names."""
        return {one["slice_name"]: one["id"] for one in self.get("/api/v1/chart/?q=(page_size:100)")}

    def drawn(self, name: str) -> dict[str, Any]:
        """The answer to the query of one chart of the bundle."""
        number = self.charts()[CHARTS[name]["slice_name"]]
        (answer,) = self.get(f"/api/v1/chart/{number}/data/?force=true")
        return dict(answer)
