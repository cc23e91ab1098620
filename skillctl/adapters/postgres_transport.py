"""Production's functions over a PostgreSQL connection: the embedded server, psql users, self-hosters."""

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from skillctl.adapters import postgres_errors

if TYPE_CHECKING:
    import psycopg
    from pydantic import JsonValue

_CONNECT_SECONDS = 5
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

    It connects with the first call, and again with the next call after a lost connection.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._role: str | None = None

    def call(self, function: str, /, **arguments: "JsonValue") -> "JsonValue":
        """The answer of `mcp.<function>`; each keyword `x` becomes its parameter `p_x`. One transaction.

        It runs with the rights of `service_role`, the same as over HTTPS, where the login may take that role.
        Raises StoreRefused (production said no, by name), NotMigrated, UsageError (the login may not),
        Unreachable.
        """
        import psycopg
        from psycopg import sql

        connection = self._connected()
        query = sql.SQL("select pg_catalog.to_jsonb({}({}))").format(
            sql.Identifier("mcp", function),
            sql.SQL(", ").join(
                sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder()) for name in arguments
            ),
        )
        try:
            with connection.transaction():
                connection.execute(_SETTINGS, [self._role, _STATEMENT_TIMEOUT])
                row = connection.execute(query, [_adapted(value) for value in arguments.values()]).fetchone()
        except psycopg.Error as error:
            if connection.closed or connection.broken:
                self.close()
            raise postgres_errors.statement_failed(error, self._url, f"mcp.{function}") from None
        answer: JsonValue = row[0] if row else None
        return answer

    def _connected(self) -> "psycopg.Connection[tuple[Any, ...]]":
        import psycopg
        from psycopg import conninfo

        if self._connection is None:
            try:
                options = {"connect_timeout": _CONNECT_SECONDS, "application_name": "skillctl"}
                given = conninfo.conninfo_to_dict(self._url)
                missing: dict[str, Any] = {name: value for name, value in options.items() if name not in given}
                # No prepared statements: poolers in transaction mode hand the next call another server session.
                connection = psycopg.connect(self._url, autocommit=True, prepare_threshold=None, **missing)
            except psycopg.Error as error:
                raise postgres_errors.connection_failed(error, self._url) from None
            try:
                row = connection.execute(_MAY_BECOME_SERVICE_ROLE).fetchone()
            except psycopg.Error as error:
                connection.close()
                raise postgres_errors.statement_failed(error, self._url, "pg_has_role") from None
            self._connection, self._role = connection, "service_role" if row and row[0] else None
        return self._connection

    def close(self) -> None:
        """Closes the connection; a later call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _adapted(value: "JsonValue") -> Any:
    from psycopg.types.json import Jsonb

    return Jsonb(value) if isinstance(value, dict | list) else value
