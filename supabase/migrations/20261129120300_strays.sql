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

create function mcp.held_faults() returns table (at text, what text)
language sql stable set search_path = '' as $$
  -- What is held need not be as a commit says, so it is compared with what the last release that touched it said.
  with told as (
    select distinct on (c.skill) c.skill, c.serving
      from mcp.holds h, mcp.releases r, mcp.release_changes(jsonb_build_object('changes', r.changes)) c
     where c.skill = h.skill order by c.skill, r.seq desc
  ), stated as (
    select distinct on (s.skill, s.version) s.skill, s.version, s.state, s.notice
      from mcp.holds h, mcp.releases r, mcp.release_states(jsonb_build_object('changes', r.changes)) s
     where s.skill = h.skill order by s.skill, s.version, r.seq desc
  )
  select 'skills', format('%s is held, and serves %s', s.name, coalesce(s.served_version, 'nothing'))
    from mcp.holds h
    join mcp.skills s on s.name = h.skill
    left join told t on t.skill = s.name
   where s.served_version is distinct from t.serving
  union all
  select 'skill_versions', format('%s@%s is held, and %s otherwise than it was said', v.name, v.version, v.state)
    from mcp.holds h
    join mcp.skill_versions v on v.name = h.skill
    left join stated t on t.skill = v.name and t.version = v.version
   where (v.state, v.notice) is distinct from (coalesce(t.state, 'approved'), t.notice)
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
      select 'skill_versions', format('%s@%s is of no skill', v.name, v.version)
        from mcp.skill_versions v where not exists (select from mcp.skills s where s.name = v.name)
      union all
      select 'skill_versions', format('no release published %s@%s when it says', v.name, v.version)
        from mcp.skill_versions v
       where not exists (select from mcp.promotions p
                          where p.action = 'publish' and p.skill = v.name and p.version = v.version
                            and p.release = v.release and p.promoted_at = v.published_at)
      union all
      select 'skill_versions', format('%s@%s is revoked, and no revocation says so', v.name, v.version)
        from mcp.skill_versions v
       where v.state = 'revoked' and not exists (select from mcp.revocations r where r.digest = v.digest)
      union all
      select 'revocations', format('%s@%s is revoked by somebody, at a time or for a reason that no release says',
                                   r.name, r.version)
        from mcp.revocations r
       where not exists (
         select from mcp.promotions p
           join mcp.releases o on o.id = p.release
           join lateral mcp.release_states(jsonb_build_object('changes', o.changes)) s
             on s.skill = p.skill and s.version = p.version and s.state = 'revoked'
          where p.action = 'revoke' and p.digest = r.digest
            and (p.skill, p.version, p.actor, p.promoted_at, coalesce(s.notice ->> 'reason', 'not said')) =
                (r.name, r.version, r.actor, r.at, r.reason))
      union all
      select 'holds', format('%s is held by somebody, at a time, a version or for a reason that no release says', h.skill)
        from mcp.holds h
        left join mcp.releases o on o.id = h.release
        left join lateral (
          select c.serving
            from mcp.releases r, mcp.release_changes(jsonb_build_object('changes', r.changes)) c
           where r.seq <= o.seq and c.skill = h.skill order by r.seq desc limit 1) t on true
       where (o.actor, o.reason, o.applied_at, t.serving) is distinct from (h.actor, h.reason, h.at, h.version)
      union all
      select 'holds', coalesce(h.skill, x.skill) || case
               when h.skill is null then ' is held by a release that none ended, and not here'
               when x.skill is null then ' is held by no release'
               else ' is not held as the releases did it' end
        from mcp.holds h full join mcp.expected_holds() x on x.skill = h.skill
       where h.skill is null or x.skill is null or h.kind <> x.kind
          or not (h.digests @> coalesce(x.digests, '[]') and h.digests <@ coalesce(x.digests, '[]'))
      union all
      select 'offers', format('%s@%s is offered, and not served', o.name, o.version)
        from mcp.offers o
       where not exists (select from mcp.skills s where s.name = o.name and s.served_version = o.version)
      union all
      select 'terms', format('words are of offer %s, which is not there', t.offer)
        from (select distinct offer from mcp.terms) t
       where not exists (select from mcp.offers o where o.id = t.offer)
      union all
      select f.at, f.what from mcp.held_faults() f
      union all
      select f.at, f.what from mcp.deployed_faults() f
      union all
      select f.at, f.what from mcp.revocation_faults() f
    ) s (place, what)
$$;

revoke all on all functions in schema mcp from public, anon, authenticated;
grant execute on function mcp.strays() to service_role;
