-- What a person does to jobs: look, cancel, try again, settle what is dead, and throw away what is long done.

create function mcp_jobs.known(p_job uuid) returns mcp_jobs.jobs
language plpgsql set search_path = '' as $$
declare
  job mcp_jobs.jobs;
begin
  select j.* into job from mcp_jobs.jobs j where j.id = p_job for update;
  if not found then
    perform mcp.refuse('PT404', 'job-unknown', format('there is no job %s', p_job), 'run `skillctl jobs list`');
  end if;
  return job;
end $$;

create function mcp.cancel_job(p_job uuid, p_reason text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  job mcp_jobs.jobs := mcp_jobs.known(p_job);
begin
  if job.status in ('completed', 'failed') then
    perform mcp.refuse('PT409', 'job-ended', format('job %s is %s: there is nothing left to cancel', p_job, job.status),
      'a dead letter is settled with `skillctl jobs dead --resolve`');
  end if;
  if job.status <> 'cancelled' then
    if job.status = 'processing' then
      perform mcp_jobs.end_run(job, 'cancelled', p_reason, null);
    end if;
    update mcp_jobs.jobs set status = 'cancelled', lease_until = null, finished_at = now(), updated_at = now(),
           last_error = p_reason
     where id = p_job;
    insert into mcp_jobs.job_notes (job_id, event, detail)
    values (p_job, 'cancelled', jsonb_strip_nulls(jsonb_build_object('reason', p_reason, 'was', job.status)));
  end if;
  return jsonb_build_object('status', 'cancelled', 'was', job.status);
end $$;
comment on function mcp.cancel_job(uuid, text) is
  'Nobody takes it any more; what its worker answers from now on is refused, but what it did is not undone.';

create function mcp_jobs.settle(p_job uuid) returns bigint
language sql volatile set search_path = '' as $$
  with settled as (
    update mcp_jobs.dead_letter_queue d set resolved = true, resolved_at = now()
     where d.job_id = p_job and not d.resolved
    returning d.id)
  select count(*) from settled
$$;

create function mcp.requeue_job(p_job uuid, p_attempts int default 8) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  job mcp_jobs.jobs := mcp_jobs.known(p_job);
begin
  if job.status in ('completed', 'processing') then
    perform mcp.refuse('PT409', 'job-not-waiting', format('job %s is %s: it is not tried again', p_job, job.status),
      'look at it with `skillctl jobs show`');
  end if;
  perform mcp_jobs.settle(p_job);
  update mcp_jobs.jobs j
     set status = 'queued', run_at = least(j.run_at, now()), finished_at = null, updated_at = now(),
         -- The runs are counted on; a job that only waited has its attempts left.
         max_attempts = case when job.status = 'queued' then j.max_attempts
                             else j.attempts + greatest(coalesce(p_attempts, 8), 1) end
   where j.id = p_job;
  insert into mcp_jobs.job_notes (job_id, event, detail)
  values (p_job, 'requeued', jsonb_build_object('was', job.status));
  return jsonb_build_object('status', 'queued', 'was', job.status);
end $$;
comment on function mcp.requeue_job(uuid, int) is
  'A dead or cancelled job is tried anew, one that waits is tried now; its dead letter is resolved.';

create function mcp.resolve_dead(p_job uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  job mcp_jobs.jobs := mcp_jobs.known(p_job);
  settled bigint := mcp_jobs.settle(p_job);
begin
  if settled > 0 then
    insert into mcp_jobs.job_notes (job_id, event) values (p_job, 'resolved');
  elsif job.status <> 'failed' then
    perform mcp.refuse('PT409', 'no-dead-letter', format('job %s is %s: it is no dead letter', p_job, job.status),
      'run `skillctl jobs dead`');
  end if;
  return jsonb_build_object('status', job.status, 'resolved', settled);
end $$;

create function mcp.prune_jobs(p_days int, p_source text default null, p_limit int default 5000) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  doomed uuid[];
begin
  if coalesce(p_days, 0) < 1 then
    perform mcp.refuse('PT422', 'too-young', 'jobs of less than a day are not thrown away', 'name one day or more');
  end if;
  select coalesce(array_agg(o.id), '{}') into doomed from (
    select j.id from mcp_jobs.jobs j
     where j.status in ('completed', 'failed', 'cancelled') and j.finished_at < now() - make_interval(days => p_days)
       -- The only record of when a release was told, and to whom.
       and j.source <> 'skillctl' and (p_source is null or j.source = p_source)
       and not exists (select from mcp_jobs.dead_letter_queue d where d.job_id = j.id and not d.resolved)
     limit greatest(coalesce(p_limit, 5000), 1)
       for update skip locked) o;
  insert into mcp_jobs.metrics_kept as k (hour, source, job_type, completed, retried, failed, seconds)
  select c.hour, c.source, c.job_type, c.completed, c.retried, c.failed, c.seconds from mcp_jobs.counted_runs(doomed) c
  on conflict (hour, source, job_type) do update
     set completed = k.completed + excluded.completed, retried = k.retried + excluded.retried,
         failed = k.failed + excluded.failed, seconds = k.seconds + excluded.seconds;
  delete from mcp_jobs.dead_letter_queue d where d.job_id = any (doomed);
  delete from mcp_jobs.jobs j where j.id = any (doomed);
  return jsonb_build_object('pruned', cardinality(doomed));
end $$;
comment on function mcp.prune_jobs(int, text, int) is
  'Throws away up to so many jobs that ended so many days ago; their hours stay counted. Ask until none is pruned.';

drop function mcp.list_jobs(text, int);
create function mcp.list_jobs(p_source text default null, p_limit int default 50, p_job_type text default null,
                              p_status text default null) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(newest) - 'told' order by newest.created_at desc, newest.id), '[]')
    from (select j.* from mcp_jobs.jobs j
           where (p_source is null or j.source = p_source) and (p_job_type is null or j.job_type = p_job_type)
             and (p_status is null or j.status = p_status)
           order by j.created_at desc, j.id
           limit least(greatest(coalesce(p_limit, 50), 0), 1000)) newest
