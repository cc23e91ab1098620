"""What a job must be, refused wherever it could become something else, at the price of no step that keeps to it."""

from typing import Any

import psycopg
import pytest

from skillctl.errors import StoreRefused
from tests.production.conftest import Database, Transport
from tests.production.test_jobs import claim, enqueue

LONG = "x" * 101


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"source": ""}, "the source of a job has 1 to 100 characters"),
        ({"source": LONG}, "the source of a job has 1 to 100 characters"),
        ({"job_type": ""}, "the type of a job has 1 to 100 characters"),
        ({"job_type": LONG}, "the type of a job has 1 to 100 characters"),
        ({"idempotency_key": "k" * 201}, "the idempotency key of a job has at most 200 characters"),
        ({"max_attempts": 0}, "a job has at least one attempt"),
    ],
)
def test_a_malformed_job_is_refused_by_what_is_wrong(
    transport: Transport, database: Database, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(StoreRefused) as caught:
        enqueue(transport, **asked)
    assert (caught.value.name, caught.value.message) == ("job-malformed", said)
    assert caught.value.hint
    assert database.value("select count(*) from mcp_jobs.jobs") == 0


def test_what_just_fits_is_taken(transport: Transport) -> None:
    fits: dict[str, Any] = {"source": "x" * 100, "job_type": "x" * 100, "idempotency_key": "k" * 200, "max_attempts": 1}
    assert enqueue(transport, **fits)


@pytest.mark.parametrize(
    "change",
    ["source = ''", "job_type = repeat('x', 101)", "idempotency_key = repeat('k', 201)", "max_attempts = 0"],
)
def test_no_hand_makes_a_job_malformed_either(transport: Transport, database: Database, change: str) -> None:
    enqueue(transport)
    with pytest.raises(psycopg.Error) as caught:
        database.run(f"update mcp_jobs.jobs set {change}")
    assert caught.value.diag.message_detail == "job-malformed"


@pytest.mark.parametrize(
    "statement",
    ["update mcp_jobs.jobs set status = 'running'",
     "insert into mcp_jobs.jobs (source, job_type, status) values ('odoo', 'sync', 'running')"],
)  # fmt: skip
def test_a_job_is_in_no_state_that_nobody_knows(transport: Transport, database: Database, statement: str) -> None:
    enqueue(transport)
    with pytest.raises(psycopg.Error, match="no job is ever `running`") as caught:
        database.run(statement)
    assert caught.value.diag.message_detail == "job-state-unknown"
    for known in ("processing", "completed", "failed", "cancelled", "queued"):
        database.run("update mcp_jobs.jobs set status = %s", known)


def test_no_step_reads_a_rule_from_its_text(database: Database) -> None:
    """As each check of a table is read anew by each statement that writes one of its rows."""
    checks = (
        "select conname from pg_constraint where contype = 'c'"
        " and conrelid in ('mcp_jobs.jobs'::regclass, 'mcp_jobs.job_runs'::regclass)"
    )
    assert database.run(checks) == []


def test_sources_of_one_number_do_not_take_each_others_jobs(transport: Transport, database: Database) -> None:
    ((one, other),) = database.run(
        "select min(s), max(s) from (select 'source-' || n as s from generate_series(1, 400000) n) named"
        " group by hashtext(s) having count(*) > 1 limit 1"
    )
    job = enqueue(transport, other)
    assert claim(transport, source=one) is None
    assert claim(transport, source=other)["id"] == job


def test_jobs_that_come_later_have_later_ids(database: Database) -> None:
    database.run("insert into mcp_jobs.jobs (source, job_type) select 'odoo', 'sync' from generate_series(1, 50)")
    digits = database.run(
        "select left(j.id::text, 6), lpad(to_hex(extract(epoch from j.created_at)::bigint & 16777215), 6, '0')"
        " from mcp_jobs.jobs j"
    )
    assert {found == wanted for found, wanted in digits} == {True}
    assert len({found for found, _ in digits}) == 1
