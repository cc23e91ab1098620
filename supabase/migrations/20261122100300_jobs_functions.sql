-- The doors of the job backend: queued, processing under a lease, then completed, queued again, or failed and dead.

create function mcp.enqueue_job(p_source text, p_job_type text, p_payload jsonb default '{}', p_priority int default 5,
                                p_idempotency_key text default null, p_run_at timestamptz default null) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  job_id uuid;
begin
  if p_source = 'skillctl' then
    perform mcp.refuse('PT422', 'source-reserved',
      'jobs of source `skillctl` are written by a release, and by nothing else', 'name the app that asks as the source');
  end if;
  insert into mcp_jobs.jobs (source, job_type, payload, priority, idempotency_key, run_at)
  values (p_source, p_job_type, coalesce(p_payload, '{}'), coalesce(p_priority, 5), p_idempotency_key,
          coalesce(p_run_at, now()))
  on conflict (source, idempotency_key) do nothing
  returning id into job_id;
  if job_id is null then
    select j.id into job_id from mcp_jobs.jobs j 
     where j.source = p_source and j.idempotency_key = p_idempotency_key;
  end if;
  return job_id;
end $$;
comment on function mcp.enqueue_job(text, text, jsonb, int, text, timestamptz) is
  'Adds a job and answers with its id; with a key that its source used before, with the id of that job.';

create function public.enqueue_job(p_source text, p_job_type text, p_payload jsonb, p_priority int default 5) returns uuid
language sql volatile security definer set search_path = '' as $$
  select mcp.enqueue_job(p_source, p_job_type, p_payload, p_priority)
$$;
comment on function public.enqueue_job(text, text, jsonb, int) is
  'For callers that name no schema (Odoo, n8n, Vercel): forwards to the jobs of schema `mcp_jobs`.';
-- At once: everybody may use schema `public`.
revoke all on function public.enqueue_job(text, text, jsonb, int) from public, anon, authenticated;

create function mcp_jobs.end_run(p_job mcp_jobs.jobs, p_outcome text, p_error text, p_result jsonb) returns void
language sql volatile set search_path = '' as $$
  update mcp_jobs.job_runs set finished_at = now(), outcome = p_outcome, error = p_error, result = p_result
   where job_id = p_job.id and attempt = p_job.attempts
$$;

create function mcp_jobs.bury(p_job mcp_jobs.jobs, p_error text) returns void
language plpgsql set search_path = '' as $$
begin
  update mcp_jobs.jobs set status = 'failed', lease_until = null, finished_at = now(), updated_at = now(),
         last_error = p_error
   where id = p_job.id;
  insert into mcp_jobs.dead_letter_queue (job_id, source, job_type, payload, error)
  values (p_job.id, p_job.source, p_job.job_type, p_job.payload, p_error);
  insert into mcp_jobs.job_events (job_id, event, detail)
  values (p_job.id, 'failed', jsonb_build_object('error', p_error, 'attempt', p_job.attempts));
end $$;

create function mcp_jobs.recover_leases() returns void
language plpgsql set search_path = '' as $$
declare
  lost mcp_jobs.jobs;
begin
  -- In one order of source and type, because `count_run` locks a row per pair.
  for lost in
    select j.* from mcp_jobs.jobs j
     where j.status = 'processing' and j.lease_until < now()
     order by j.source, j.job_type, j.id
     limit 100
       for update skip locked
  loop
    perform mcp_jobs.end_run(lost, 'lost', 'its worker did not come back in time', null);
    if lost.attempts >= lost.max_attempts then
      perform mcp_jobs.count_run(lost, 0, 0, 1);
      perform mcp_jobs.bury(lost, format('no worker came back from any of %s attempts', lost.attempts));
    else
      perform mcp_jobs.count_run(lost, 0, 1, 0);
      update mcp_jobs.jobs set status = 'queued', lease_until = null, updated_at = now() where id = lost.id;
      insert into mcp_jobs.job_events (job_id, event, detail)
      values (lost.id, 'lost', jsonb_build_object('worker', lost.worker, 'attempt', lost.attempts));
    end if;
  end loop;
end $$;

