-- How a release is read: its parts as rows, blobs as text and JSON, versions as keys that compare.

create function mcp.semver_key(p_version text) returns bytea
language plpgsql immutable strict set search_path = '' as $$
-- Keys compare bytewise as semver.org orders versions; null for what is no semantic version. A number is led by the
-- count of its digits; the end of a pre-release sorts before another field; `~` (no pre-release) after `-`.
declare
  number constant text := '(0|[1-9][0-9]*)';
  field constant text := '(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)';
  bare text := split_part(p_version, '+', 1);
  core text := split_part(bare, '-', 1);
  identifier text;
  key text := '';
begin
  -- Only asked whether it matches: taking the parts out of a match is many times slower.
  if length(p_version) > 255 or p_version !~ ('^' || number || '\.' || number || '\.' || number ||
      '(-' || field || '(\.' || field || ')*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$') then
    return null;
  end if;
  foreach identifier in array string_to_array(core, '.') loop
    key := key || lpad(length(identifier)::text, 3, '0') || identifier;
  end loop;
  if core = bare then
    return convert_to(key || '~', 'UTF8');
  end if;
  key := key || '-';
  foreach identifier in array string_to_array(substr(bare, length(core) + 2), '.') loop
    key := key || '!' || case when identifier ~ '^[0-9]+$'
      then '0' || lpad(length(identifier)::text, 3, '0') || identifier
      else '1' || identifier end;
  end loop;
  return convert_to(key, 'UTF8');
end $$;

create function mcp.from_base64(p_text text) returns bytea
language plpgsql immutable set search_path = '' as $$
begin
  return decode(p_text, 'base64');
exception when data_exception then
  return null;
end $$;

create function mcp.to_base64(p_bytes bytea) returns text
language sql immutable set search_path = '' as $$
  select replace(encode(p_bytes, 'base64'), E'\n', '')
$$;

create function mcp.as_text(p_bytes bytea) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return convert_from(p_bytes, 'UTF8');
exception when data_exception then
  return null;
end $$;

create function mcp.as_object(p_bytes bytea) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  value jsonb;
begin
  value := convert_from(p_bytes, 'UTF8')::jsonb;
  return case when jsonb_typeof(value) = 'object' then value end;
exception when data_exception then
  return null;
end $$;

create function mcp.release_changes(p_release jsonb)
returns table (skill text, action text, version text, serving text)
language sql immutable set search_path = '' as $$
  select c ->> 'skill', c ->> 'action', c ->> 'version', c ->> 'serving'
    from jsonb_array_elements(p_release -> 'changes') c
$$;

create function mcp.release_publishes(p_release jsonb)
returns table (skill text, action text, version text, digest text, manifest text, definition_path text,
               definition text, span_offset int, span_length int, evidence text, approval text,
               card jsonb, card_sha256 text)
language sql immutable set search_path = '' as $$
  select c ->> 'skill', c ->> 'action', p ->> 'version', p ->> 'digest', p ->> 'manifest',
         p #>> '{definition,path}', p #>> '{definition,sha256}',
         (p #>> '{definition,status_span,0}')::int, (p #>> '{definition,status_span,1}')::int,
         p ->> 'evidence', p ->> 'approval', p -> 'card', p ->> 'card_sha256'
    from jsonb_array_elements(p_release -> 'changes') c,
         jsonb_array_elements(case jsonb_typeof(c -> 'publish') when 'array' then c -> 'publish' else '[]' end) p
$$;

create function mcp.release_states(p_release jsonb)
returns table (skill text, version text, state text, notice jsonb)
language sql immutable set search_path = '' as $$
  select c ->> 'skill', s.key, s.value ->> 'state', nullif(s.value -> 'notice', 'null')
    from jsonb_array_elements(p_release -> 'changes') c,
         jsonb_each(case jsonb_typeof(c -> 'states') when 'object' then c -> 'states' else '{}' end) s
$$;

create function mcp.release_promotions(p_release jsonb)
returns table (place bigint, skill text, version text, action text, from_status text, to_status text,
               digest text, evidence text)
language sql immutable set search_path = '' as $$
  select row_number() over (order by c.place, p.place), c.item ->> 'skill', p.item ->> 'version',
         p.item ->> 'action', p.item ->> 'from_status', p.item ->> 'to_status', p.item ->> 'digest',
         p.item ->> 'evidence'
    from jsonb_array_elements(p_release -> 'changes') with ordinality c (item, place),
         jsonb_array_elements(case jsonb_typeof(c.item -> 'promotions')
                              when 'array' then c.item -> 'promotions' else '[]' end) with ordinality p (item, place)
$$;

create type mcp.manifest_line as (
  skill text, version text, definition_path text, definition text,
  place bigint, line text, mode text, sha256 text, path text
);

create function mcp.release_lines(p_release jsonb) returns setof mcp.manifest_line
language sql stable set search_path = '' as $$
  -- The lines of the manifests to publish; one that is not a mode, a hash and a path has null parts. Without the text's
  -- last character, which ends the last line.
  select p.skill, p.version, p.definition_path, p.definition, l.place, l.line,
         case when r.fits then substr(l.line, 1, 6) end, case when r.fits then substr(l.line, 8, 64) end,
         case when r.fits then substr(l.line, 73) end
    from mcp.release_publishes(p_release) p
    join mcp.blobs m on m.sha256 = p.manifest
   -- `offset 0`, here and elsewhere: computed once, not for each use.
   cross join lateral (select mcp.as_text(m.bytes) offset 0) whole (body),
         lateral string_to_table(left(whole.body, -1), E'\n') with ordinality l (line, place),
         -- No counted repetition and no captures in the pattern: they made this a hundred times slower.
         lateral (select l.line ~ '^100(644|755) [0-9a-f]+ .' and strpos(substr(l.line, 8), ' ') = 65) r (fits)
$$;
