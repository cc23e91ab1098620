-- What a release must prove. Each check names the first version that fails it; none believes what the caller says about
-- content: evidence, approvals and files are read from the stored bytes.

create function mcp.check_versions(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select p.skill || '@' || p.version as version, v.digest into bad
    from mcp.release_publishes(p_release) p
    join mcp.skill_versions v on v.name = p.skill and v.version = p.version
   where v.digest <> p.digest order by p.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'version-exists',
      format('%s was approved with other content, %s', bad.version, bad.digest),
      'give the new content a new version: `skillctl revise`');
  end if;
  select p.skill || '@' || p.version as version, r.reason into bad
    from mcp.release_publishes(p_release) p join mcp.revocations r on r.digest = p.digest
   order by p.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'digest-revoked',
      format('the content of %s is revoked for ever: %s', bad.version, bad.reason),
      'publish mended content under a new version: `skillctl revise`');
  end if;
  select p.skill || '@' || p.version as version, v.version as other into bad
    from mcp.release_publishes(p_release) p join mcp.skill_versions v on v.name = p.skill
   where mcp.semver_key(v.version) >= mcp.semver_key(p.version)
     and not exists (select from mcp.skill_versions s where s.name = p.skill and s.version = p.version)
   order by p.skill, mcp.semver_key(v.version) desc limit 1;
  if found then
    perform mcp.refuse('PT409', 'version-backwards',
      format('%s is not greater than %s, which was approved before', bad.version, bad.other),
      'give it a greater version: `skillctl revise`');
  end if;
end $$;

create function mcp.check_blobs(p_release jsonb, p_lines mcp.manifest_line[]) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select wanted.version, wanted.path, wanted.sha256 into bad
    from (
      select p.skill || '@' || p.version as version, 'its manifest' as path, p.manifest as sha256
        from mcp.release_publishes(p_release) p
      union all
      select p.skill || '@' || p.version, p.definition_path, p.definition from mcp.release_publishes(p_release) p
      union all
      select l.skill || '@' || l.version, l.path, l.sha256 from unnest(p_lines) l
       where l.path <> l.definition_path
    ) wanted
    left join mcp.blobs b on b.sha256 = wanted.sha256
   where b.sha256 is null
   order by wanted.version, wanted.path
   limit 1;
  if found then
    perform mcp.refuse('PT422', 'blob-missing',
      format('%s: %s (%s) was not uploaded', bad.version, bad.path, bad.sha256), 'run `skillctl sync` again');
  end if;
end $$;

create function mcp.manifest_facts(p_lines mcp.manifest_line[])
returns table (skill text, version text, garbled boolean, unsorted boolean, doubled boolean, escaping boolean, bare text)
language sql stable set search_path = '' as $$
  -- `bare`: the hash under which the manifest lists the definition, which is that of its bytes without the status.
  select l.skill, l.version, bool_or(l.path is null), bool_or(l.line collate "C" < l.before collate "C"),
         count(*) > count(distinct l.path), bool_or(l.path ~ '(^|/)\.{0,2}(/|$)'),
         max(l.sha256) filter (where l.path = l.definition_path)
    from (select *, lag(line) over (partition by skill, version order by place) as before
            from unnest(p_lines)) l
   group by l.skill, l.version
$$;

create function mcp.manifest_faults(p_release jsonb, p_lines mcp.manifest_line[])
returns table (skill text, version text, fault text)
language sql stable set search_path = '' as $$
  -- Why stored files are not what the manifest lists (whose hash is the digest), or null.
  select p.skill, p.version, case
      when p.digest <> 'sha256:' || p.manifest then 'the digest is not the hash of the manifest'
      when right(mcp.as_text(m.bytes), 1) is distinct from E'\n' then 'the manifest is no text that ends with a line'
      when f.skill is null or f.garbled then 'a line of the manifest is not a mode, a hash and a path'
      when f.unsorted then 'the manifest is not sorted'
      when f.doubled then 'the manifest lists a file twice'
      when f.escaping then 'the manifest lists a path out of the skill'
      when coalesce(mcp.as_text(substring(d.bytes from p.span_offset + 1 for p.span_length)), '')
           not in ('approved', '"approved"', '''approved''')
        then format('the status of `%s` is not `approved`', p.definition_path)
      when f.bare is distinct from encode(sha256(substring(d.bytes from 1 for p.span_offset)
             || substring(d.bytes from p.span_offset + p.span_length + 1)), 'hex')
        then format('`%s` without its status is not what the manifest lists', p.definition_path)
      end
    from mcp.release_publishes(p_release) p
    join mcp.blobs m on m.sha256 = p.manifest
    join mcp.blobs d on d.sha256 = p.definition
    left join mcp.manifest_facts(p_lines) f on f.skill = p.skill and f.version = p.version
