"""The figures of the queue: what is asked of the last hours and days reads these, however much is kept."""

from typing import Any

import psycopg
import pytest

from tests.production.conftest import Database, Transport
from tests.production.test_jobs import claim, enqueue

#: Finished jobs with their runs, each a second long, spread evenly from so long ago on over so much time.
_FINISHED = """
with made as (
  insert into mcp_jobs.jobs (source, job_type, status, attempts, worker, created_at, finished_at)
  select 'odoo', 'sync', 'completed', 1, 'w', at, at + interval '1 s'
    from generate_series(1, {count}) n, lateral (select now() - {since} + n * {span} / {count} as at) t
  returning id, created_at)
insert into mcp_jobs.job_runs (job_id, attempt, worker, started_at, finished_at, outcome)
select id, 1, 'w', created_at, created_at + interval '1 s', 'completed' from made
"""
_SWEPT = "vacuum analyze mcp_jobs.jobs, mcp_jobs.job_runs"


def finished(database: Database, count: int, since: str, span: str) -> None:
    database.run(_FINISHED.format(count=count, since=f"interval '{since}'", span=f"interval '{span}'"))


def swept(database: Database) -> None:
    """The tables as the server's own sweeper leaves them."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(_SWEPT)


def pages(database: Database, call: str) -> int:
    """Pages that a call reads, whatever it calls itself."""
    with psycopg.connect(database.owner_url) as connection:
        # What the server has to know of its tables is read once.
        connection.execute(f"select {call}".encode())
        row = connection.execute(f"explain (analyze, buffers, format json) select {call}".encode()).fetchone()
    assert row is not None
    ((plan,),) = row
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


def hours(database: Database, asked: int = 24, source: str | None = None) -> Any:
    return database.value("select mcp.job_stats(%s, %s) -> 'hours'", source, asked)


@pytest.mark.parametrize("call", ["mcp.job_stats()", "mcp.job_stats('odoo', 1)"])
def test_what_is_older_than_what_is_asked_for_is_not_read(database: Database, call: str) -> None:
    read = []
    for old in (10_000, 50_000):
        database.run("truncate mcp_jobs.jobs, mcp_jobs.job_runs cascade")
        finished(database, old, "20 days", "10 days")
        finished(database, 100, "1 hour", "1 hour")
        swept(database)
        read.append(pages(database, call))

    # The new runs are somewhere in a stretch of pages that is read as one.
    assert read[1] < read[0] + 150
    assert sum(hour["completed"] for hour in hours(database)) == 100


@pytest.mark.parametrize("end", ["completed", "failed", "retried", "lost"])
def test_a_run_that_took_longer_than_the_hours_asked_for_is_counted(
    transport: Transport, database: Database, end: str
) -> None:
    finished(database, 1000, "20 days", "10 days")
    job = enqueue(transport)
    claim(transport)
    database.run("update mcp_jobs.job_runs set started_at = now() - interval '9 days' where job_id = %s", job)
    if end == "completed":
        transport.call("complete_job", job=job, worker="w1")
    elif end == "lost":
        database.run("update mcp_jobs.jobs set lease_until = now() - interval '8 days' where id = %s", job)
        claim(transport, "w2", source="n8n")
    else:
        transport.call("fail_job", job=job, worker="w1", error="x", retry=end == "retried")

    (hour,) = hours(database, 1) + hours(database, 1, "n8n")
    counted = "retried" if end == "lost" else end
    assert (hour[counted], hour["seconds"] > 9 * 86_000) == (1, True)


def test_the_hours_are_those_of_the_metrics(transport: Transport, database: Database) -> None:
    for span in ("3 hours", "12 minutes"):
        finished(database, 500, span, span)
    finished(database, 50, "50 hours", "1 hour")
    transport.call("cancel_job", job=enqueue(transport))
    database.run(
        "insert into mcp_jobs.metrics_kept (hour, source, job_type, failed)"
        " select date_trunc('hour', now()) - n * interval '1 hour', 'odoo', 'sync', 3 from generate_series(0, 40) n"
    )
    for asked in (1, 2, 24, 720):
        # At one moment: an hour may end between two.
        said, wanted = database.run(
            "select mcp.job_stats(null, %s) -> 'hours', ("
            " select jsonb_agg(to_jsonb(m) order by m.hour desc) from mcp_jobs.metrics m"
            " where m.hour > now() - make_interval(hours => %s))", asked, asked,
        )[0]  # fmt: skip
        assert said == wanted
        assert said


def test_the_end_of_a_run_is_written_where_it_is(database: Database) -> None:
    """No index has a column that it changes, on a server that would have to follow each change of one."""
    indexed = database.run(
        "select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)"
        " where i.indrelid = 'mcp_jobs.job_runs'::regclass"
    )
    assert {name for (name,) in indexed} == {"id", "job_id", "attempt", "started_at"}
    hidden = "select 1 from pg_index where indrelid = 'mcp_jobs.job_runs'::regclass"
    assert database.run(f"{hidden} and coalesce(indpred, indexprs) is not null") == []


def test_what_is_thrown_away_leaves_no_long_job_behind(transport: Transport, database: Database) -> None:
    job = enqueue(transport)
    claim(transport)
    database.run("update mcp_jobs.job_runs set started_at = now() - interval '2 hours'")
    transport.call("complete_job", job=job, worker="w1")
    before = hours(database)
    database.run("update mcp_jobs.jobs set finished_at = now() - interval '2 days'")
    assert transport.call("prune_jobs", days=1) == {"pruned": 1}
    assert (hours(database), database.value("select count(*) from mcp_jobs.long_jobs")) == (before, 0)
