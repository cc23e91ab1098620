-- What production holds of the skills: content by its hash, versions, evidence, releases, the promotions' ledger.
-- No API role gets a right on a table; the functions of the later files are the only doors.

-- A plain PostgreSQL has no such roles; on Supabase this does nothing.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['anon', 'authenticated', 'service_role', 'mcp_agent'] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
        execute format('create role %I nologin', role_name);
      end if;
    exception when duplicate_object or unique_violation then
      null;  -- roles belong to the whole server: another database's migration was faster
    end;
  end loop;
end $$;

create schema mcp;
revoke all on schema mcp from public;
grant usage on schema mcp to service_role, mcp_agent;

create table mcp.blobs (
  sha256 text primary key,
  bytes bytea not null,
  stored_at timestamptz not null default now(),
  constraint blobs_content check (sha256 = encode(pg_catalog.sha256(bytes), 'hex')),
  constraint blobs_size check (octet_length(bytes) <= 16777216)
);
comment on table mcp.blobs is 'Content under the SHA-256 of its bytes: files, manifests, evidence, approvals.';
-- No foreign key leads here: a release looks up every blob it names, and none is ever removed. The keys would lock, and
-- so write, each blob's row again with every release.

create table mcp.skills (
  name text primary key,
  served_version text,
  constraint skills_name check (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(name) <= 64)
);
comment on column mcp.skills.served_version is 'What agents get; null: nothing is offered.';

create table mcp.skill_versions (
  name text not null references mcp.skills (name),
  version text not null,
  digest text not null,
  manifest text not null,
  evidence text not null,
  approval text not null,
  definition_path text not null,
  card jsonb not null,
  card_sha256 text not null,
  state text not null default 'approved',
  notice jsonb,
  release uuid not null,
  published_at timestamptz not null default now(),
  primary key (name, version),
  constraint skill_versions_digest check (digest = 'sha256:' || manifest),
  constraint skill_versions_definition check (definition_path in ('skill.yaml', 'skill.json')),
  constraint skill_versions_card check (jsonb_typeof(card) = 'object' and length(card_sha256) = 64),
  constraint skill_versions_state check (state in ('approved', 'deprecated', 'withdrawn', 'revoked'))
);
comment on column mcp.skill_versions.notice is '{"reason", "replaced_by", "sunset"} of a version that is no longer advised.';
create index skill_versions_digest_idx on mcp.skill_versions (digest);

alter table mcp.skills add constraint skills_served
  foreign key (name, served_version) references mcp.skill_versions (name, version);

create table mcp.version_files (
  name text not null,
  version text not null,
  path text not null,
  mode text not null check (mode in ('100644', '100755')),
  sha256 text not null,
  primary key (name, version, path),
  foreign key (name, version) references mcp.skill_versions (name, version)
);

create table mcp.evidence (
  sha256 text primary key,
  skill text not null,
  version text not null,
  skill_digest text not null,
  suite_digest text,
  policy_digest text,
  class text not null,
  verdict text not null,
  body jsonb not null
);
create index evidence_skill_idx on mcp.evidence (skill, version);

create table mcp.releases (
  id uuid primary key,
  seq bigint generated always as identity unique,
  commit text not null check (commit ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
  parent uuid references mcp.releases (id),
  actor text not null,
  tool text not null,
  applied_at timestamptz not null default now(),
  changes jsonb not null,
  jobs jsonb not null,
  head text not null,
  -- One release has no parent, and no two have the same one: the history is a line.
  constraint releases_line unique nulls not distinct (parent)
);
-- Not compressed: for the changes of thousands of skills that took longer than all else.
alter table mcp.releases alter column changes set storage external;
comment on column mcp.releases.head is 'The last hash of the promotions'' ledger after this release.';

alter table mcp.skill_versions add constraint skill_versions_release
  foreign key (release) references mcp.releases (id) deferrable initially deferred;
create index skill_versions_release_idx on mcp.skill_versions (release);

create table mcp.deployed (
  single boolean primary key default true check (single),
  commit text check (commit ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
  release uuid references mcp.releases (id)
);
comment on table mcp.deployed is 'One row: the commit that production holds, and the last release that changed anything.';
insert into mcp.deployed (single) values (true);

create table mcp.promotions (
  seq bigint primary key,
  release uuid not null references mcp.releases (id) deferrable initially deferred,
  skill text not null,
  version text not null,
  action text not null,
  from_status text,
  to_status text not null,
  digest text not null,
  evidence text,
  actor text not null,
  promoted_at timestamptz not null default now(),
  prev_hash text not null unique,
  hash text not null unique,
  foreign key (skill, version) references mcp.skill_versions (name, version)
);
create index promotions_version_idx on mcp.promotions (skill, version);
create index promotions_release_idx on mcp.promotions (release);

create table mcp.revocations (
  digest text primary key check (digest ~ '^sha256:[0-9a-f]{64}$'),
  name text not null,
  version text not null,
  reason text not null,
  actor text not null,
  at timestamptz not null default now()
);

create table mcp.holds (
  skill text primary key,
  version text,
  reason text not null,
  actor text not null,
  at timestamptz not null default now()
);

alter table mcp.blobs enable row level security;
alter table mcp.skills enable row level security;
alter table mcp.skill_versions enable row level security;
alter table mcp.version_files enable row level security;
alter table mcp.evidence enable row level security;
alter table mcp.releases enable row level security;
alter table mcp.deployed enable row level security;
alter table mcp.promotions enable row level security;
alter table mcp.revocations enable row level security;
alter table mcp.holds enable row level security;
