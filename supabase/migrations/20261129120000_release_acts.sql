-- How a release says that it is the act of a person, sets holds or ends them; and what a hold keeps from coming back.

create or replace function mcp.release_rules()
returns table (place int, parent text, key text, kind text, pattern text, size int, may_lack boolean)
language sql immutable set search_path = '' as $$
  -- `size` is apart from `pattern` where there are many values, because a counted repetition is ten times slower.
  select row_number() over ()::int, r.parent, r.key, r.kind, r.pattern, r.size, r.may_lack
    from (values
      ('$', 'id', 'string', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', null, false),
      ('$', 'kind', 'string', '^(sync|rebuild|repair|rollback|revoke|hold|unhold)$', null, true),
      ('$', 'reason', 'string', '\S', null, true),
      ('$', 'commit', 'string', '^([0-9a-f]{40}|[0-9a-f]{64})$', null, false),
      ('$', 'judged', 'string', '^([0-9a-f]{40}|[0-9a-f]{64})$', null, true),
      ('$', 'expected_release', 'string', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', null, true),
      ('$', 'expected_commit', 'string', '^([0-9a-f]{40}|[0-9a-f]{64})$', null, true),
      ('$', 'actor', 'string', '.', null, false),
      ('$', 'tool', 'string', '.', null, false),
      ('$', 'changes', 'array', '', null, false),
      ('$', 'holds', 'array', '', null, true),
      ('$', 'lifts', 'array', '', null, true),
      ('$', 'jobs', 'array', '', null, false),
      ('$.changes[*]', 'skill', 'string', '^[a-z0-9]+(-[a-z0-9]+)*$', null, false),
      ('$.changes[*]', 'action', 'string', '^(publish|update|rollback|deprecate|reinstate|withdraw|revoke)$', null,
       false),
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
      ('$.holds[*]', 'skill', 'string', '^[a-z0-9]+(-[a-z0-9]+)*$', null, false),
      ('$.holds[*]', 'kind', 'string', '^(hold|rollback)$', null, false),
      ('$.holds[*]', 'digests', 'array', '^\[("sha256:[0-9a-f]{64}"(, )?)*\]$', null, false),
      ('$.jobs[*]', 'destination', 'string', '^[a-z0-9][a-z0-9_.-]*$', null, false),
      ('$.jobs[*]', 'job_type', 'string', '.', null, false),
      ('$.jobs[*]', 'payload', 'object', '', null, false)
    ) r (parent, key, kind, pattern, size, may_lack)
$$;

create function mcp.release_kind(p_release jsonb) returns text
language sql immutable set search_path = '' as $$
  select coalesce(p_release ->> 'kind', 'sync')
$$;

create function mcp.is_act(p_release jsonb) returns boolean
language sql immutable set search_path = '' as $$
  -- A person did it in production, whatever a commit says.
  select mcp.release_kind(p_release) in ('rollback', 'revoke', 'hold', 'unhold')
$$;

create function mcp.release_holds(p_release jsonb) returns table (skill text, kind text, digests jsonb)
language sql immutable set search_path = '' as $$
  select h ->> 'skill', h ->> 'kind', h -> 'digests' from jsonb_array_elements(mcp.items(p_release -> 'holds')) h
$$;

create function mcp.release_lifts(p_release jsonb) returns setof text
language sql immutable set search_path = '' as $$
  select * from jsonb_array_elements_text(mcp.items(p_release -> 'lifts'))
$$;

create function mcp.act_contradiction(p_release jsonb) returns text
language sql stable set search_path = '' as $$
  -- What an act says that its kind may not; null for nothing. `changed` is what kind of change each kind makes.
  with said as (
    select mcp.release_kind(p_release) as kind,
           exists (select from mcp.release_changes(p_release)) as changes,
           exists (select from mcp.release_holds(p_release)) as holds,
           exists (select from mcp.release_lifts(p_release)) as lifts)
  select coalesce(
    (select 'the act of a person says no reason' from said where mcp.is_act(p_release) and p_release ->> 'reason' is null),
    (select format('a %s sets no holds', kind) from said where holds and kind not in ('hold', 'rollback')),
    (select format('a %s ends no holds', kind) from said where lifts and kind not in ('sync', 'unhold')),
    (select format('a %s changes no skill', kind) from said where changes and kind in ('hold', 'unhold')),
    (select format('a %s must do something', kind) from said
      where mcp.is_act(p_release) and not changes and not holds and not lifts),
    (select format('a %s does not %s', mcp.release_kind(p_release), action) from mcp.release_changes(p_release)
      where mcp.is_act(p_release) and action <> mcp.release_kind(p_release) limit 1),
    (select format('%s is held twice', skill)
       from mcp.release_holds(p_release) group by skill having count(*) > 1 limit 1),
    (select format('a hold on %s is of kind %s in a %s', skill, kind, mcp.release_kind(p_release))
       from mcp.release_holds(p_release) where kind <> mcp.release_kind(p_release) limit 1))
$$;

create or replace function mcp.check_shape(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  fault text;
begin
  fault := case when jsonb_typeof(p_release) is distinct from 'object' then 'it is no object'
           else mcp.release_fault(p_release) end;
  fault := coalesce(fault, mcp.release_contradiction(p_release), mcp.act_contradiction(p_release));
  if fault is not null then
    perform mcp.refuse('PT422', 'invalid-release', 'the release is not well-formed: ' || fault,
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;

create function mcp.check_holds(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select l.skill, h.skill is null as is_free, h.kind, h.actor into bad
    from mcp.release_lifts(p_release) l (skill)
    left join mcp.holds h on h.skill = l.skill
   where h.skill is null or (h.kind = 'hold' and mcp.release_kind(p_release) = 'sync')
   order by l.skill limit 1;
  if found and bad.is_free then
    perform mcp.refuse('PT409', 'not-held', format('%s is not held', bad.skill), 'look at `skillctl hold list`');
  elsif found then
    perform mcp.refuse('PT409', 'held', format('%s is held by %s, and no commit ends that', bad.skill, bad.actor),
      format('run `skillctl hold release %s --reason …`', bad.skill));
  end if;
  if mcp.is_act(p_release) then
    return;
  end if;
  select c.skill, c.serving, h.kind, h.actor, h.reason into bad
    from mcp.release_changes(p_release) c
    join mcp.holds h on h.skill = c.skill
    left join mcp.skill_versions v on v.name = c.skill and v.version = c.serving
    left join mcp.release_publishes(p_release) p on p.skill = c.skill and p.version = c.serving
   where h.kind = 'hold' or h.digests ? coalesce(v.digest, p.digest)
   order by c.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'held',
      format('%s is held by %s: %s', bad.skill || case bad.kind when 'hold' then '' else '@' || bad.serving end,
             bad.actor, bad.reason),
      format('run `skillctl hold release %s --reason …`, or let the commit agree', bad.skill));
  end if;
end $$;

create function mcp.write_holds(p_release jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  delete from mcp.holds h using mcp.release_lifts(p_release) l (skill) where h.skill = l.skill;
  -- A hold that is there stays as hard as it was, and keeps from coming back what it kept.
  insert into mcp.holds (skill, version, kind, digests, reason, actor, release)
  select h.skill, s.served_version, h.kind, h.digests, p_release ->> 'reason', p_release ->> 'actor',
         (p_release ->> 'id')::uuid
    from mcp.release_holds(p_release) h
    left join mcp.skills s on s.name = h.skill
  on conflict (skill) do update
    set kind = case when 'hold' in (holds.kind, excluded.kind) then 'hold' else 'rollback' end,
        digests = holds.digests || excluded.digests, version = excluded.version,
        reason = excluded.reason, actor = excluded.actor, at = excluded.at, release = excluded.release;
end $$;
