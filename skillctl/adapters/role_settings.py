"""What a login sees of a database beside its schemas: the time-outs of the API's roles, and its clock."""

import time
from collections.abc import Mapping

from skillctl.adapters import postgres_errors

_TIMEOUTS = """
select r.rolname, pg_catalog.split_part(s, '=', 2)
  from pg_catalog.pg_db_role_setting d
  join pg_catalog.pg_roles r on r.oid = d.setrole, pg_catalog.unnest(d.setconfig) s
 where r.rolname in ('anon', 'authenticated', 'authenticator', 'service_role', 'mcp_agent')
   and s like 'statement_timeout=%'
"""
_CLOCK = "select extract(epoch from pg_catalog.clock_timestamp())::float8"


def look(url: str) -> tuple[Mapping[str, str], float]:
    """The `statement_timeout` of each role that has one, and how many seconds the database's clock is ahead.

    Unreachable where it does not answer.
    """
    import psycopg

    try:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None, connect_timeout=5) as connection:
            timeouts = {str(role): str(value) for role, value in connection.execute(_TIMEOUTS)}
            row = connection.execute(_CLOCK).fetchone()
            return timeouts, (float(row[0]) if row else 0.0) - time.time()
    except psycopg.Error as error:
        raise postgres_errors.connection_failed(error, url) from None