$$;

create function mcp.job_detail(p_id text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  digits text := lower(replace(p_id, '-', ''));
  ids uuid[];
begin
  if digits !~ '^[0-9a-f]{1,32}$' then
    return jsonb_build_object('ids', '[]'::jsonb);
  end if;
  select coalesce(array_agg(o.id), '{}') into ids from (
    select j.id from mcp_jobs.jobs j
     where j.id between rpad(digits, 32, '0')::uuid and rpad(digits, 32, 'f')::uuid limit 10) o;
  if cardinality(ids) <> 1 then
    return jsonb_build_object('ids', to_jsonb(ids));
  end if;
  return (
    select jsonb_build_object(
      'ids', to_jsonb(ids), 'job', to_jsonb(j) - 'told',
      'runs', (select coalesce(jsonb_agg(to_jsonb(r) - array['id', 'job_id', 'told'] order by r.attempt), '[]')
                 from mcp_jobs.job_runs r where r.job_id = j.id),
      'events', (select coalesce(jsonb_agg(to_jsonb(e) - array['job_id', 'step'] order by e.at, e.step), '[]')
                   from mcp_jobs.job_events e where e.job_id = j.id),
      'letters', (select coalesce(jsonb_agg(to_jsonb(d) - array['job_id', 'payload'] order by d.created_at), '[]')
                    from mcp_jobs.dead_letter_queue d where d.job_id = j.id))
      from mcp_jobs.jobs j where j.id = ids[1]);
end $$;
comment on function mcp.job_detail(text) is
  'The one job whose id begins so, with its runs, events and dead letters; else the ids that begin so, at most ten.';

create function mcp.dead_letters(p_source text default null, p_limit int default 100) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(o) order by o.created_at desc, o.job_id), '[]')
    from (select d.job_id, d.source, d.job_type, d.error, d.created_at from mcp_jobs.dead_letter_queue d
           where not d.resolved and (p_source is null or d.source = p_source)
           order by d.created_at desc, d.job_id limit least(greatest(coalesce(p_limit, 100), 0), 1000)) o
$$;

create function mcp.job_stats(p_source text default null, p_hours int default 24) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'sources', (
      select coalesce(jsonb_object_agg(s.source, jsonb_build_object(
               'queued', s.queued, 'processing', s.processing, 'completed', s.completed, 'failed', s.failed,
               'dead', s.dead)), '{}')
        from (select c.source, sum(c.queued) as queued, sum(c.processing) as processing,
                     sum(c.completed) as completed, sum(c.failed) as failed, sum(c.dead) as dead
                from (select j.source, count(*) filter (where j.status = 'queued') as queued,
                             count(*) filter (where j.status = 'processing') as processing,
                             0 as completed, 0 as failed, 0 as dead
                        from mcp_jobs.jobs j where j.status in ('queued', 'processing') group by 1
                      union all
                      select j.source, 0, 0, count(*) filter (where j.status = 'completed'),
                             count(*) filter (where j.status = 'failed'), 0
                        from mcp_jobs.jobs j where j.created_at > now() - interval '7 days' group by 1
                      union all
                      select d.source, 0, 0, 0, 0, count(*)
                        from mcp_jobs.dead_letter_queue d where not d.resolved group by 1) c
               where p_source is null or c.source = p_source
               group by c.source) s),
    'hours', (
      select coalesce(jsonb_agg(to_jsonb(m) order by m.hour desc, m.source, m.job_type), '[]')
        from mcp_jobs.metrics m
       where m.hour > now() - make_interval(hours => least(greatest(coalesce(p_hours, 24), 1), 720))
         and (p_source is null or m.source = p_source)))
$$;
comment on function mcp.job_stats(text, int) is
  'By source: what waits, what is being done, what ended of the last seven days'' jobs, what is dead; and the last hours.';

revoke all on all functions in schema mcp_jobs from public, anon, authenticated, service_role;
revoke all on function mcp.cancel_job(uuid, text), mcp.requeue_job(uuid, int), mcp.resolve_dead(uuid),
  mcp.prune_jobs(int, text, int), mcp.list_jobs(text, int, text, text), mcp.job_detail(text),
  mcp.dead_letters(text, int), mcp.job_stats(text, int) from public, anon, authenticated;
grant execute on function mcp.cancel_job(uuid, text) to service_role;
grant execute on function mcp.requeue_job(uuid, int) to service_role;
grant execute on function mcp.resolve_dead(uuid) to service_role;
grant execute on function mcp.prune_jobs(int, text, int) to service_role;
grant execute on function mcp.list_jobs(text, int, text, text) to service_role;
grant execute on function mcp.job_detail(text) to service_role;
grant execute on function mcp.dead_letters(text, int) to service_role;
grant execute on function mcp.job_stats(text, int) to service_role;

notify pgrst, 'reload schema';
