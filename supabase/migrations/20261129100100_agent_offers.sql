-- What agents may be offered, kept ready: which skills are in a list, and the terms that a prompt finds them by. Both
-- follow from other tables and are nobody's word; the terms are worked out from the cards by skillctl's own code, of
-- which an edition is counted. The answer never depends on them: a skill without them is handed out to be read.

create table mcp.offers (
  id int generated always as identity primary key,
  name text not null unique references mcp.skills (name),
  version text not null,
  edition int,
  foreign key (name, version) references mcp.skill_versions (name, version)
);
create index offers_version_idx on mcp.offers (name, version);
comment on table mcp.offers is 'The served versions that are neither deprecated nor revoked.';
comment on column mcp.offers.edition is 'Of the rules that made its terms; null: they are not made yet.';

create table mcp.terms (
  key text not null,
  offer int not null,
  mentions int not null,
  primary key (key, offer) include (mentions),
  constraint terms_key check (key <> '' and octet_length(key) <= 1024),
  constraint terms_mentions check (mentions between 1 and 9999)
);
-- No foreign key leads from here: rows come and go with their offer in one function, and there are many.
create index terms_offer_idx on mcp.terms (offer);
comment on column mcp.terms.mentions is 'How often the offered version mentions it.';

alter table mcp.offers enable row level security;
alter table mcp.terms enable row level security;

create function mcp.renew_offers(p_names text[]) returns boolean
language plpgsql set search_path = '' as $$
-- Whether an offer was not there that should be.
begin
  with gone as (
    delete from mcp.offers o using unnest(p_names) n (name)
     where o.name = n.name
       and not exists (
         select from mcp.skills s
           join mcp.skill_versions v on v.name = s.name and v.version = s.served_version
          where s.name = o.name and v.version = o.version and v.state = 'approved'
            and not exists (select from mcp.revocations r where r.digest = v.digest))
    returning o.id
  )
  delete from mcp.terms t using gone where t.offer = gone.id;
  insert into mcp.offers (name, version)
  select distinct s.name, v.version
    from unnest(p_names) n (name)
    join mcp.skills s on s.name = n.name
    join mcp.skill_versions v on v.name = s.name and v.version = s.served_version
   where v.state = 'approved'
     and not exists (select from mcp.revocations r where r.digest = v.digest)
   order by s.name
  on conflict (name) do nothing;
  return found;
end $$;

create function mcp.follow_offers() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_table_name = 'revocations' then
    perform mcp.renew_offers(array(
      select v.name from changed c join mcp.skill_versions v on v.digest = c.digest));
  else
    perform mcp.renew_offers(array(select c.name from changed c));
  end if;
  return null;
end $$;
-- Triggers, so that whichever function changes what is served, nothing is offered for a moment longer.
create trigger follow_offers after update on mcp.skills
  referencing new table as changed for each statement execute function mcp.follow_offers();
create trigger follow_offers after update on mcp.skill_versions
  referencing new table as changed for each statement execute function mcp.follow_offers();
create trigger follow_offers after insert on mcp.revocations
  referencing new table as changed for each statement execute function mcp.follow_offers();

select mcp.renew_offers(array(select s.name from mcp.skills s));

create function mcp.unread_offers(p_edition int) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('name', o.name, 'version', o.version,
                                               'description', v.card ->> 'description', 'tags', v.card -> 'tags')
                            order by o.name collate "C"), '[]')
    from mcp.offers o
    join mcp.skill_versions v on v.name = o.name and v.version = o.version
   where o.edition is distinct from p_edition
$$;

create function mcp.unindexed_skills(p_edition int) returns jsonb
language sql stable security definer set search_path = '' as $$
  select mcp.unread_offers(p_edition)
$$;
comment on function mcp.unindexed_skills(int) is 'The offers that have no terms of this edition, with what these are made of.';

create function mcp.check_terms(p_edition int, p_skills jsonb) returns void
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
             when exists (select from jsonb_each_text(k -> 'terms') t
                           where t.value !~ '^[1-9][0-9]{0,3}$' or t.key = '' or octet_length(t.key) > 1024)
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

create function mcp.put_terms(p_edition int, p_skills jsonb) returns jsonb
language plpgsql security definer set search_path = '' set statement_timeout = '60s' as $$
declare
  stored bigint;
begin
  perform mcp.check_terms(p_edition, p_skills);
  -- Never in the middle of a release, nor two at once.
  perform pg_advisory_xact_lock(hashtextextended('mcp.apply_release', 0));
  -- Only where somebody took an offer away by hand is one to be made here; what he left of it then belongs to nothing.
  if mcp.renew_offers(array(select k ->> 'name' from jsonb_array_elements(p_skills) k)) then
    delete from mcp.offers o
     where not exists (select from mcp.skills s where s.name = o.name and s.served_version = o.version);
    delete from mcp.terms t where not exists (select from mcp.offers o where o.id = t.offer);
  end if;
  delete from mcp.terms t using jsonb_array_elements(p_skills) k
    join mcp.offers o on o.name = k ->> 'name' and o.version = k ->> 'version'
   where t.offer = o.id;
  insert into mcp.terms (key, offer, mentions)
  select t.key, o.id, t.value::int
    from jsonb_array_elements(p_skills) k
    join mcp.offers o on o.name = k ->> 'name' and o.version = k ->> 'version'
   cross join lateral jsonb_each_text(k -> 'terms') t
  on conflict (key, offer) do nothing;
  update mcp.offers o set edition = p_edition
    from jsonb_array_elements(p_skills) k
   where o.name = k ->> 'name' and o.version = k ->> 'version';
  get diagnostics stored = row_count;
  return jsonb_build_object('stored', stored);
end $$;
comment on function mcp.put_terms(int, jsonb) is
  'Keeps the terms of offers, [{"name", "version", "terms": {key: mentions}}]; what is not offered any more is passed over.';

create function mcp.kept_terms() returns jsonb
language sql stable security definer set search_path = '' set work_mem = '64MB' set statement_timeout = '60s' as $$
  -- A hash for each, so that whoever has the cards can tell whether the terms are those of the cards.
  select coalesce(jsonb_object_agg(o.name, h.hash), '{}')
    from mcp.offers o
    join mcp.skills s on s.name = o.name and s.served_version = o.version
    join (select t.offer, encode(sha256(convert_to(
                   string_agg(t.key || ' ' || t.mentions, E'\n' order by t.key collate "C"), 'UTF8')), 'hex')
            from mcp.terms t group by t.offer) h (offer, hash) on h.offer = o.id
$$;

revoke all on all functions in schema mcp from public, anon, authenticated;
grant execute on function mcp.unindexed_skills(int) to service_role;
grant execute on function mcp.put_terms(int, jsonb) to service_role;
grant execute on function mcp.kept_terms() to service_role;
