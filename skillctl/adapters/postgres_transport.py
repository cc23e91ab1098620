"""Production's functions over a PostgreSQL connection: the embedded server, psql users, self-hosters."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from skillctl.adapters import postgres_errors, repeating

if TYPE_CHECKING:
    import psycopg
    from pydantic import JsonValue

_STATEMENT_TIMEOUT = "60s"
# A role that the login can become only on paper (no SET option, from version 16) does not count.
_MAY_BECOME_SERVICE_ROLE = """
select exists (select from pg_catalog.pg_roles where rolname = 'service_role')
   and pg_catalog.pg_has_role(
         (select oid from pg_catalog.pg_roles where rolname = 'service_role'),
         case when pg_catalog.current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)
"""
_SETTINGS = (
    "select pg_catalog.set_config('role', coalesce(%s, 'none'), true),"
    " pg_catalog.set_config('statement_timeout', %s, true), pg_catalog.set_config('search_path', '', true)"
)


class PostgresTransport:
    """Calls functions of schema `mcp` over a connection string; not for use by two threads at once.

    It connects with the first call, and again after a lost connection. A call is repeated where the connection could
    not be made, or was lost with a function under way that may be run twice. `seconds` bound each attempt.
    """

    def __init__(self, url: str, *, seconds: float = repeating.SECONDS) -> None:
        self._url, self._seconds = url, seconds
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._role: str | None = None
        self._is_sent = False

    def call(self, function: str, /, **arguments: "JsonValue") -> "JsonValue":
        """The answer of `mcp.<function>`; each keyword `x` becomes its parameter `p_x`. One transaction.

        It runs with the rights of `service_role`, the same as over HTTPS, where the login may take that role.
        Raises StoreRefused (production said no, by name), NotMigrated, UsageError (the login may not),
        Unreachable.
        """
        import psycopg

        answer: JsonValue = None
        try:
            for attempt in repeating.attempts(partial(self._may_pass, function)):
                with attempt:
                    self._is_sent = False
                    answer = self._once(function, arguments)
        except psycopg.Error as error:
            if self._is_sent:
                raise postgres_errors.statement_failed(error, self._url, f"mcp.{function}") from None
            raise postgres_errors.connection_failed(error, self._url) from None
        return answer

    def _may_pass(self, function: str, error: Exception) -> bool:
        import psycopg

        if not isinstance(error, psycopg.Error):
            return False
        if not self._is_sent:
            return postgres_errors.may_connect_later(error)
        state = error.sqlstate or ""
        is_lost = not state or state.startswith(("08", "57P"))
        return state in postgres_errors.TAKEN_BACK or (is_lost and function in repeating.REPEATABLE)

    def _once(self, function: str, arguments: "dict[str, JsonValue]") -> "JsonValue":
        import psycopg
        from psycopg import sql

        connection = self._connected()
        query = sql.SQL("select pg_catalog.to_jsonb({}({}))").format(
            sql.Identifier("mcp", function),
            sql.SQL(", ").join(
                sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder()) for name in arguments
            ),
        )
        self._is_sent = True
        with _hung_up_after(self._seconds, connection) as is_late:
            try:
                with connection.transaction():
                    connection.execute(_SETTINGS, [self._role, _STATEMENT_TIMEOUT])
                    row = connection.execute(query, [_adapted(value) for value in arguments.values()]).fetchone()
            except psycopg.Error as error:
                if connection.closed or connection.broken:
                    self.close()
                if is_late.is_set():
                    where = postgres_errors.place(self._url)
                    raise postgres_errors.silent(self._seconds, where, f"mcp.{function}") from None
                raise error from None
        answer: JsonValue = row[0] if row else None
        return answer

    def _connected(self) -> "psycopg.Connection[tuple[Any, ...]]":
        import psycopg
        from psycopg import conninfo

        if self._connection is None:
            options = {"connect_timeout": int(repeating.CONNECT_SECONDS), "application_name": "skillctl"}
            given = conninfo.conninfo_to_dict(self._url)
            missing: dict[str, Any] = {name: value for name, value in options.items() if name not in given}
            # No prepared statements: poolers in transaction mode hand the next call another server session.
            connection = psycopg.connect(self._url, autocommit=True, prepare_threshold=None, **missing)
            try:
                with _hung_up_after(self._seconds, connection):
                    row = connection.execute(_MAY_BECOME_SERVICE_ROLE).fetchone()
            except psycopg.Error:
                connection.close()
                raise
            self._connection, self._role = connection, "service_role" if row and row[0] else None
        return self._connection

    def another(self) -> "PostgresTransport":
        """One to the same place with a connection of its own, for another thread."""
        return PostgresTransport(self._url, seconds=self._seconds)

    def close(self) -> None:
        """Closes the connection; a later call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@contextmanager
def _hung_up_after(seconds: float, connection: "psycopg.Connection[Any]") -> Iterator[Event]:
    """The line is cut where the block takes longer, and the event set: the server's own time-out needs a server."""
    import psycopg

    is_done, is_late = Event(), Event()

    def watch() -> None:
        if not is_done.wait(seconds):
            is_late.set()
            # Suppressed: the line may have ended in this very moment.
            with suppress(OSError, psycopg.Error), socket.socket(fileno=socket.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    watcher = Thread(target=watch, name="postgres-time-out", daemon=True)
    watcher.start()
    try:
        yield is_late
    finally:
        is_done.set()
        watcher.join()


def _adapted(value: "JsonValue") -> Any:
    from psycopg.types.json import Jsonb

    return Jsonb(value) if isinstance(value, dict | list) else value
