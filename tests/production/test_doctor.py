"""`doctor` and `db status` on real databases, over both transports, and on machines that lack something."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from skillctl.adapters import migrations
from skillctl.adapters.postgres_transport import PostgresTransport
from tests.production.conftest import MIGRATIONS, Database
from tests.production.world import Version, publish
from tests.shop import Shop, run
from tests.standin import data_api
from tests.standin.data_api import DataApi

NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.opened(tmp_path / "shop")
    shop.commit()
    return shop


@pytest.fixture
def gateway(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataApi]:
    with data_api.data_api(database.authenticator_url) as made:
        monkeypatch.setenv("SUPABASE_URL", made.url)
        monkeypatch.setenv("SUPABASE_SECRET_KEY", database.key)
        yield made


def health(shop: Shop, exit_code: int) -> dict[str, str]:
    """The health of each check by its name."""
    answer = shop.skillctl("doctor")
    assert answer.exit_code == exit_code, answer.out
    return {one["check"]: one["health"] for one in answer.data["checks"]}


def said(shop: Shop, check: str) -> tuple[str, str]:
    (one,) = [one for one in shop.skillctl("doctor").data["checks"] if one["check"] == check]
    return one["said"], one["fix"]


def test_without_production_nothing_is_wrong(shop: Shop) -> None:
    found = health(shop, 0)
    assert {name: found[name] for name in ("git", "ssh-keygen", "release branch")} == dict.fromkeys(
        ("git", "ssh-keygen", "release branch"), "ok"
    )
    assert {found[name] for name in ("key", "reachable", "exposed", "migrated", "clock", "terms")} == {"skipped"}
    assert shop.typed("doctor").out.endswith("nothing stands in the way\n")


def test_outside_a_repository_it_looks_at_the_machine(tmp_path: Path) -> None:
    answer = run("-C", tmp_path, "doctor")
    assert (answer.exit_code, answer.err) == (0, "")
    assert "skipped  release branch" in answer.out


def test_a_sound_production_by_its_login(shop: Shop, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
    found = health(shop, 0)
    assert {found[name] for name in ("reachable", "migrated", "clock", "time-outs", "terms")} == {"ok"}
    assert found["exposed"] == "skipped", "the database itself does not say"


def test_a_sound_production_by_its_key(shop: Shop, gateway: DataApi) -> None:
    found = health(shop, 0)
    assert {found[name] for name in ("key", "reachable", "exposed", "migrated", "clock", "terms")} == {"ok"}
    assert found["time-outs"] == "skipped"
    assert found["destinations"] == "warning"


def test_a_schema_that_is_not_exposed(shop: Shop, gateway: DataApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_api, "EXPOSED", ("public",))
    found = health(shop, 1)
    assert (found["exposed"], found["reachable"], found["migrated"]) == ("failed", "ok", "skipped")
    assert "Exposed schemas" in said(shop, "exposed")[1]


@pytest.mark.parametrize(
    ("key", "checks"),
    [
        (data_api.PUBLISHABLE_KEY, {"key": "failed", "reachable": "failed"}),
        (data_api.make_jwt("anon"), {"key": "failed", "reachable": "failed"}),
        (data_api.make_jwt("service_role"), {"key": "warning", "reachable": "ok"}),
        (data_api.make_jwt("service_role", expires_in=-60), {"key": "failed", "reachable": "failed"}),
        (data_api.make_jwt("service_role", "another secret of thirty-two characters"), {"reachable": "failed"}),
    ],
)
def test_a_key_of_another_kind(
    shop: Shop, gateway: DataApi, monkeypatch: pytest.MonkeyPatch, key: str, checks: dict[str, str]
) -> None:
    monkeypatch.setenv("SUPABASE_SECRET_KEY", key)
    found = health(shop, 1 if "failed" in checks.values() else 0)
    assert {name: found[name] for name in checks} == checks
    assert key not in shop.typed("doctor").out


def test_a_clock_that_is_off(shop: Shop, gateway: DataApi, monkeypatch: pytest.MonkeyPatch) -> None:
    late = SimpleNamespace(time=lambda: time.time() - 600)
    monkeypatch.setattr("skillctl.adapters.supabase_transport.time", late)
    assert health(shop, 1)["clock"] == "failed"


def test_a_production_that_is_not_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", "postgresql://nobody:hunter2@127.0.0.1:1/x")
    assert health(shop, 1)["reachable"] == "failed"
    assert "hunter2" not in shop.typed("doctor").out


def test_an_empty_database(shop: Shop, bare: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", bare.owner_url)
    assert health(shop, 1)["migrated"] == "failed"
    status = shop.skillctl("db", "status")
    assert (status.exit_code, status.data["pending"], status.data["applied"]) == (1, NAMES, [])
    assert f"  {NAMES[0]}" in shop.typed("db", "status").out


def test_the_status_of_a_database(shop: Shop, bare: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", bare.owner_url)
    migrations.push(bare.owner_url, MIGRATIONS)
    with_setting = f"alter role authenticator in database {bare.owner_url.rpartition('/')[2]}"
    bare.tamper(f"{with_setting} set pgrst.db_schemas = 'public, mcp'")
    sound = shop.skillctl("db", "status")
    assert (sound.exit_code, sound.data["pending"], sound.data["unknown"]) == (0, [], [])
    assert (sound.data["applied"], sound.data["exposed"]) == (NAMES, ["public", "mcp"])
    assert sound.data["version"].split(".")[0] == str(bare.value("show server_version")).split(".")[0]

    bare.run("insert into supabase_migrations.schema_migrations (version, name) values ('29990101000000', 'later')")
    ahead = shop.skillctl("db", "status")
    assert (ahead.exit_code, ahead.data["pending"], ahead.data["unknown"]) == (1, [], ["29990101000000"])
    assert health(shop, 1)["migrated"] == "failed"
    assert "update `skillctl`" in shop.typed("db", "status").out


def test_terms_that_are_not_those_of_the_cards(shop: Shop, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
    with PostgresTransport(database.owner_url) as transport:
        publish(transport, Version())
    assert health(shop, 0)["terms"] == "warning"
    database.run("update mcp.offers set edition = 1 where true")
    database.run("insert into mcp.terms select 'bread', id, 9 from mcp.offers")
    assert health(shop, 1)["terms"] == "failed"


def test_the_branch_that_is_released(shop: Shop, tmp_path: Path) -> None:
    shop.git("clone", "--quiet", "--bare", str(shop.root), str(tmp_path / "origin.git"))
    shop.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    assert said(shop, "release branch")[0] == "`main` is not at `origin`, as it was last fetched"
    shop.git("fetch", "--quiet", "origin")
    assert "only the host knows" in said(shop, "release branch")[0]
    shop.commit("one more")
    assert said(shop, "release branch")[0] == "`main` here has 1 commits that `origin` has not"
    shop.git("push", "--quiet", "origin", "main")
    shop.git("reset", "--quiet", "--hard", "HEAD~1")
    assert said(shop, "release branch")[0] == "`main` here lacks 1 commits of `origin`, as it was last fetched"
    shop.git("checkout", "--quiet", "-b", "work")
    shop.git("branch", "--quiet", "-D", "main")
    assert said(shop, "release branch")[0] == "`main` is at `origin`, and not here"
    shop.git("remote", "remove", "origin")
    assert health(shop, 1)["release branch"] == "failed"


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_another_program_of_the_same_name(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "foreign", "skillctl", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'foreign'}:{os.environ['PATH']}")
    assert health(shop, 0)["skillctl"] == "warning"
    assert "skillctl-lifecycle" in said(shop, "skillctl")[1]


def test_programs_that_are_missing_or_old(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = shutil.which("git")
    program(tmp_path / "old", "git", f'[ "$1" = --version ] && echo git version 2.30.1 || exec {git} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:{os.environ['PATH']}")
    assert health(shop, 1)["git"] == "failed"
    program(tmp_path / "old", "git", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path / "old"))
    found = health(shop, 1)
    assert (found["git"], found["ssh-keygen"], found["release branch"]) == ("failed", "failed", "skipped")
