-- How the last promotion of a skill arrived, asked in one way: by `skillctl status --env` of all, by a chat of one.

create function mcp.last_rollouts(p_skill text default null) returns jsonb
language sql stable set search_path = '' as $$
  -- By skill; one whose last promotion n8n was not told of is not there. `job` is the status of what brings it there.
  select coalesce(jsonb_object_agg(l.skill, jsonb_build_object(
           'version', l.version, 'release', l.release, 'state', o.state, 'job', j.status)), '{}')
    from (select distinct on (p.skill) p.skill, p.version, p.release
            from mcp.promotions p where p_skill is null or p.skill = p_skill
           order by p.skill, p.seq desc) l
    join mcp.rollouts o on o.release = l.release
    left join mcp_jobs.jobs j on j.id = o.job
$$;

create or replace function mcp.rollout_states(p_limit int default 20) returns jsonb
language sql stable security definer set search_path = '' as $$
  -- The newest releases that n8n is told of, with their promotions; and for each skill that of its last promotion. `job`
  -- is the status of what brings it there: `failed` is a dead letter.
  with told as (
    select r.seq, o.release, jsonb_build_object(
             'release', o.release, 'kind', r.kind, 'commit', r.commit, 'state', o.state, 'execution', o.execution,
             'detail', o.detail, 'settled_by', o.settled_by, 'queued_at', o.queued_at,
             'delivered_at', o.delivered_at, 'settled_at', o.settled_at,
             'job', j.status, 'error', j.last_error) as said, r.changes
      from mcp.rollouts o
      join mcp.releases r on r.id = o.release
      left join mcp_jobs.jobs j on j.id = o.job
  )
  select jsonb_build_object(
    'releases', (
      select coalesce(jsonb_agg(t.said || jsonb_build_object(
               'skills', jsonb_array_length(t.changes), 'promotions', (
                 select coalesce(jsonb_agg(jsonb_build_object('skill', p.skill, 'version', p.version,
                          'action', p.action) order by p.seq), '[]')
                   from mcp.promotions p where p.release = t.release)) order by t.seq desc), '[]')
        from (select * from told order by seq desc limit least(greatest(coalesce(p_limit, 20), 0), 200)) t),
    'skills', mcp.last_rollouts())
$$;

create or replace function mcp.skill_standing(p_name text default null) returns jsonb
language sql stable security definer set search_path = '' as $$
  -- `skill` is null for one that production does not know, and then `names` are those that it does; without a name only
  -- what holds of all. `holds` are of this skill, or of all.
  select jsonb_build_object(
    'release', d.release, 'commit', d.commit, 'kind', r.kind, 'actor', r.actor, 'applied_at', r.applied_at,
    'served', (select count(*) from mcp.skills s where s.served_version is not null),
    'holds', (select coalesce(jsonb_agg(to_jsonb(h) order by h.at desc), '[]') from
               (select * from mcp.holds h where p_name is null or h.skill = p_name order by h.at desc limit 20) h),
    'skill', (
      select jsonb_build_object(
          'name', s.name, 'serving', s.served_version, 'description', v.card -> 'description',
          'owners', v.card -> 'owners', 'digest', v.digest, 'state', v.state, 'notice', v.notice,
          'published_at', v.published_at, 'proof', mcp.served_proof(s.name, s.served_version),
          'rollout', mcp.last_rollouts(s.name) -> s.name,
          'versions', (
            select jsonb_agg(jsonb_build_object('version', o.version, 'state', o.state, 'notice', o.notice)
                             order by mcp.semver_key(o.version) desc)
              from mcp.skill_versions o where o.name = s.name))
        from mcp.skills s
        left join mcp.skill_versions v on v.name = s.name and v.version = s.served_version
       where s.name = p_name),
    'names', case when p_name is not null and not exists (select from mcp.skills s where s.name = p_name)
      then (select coalesce(jsonb_agg(s.name order by s.name), '[]') from mcp.skills s) end)
    from mcp.deployed d
    left join mcp.releases r on r.id = d.release
$$;

revoke all on function mcp.last_rollouts(text) from public, anon, authenticated;

notify pgrst, 'reload schema';
