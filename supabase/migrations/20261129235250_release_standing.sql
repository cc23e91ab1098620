-- How a release fits what production holds, asked of its parts.

create function mcp.check_versions(p_publications mcp.publication[]) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select p.skill || '@' || p.version as version, v.digest into bad
    from unnest(p_publications) p
    join mcp.skill_versions v on v.name = p.skill and v.version = p.version
   where v.digest <> p.digest order by p.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'version-exists',
      format('%s was approved with other content, %s', bad.version, bad.digest),
      'give the new content a new version: `skillctl revise`');
  end if;
  select p.skill || '@' || p.version as version, r.reason into bad
    from unnest(p_publications) p join mcp.revocations r on r.digest = p.digest
   order by p.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'digest-revoked',
      format('the content of %s is revoked for ever: %s', bad.version, bad.reason),
      'publish mended content under a new version: `skillctl revise`');
  end if;
  select p.skill || '@' || p.version as version, v.version as other into bad
    from unnest(p_publications) p join mcp.skill_versions v on v.name = p.skill
   where mcp.semver_key(v.version) >= mcp.semver_key(p.version)
     and not exists (select from mcp.skill_versions s where s.name = p.skill and s.version = p.version)
   order by p.skill, mcp.semver_key(v.version) desc limit 1;
  if found then
    perform mcp.refuse('PT409', 'version-backwards',
      format('%s is not greater than %s, which was approved before', bad.version, bad.other),
      'give it a greater version: `skillctl revise`');
  end if;
end $$;

create function mcp.check_states(p_statings mcp.stating[], p_publications mcp.publication[]) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select s.skill || '@' || s.version as version, v.state into bad
    from unnest(p_statings) s
    left join mcp.skill_versions v on v.name = s.skill and v.version = s.version
    left join unnest(p_publications) p on p.skill = s.skill and p.version = s.version
   where (v.name is null and p.skill is null) or (v.state = 'revoked' and s.state <> 'revoked')
   order by s.skill limit 1;
  if found and bad.state is null then
    perform mcp.refuse('PT422', 'invalid-release', format('%s is given a state, but is not in production', bad.version),
      'publish it first');
  elsif found then
    perform mcp.refuse('PT409', 'digest-revoked', format('%s is revoked for ever', bad.version),
      'publish mended content under a new version');
  end if;
end $$;

create function mcp.release_steps(p_publications mcp.publication[], p_statings mcp.stating[]) returns setof mcp.step
language sql stable set search_path = '' as $$
  -- The rows that the ledger must gain: one for each version that is new, one for each state that becomes another.
  select p.skill, p.version, 'publish', 'candidate', 'approved', p.digest, p.evidence
    from unnest(p_publications) p
   where not exists (select from mcp.skill_versions v where v.name = p.skill and v.version = p.version)
  union all
  select s.skill, s.version,
         case s.state when 'approved' then 'reinstate' when 'deprecated' then 'deprecate'
                      when 'withdrawn' then 'withdraw' else 'revoke' end,
         coalesce(v.state, 'approved'), s.state, coalesce(v.digest, p.digest), null
    from unnest(p_statings) s
    left join mcp.skill_versions v on v.name = s.skill and v.version = s.version
    left join unnest(p_publications) p on p.skill = s.skill and p.version = s.version
   where s.state <> coalesce(v.state, 'approved')
$$;

create function mcp.check_promotions(
  p_said mcp.step[], p_publications mcp.publication[], p_statings mcp.stating[]
) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select t.skill || '@' || t.version as version, format('%s -> %s', t.from_status, t.to_status) as step,
         sum(t.n) > 0 as lacking into bad
    from (
      select skill, version, action, from_status, to_status, digest, evidence, 1 as n
        from mcp.release_steps(p_publications, p_statings)
      union all
      select skill, version, action, from_status, to_status, digest, evidence, -1 from unnest(p_said)
    ) t
   group by t.skill, t.version, t.action, t.from_status, t.to_status, t.digest, t.evidence
  having sum(t.n) <> 0
   order by sum(t.n) desc, t.skill, t.version limit 1;
  if found then
    perform mcp.refuse('PT422', 'invalid-release',
      format(case when bad.lacking then '%s: no promotion says %s as the release makes it'
             else '%s: a promotion says %s, which the release does not make' end, bad.version, bad.step),
      'use a skillctl that fits this database: run `skillctl db push`, or update it');
  end if;
end $$;

create function mcp.check_holds(
  p_release jsonb, p_changes mcp.change[], p_publications mcp.publication[]
) returns void
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
    from unnest(p_changes) c
    join mcp.holds h on h.skill = c.skill
    left join mcp.skill_versions v on v.name = c.skill and v.version = c.serving
    left join unnest(p_publications) p on p.skill = c.skill and p.version = c.serving
   where h.kind = 'hold' or h.digests ? coalesce(v.digest, p.digest)
   order by c.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'held',
      format('%s is held by %s: %s', bad.skill || case bad.kind when 'hold' then '' else '@' || bad.serving end,
             bad.actor, bad.reason),
      format('run `skillctl hold release %s --reason …`, or let the commit agree', bad.skill));
  end if;
end $$;

create function mcp.check_serving(p_changes mcp.change[]) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select c.skill || '@' || c.serving as version, v.state, r.reason into bad
    from unnest(p_changes) c
    left join mcp.skill_versions v on v.name = c.skill and v.version = c.serving
    left join mcp.revocations r on r.digest = v.digest
   where c.serving is not null
     and (coalesce(v.state, '') not in ('approved', 'deprecated') or r.digest is not null)
   order by c.skill limit 1;
  if found and bad.reason is not null then
    perform mcp.refuse('PT409', 'digest-revoked',
      format('%s cannot be served, its content is revoked for ever: %s', bad.version, bad.reason),
      'serve another version');
  elsif found then
    perform mcp.refuse('PT422', 'serving-unknown',
      format('%s cannot be served: it is %s', bad.version, coalesce(bad.state, 'not in production')),
      'serve an approved version');
  end if;
  -- To go back is a rollback, or what retires the newer version does it.
  select c.skill || '@' || c.serving as version, c.action, s.served_version as other into bad
    from unnest(p_changes) c
    join mcp.skills s on s.name = c.skill
   where c.action in ('publish', 'update', 'reinstate') and s.served_version <> c.serving
     and mcp.semver_key(c.serving) < mcp.semver_key(s.served_version)
   order by c.skill limit 1;
  if found then
    perform mcp.refuse('PT409', 'version-backwards',
      format('this %s would serve %s in the place of the newer %s', bad.action, bad.version, bad.other),
      'to go back on purpose is a rollback: `skillctl rollback`');
  end if;
end $$;

revoke all on all functions in schema mcp from public;
