"""The migrations of production, applied as the Supabase CLI applies them: the same table, the same order.

A database may be served by either; `supabase migration list` and `pending` agree about it.
"""

import re
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from skillctl.adapters import postgres_errors
from skillctl.domain.migrated import State
from skillctl.errors import SkillctlError, StoreRefused, Unreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import psycopg

_NAME = re.compile(r"(\d{14})_([A-Za-z0-9_-]+)\.sql")
_LOCK = "select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('supabase_migrations', 0))"
_BOOKKEEPING = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations
  (version text not null primary key, statements text[], name text);
"""
#: By the rows: what a name meant before another push gave up its lock is remembered (`to_regclass`), a row is read.
_KEPT = """
select exists (
  select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'supabase_migrations' and c.relname = 'schema_migrations')
"""
_APPLIED = "select version from supabase_migrations.schema_migrations order by version"
_SEEN = """
select pg_catalog.current_setting('server_version'), (
  select pg_catalog.split_part(s, '=', 2)
    from pg_catalog.pg_db_role_setting d
    join pg_catalog.pg_roles r on r.oid = d.setrole, pg_catalog.unnest(d.setconfig) s
   where r.rolname = 'authenticator' and s like 'pgrst.db_schemas=%' limit 1)
"""
#: What another made before us, which a file of the migration's name in `adopt/` joins with ours.
_FOREIGN = "select exists (select from pg_catalog.pg_namespace where nspname = 'mcp_jobs')"
_ASIDE = "alter schema mcp_jobs rename to mcp_jobs_adopted"
_RECORD = "insert into supabase_migrations.schema_migrations (version, statements, name) values (%s, %s, %s)"


class _Migration(Struct, frozen=True):
    version: str
    name: str
    path: "Path"

    def __str__(self) -> str:
        return self.path.stem

    @property
    def joining(self) -> "Path":
        """The script that joins what it makes with what was there."""
        return self.path.parents[1] / "adopt" / self.path.name


def state(url: str, folder: "Path") -> State:
    """How a database stands; UsageError for a bad folder, Unreachable for a database that does not answer."""
    migrations = _read(folder)
    with _connected(url) as connection:
        applied = _applied(connection)
        row = connection.execute(_SEEN).fetchone()
    version, exposed = row if row is not None else ("", None)
    known = {migration.version for migration in migrations}
    return State(
        version,
        [str(one) for one in migrations if one.version in applied],
        [str(one) for one in migrations if one.version not in applied],
        [one for one in applied if one not in known],
        [one.strip() for one in exposed.split(",")] if exposed else None,
    )


def pending(url: str, folder: "Path") -> list[str]:
    """The migrations of `folder` that the database at `url` lacks, in order, each `<version>_<name>`.

    Raises StoreRefused where folder and database cannot belong together, UsageError for a bad folder,
    Unreachable for a database that does not answer.
    """
    migrations = _read(folder)
    with _connected(url) as connection:
        return [str(migration) for migration in _missing(migrations, _applied(connection))]


def push(url: str, folder: "Path") -> list[str]:
    """Applies what is pending, one transaction a file, and names it; nothing pending, nothing done.

    Two pushes at once take turns. Raises as `pending` does; a file that fails leaves its predecessors applied. A schema
    `mcp_jobs` of somebody else is taken over, or refused before anything is applied (StoreRefused).
    """
    migrations = _read(folder)
    names: list[str] = []
    with _connected(url) as connection:
        with connection.transaction(force_rollback=True):
            # Under the lock: another push may be making what would look like somebody else's.
            connection.execute(_LOCK)
            for migration in _missing(migrations, _applied(connection)):
                if _is_to_be_joined(connection, migration):
                    _run(connection, migration, url)
        while True:
            with connection.transaction():
                # A lock of the transaction, not of the session: it also holds behind a transaction pooler.
                connection.execute(_LOCK)
                if not (missing := _missing(migrations, _applied(connection))):
                    return names
                _apply(connection, missing[0], url)
            names.append(str(missing[0]))


def _read(folder: "Path") -> list[_Migration]:
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise UsageError(
                f"`{path}` is no migration: its name is not 14 digits, `_`, a name and `.sql`",
                hint="rename or remove it",
            )
        found.append(_Migration(match[1], match[2], path))
    if not found:
        raise UsageError(f"`{folder}` holds no migration", hint="name the folder with the `.sql` files")
    for one, other in pairwise(found):
        if one.version == other.version:
            raise UsageError(f"`{one.path.name}` and `{other.path.name}` have the same version", hint="rename one")
    return found


def _missing(migrations: "Sequence[_Migration]", applied: "Sequence[str]") -> list[_Migration]:
    known = {migration.version for migration in migrations}
    if unknown := [version for version in applied if version not in known]:
        raise StoreRefused(
            "migrations-unknown",
            f"the database holds migrations that the folder lacks: {', '.join(unknown)}",
            hint="update skillctl to the version that applied them",
        )
    missing = [migration for migration in migrations if migration.version not in applied]
    last = max(applied, default="")
    if older := [str(migration) for migration in missing if migration.version < last]:
        raise StoreRefused(
            "migrations-out-of-order",
            f"older than the last applied migration {last}, but not applied: {', '.join(older)}",
            hint="give the file a later version",
        )
    return missing


def _applied(connection: "psycopg.Connection[Any]") -> list[str]:
    row = connection.execute(_KEPT).fetchone()
    if row is None or not row[0]:
        return []
    return [version for (version,) in connection.execute(_APPLIED)]


def _apply(connection: "psycopg.Connection[Any]", migration: _Migration, url: str) -> None:
    connection.execute(_BOOKKEEPING)
    scripts = _run(connection, migration, url)
    connection.execute(_RECORD, [migration.version, [script.decode() for script in scripts], migration.name])


def _is_to_be_joined(connection: "psycopg.Connection[Any]", migration: _Migration) -> bool:
    """Whether the schema that it makes is there already, of somebody else."""
    row = connection.execute(_FOREIGN).fetchone()
    return migration.joining.is_file() and row is not None and bool(row[0])


def _run(connection: "psycopg.Connection[Any]", migration: _Migration, url: str) -> list[bytes]:
    """The scripts that were run."""
    import psycopg

    scripts = [migration.path.read_bytes()]
    if _is_to_be_joined(connection, migration):
        scripts = [_ASIDE.encode(), *scripts, migration.joining.read_bytes()]
    try:
        for script in scripts:
            connection.execute(script)
    except psycopg.Error as error:
        raise _failed(error, url, migration) from None
    return scripts


def _failed(error: "psycopg.Error", url: str, migration: _Migration) -> SkillctlError:
    message = postgres_errors.redacted(error.diag.message_primary or str(error), url)
    if error.sqlstate == "PT409":
        name, hint = error.diag.message_detail or "refused", error.diag.message_hint
        return StoreRefused(name, f"nothing was applied to {postgres_errors.place(url)}: {message}", hint=hint)
    said = f"migration `{migration.path.name}` was not applied to {postgres_errors.place(url)}: {message}"
    if error.sqlstate == "42501":
        return UsageError(said, hint="use the login that owns the database, such as `postgres`")
    hint = error.diag.message_hint or "nothing of this file was kept; mend the cause and run `skillctl db push` again"
    return Unreachable(said, hint=hint)


@contextmanager
def _connected(url: str) -> "Iterator[psycopg.Connection[Any]]":
    import psycopg

    try:
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise postgres_errors.connection_failed(error, url) from None
    with connection:
        try:
            yield connection
        except psycopg.Error as error:
            raise postgres_errors.statement_failed(error, url, "supabase_migrations") from None
