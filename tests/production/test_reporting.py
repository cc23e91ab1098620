"""What a dashboard reads: the figures of real releases, by a role that reads these and nothing else."""

import contextlib
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from skillctl.adapters.postgres_transport import PostgresTransport
from tests.production.conftest import Database
from tests.production.world import Version, cases, following, publish, upload

VIEWS = {
    "promotions_daily": "day skill action from_status to_status promotions",
    "skill_catalogue": "skill version state served held published_at owners replaced_by sunset",
    "release_history": "number release kind commit actor tool applied_at skills published deprecated reinstated"
    " withdrawn revoked updated",
    "eval_trend": "skill version measured_at published_at hours_to_production class verdict pass_rate cases seconds"
    " cost",
}
ROLE = "mcp_reporter"
OTHERS = ["public", "anon", "authenticated", "service_role", "mcp_agent"]
NOTICE = {"reason": "old rates, says hidden", "replaced_by": "finance-ssc@1.1.0", "sunset": "2027-01-31"}
SYSTEM = "('pg_catalog', 'information_schema', 'pg_toast')"


def apply(transport: PostgresTransport, *changes: dict[str, Any], **changed: Any) -> None:
    transport.call("apply_release", release=following(transport, changes, **changed))


def moves(version: Version, source: str, target: str, **changed: Any) -> dict[str, Any]:
    """The change that moves one version to another state."""
    notice = None if target == "approved" else NOTICE
    wanted = {
        "action": version.moved(source, target)["action"], "version": version.version, "publish": [],
        "states": {version.version: {"state": target, "notice": notice}},
        "promotions": [version.moved(source, target)],
    }  # fmt: skip
    return version.change(**(wanted | changed))


def measured(name: str, version: str = "1.0.0", **evidence: Any) -> Version:
    """A version with evidence of its own."""
    made = Version(name, version)
    made.prove(**evidence)
    made.approve()
    return made


@pytest.fixture
def transport(database: Database) -> Iterator[PostgresTransport]:
    with PostgresTransport(database.owner_url) as made:
        yield made


@contextlib.contextmanager
def reporter(database: Database) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """Logged in as the role, which has a login for as long as that."""
    owner = urlsplit(database.owner_url)
    assert owner.hostname is not None
    login = urlunsplit(owner._replace(netloc=f"{ROLE}:a-password@{owner.hostname}:{owner.port}"))
    database.run(f"alter role {ROLE} login password 'a-password'")
    try:
        with psycopg.connect(login, autocommit=True) as connection:
            yield connection
    finally:
        database.run(f"alter role {ROLE} nologin password null")


def rows(database: Database, view: str, columns: str = "*", order: str = "1, 2, 3") -> list[tuple[Any, ...]]:
    return database.run(f"select {columns} from mcp_reporting.{view} order by {order}")


def test_promotions_are_counted_by_day_and_step(transport: PostgresTransport, database: Database) -> None:
    first, second = Version("finance-ssc", "1.0.0"), Version("finance-ssc", "1.1.0", body="New rates.")
    publish(transport, first)
    publish(transport, second, Version("bi-architect"))
    apply(transport, moves(first, "approved", "deprecated", serving="1.1.0"))

    today = database.value("select date_trunc('day', max(promoted_at) at time zone 'UTC') from mcp.promotions")
    assert rows(database, "promotions_daily", order="2, 3") == [
        (today, "bi-architect", "publish", "candidate", "approved", 1),
        (today, "finance-ssc", "deprecate", "approved", "deprecated", 1),
        (today, "finance-ssc", "publish", "candidate", "approved", 2),
    ]


def test_a_day_is_one_of_utc_in_every_session(transport: PostgresTransport, database: Database) -> None:
    for number, name in enumerate(("one-skill", "two-skills")):
        publish(transport, Version(name))
        database.tamper(
            f"update mcp.promotions set promoted_at = '2026-11-2{number + 2}T0{number}:30:00+01' where skill = '{name}'"
        )
    for zone in ("Asia/Manila", "America/Los_Angeles", "UTC"):
        with psycopg.connect(database.owner_url, options=f"-c timezone={zone}") as connection:
            found = connection.execute("select day from mcp_reporting.promotions_daily order by 1").fetchall()
        assert found == [(datetime.fromisoformat("2026-11-21"),), (datetime.fromisoformat("2026-11-23"),)], zone


def test_the_catalogue_says_how_each_version_stands(transport: PostgresTransport, database: Database) -> None:
    old, new, bad = Version("finance-ssc"), Version("finance-ssc", "1.1.0", body="New."), Version("leaky", body="Leak.")
    new.entry["card"] |= {"owners": ["finance-platform", "tax"]}
    publish(transport, old)
    publish(transport, new)
    publish(transport, bad)
    apply(
        transport,
        moves(old, "approved", "deprecated", serving="1.1.0"),
        moves(bad, "approved", "revoked", serving=None),
    )
    database.run("insert into mcp.holds values ('finance-ssc', '1.1.0', 'wait', 'maria <maria@example.test>')")

    columns = "skill, version, state, served, held, owners, replaced_by, sunset"
    sunset = datetime.fromisoformat("2027-01-31")
    assert rows(database, "skill_catalogue", columns) == [
        ("finance-ssc", "1.0.0", "deprecated", False, True, None, "finance-ssc@1.1.0", sunset),
        ("finance-ssc", "1.1.0", "approved", True, True, "finance-platform, tax", None, None),
        ("leaky", "1.0.0", "revoked", False, False, None, "finance-ssc@1.1.0", sunset),
    ]


