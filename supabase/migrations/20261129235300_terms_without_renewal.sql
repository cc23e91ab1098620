-- Offers are made anew only where one is lacking: they are where nobody took one away by hand.

create function mcp.offer_ids(p_skills jsonb) returns int[]
language sql stable set search_path = '' as $$
  -- In the places of the skills; null for what is not offered, and for one that is named again.
  select array(
    select case when row_number() over (partition by o.id order by k.place) = 1 then o.id end
      from jsonb_array_elements(p_skills) with ordinality k (said, place)
      left join mcp.offers o on o.name = k.said ->> 'name' and o.version = k.said ->> 'version'
     order by k.place)
$$;
revoke all on function mcp.offer_ids(jsonb) from public, anon, authenticated;

create or replace function mcp.put_terms(p_edition int, p_skills jsonb) returns jsonb
language plpgsql security definer set search_path = '' set statement_timeout = '60s' as $$
declare
  names text[] := array(select k ->> 'name' from jsonb_array_elements(p_skills) k);
  stored bigint;
  ids int[];
begin
  perform mcp.check_terms(p_edition, p_skills);
  -- Never in the middle of a release; but beside others, of whom each keeps the offers that it writes to itself.
  perform pg_advisory_xact_lock_shared(hashtextextended('mcp.apply_release', 0));
  if array_position(mcp.offer_ids(p_skills), null) is not null and mcp.renew_offers(names) then
    -- What somebody left of an offer that he took away belongs to nothing.
    delete from mcp.offers o
     where not exists (select from mcp.skills s where s.name = o.name and s.served_version = o.version);
    delete from mcp.terms t where not exists (select from mcp.offers o where o.id = t.offer);
  end if;
  perform from mcp.offers o where o.name = any (names) order by o.id for update;
  ids := mcp.offer_ids(p_skills);
  delete from mcp.terms t where t.offer = any (ids);
  -- None of them is there now, so nothing is asked about a row that is. In the order of the index they fill its pages
  -- one after the other.
  insert into mcp.terms (key, offer, mentions)
  select t.key, ids[k.place], t.value::int
    from jsonb_array_elements(p_skills) with ordinality k (said, place)
   cross join lateral jsonb_each_text(k.said -> 'terms') t
   where ids[k.place] is not null;
  update mcp.offers o set edition = p_edition where o.id = any (ids);
  get diagnostics stored = row_count;
  return jsonb_build_object('stored', stored);
end $$;
