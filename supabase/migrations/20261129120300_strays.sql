-- What is not as the releases left it: only an owner can have done that.

create function mcp.expected_holds() returns table (skill text, kind text, digests jsonb)
language sql stable set search_path = '' as $$
  -- Every hold since it was last ended, by the releases: as hard as its hardest, with all that it keeps away.
  with told as (
    select r.seq, h.skill, h.kind, h.digests
      from mcp.releases r, mcp.release_holds(jsonb_build_object('holds', r.holds)) h
  ), ended as (
    select l.skill, max(r.seq) as seq
      from mcp.releases r, mcp.release_lifts(jsonb_build_object('lifts', r.lifts)) l (skill) group by l.skill
  )
  select t.skill, min(t.kind), jsonb_agg(distinct d.digest) filter (where d.digest is not null)
    from told t
    left join ended e on e.skill = t.skill
    left join lateral jsonb_array_elements(t.digests) d (digest) on true
   where t.seq > coalesce(e.seq, 0)
   group by t.skill
$$;

create function mcp.strays() returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('table', s.place, 'what', s.what) order by s.place, s.what), '[]')
    from (
      select 'evidence', format('no version rests on %s', e.sha256)
        from mcp.evidence e where not exists (select from mcp.skill_versions v where v.evidence = e.sha256)
      union all
      select 'version_files', format('there is no %s@%s with a file `%s`', f.name, f.version, f.path)
        from mcp.version_files f
       where not exists (select from mcp.skill_versions v where v.name = f.name and v.version = f.version)
      union all
      select 'skills', format('%s has no version', s.name)
        from mcp.skills s where not exists (select from mcp.skill_versions v where v.name = s.name)
      union all
      select 'skill_versions', format('no release published %s@%s', v.name, v.version)
        from mcp.skill_versions v where not exists (select from mcp.releases r where r.id = v.release)
      union all
      select 'skill_versions', format('%s@%s is revoked, and no revocation says so', v.name, v.version)
        from mcp.skill_versions v
       where v.state = 'revoked' and not exists (select from mcp.revocations r where r.digest = v.digest)
      union all
      select 'holds', coalesce(h.skill, x.skill) || case
               when h.skill is null then ' is held by a release that none ended, and not here'
               when x.skill is null then ' is held by no release'
               else ' is not held as the releases did it' end
        from mcp.holds h full join mcp.expected_holds() x on x.skill = h.skill
       where h.skill is null or x.skill is null or h.kind <> x.kind
          or not (h.digests @> coalesce(x.digests, '[]') and h.digests <@ coalesce(x.digests, '[]'))
      union all
      select f.at, f.what from mcp.deployed_faults() f
      union all
      select f.at, f.what from mcp.revocation_faults() f
    ) s (place, what)
$$;

revoke all on all functions in schema mcp from public, anon, authenticated;
grant execute on function mcp.strays() to service_role;
