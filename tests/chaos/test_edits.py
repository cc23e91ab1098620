"""Rows that somebody changes by hand, whichever they are: what follows is as it was, or it is named."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from tests.chaos.conftest import some
from tests.chaos.story import sync
from tests.production.conftest import Database
from tests.shop import Shop

#: Another value of each type, as an expression over the column.
OTHER = {
    "text": "(array[md5({0}), repeat('0', 64), 'sha256:' || repeat('1', 64), 'withdrawn', '1.0.0', null])[{1}]",
    "uuid": "(array[gen_random_uuid(), null])[1 + {1} % 2]",
    "jsonb": """(array['{{}}'::jsonb, '[]', '{{"reason": "mine"}}', null])[1 + {1} % 4]""",
    "bytea": "{0} || '\\x00'",
    "bigint": "{0} + {1}",
    "integer": "{0} + {1}",
    "boolean": "not {0}",
    "timestamp with time zone": "{0} + interval '1 hour' * {1}",
}
#: What no hash covers: how a rollout went, which no other record says, and who may say so.
UNCOVERED = ("rollouts", "rollout_tokens")
#: When content came up is nobody's history.
UNSAID = {("blobs", "stored_at")}
COLUMNS = """
select table_name, column_name, data_type, is_identity = 'YES'
  from information_schema.columns c
 where table_schema = 'mcp' and is_generated = 'NEVER'
   and exists (select from pg_catalog.pg_tables t where t.schemaname = 'mcp' and t.tablename = c.table_name)
"""


@dataclass
class Held:
    """A production as it was, to be put back after each edit."""

    database: Database
    columns: dict[str, list[str]]
    types: dict[tuple[str, str], str]

    @classmethod
    def of(cls, database: Database) -> "Held":
        rows = [row for row in database.run(COLUMNS) if row[0] not in UNCOVERED]
        columns: dict[str, list[str]] = {}
        for table, column, _type, _identity in rows:
            columns.setdefault(table, []).append(column)
        database.tamper(
            "drop schema if exists held cascade; create schema held;"
            + ";".join(f"create table held.{table} as table mcp.{table}" for table in columns)
        )
        return cls(database, columns, {(table, column): kind for table, column, kind, _ in rows})

    def put_back(self) -> None:
        """All rows as they were."""
        self.database.tamper(
            ";".join(
                f"delete from mcp.{table}; insert into mcp.{table} ({', '.join(names)}) overriding system value"
                f" select {', '.join(names)} from held.{table}"
                for table, names in self.columns.items()
            )
        )

    def is_as_it_was(self) -> bool:
        """Whether every row is, but for what a repair adds to the history and what counts it."""
        return not any(
            self.database.value(f"select exists ({one} except {other})")
            for table, names in self.columns.items()
            if table not in ("releases", "promotions", "deployed")
            for told in [", ".join(f"{name}::text" for name in names if self._is_said(table, name))]
            for one, other in [
                (f"select {told} from mcp.{table}", f"select {told} from held.{table}"),
                (f"select {told} from held.{table}", f"select {told} from mcp.{table}"),
            ]
        )

    def _is_said(self, table: str, column: str) -> bool:
        # Offers are numbered anew, and a version that was brought back came with another release.
        return (table, column) not in UNSAID | {
            ("offers", "id"),
            ("terms", "offer"),
            ("skill_versions", "release"),
            ("skill_versions", "published_at"),
        }


def edit(held: Held, chance: Random) -> str:
    """One that the database takes, and that changes something; what it was."""
    while True:
        table = chance.choice(sorted(held.columns))
        column = chance.choice(held.columns[table])
        key, number = f"(select ctid from mcp.{table} order by random() limit 1)", chance.randrange(1, 7)
        kind = chance.choice(["update", "update", "update", "delete", "insert"])
        other = OTHER[held.types[table, column]].format(column, number)
        names = ", ".join(held.columns[table])
        changed = ", ".join(other if name == column else name for name in held.columns[table])
        statement = {
            "update": f"update mcp.{table} set {column} = {other} where ctid = {key}",
            "delete": f"delete from mcp.{table} where ctid = {key}",
            "insert": f"insert into mcp.{table} ({names}) overriding system value"
            f" select {changed} from mcp.{table} where ctid = {key}",
        }[kind]
        if kind == "update" and (table, column) in UNSAID:
            continue
        if _did_something(held, table, statement):
            return statement


def _did_something(held: Held, table: str, statement: str) -> bool:
    try:
        held.database.tamper(statement)
    except psycopg.Error:
        return False
    told = ", ".join(f"{name}::text" for name in held.columns[table])
    pair = f"select {told} from mcp.{table}", f"select {told} from held.{table}"
    return any(held.database.value(f"select exists ({one} except all {two})") for one, two in (pair, pair[::-1]))


def named(shop: Shop, *commands: Sequence[str]) -> list[str]:
    """What these commands find, by code or by kind; nothing where all is well."""
    found: list[str] = []
    for words in commands:
        answer = shop.skillctl(*words)
        said: dict[str, Any] = answer.envelope
        found += [finding["code"] for finding in said["findings"]] + ([said["error"]["kind"]] if said["error"] else [])
        assert bool(answer.exit_code) == bool(found), answer.out
        if found:
            break
    return found


def test_whatever_is_changed_by_hand_is_restored_or_named(
    database: Database,
    history: tuple[Shop, list[str]],
    chance: Random,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    told, commits = history
    shop = Shop.copied(told.root, tmp_path / "shop")
    database.empty()
    for commit in commits:
        sync(shop, database, commit)
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
    assert shop.skillctl("revoke", "third@1.0.0", "--reason", "it leaks").exit_code == 0
    deployed = shop.commit("as it is in production")
    sync(shop, database, deployed)
    assert shop.skillctl("hold", "set", "adder", "--reason", "month end").exit_code == 0
    held, ends = Held.of(database), Counter[str]()
    for number in some(200):
        what = edit(held, chance)
        first = named(shop, ("sync", deployed), ("verify",), ("verify", "--ledger"))
        if not first:
            assert held.is_as_it_was(), f"edit {number} was neither restored nor named: {what}"
            ends["restored by the sync"] += 1
        elif named(shop, ("verify", "--fix"), ("verify", "--ledger"), ("sync", deployed)):
            ends["named"] += 1
        else:
            assert held.is_as_it_was(), f"edit {number} was said to be put right: {what}"
            ends["put right"] += 1
        held.put_back()
        assert named(shop, ("verify",), ("verify", "--ledger")) == [], "the test puts back what it changed"
    print(dict(ends))  # noqa: T201
    assert ends["named"] > 0
