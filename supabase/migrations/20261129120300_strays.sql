-- Rows that no release wrote, or that are not as the releases left them: what only an owner can have done.

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
  select coalesce(jsonb_agg(jsonb_build_object('table', s.place, 'key', s.key, 'why', s.why) order by s.place, s.key), '[]')
    from (
      select 'evidence', e.sha256, 'no version rests on it'
        from mcp.evidence e where not exists (select from mcp.skill_versions v where v.evidence = e.sha256)
      union all
      select 'version_files', f.name || '@' || f.version || ' ' || f.path, 'there is no such version'
        from mcp.version_files f
       where not exists (select from mcp.skill_versions v where v.name = f.name and v.version = f.version)
      union all
      select 'skills', s.name, 'it has no version, and no release names it'
        from mcp.skills s where not exists (select from mcp.skill_versions v where v.name = s.name)
      union all
      select 'skill_versions', v.name || '@' || v.version, 'no release published it'
        from mcp.skill_versions v where not exists (select from mcp.releases r where r.id = v.release)
      union all
      select 'skill_versions', v.name || '@' || v.version, 'it is revoked, and no revocation says so'
        from mcp.skill_versions v
       where v.state = 'revoked' and not exists (select from mcp.revocations r where r.digest = v.digest)
      union all
      select 'revocations', r.name || '@' || r.version, 'no version of this content is revoked'
        from mcp.revocations r
       where not exists (select from mcp.skill_versions v
                          where v.digest = r.digest and v.name = r.name and v.version = r.version
                            and v.state = 'revoked')
      union all
      select 'holds', coalesce(h.skill, x.skill), case
               when h.skill is null then 'a release set it, none ended it, and it is not there'
               when x.skill is null then 'no release set it'
               else 'it is not as the releases set it' end
        from mcp.holds h full join mcp.expected_holds() x on x.skill = h.skill
       where h.skill is null or x.skill is null or h.kind <> x.kind
          or not (h.digests @> coalesce(x.digests, '[]') and h.digests <@ coalesce(x.digests, '[]'))
      union all
      select 'deployed', coalesce(d.release::text, 'no release'), 'it is not the last release'
        from mcp.deployed d
       where d.release is distinct from (select r.id from mcp.releases r order by r.seq desc limit 1)
    ) s (place, key, why)
$$;

revoke all on all functions in schema mcp from public, anon, authenticated;
grant execute on function mcp.strays() to service_role;
