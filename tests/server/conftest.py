"""A running `hooks serve`, and an application in a thread of its own."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from tests.production.conftest import (  # noqa: F401 - fixtures
    Database,
    cluster,
    clusters,
    database,
    own_database,
)
from tests.shop import Shop
from tests.standin.mattermost_server import Shown, typed

COMMAND_TOKEN = "c0mmandt0ken-hunter2"
POLICY = "environments: {prod: {store: supabase, mattermost: {dashboard: 'https://dash.test/d/1'}}}\n"


@dataclass(frozen=True)
class Hooks:
    """A running server, what it said, and its port."""

    process: "subprocess.Popen[str]"
    port: int

    def ask(self, text: str, token: str = COMMAND_TOKEN, **others: str) -> Shown:
        """What a person sees who types this."""
        return typed(self.port, token, text, **others)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code, and what else it said."""
        self.process.send_signal(how)
        said = self.process.communicate(timeout=30)[1]
        return self.process.returncode, said


@contextmanager
def hooks_of(root: Path, **variables: str) -> Iterator[Hooks]:
    """`skillctl hooks serve` on a free port."""
    environment = {**os.environ, "MATTERMOST_COMMAND_TOKEN": COMMAND_TOKEN, **variables}
    command = [sys.executable, "-m", "skillctl", "-C", str(root), "hooks", "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line + process.stderr.read()
        yield Hooks(process, int(line.split(":")[2].split("/")[0]))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a production, fetched from a forge with a secret in its address."""
    shop = Shop.opened(tmp_path / "shop")
    shop.write("skillctl.yaml", POLICY)
    shop.git("remote", "add", "origin", "https://ana:ghp_hunter2@github.com/org/skills.git")
    return shop.root


@pytest.fixture
def hooks(repository: Path, database: Database) -> Iterator[Hooks]:  # noqa: F811
    with hooks_of(repository, SKILLCTL_DATABASE_URL=database.owner_url) as running:
        yield running


@contextmanager
def serving(app: Starlette) -> Iterator[int]:
    """An application on a free port, in a thread; the port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()
