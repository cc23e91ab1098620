-- Plans that are made once: planning the claim anew each time takes as long as the claim. A plan that serves whatever is
-- asked must have one index that can only be right for it: which source is asked for is not known to it.

drop index if exists mcp_jobs.jobs_due_idx;
-- No source is empty; but only a query that says so, which the claim of one source does not, can take this index.
create index jobs_due_idx on mcp_jobs.jobs (priority, run_at, created_at) where status = 'queued' and source <> '';

create or replace function mcp.claim_next_job(p_worker text, p_source text default null, p_lease_seconds int default 60,
                                              p_job_types jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off
set plan_cache_mode = force_generic_plan as $$
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
        where d.status = 'queued' and d.source <> '' and d.run_at <= now()
          and (p_job_types is null or p_job_types ? d.job_type)
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

alter function mcp.enqueue_job(text, text, jsonb, int, text, timestamptz, int) set plan_cache_mode = force_generic_plan;
alter function mcp.extend_lease(uuid, text, int) set plan_cache_mode = force_generic_plan;
alter function mcp.complete_job(uuid, text, jsonb) set plan_cache_mode = force_generic_plan;
alter function mcp.fail_job(uuid, text, text, boolean, int) set plan_cache_mode = force_generic_plan;

notify pgrst, 'reload schema';
