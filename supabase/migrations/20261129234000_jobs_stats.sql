-- What is asked of the queue's last hours is answered from the runs of these hours, however many are kept.

-- Of no column that the end of a run changes, so that it is still written where the row is; rows come in its order.
create index job_runs_started_idx on mcp_jobs.job_runs using brin (started_at) with (autosummarize = on);

create table mcp_jobs.long_jobs (job_id uuid primary key references mcp_jobs.jobs (id) on delete cascade);
comment on table mcp_jobs.long_jobs is
  'Jobs with a run of more than an hour; of all other runs it is known how long before its end each began.';
alter table mcp_jobs.long_jobs enable row level security;
insert into mcp_jobs.long_jobs (job_id)
select j.id from mcp_jobs.jobs j
 where j.id in (select r.job_id from mcp_jobs.job_runs r where r.finished_at - r.started_at > interval '1 hour');

create or replace function mcp_jobs.end_run(p_job mcp_jobs.jobs, p_outcome text, p_error text, p_result jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  took interval;
begin
  update mcp_jobs.job_runs r set finished_at = now(), outcome = p_outcome, error = p_error, result = p_result
   where r.job_id = p_job.id and r.attempt = p_job.attempts
  returning now() - r.started_at into took;
  if took > interval '1 hour' then
    insert into mcp_jobs.long_jobs (job_id) values (p_job.id) on conflict do nothing;
  end if;
end $$;

create or replace function mcp.complete_job(p_job uuid, p_worker text, p_result jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off
set plan_cache_mode = force_generic_plan as $$
declare
  ended int;
  took interval;
begin
  update mcp_jobs.jobs j
     set status = 'completed', lease_until = null, finished_at = now(), updated_at = now(), last_error = null,
         result = p_result
   where j.id = p_job and j.status = 'processing' and j.worker = p_worker
  returning j.attempts into ended;
  if ended is not null then
    update mcp_jobs.job_runs r set finished_at = now(), outcome = 'completed', result = p_result
     where r.job_id = p_job and r.attempt = ended
    returning now() - r.started_at into took;
    if took > interval '1 hour' then
      insert into mcp_jobs.long_jobs (job_id) values (p_job) on conflict do nothing;
    end if;
  elsif not mcp_jobs.answered_before(p_job, p_worker, 'completed') then
    perform mcp_jobs.leased(p_job, p_worker);
  end if;
  return '{"status": "completed"}';
end $$;

create view mcp_jobs.ended_runs with (security_invoker = true) as
select r.job_id, r.started_at, date_trunc('hour', r.finished_at, 'UTC') as hour, j.source, j.job_type,
       (r.outcome = 'completed')::int as completed,
       (r.outcome <> 'completed' and not r.buried)::int as retried,
       (r.outcome <> 'completed' and r.buried)::int as failed,
       extract(epoch from r.finished_at - r.started_at)::double precision as seconds
  from mcp_jobs.job_runs r
  join mcp_jobs.jobs j on j.id = r.job_id
 where not r.told and r.outcome in ('completed', 'failed', 'lost');
comment on view mcp_jobs.ended_runs is 'Each run that the metrics count, as one, in the hour of its end.';

create or replace view mcp_jobs.metrics with (security_invoker = true) as
select hour, source, job_type, sum(completed)::bigint as completed, sum(retried)::bigint as retried,
       sum(failed)::bigint as failed, sum(seconds) as seconds
  from (select hour, source, job_type, completed, retried, failed, seconds from mcp_jobs.metrics_kept
        union all
        select hour, source, job_type, completed, retried, failed, seconds from mcp_jobs.ended_runs) counted
 group by hour, source, job_type;

drop function mcp_jobs.counted_runs(uuid[]);
create function mcp_jobs.counted_runs(p_jobs uuid[]) returns table
  (hour timestamptz, source text, job_type text, completed bigint, retried bigint, failed bigint, seconds double precision)
language sql stable set search_path = '' as $$
  select e.hour, e.source, e.job_type, sum(e.completed), sum(e.retried), sum(e.failed), sum(e.seconds)
    from mcp_jobs.ended_runs e
   where e.job_id = any (p_jobs)
   group by 1, 2, 3
$$;

-- So that the week is counted without a look at the jobs themselves, whose payloads may be long. Whatever changes one of
-- these changes the state, which every index of a job has to follow as it is.
drop index if exists mcp_jobs.jobs_newest_idx;
create index jobs_newest_idx on mcp_jobs.jobs (created_at desc) include (source, status);

-- Planned for what is asked, each time: an hour of a million is looked up, a month of it is read through.
create function mcp_jobs.hours_since(p_since timestamptz, p_source text) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = force_custom_plan as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(m) order by m.hour desc, m.source, m.job_type), '[]')
      from (select a.hour, a.source, a.job_type, sum(a.completed) as completed, sum(a.retried) as retried,
                   sum(a.failed) as failed, sum(a.seconds) as seconds
              from (select k.hour, k.source, k.job_type, k.completed, k.retried, k.failed, k.seconds
                      from mcp_jobs.metrics_kept k where k.hour > p_since
                    union all
                    select e.hour, e.source, e.job_type, e.completed, e.retried, e.failed, e.seconds
                      from mcp_jobs.ended_runs e
                     where e.hour > p_since and e.started_at > p_since - interval '1 hour'
                    union all
                    select e.hour, e.source, e.job_type, e.completed, e.retried, e.failed, e.seconds
                      from mcp_jobs.ended_runs e
                     where e.hour > p_since and e.job_id = any (array(select l.job_id from mcp_jobs.long_jobs l))
                       and (e.started_at > p_since - interval '1 hour') is not true) a
             where p_source is null or a.source = p_source
             group by a.hour, a.source, a.job_type) m);
