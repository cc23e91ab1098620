-- The job backend that all MCP-enabled apps share. The schema is not exposed; the functions of the next file are its doors.

create schema mcp_jobs;
revoke all on schema mcp_jobs from public;

create table mcp_jobs.jobs (
  id uuid primary key default gen_random_uuid(),
  source text not null check (source <> '' and length(source) <= 100),
  job_type text not null check (job_type <> '' and length(job_type) <= 100),
  payload jsonb not null default '{}',
  priority int not null default 5,
  status text not null default 'queued'
    check (status in ('queued', 'processing', 'completed', 'failed', 'cancelled')),
  idempotency_key text check (length(idempotency_key) <= 200),
  run_at timestamptz not null default now(),
  attempts int not null default 0,
  max_attempts int not null default 8 check (max_attempts > 0),
  lease_until timestamptz,
  worker text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  last_error text,
  result jsonb,
  -- By source, so that nobody's key stands in the way of another's job.
  unique (source, idempotency_key)
);
comment on column mcp_jobs.jobs.priority is 'The smaller, the sooner; 5 is the usual one.';
comment on column mcp_jobs.jobs.worker is 'Who holds the lease, or held the last one.';
create index jobs_due_idx on mcp_jobs.jobs (priority, run_at, created_at) where status = 'queued';
create index jobs_leased_idx on mcp_jobs.jobs (lease_until) where status = 'processing';
create index jobs_newest_idx on mcp_jobs.jobs (created_at desc);
create index jobs_source_idx on mcp_jobs.jobs (source, status);

create table mcp_jobs.job_runs (
  id bigint generated always as identity primary key,
  job_id uuid not null references mcp_jobs.jobs (id) on delete cascade,
  attempt int not null,
  worker text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  outcome text check (outcome in ('completed', 'failed', 'lost')),
  error text,
  result jsonb,
  unique (job_id, attempt)
);

create table mcp_jobs.job_events (
  id bigint generated always as identity primary key,
  job_id uuid not null references mcp_jobs.jobs (id) on delete cascade,
  event text not null check (event in ('queued', 'started', 'progress', 'completed', 'retried', 'failed', 'lost', 'cancelled')),
  detail jsonb not null default '{}',
  at timestamptz not null default clock_timestamp()
);
create index job_events_job_idx on mcp_jobs.job_events (job_id, id);

create table mcp_jobs.dead_letter_queue (
  id bigint generated always as identity primary key,
  job_id uuid not null references mcp_jobs.jobs (id) on delete cascade,
  source text not null,
  job_type text not null,
  payload jsonb not null,
  error text not null,
  resolved boolean not null default false,
  created_at timestamptz not null default now()
);
create index dead_letter_queue_job_idx on mcp_jobs.dead_letter_queue (job_id);
create index dead_letter_queue_open_idx on mcp_jobs.dead_letter_queue (source, job_type) where not resolved;

create table mcp_jobs.metrics (
  hour timestamptz not null,
  source text not null,
  job_type text not null,
  completed int not null default 0,
  retried int not null default 0,
  failed int not null default 0,
  seconds double precision not null default 0,
  primary key (hour, source, job_type)
);
comment on column mcp_jobs.metrics.seconds is 'Time spent in runs that came to an end.';

alter table mcp_jobs.jobs enable row level security;
alter table mcp_jobs.job_runs enable row level security;
alter table mcp_jobs.job_events enable row level security;
alter table mcp_jobs.dead_letter_queue enable row level security;
alter table mcp_jobs.metrics enable row level security;

create function mcp_jobs.note_new_job() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into mcp_jobs.job_events (job_id, event) values (new.id, 'queued');
  return null;
end $$;
create trigger note_new_job after insert on mcp_jobs.jobs for each row execute function mcp_jobs.note_new_job();

create function mcp_jobs.count_run(p_job mcp_jobs.jobs, p_completed int, p_retried int, p_failed int) returns void
language sql volatile set search_path = '' as $$
  insert into mcp_jobs.metrics as m (hour, source, job_type, completed, retried, failed, seconds)
  select date_trunc('hour', now() at time zone 'UTC') at time zone 'UTC', p_job.source, p_job.job_type,
         p_completed, p_retried, p_failed, coalesce(extract(epoch from now() - max(r.started_at)), 0)
    from mcp_jobs.job_runs r where r.job_id = p_job.id and r.attempt = p_job.attempts
  on conflict (hour, source, job_type) do update
     set completed = m.completed + excluded.completed, retried = m.retried + excluded.retried,
         failed = m.failed + excluded.failed, seconds = m.seconds + excluded.seconds
$$;
