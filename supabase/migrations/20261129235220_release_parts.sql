-- A release is taken apart once, into rows that every check and every insert shares: reading them out of the release again
-- for each took longer than the checks themselves.

create type mcp.change as (skill text, action text, version text, serving text);

-- `place` is that in the release. What comes after `card_sha256` is read from the stored bytes: the text of the manifest,
-- the status that the definition spells, and the hash of the definition without it.
create type mcp.publication as (
  place int, skill text, action text, version text, digest text, manifest text, definition_path text, definition text,
  span_offset int, span_length int, evidence text, approval text, card jsonb, card_sha256 text,
  is_listed boolean, listed text, is_defined boolean, status text, bare text
);
create type mcp.stating as (skill text, version text, state text, notice jsonb);
create type mcp.step as (
  skill text, version text, action text, from_status text, to_status text, digest text, evidence text
);

drop function mcp.check_versions(jsonb);
drop function mcp.check_blobs(jsonb, mcp.manifest_line[]);
drop function mcp.check_manifests(jsonb, mcp.manifest_line[]);
drop function mcp.manifest_faults(jsonb, mcp.manifest_line[]);
drop function mcp.manifest_facts(mcp.manifest_line[]);
drop function mcp.check_proofs(mcp.proof[], mcp.manifest_line[]);
drop function mcp.evidence_faults(mcp.proof[]);
drop function mcp.approval_faults(mcp.proof[], mcp.manifest_line[]);
drop function mcp.check_states(jsonb);
drop function mcp.check_promotions(jsonb);
drop function mcp.release_steps(jsonb);
drop function mcp.check_holds(jsonb);
drop function mcp.check_serving(jsonb);
drop function mcp.write_versions(jsonb, mcp.manifest_line[], mcp.proof[]);
drop function mcp.write_states(jsonb);
drop function mcp.write_promotions(jsonb);
drop function mcp.chained_promotions(jsonb);
drop function mcp.release_lines(jsonb);
drop function mcp.release_proofs(jsonb);
drop function mcp.check_shape(jsonb);
drop function mcp.release_contradiction(jsonb);
drop function mcp.act_contradiction(jsonb);
drop function mcp.release_publishes(jsonb);
drop function mcp.release_promotions(jsonb);
drop type mcp.manifest_line;
drop type mcp.proof;

-- `sha256` is what the manifest says, `stored` the hash under which the bytes are kept: of a definition that is with its
-- status. A line that is not a mode, a hash and a path has null parts.
create type mcp.manifest_line as (
  publication int, skill text, version text, place bigint, line text, mode text, sha256 text, path text,
  is_definition boolean, stored text
);
create type mcp.proof as (
  publication int, skill text, version text, digest text, evidence_sha256 text, evidence jsonb, approval text
);

create function mcp.changes_of(p_release jsonb) returns setof mcp.change
language sql immutable set search_path = '' as $$
  select skill, action, version, serving from mcp.release_changes(p_release)
$$;

create function mcp.statings_of(p_release jsonb) returns setof mcp.stating
language sql immutable set search_path = '' as $$
  select skill, version, state, notice from mcp.release_states(p_release)
$$;

create function mcp.steps_of(p_release jsonb) returns setof mcp.step
language sql immutable set search_path = '' as $$
  -- In the order of the release, which becomes that of the ledger.
  select c.item ->> 'skill', p.item ->> 'version', p.item ->> 'action', p.item ->> 'from_status',
         p.item ->> 'to_status', p.item ->> 'digest', p.item ->> 'evidence'
    from jsonb_array_elements(p_release -> 'changes') with ordinality c (item, place)
   cross join lateral jsonb_array_elements(
           case jsonb_typeof(c.item -> 'promotions') when 'array' then c.item -> 'promotions' else '[]' end)
         with ordinality p (item, place)
   order by c.place, p.place
$$;

create function mcp.publications_of(p_release jsonb) returns setof mcp.publication
language sql immutable set search_path = '' as $$
  -- As the release says; nothing is read yet.
  select row_number() over ()::int, c ->> 'skill', c ->> 'action', p ->> 'version', p ->> 'digest', p ->> 'manifest',
         p #>> '{definition,path}', p #>> '{definition,sha256}',
         (p #>> '{definition,status_span,0}')::int, (p #>> '{definition,status_span,1}')::int,
         p ->> 'evidence', p ->> 'approval', p -> 'card', p ->> 'card_sha256',
         null::boolean, null::text, null::boolean, null::text, null::text
    from jsonb_array_elements(p_release -> 'changes') c,
         jsonb_array_elements(case jsonb_typeof(c -> 'publish') when 'array' then c -> 'publish' else '[]' end) p
$$;

create function mcp.read_publications(p_publications mcp.publication[]) returns setof mcp.publication
language sql stable set search_path = '' as $$
  select p.place, p.skill, p.action, p.version, p.digest, p.manifest, p.definition_path, p.definition,
         p.span_offset, p.span_length, p.evidence, p.approval, p.card, p.card_sha256,
         m.sha256 is not null, mcp.as_text(m.bytes), d.sha256 is not null,
         mcp.as_text(substring(d.bytes from p.span_offset + 1 for p.span_length)),
         encode(sha256(substring(d.bytes from 1 for p.span_offset)
                       || substring(d.bytes from p.span_offset + p.span_length + 1)), 'hex')
    from unnest(p_publications) p
    left join mcp.blobs m on m.sha256 = p.manifest
    left join mcp.blobs d on d.sha256 = p.definition
$$;

create function mcp.manifest_lines(p_publications mcp.publication[]) returns setof mcp.manifest_line
language sql stable set search_path = '' as $$
  -- Without the manifest's last character, which ends the last line.
  select p.place, p.skill, p.version, l.place, l.line, said.mode, said.sha256, said.path,
         said.path = p.definition_path, case when said.path = p.definition_path then p.definition else said.sha256 end
    from unnest(p_publications) p
   cross join lateral string_to_table(left(p.listed, -1), E'\n') with ordinality l (line, place)
    -- `offset 0`, here and elsewhere: computed once, not for each use.
    left join lateral (
      select substr(l.line, 1, 6), substr(l.line, 8, 64), substr(l.line, 73)
       -- A pattern of blanks for the places and a short one for the digits: one for all takes three times as long.
       where l.line like '100___ ' || repeat('_', 64) || ' _%'
         and substr(l.line, 4, 3) in ('644', '755') and substr(l.line, 8, 64) ~ '^[0-9a-f]+$'
      offset 0) said (mode, sha256, path) on true
$$;

create function mcp.proofs_of(p_publications mcp.publication[]) returns setof mcp.proof
language sql stable set search_path = '' as $$
  -- Null where there are no bytes, or none that are a JSON object.
  select p.place, p.skill, p.version, p.digest, p.evidence, mcp.as_object(e.bytes), p.approval
    from unnest(p_publications) p
    left join mcp.blobs e on e.sha256 = p.evidence
$$;

revoke all on all functions in schema mcp from public;
