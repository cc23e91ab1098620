create schema mcp_jobs;
create table mcp_jobs.jobs (
  id uuid primary key default gen_random_uuid(),
  source text not null,
  job_type varchar(100) not null,
  payload jsonb default '{}',
  priority integer default 5,
  status text not null default 'queued',
  tenant text not null default 'main',
  retry_count integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint states check (status in ('queued', 'processing', 'completed', 'failed', 'cancelled'))
);
create function mcp_jobs.touch() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end $$;
create trigger touch before update on mcp_jobs.jobs for each row execute function mcp_jobs.touch();
create index jobs_newest_idx on mcp_jobs.jobs (created_at);
create table mcp_jobs.job_events (
  id uuid primary key default gen_random_uuid(),
  job_id uuid not null references mcp_jobs.jobs (id) on delete cascade,
  event text not null,
  note text,
  created_at timestamptz not null default now()
);
create table mcp_jobs.dead_letter_queue (
  id uuid primary key default gen_random_uuid(),
  job_id uuid not null references mcp_jobs.jobs (id),
  source text not null,
  job_type text not null,
  payload jsonb not null,
  error text not null,
  resolved boolean not null default false,
  created_at timestamptz not null default now()
);
create table mcp_jobs.metrics (
  hour timestamptz not null,
  source text not null,
  job_type text not null,
  completed integer not null default 0,
  primary key (hour, source, job_type)
);
create function public.enqueue_job(p_source text, p_job_type text, p_payload jsonb, p_priority integer default 5)
returns uuid language sql security definer set search_path = '' as $$
  insert into mcp_jobs.jobs (source, job_type, payload, priority) values (p_source, p_job_type, p_payload, p_priority)
  returning id
$$;
insert into mcp_jobs.jobs (source, job_type, payload, status, created_at) values
  ('odoo', 'discovery', '{"old": 1}', 'queued', '2026-01-20'),
  ('odoo', 'discovery', '{"old": 2}', 'processing', '2026-01-21'),
  ('n8n', 'sync', '{"old": 3}', 'failed', '2026-01-22');
insert into mcp_jobs.job_events (job_id, event, note) select id, 'queued', 'by hand' from mcp_jobs.jobs;
insert into mcp_jobs.dead_letter_queue (job_id, source, job_type, payload, error)
select id, source, job_type, payload, 'gone' from mcp_jobs.jobs where status = 'failed';
insert into mcp_jobs.metrics values ('2026-01-22 10:00Z', 'n8n', 'sync', 7);
