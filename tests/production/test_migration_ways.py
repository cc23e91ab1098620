"""The three ways in (`skillctl db push`, the Supabase CLI, psql) give one database, and their bookkeeping agrees."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from skillctl.adapters import migrations
from tests.production.conftest import MIGRATIONS, Database

DUMP = (Path(__file__).parent / "catalogue_dump.sql").read_text()
NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))
CLI = os.environ.get("SKILLCTL_TEST_SUPABASE_CLI") or shutil.which("supabase")
PSQL = shutil.which("psql") or next(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"))), None)

needs_cli = pytest.mark.skipif(CLI is None, reason="no Supabase CLI ($SKILLCTL_TEST_SUPABASE_CLI): push NOT TESTED")
needs_psql = pytest.mark.skipif(PSQL is None, reason="no psql: migrations by hand NOT TESTED")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's `supabase/`, for the CLI writes into it."""
    return Path(shutil.copytree(MIGRATIONS.parent, tmp_path / "project" / "supabase")).parent


def supabase(project: Path, database: Database, *words: str) -> "subprocess.CompletedProcess[str]":
    assert CLI is not None
    home = project.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1", "SUPABASE_TELEMETRY_DISABLED": "1"}
    command = [CLI, *words, f"--remote={database.owner_url}?sslmode=disable"]
    return subprocess.run(
        command, cwd=project, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def dump(database: Database) -> list[str]:
    return [line for (line,) in database.run(DUMP)]


@pytest.fixture
def pushed(database: Database) -> list[str]:
    """What our own runner made."""
    made = dump(database)
    assert len(made) > 300
    return made


def test_a_difference_is_seen(bare: Database, pushed: list[str]) -> None:
    migrations.push(bare.owner_url, MIGRATIONS)
    assert dump(bare) == pushed
    for change in (
        "grant execute on function mcp.ledger_head() to anon",
        "alter table mcp.holds disable row level security",
        "create or replace function mcp.to_base64(p_bytes bytea) returns text language sql immutable as 'select null'",
        "alter table mcp.promotions disable trigger check_chain",
        "alter table mcp.evidence alter column body drop not null",
    ):
        before = dump(bare)
        bare.run(change)
        assert dump(bare) != before, change


@needs_cli
def test_the_supabase_cli_makes_the_same_database(bare: Database, project: Path, pushed: list[str]) -> None:
    done = supabase(project, bare, "db", "push", "--yes")
    assert done.returncode == 0, done.stderr
    assert dump(bare) == pushed
    assert migrations.pending(bare.owner_url, MIGRATIONS) == []
    assert migrations.push(bare.owner_url, MIGRATIONS) == []
    again = supabase(project, bare, "db", "push", "--yes")
    assert "up to date" in again.stdout + again.stderr


@needs_cli
def test_the_supabase_cli_agrees_with_our_bookkeeping(bare: Database, project: Path, tmp_path: Path) -> None:
    """Of a database that both brought up: one file was pushed by us, the rest by it, and a last one is pending."""
    first = tmp_path / "first"
    first.mkdir()
    shutil.copy(MIGRATIONS / f"{NAMES[0]}.sql", first)
    migrations.push(bare.owner_url, first)
    assert supabase(project, bare, "db", "push", "--yes").returncode == 0
    (project / "supabase/migrations/29990101000000_later.sql").write_text("select 1;")

    rows = [
        [cell.strip(" `") for cell in line.replace("│", "|").split("|")]
        for line in supabase(project, bare, "migration", "list").stdout.splitlines()
    ]
    listed = {row[0]: row[1] for row in rows if len(row) > 1 and row[0].isdigit()}
    assert listed == {name[:14]: name[:14] for name in NAMES} | {"29990101000000": ""}
    assert migrations.pending(bare.owner_url, project / "supabase/migrations") == ["29990101000000_later"]


@needs_cli
def test_supabases_own_advisors_have_no_warning(database: Database, project: Path) -> None:
    done = supabase(project, database, "db", "advisors", "--level", "info", "--fail-on", "warn")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout[done.stdout.index("[") : done.stdout.rindex("]") + 1])
    # Nobody has a right on any table, so there is nothing that a policy could let through.
    assert {one["name"] for one in found if one["level"] != "INFO"} == set()
    assert "rls_enabled_no_policy" in {one["name"] for one in found}, "it did look at our tables"


@needs_psql
def test_psql_makes_the_same_database(bare: Database, pushed: list[str]) -> None:
    assert PSQL is not None
    for name in NAMES:
        command = [
            PSQL,
            "-X",
            "-q",
            "-1",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            bare.owner_url,
            "-f",
            f"{MIGRATIONS}/{name}.sql",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert dump(bare) == pushed


def test_the_project_says_what_the_cli_needs(project: Path) -> None:
    import tomllib

    said = tomllib.loads((project / "supabase/config.toml").read_text())
    assert said["project_id"] == "skillctl"
    assert said["api"]["schemas"] == ["public", "mcp"]
    assert said["db"]["major_version"] == 17
