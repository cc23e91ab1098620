"""A real n8n for the workflows, whoever they call, and the credentials that docs/n8n.md names."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from skillctl.adapters import embedded_postgres
from tests.n8n.receiver import Receiver, receiving
from tests.n8n.running import N8nServer
from tests.standin import data_api

HOOK_SECRET = "s3cret-of-the-hook"
PUBLISHABLE_KEY = data_api.PUBLISHABLE_KEY
COMMAND_TOKEN = "a-token-of-the-command"
GITHUB_TOKEN = "github_pat_test"
BOT_TOKEN = "a-token-of-the-bot"


@pytest.fixture(scope="session")
def n8n(tmp_path_factory: pytest.TempPathFactory) -> Iterator[N8nServer]:
    """Started, with an owner and a key; no workflow is there."""
    given = os.environ.get("SKILLCTL_TEST_N8N")
    assert given, "there is no n8n here; run `make test-n8n`"
    with embedded_postgres.embedded_postgres(tmp_path_factory.mktemp("pg"), embedded_postgres.find_server()) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("create database n8n")
        url = server.login("supabase_admin", "n8n")
        started = N8nServer(Path(given), tmp_path_factory.mktemp("n8n"), url)
        try:
            started.start()
            started.set_up()
            yield started
        finally:
            started.close()


@pytest.fixture(scope="session")
def shared_receiver() -> Iterator[Receiver]:
    """One for the session: credentials name its address."""
    with receiving() as found:
        yield found


@pytest.fixture
def receiver(shared_receiver: Receiver) -> Receiver:
    """With nothing in it."""
    shared_receiver.calls.clear()
    shared_receiver.replies.clear()
    return shared_receiver


@pytest.fixture(scope="session")
def credentials(n8n: N8nServer, shared_receiver: Receiver) -> dict[str, str]:
    """The ids of all credentials that the workflows want, by their names."""
    header = "httpHeaderAuth"
    bot = {"accessToken": BOT_TOKEN, "baseUrl": shared_receiver.url, "allowUnauthorizedCerts": False}
    return {
        name: n8n.credential(name, kind, data)
        for name, kind, data in (
            ("skillctl webhook secret", "crypto", {"hmacSecret": HOOK_SECRET}),
            ("skillctl publishable key", header, {"name": "apikey", "value": PUBLISHABLE_KEY}),
            ("skillctl slash command", header, {"name": "Authorization", "value": f"Token {COMMAND_TOKEN}"}),
            ("skillctl github", header, {"name": "Authorization", "value": f"Bearer {GITHUB_TOKEN}"}),
            ("skillctl mattermost", "mattermostApi", bot),
            (
                "skillctl ssh",
                "sshPrivateKey",
                {"host": "127.0.0.1", "port": 1, "username": "nobody", "privateKey": "x"},
            ),
        )
    }
