-- What evidence and approvals must say, read from the stored bytes; the caller's word counts for nothing.

create type mcp.proof as (
  skill text, version text, digest text, evidence_sha256 text, evidence jsonb, statement jsonb
);

create function mcp.release_proofs(p_release jsonb) returns setof mcp.proof
language sql stable set search_path = '' as $$
  -- Null where there are no bytes, or none that are a JSON object.
  select p.skill, p.version, p.digest, p.evidence, mcp.as_object(e.bytes), mcp.as_object(a.bytes)
    from mcp.release_publishes(p_release) p
    left join mcp.blobs e on e.sha256 = p.evidence
    left join mcp.blobs a on a.sha256 = p.approval
$$;

create function mcp.items(p_value jsonb) returns jsonb
language sql immutable set search_path = '' as $$
  select case jsonb_typeof(p_value) when 'array' then p_value else '[]' end
$$;

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
                from jsonb_array_elements(mcp.items(p.evidence -> 'cases')) item) o (total, passed, failed, errored)
      offset 0) c (total, passed, failed, errored, rate_fits)
$$;

create function mcp.approval_faults(p_proofs mcp.proof[], p_lines mcp.manifest_line[])
returns table (skill text, version text, digest text, fault text[])
language sql stable set search_path = '' as $$
  select p.skill, p.version, p.digest, case
      when p.statement is null then array['approval-missing', 'has no approval that can be read']
      when (p.statement ->> '_type', p.statement ->> 'predicateType')
           is distinct from ('https://in-toto.io/Statement/v1', 'urn:skillctl:approval:v1')
        then array['approval-foreign', 'has an approval that is no statement of that kind']
      when (said.predicate ->> 'skill', said.predicate ->> 'version', said.predicate ->> 'digest')
           is distinct from (p.skill, p.version, p.digest) then array['approval-foreign',
        format('has the approval of %s@%s, %s', said.predicate ->> 'skill', said.predicate ->> 'version',
               said.predicate ->> 'digest')]
      when said.predicate -> 'step' is distinct from '{"from": "candidate", "to": "approved"}'
        then array['approval-foreign', 'has an approval of another step than candidate -> approved']
      when said.predicate -> 'evidence' is distinct from p.evidence
        then array['approval-foreign', 'has an approval that rests on other evidence']
      when said.predicate -> 'policyDigest' is distinct from p.evidence -> 'policy_digest'
        then array['approval-foreign', 'has an approval by another policy than its evidence']
      when (listed.files, listed.n) is distinct from (held.files, held.n) then array['approval-foreign',
        format('has an approval that does not list exactly its files; look at %s', coalesce(
          (select format('`%s`', coalesce(one.key, other.key)) from jsonb_each(listed.files) one
             full join jsonb_each(held.files) other on one.key = other.key
            where one.value is distinct from other.value limit 1), 'what it lists twice'))]
      end
    from unnest(p_proofs) p
    left join (
      select l.skill, l.version, count(*),
             jsonb_object_agg(l.path, case when l.path = l.definition_path then l.definition else l.sha256 end)
        from unnest(p_lines) l where l.path is not null group by l.skill, l.version
    ) held (skill, version, n, files) on held.skill = p.skill and held.version = p.version
   cross join lateral (select p.statement -> 'predicate' offset 0) said (predicate)
   cross join lateral (
      select count(*), jsonb_object_agg(coalesce(s ->> 'name', ''), s #> '{digest,sha256}')
        from jsonb_array_elements(mcp.items(p.statement -> 'subject')) s offset 0) listed (n, files)
$$;

create function mcp.proof_hint(p_name text, p_digest text) returns text
language sql immutable set search_path = '' as $$
  select case p_name
    when 'evidence-missing' then 'measure it with `skillctl eval`, promote it, and sync again'
    when 'evidence-failed' then 'mend the skill, and measure it with `skillctl eval`'
    when 'evidence-rehearsal' then 'measure it with a real runner: `skillctl eval`'
    when 'evidence-foreign' then format('measure exactly %s with `skillctl eval`', p_digest)
    when 'evidence-inconsistent' then 'nobody edits evidence: measure the skill with `skillctl eval`'
    when 'approval-missing' then 'promote it with `skillctl promote --to approved`, and sync again'
    else format('promote exactly %s with `skillctl promote --to approved`', p_digest) end
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
