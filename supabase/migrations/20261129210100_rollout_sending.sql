-- What the worker that holds a rollout's job tells of it, and what it asks before it triggers anything.

create function mcp.plain_line(p_text text, p_most int) returns text
language sql immutable set search_path = '' as $$
  -- One line that can be shown anywhere: no control character, nothing that turns text around, no more than so much.
  select nullif(btrim(left(regexp_replace(left(p_text, 4 * p_most),
    '[\u0001-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+', ' ', 'g'), p_most)), '')
$$;

create function mcp.leased_rollout(p_job uuid, p_worker text) returns mcp.rollouts
language plpgsql set search_path = '' as $$
declare
  held mcp.rollouts;
begin
  perform mcp_jobs.leased(p_job, p_worker);
  select o.* into held from mcp.rollouts o where o.job = p_job for update;
  if not found then
    perform mcp.refuse('PT422', 'not-a-rollout', format('job %s is not the rollout of a release', p_job),
      'only a release writes jobs of type `rollout`');
  end if;
  return held;
end $$;

create function mcp.rollout_answer(p_release uuid) returns jsonb
language sql stable set search_path = '' as $$
  -- `sends` are the times that n8n was asked and may have heard it; seconds since the first of them (`since`), since the
  -- first after a person last had the job tried again (`first`), and since the last (`seconds`). `cleared`: a person has,
  -- and it was not asked since. `age` is since n8n accepted it.
  select jsonb_build_object(
    'release', o.release, 'state', o.state, 'execution', o.execution, 'sends', s.n,
    'since', extract(epoch from clock_timestamp() - s.since)::bigint,
    'first', extract(epoch from clock_timestamp() - s.first)::bigint,
    'seconds', extract(epoch from clock_timestamp() - s.last)::bigint,
    'cleared', s.n > 0 and s.first is null,
    'age', extract(epoch from clock_timestamp() - o.delivered_at)::bigint)
    from mcp.rollouts o
   cross join lateral (
     select coalesce(max(d.created_at), '-infinity') as at
       from mcp_jobs.dead_letter_queue d where d.job_id = o.job) dead
   cross join lateral (
     select count(*) as n, min(t.made_at) as since, max(t.made_at) as last,
            min(t.made_at) filter (where t.made_at > dead.at) as first
       from mcp.rollout_tokens t where t.release = o.release) s
   where o.release = p_release
$$;

create function mcp.open_rollout(p_job uuid, p_worker text, p_token_sha256 text, p_seconds int default 86400,
                                 p_again boolean default false) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  held mcp.rollouts := mcp.leased_rollout(p_job, p_worker);
  answer jsonb := mcp.rollout_answer(held.release);
begin
  if coalesce(p_token_sha256, '') !~ '^[0-9a-f]{64}$' then
    perform mcp.refuse('PT422', 'invalid-token', 'this is not the SHA-256 of a token',
      'use a skillctl that fits this database');
  end if;
  if held.state = 'pending' and ((answer ->> 'sends')::int = 0 or coalesce(p_again, false)) then
    delete from mcp.rollout_tokens t where t.expires_at < now() - interval '30 days';
    insert into mcp.rollout_tokens (sha256, release, expires_at)
    values (p_token_sha256, held.release, now() + make_interval(secs => least(greatest(p_seconds, 60), 604800)))
    on conflict (sha256) do nothing;
  end if;
  return answer || jsonb_build_object('open', exists (
    select from mcp.rollout_tokens t where t.sha256 = p_token_sha256 and t.release = held.release));
end $$;
comment on function mcp.open_rollout(uuid, text, text, int, boolean) is
  'Before n8n is asked: how the rollout stands, and (`open`) whether it may be asked now, with the token of this hash.'
  ' It may not where it was asked before and may have heard it, unless `p_again`, for whoever has looked.';

create function mcp.close_rollout(p_job uuid, p_worker text, p_token_sha256 text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  held mcp.rollouts := mcp.leased_rollout(p_job, p_worker);
begin
  delete from mcp.rollout_tokens t
   where t.sha256 = p_token_sha256 and t.release = held.release and t.used_at is null;
  return mcp.rollout_answer(held.release);
end $$;
comment on function mcp.close_rollout(uuid, text, text) is
  'n8n surely did not hear what was sent with the token of this hash: it is as if it had not been sent.';

create function mcp.rollout_delivered(p_job uuid, p_worker text, p_execution text, p_follow boolean default false,
                                      p_acknowledged boolean default false) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  held mcp.rollouts := mcp.leased_rollout(p_job, p_worker);
  named text := coalesce(held.execution, mcp.plain_line(p_execution, 200));
begin
  if held.state = 'pending' then
    update mcp.rollouts o set state = 'delivered', delivered_at = now(), execution = named where o.release = held.release;
  elsif held.execution is distinct from named then
    update mcp.rollouts o set execution = named where o.release = held.release;
  end if;
  if p_follow and named is not null and not mcp.is_settled(held.state) then
    insert into mcp_jobs.jobs (source, job_type, payload, idempotency_key, run_at)
    values ('skillctl', 'rollout-follow',
            jsonb_build_object('release', held.release, 'environment', held.environment, 'execution', named,
                               'acknowledged', coalesce(p_acknowledged, false)),
            held.release || ':' || held.destination || ':follow', now() + interval '5 seconds')
    on conflict do nothing;
  end if;
  return mcp.rollout_answer(held.release);
end $$;
comment on function mcp.rollout_delivered(uuid, text, text, boolean, boolean) is
  'n8n has accepted the rollout; with `p_follow` a job that watches its run is written in the same transaction.';

create function mcp.postpone_job(p_job uuid, p_worker text, p_delay_seconds int, p_result jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  job mcp_jobs.jobs;
begin
  -- The answer that was sent before and never heard of: the job waits already, last held by this worker.
  if not exists (select from mcp_jobs.jobs j where j.id = p_job and j.status = 'queued' and j.worker = p_worker) then
    job := mcp_jobs.leased(p_job, p_worker);
    -- As if it had not been claimed: thousands of looks are no attempts and no runs.
    delete from mcp_jobs.job_runs r where r.job_id = job.id and r.attempt = job.attempts;
    update mcp_jobs.jobs
       set status = 'queued', lease_until = null, attempts = attempts - 1, updated_at = now(), result = p_result,
           run_at = now() + make_interval(secs => greatest(p_delay_seconds, 1))
     where id = job.id;
  end if;
  return (select jsonb_build_object('status', j.status, 'run_at', j.run_at) from mcp_jobs.jobs j where j.id = p_job);
end $$;
comment on function mcp.postpone_job(uuid, text, int, jsonb) is
  'Nothing failed and nothing is done yet: the job is due again after the delay, and this was no attempt.';

revoke all on all functions in schema mcp from public, anon, authenticated;
grant execute on function mcp.open_rollout(uuid, text, text, int, boolean) to service_role;
grant execute on function mcp.close_rollout(uuid, text, text) to service_role;
grant execute on function mcp.rollout_delivered(uuid, text, text, boolean, boolean) to service_role;
grant execute on function mcp.postpone_job(uuid, text, int, jsonb) to service_role;
