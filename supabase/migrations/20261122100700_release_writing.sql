-- The functions that write: content first, in pieces, then one release in one transaction.

create function mcp.missing_blobs(p_digests jsonb) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(d.sha256 order by d.sha256), '[]')
    from (select distinct value as sha256 from jsonb_array_elements_text(p_digests)) d
   where not exists (select from mcp.blobs b where b.sha256 = d.sha256)
$$;

create function mcp.put_blobs(p_blobs jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  bad record;
  stored bigint;
begin
  select b ->> 'sha256' as name, octet_length(c.bytes) as size into bad
    from jsonb_array_elements(p_blobs) b
   cross join lateral (select mcp.from_base64(b ->> 'base64') offset 0) c (bytes)
   where c.bytes is null or octet_length(c.bytes) > 16777216
      or encode(sha256(c.bytes), 'hex') is distinct from b ->> 'sha256'
   limit 1;
  if found and bad.size > 16777216 then
    perform mcp.refuse('PT422', 'blob-too-large', format('%s has %s bytes; 16 MiB is the most', bad.name, bad.size),
      'take the file out of the skill');
  elsif found then
    perform mcp.refuse('PT422', 'blob-mismatch', format('the content sent as %s does not hash to it', bad.name),
      'run `skillctl sync` again');
  end if;
  -- In one order, so that two uploads of the same content wait for each other and never lock each other out.
  insert into mcp.blobs (sha256, bytes)
  select distinct on (b ->> 'sha256') b ->> 'sha256', mcp.from_base64(b ->> 'base64')
    from jsonb_array_elements(p_blobs) b
   order by b ->> 'sha256'
  on conflict (sha256) do nothing;
  get diagnostics stored = row_count;
  return jsonb_build_object('stored', stored);
end $$;

create function mcp.release_answer(p_id uuid, p_replayed boolean) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('release', id, 'applied_at', applied_at, 'head', head, 'jobs', jobs,
                            'replayed', p_replayed)
    from mcp.releases where id = p_id
$$;

create function mcp.write_versions(p_release jsonb, p_lines mcp.manifest_line[], p_proofs mcp.proof[]) returns void
language plpgsql set search_path = '' as $$
begin
  insert into mcp.skills (name) select skill from mcp.release_changes(p_release) order by skill
  on conflict (name) do nothing;
  insert into mcp.skill_versions
    (name, version, digest, manifest, evidence, approval, definition_path, card, card_sha256, release)
  select skill, version, digest, manifest, evidence, approval, definition_path, card, card_sha256,
         (p_release ->> 'id')::uuid
    from mcp.release_publishes(p_release)
  on conflict (name, version) do nothing;
  insert into mcp.version_files (name, version, path, mode, sha256)
  select skill, version, path, mode, case when path = definition_path then definition else sha256 end
    from unnest(p_lines)
  on conflict (name, version, path) do nothing;
  insert into mcp.evidence (sha256, skill, version, skill_digest, suite_digest, policy_digest, class, verdict, body)
  select evidence_sha256, evidence ->> 'skill', evidence ->> 'version', evidence ->> 'skill_digest',
         evidence ->> 'suite_digest', evidence ->> 'policy_digest', evidence ->> 'class', evidence ->> 'verdict',
         evidence
    from unnest(p_proofs)
  on conflict (sha256) do nothing;
end $$;

create function mcp.write_states(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  update mcp.skill_versions v
     set state = s.state, notice = s.notice
    from mcp.release_states(p_release) s
   where v.name = s.skill and v.version = s.version and (v.state, v.notice) is distinct from (s.state, s.notice);
  insert into mcp.revocations (digest, name, version, reason, actor)
  select v.digest, s.skill, s.version, coalesce(s.notice ->> 'reason', 'not said'), p_release ->> 'actor'
    from mcp.release_states(p_release) s
    join mcp.skill_versions v on v.name = s.skill and v.version = s.version
   where s.state = 'revoked'
   order by v.digest
  on conflict (digest) do nothing;
end $$;

create function mcp.write_promotions(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  insert into mcp.promotions (release, skill, version, action, from_status, to_status, digest, evidence, actor)
  select (p_release ->> 'id')::uuid, skill, version, action, from_status, to_status, digest, evidence,
         p_release ->> 'actor'
    from mcp.release_promotions(p_release)
   order by place;
end $$;

create function mcp.write_jobs(p_release jsonb) returns jsonb
language sql volatile set search_path = '' as $$
  with added as (
    insert into mcp_jobs.jobs (source, job_type, payload, idempotency_key)
    select 'skillctl', j ->> 'job_type', j -> 'payload', (p_release ->> 'id') || ':' || (j ->> 'destination')
      from jsonb_path_query(p_release, '$.jobs[*]') j
    returning id, split_part(idempotency_key, ':', 2) as destination
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'destination', destination) order by destination), '[]')
    from added
$$;
