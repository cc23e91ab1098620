"""The traps that cost others their production, looked for in the migrations' text and in the database they make."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.production.conftest import MIGRATIONS, Database

FILES = sorted(MIGRATIONS.glob("*.sql"))
OURS = "n.nspname in ('mcp', 'mcp_jobs')"
GRANTED = (
    "select p.oid::regprocedure::text, p.proretset, p.prorettype::regtype::text from pg_proc p"
    f" join pg_namespace n on n.oid = p.pronamespace where ({OURS} or p.oid = 'public.enqueue_job'::regproc)"
    " and (has_function_privilege('service_role', p.oid, 'execute')"
    " or has_function_privilege('mcp_agent', p.oid, 'execute'))"
)


def bare(text: str) -> str:
    """SQL without comments and without what stands in quotes, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", "''", text, flags=re.DOTALL)).lower()


def unbounded(text: str) -> list[str]:
    """Updates and deletes without a condition: where Supabase loads `safeupdate`, these fail."""
    found = []
    for one in re.split(r";|\$\w*\$", bare(text)):
        for match in re.finditer(
            r"\b(?:update (?!of\b|on\b|or\b)(?:only )?[\w.]+ (?:as )?(?:\w+ )?set|delete from) ", one
        ):
            before = one[: match.start()]
            if re.search(r"\b(conflict .*? do|for|before|after|instead of|grant|revoke) $|create trigger", before):
                continue
            if " where " not in (statement := _until_closed(one[match.start() :])):
                found.append(statement.strip())
    return found


def _until_closed(text: str) -> str:
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return text[:place]
    return text


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("update mcp.skills set served_version = null;", True),
        ("update mcp.skills s set served_version = null from x;", True),
        ("delete from mcp.terms;", True),
        ("begin delete from mcp.terms; update a set b = 1 where c; end", True),
        ("with gone as (delete from mcp.terms returning id) select * from gone where id = 1", True),
        ("delete from mcp.terms -- where true\n;", True),
        ("update a set b = 'where c';", True),
        ("update mcp.skills set served_version = null where name = 'x';", False),
        ("insert into a values (1) on conflict (id) do update set b = 1;", False),
        ("create trigger t before update or delete on a for each row execute function f();", False),
        ("select 1 from a for update;", False),
        ("with gone as (delete from mcp.terms t where t.id = 1 returning id) select 1", False),
    ],
)  # fmt: skip
def test_the_lint_sees_what_it_is_for(text: str, is_found: bool) -> None:
    assert bool(unbounded(text)) is is_found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_statement_changes_every_row(path: Path) -> None:
    assert unbounded(path.read_text()) == []


def test_files_have_a_name_that_sorts_as_they_are_applied() -> None:
    assert all(re.fullmatch(r"\d{14}_[a-z0-9_]+\.sql", path.name) for path in MIGRATIONS.iterdir())
    assert len({path.name[:14] for path in FILES}) == len(FILES)


def statuses() -> Iterator[tuple[str, str]]:
    for path in FILES:
        for status in re.findall(r"mcp\.refuse\(\s*'([^']*)'", path.read_text()):
            yield path.name, status


def test_a_refusal_has_a_status_that_the_gateway_passes_on_once() -> None:
    """PT4xx becomes that status; 40001 and 40P01 would be repeated for ever, and PT5xx taken for a fault of ours."""
    found = list(statuses())
    assert len(found) > 30
    assert {status for _, status in found if not re.fullmatch(r"PT4\d\d", status)} == set()
    for path in FILES:
        raised = re.findall(r"\braise (?!exception using errcode = p_status)[^;]*", bare(path.read_text()))
        assert [text for text in raised if not text.startswith("raise notice")] == [], path.name


def test_what_the_api_calls_answers_one_value_that_is_never_cut(shared_database: Database) -> None:
    """A gateway cuts rows at a thousand without a word; it does not cut one value."""
    found = shared_database.run(GRANTED)
    assert len(found) > 20
    assert {name for name, is_set, kind in found if is_set or kind not in ("jsonb", "uuid")} == set()


def test_every_right_is_granted_by_name(shared_database: Database) -> None:
    """Nothing by way of PUBLIC or of default rights, which differ between projects by the year they were made in."""
    said = "\n".join(path.read_text() for path in FILES)
    for signature, *_ in shared_database.run(GRANTED):
        name = signature.partition("(")[0]
        assert re.search(rf"grant execute on function (public\.)?{re.escape(name)}\(", said), signature
    public = shared_database.run(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        f" where {OURS} and (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))"
    )
    assert public == []


def test_no_role_has_a_right_on_a_table_or_on_the_jobs_schema(shared_database: Database) -> None:
    rights = shared_database.run(
        "select c.oid::regclass::text, a.grantee::regrole::text from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a"
        f" where {OURS} and a.grantee <> c.relowner"
    )
    assert rights == []
    schemas = shared_database.run(
        "select n.nspname, a.grantee::regrole::text, a.privilege_type from pg_namespace n, aclexplode(n.nspacl) a"
        f" where {OURS} and a.grantee <> n.nspowner order by 1, 2"
    )
    assert schemas == [("mcp", role, "USAGE") for role in ("anon", "mcp_agent", "service_role")]


def test_every_table_has_row_level_security_and_no_view_goes_round_it(shared_database: Database) -> None:
    tables = shared_database.run(
        "select c.oid::regclass::text, c.relkind::text, c.relrowsecurity,"
        " coalesce(c.reloptions, '{}') @> array['security_invoker=true'] from pg_class c"
        f" join pg_namespace n on n.oid = c.relnamespace where {OURS} and c.relkind in ('r', 'p', 'v', 'm', 'f')"
    )
    assert len(tables) >= 17
    # A view that reads with the rights of whoever asks is held to what holds for the tables.
    held = {name: is_asker if kind == "v" else kind == "r" and is_secure for name, kind, is_secure, is_asker in tables}
    assert [name for name, is_held in held.items() if not is_held] == []


def test_whoever_runs_as_the_owner_looks_names_up_nowhere(shared_database: Database) -> None:
    found = shared_database.run(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        f" where ({OURS} or n.nspname = 'public') and p.prosecdef"
        " and not coalesce(p.proconfig, '{}') @> array['search_path=\"\"']"
    )
    assert found == []
