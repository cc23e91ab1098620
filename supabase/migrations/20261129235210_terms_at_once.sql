-- The terms of offers, written with one look at the index for each. Nobody's language has a say in their order either.

alter table mcp.terms alter column key type text collate "C";

-- Each row is updated soon after it is written; in the room beside it that touches no index.
alter table mcp.offers set (fillfactor = 50);
alter table mcp.skills set (fillfactor = 50);
-- An offer is found by its name, of which there is one.
drop index mcp.offers_version_idx;

create or replace function mcp.renew_offers(p_names text[]) returns boolean
language plpgsql set search_path = '' as $$
-- Whether an offer was not there that should be.
begin
  with gone as (
    delete from mcp.offers o
     where o.name = any (p_names)
       and not exists (
         select from mcp.skills s
           join mcp.skill_versions v on v.name = s.name and v.version = s.served_version
          where s.name = o.name and v.version = o.version and v.state = 'approved'
            and not exists (select from mcp.revocations r where r.digest = v.digest))
    returning o.id
  )
  delete from mcp.terms t using gone where t.offer = gone.id;
  insert into mcp.offers (name, version)
  select s.name, v.version
    from mcp.skills s
    join mcp.skill_versions v on v.name = s.name and v.version = s.served_version
   where s.name = any (p_names) and v.state = 'approved'
     and not exists (select from mcp.revocations r where r.digest = v.digest)
   order by s.name collate "C"
  on conflict (name) do nothing;
  return found;
end $$;

create or replace function mcp.check_terms(p_edition int, p_skills jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  bad text;
begin
  select f.fault into bad
    from jsonb_array_elements(mcp.items(p_skills)) k
   cross join lateral (
      select case
             when jsonb_typeof(k -> 'terms') is distinct from 'object' then format('%s has none', k ->> 'name')
             when (select count(*) from jsonb_object_keys(k -> 'terms')) > 20000
               then format('%s has more than 20,000', k ->> 'name')
             -- No counted repetition in the pattern: for hundreds of thousands of values that shows.
             when exists (select from jsonb_each_text(k -> 'terms') t
                           where t.value !~ '^[1-9][0-9]*$' or length(t.value) > 4
                              or t.key = '' or octet_length(t.key) > 1024)
               then format('%s has one without a sensible number of mentions', k ->> 'name') end
      offset 0) f (fault)
   where f.fault is not null
   limit 1;
  if p_edition is null or p_edition < 1 then
    bad := 'they are of no edition';
  end if;
  if bad is not null then
    perform mcp.refuse('PT422', 'invalid-terms', 'the terms are not well-formed: ' || bad,
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;

create or replace function mcp.put_terms(p_edition int, p_skills jsonb) returns jsonb
language plpgsql security definer set search_path = '' set statement_timeout = '60s' as $$
declare
  stored bigint;
  ids int[];
begin
  perform mcp.check_terms(p_edition, p_skills);
  -- Never in the middle of a release; but beside others, of whom each keeps the offers that it writes to itself.
  perform pg_advisory_xact_lock_shared(hashtextextended('mcp.apply_release', 0));
  -- Only where somebody took an offer away by hand is one to be made here; what he left of it then belongs to nothing.
  if mcp.renew_offers(array(select k ->> 'name' from jsonb_array_elements(p_skills) k)) then
    delete from mcp.offers o
     where not exists (select from mcp.skills s where s.name = o.name and s.served_version = o.version);
    delete from mcp.terms t where not exists (select from mcp.offers o where o.id = t.offer);
  end if;
  perform from mcp.offers o
    where o.name = any (array(select k ->> 'name' from jsonb_array_elements(p_skills) k))
    order by o.id for update;
  -- In the places of the skills; null for what is not offered any more, and for one that is named again.
  ids := array(
    select case when row_number() over (partition by o.id order by k.place) = 1 then o.id end
      from jsonb_array_elements(p_skills) with ordinality k (said, place)
      left join mcp.offers o on o.name = k.said ->> 'name' and o.version = k.said ->> 'version'
     order by k.place);
  delete from mcp.terms t where t.offer = any (ids);
  -- None of them is there now, so nothing is asked about a row that is.
  insert into mcp.terms (key, offer, mentions)
  select t.key, ids[k.place], t.value::int
    from jsonb_array_elements(p_skills) with ordinality k (said, place)
   cross join lateral jsonb_each_text(k.said -> 'terms') t
   where ids[k.place] is not null;
  update mcp.offers o set edition = p_edition where o.id = any (ids);
  get diagnostics stored = row_count;
  return jsonb_build_object('stored', stored);
end $$;
