"""A schema `mcp_jobs` that was there before is taken over with its rows, or refused by name with nothing changed."""

from pathlib import Path

import psycopg
import pytest

from skillctl.adapters import migrations
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.errors import StoreRefused
from tests.production.conftest import MIGRATIONS, Database
from tests.production.test_job_callers import MONITORING

#: As the operators' own page describes it: their names, their states, columns that we have not, a way in of their own.
THEIRS = (Path(__file__).parent / "their_jobs.sql").read_text()
ROWS = "select source, job_type, status, payload, tenant from mcp_jobs.jobs order by created_at"

RUNS = """
create table mcp_jobs.job_runs (
  id bigint generated always as identity primary key, job_id uuid not null references mcp_jobs.jobs (id),
  attempt int not null, worker text not null, started_at timestamptz not null default now(),
  finished_at timestamptz, outcome text, error text, result jsonb)
"""
#: Without rows, and without the rule of theirs that is as ours.
FREE = """
alter table mcp_jobs.jobs drop constraint states; delete from mcp_jobs.dead_letter_queue; delete from mcp_jobs.jobs
"""


def veto(when: str, condition: str, words: str, kind: str = "") -> str:
    """A trigger of theirs that refuses something."""
    return (
        f"create function veto() returns trigger language plpgsql as $$ begin if {condition} then"
        f" raise exception '{words}'; end if; return new; end $$;"
        f" create {kind} trigger veto {when} for each row execute function veto()"
    )


def shape(database: Database) -> list[tuple[object, ...]]:
    """Everything that stands in the database by its name."""
    return database.run(
        "select n.nspname, c.relname, a.attname, a.atttypid::regtype::text from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
        " where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1, 2, a.attnum"
    )


