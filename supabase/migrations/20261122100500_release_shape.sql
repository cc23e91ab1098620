-- Whether a release is spelled as agreed, before anything of it is believed.

create function mcp.release_rules()
returns table (place int, parent text, key text, kind text, pattern text, size int, may_lack boolean)
language sql immutable set search_path = '' as $$
  -- `size` is apart from `pattern` where there are many values, because a counted repetition is ten times slower.
  select row_number() over ()::int, r.parent, r.key, r.kind, r.pattern, r.size, r.may_lack
    from (values
      ('$', 'id', 'string', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', null, false),
      ('$', 'commit', 'string', '^([0-9a-f]{40}|[0-9a-f]{64})$', null, false),
      ('$', 'expected_release', 'string', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', null, true),
      ('$', 'expected_commit', 'string', '^([0-9a-f]{40}|[0-9a-f]{64})$', null, true),
      ('$', 'actor', 'string', '.', null, false),
      ('$', 'tool', 'string', '.', null, false),
      ('$', 'changes', 'array', '', null, false),
      ('$', 'jobs', 'array', '', null, false),
      ('$.changes[*]', 'skill', 'string', '^[a-z0-9]+(-[a-z0-9]+)*$', null, false),
      ('$.changes[*]', 'action', 'string', '^(publish|update|deprecate|reinstate|withdraw|revoke)$', null, false),
      ('$.changes[*]', 'version', 'string', '.', null, false),
      ('$.changes[*]', 'serving', 'string', '.', null, true),
      ('$.changes[*]', 'publish', 'array', '', null, true),
      ('$.changes[*]', 'states', 'object', '', null, true),
      ('$.changes[*]', 'promotions', 'array', '', null, true),
      ('$.changes[*].publish[*]', 'version', 'string', '.', null, false),
      ('$.changes[*].publish[*]', 'digest', 'string', '^sha256:[0-9a-f]+$', 71, false),
      ('$.changes[*].publish[*]', 'manifest', 'string', '^[0-9a-f]+$', 64, false),
      ('$.changes[*].publish[*]', 'evidence', 'string', '^[0-9a-f]+$', 64, true),
      ('$.changes[*].publish[*]', 'approval', 'string', '^[0-9a-f]+$', 64, true),
      ('$.changes[*].publish[*]', 'card', 'object', '', null, false),
      ('$.changes[*].publish[*]', 'card_sha256', 'string', '^[0-9a-f]+$', 64, false),
      ('$.changes[*].publish[*]', 'definition', 'object', '', null, false),
      ('$.changes[*].publish[*].definition', 'path', 'string', '^skill\.(yaml|json)$', null, false),
      ('$.changes[*].publish[*].definition', 'sha256', 'string', '^[0-9a-f]+$', 64, false),
      ('$.changes[*].publish[*].definition', 'status_span', 'array', '^\[[0-9]{1,8}, [0-9]{1,8}\]$', null, false),
      ('$.changes[*].states.*', 'state', 'string', '^(approved|deprecated|withdrawn|revoked)$', null, false),
      ('$.changes[*].states.*', 'notice', 'object', '', null, true),
      ('$.changes[*].promotions[*]', 'version', 'string', '.', null, false),
      ('$.changes[*].promotions[*]', 'action', 'string', '^(publish|deprecate|reinstate|withdraw|revoke)$', null,
       false),
      ('$.changes[*].promotions[*]', 'from_status', 'string', '.', null, true),
      ('$.changes[*].promotions[*]', 'to_status', 'string', '.', null, false),
      ('$.changes[*].promotions[*]', 'digest', 'string', '^sha256:[0-9a-f]+$', 71, false),
      ('$.changes[*].promotions[*]', 'evidence', 'string', '^[0-9a-f]+$', 64, true),
      ('$.jobs[*]', 'destination', 'string', '^[a-z0-9][a-z0-9_.-]*$', null, false),
      ('$.jobs[*]', 'job_type', 'string', '.', null, false),
      ('$.jobs[*]', 'payload', 'object', '', null, false)
    ) r (parent, key, kind, pattern, size, may_lack)
$$;

create function mcp.release_fault(p_release jsonb) returns text
language sql stable set search_path = '' as $$
  -- The first key that is not what the rules want, as a sentence; null for a well-spelled release.
  select format('`%s` of `%s` is %s', r.key, r.parent, coalesce(left(found.value::text, 100), 'missing'))
    from (select distinct parent from mcp.release_rules()) places
   cross join lateral jsonb_path_query(p_release, places.parent::jsonpath) item
    join mcp.release_rules() r on r.parent = places.parent
   cross join lateral (select item -> r.key as value, item ->> r.key as spelled offset 0) found
   where not case
           when found.spelled is null then r.may_lack
           when jsonb_typeof(found.value) <> r.kind then false
           else found.spelled ~ r.pattern and (r.size is null or length(found.spelled) = r.size) end
   order by r.place
   limit 1
$$;

create function mcp.release_contradiction(p_release jsonb) returns text
language sql stable set search_path = '' as $$
  -- For a well-spelled release: what its parts say against each other, as a sentence; null for nothing.
  select coalesce(
    (select format('%s does not say what it serves; `serving` may be null, but not left out', c ->> 'skill')
       from jsonb_array_elements(p_release -> 'changes') c where not c ? 'serving' limit 1),
    (select format('%s is longer than 64 characters', skill)
       from mcp.release_changes(p_release) where length(skill) > 64 limit 1),
    (select format('%s is changed twice', skill)
       from mcp.release_changes(p_release) group by skill having count(*) > 1 limit 1),
    (select format('%s@%s is published twice', skill, version)
       from mcp.release_publishes(p_release) group by skill, version having count(*) > 1 limit 1),
    (select format('%s@%s has no semantic version', skill, version)
       from mcp.release_publishes(p_release) where mcp.semver_key(version) is null limit 1),
    (select format('the job for %s has a name or type longer than 100 characters', left(j ->> 'destination', 100))
       from jsonb_path_query(p_release, '$.jobs[*]') j
      where greatest(length(j ->> 'destination'), length(j ->> 'job_type')) > 100 limit 1),
    (select format('two jobs for %s', j ->> 'destination')
       from jsonb_path_query(p_release, '$.jobs[*]') j group by j ->> 'destination' having count(*) > 1 limit 1))
$$;

create function mcp.check_shape(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  fault text;
begin
  fault := case when jsonb_typeof(p_release) is distinct from 'object' then 'it is no object'
           else mcp.release_fault(p_release) end;
  fault := coalesce(fault, mcp.release_contradiction(p_release));
  if fault is not null then
    perform mcp.refuse('PT422', 'invalid-release', 'the release is not well-formed: ' || fault,
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;
