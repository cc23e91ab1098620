"""What the Data API does with a row that is put into a table; just as much as a peer of ours asks of it."""

import json
from typing import Any
from urllib.parse import parse_qs

import psycopg
from psycopg import sql


def upsert(connection: psycopg.Connection[Any], schema: str, table: str, query: str, body: bytes) -> bytes:
    """`POST /rest/v1/<table>?on_conflict=<columns>`: the rows as they are after it."""
    rows = json.loads(body)
    columns = list(rows[0] if isinstance(rows, list) else rows)
    arbiter = parse_qs(query)["on_conflict"][0].split(",")
    statement = sql.SQL(
        "with put as (insert into {table} ({columns})"
        " select {columns} from json_populate_recordset(null::{table}, %s::json)"
        " on conflict ({arbiter}) do update set {sets} returning *)"
        " select coalesce(json_agg(put), '[]')::text from put"
    ).format(
        table=sql.Identifier(schema, table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        arbiter=sql.SQL(", ").join(map(sql.Identifier, arbiter)),
        sets=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in columns),
    )
    given = json.dumps(rows if isinstance(rows, list) else [rows])
    row = connection.execute(statement, [given]).fetchone()
    assert row is not None
    return str(row[0]).encode()
