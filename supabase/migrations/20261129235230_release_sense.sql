-- Whether a release is spelled as agreed and does not contradict itself, asked of its parts.

create or replace function mcp.release_fault(p_release jsonb) returns text
language sql stable set search_path = '' as $$
  -- The first key that is not what the rules want, as a sentence; null for a well-spelled release.
  select format('`%s` of `%s` is %s', r.key, r.parent, coalesce(left((item -> r.key)::text, 100), 'missing'))
    from (select distinct parent from mcp.release_rules()) places
   cross join lateral jsonb_path_query(p_release, places.parent::jsonpath) item
    join mcp.release_rules() r on r.parent = places.parent
   -- What is only asked for its kind is not spelled out: an object of a release may be most of it.
   where not case jsonb_typeof(item -> r.key)
           when r.kind then r.pattern = ''
                         or (item ->> r.key ~ r.pattern and (r.size is null or length(item ->> r.key) = r.size))
           when 'null' then r.may_lack
           else item -> r.key is null and r.may_lack end
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
       from unnest(p_publications) where mcp.semver_key(version) is null limit 1),
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