$$;

create function mcp.check_manifests(p_release jsonb, p_lines mcp.manifest_line[]) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  -- An index holds the path, and no index row is longer than a third of a page.
  select l.skill || '@' || l.version as version, left(l.path, 60) as path into bad
    from unnest(p_lines) l where octet_length(l.path) > 1024 order by l.skill, l.version limit 1;
  if found then
    perform mcp.refuse('PT422', 'invalid-release',
      format('%s holds a file whose path is longer than 1024 bytes: %s …', bad.version, bad.path),
      'give it a shorter name');
  end if;
  select f.skill || '@' || f.version as version, f.fault into bad
    from mcp.manifest_faults(p_release, p_lines) f
   where f.fault is not null
   order by f.skill, f.version limit 1;
  if found then
    perform mcp.refuse('PT422', 'manifest-mismatch', format('%s is not proved: %s', bad.version, bad.fault),
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;

create function mcp.check_states(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select s.skill || '@' || s.version as version, v.state into bad
    from mcp.release_states(p_release) s
    left join mcp.skill_versions v on v.name = s.skill and v.version = s.version
    left join mcp.release_publishes(p_release) p on p.skill = s.skill and p.version = s.version
   where (v.name is null and p.skill is null) or (v.state = 'revoked' and s.state <> 'revoked')
   order by s.skill limit 1;
  if found and bad.state is null then
    perform mcp.refuse('PT422', 'invalid-release', format('%s is given a state, but is not in production', bad.version),
      'publish it first');
  elsif found then
    perform mcp.refuse('PT409', 'digest-revoked', format('%s is revoked for ever', bad.version),
      'publish mended content under a new version');
  end if;
end $$;

create function mcp.release_steps(p_release jsonb)
returns table (skill text, version text, action text, from_status text, to_status text, digest text, evidence text)
language sql stable set search_path = '' as $$
  -- The rows that the ledger must gain: one for each version that is new, one for each state that becomes another.
  select p.skill, p.version, 'publish', 'candidate', 'approved', p.digest, p.evidence
    from mcp.release_publishes(p_release) p
   where not exists (select from mcp.skill_versions v where v.name = p.skill and v.version = p.version)
  union all
  select s.skill, s.version,
         case s.state when 'approved' then 'reinstate' when 'deprecated' then 'deprecate'
                      when 'withdrawn' then 'withdraw' else 'revoke' end,
         coalesce(v.state, 'approved'), s.state, coalesce(v.digest, p.digest), null
    from mcp.release_states(p_release) s
    left join mcp.skill_versions v on v.name = s.skill and v.version = s.version
    left join mcp.release_publishes(p_release) p on p.skill = s.skill and p.version = s.version
   where s.state <> coalesce(v.state, 'approved')
$$;

create function mcp.check_promotions(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select t.skill || '@' || t.version as version, format('%s -> %s', t.from_status, t.to_status) as step,
         sum(t.n) > 0 as lacking into bad
    from (
      select skill, version, action, from_status, to_status, digest, evidence, 1 as n from mcp.release_steps(p_release)
      union all
      select skill, version, action, from_status, to_status, digest, evidence, -1 from mcp.release_promotions(p_release)
    ) t
   group by t.skill, t.version, t.action, t.from_status, t.to_status, t.digest, t.evidence
  having sum(t.n) <> 0
   order by sum(t.n) desc, t.skill, t.version limit 1;
  if found then
    perform mcp.refuse('PT422', 'invalid-release',
      format(case when bad.lacking then '%s: no promotion says %s as the release makes it'
             else '%s: a promotion says %s, which the release does not make' end, bad.version, bad.step),
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;

create function mcp.check_serving(p_release jsonb) returns void
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
  select c.skill || '@' || c.serving as version, s.served_version as other into bad
    from mcp.release_changes(p_release) c
    join mcp.skills s on s.name = c.skill
   where c.action = 'publish' and mcp.semver_key(c.serving) < mcp.semver_key(s.served_version)
   order by c.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'version-backwards',
      format('publishing would serve %s in the place of the newer %s', bad.version, bad.other),
      'to go back on purpose is not a publication: `skillctl rollback`');
  end if;
end $$;
