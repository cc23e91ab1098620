"""Nobody reaches a table but through a function, history is not changed, and a change that was made is found."""

import psycopg
import pytest

from skillctl.adapters import migrations, repeating
from tests.production.conftest import MIGRATIONS, Database

API_ROLES = ["anon", "authenticated", "service_role", "mcp_agent"]
TABLES = "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
OURS = " where n.nspname in ('mcp', 'mcp_jobs')"
FUNCTIONS = "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
OURS_AND_PUBLIC = " where (n.nspname in ('mcp', 'mcp_jobs') or p.oid = 'public.enqueue_job'::regproc)"
APPEND_ONLY = {
    "blobs": "bytes", "version_files": "mode", "evidence": "verdict", "releases": "head", "promotions": "actor",
    "revocations": "reason",
}  # fmt: skip


@pytest.mark.parametrize("role", API_ROLES)
@pytest.mark.parametrize("statement", ["select 1 from {0}", "delete from {0}", "insert into {0} default values"])
def test_an_api_role_touches_no_table(shared_database: Database, role: str, statement: str) -> None:
    shared_database.run("grant mcp_agent to authenticator")
    tables = [name for (name,) in shared_database.run(TABLES + OURS + " and c.relkind in ('r', 'S', 'v')")]
    assert len(tables) >= 15
    for table in tables:
        if "_seq" in table and not statement.startswith("select"):
            continue
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            shared_database.run(statement.format(table), role=role)


def test_every_table_has_row_level_security(shared_database: Database) -> None:
    assert shared_database.run(TABLES + OURS + " and c.relkind = 'r' and not c.relrowsecurity") == []


def test_every_function_looks_names_up_nowhere(shared_database: Database) -> None:
    bare = " and not coalesce(p.proconfig, '{}') @> array['search_path=\"\"']"
    assert shared_database.run(FUNCTIONS + OURS_AND_PUBLIC + bare) == []


def test_only_the_named_functions_can_be_called(shared_database: Database) -> None:
    def callable_by(role: str) -> set[str]:
        allowed = f" and has_function_privilege('{role}', p.oid, 'execute')"
        rows = shared_database.run(
            FUNCTIONS.replace("p.oid::regprocedure::text", "p.proname") + OURS_AND_PUBLIC + allowed
        )
        return {name for (name,) in rows}

    agents = {"list_skills", "get_skill", "read_file", "select_candidates"}
    assert callable_by("public") == callable_by("authenticated") == set()
    assert callable_by("anon") == {"acknowledge_rollout"}
    assert callable_by("mcp_agent") == agents
    assert callable_by("service_role") == agents | {
        "current_release", "missing_blobs", "put_blobs", "apply_release", "verify_ledger", "enqueue_job",
        "unindexed_skills", "put_terms", "kept_terms", "claim_next_job", "complete_job", "fail_job", "list_jobs",
        "job_counts", "job_backlog", "extend_lease", "cancel_job", "requeue_job", "resolve_dead", "prune_jobs",
        "job_detail", "dead_letters", "job_stats",
        "release_effect", "version_facts", "list_releases", "strays", "postpone_job", "open_rollout", "close_rollout",
        "rollout_delivered", "acknowledge_rollout", "settle_rollout", "rollout_standing", "rollout_states",
        "chat_posts", "keep_post", "keep_thread", "skill_history", "skill_standing",
    }  # fmt: skip


def test_a_lost_answer_is_asked_for_again_wherever_that_changes_nothing(shared_database: Database) -> None:
    rows = shared_database.run(
        FUNCTIONS.replace("p.oid::regprocedure::text", "p.proname")
        + OURS_AND_PUBLIC
        + " and has_function_privilege('service_role', p.oid, 'execute')"
    )
    once = {"enqueue_job", "claim_next_job", "requeue_job"}
    assert {name for (name,) in rows} - once == repeating.REPEATABLE


def test_every_function_for_the_api_runs_as_its_owner(shared_database: Database) -> None:
    found = shared_database.run(
        FUNCTIONS
        + OURS_AND_PUBLIC
        + " and has_function_privilege('service_role', p.oid, 'execute') and not p.prosecdef"
    )
    assert found == []


