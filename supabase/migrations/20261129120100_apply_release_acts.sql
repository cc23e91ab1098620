-- One release in one transaction: as a commit says, or as a person does at once.

create or replace function mcp.check_serving(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select c.skill || '@' || c.serving as version, v.state, r.reason into bad
    from mcp.release_changes(p_release) c
    left join mcp.skill_versions v on v.name = c.skill and v.version = c.serving
    left join mcp.revocations r on r.digest = v.digest
   where c.serving is not null
     and (coalesce(v.state, '') not in ('approved', 'deprecated') or r.digest is not null)
   order by c.skill limit 1;
  if found and bad.reason is not null then
    perform mcp.refuse('PT409', 'digest-revoked',
      format('%s cannot be served, its content is revoked for ever: %s', bad.version, bad.reason),
      'serve another version');
  elsif found then
    perform mcp.refuse('PT422', 'serving-unknown',
      format('%s cannot be served: it is %s', bad.version, coalesce(bad.state, 'not in production')),
      'serve an approved version');
  end if;
  -- To go back is a rollback, or what retires the newer version does it.
  select c.skill || '@' || c.serving as version, c.action, s.served_version as other into bad
    from mcp.release_changes(p_release) c
    join mcp.skills s on s.name = c.skill
   where c.action in ('publish', 'update', 'reinstate')
     and mcp.semver_key(c.serving) < mcp.semver_key(s.served_version)
   order by c.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'version-backwards',
      format('this %s would serve %s in the place of the newer %s', bad.action, bad.version, bad.other),
      'to go back on purpose is a rollback: `skillctl rollback`');
  end if;
end $$;

create or replace function mcp.is_replay(p_release jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  known mcp.releases;
begin
  select * into known from mcp.releases r where r.id = (p_release ->> 'id')::uuid;
  if not found then
    return false;
  end if;
  if (known.commit, known.kind, known.changes, known.holds, known.lifts) is distinct from
     (p_release ->> 'commit', mcp.release_kind(p_release), p_release -> 'changes',
      mcp.items(p_release -> 'holds'), mcp.items(p_release -> 'lifts')) then
    perform mcp.refuse('PT422', 'invalid-release',
      format('release %s was applied before with other content', known.id), 'give the new release an id of its own');
  end if;
  return true;
end $$;

create function mcp.check_place(p_release jsonb, p_held mcp.deployed) returns void
language plpgsql set search_path = '' as $$
begin
  -- Whether it was made for what production holds.
  if (p_held.release, p_held.commit) is distinct from
     ((p_release ->> 'expected_release')::uuid, p_release ->> 'expected_commit') then
    perform mcp.refuse('PT409', 'production-moved',
      format('production holds commit %s, release %s; this plan was made for commit %s, release %s',
             coalesce(p_held.commit, 'none'), coalesce(p_held.release::text, 'none'),
             coalesce(p_release ->> 'expected_commit', 'none'), coalesce(p_release ->> 'expected_release', 'none')),
      'plan again: `skillctl plan`');
  end if;
  if p_held.commit is null and mcp.release_kind(p_release) <> 'rebuild' then
    perform mcp.refuse('PT409', 'production-empty', 'production holds nothing yet',
      'fill it from Git: `skillctl sync --rebuild`');
  elsif p_held.commit is not null and mcp.release_kind(p_release) = 'rebuild' then
    perform mcp.refuse('PT409', 'production-not-empty', format('production holds commit %s', p_held.commit),
      'run `skillctl sync`; only an empty production is rebuilt');
  end if;
  if mcp.is_act(p_release) and p_held.commit is distinct from p_release ->> 'commit' then
    perform mcp.refuse('PT422', 'invalid-release', 'the act of a person deploys no other commit',
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;

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
  if mcp.is_empty(p_release) and held.commit = p_release ->> 'commit' then
    return mcp.nothing_changed(true);
  end if;
  perform mcp.check_place(p_release, held);
  if mcp.is_empty(p_release) then
    update mcp.deployed set commit = p_release ->> 'commit', judged = p_release ->> 'judged' where single;
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
  perform mcp.check_holds(p_release);
  perform mcp.write_versions(p_release, lines, proofs);
  perform mcp.write_states(p_release);
  perform mcp.check_serving(p_release);
  perform mcp.write_promotions(p_release);
  update mcp.skills s set served_version = c.serving
    from mcp.release_changes(p_release) c
   where s.name = c.skill and s.served_version is distinct from c.serving;
  perform mcp.write_holds(p_release);
  told := mcp.release_jobs(p_release);
  insert into mcp.releases (id, kind, reason, commit, parent, actor, tool, changes, holds, lifts, jobs)
  values (release_id, mcp.release_kind(p_release), p_release ->> 'reason', p_release ->> 'commit', held.release,
          p_release ->> 'actor', p_release ->> 'tool', p_release -> 'changes', mcp.items(p_release -> 'holds'),
          mcp.items(p_release -> 'lifts'), told)
  returning head into sealed;
  perform mcp.write_jobs(p_release, told, sealed);
  update mcp.deployed
     set commit = p_release ->> 'commit', release = release_id,
         judged = case when mcp.is_act(p_release) then judged else p_release ->> 'judged' end
   where single;
  return mcp.release_answer(release_id, false);
end $$;

create function mcp.is_empty(p_release jsonb) returns boolean
language sql immutable set search_path = '' as $$
  select jsonb_array_length(p_release -> 'changes') = 0
     and jsonb_array_length(mcp.items(p_release -> 'holds')) = 0
     and jsonb_array_length(mcp.items(p_release -> 'lifts')) = 0
$$;