@pytest.mark.parametrize(
    ("sunset", "shown"),
    [
        ("2027-02-30", "2027-03-02"),
        ("2028-02-29", "2028-02-29"),
        ("2027-13-01", None),
        ("0000-01-01", None),
        ("9999-12-31", None),
        ("soon", None),
        (5, None),
        (None, None),
    ],
)
def test_a_sunset_that_is_no_day_breaks_nothing(
    transport: PostgresTransport, database: Database, sunset: Any, shown: str | None
) -> None:
    version = Version()
    publish(transport, version)
    change = moves(version, "approved", "deprecated", serving="1.0.0")
    change["states"]["1.0.0"]["notice"] = {"reason": "x", "sunset": sunset}
    apply(transport, change)
    expected = None if shown is None else datetime.fromisoformat(shown)
    assert rows(database, "skill_catalogue", "sunset", "1") == [(expected,)]


def test_a_digest_that_is_revoked_is_revoked_in_every_version(transport: PostgresTransport, database: Database) -> None:
    version = Version()
    publish(transport, version)
    database.run("insert into mcp.revocations values (%s, 'x', '1', 'leaks', 'maria')", version.digest)
    assert rows(database, "skill_catalogue", "state", "1") == [("revoked",)]


def test_the_history_says_what_each_release_did(transport: PostgresTransport, database: Database) -> None:
    first, second, other = Version(), Version(version="1.1.0", body="New."), Version("bi-architect")
    publish(transport, first, actor="Maria Cruz <maria@example.test>")
    publish(transport, second, other, actor="jun@example.test <jun@example.test>")
    apply(transport, second.change(action="rollback", serving="1.0.0", publish=[], promotions=[]), actor="<@>")
    apply(
        transport,
        moves(first, "approved", "deprecated", serving="1.1.0"),
        moves(other, "approved", "withdrawn", serving=None),
    )
    apply(
        transport,
        moves(first, "deprecated", "approved", serving="1.1.0"),
        moves(other, "withdrawn", "revoked", serving=None),
    )

    columns = "actor, skills, published, deprecated, reinstated, withdrawn, revoked, updated"
    assert rows(database, "release_history", columns, "number") == [
        ("Maria Cruz", 1, 1, 0, 0, 0, 0, 0),
        ("jun", 2, 2, 0, 0, 0, 0, 0),
        ("not said", 1, 0, 0, 0, 0, 0, 1),
        ("maria", 2, 0, 1, 0, 1, 0, 0),
        ("maria", 2, 0, 0, 1, 0, 1, 0),
    ]
    held: Any = transport.call("current_release")
    last = rows(database, "release_history", 'release, "commit", tool, applied_at', "number desc")[0]
    assert last[:3] == (held["release"], "a" * 12, "skillctl 1")
    assert last[3].replace(tzinfo=UTC) == datetime.fromisoformat(held["applied_at"])


def test_the_trend_has_the_figures_of_both_formats(transport: PostgresTransport, database: Database) -> None:
    both = [*cases("passed", "failed"), {"id": "c", "outcome": "passed", "seconds": 1.25, "reasons": [], "cost": 0.5,
                                         "trials": 3, "passed": 3, "class": "recorded", "kind": "ask"}]  # fmt: skip
    publish(transport, Version("older"))
    publish(
        transport,
        measured(
            "newer",
            format=2,
            cases=both,
            pass_rate=2 / 3,
            finished_at="2026-11-22T18:30:00+08:00",
            **{"class": "recorded"},
        ),
    )
    columns = "skill, version, measured_at, class, verdict, pass_rate, cases, seconds, cost"
    assert rows(database, "eval_trend", columns, "1") == [
        (
            "newer",
            "1.0.0",
            datetime.fromisoformat("2026-11-22T10:30"),
            "recorded",
            "passed",
            pytest.approx(2 / 3),
            3,
            1.45,
            0.5,
        ),
        ("older", "1.0.0", datetime.fromisoformat("2026-11-22T10:00:01"), "deterministic", "passed", 1.0, 2, 0.2, None),
    ]
    for published, measured_at, hours in rows(database, "eval_trend", "published_at, measured_at, hours_to_production"):
        assert (published - measured_at) / timedelta(hours=1) == pytest.approx(hours)


