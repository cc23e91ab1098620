-- What a person in a chat asks of production: how one skill stands, why, and what became of it.

create function mcp.served_proof(p_name text, p_version text) returns jsonb
language sql stable set search_path = '' as $$
  -- The evidence of a version in figures, and who wrote it by its approval; null where it is not there.
  select jsonb_build_object(
      'class', e.class, 'verdict', e.verdict, 'runner', e.body -> 'runner', 'model', e.body -> 'model',
      'measured_at', e.body -> 'finished_at', 'commit', e.body -> 'commit', 'suite_digest', e.suite_digest,
      'cases', jsonb_array_length(mcp.items(e.body -> 'cases')),
      'passed', (select count(*) from jsonb_array_elements(mcp.items(e.body -> 'cases')) c
                  where c ->> 'outcome' = 'passed'),
      'authors', mcp.as_object(b.bytes) #> '{predicate,authors}')
    from mcp.skill_versions v
    join mcp.evidence e on e.sha256 = v.evidence
    left join mcp.blobs b on b.sha256 = v.approval
   where v.name = p_name and v.version = p_version
$$;

create function mcp.skill_history(p_name text, p_limit int default 10) returns jsonb
language sql stable security definer set search_path = '' as $$
  -- The newest rows of the ledger for one skill, each with the release it came in by.
  select coalesce(jsonb_agg(jsonb_build_object(
           'seq', p.seq, 'version', p.version, 'action', p.action, 'from_status', p.from_status,
           'to_status', p.to_status, 'actor', p.actor, 'at', p.promoted_at, 'digest', p.digest,
           'release', r.id, 'kind', r.kind, 'reason', r.reason, 'commit', r.commit) order by p.seq desc), '[]')
    from (select * from mcp.promotions where skill = p_name
           order by seq desc limit least(greatest(coalesce(p_limit, 10), 1), 100)) p
    join mcp.releases r on r.id = p.release
$$;

create function mcp.skill_standing(p_name text default null) returns jsonb
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

revoke all on all functions in schema mcp from public;
grant execute on function mcp.skill_history(text, int) to service_role;
grant execute on function mcp.skill_standing(text) to service_role;

notify pgrst, 'reload schema';
