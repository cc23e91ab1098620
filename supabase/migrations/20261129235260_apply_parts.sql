-- One release in one transaction, taken apart once.

create function mcp.write_versions(
  p_release uuid, p_changes mcp.change[], p_publications mcp.publication[], p_lines mcp.manifest_line[],
  p_proofs mcp.proof[]
) returns void
language plpgsql set search_path = '' as $$
begin
  -- Nobody else writes while the lock of a release is held, so what is there is left out and not stumbled upon.
  insert into mcp.skills (name)
  select c.skill from unnest(p_changes) c
   where not exists (select from mcp.skills s where s.name = c.skill)
   order by c.skill collate "C";
  insert into mcp.skill_versions
    (name, version, digest, manifest, evidence, approval, definition_path, card, card_sha256, release)
  select p.skill, p.version, p.digest, p.manifest, p.evidence, p.approval, p.definition_path, p.card, p.card_sha256,
         p_release
    from unnest(p_publications) p
   where not exists (select from mcp.skill_versions v where v.name = p.skill and v.version = p.version);
  insert into mcp.version_files (name, version, path, mode, sha256)
  select l.skill, l.version, l.path, l.mode, l.stored
    from unnest(p_lines) l
   where not exists (select from mcp.version_files f
                      where f.name = l.skill and f.version = l.version and f.path = l.path);
  insert into mcp.evidence (sha256, skill, version, skill_digest, suite_digest, policy_digest, class, verdict, body)
  select p.evidence_sha256, p.skill, p.version, p.digest, p.evidence ->> 'suite_digest',
         p.evidence ->> 'policy_digest', p.evidence ->> 'class', p.evidence ->> 'verdict', p.evidence
    from unnest(p_proofs) p
   where not exists (select from mcp.evidence e where e.sha256 = p.evidence_sha256);
end $$;

create function mcp.write_states(p_release jsonb, p_statings mcp.stating[]) returns void
language plpgsql set search_path = '' as $$
begin
  update mcp.skill_versions v
     set state = s.state, notice = s.notice
    from unnest(p_statings) s
   where v.name = s.skill and v.version = s.version and (v.state, v.notice) is distinct from (s.state, s.notice);
  insert into mcp.revocations (digest, name, version, reason, actor)
  select v.digest, s.skill, s.version, coalesce(s.notice ->> 'reason', 'not said'), p_release ->> 'actor'
    from unnest(p_statings) s
    join mcp.skill_versions v on v.name = s.skill and v.version = s.version
   where s.state = 'revoked'
   order by v.digest
  on conflict (digest) do nothing;
end $$;

create function mcp.chained_promotions(p_release jsonb, p_steps mcp.step[]) returns setof mcp.promotions
language plpgsql stable set search_path = '' as $$
declare
  last record;
  made mcp.promotions;
  previous text;
begin
  select p.seq, p.hash into last from mcp.promotions p order by p.seq desc limit 1;
  previous := coalesce(last.hash, repeat('0', 64));
  for made in
    select coalesce(last.seq, 0) + s.place, (p_release ->> 'id')::uuid, s.skill, s.version, s.action, s.from_status,
           s.to_status, s.digest, s.evidence, p_release ->> 'actor', now(), null, null
      from unnest(p_steps) with ordinality
           s (skill, version, action, from_status, to_status, digest, evidence, place)
     order by s.place
  loop
    made.prev_hash := previous;
    made.hash := encode(sha256(convert_to(previous || mcp.promotion_text(made), 'UTF8')), 'hex');
    previous := made.hash;
    return next made;
  end loop;
end $$;

create function mcp.write_promotions(p_release jsonb, p_steps mcp.step[]) returns void
language sql volatile set search_path = '' as $$
  insert into mcp.promotions (seq, release, skill, version, action, from_status, to_status, digest, evidence, actor,
                              promoted_at, prev_hash, hash)
  select seq, release, skill, version, action, from_status, to_status, digest, evidence, actor, promoted_at, prev_hash,
         hash
    from mcp.chained_promotions(p_release, p_steps)
$$;