create function mcp.claim_next_job(p_worker text, p_source text default null, p_lease_seconds int default 60,
                                   p_job_types jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  job mcp_jobs.jobs;
begin
  perform mcp_jobs.recover_leases();
  select j.* into job from mcp_jobs.jobs j
   where j.status = 'queued' and j.run_at <= now() and (p_source is null or j.source = p_source)
     and (p_job_types is null or p_job_types ? j.job_type)
   order by j.priority, j.run_at, j.created_at
   limit 1
     for update skip locked;
  if not found then
    return null;
  end if;
  update mcp_jobs.jobs j
     set status = 'processing', worker = p_worker, attempts = j.attempts + 1, updated_at = now(),
         lease_until = now() + make_interval(secs => greatest(p_lease_seconds, 1))
   where j.id = job.id
  returning j.* into job;
  insert into mcp_jobs.job_runs (job_id, attempt, worker) values (job.id, job.attempts, p_worker);
  insert into mcp_jobs.job_events (job_id, event, detail)
  values (job.id, 'started', jsonb_build_object('worker', p_worker, 'attempt', job.attempts));
  return to_jsonb(job);
end $$;
comment on function mcp.claim_next_job(text, text, int, jsonb) is
  'The next due job of these types (null: any), leased to the worker, or null; a dead worker''s lease ends, the job stays.';

create function mcp_jobs.leased(p_job uuid, p_worker text) returns mcp_jobs.jobs
language plpgsql set search_path = '' as $$
declare
  job mcp_jobs.jobs;
begin
  select j.* into job from mcp_jobs.jobs j where j.id = p_job for update;
  if not found or job.status <> 'processing' or job.worker is distinct from p_worker then
    perform mcp.refuse('PT409', 'lease-lost',
      format('worker %s does not hold job %s, which is %s', p_worker, p_job, coalesce(job.status, 'unknown')),
      'drop this result; the job is somebody else''s or done');
  end if;
  return job;
end $$;

create function mcp_jobs.answered_before(p_job uuid, p_worker text, p_outcome text) returns boolean
language sql stable set search_path = '' as $$
  -- The worker's own last answer, sent again because it never heard that it had arrived.
  select exists (
    select from mcp_jobs.jobs j
      join mcp_jobs.job_runs r on r.job_id = j.id and r.attempt = j.attempts
     where j.id = p_job and j.status <> 'processing' and r.worker = p_worker and r.outcome = p_outcome)
$$;

create function mcp.complete_job(p_job uuid, p_worker text, p_result jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  job mcp_jobs.jobs;
begin
  if not mcp_jobs.answered_before(p_job, p_worker, 'completed') then
    job := mcp_jobs.leased(p_job, p_worker);
    perform mcp_jobs.end_run(job, 'completed', null, p_result);
    update mcp_jobs.jobs set status = 'completed', lease_until = null, finished_at = now(), updated_at = now(),
           last_error = null, result = p_result
     where id = job.id;
    insert into mcp_jobs.job_events (job_id, event) values (job.id, 'completed');
    perform mcp_jobs.count_run(job, 1, 0, 0);
  end if;
  return jsonb_build_object('status', 'completed');
end $$;

create function mcp.fail_job(p_job uuid, p_worker text, p_error text, p_retry boolean default true,
                             p_delay_seconds int default 0) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  job mcp_jobs.jobs;
begin
  if not mcp_jobs.answered_before(p_job, p_worker, 'failed') then
    job := mcp_jobs.leased(p_job, p_worker);
    perform mcp_jobs.end_run(job, 'failed', p_error, null);
    if coalesce(p_retry, true) and job.attempts < job.max_attempts then
      update mcp_jobs.jobs set status = 'queued', lease_until = null, updated_at = now(), last_error = p_error,
             run_at = now() + make_interval(secs => greatest(p_delay_seconds, 0))
       where id = job.id;
      insert into mcp_jobs.job_events (job_id, event, detail)
      values (job.id, 'retried', jsonb_build_object('error', p_error, 'attempt', job.attempts));
      perform mcp_jobs.count_run(job, 0, 1, 0);
    else
      perform mcp_jobs.bury(job, coalesce(p_error, 'no reason given'));
      perform mcp_jobs.count_run(job, 0, 0, 1);
    end if;
  end if;
  return (select jsonb_build_object('status', j.status, 'run_at', j.run_at) from mcp_jobs.jobs j where j.id = p_job);
end $$;
comment on function mcp.fail_job(uuid, text, text, boolean, int) is
  'Queues the job again after the delay, or, at the last attempt or where a retry is of no use, makes it a dead letter.';

create function mcp.list_jobs(p_source text default null, p_limit int default 50) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(newest) order by newest.created_at desc, newest.id), '[]')
    from (select j.* from mcp_jobs.jobs j
           where p_source is null or j.source = p_source
           order by j.created_at desc, j.id
           limit least(greatest(coalesce(p_limit, 50), 0), 1000)) newest
$$;

create function mcp.job_counts(p_source text default null) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_object_agg(c.status, c.n), '{}')
    from (select j.status, count(*) as n from mcp_jobs.jobs j
           where p_source is null or j.source = p_source group by j.status) c
$$;

create function mcp.job_backlog(p_source text default null) returns jsonb
language sql stable security definer set search_path = '' as $$
  -- {"due": {type: n}, "later": {type: n}, "dead": {type: n}}; dead letters until they are resolved.
  with counted as (
    select case when j.run_at <= now() then 'due' else 'later' end as kind, j.job_type, count(*) as n
      from mcp_jobs.jobs j
     where j.status = 'queued' and (p_source is null or j.source = p_source) group by 1, 2
    union all
    select 'dead', d.job_type, count(*)
      from mcp_jobs.dead_letter_queue d
     where not d.resolved and (p_source is null or d.source = p_source) group by 2
  )
  select jsonb_object_agg(kind, coalesce(
           (select jsonb_object_agg(c.job_type, c.n) from counted c where c.kind = k.kind), '{}'))
    from unnest(array['due', 'later', 'dead']) k (kind)
$$;
comment on function mcp.job_backlog(text) is
  'What is due, what waits for a later attempt, and what is dead, counted by type.';
