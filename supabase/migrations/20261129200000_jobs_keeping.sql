-- The job tables made for a million finished jobs: a step of a job is written once, where it happens, and what follows
-- from it (its events, the metrics of its hour) is read from there; so neither can disagree, and no row is waited for.

-- A job without a key needs no entry; whoever gives one still cannot give it twice.
alter table mcp_jobs.jobs drop constraint if exists jobs_source_idempotency_key_key;
create unique index jobs_key_idx on mcp_jobs.jobs (source, idempotency_key) where idempotency_key is not null;
drop index if exists mcp_jobs.jobs_source_idx;
create index jobs_due_by_source_idx on mcp_jobs.jobs (source, priority, run_at, created_at) where status = 'queued';

-- Room on the page for what ends a run or changes a job, so that it is written where the row is.
-- What is claimed stays in front of what is due until it is swept away, which must not wait for a fifth of a million.
alter table mcp_jobs.jobs set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
alter table mcp_jobs.job_runs set (fillfactor = 70);

-- What is there already stands in the events and the metrics; what comes is read from where it happened.
alter table mcp_jobs.jobs add column told boolean not null default true;
alter table mcp_jobs.jobs alter column told set default false;
comment on column mcp_jobs.jobs.told is 'Whether `job_notes` tells how it came; else `job_events` reads it from here.';
alter table mcp_jobs.job_runs
  add column told boolean not null default true,
  add column buried boolean not null default false,
  drop constraint if exists job_runs_outcome_check,
  add constraint job_runs_outcome_check
    check (outcome in ('completed', 'failed', 'lost', 'cancelled'));
alter table mcp_jobs.job_runs alter column told set default false;
comment on column mcp_jobs.job_runs.buried is 'Whether it was the run after which the job became a dead letter.';
update mcp_jobs.job_runs set told = false where finished_at is null;

-- Only the claim of a job writes a run, and it holds the job; so a look-up of the job for each run is saved.
alter table mcp_jobs.job_runs drop constraint if exists job_runs_job_id_fkey;
create function mcp_jobs.drop_runs() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from mcp_jobs.job_runs r using gone g where r.job_id = g.id;
  return null;
end $$;
create trigger drop_runs after delete on mcp_jobs.jobs
  referencing old table as gone for each statement execute function mcp_jobs.drop_runs();

drop trigger note_new_job on mcp_jobs.jobs;
drop function mcp_jobs.note_new_job();
alter table mcp_jobs.job_events rename to job_notes;
comment on table mcp_jobs.job_notes is 'Events that no job and no run shows; `job_events` shows all.';
alter table mcp_jobs.job_notes
  drop constraint if exists job_events_event_check,
  add constraint job_notes_event_check
    check (event in ('queued', 'started', 'progress', 'completed', 'retried', 'failed', 'lost', 'cancelled',
                     'requeued', 'resolved'));

create view mcp_jobs.job_events with (security_invoker = true) as
select n.job_id, n.event, n.detail, n.at, null::int as step from mcp_jobs.job_notes n
union all
select j.id, 'queued', '{}'::jsonb, j.created_at, 0 from mcp_jobs.jobs j where not j.told
union all
select r.job_id, 'started', jsonb_build_object('worker', r.worker, 'attempt', r.attempt), r.started_at, 2 * r.attempt
  from mcp_jobs.job_runs r where not r.told
union all
select r.job_id, case when r.buried then 'failed' when r.outcome = 'failed' then 'retried' else r.outcome end,
       jsonb_strip_nulls(jsonb_build_object('worker', r.worker, 'attempt', r.attempt, 'error', r.error)), r.finished_at,
       2 * r.attempt + 1
  from mcp_jobs.job_runs r where not r.told and r.outcome in ('completed', 'failed', 'lost');
comment on view mcp_jobs.job_events is 'All that happened to a job: what was noted, and what it and its runs show; in order by `at` and then `step`.';

create function mcp_jobs.note_event() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into mcp_jobs.job_notes (job_id, event, detail) values (new.job_id, new.event, coalesce(new.detail, '{}'));
  return new;
end $$;
create trigger note_event instead of insert on mcp_jobs.job_events
  for each row execute function mcp_jobs.note_event();

alter table mcp_jobs.dead_letter_queue add column resolved_at timestamptz;

create function mcp_jobs.counted_runs(p_jobs uuid[] default null) returns table
  (hour timestamptz, source text, job_type text, completed bigint, retried bigint, failed bigint, seconds double precision)
language sql stable set search_path = '' as $$
  select date_trunc('hour', r.finished_at, 'UTC'), j.source, j.job_type,
         count(*) filter (where r.outcome = 'completed'),
         count(*) filter (where r.outcome <> 'completed' and not r.buried),
         count(*) filter (where r.outcome <> 'completed' and r.buried),
         sum(extract(epoch from r.finished_at - r.started_at))
    from mcp_jobs.job_runs r
    join mcp_jobs.jobs j on j.id = r.job_id
   where not r.told and r.outcome in ('completed', 'failed', 'lost')
     and (p_jobs is null or r.job_id = any (p_jobs))
   group by 1, 2, 3
$$;

alter table mcp_jobs.metrics rename to metrics_kept;
comment on table mcp_jobs.metrics_kept is 'Hours of runs that are no longer kept; `metrics` adds those that are.';
create view mcp_jobs.metrics with (security_invoker = true) as
select hour, source, job_type, sum(completed)::bigint as completed, sum(retried)::bigint as retried,
       sum(failed)::bigint as failed, sum(seconds) as seconds
  from (select hour, source, job_type, completed, retried, failed, seconds from mcp_jobs.metrics_kept
        union all
        select hour, source, job_type, completed, retried, failed, seconds from mcp_jobs.counted_runs()) counted
 group by hour, source, job_type;
comment on view mcp_jobs.metrics is
  'Runs that ended in each hour: completed, tried again later, or the last of a dead letter; and the seconds they took.';
drop function mcp_jobs.count_run(mcp_jobs.jobs, int, int, int);

-- The depth as the states are called here; a query for `running` finds none.
create view mcp_jobs.queue_depth with (security_invoker = true) as
select source, status, count(*) as count from mcp_jobs.jobs
 where status in ('queued', 'processing') group by source, status;
comment on view mcp_jobs.queue_depth is 'Jobs that wait or are being done, by source and state.';

revoke all on mcp_jobs.queue_depth, mcp_jobs.metrics, mcp_jobs.job_events
  from public, anon, authenticated, service_role, mcp_agent;
