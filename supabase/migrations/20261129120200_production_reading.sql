-- What the tool asks of production: all of it, only what it does not know yet, or how a release can be undone.

drop function mcp.current_release();

create function mcp.current_release(p_known text default null, p_skills jsonb default null) returns jsonb
language sql stable security definer set search_path = '' as $$
  -- `skills` is null where `p_known` is the head of the ledger, of which the caller has kept them; with `p_skills` they
  -- are only these.
  select jsonb_build_object(
    'release', d.release, 'commit', d.commit, 'judged', coalesce(d.judged, d.commit), 'applied_at', r.applied_at,
    'head', l.head,
    'skills', case when p_known is distinct from l.head then (
      select coalesce(jsonb_object_agg(s.name, jsonb_build_object('serving', s.served_version, 'versions', coalesce((
               select jsonb_object_agg(v.version, jsonb_build_object('digest', v.digest, 'state', v.state,
                        'notice', v.notice, 'card_sha256', v.card_sha256))
                 from mcp.skill_versions v where v.name = s.name), '{}'))), '{}')
        from mcp.skills s
       where p_skills is null or s.name in (select jsonb_array_elements_text(p_skills))) end,
    'holds', (
      select coalesce(jsonb_agg(to_jsonb(h) order by h.skill), '[]') from mcp.holds h),
    'revocations', (
      select coalesce(jsonb_agg(to_jsonb(v) order by v.at, v.digest), '[]') from mcp.revocations v))
    from mcp.deployed d
   cross join (select mcp.ledger_head() as head) l
    left join mcp.releases r on r.id = d.release
$$;

create function mcp.release_effect(p_release text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
-- One release, by the beginning of its id, and for each skill that it changed: what it served (`serving`), what was
-- served before, in which state that is, and what is served now. Null for none, or more than one.
declare
  found mcp.releases;
begin
  if p_release !~ '^[0-9a-f][0-9a-f-]{3,35}$'
     or (select count(*) from mcp.releases r where r.id::text like p_release || '%') <> 1 then
    return null;
  end if;
  select * into found from mcp.releases r where r.id::text like p_release || '%';
  return jsonb_build_object(
    'release', found.id, 'kind', found.kind, 'commit', found.commit, 'actor', found.actor,
    'applied_at', found.applied_at, 'skills', (
      with changed as (
        select c.skill, c.serving from mcp.release_changes(jsonb_build_object('changes', found.changes)) c
      ), earlier as (
        select distinct on (e.skill) e.skill, e.serving
          from mcp.releases r, mcp.release_changes(jsonb_build_object('changes', r.changes)) e
         where r.seq < found.seq and e.skill in (select skill from changed)
         order by e.skill, r.seq desc
      )
      select coalesce(jsonb_agg(jsonb_build_object(
               'skill', c.skill, 'serving', c.serving, 'digest', v.digest, 'before', e.serving,
               'before_state', b.state, 'now', s.served_version) order by c.skill), '[]')
        from changed c
        join mcp.skills s on s.name = c.skill
        left join earlier e on e.skill = c.skill
        left join mcp.skill_versions v on v.name = c.skill and v.version = c.serving
        left join mcp.skill_versions b on b.name = c.skill and b.version = e.serving));
end $$;

create function mcp.list_releases(p_limit int default 20) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'release', r.id, 'kind', r.kind, 'reason', r.reason, 'commit', r.commit, 'actor', r.actor,
           'applied_at', r.applied_at, 'changes', jsonb_array_length(r.changes), 'head', r.head) order by r.seq desc), '[]')
    from (select * from mcp.releases order by seq desc limit least(greatest(p_limit, 1), 200)) r
$$;

create function mcp.version_facts(p_skills jsonb) returns jsonb
language sql stable security definer set search_path = '' as $$
  -- All that production holds of these skills, to be compared with what a commit says. `lost` are the hashes of content
  -- that is not there, or is no longer what it is called by; `evidence_fits` says whether the row of the evidence is
  -- what its stored bytes say.
  select coalesce(jsonb_object_agg(s.name, jsonb_build_object('serving', s.served_version, 'versions', coalesce((
      select jsonb_object_agg(v.version, jsonb_build_object(
          'digest', v.digest, 'manifest', v.manifest, 'evidence', v.evidence, 'approval', v.approval,
          'definition_path', v.definition_path, 'card', v.card, 'card_sha256', v.card_sha256,
          'state', v.state, 'notice', v.notice,
          'files', f.files, 'lost', f.lost, 'evidence_fits', coalesce(
            (e.skill, e.version, e.skill_digest, e.suite_digest, e.policy_digest, e.class, e.verdict, e.body)
            is not distinct from
            (o.said ->> 'skill', o.said ->> 'version', o.said ->> 'skill_digest', o.said ->> 'suite_digest',
             o.said ->> 'policy_digest', o.said ->> 'class', o.said ->> 'verdict', o.said), false)))
        from mcp.skill_versions v
        left join mcp.evidence e on e.sha256 = v.evidence
        left join mcp.blobs b on b.sha256 = v.evidence
       cross join lateral (select mcp.as_object(b.bytes) offset 0) o (said)
       cross join lateral (
          select coalesce(jsonb_agg(jsonb_build_array(w.path, w.mode, w.sha256) order by w.path collate "C")
                            filter (where w.path is not null), '[]'),
                 coalesce(jsonb_agg(w.sha256 order by w.sha256)
                            filter (where c.bytes is null or encode(sha256(c.bytes), 'hex') <> w.sha256), '[]')
            from (select x.path, x.mode, x.sha256 from mcp.version_files x where x.name = v.name and x.version = v.version
                  union all select null, null, unnest(array[v.manifest, v.evidence, v.approval])) w
            left join mcp.blobs c on c.sha256 = w.sha256) f (files, lost)
       where v.name = s.name), '{}'))), '{}')
    from mcp.skills s
   where s.name in (select jsonb_array_elements_text(p_skills))
$$;

revoke all on all functions in schema mcp from public, anon, authenticated;
grant execute on function mcp.current_release(text, jsonb) to service_role;
grant execute on function mcp.release_effect(text) to service_role;
grant execute on function mcp.list_releases(int) to service_role;
grant execute on function mcp.version_facts(jsonb) to service_role;

notify pgrst, 'reload schema';
