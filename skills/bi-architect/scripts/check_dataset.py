"""Check a Superset dataset export, or one SQL text, before it reaches a dashboard.

Sources: BI001-BI004, BI013: MCP Stack README of the fin-workspace, 3.4 (Supabase or warehouse views, no live Odoo),
4.2 (aggregated, anonymised metrics only). BI005-BI009: Apache Superset 6, dataset import schema. BI010: its ROW_LIMIT,
50000. BI011, BI012: PostgreSQL manual, "Indexes on Expressions" and "Mathematical Functions and Operators".

Prints one JSON object. Exit code 0: nothing at or above --fail-on; 1: findings; 2: nothing readable was given.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

ROW_LIMIT = 50_000
SCHEMAS = ("analytics", "reporting", "warehouse", "marts", "mcp", "mcp_jobs")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
ODOO_TABLE = re.compile(r"(?:account|res|hr|sale|purchase|stock|crm|mail|ir|project|product|mrp|pos|payment)_.+")
PERSONAL = re.compile(r"(?:^|_)(?:email|phone|mobile|transcripts?|conversation|password|passport|ssn|api_key"
                      r"|message_body|chat_message|(?:first|last|full|user)_?name|raw_(?:text|log|message))(?:_|$)"
                      r"|(?:^|_)(?:surname|birthda(?:te|y)|address|tin|prompt|completion|utterance|ip)$")
COUNTED = re.compile(r"_(?:counts?|total|rate|share|avg|sum|pct|ids?|version|length|tokens)$")
WRITES = ("insert", "update", "delete", "merge")
AGGREGATES = {"sum", "count", "avg", "min", "max", "percentile_cont", "percentile_disc", "mode", "stddev", "variance",
              "bool_and", "bool_or", "every", "array_agg", "string_agg", "approx_count_distinct"}
WRAPPERS = {"date_trunc", "date_part", "to_char", "extract", "date", "cast", "age", "timezone", "to_date"}
NOT_COLUMNS = set(re.findall(r"\w+", """from as at time zone interval date timestamp timestamptz text varchar epoch
    year month day week hour quarter dow case when then else end and or not null is distinct true false filter where
    within group order by asc desc over numeric decimal integer int bigint float double precision real in between like
    ilike current_date current_timestamp"""))
COMPARES = {"=", "<", ">", "<=", ">=", "<>", "!=", "between", "in"}
CLAUSES = {"group", "having", "order", "limit", "offset", "fetch", "union", "intersect", "except", "window"}
TIMELIKE = re.compile(r"(?:^|_)(?:at|on|date|day|time|timestamp|ts|hour|week|month|period|year)$")
FROM_IN_CALL = {"extract", "substring", "trim", "overlay", "position"}
TOKEN = re.compile(r"""(?P<skip>\s+|--[^\n]*|/\*.*?\*/)|(?P<text>[eE]?'(?:[^']|'')*'|(?P<tag>\$\w*\$).*?(?P=tag))
    |(?P<quoted>"(?:[^"]|"")+")|(?P<number>\d+(?:\.\d+)?)|(?P<word>[^\W\d][\w$]*)
    |(?P<mark>::|<=|>=|<>|!=|\|\||[-+*/%<>=().,;:\[\]~^&|?@#!{}])|(?P<bad>.)""", re.S | re.X)
RULES: dict[str, tuple[str, str, str]] = {
    "BI001": ("not-a-select", "error", "keep one SELECT or WITH statement that only reads"),
    "BI002": ("select-star", "error", "name the columns, so that a new one cannot leak"),
    "BI003": ("live-odoo-table", "error", "read the warehouse or Supabase view that the nightly load fills"),
    "BI004": ("schema-not-allowed", "error", "qualify the table with an allowed schema, or have the schema reviewed"),
    "BI005": ("no-time-column", "error", "set `main_dttm_col`, or time ranges and caching do not work"),
    "BI006": ("time-column-broken", "error", "list the column with `is_dttm: true`"),
    "BI007": ("metric-not-aggregate", "error", "put every column of the expression inside an aggregate"),
    "BI008": ("duplicate-name", "error", "keep one definition; Superset joins charts to names"),
    "BI009": ("uuid-missing", "error", "keep the uuid of the export; an import finds the dataset by it"),
    "BI010": ("unbounded", "warning", "filter on the time column, or set a LIMIT within the row limit"),
    "BI011": ("filter-hides-index", "warning", "compare the bare column with a range: col >= a and col < b"),
    "BI012": ("division-by-zero", "warning", "divide by nullif(<divisor>, 0)"),
    "BI013": ("personal-data", "error", "drop the column or aggregate it away before it enters the warehouse"),
}


def fail(reason: str) -> NoReturn:
    print(f"error: {' '.join(reason.split())}", file=sys.stderr)
    raise SystemExit(2)


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        fail(message)


class Sql:
    """Lower-case tokens; strings become `'`, Jinja values `?`; `depth` counts the brackets around a token."""

    def __init__(self, text: str, where: str) -> None:
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}", " ", text, flags=re.S)
        self.jinja_time = bool(re.search(r"\{\{[^}]*(?:from_dttm|to_dttm|get_time_filter)", text))
        text = re.sub(r"\{\{.*?\}\}", " ? ", text, flags=re.S)
        self.tokens, self.depth, self.caller = list[str](), list[int](), list[str]()
        self.close: dict[int, int] = {}
        opened: list[int] = []
        for match in TOKEN.finditer(text):
            if match["bad"]:
                fail(f"{where}: cannot read the SQL at `{text[match.start():match.start() + 20]}`")
            if match["skip"]:
                continue
            if match[0] == ")":
                last = opened.pop() if opened else fail(f"{where}: the SQL closes a bracket it never opened")
                self.close[last] = len(self.tokens)
            self.depth.append(len(opened))
            self.caller.append(self.at(opened[-1] - 1) if opened else "")
            if match[0] == "(":
                opened.append(len(self.tokens))
            self.tokens.append("'" if match["text"] else match["quoted"][1:-1] if match["quoted"] else match[0].lower())
        if opened:
            fail(f"{where}: the SQL leaves a bracket open")

    def at(self, index: int) -> str:
        return self.tokens[index] if 0 <= index < len(self.tokens) else ""

    def is_name(self, index: int) -> bool:
        return bool(re.match(r"[^\W\d]", self.at(index)))

    def columns(self, start: int, end: int) -> list[tuple[int, str]]:
        """Names between two positions that are neither keywords, calls, qualifiers nor types of a cast."""
        return [(i, self.at(i)) for i in range(start, end) if self.is_name(i) and self.at(i) not in NOT_COLUMNS
                and self.at(i + 1) not in ("(", ".") and self.at(i - 1) != "::"]

    def tables(self) -> Iterator[tuple[str, str]]:
        """(schema, table) of every FROM and JOIN; common table expressions and functions are left out."""
        ctes = {self.at(i) for i in range(len(self.tokens)) if self.at(i - 1) in ("with", "recursive", ",")
                and "as" in (self.at(i + 1), self.at(self.close.get(i + 1, -2) + 1))}
        listing: dict[int, bool] = {}
        for i, token in enumerate(self.tokens):
            depth = self.depth[i]
            if token == "(":
                listing[depth + 1] = False
            elif token == "from" and self.at(i - 1) != "distinct" and self.caller[i] not in FROM_IN_CALL:
                listing[depth] = True
            elif token in CLAUSES | {"select", "where"}:
                listing[depth] = False
            elif (listing.get(depth) and self.is_name(i) and token not in ("lateral", "only")
                  and self.at(i - 1) in ("from", "join", ",", "lateral", "only")):
                qualified = self.at(i + 1) == "."
                name = self.at(i + 2) if qualified else token
                if self.at(i + (3 if qualified else 1)) != "(" and (qualified or token not in ctes):
                    yield token if qualified else "", name

    def filters(self) -> Iterator[tuple[int, int]]:
        """Start and end of each WHERE clause, those of FILTER (WHERE ...) left out."""
        for i, token in enumerate(self.tokens):
            if token == "where" and self.at(i - 2) != "filter":
                end = next((j for j in range(i, len(self.tokens)) if self.depth[j] < self.depth[i]
                            or (self.depth[j] == self.depth[i] and self.tokens[j] in CLAUSES)), len(self.tokens))
                yield i + 1, end


class Check:
    """The rules; `findings` grows in reading order."""

    def __init__(self, schemas: set[str], max_rows: int) -> None:
        self.schemas, self.max_rows = schemas, max_rows
        self.findings: list[dict[str, str]] = []

    def add(self, code: str, where: str, reason: str) -> None:
        rule, severity, fix = RULES[code]
        found = {"code": code, "rule": rule, "severity": severity, "where": where, "reason": reason, "fix": fix}
        if found not in self.findings:
            self.findings.append(found)

    def table(self, schema: str, name: str, where: str) -> None:
        if (schema in ("", "public") and ODOO_TABLE.fullmatch(name)) or schema.startswith("odoo"):
            self.add("BI003", where, f"`{name}` is a table of the running Odoo")
        elif schema not in self.schemas:
            self.add("BI004", where, f"`{name}` has no schema" if not schema else f"schema `{schema}` is not allowed")

    def personal(self, name: str, where: str) -> None:
        if PERSONAL.search(name.lower()) and not COUNTED.search(name.lower()):
            self.add("BI013", where, f"`{name}` identifies a person or holds what was said")

    def statement(self, text: str, where: str, schema: str) -> None:
        sql = Sql(text, where)
        tokens = sql.tokens
        if not tokens:
            fail(f"{where}: the SQL is empty")
        first = next((token for token in tokens if token != "("), "")
        writes = [token for i, token in enumerate(tokens) if token == "into"
                  or (token in WRITES and sql.at(i - 1) == "(" and sql.at(i - 2) in ("as", "materialized"))
                  or (token in ("update", "share") and sql.at(i - 1) in ("for", "key"))]
        if ";" in tokens[:-1]:
            self.add("BI001", where, "it holds several statements")
        elif first not in ("select", "with") or writes:
            self.add("BI001", where, f"`{(writes or [first])[0]}` does more than read")
        for i, token in enumerate(tokens):
            if token == "*" and sql.at(i + 1) in ("from", ",") and sql.at(i - 3) != "exists":
                self.add("BI002", where, "`*` takes whatever the source holds")
        for table_schema, name in sql.tables():
            self.table(table_schema or schema, name, where)
        for i, name in sql.columns(0, len(tokens)):
            if sql.caller[i] not in ("count", "approx_count_distinct"):
                self.personal(name, where)
        for rule in (self.bounded, self.sargable, self.division):
            rule(sql, where)

    def bounded(self, sql: Sql, where: str) -> None:
        limits = [int(sql.at(i + 1)) for i, token in enumerate(sql.tokens)
                  if token == "limit" and sql.depth[i] == 0 and sql.at(i + 1).isdigit()]
        timed = sql.jinja_time or any(sql.is_name(i) and TIMELIKE.search(sql.at(i)) and sql.at(i + 1) != "("
                                      for start, end in sql.filters() for i in range(start, end))
        if limits and limits[-1] > self.max_rows:
            self.add("BI010", where, f"LIMIT {limits[-1]} is above the row limit of {self.max_rows}")
        elif not limits and not timed:
            self.add("BI010", where, "neither a LIMIT nor a filter on a time column")

    def sargable(self, sql: Sql, where: str) -> None:
        for start, end in sql.filters():
            for i in range(start, end):
                before, after, inner = i - 1, i + 3, sql.close.get(i + 1, i)
                if sql.at(i) in WRAPPERS and sql.columns(i + 2, inner):
                    after, what = inner + 1, f"{sql.at(i)}({sql.columns(i + 2, inner)[0][1]})"
                elif sql.at(i + 1) == "::" and sql.columns(i, i + 1):
                    what = f"{sql.at(i)}::{sql.at(i + 2)}"
                else:
                    continue
                while sql.at(before) == ".":
                    before -= 2
                if sql.at(before) in COMPARES or sql.at(after + 2 * (sql.at(after) == "::")) in COMPARES:
                    self.add("BI011", where, f"`{what}` is computed for every row before it is compared")

    def division(self, sql: Sql, where: str) -> None:
        for i, token in enumerate(sql.tokens):
            k = i + 1
            while token == "/" and sql.at(k) == "(":
                k += 1
            call = sql.tokens[k:sql.close.get(k + 1, k)]
            number = sql.at(k)[:1].isdigit() and float(sql.at(k)) != 0
            if token == "/" and not number and not {"nullif", "greatest"} & set(call):
                self.add("BI012", where, f"`{sql.at(k)}` can be zero")

    def metric(self, name: str, expression: Any) -> None:
        where = f"metric {name}"
        sql = Sql(str(expression or ""), where)
        covered: set[int] = set()
        for i, token in enumerate(sql.tokens):
            if token in AGGREGATES and sql.at(i + 1) == "(":
                end = sql.close[i + 1]
                for word, bracket in (("within", 3), ("filter", 2)):
                    end = sql.close.get(end + bracket, end) if sql.at(end + 1) == word else end
                covered |= set(range(i, end + 1))
        loose = [column for i, column in sql.columns(0, len(sql.tokens)) if i not in covered]
        if not covered or loose:
            self.add("BI007", where, f"`{loose[0]}` is not aggregated" if loose else "no aggregate function")
        self.division(sql, where)

    def dataset(self, data: Any) -> None:
        if not isinstance(data, dict) or not data.get("table_name") or not isinstance(data.get("columns"), list):
            fail("this is not a Superset dataset: `table_name` and `columns` are needed")
        table, schema = str(data["table_name"]), str(data.get("schema") or "")
        columns = [c for c in data["columns"] if isinstance(c, dict)]
        metrics = [m for m in data.get("metrics") or [] if isinstance(m, dict)]
        for key in ("uuid", "database_uuid"):
            if not UUID.fullmatch(str(data.get(key))):
                self.add("BI009", key, f"`{key}` is missing or not a uuid")
        if data.get("sql"):
            self.statement(str(data["sql"]), "sql", schema)
        else:
            self.table(schema, table, "table_name")
        for kind, rows in (("column", columns), ("metric", metrics)):
            names = [str(row.get(f"{kind}_name")).lower() for row in rows]
            for name in sorted({name for name in names if names.count(name) > 1}):
                self.add("BI008", f"{kind} {name}", f"`{name}` is defined {names.count(name)} times")
        time = data.get("main_dttm_col")
        if not time:
            self.add("BI005", "main_dttm_col", "`main_dttm_col` is not set")
        elif not any(column.get("column_name") == time and column.get("is_dttm") is True for column in columns):
            self.add("BI006", "main_dttm_col", f"`{time}` is not a column with `is_dttm: true`")
        for column in columns:
            where = f"column {column.get('column_name')}"
            self.personal(str(column.get("column_name")), where)
            self.division(Sql(str(column.get("expression") or ""), where), where)
        for row in metrics:
            self.metric(str(row.get("metric_name")), row.get("expression"))


def read(source: str) -> str:
    try:
        return (sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()).decode("utf-8")
    except OSError as problem:
        fail(f"cannot read `{source}`: {problem.strerror}")
    except UnicodeDecodeError:
        fail(f"`{source}` is not UTF-8 text")


def main() -> int:
    parser = Parser(description="Check a Superset dataset export or a SQL text.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("dataset", nargs="?", help="dataset YAML, a path or - for standard input")
    what.add_argument("--sql", metavar="FILE", help="SQL text instead, a path or - for standard input")
    parser.add_argument("--allow-schema", action="append", default=[], help="one more schema to read from; repeatable")
    parser.add_argument("--max-rows", type=int, default=ROW_LIMIT, help="highest LIMIT (default %(default)s)")
    parser.add_argument("--fail-on", choices=["error", "warning"], default="warning", help="lowest severity that fails")
    options = parser.parse_args()
    check = Check({*SCHEMAS, *options.allow_schema}, options.max_rows)
    if options.sql:
        check.statement(read(options.sql), "sql", "")
    else:
        try:
            check.dataset(yaml.safe_load(read(options.dataset)))
        except (yaml.YAMLError, ValueError, RecursionError) as problem:
            fail(f"`{options.dataset}` is not valid YAML: {problem}")
    counts = {level: sum(item["severity"] == level for item in check.findings) for level in ("error", "warning")}
    failed = counts["error"] > 0 or (options.fail_on == "warning" and counts["warning"] > 0)
    print(json.dumps({"ok": not failed, "counts": counts, "findings": check.findings}, indent=2))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
