-- What agents may ask: approved and deprecated content, nothing withdrawn or revoked, no list of what is deprecated.

create function mcp.readable_version(p_name text, p_version text) returns mcp.skill_versions
language sql stable set search_path = '' as $$
  -- Without a version: the one that is served.
  select v
    from mcp.skill_versions v
    join mcp.skills s on s.name = v.name
   where v.name = p_name
     and v.version = coalesce(p_version, s.served_version)
     and v.state in ('approved', 'deprecated')
     and s.served_version is not null
     and not exists (select from mcp.revocations r where r.digest = v.digest)
$$;

create function mcp.list_skills() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('release', d.release, 'commit', d.commit, 'skills', (
      select coalesce(jsonb_agg(v.card || jsonb_build_object('name', v.name, 'version', v.version) order by v.name), '[]')
        from mcp.skills s
        join mcp.skill_versions v on v.name = s.name and v.version = s.served_version
       where v.state = 'approved'
         and not exists (select from mcp.revocations r where r.digest = v.digest)))
    from mcp.deployed d
$$;

create function mcp.get_skill(p_name text, p_version text default null) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
      'release', d.release, 'commit', d.commit, 'name', v.name, 'version', v.version, 'state', v.state,
      'notice', v.notice, 'digest', v.digest, 'card', v.card, 'files', (
        select coalesce(jsonb_agg(jsonb_build_object('path', f.path, 'mode', f.mode, 'sha256', f.sha256,
                                                     'size', octet_length(b.bytes)) order by f.path collate "C"), '[]')
          from mcp.version_files f join mcp.blobs b on b.sha256 = f.sha256
         where f.name = v.name and f.version = v.version))
    from mcp.deployed d, mcp.readable_version(p_name, p_version) v
   where v.name is not null
$$;

create function mcp.read_file(p_name text, p_version text, p_path text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('path', f.path, 'mode', f.mode, 'sha256', f.sha256, 'size', octet_length(b.bytes),
                            'base64', mcp.to_base64(b.bytes))
    from mcp.readable_version(p_name, p_version) v
    join mcp.version_files f on f.name = v.name and f.version = v.version and f.path = p_path
    join mcp.blobs b on b.sha256 = f.sha256
$$;
