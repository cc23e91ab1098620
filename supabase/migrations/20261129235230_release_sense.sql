-- Whether a release is spelled as agreed and does not contradict itself, asked of its parts.

create function mcp.release_items(p_release jsonb) returns table (parent text, item jsonb)
language sql stable set search_path = '' as $$
  -- What the rules are about. Of the parts that a release has thousands of, each is taken out of the one above it: a path
  -- through all of the release begins with a copy of it. Promotions are left to `check_promotions`, which compares each,
  -- word for word, with what the release makes.
  with changes as materialized (
    select c from jsonb_array_elements(mcp.items(p_release -> 'changes')) c
  ), publishes as materialized (
    select p from changes, jsonb_array_elements(
             case jsonb_typeof(c -> 'publish') when 'array' then c -> 'publish' else '[]' end) p
  )
  select '$.changes[*]', c from changes
  union all
  select '$.changes[*].publish[*]', p from publishes
  union all
  select '$.changes[*].publish[*].definition', p -> 'definition' from publishes
  union all
  select places.parent, item
    from (select distinct parent from mcp.release_rules()) places
   cross join lateral jsonb_path_query(p_release, places.parent::jsonpath) item
   where places.parent not in ('$.changes[*]', '$.changes[*].publish[*]', '$.changes[*].publish[*].definition',
                               '$.changes[*].promotions[*]')
$$;

create or replace function mcp.release_fault(p_release jsonb) returns text
language sql stable set search_path = '' as $$
  -- The first key that is not what the rules want, as a sentence; null for a well-spelled release. What is only asked for
  -- its kind is not spelled out: it may be most of the release.
  select format('`%s` of `%s` is %s', r.key, r.parent, coalesce(left(found.value::text, 100), 'missing'))
    from mcp.release_items(p_release) i
    join mcp.release_rules() r on r.parent = i.parent
   cross join lateral (
      select i.item -> r.key as value, case when r.pattern <> '' then i.item ->> r.key end as spelled offset 0) found
   where not case jsonb_typeof(found.value)
           when r.kind then r.pattern = ''
                         or (found.spelled ~ r.pattern and (r.size is null or length(found.spelled) = r.size))
           when 'null' then r.may_lack
           else found.value is null and r.may_lack end
   order by r.place
   limit 1
$$;

create function mcp.release_contradiction(
  p_release jsonb, p_changes mcp.change[], p_publications mcp.publication[]
) returns text
language sql stable set search_path = '' as $$
  -- For a well-spelled release: what its parts say against each other, as a sentence; null for nothing.
  select coalesce(
    (select format('%s does not say what it serves; `serving` may be null, but not left out', c ->> 'skill')
       from jsonb_array_elements(p_release -> 'changes') c where not c ? 'serving' limit 1),
    (select format('%s is longer than 64 characters', skill)
       from unnest(p_changes) where length(skill) > 64 limit 1),
    (select format('%s is changed twice', skill)
       from unnest(p_changes) group by skill having count(*) > 1 limit 1),
    (select format('%s@%s is published twice', skill, version)
       from unnest(p_publications) group by skill, version having count(*) > 1 limit 1),
    (select format('%s@%s has no semantic version', skill, version)
       from (select distinct on (version) skill, version from unnest(p_publications)) one
      where mcp.semver_key(version) is null limit 1),
    (select format('the job for %s has a name or type longer than 100 characters', left(j ->> 'destination', 100))
       from jsonb_path_query(p_release, '$.jobs[*]') j
      where greatest(length(j ->> 'destination'), length(j ->> 'job_type')) > 100 limit 1),
    (select format('two jobs for %s', j ->> 'destination')
       from jsonb_path_query(p_release, '$.jobs[*]') j group by j ->> 'destination' having count(*) > 1 limit 1))
$$;

create function mcp.act_contradiction(p_release jsonb, p_changes mcp.change[]) returns text
language sql stable set search_path = '' as $$
  -- What an act says that its kind may not; null for nothing. `changed` is what kind of change each kind makes.
  with said as (
    select mcp.release_kind(p_release) as kind,
           exists (select from unnest(p_changes)) as changes,
           exists (select from mcp.release_holds(p_release)) as holds,
           exists (select from mcp.release_lifts(p_release)) as lifts)
  select coalesce(
    (select 'the act of a person says no reason' from said where mcp.is_act(p_release) and p_release ->> 'reason' is null),
    (select format('a %s sets no holds', kind) from said where holds and kind not in ('hold', 'rollback')),
    (select format('a %s ends no holds', kind) from said where lifts and kind not in ('sync', 'unhold')),
    (select format('a %s changes no skill', kind) from said where changes and kind in ('hold', 'unhold')),
    (select format('a %s must do something', kind) from said
      where mcp.is_act(p_release) and not changes and not holds and not lifts),
    (select format('a %s does not %s', mcp.release_kind(p_release), action) from unnest(p_changes)
      where mcp.is_act(p_release) and action <> mcp.release_kind(p_release) limit 1),
    (select format('%s is held twice', skill)
       from mcp.release_holds(p_release) group by skill having count(*) > 1 limit 1),
    (select format('a hold on %s is of kind %s in a %s', skill, kind, mcp.release_kind(p_release))
       from mcp.release_holds(p_release) where kind <> mcp.release_kind(p_release) limit 1))
$$;

create function mcp.refuse_shape(p_fault text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_fault is not null then
    perform mcp.refuse('PT422', 'invalid-release', 'the release is not well-formed: ' || p_fault,
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;

create function mcp.check_spelling(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  perform mcp.refuse_shape(case when jsonb_typeof(p_release) is distinct from 'object' then 'it is no object'
                           else mcp.release_fault(p_release) end);
end $$;

create function mcp.check_sense(
  p_release jsonb, p_changes mcp.change[], p_publications mcp.publication[]
) returns void
language plpgsql set search_path = '' as $$
begin
  perform mcp.refuse_shape(coalesce(mcp.release_contradiction(p_release, p_changes, p_publications),
                                    mcp.act_contradiction(p_release, p_changes)));
end $$;

revoke all on all functions in schema mcp from public;
