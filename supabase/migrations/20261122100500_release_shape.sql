-- Whether a release is spelled as agreed, before anything of it is believed.

create function mcp.release_rules()
returns table (place int, parent jsonpath, key text, kind text, pattern text, may_lack boolean)
language sql immutable set search_path = '' as $$
  select row_number() over ()::int, r.parent::jsonpath, r.key, r.kind, r.pattern, r.may_lack
    from (values
      ('$', 'id', 'string', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false),
      ('$', 'commit', 'string', '^[0-9a-f]{40}$', false),
      ('$', 'expected_release', 'string', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', true),
      ('$', 'expected_commit', 'string', '^[0-9a-f]{40}$', true),
      ('$', 'actor', 'string', '.', false),
      ('$', 'tool', 'string', '.', false),
      ('$', 'changes', 'array', '', false),
      ('$', 'jobs', 'array', '', true),
      ('$.changes[*]', 'skill', 'string', '^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$', false),
      ('$.changes[*]', 'action', 'string', '^(publish|update|deprecate|reinstate|withdraw)$', false),
      ('$.changes[*]', 'version', 'string', '.', false),
      ('$.changes[*]', 'serving', 'string', '.', true),
      ('$.changes[*]', 'publish', 'array', '', true),
      ('$.changes[*]', 'states', 'object', '', true),
      ('$.changes[*]', 'promotions', 'array', '', true),
      ('$.changes[*].publish[*]', 'version', 'string', '.', false),
      ('$.changes[*].publish[*]', 'digest', 'string', '^sha256:[0-9a-f]{64}$', false),
      ('$.changes[*].publish[*]', 'manifest', 'string', '^[0-9a-f]{64}$', false),
      ('$.changes[*].publish[*]', 'evidence', 'string', '^[0-9a-f]{64}$', true),
      ('$.changes[*].publish[*]', 'approval', 'string', '^[0-9a-f]{64}$', true),
      ('$.changes[*].publish[*]', 'card', 'object', '', false),
      ('$.changes[*].publish[*]', 'card_sha256', 'string', '^[0-9a-f]{64}$', false),
      ('$.changes[*].publish[*]', 'definition', 'object', '', false),
      ('$.changes[*].publish[*].definition', 'path', 'string', '^skill\.(yaml|json)$', false),
      ('$.changes[*].publish[*].definition', 'sha256', 'string', '^[0-9a-f]{64}$', false),
      ('$.changes[*].publish[*].definition', 'status_span', 'array', '^\[[0-9]{1,8}, [0-9]{1,8}\]$', false),
      ('$.changes[*].states.*', 'state', 'string', '^(approved|deprecated|withdrawn)$', false),
      ('$.changes[*].states.*', 'notice', 'object', '', true),
      ('$.changes[*].promotions[*]', 'version', 'string', '.', false),
      ('$.changes[*].promotions[*]', 'action', 'string', '.', false),
      ('$.changes[*].promotions[*]', 'from_status', 'string', '.', true),
      ('$.changes[*].promotions[*]', 'to_status', 'string', '.', false),
      ('$.changes[*].promotions[*]', 'digest', 'string', '^sha256:[0-9a-f]{64}$', false),
      ('$.changes[*].promotions[*]', 'evidence', 'string', '^[0-9a-f]{64}$', true),
      ('$.jobs[*]', 'destination', 'string', '^[a-z0-9][a-z0-9_.-]*$', false),
      ('$.jobs[*]', 'job_type', 'string', '.', false),
      ('$.jobs[*]', 'payload', 'object', '', false)
    ) r (parent, key, kind, pattern, may_lack)
$$;

create function mcp.release_fault(p_release jsonb) returns text
language sql stable set search_path = '' as $$
  -- The first key that is not what the rules want, as a sentence; null for a well-spelled release.
  select format('`%s` of `%s` is %s', r.key, r.parent, coalesce(left((item -> r.key)::text, 100), 'missing'))
    from mcp.release_rules() r, jsonb_path_query(p_release, r.parent) item
   where not case
           when coalesce(jsonb_typeof(item -> r.key), 'null') = 'null' then r.may_lack
           when jsonb_typeof(item -> r.key) <> r.kind then false
           else item ->> r.key ~ r.pattern end
   order by r.place
   limit 1
$$;

create function mcp.release_contradiction(p_release jsonb) returns text
language sql stable set search_path = '' as $$
  -- For a well-spelled release: what its parts say against each other, as a sentence; null for nothing.
  select coalesce(
    (select format('%s does not say what it serves; `serving` may be null, but not left out', c ->> 'skill')
       from jsonb_array_elements(p_release -> 'changes') c where not c ? 'serving' limit 1),
    (select format('%s is changed twice', skill)
       from mcp.release_changes(p_release) group by skill having count(*) > 1 limit 1),
    (select format('%s@%s is published twice', skill, version)
       from mcp.release_publishes(p_release) group by skill, version having count(*) > 1 limit 1),
    (select format('%s@%s has no semantic version', skill, version)
       from mcp.release_publishes(p_release) where mcp.semver_key(version) is null limit 1),
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
