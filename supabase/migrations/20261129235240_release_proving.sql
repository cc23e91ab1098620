-- What a release must prove, asked of its parts. Each check names the first version that fails it; none believes what the
-- caller says about content.

create function mcp.check_blobs(p_publications mcp.publication[], p_lines mcp.manifest_line[]) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select lost.version, lost.path, lost.sha256 into bad
    from (
      select p.skill || '@' || p.version as version, 'its manifest' as path, p.manifest as sha256
        from unnest(p_publications) p where not p.is_listed
      union all
      select p.skill || '@' || p.version, p.definition_path, p.definition
        from unnest(p_publications) p where not p.is_defined
      union all
      select l.skill || '@' || l.version, l.path, l.sha256
        from unnest(p_lines) l
       where not l.is_definition and not exists (select from mcp.blobs b where b.sha256 = l.sha256)
    ) lost
   order by lost.version, lost.path
   limit 1;
  if found then
    perform mcp.refuse('PT422', 'blob-missing',
      format('%s: %s (%s) was not uploaded', bad.version, bad.path, bad.sha256), 'run `skillctl sync` again');
  end if;
end $$;

create function mcp.manifest_facts(p_lines mcp.manifest_line[])
returns table (publication int, garbled boolean, unsorted boolean, doubled boolean, escaping boolean, bare text)
language sql stable set search_path = '' as $$
  -- `bare`: the hash under which the manifest lists the definition, which is that of its bytes without the status.
  select l.publication, bool_or(l.path is null), bool_or(l.line collate "C" < l.before collate "C"),
         count(*) > count(distinct l.path),
         bool_or('/' || l.path || '/' like any (array['%//%', '%/./%', '%/../%'])),
         max(l.sha256) filter (where l.is_definition)
    from (select *, lag(line) over (partition by publication order by place) as before
            from unnest(p_lines)) l
   group by l.publication
$$;

create function mcp.manifest_faults(p_publications mcp.publication[], p_lines mcp.manifest_line[])
returns table (skill text, version text, fault text)
language sql stable set search_path = '' as $$
  -- Why stored files are not what the manifest lists (whose hash is the digest), or null.
  select p.skill, p.version, case
      when p.digest <> 'sha256:' || p.manifest then 'the digest is not the hash of the manifest'
      when right(p.listed, 1) is distinct from E'\n' then 'the manifest is no text that ends with a line'
      when f.publication is null or f.garbled then 'a line of the manifest is not a mode, a hash and a path'
      when f.unsorted then 'the manifest is not sorted'
      when f.doubled then 'the manifest lists a file twice'
      when f.escaping then 'the manifest lists a path out of the skill'
      when coalesce(p.status, '') not in ('approved', '"approved"', '''approved''')
        then format('the status of `%s` is not `approved`', p.definition_path)
      when f.bare is distinct from p.bare
        then format('`%s` without its status is not what the manifest lists', p.definition_path)
      end
    from unnest(p_publications) p
    left join mcp.manifest_facts(p_lines) f on f.publication = p.place
$$;

