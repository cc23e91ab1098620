"""What holds for every test: nobody's home, nobody's network, a fixed width, a Git identity of its own."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["tests.shop_fixtures"]

_OURS = ("SKILLCTL_", "SUPABASE_", "MATTERMOST_", "N8N_", "GIT_", "XDG_")
_KEPT = ("SKILLCTL_TEST_", "SKILLCTL_POSTGREST_")
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ana Author",
    "GIT_AUTHOR_EMAIL": "ana@example.test",
    "GIT_COMMITTER_NAME": "Ana Author",
    "GIT_COMMITTER_EMAIL": "ana@example.test",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


def pytest_configure() -> None:
    """Before any fixture, those of a whole session included, can look at the environment."""
    for name in list(os.environ):
        if (name.startswith(_OURS) and not name.startswith(_KEPT)) or name in ("CI", "FORCE_COLOR"):
            del os.environ[name]
    os.environ.update(_IDENTITY, COLUMNS="80", NO_COLOR="1", LC_ALL="C.UTF-8")


@pytest.fixture(autouse=True)
def _nobodys_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "no-home"))


@pytest.fixture(autouse=True)
def _nobodys_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(this: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        assert host in ("", "127.0.0.1", "::1", "localhost"), f"a test reached for {host}"
        connect(this, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def project() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]