end $$;
comment on function mcp_jobs.hours_since(timestamptz, text) is
  'What `metrics` has of the hours after a moment, from no more than the runs that began an hour before it, or of long jobs.';

create or replace function mcp.job_stats(p_source text default null, p_hours int default 24) returns jsonb
language sql stable security definer set search_path = '' set enable_seqscan = off as $$
  select jsonb_build_object(
    'sources', (
      select coalesce(jsonb_object_agg(s.source, jsonb_build_object(
               'queued', s.queued, 'processing', s.processing, 'completed', s.completed, 'failed', s.failed,
               'dead', s.dead)), '{}')
        from (select c.source, sum(c.queued) as queued, sum(c.processing) as processing,
                     sum(c.completed) as completed, sum(c.failed) as failed, sum(c.dead) as dead
                -- State by state: each has an index of its own, and what is in neither is not read.
                from (select j.source, count(*) as queued, 0 as processing, 0 as completed, 0 as failed, 0 as dead
                        from mcp_jobs.jobs j where j.status = 'queued' group by 1
                      union all
                      select j.source, 0, count(*), 0, 0, 0
                        from mcp_jobs.jobs j where j.status = 'processing' group by 1
                      union all
                      select j.source, 0, 0, count(*) filter (where j.status = 'completed'),
                             count(*) filter (where j.status = 'failed'), 0
                        from mcp_jobs.jobs j where j.created_at > now() - interval '7 days' group by 1
                      union all
                      select d.source, 0, 0, 0, 0, count(*)
                        from mcp_jobs.dead_letter_queue d where not d.resolved group by 1) c
               where p_source is null or c.source = p_source
               group by c.source) s),
    'hours', mcp_jobs.hours_since(
      now() - make_interval(hours => least(greatest(coalesce(p_hours, 24), 1), 720)), p_source))
$$;

revoke all on mcp_jobs.ended_runs, mcp_jobs.long_jobs from public, anon, authenticated, service_role, mcp_agent;
revoke all on all functions in schema mcp_jobs from public, anon, authenticated, service_role;

notify pgrst, 'reload schema';