ODD = {
    "seconds": [{"id": "a", "outcome": "passed", "seconds": "NaN"}],
    "much": [{"id": "a", "outcome": "passed", "seconds": 1e300}],
    "negative": [{"id": "a", "outcome": "passed", "seconds": -1}],
    "word": [{"id": "a", "outcome": "passed", "seconds": "long"}],
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("finished", ["yesterday", "infinity", "2026-02-31T10:00:00Z", "4713-01-01 BC", None, 5])
def test_odd_figures_break_neither_release_nor_chart(
    transport: PostgresTransport, database: Database, odd: str, finished: Any
) -> None:
    publish(transport, measured("odd", cases=ODD[odd], finished_at=finished))
    found = rows(database, "eval_trend", "pass_rate, seconds, measured_at = published_at, hours_to_production", "1")
    whole = odd != "word" and finished != "2026-02-31T10:00:00Z"
    assert found == [(1.0 if whole else None, None, True, None)]


def test_no_text_and_no_mail_is_in_any_view(transport: PostgresTransport, database: Database) -> None:
    told = [{"id": "hidden-case", "outcome": "passed", "seconds": 1, "reasons": ["hidden"], "input": "hidden"}]
    version = Version(body="hidden", description="hidden")
    version.prove(cases=told, runner="hidden", model="hidden", tool="hidden <hidden@example.test>")
    version.approve()
    upload(transport, version.blobs)
    publish(transport, version, actor="Maria <hidden@example.test>")
    apply(transport, moves(version, "approved", "revoked", serving=None), actor="Maria <hidden@example.test>")
    for view, columns in VIEWS.items():
        found = database.run(f"select to_jsonb(v)::text from mcp_reporting.{view} v")
        assert found
        assert "hidden" not in str(found)
        assert "example.test" not in str(found)
        assert found[0][0].count('": ') == len(columns.split())


def test_the_views_have_these_columns(shared_database: Database) -> None:
    found = shared_database.run(
        "select table_name, string_agg(column_name, ' ' order by ordinal_position) from information_schema.columns"
        " where table_schema = 'mcp_reporting' group by 1"
    )
    assert dict(found) == VIEWS


def test_the_role_reads_the_views_and_nothing_else(transport: PostgresTransport, database: Database) -> None:
    publish(transport, Version())
    with reporter(database) as connection:
        for view in VIEWS:
            assert connection.execute(f"select * from mcp_reporting.{view}".encode()).fetchall() != []
        for statement in (
            "select from mcp.releases",
            "select body from mcp.evidence",
            "select mcp.list_skills()",
            "drop view mcp_reporting.eval_trend",
            "create table mcp_reporting.mine ()",
            "create table public.mine ()",
            "set role postgres",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"begin read write; {statement}".encode())
            connection.rollback()


def test_the_role_has_no_other_right(shared_database: Database) -> None:
    """Asked of the server's own bookkeeping, object by object."""
    relations = shared_database.run(
        "select n.nspname, c.relname, p.verb from pg_class c join pg_namespace n on n.oid = c.relnamespace,"
        " unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p (verb)"
        f" where n.nspname not in {SYSTEM} and c.relkind in ('r', 'v', 'm', 'f', 'p')"
        f" and has_table_privilege('{ROLE}', c.oid, p.verb)"
    )
    assert sorted(relations) == [("mcp_reporting", view, "select") for view in sorted(VIEWS)]
    schemas = shared_database.run(
        f"select n.nspname from pg_namespace n where n.nspname not in {SYSTEM}"
        f" and (has_schema_privilege('{ROLE}', n.oid, 'create')"
        f" or n.nspname ~ '^mcp' and has_schema_privilege('{ROLE}', n.oid, 'usage'))"
    )
    assert schemas == [("mcp_reporting",)]
    functions = "select from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname ~ '^mcp' and"
    assert shared_database.run(f"{functions} has_function_privilege('{ROLE}', p.oid, 'execute')") == []
    assert shared_database.run(f"select from pg_auth_members where member = '{ROLE}'::regrole") == []


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_reads_them(shared_database: Database, role: str) -> None:
    has = "has_schema_privilege(%s, 'mcp_reporting', 'usage, create')"
    assert shared_database.value(f"select {has}", role) is False
    for view in VIEWS:
        has = "has_table_privilege(%s, %s, 'select, insert, update, delete')"
        assert shared_database.value(f"select {has}", role, f"mcp_reporting.{view}") is False


def test_the_role_has_limits(shared_database: Database) -> None:
    """It logs in only where an operator lets it, and a chart that asks too much is stopped."""
    said = "select rolcanlogin, rolconnlimit, rolsuper, rolbypassrls from pg_roles where rolname = %s"
    assert shared_database.run(said, ROLE) == [(False, 20, False, False)]
    with reporter(shared_database) as connection:
        limits = ("statement_timeout", "idle_in_transaction_session_timeout", "default_transaction_read_only")
        shown = [connection.execute(f"show {name}".encode()).fetchone() for name in limits]
    assert shown == [("30s",), ("1min",), ("on",)]


def test_the_data_api_does_not_expose_them(project: Path) -> None:
    """Where it did, Supabase's rule `security_definer_view` would be right."""
    exposed = tomllib.loads((project / "supabase" / "config.toml").read_text())["api"]["schemas"]
    assert "mcp_reporting" not in exposed
