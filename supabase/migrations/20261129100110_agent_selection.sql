-- Which skills may fit a prompt. The ranking is skillctl's own (`selection.py`); here its score is only worked out to
-- leave out what cannot be the first answer.

-- By the index, whatever the planner thinks: it takes every prompt for a hundred words, and would read all terms there are.
create function mcp.select_candidates(p_terms jsonb, p_edition int, p_limit int default 20) returns jsonb
language plpgsql stable security definer set search_path = '' set jit = 'off' set work_mem = '16MB'
  set enable_seqscan = 'off' as $$
declare
  answer jsonb;
  unread jsonb;
  is_whole boolean;
  wanted int := least(greatest(coalesce(p_limit, 20), 1), 100);
begin
  if jsonb_typeof(p_terms) is distinct from 'object' or p_edition is null
     or jsonb_path_exists(p_terms, 'strict $.* ? (@.type() != "number" || (@ != 1 && @ != 0.5))') then
    perform mcp.refuse('PT422', 'invalid-terms', 'terms are an object: 1 for a word, 0.5 for a part of one',
      'send what `selection.weights` gives, with its edition');
  elsif (select count(*) from jsonb_object_keys(p_terms)) > 1000 then
    perform mcp.refuse('PT422', 'too-many-terms', 'a prompt may have 1000 different words at most', 'ask with less of it');
  end if;
  unread := mcp.unread_offers(p_edition);
  is_whole := unread = '[]';
  with asked as materialized (
    select w.place::int, w.key, w.value::float8 as weight
      from jsonb_each_text(p_terms) with ordinality w (key, value, place)
  ), found as materialized (
    select a.place, t.offer, t.mentions
      from asked a
      join mcp.terms t on t.key = a.key
     where is_whole or t.offer in (select o.id from mcp.offers o where o.edition = p_edition)
  ), counted as (
    select f.place, count(*) as skills from found f group by f.place
  ), spread as materialized (
    select a.place, a.key, c.skills, 1e9::float8 * a.weight * ln(1 + 1000::float8 / c.skills) as worth
      from counted c join asked a on a.place = c.place
  ), scored as (
    -- In whole billionths, so that equal scores are equal in whatever order they were summed.
    select f.offer, sum(s.worth * f.mentions / (f.mentions + 2))::bigint as score
      from found f join spread s on s.place = f.place
     group by f.offer
     order by 2 desc
     -- What is not indexed counts as well, and only the reader can say how: then nothing is left out.
     fetch first (case when is_whole then wanted else 2147483647 end) rows with ties
  ), best as materialized (
    select o.id, o.name, o.version, c.score
      from scored c join mcp.offers o on o.id = c.offer
     order by c.score desc, o.name collate "C"
     limit case when is_whole then wanted end
  ), told as (
    select f.offer, jsonb_object_agg(a.key, f.mentions) as mentions
      from found f join asked a on a.place = f.place
     where f.offer in (select b.id from best b) group by f.offer
  )
  select jsonb_build_object(
      'spread', (select coalesce(jsonb_object_agg(s.key, s.skills), '{}') from spread s),
      'candidates', (
        select coalesce(jsonb_agg(jsonb_build_object(
                 'name', b.name, 'version', b.version, 'description', v.card ->> 'description', 'mentions', m.mentions)
                 order by b.score desc, b.name collate "C"), '[]')
          from best b
          join told m on m.offer = b.id
          join mcp.skill_versions v on v.name = b.name and v.version = b.version)) into answer;
  return (select answer || jsonb_build_object('release', d.release, 'commit', d.commit, 'unread', unread)
            from mcp.deployed d);
end $$;
comment on function mcp.select_candidates(jsonb, int, int) is
  'The offered skills that fit these terms best, how many mention each term, and those that must be read for it.';

-- As before, with the release that it answers from.
create or replace function mcp.read_file(p_name text, p_version text, p_path text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('release', d.release, 'commit', d.commit, 'name', v.name, 'version', v.version,
                            'path', f.path, 'mode', f.mode, 'sha256', f.sha256, 'size', octet_length(b.bytes),
                            'base64', mcp.to_base64(b.bytes))
    from mcp.deployed d, mcp.readable_version(p_name, p_version) v
    join mcp.version_files f on f.name = v.name and f.version = v.version and f.path = p_path
    join mcp.blobs b on b.sha256 = f.sha256
$$;

revoke all on all functions in schema mcp from public, anon, authenticated;
grant execute on function mcp.select_candidates(jsonb, int, int) to service_role, mcp_agent;

notify pgrst, 'reload schema';
