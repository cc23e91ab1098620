-- What a dashboard may ask: four views in a schema of their own, and a role that reads them and nothing else.

-- Views read with the rights of their owner, who owns the tables: with `security_invoker` the role would need rights on
-- the tables, and with those it could read what the views leave out. The schema is not an exposed one: the Data API has
-- no way here, and Supabase's rule `security_definer_view` looks at exposed schemas. No `security_barrier`: the views
-- hide columns, which no condition of a query reaches, and no rows; it would only keep conditions from the indexes.
-- A view calls functions as its reader, who may call none of `mcp`: none is in here.

-- Times are `timestamp` in UTC, days among them: a session's time zone moves none of them into another day.

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'mcp_reporter') then
    create role mcp_reporter nologin connection limit 20;
    -- They hold for a session that logs in so: who asks too much loses a chart, and production nothing.
    alter role mcp_reporter set statement_timeout = '30s';
    alter role mcp_reporter set idle_in_transaction_session_timeout = '60s';
    alter role mcp_reporter set default_transaction_read_only = 'on';
  end if;
exception when duplicate_object or unique_violation then
  null;  -- roles belong to the whole server: another database's migration was faster
end $$;

create schema mcp_reporting;
comment on schema mcp_reporting is
  'Figures for dashboards: no content, no evidence, no mail address. Not for the Data API.';
revoke all on schema mcp_reporting from public;

create view mcp_reporting.promotions_daily as
select date_trunc('day', p.promoted_at at time zone 'UTC') as day, p.skill, p.action, p.from_status, p.to_status,
       count(*) as promotions
  from mcp.promotions p
 group by 1, 2, 3, 4, 5;
comment on view mcp_reporting.promotions_daily is
  'How often a skill went from one status to another on a day. Steps in Git alone (draft, candidate) never come here.';

create view mcp_reporting.skill_catalogue as
select v.name as skill, v.version,
       case when r.digest is not null then 'revoked' else v.state end as state,
       v.version is not distinct from s.served_version as served, h.skill is not null as held,
       v.published_at at time zone 'UTC' as published_at,
       (select string_agg(o.owner, ', ')
          from jsonb_array_elements_text(
            case jsonb_typeof(v.card -> 'owners') when 'array' then v.card -> 'owners' else '[]' end) o (owner)
       ) as owners,
       v.notice ->> 'replaced_by' as replaced_by,
       -- Counted from the first of its month: a day that is in no calendar, such as 30 February, is no error then.
       case when v.notice ->> 'sunset' ~ '^20[0-9]{2}-(0[1-9]|1[0-2])-[0-3][0-9]$'
            then make_timestamp(left(v.notice ->> 'sunset', 4)::int,
                                substr(v.notice ->> 'sunset', 6, 2)::int, 1, 0, 0, 0)
                 + make_interval(days => right(v.notice ->> 'sunset', 2)::int - 1)
       end as sunset
  from mcp.skill_versions v
  join mcp.skills s on s.name = v.name
  left join mcp.revocations r on r.digest = v.digest
  left join mcp.holds h on h.skill = v.name;
comment on view mcp_reporting.skill_catalogue is
  'Every version that was ever approved, and how it stands. `sunset` is the last day it may be relied on.';

create view mcp_reporting.release_history as
select r.seq as number, r.id::text as release, r.kind, left(r.commit, 12) as commit,
       -- Git signs `Name <mail>`, and some people are called by their mail.
       coalesce(nullif(btrim(regexp_replace(split_part(r.actor, '<', 1), '@\S*', '', 'g')), ''), 'not said') as actor,
       r.tool, r.applied_at at time zone 'UTC' as applied_at, jsonb_array_length(r.changes) as skills,
       coalesce(p.published, 0) as published, coalesce(p.deprecated, 0) as deprecated,
       coalesce(p.reinstated, 0) as reinstated, coalesce(p.withdrawn, 0) as withdrawn,
       coalesce(p.revoked, 0) as revoked,
       jsonb_array_length(jsonb_path_query_array(
         r.changes, '$[*] ? (@.action == "update" || @.action == "rollback")')) as updated
  from mcp.releases r
  left join (
    select release, count(*) filter (where action = 'publish') as published,
           count(*) filter (where action = 'deprecate') as deprecated,
           count(*) filter (where action = 'reinstate') as reinstated,
           count(*) filter (where action = 'withdraw') as withdrawn,
           count(*) filter (where action = 'revoke') as revoked
      from mcp.promotions group by release) p on p.release = r.id;
comment on view mcp_reporting.release_history is
  'Every release with the skills it touched, and the versions by what happened to them. `updated` are skills of which'
  ' only the served version or a notice changed: a rollback, for one.';

create view mcp_reporting.eval_trend as
select e.skill, e.version, coalesce((e.figures).finished_at, v.published_at) at time zone 'UTC' as measured_at,
       v.published_at at time zone 'UTC' as published_at,
       (extract(epoch from v.published_at - (e.figures).finished_at) / 3600)::double precision as hours_to_production,
       e.class, e.verdict, (e.figures).pass_rate, (e.figures).cases, (e.figures).seconds, (e.figures).cost
  from mcp.evidence e
  left join mcp.skill_versions v on v.name = e.skill and v.version = e.version and v.evidence = e.sha256;
comment on view mcp_reporting.eval_trend is
  'The evaluation that each published version rests on, in figures. What was refused never comes here.';

revoke all on all tables in schema mcp_reporting from public, anon, authenticated, service_role, mcp_agent;
grant usage on schema mcp_reporting to mcp_reporter;
grant select on mcp_reporting.promotions_daily, mcp_reporting.skill_catalogue, mcp_reporting.release_history,
  mcp_reporting.eval_trend to mcp_reporter;
