-- What a step of a job costs: its rules are asked where they can be broken, and what a claim walks past is short.

-- A check of a table is read from its text anew by each statement that writes a row, a fifth of what a claim and an answer
-- take. What whoever adds a job says is judged when it comes; no step of ours changes it afterwards.
create function mcp_jobs.refuse_malformed() returns trigger
language plpgsql set search_path = '' as $$
declare
  wrong text := case
    when new.source = '' or length(new.source) > 100 then 'the source of a job has 1 to 100 characters'
    when new.job_type = '' or length(new.job_type) > 100 then 'the type of a job has 1 to 100 characters'
    when length(new.idempotency_key) > 200 then 'the idempotency key of a job has at most 200 characters'
    when new.max_attempts < 1 then 'a job has at least one attempt' end;
begin
  if wrong is not null then
    perform mcp.refuse('PT422', 'job-malformed', wrong, 'nothing was added or changed; ask again with another value');
  end if;
  return new;
end $$;
create trigger refuse_malformed before insert or update of source, job_type, idempotency_key, max_attempts
  on mcp_jobs.jobs for each row execute function mcp_jobs.refuse_malformed();

-- Each step writes a state, so this rule has to be asked each time: an index is read from its text once in a session. Of
-- a state that we know it has no entry, and what makes the entry of another one refuses it.
create function mcp_jobs.refuse_state(p_status text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  perform mcp.refuse('PT422', 'job-state-unknown', format('no job is ever `%s`', p_status),
    'a job is queued, processing, completed, failed or cancelled');
  return null;
end $$;
create index jobs_states_idx on mcp_jobs.jobs (mcp_jobs.refuse_state(status))
 where status not in ('queued', 'processing', 'completed', 'failed', 'cancelled');

alter table mcp_jobs.jobs
  drop constraint if exists jobs_source_check,
  drop constraint if exists jobs_job_type_check,
  drop constraint if exists jobs_idempotency_key_check,
  drop constraint if exists jobs_max_attempts_check,
  drop constraint if exists jobs_status_check;
-- An index would follow each end of a run to wherever it is written; how a run ends is said by our functions alone.
alter table mcp_jobs.job_runs drop constraint if exists job_runs_outcome_check;

-- Until it is swept, a claim walks past the entry of each job that was taken before: by a number in the place of the name
-- of a source, a quarter more of them lie on a page. Two sources may have the same number, so the name is asked too.
drop index if exists mcp_jobs.jobs_due_by_source_idx;
create index jobs_due_by_source_idx on mcp_jobs.jobs (hashtext(source), priority, run_at, created_at)
 where status = 'queued';

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
        where d.status = 'queued' and hashtext(d.source) = hashtext(p_source) and d.source = p_source
          and d.run_at <= now() and (p_job_types is null or p_job_types ? d.job_type)
        order by d.priority, d.run_at, d.created_at limit 1 for update skip locked)
     end
  returning j.* into job;
  if not found then
    return null;
  end if;
  insert into mcp_jobs.job_runs (job_id, attempt, worker) values (job.id, job.attempts, p_worker);
  return to_jsonb(job);
end $$;

-- By the second, not the minute: what many workers add in a minute is spread over more pages than are kept at hand.
create or replace function mcp_jobs.new_id() returns uuid
language sql volatile set search_path = '' as $$
  select (lpad(to_hex(extract(epoch from now())::bigint & 16777215), 6, '0')
          || substr(gen_random_uuid()::text, 7))::uuid
$$;

-- As before, with the ids in their order, whichever index finds them.
create or replace function mcp.job_detail(p_id text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  digits text := lower(replace(p_id, '-', ''));
  ids uuid[];
begin
  if digits !~ '^[0-9a-f]{1,32}$' then
    return jsonb_build_object('ids', '[]'::jsonb);
  end if;
  select coalesce(array_agg(o.id order by o.id), '{}') into ids from (
    select j.id from mcp_jobs.jobs j
     where j.id between rpad(digits, 32, '0')::uuid and rpad(digits, 32, 'f')::uuid
     order by j.id limit 10) o;
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
revoke all on all functions in schema mcp_jobs from public, anon, authenticated, service_role;

notify pgrst, 'reload schema';