def test_the_scripts_raise_nothing_that_the_gateway_repeats_for_ever() -> None:
    for path in MIGRATIONS.glob("*.sql"):
        text = path.read_text()
        assert not any(word in text for word in ("40001", "40P01", "serialization_failure", "deadlock_detected"))
        assert len(text.splitlines()) < 300


def test_an_agents_login_reads_skills_and_nothing_else(filled: Database) -> None:
    filled.run("grant mcp_agent to authenticator")
    assert filled.value("select jsonb_array_length(mcp.list_skills() -> 'skills')", role="mcp_agent") == 3
    assert filled.value("select mcp.get_skill('finance-ssc') ->> 'version'", role="mcp_agent") == "1.0.0"
    assert (
        filled.value("select mcp.read_file('finance-ssc', null, 'SKILL.md') ->> 'mode'", role="mcp_agent") == "100644"
    )
    found = filled.value("select mcp.select_candidates('{\"tax\": 1}', 1)", role="mcp_agent")
    assert [one["name"] for one in found["unread"]] == ["bi-architect", "finance-ssc", "odoo-developer"]
    for call in (
        "mcp.current_release()", "mcp.job_counts()", "public.enqueue_job('a', 'b', '{}')", "mcp.verify_ledger()",
        "mcp.put_terms(1, '[]')", "mcp.unindexed_skills(1)", "mcp.kept_terms()",
        "mcp.readable_version('finance-ssc', null)",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.run(f"select {call}", role="mcp_agent")
    filled.run("revoke mcp_agent from authenticator")


def test_history_is_not_changed_even_by_the_owner(filled: Database) -> None:
    for table, column in APPEND_ONLY.items():
        for statement in (
            f"update mcp.{table} set {column} = {column}",
            f"delete from mcp.{table}",
            f"truncate mcp.{table} cascade",
        ):
            with pytest.raises(psycopg.Error) as caught:
                filled.run(statement)
            assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT409", "append-only")


def test_a_file_of_no_version_is_refused_even_to_the_owner(filled: Database) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        filled.run("insert into mcp.version_files values ('finance-ssc', '9.9.9', 'a', '100644', 'x')")


def test_a_promotion_of_no_version_is_refused_even_to_the_owner(filled: Database) -> None:
    step = "array[row('finance-ssc', '9.9.9', 'publish', 'candidate', 'approved', 'sha256:x', null)::mcp.step]"
    release = "(select jsonb_build_object('id', id, 'actor', actor) from mcp.releases limit 1)"
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        filled.run(f"select mcp.write_promotions({release}, {step})")


def test_approved_content_is_not_changed_even_by_the_owner(filled: Database) -> None:
    for column in ("digest", "version", "card_sha256", "published_at"):
        with pytest.raises(psycopg.Error) as caught:
            filled.run(f"update mcp.skill_versions set {column} = default")
        assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT409", "immutable")
    filled.run("update mcp.skill_versions set state = 'revoked', notice = '{}'")
    with pytest.raises(psycopg.Error) as caught:
        filled.run("update mcp.skill_versions set state = 'approved'")
    assert caught.value.diag.message_detail == "digest-revoked"
    with pytest.raises(psycopg.Error) as caught:
        filled.run("delete from mcp.skills")
    assert caught.value.diag.message_detail == "append-only"


def test_the_publishable_key_of_an_old_project_calls_nothing(bare: Database) -> None:
    """Before 2026 every new function of schema public was granted to it by itself."""
    with psycopg.connect(bare.superuser_url) as connection:
        for role in ("postgres", "supabase_admin"):
            connection.execute(
                f"alter default privileges for role {role} in schema public"
                " grant all on functions to anon, authenticated, service_role"
            )
    migrations.push(bare.owner_url, MIGRATIONS)
    for role in ("anon", "authenticated"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bare.run("select public.enqueue_job('a', 'b', '{}')", role=role)
