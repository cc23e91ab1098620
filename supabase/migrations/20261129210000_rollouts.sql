-- Rollouts: the arrival of a release at its consumers. One row for each release that n8n is told of, written with its job.

create table mcp.rollouts (
  release uuid primary key references mcp.releases (id),
  job uuid not null unique,
  destination text not null,
  environment text not null,
  state text not null default 'pending'
    constraint rollouts_state check (state in ('pending', 'delivered', 'rolled_out', 'rollout_failed')),
  execution text constraint rollouts_execution check (length(execution) <= 200),
  detail text constraint rollouts_detail check (length(detail) <= 1000),
  settled_by text constraint rollouts_settled_by check (settled_by in ('acknowledgement', 'follower')),
  queued_at timestamptz not null default now(),
  delivered_at timestamptz,
  settled_at timestamptz,
  constraint rollouts_settled check ((state in ('rolled_out', 'rollout_failed')) = (settled_at is not null)),
  constraint rollouts_delivered check (state = 'pending' or delivered_at is not null)
);
comment on table mcp.rollouts is
  'pending: not known to have arrived; delivered: n8n has accepted it as `execution`; then how it ended.';
comment on column mcp.rollouts.job is 'The job that brings it to n8n; without a key, because finished jobs are removed.';

create table mcp.rollout_tokens (
  sha256 text primary key constraint rollout_tokens_sha256 check (sha256 ~ '^[0-9a-f]{64}$'),
  release uuid not null references mcp.rollouts (release),
  made_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index rollout_tokens_release_idx on mcp.rollout_tokens (release);
comment on table mcp.rollout_tokens is
  'One for each time that n8n was asked and may have heard it. Only the hash of the token is here.';

alter table mcp.rollouts enable row level security;
alter table mcp.rollout_tokens enable row level security;

create function mcp.is_settled(p_state text) returns boolean
language sql immutable set search_path = '' as $$
  select p_state in ('rolled_out', 'rollout_failed')
$$;

create function mcp.guard_rollout() returns trigger
language plpgsql set search_path = '' as $$
declare
  stages constant text[] := array['pending', 'delivered'];
begin
  -- What is known is not unlearned: each of these is written once, and a state is left for a later one only.
  if (new.release, new.job, new.destination, new.environment, new.queued_at) is distinct from
     (old.release, old.job, old.destination, old.environment, old.queued_at)
     or (old.execution is not null and new.execution is distinct from old.execution)
     or (old.delivered_at is not null and new.delivered_at is distinct from old.delivered_at)
     or coalesce(array_position(stages, new.state), 3) < coalesce(array_position(stages, old.state), 3)
     or (mcp.is_settled(old.state) and (new.state, new.detail, new.settled_by, new.settled_at) is distinct from
                                       (old.state, old.detail, old.settled_by, old.settled_at)) then
    perform mcp.refuse('PT409', 'append-only', format('the rollout of release %s does not go back', old.release),
      'release again: each release has a rollout of its own');
  end if;
  return new;
end $$;
create trigger guard_rollout before update on mcp.rollouts for each row execute function mcp.guard_rollout();
create trigger never_removed before delete on mcp.rollouts for each row execute function mcp.refuse_change();
create trigger never_truncated before truncate on mcp.rollouts for each statement execute function mcp.refuse_change();

create function mcp.rollout_of_job(p_job mcp_jobs.jobs) returns void
language sql volatile set search_path = '' as $$
  -- The key of a release's job is its id and the destination.
  insert into mcp.rollouts (release, job, destination, environment, queued_at)
  select r.id, p_job.id, split_part(p_job.idempotency_key, ':', 2),
         coalesce(p_job.payload ->> 'environment', 'not said'), p_job.created_at
    from mcp.releases r
   where r.id::text = split_part(p_job.idempotency_key, ':', 1)
  on conflict do nothing
$$;

create function mcp.note_rollout() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform mcp.rollout_of_job(new);
  return null;
end $$;
create trigger note_rollout after insert on mcp_jobs.jobs
  for each row when (new.source = 'skillctl' and new.job_type = 'rollout') execute function mcp.note_rollout();

-- Of releases from before this migration it is known what n8n accepted, and not how that ended.
select mcp.rollout_of_job(j) from mcp_jobs.jobs j where j.source = 'skillctl' and j.job_type = 'rollout';
update mcp.rollouts o
   set state = 'delivered', delivered_at = coalesce(j.finished_at, j.updated_at),
       execution = left(j.result ->> 'execution_id', 200)
  from mcp_jobs.jobs j
 where j.id = o.job and j.status = 'completed';

revoke all on all functions in schema mcp from public, anon, authenticated;
