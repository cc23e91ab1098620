-- One release in one transaction, and what production holds.

-- The settings are for first releases of thousands of skills: else they are sorted on disk, and planned with copies of
-- the whole release as constants. The time-out is that of the whole call, and the way past the 8 s of the API's own roles.
create function mcp.apply_release(p_release jsonb) returns jsonb
language plpgsql security definer set search_path = '' set work_mem = '64MB' set jit = 'off'
  set plan_cache_mode = 'force_generic_plan' set statement_timeout = '60s' as $$
declare
  release_id uuid;
  held mcp.deployed;
  lines mcp.manifest_line[];
  proofs mcp.proof[];
  told jsonb;
begin
  perform mcp.check_shape(p_release);
  release_id := (p_release ->> 'id')::uuid;
  perform pg_advisory_xact_lock(hashtextextended('mcp.apply_release', 0));
  if mcp.is_replay(p_release) then
    return mcp.release_answer(release_id, true);
  end if;
  select * into held from mcp.deployed;
  if jsonb_array_length(p_release -> 'changes') = 0 and held.commit = p_release ->> 'commit' then
    return mcp.nothing_changed(true);
  end if;
  if (held.release, held.commit) is distinct from
     ((p_release ->> 'expected_release')::uuid, p_release ->> 'expected_commit') then
    perform mcp.refuse('PT409', 'production-moved',
      format('production holds commit %s, release %s; this plan was made for commit %s, release %s',
             coalesce(held.commit, 'none'), coalesce(held.release::text, 'none'),
             coalesce(p_release ->> 'expected_commit', 'none'), coalesce(p_release ->> 'expected_release', 'none')),
      'plan again: `skillctl plan`');
  end if;
  if jsonb_array_length(p_release -> 'changes') = 0 then
    update mcp.deployed set commit = p_release ->> 'commit' where single;
    return mcp.nothing_changed(false);
  end if;
  -- Read once, for several checks and for what is written.
  lines := array(select l from mcp.release_lines(p_release) l);
  proofs := array(select p from mcp.release_proofs(p_release) p);
  perform mcp.check_versions(p_release);
  perform mcp.check_blobs(p_release, lines);
  perform mcp.check_manifests(p_release, lines);
  perform mcp.check_proofs(proofs, lines);
  perform mcp.check_states(p_release);
  perform mcp.check_promotions(p_release);
  perform mcp.write_versions(p_release, lines, proofs);
  perform mcp.write_states(p_release);
  perform mcp.check_serving(p_release);
  perform mcp.write_promotions(p_release);
  update mcp.skills s set served_version = c.serving
    from mcp.release_changes(p_release) c
   where s.name = c.skill and s.served_version is distinct from c.serving;
  told := mcp.write_jobs(p_release);
  insert into mcp.releases (id, commit, parent, actor, tool, changes, jobs, head)
  values (release_id, p_release ->> 'commit', held.release, p_release ->> 'actor', p_release ->> 'tool',
          p_release -> 'changes', told, mcp.ledger_head());
  update mcp.deployed set commit = p_release ->> 'commit', release = release_id where single;
  return mcp.release_answer(release_id, false);
end $$;
comment on function mcp.apply_release(jsonb) is
  'Publishes, changes states and what is served, writes the ledger and the jobs; all of it or nothing.';

create function mcp.is_replay(p_release jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  known mcp.releases;
begin
  select * into known from mcp.releases r where r.id = (p_release ->> 'id')::uuid;
  if not found then
    return false;
  end if;
  if known.commit <> p_release ->> 'commit' or known.changes <> p_release -> 'changes' then
    perform mcp.refuse('PT422', 'invalid-release',
      format('release %s was applied before with other content', known.id), 'give the new release an id of its own');
  end if;
  return true;
end $$;

create function mcp.nothing_changed(p_replayed boolean) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('release', d.release, 'applied_at', r.applied_at, 'head', mcp.ledger_head(),
                            'jobs', '[]'::jsonb, 'replayed', p_replayed)
    from mcp.deployed d left join mcp.releases r on r.id = d.release
$$;

create function mcp.current_release() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'release', d.release, 'commit', d.commit, 'applied_at', r.applied_at, 'head', mcp.ledger_head(),
    'skills', (
      select coalesce(jsonb_object_agg(s.name, jsonb_build_object('serving', s.served_version, 'versions', coalesce((
               select jsonb_object_agg(v.version, jsonb_build_object('digest', v.digest, 'state', v.state,
                        'notice', v.notice, 'card_sha256', v.card_sha256))
                 from mcp.skill_versions v where v.name = s.name), '{}'))), '{}')
        from mcp.skills s),
    'holds', (
      select coalesce(jsonb_agg(to_jsonb(h) order by h.skill), '[]') from mcp.holds h),
    'revocations', (
      select coalesce(jsonb_agg(to_jsonb(v) order by v.at, v.digest), '[]') from mcp.revocations v))
    from mcp.deployed d left join mcp.releases r on r.id = d.release
$$;
