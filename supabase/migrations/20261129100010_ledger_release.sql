-- A release with its head in every job: the head is known before the jobs are written, because the release names them
-- by ids that are chosen first.

drop function mcp.write_jobs(jsonb);

create function mcp.release_jobs(p_release jsonb) returns jsonb
language sql volatile set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'destination', j ->> 'destination')
                            order by j ->> 'destination'), '[]')
    from jsonb_path_query(p_release, '$.jobs[*]') j
$$;

create function mcp.write_jobs(p_release jsonb, p_jobs jsonb, p_head text) returns void
language sql volatile set search_path = '' as $$
  insert into mcp_jobs.jobs (id, source, job_type, payload, idempotency_key)
  select (named ->> 'id')::uuid, 'skillctl', j ->> 'job_type',
         (j -> 'payload') || jsonb_build_object('head', p_head),
         (p_release ->> 'id') || ':' || (j ->> 'destination')
    from jsonb_path_query(p_release, '$.jobs[*]') j
    join jsonb_array_elements(p_jobs) named on named ->> 'destination' = j ->> 'destination'
$$;

-- The settings are for first releases of thousands of skills: else they are sorted on disk, and planned with copies of
-- the whole release as constants. The time-out is that of the whole call, and the way past the 8 s of the API's own roles.
create or replace function mcp.apply_release(p_release jsonb) returns jsonb
language plpgsql security definer set search_path = '' set work_mem = '64MB' set jit = 'off'
  set plan_cache_mode = 'force_generic_plan' set statement_timeout = '60s' as $$
declare
  release_id uuid;
  held mcp.deployed;
  lines mcp.manifest_line[];
  proofs mcp.proof[];
  told jsonb;
  sealed text;
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
  told := mcp.release_jobs(p_release);
  insert into mcp.releases (id, commit, parent, actor, tool, changes, jobs)
  values (release_id, p_release ->> 'commit', held.release, p_release ->> 'actor', p_release ->> 'tool',
          p_release -> 'changes', told)
  returning head into sealed;
  perform mcp.write_jobs(p_release, told, sealed);
  update mcp.deployed set commit = p_release ->> 'commit', release = release_id where single;
  return mcp.release_answer(release_id, false);
end $$;

revoke all on all functions in schema mcp from public, anon, authenticated;
