"""A stage for faults: one database behind a transport whose line can be cut, and what was applied counted."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg

from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.supabase_transport import SupabaseTransport
from tests.production.conftest import Database, Transport
from tests.production.cutting import Proxy, proxy
from tests.production.world import Version, release, upload
from tests.standin.data_api import DataApi, data_api, make_jwt

_WAITS = """
select count(*) from pg_locks where locktype = 'advisory' and not granted
   and database = (select oid from pg_database where datname = current_database())
"""
_LOCK = "select pg_advisory_lock(hashtextextended('mcp.apply_release', 0))"


@dataclass
class Stage:
    """`key`, or `password` in the place of the owner's own, is what the transport shows."""

    kind: str
    database: Database
    line: Proxy
    key: str
    api: DataApi | None = None
    password: str | None = None
    seconds: float = 30.0
    version: Version = field(default_factory=Version)
    release: dict[str, Any] = field(init=False)
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __post_init__(self) -> None:
        self.release = release([self.version.change()])

    @property
    def gateway(self) -> DataApi:
        """The stand-in, where there is one."""
        assert self.api is not None
        return self.api

    def transport(self) -> Transport:
        """A transport that speaks through the line."""
        if self.kind == "https":
            return SupabaseTransport(f"http://127.0.0.1:{self.line.port}", self.key, seconds=self.seconds)
        parts = urlsplit(self.database.owner_url)
        login = f"{parts.username}:{self.password or parts.password}"
        address = f"postgresql://{login}@127.0.0.1:{self.line.port}{parts.path}"
        return PostgresTransport(address, seconds=self.seconds)

    @property
    def secrets(self) -> list[str]:
        """What no message may hold."""
        password = urlsplit(self.database.owner_url).password
        return [self.key, *([password] if password else [])]

    def publish(self) -> Any:
        """The one release, whose bytes are there, over the line; the same each time."""
        with self.transport() as transport:
            return transport.call("apply_release", release=self.release)

    def prepare(self) -> None:
        """Store the bytes, not over the line."""
        with PostgresTransport(self.database.owner_url) as direct:
            upload(direct, self.version.blobs)

    def applied(self) -> int:
        """How often the version was published: each table that a release writes says the same."""
        counts = self.database.run(
            "select (select count(*) from mcp.releases), (select count(*) from mcp.promotions),"
            " (select count(*) from mcp_jobs.jobs), (select count(*) from mcp.skill_versions)"
        )[0]
        assert len(set(counts)) == 1, counts
        return int(counts[0])

    def hold(self) -> None:
        """No release goes on from here until `let_go`."""
        self._holder = psycopg.connect(self.database.owner_url, autocommit=True)
        self.closing.callback(self._holder.close)
        self._holder.execute(_LOCK)

    def let_go(self) -> None:
        """What was held goes on."""
        self._holder.close()

    def is_under_way(self) -> None:
        """Returns when a release waits inside its transaction, which it does as long as it is held."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as watching:
            for _ in range(2000):
                row = watching.execute(_WAITS).fetchone()
                if row and row[0]:
                    return
                watching.execute("select pg_sleep(0.005)")
        raise AssertionError("no release came as far")

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Do something while a call waits."""
        thread = threading.Thread(target=work)
        thread.start()
        self.closing.callback(thread.join)


@contextlib.contextmanager
def staged(database: Database, kind: str, *, legacy: bool = False) -> Iterator[Stage]:
    """A stage of one transport; `legacy` with a key of the older form."""
    with contextlib.ExitStack() as stack:
        api = stack.enter_context(data_api(database.authenticator_url)) if kind == "https" else None
        port = urlsplit(api.url if api else database.owner_url).port
        assert port is not None
        line = stack.enter_context(proxy(port))
        stage = Stage(kind, database, line, make_jwt("service_role") if legacy else database.key, api)
        stack.enter_context(stage.closing)
        yield stage