create function mcp.check_manifests(p_publications mcp.publication[], p_lines mcp.manifest_line[]) returns void
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
    from mcp.manifest_faults(p_publications, p_lines) f
   where f.fault is not null
   order by f.skill, f.version limit 1;
  if found then
    perform mcp.refuse('PT422', 'manifest-mismatch', format('%s is not proved: %s', bad.version, bad.fault),
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;

create function mcp.evidence_faults(p_proofs mcp.proof[])
returns table (skill text, version text, digest text, fault text[])
language sql stable set search_path = '' as $$
  -- The name of the refusal and its sentence, or null. A gate may ask for less than every case, so a failed one is no
  -- fault here; an errored one is evidence for nothing, whatever the gate says.
  select p.skill, p.version, p.digest, case
      when p.evidence is null then array['evidence-missing', 'has no evidence that can be read']
      when p.evidence ->> 'verdict' is distinct from 'passed' then array['evidence-failed',
        format('has evidence that says `%s`, not `passed`', p.evidence ->> 'verdict')]
      when coalesce(p.evidence ->> 'class', '') not in ('deterministic', 'recorded', 'live')
        then array['evidence-rehearsal',
        format('has evidence of class `%s`, which proves nothing', p.evidence ->> 'class')]
      when (p.evidence ->> 'skill', p.evidence ->> 'version', p.evidence ->> 'skill_digest')
           is distinct from (p.skill, p.version, p.digest) then array['evidence-foreign',
        format('has the evidence of %s@%s, %s', p.evidence ->> 'skill', p.evidence ->> 'version',
               p.evidence ->> 'skill_digest')]
      when (p.evidence ->> 'suite_digest' like 'sha256:%' and p.evidence ->> 'policy_digest' like 'sha256:%')
           is not true then array['evidence-inconsistent',
        'has evidence that does not name its suite and its policy']
      when c.total = 0 then array['evidence-inconsistent', 'has evidence without a single case']
      when c.errored > 0 then array['evidence-inconsistent',
        format('has evidence that says `passed`, but %s of its %s cases errored', c.errored, c.total)]
      when c.passed + c.failed <> c.total then array['evidence-inconsistent',
        'has evidence with a case that neither passed nor failed']
      when not c.rate_fits then array['evidence-inconsistent',
        format('has evidence with a pass rate of %s, but %s of its %s cases passed',
               coalesce(left(p.evidence ->> 'pass_rate', 20), 'nothing'), c.passed, c.total)]
      end
    from unnest(p_proofs) p
   cross join lateral (
      select o.total, o.passed, o.failed, o.errored, case
             when jsonb_typeof(p.evidence -> 'pass_rate') is distinct from 'number' then false
             else abs((p.evidence ->> 'pass_rate')::numeric * o.total - o.passed) < 0.000001 end
        from (select count(*), count(*) filter (where item ->> 'outcome' = 'passed'),
                     count(*) filter (where item ->> 'outcome' = 'failed'),
                     count(*) filter (where item ->> 'outcome' = 'errored')
                from jsonb_array_elements(case jsonb_typeof(p.evidence -> 'cases') when 'array'
                                          then p.evidence -> 'cases' else '[]' end) item
             ) o (total, passed, failed, errored)
      offset 0) c (total, passed, failed, errored, rate_fits)
$$;

create function mcp.approval_faults(p_proofs mcp.proof[], p_lines mcp.manifest_line[])
returns table (skill text, version text, digest text, fault text[])
language sql stable set search_path = '' as $$
  with said as materialized (
    select p.publication, p.skill, p.version, p.digest, p.evidence, read.statement,
           read.statement -> 'predicate' as predicate,
           case jsonb_typeof(read.statement -> 'subject') when 'array' then read.statement -> 'subject'
           else '[]' end as subjects
      from unnest(p_proofs) p
      left join mcp.blobs a on a.sha256 = p.approval
     cross join lateral (select mcp.as_object(a.bytes) offset 0) read (statement)
  ), listed as materialized (
    select s.publication, one ->> 'name' as path,
           case jsonb_typeof(one #> '{digest,sha256}') when 'string' then one #>> '{digest,sha256}' end as sha256
      from said s, jsonb_array_elements(s.subjects) one
  ), held as (
    -- No manifest has a path twice here, so where the lines, the lines that are listed and what is listed are as many,
    -- they are the same.
    select l.publication, max(l.place) as lines, count(*) as rows, count(listed.path) as found
      from unnest(p_lines) l
      left join listed on listed.publication = l.publication and listed.path = l.path and listed.sha256 = l.stored
     group by l.publication
  )
  select p.skill, p.version, p.digest, case
      when p.statement is null then array['approval-missing', 'has no approval that can be read']
      when (p.statement ->> '_type', p.statement ->> 'predicateType')
           is distinct from ('https://in-toto.io/Statement/v1', 'urn:skillctl:approval:v1')
        then array['approval-foreign', 'has an approval that is no statement of that kind']
      when (p.predicate ->> 'skill', p.predicate ->> 'version', p.predicate ->> 'digest')
           is distinct from (p.skill, p.version, p.digest) then array['approval-foreign',
        format('has the approval of %s@%s, %s', p.predicate ->> 'skill', p.predicate ->> 'version',
               p.predicate ->> 'digest')]
      when p.predicate -> 'step' is distinct from '{"from": "candidate", "to": "approved"}'
        then array['approval-foreign', 'has an approval of another step than candidate -> approved']
      when p.predicate -> 'evidence' is distinct from p.evidence
        then array['approval-foreign', 'has an approval that rests on other evidence']
      when p.predicate -> 'policyDigest' is distinct from p.evidence -> 'policy_digest'
        then array['approval-foreign', 'has an approval by another policy than its evidence']
      when (h.lines, h.rows, h.found) is distinct from (n.listed, n.listed, n.listed) then array['approval-foreign',
        format('has an approval that does not list exactly its files; look at %s', coalesce(
          (select format('`%s`', coalesce(one.path, other.path))
             from (select l.path, l.sha256 from listed l where l.publication = p.publication) one
             full join (select l.path, l.stored from unnest(p_lines) l where l.publication = p.publication) other
               on one.path = other.path
            where one.sha256 is distinct from other.stored limit 1), 'what it lists twice'))]
      end
    from said p
    left join held h on h.publication = p.publication
   cross join lateral (select jsonb_array_length(p.subjects)::bigint) n (listed)
$$;

create function mcp.check_proofs(p_proofs mcp.proof[], p_lines mcp.manifest_line[]) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select f.skill || '@' || f.version as version, f.digest, f.fault[1] as name, f.fault[2] as sentence into bad
    from mcp.evidence_faults(p_proofs) f where f.fault is not null order by f.skill, f.version limit 1;
  if not found then
    select f.skill || '@' || f.version as version, f.digest, f.fault[1] as name, f.fault[2] as sentence into bad
      from mcp.approval_faults(p_proofs, p_lines) f where f.fault is not null order by f.skill, f.version limit 1;
  end if;
  if bad.name is not null then
    perform mcp.refuse('PT422', bad.name, format('%s %s', bad.version, bad.sentence),
      mcp.proof_hint(bad.name, bad.digest));
  end if;
end $$;

revoke all on all functions in schema mcp from public;
