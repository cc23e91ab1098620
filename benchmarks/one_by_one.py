"""The peer of `sync`: the rows of some skills, upserted one by one with supabase-py into tables without any guard.

`python -m benchmarks.one_by_one URL KEY OWNER_URL COUNT` reads them from a production that holds them, and prints the
seconds that the upserts took.
"""

import sys
import time
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row
from supabase import ClientOptions, create_client

from benchmarks.gateway import PEER

#: Each table with its key, in the order in which a careful client would fill them.
TABLES = {
    "blobs": "sha256", "skills": "name", "skill_versions": "name,version", "version_files": "name,version,path",
    "evidence": "sha256",
}  # fmt: skip
_NAMES = "(select name from mcp.skills order by name limit %(count)s)"
_ROWS = {
    "blobs": "select sha256, bytes::text as bytes from mcp.blobs where sha256 in ("
    f" select sha256 from mcp.version_files where name in {_NAMES} union"
    f" select unnest(array[manifest, evidence, approval]) from mcp.skill_versions where name in {_NAMES})",
    "skills": f"select name, served_version from mcp.skills where name in {_NAMES}",
    "skill_versions": "select name, version, digest, manifest, evidence, approval, definition_path, card, card_sha256,"
    f" state, release::text from mcp.skill_versions where name in {_NAMES}",
    "version_files": f"select name, version, path, mode, sha256 from mcp.version_files where name in {_NAMES}",
    "evidence": "select sha256, skill, version, skill_digest, suite_digest, policy_digest, class, verdict, body"
    f" from mcp.evidence where skill in {_NAMES}",
}


def main() -> None:
    """Make the tables, read the rows, and put them in."""
    url, key, owner, count = sys.argv[1:]
    with psycopg.connect(owner, row_factory=dict_row) as connection:
        connection.execute(f"create schema {PEER}")
        connection.execute(f"grant usage on schema {PEER} to service_role")
        for table in TABLES:
            connection.execute(
                f"create table {PEER}.{table} (like mcp.{table} including defaults including indexes)".encode()
            )
        connection.execute(f"grant all on all tables in schema {PEER} to service_role")
        rows = {
            table: connection.execute(query.encode(), {"count": int(count)}).fetchall()
            for table, query in _ROWS.items()
        }
    print(_upserted(url, key, rows))


def _upserted(url: str, key: str, rows: dict[str, list[dict[str, Any]]]) -> float:
    with httpx.Client() as http:
        client = create_client(url, key, options=ClientOptions(httpx_client=http)).schema(PEER)
        begun = time.perf_counter()
        for table, arbiter in TABLES.items():
            for row in rows[table]:
                client.table(table).upsert(row, on_conflict=arbiter).execute()
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