create or replace function mcp.release_text(p_row mcp.releases) returns text
language sql stable set search_path = '' as $$
  -- The spelling that is hashed: one JSON array, times in UTC to the microsecond. Put together of texts, because an array
  -- of what may be megabytes would first be a copy of it.
  select left(jsonb_build_array(
      p_row.id, p_row.seq, p_row.kind, p_row.reason, p_row.commit, p_row.parent, p_row.actor, p_row.tool,
      to_char(p_row.applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text, -1)
    || ', ' || p_row.changes::text || ', ' || p_row.holds::text || ', ' || p_row.lifts::text
    || ', ' || p_row.jobs::text || ']'
$$;

create function mcp.write_release(p_release jsonb, p_parent uuid) returns void
language plpgsql set search_path = '' as $$
-- The last of it: the jobs are named in the row that is sealed, and tell the seal.
declare
  told jsonb := mcp.release_jobs(p_release);
  sealed text;
begin
  insert into mcp.releases (id, kind, reason, commit, parent, actor, tool, changes, holds, lifts, jobs)
  values ((p_release ->> 'id')::uuid, mcp.release_kind(p_release), p_release ->> 'reason', p_release ->> 'commit',
          p_parent, p_release ->> 'actor', p_release ->> 'tool', p_release -> 'changes',
          mcp.items(p_release -> 'holds'), mcp.items(p_release -> 'lifts'), told)
  returning head into sealed;
  perform mcp.write_jobs(p_release, told, sealed);
  update mcp.deployed
     set commit = p_release ->> 'commit', release = (p_release ->> 'id')::uuid,
         judged = case when mcp.is_act(p_release) then judged else p_release ->> 'judged' end
   where single;
end $$;

-- The settings are for first releases of thousands of skills: else they are sorted on disk, and planned with copies of
-- the whole release as constants. The time-out is that of the whole call, and the way past the 8 s of the API's own roles.
create or replace function mcp.apply_release(p_release jsonb) returns jsonb
language plpgsql security definer set search_path = '' set work_mem = '64MB' set jit = 'off'
  set plan_cache_mode = 'force_generic_plan' set statement_timeout = '60s' as $$
declare
  release_id uuid;
  held mcp.deployed;
  changes mcp.change[];
  publications mcp.publication[];
  statings mcp.stating[];
  steps mcp.step[];
  lines mcp.manifest_line[];
  proofs mcp.proof[];
begin
  perform mcp.check_spelling(p_release);
  changes := array(select c from mcp.changes_of(p_release) c);
  publications := array(select p from mcp.publications_of(p_release) p);
  perform mcp.check_sense(p_release, changes, publications);
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
  statings := array(select s from mcp.statings_of(p_release) s);
  steps := array(select s from mcp.steps_of(p_release) s);
  publications := array(select p from mcp.read_publications(publications) p);
  lines := array(select l from mcp.manifest_lines(publications) l);
  proofs := array(select p from mcp.proofs_of(publications) p);
  perform mcp.check_versions(publications);
  perform mcp.check_blobs(publications, lines);
  perform mcp.check_manifests(publications, lines);
  perform mcp.check_proofs(proofs, lines);
  perform mcp.check_states(statings, publications);
  perform mcp.check_promotions(steps, publications, statings);
  perform mcp.check_holds(p_release, changes, publications);
  perform mcp.write_versions(release_id, changes, publications, lines, proofs);
  perform mcp.write_states(p_release, statings);
  perform mcp.check_serving(changes);
  perform mcp.write_promotions(p_release, steps);
  update mcp.skills s set served_version = c.serving
    from unnest(changes) c
   where s.name = c.skill and s.served_version is distinct from c.serving;
  perform mcp.write_holds(p_release);
  perform mcp.write_release(p_release, held.release);
  return mcp.release_answer(release_id, false);
end $$;

create or replace function mcp.is_empty(p_release jsonb) returns boolean
language sql immutable set search_path = '' as $$
  -- By the first of them: all of them would be copied to be counted.
  select p_release #> '{changes,0}' is null
     and jsonb_array_length(mcp.items(p_release -> 'holds')) = 0
     and jsonb_array_length(mcp.items(p_release -> 'lifts')) = 0
$$;

-- A version that is offered is one of a skill: the key of the version says it.
alter table mcp.offers drop constraint offers_name_fkey;

revoke all on all functions in schema mcp from public;
