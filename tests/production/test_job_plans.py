"""What a claim reads does not grow with what it does not ask for."""

import json
from typing import Any

import psycopg
import pytest

from tests.production.conftest import Database

OTHERS = 3_000
_OF_OTHERS = (
    "insert into mcp_jobs.jobs (source, job_type, payload, priority)"
    " select 'busy', 'notice', '{}', 5 from generate_series(1, %s)"
)


def _pages(connection: "psycopg.Connection[Any]", source: str | None) -> int:
    """Pages that a claim looks at."""
    explained = "explain (analyze, buffers, format json) select mcp.claim_next_job('w1', %s)"
    row = connection.execute(explained, [source]).fetchone()
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return int(plan[0]["Plan"]["Shared Hit Blocks"]) + int(plan[0]["Plan"]["Shared Read Blocks"])


@pytest.mark.parametrize("source", ["idle", "busy", None])
def test_a_claim_goes_straight_to_its_job_beside_thousands_of_others(database: Database, source: str | None) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(_OF_OTHERS, [OTHERS])
        connection.execute("analyze mcp_jobs.jobs")
        # As a session that asks often ends up with, whatever it asked first.
        connection.execute("set plan_cache_mode = force_generic_plan")
        looked_at = [_pages(connection, source) for _ in range(8)]
    # Who finds nothing looks at next to nothing; a job that is taken is written in a dozen places.
    assert max(looked_at[1:]) < (20 if source == "idle" else OTHERS / 10)


def test_what_a_claim_walks_past_does_not_grow_with_the_name_of_the_source(database: Database) -> None:
    """The entries of the jobs that were taken before, until they are swept away."""
    sizes = []
    for source in ("n8n", "n" * 100):
        with psycopg.connect(database.owner_url, autocommit=True) as connection:
            connection.execute("truncate mcp_jobs.jobs cascade")
            connection.execute(
                "insert into mcp_jobs.jobs (source, job_type) select %s, 'notice' from generate_series(1, %s)",
                [source, OTHERS],
            )
            row = connection.execute("select pg_relation_size('mcp_jobs.jobs_due_by_source_idx')").fetchone()
        assert row is not None
        sizes.append(row[0])
    assert sizes[0] == sizes[1]


def test_no_step_of_a_job_is_planned_anew_each_time(database: Database) -> None:
    steps = ["enqueue_job", "claim_next_job", "extend_lease", "complete_job", "fail_job"]
    planned = (
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'mcp'"
        " and p.proname = any (%s) and not 'plan_cache_mode=force_generic_plan' = any (p.proconfig)"
    )
    assert database.run(planned, steps) == []
