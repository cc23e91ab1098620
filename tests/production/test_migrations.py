"""Migrations go in once, in order, whole, and in the bookkeeping of the Supabase CLI."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from skillctl.adapters import migrations
from skillctl.errors import StoreRefused, Unreachable, UsageError
from tests.production.conftest import MIGRATIONS, Database

NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))
HELD = "select version, name, array_length(statements, 1) from supabase_migrations.schema_migrations order by version"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def test_all_are_pending_then_none(bare: Database) -> None:
    assert migrations.pending(bare.owner_url, MIGRATIONS) == NAMES
    assert migrations.push(bare.owner_url, MIGRATIONS) == NAMES
    held = bare.run(HELD)

    assert migrations.pending(bare.owner_url, MIGRATIONS) == []
    assert migrations.push(bare.owner_url, MIGRATIONS) == []
    assert bare.run(HELD) == held == [(name[:14], name[15:], 1) for name in NAMES]


def test_looking_changes_nothing(bare: Database) -> None:
    migrations.pending(bare.owner_url, MIGRATIONS)
    assert bare.value("select to_regnamespace('supabase_migrations')") is None


def test_two_pushes_take_turns(bare: Database) -> None:
    start = threading.Barrier(2)

    def push(_: int) -> list[str]:
        start.wait()
        return migrations.push(bare.owner_url, MIGRATIONS)

    with ThreadPoolExecutor(2) as pool:
        applied = [name for names in pool.map(push, range(2)) for name in names]

    assert sorted(applied) == NAMES


def test_a_file_that_fails_leaves_nothing_of_itself(bare: Database, folder: Path) -> None:
    (folder / "29990101000000_bad.sql").write_text("create table public.half (); select 1/0;")

    with pytest.raises(Unreachable, match=r"`29990101000000_bad\.sql` was not applied .* division by zero"):
        migrations.push(bare.owner_url, folder)

    assert bare.value("select to_regclass('public.half')") is None
    assert migrations.pending(bare.owner_url, folder) == ["29990101000000_bad"]


def test_a_database_ahead_of_the_folder_is_refused(database: Database, folder: Path) -> None:
    last = sorted(folder.glob("*.sql"))[-1]
    last.unlink()
    for act in (migrations.pending, migrations.push):
        with pytest.raises(StoreRefused, match=last.name[:14]) as caught:
            act(database.owner_url, folder)
        assert caught.value.name == "migrations-unknown"


def test_a_file_older_than_what_is_applied_is_refused(database: Database, folder: Path) -> None:
    (folder / "20200101000000_late.sql").write_text("select 1;")
    for act in (migrations.pending, migrations.push):
        with pytest.raises(StoreRefused, match="20200101000000_late") as caught:
            act(database.owner_url, folder)
        assert caught.value.name == "migrations-out-of-order"


@pytest.mark.parametrize("name", ["1_short.sql", "20261122100000_again.sql"])
def test_a_folder_with_a_bad_name_is_refused(folder: Path, name: str) -> None:
    (folder / name).touch()
    with pytest.raises(UsageError, match=name):
        migrations.pending("postgresql://nobody@127.0.0.1:1/x", folder)


def test_a_folder_without_migrations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no migration"):
        migrations.pending("postgresql://nobody@127.0.0.1:1/x", tmp_path)


def test_a_login_that_may_not_create_is_a_usage_error(bare: Database) -> None:
    with pytest.raises((UsageError, Unreachable)) as caught:
        migrations.push(bare.authenticator_url, MIGRATIONS)
    assert isinstance(caught.value, UsageError)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"no answer from 127\.0\.0\.1:1/x") as caught:
        migrations.push("postgresql://nobody:hunter2@127.0.0.1:1/x", MIGRATIONS)
    assert "hunter2" not in str(caught.value)


def test_a_plain_postgresql_gets_the_roles_it_lacks(bare: Database) -> None:
    roles = [name for (name,) in bare.run("select rolname from pg_roles")]
    assert {"anon", "authenticated", "service_role"} <= set(roles)
    migrations.push(bare.superuser_url, MIGRATIONS)
    with psycopg.connect(bare.owner_url) as connection:
        assert connection.execute("select rolcanlogin from pg_roles where rolname = 'mcp_agent'").fetchone() == (False,)
