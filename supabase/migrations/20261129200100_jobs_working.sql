-- A job on its way, each step one statement: added, claimed under a lease that can be made longer, completed, failed.

drop function mcp.enqueue_job(text, text, jsonb, int, text, timestamptz);
create function mcp.enqueue_job(p_source text, p_job_type text, p_payload jsonb default '{}', p_priority int default 5,
                                p_idempotency_key text default null, p_run_at timestamptz default null,
                                p_max_attempts int default null) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  job_id uuid;
begin
  if p_source = 'skillctl' then
    perform mcp.refuse('PT422', 'source-reserved',
      'jobs of source `skillctl` are written by a release, and by nothing else', 'name the app that asks as the source');
  end if;
  insert into mcp_jobs.jobs (source, job_type, payload, priority, idempotency_key, run_at, max_attempts)
  values (p_source, p_job_type, coalesce(p_payload, '{}'), coalesce(p_priority, 5), p_idempotency_key,
          coalesce(p_run_at, now()), coalesce(p_max_attempts, 8))
  on conflict (source, idempotency_key) where idempotency_key is not null do nothing
  returning id into job_id;
  if job_id is null then
    select j.id into job_id from mcp_jobs.jobs j
     where j.source = p_source and j.idempotency_key = p_idempotency_key;
  end if;
  return job_id;
end $$;
comment on function mcp.enqueue_job(text, text, jsonb, int, text, timestamptz, int) is
  'Adds a job and answers with its id; with a key that its source used before, with the id of that job.';

create or replace function mcp_jobs.end_run(p_job mcp_jobs.jobs, p_outcome text, p_error text, p_result jsonb)
returns void
language sql volatile set search_path = '' as $$
  update mcp_jobs.job_runs set finished_at = now(), outcome = p_outcome, error = p_error, result = p_result
   where job_id = p_job.id and attempt = p_job.attempts
$$;

create or replace function mcp_jobs.bury(p_job mcp_jobs.jobs, p_error text) returns void
language plpgsql set search_path = '' as $$
begin
  update mcp_jobs.jobs set status = 'failed', lease_until = null, finished_at = now(), updated_at = now(),
         last_error = p_error
   where id = p_job.id;
  update mcp_jobs.job_runs set buried = true where job_id = p_job.id and attempt = p_job.attempts;
  insert into mcp_jobs.dead_letter_queue (job_id, source, job_type, payload, error)
  values (p_job.id, p_job.source, p_job.job_type, p_job.payload, p_error);
end $$;

create or replace function mcp_jobs.recover_leases() returns void
language plpgsql set search_path = '' as $$
declare
  lost mcp_jobs.jobs;
begin
  for lost in
    select j.* from mcp_jobs.jobs j
     where j.status = 'processing' and j.lease_until < now()
     order by j.lease_until
     limit 100
       for update skip locked
  loop
    perform mcp_jobs.end_run(lost, 'lost', 'its worker did not come back in time', null);
    if lost.attempts >= lost.max_attempts then
      perform mcp_jobs.bury(lost, format('no worker came back from any of %s attempts', lost.attempts));
    else
      update mcp_jobs.jobs set status = 'queued', lease_until = null, updated_at = now() where id = lost.id;
    end if;
  end loop;
end $$;

-- One way through the index to the next due job, of one source or of all. Without a look at how large a table is: a plan
-- that was made while it was empty is kept, and must not be a scan.
create or replace function mcp.claim_next_job(p_worker text, p_source text default null, p_lease_seconds int default 60,
                                              p_job_types jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
declare
  job mcp_jobs.jobs;
begin
  if exists (select from mcp_jobs.jobs j where j.status = 'processing' and j.lease_until < now()) then
    perform mcp_jobs.recover_leases();
  end if;
  update mcp_jobs.jobs j
     set status = 'processing', worker = p_worker, attempts = j.attempts + 1, updated_at = now(),
         lease_until = now() + make_interval(secs => greatest(p_lease_seconds, 1))
   where j.id = case when p_source is null then (
       select d.id from mcp_jobs.jobs d
        where d.status = 'queued' and d.run_at <= now() and (p_job_types is null or p_job_types ? d.job_type)
        order by d.priority, d.run_at, d.created_at limit 1 for update skip locked)
     else (
       select d.id from mcp_jobs.jobs d
        where d.status = 'queued' and d.source = p_source and d.run_at <= now()
          and (p_job_types is null or p_job_types ? d.job_type)
        order by d.priority, d.run_at, d.created_at limit 1 for update skip locked)
     end
  returning j.* into job;
  if not found then
    return null;
  end if;
  insert into mcp_jobs.job_runs (job_id, attempt, worker) values (job.id, job.attempts, p_worker);
  return to_jsonb(job);
end $$;

create function mcp.extend_lease(p_job uuid, p_worker text, p_lease_seconds int default 60) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
declare
  until timestamptz;
begin
  update mcp_jobs.jobs j
     set lease_until = now() + make_interval(secs => greatest(p_lease_seconds, 1)), updated_at = now()
   where j.id = p_job and j.status = 'processing' and j.worker = p_worker
  returning j.lease_until into until;
  if not found then
    perform mcp_jobs.leased(p_job, p_worker);
  end if;
  return jsonb_build_object('lease_until', until);
end $$;
comment on function mcp.extend_lease(uuid, text, int) is
  'A worker''s sign of life: its job stays its own for so many seconds from now; refused where the job is not its own.';

create or replace function mcp.complete_job(p_job uuid, p_worker text, p_result jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
declare
  ended int;
begin
  update mcp_jobs.jobs j
     set status = 'completed', lease_until = null, finished_at = now(), updated_at = now(), last_error = null,
         result = p_result
   where j.id = p_job and j.status = 'processing' and j.worker = p_worker
  returning j.attempts into ended;
  if ended is not null then
    update mcp_jobs.job_runs r set finished_at = now(), outcome = 'completed', result = p_result
     where r.job_id = p_job and r.attempt = ended;
  elsif not mcp_jobs.answered_before(p_job, p_worker, 'completed') then
    perform mcp_jobs.leased(p_job, p_worker);
  end if;
  return '{"status": "completed"}';
end $$;

create or replace function mcp.fail_job(p_job uuid, p_worker text, p_error text, p_retry boolean default true,
                                        p_delay_seconds int default 0) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
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
    else
      perform mcp_jobs.bury(job, coalesce(p_error, 'no reason given'));
    end if;
  end if;
  return (select jsonb_build_object('status', j.status, 'run_at', j.run_at) from mcp_jobs.jobs j where j.id = p_job);
end $$;

revoke all on all functions in schema mcp_jobs from public, anon, authenticated, service_role;
revoke all on function mcp.enqueue_job(text, text, jsonb, int, text, timestamptz, int),
  mcp.extend_lease(uuid, text, int) from public, anon, authenticated;
grant execute on function mcp.enqueue_job(text, text, jsonb, int, text, timestamptz, int) to service_role;
grant execute on function mcp.extend_lease(uuid, text, int) to service_role;