def test_what_fits_is_taken_over_with_its_rows(bare: Database) -> None:
    bare.run(THEIRS)
    rows = bare.run(ROWS)
    kept = "select job_id, event, note from mcp_jobs.{}"
    events = bare.run(kept.format("job_events"))
    metrics = bare.run("select source, job_type, completed from mcp_jobs.metrics")

    migrations.push(bare.owner_url, MIGRATIONS)

    assert bare.run(ROWS) == rows
    assert bare.run(kept.format("job_notes")) == events
    assert set(bare.run("select source, job_type, completed from mcp_jobs.metrics")) >= set(metrics)
    assert bare.value("select count(*) from mcp_jobs.job_events") == 3
    assert bare.value("select lease_until > now() from mcp_jobs.jobs where status = 'processing'") is True
    with PostgresTransport(bare.owner_url) as transport:
        mine = transport.call("enqueue_job", source="odoo", job_type="sync", payload={"n": 1})
        taken = [transport.call("claim_next_job", worker="w") for _ in range(3)]
        assert [one["payload"] if isinstance(one, dict) else one for one in taken] == [{"old": 1}, {"n": 1}, None]
        transport.call("complete_job", job=mine, worker="w")
    assert bare.value("select public.enqueue_job('n8n', 'sync', '{}')", role="service_role") is not None
    assert bare.value("select public.enqueue_job_adopted('n8n', 'sync', '{}')") is not None
    for role in ("anon", "authenticated"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bare.run("select public.enqueue_job_adopted('skillctl', 'rollout-failed', '{}')", role=role)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bare.run("select 1 from mcp_jobs.jobs", role=role)
    for query in MONITORING:
        bare.run(query)
    assert migrations.push(bare.owner_url, MIGRATIONS) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("alter table mcp_jobs.jobs alter column payload type text", "`jobs.payload` is of type text, not jsonb"),
        (("alter table mcp_jobs.jobs add region text not null default '';"
         " alter table mcp_jobs.jobs alter region drop default"),
         "`jobs.region` asks for a value"),
        (("alter table mcp_jobs.jobs drop constraint states; update mcp_jobs.jobs set status = 'running'"
         " where status = 'processing'"), "1 rows of `jobs` break `jobs_status_check`"),
        (("alter table mcp_jobs.jobs drop constraint states; delete from mcp_jobs.jobs where status = 'processing';"
         " alter table mcp_jobs.jobs add constraint states check (status in ('queued', 'completed', 'failed'))"),
         "violates check constraint \"states\""),
        ("update mcp_jobs.jobs set priority = null where source = 'n8n'", "1 rows of `jobs` have no `priority`"),
        ("update mcp_jobs.jobs set source = 'skillctl' where source = 'n8n'",
         "1 rows of `jobs` are of source `skillctl`"),
        ("alter table mcp_jobs.dead_letter_queue drop error", "`dead_letter_queue` lacks `error`, and has 1 rows"),
        ("create function mcp_jobs.bury(uuid) returns void language sql as ''",
         "function `mcp_jobs_adopted.bury(uuid)` has the name of one of ours"),
        (("drop function public.enqueue_job; create function public.enqueue_job(p_source text) returns uuid"
         " language sql as 'select null::uuid'"), "function `enqueue_job(text)` would be taken for ours"),
        ("drop table mcp_jobs.metrics; create view mcp_jobs.metrics as select 1", "`metrics` is no table"),
        *[(f"alter table mcp_jobs.job_events add constraint theirs check (event <> '{word}')",
           f"an event `{word}`: new row for relation \"job_events\" violates check constraint \"theirs\"")
          for word in ("requeued", "resolved", "cancelled", "lost", "progress")],
        *[(f"{RUNS}; alter table mcp_jobs.job_runs add constraint theirs check (outcome <> '{word}')",
           f"a run that is `{word}`: new row for relation \"job_runs\" violates check constraint \"theirs\"")
          for word in ("completed", "failed", "lost", "cancelled")],
        *[(f"{FREE}; alter table mcp_jobs.jobs add constraint theirs check (status <> '{word}')",
           f"a job that is `{word}`: new row for relation \"jobs\" violates check constraint \"theirs\"")
          for word in ("queued", "processing", "completed", "failed", "cancelled")],
        ("alter table mcp_jobs.job_events alter event type varchar(7)", "an event `requeued`: value too long"),
        (veto("before update on mcp_jobs.jobs", "old.status = 'failed' and new.status = 'queued'", "never again"),
         "a job that was `failed` and is `queued`: never again (raised by `veto()`)"),
        (veto("before update on mcp_jobs.jobs", "old.status = 'cancelled'", "it is over"),
         "a job that was `cancelled` and is `queued`: it is over"),
        (veto("before insert on mcp_jobs.job_events", "new.event = 'resolved'", "no such event"),
         "an event `resolved`: no such event"),
        (f"{RUNS};" + veto("before update on mcp_jobs.job_runs", "new.outcome = 'lost'", "nothing is lost"),
         "a run that is `lost`: nothing is lost"),
        (veto("before update on mcp_jobs.dead_letter_queue", "new.resolved", "for ever"),
         "a dead letter that is settled: for ever"),
        (veto("after insert on mcp_jobs.jobs deferrable initially deferred", "true", "in the end", "constraint"),
         "a job that is `queued`: in the end"),
        (("create function veto() returns trigger language plpgsql as 'begin return null; end';"
          " create trigger veto before update on mcp_jobs.jobs for each row execute function veto()"),
         "a job that is `processing`: it is not kept"),
        (("alter table mcp_jobs.metrics drop constraint metrics_pkey;"
          " alter table mcp_jobs.metrics add id bigint generated always as identity primary key"),
         "the figures of an hour: there is no unique"),
        (("alter table mcp_jobs.job_events drop constraint job_events_job_id_fkey, add constraint"
          " job_events_job_id_fkey foreign key (job_id) references mcp_jobs.jobs (id)"),
         "that a job is thrown away: update or delete on table \"jobs\" violates foreign key"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name_and_nothing_is_changed(bare: Database, change: str, said: str) -> None:
    bare.run(THEIRS)
    bare.run(change)
    before = shape(bare)

    with pytest.raises(StoreRefused) as caught:
        migrations.push(bare.owner_url, MIGRATIONS)

    assert caught.value.name == "jobs-schema-foreign"
    assert said in caught.value.message
    assert "mcp_jobs_before" in (caught.value.hint or "")
    assert shape(bare) == before
    assert bare.value("select to_regnamespace('mcp')") is None


def test_by_hand_the_same_is_done_in_one_transaction(bare: Database) -> None:
    bare.run(THEIRS)
    file = "20261122100200_jobs_tables.sql"
    scripts = [MIGRATIONS / file, MIGRATIONS.parent / "adopt" / file]
    with psycopg.connect(bare.owner_url) as connection:
        connection.execute("alter schema mcp_jobs rename to mcp_jobs_adopted")
        for script in scripts:
            connection.execute(script.read_bytes())
    assert bare.value("select count(*) from mcp_jobs.jobs where max_attempts = 8") == 3
