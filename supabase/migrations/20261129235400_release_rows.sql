-- What is new is picked out before any of it is written, which sorting it makes sure of. Where a table had no page when it
-- was last swept, as after a first release that failed, the planner looks through it for each row, and would so through
-- all that it had just written. In the order of an index its pages are filled one after the other, too.

create or replace function mcp.write_versions(
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
   where not exists (select from mcp.skill_versions v where v.name = p.skill and v.version = p.version)
   order by p.skill collate "C", p.version collate "C";
  insert into mcp.version_files (name, version, path, mode, sha256)
  select l.skill, l.version, l.path, l.mode, l.stored
    from unnest(p_lines) l
   where not exists (select from mcp.version_files f
                      where f.name = l.skill and f.version = l.version and f.path = l.path)
   order by l.skill collate "C", l.version collate "C", l.path collate "C";
  insert into mcp.evidence (sha256, skill, version, skill_digest, suite_digest, policy_digest, class, verdict, body)
  select p.evidence_sha256, p.skill, p.version, p.digest, p.evidence ->> 'suite_digest',
         p.evidence ->> 'policy_digest', p.evidence ->> 'class', p.evidence ->> 'verdict', p.evidence
    from unnest(p_proofs) p
   where not exists (select from mcp.evidence e where e.sha256 = p.evidence_sha256)
   order by p.evidence_sha256 collate "C";
end $$;
