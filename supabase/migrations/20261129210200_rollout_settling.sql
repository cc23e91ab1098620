-- How a rollout ends: n8n acknowledges it with its token, or whoever follows its run says so. Once, and for good.

create function mcp.failed_rollout(p_held mcp.rollouts, p_detail text) returns jsonb
language sql stable set search_path = '' as $$
  -- What the release told its destinations, and that its rollout failed; without its job, what its row says.
  select coalesce((select j.payload - 'head' from mcp_jobs.jobs j where j.id = p_held.job), '{}')
      || jsonb_build_object(
           'release', r.id, 'environment', p_held.environment, 'commit', r.commit, 'kind', 'rollout-failed',
           'reason', coalesce(p_detail, 'no reason given'), 'actor', p_held.destination, 'execution', p_held.execution)
      || jsonb_build_object('changes', coalesce(
           (select j.payload -> 'changes' from mcp_jobs.jobs j where j.id = p_held.job),
           (select jsonb_agg(jsonb_build_object('skill', c.skill, 'version', c.version, 'action', c.action,
                                                'serving', c.serving) order by c.skill)
              from mcp.release_changes(jsonb_build_object('changes', r.changes)) c), '[]'))
    from mcp.releases r where r.id = p_held.release
$$;

create function mcp.settle(p_held mcp.rollouts, p_state text, p_detail text, p_execution text, p_by text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  said text := mcp.plain_line(p_detail, 1000);
  now_held mcp.rollouts;
begin
  update mcp.rollouts o
     set state = p_state, detail = said, settled_by = p_by, settled_at = now(),
         delivered_at = coalesce(o.delivered_at, now()),
         execution = coalesce(o.execution, mcp.plain_line(p_execution, 200))
   where o.release = p_held.release
  returning o.* into now_held;
  if p_state = 'rollout_failed' then
    insert into mcp_jobs.jobs (source, job_type, payload, idempotency_key)
    values ('skillctl', 'rollout-failed', mcp.failed_rollout(now_held, said),
            p_held.release || ':' || p_held.destination || ':failed')
    on conflict do nothing;
  end if;
  return jsonb_build_object('release', now_held.release, 'state', now_held.state);
end $$;

create function mcp.acknowledge_rollout(p_release text, p_token text, p_outcome text, p_detail text default null,
                                        p_execution text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  shown mcp.rollout_tokens;
  held mcp.rollouts;
begin
  -- One answer for an unknown release, a wrong token, one of another release and one that is too old.
  select t.* into shown from mcp.rollout_tokens t
   where t.sha256 = encode(sha256(convert_to(left(p_token, 200), 'UTF8')), 'hex')
     and t.release::text = p_release and t.expires_at > now();
  if not found then
    perform mcp.refuse('PT403', 'token-refused', 'this token acknowledges no rollout',
      'send the token that came with the release, within its time');
  end if;
  if coalesce(mcp.is_settled(p_outcome), false) is false then
    perform mcp.refuse('PT422', 'invalid-outcome', 'a rollout ends as rolled_out or rollout_failed', 'send one of the two');
  end if;
  select o.* into held from mcp.rollouts o where o.release = shown.release for update;
  if mcp.is_settled(held.state) and held.state <> p_outcome then
    perform mcp.refuse('PT409', 'rollout-settled', format('the rollout is settled already, as %s', held.state),
      'a rollout is settled once');
  end if;
  update mcp.rollout_tokens t set used_at = coalesce(t.used_at, now()) where t.sha256 = shown.sha256;
  if mcp.is_settled(held.state) then
    return jsonb_build_object('release', held.release, 'state', held.state);
  end if;
  return mcp.settle(held, p_outcome, p_detail, p_execution, 'acknowledgement');
end $$;
comment on function mcp.acknowledge_rollout(text, text, text, text, text) is
  'For n8n, with the publishable key: how a rollout ended. Nobody can without the one-time token of its release.';

create function mcp.settle_rollout(p_release text, p_state text, p_detail text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  held mcp.rollouts;
begin
  if coalesce(mcp.is_settled(p_state), false) is false then
    perform mcp.refuse('PT422', 'invalid-outcome', 'a rollout ends as rolled_out or rollout_failed', 'say one of the two');
  end if;
  select o.* into held from mcp.rollouts o where o.release::text = p_release for update;
  if not found then
    perform mcp.refuse('PT422', 'not-a-rollout', format('release %s has no rollout', p_release),
      'look at `skillctl status --env prod`');
  end if;
  if mcp.is_settled(held.state) then
    return jsonb_build_object('release', held.release, 'state', held.state);
  end if;
  return mcp.settle(held, p_state, p_detail, null, 'follower');
end $$;
comment on function mcp.settle_rollout(text, text, text) is
  'What following the run found; what was settled before stands, and is the answer.';

create function mcp.rollout_standing(p_release text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select mcp.rollout_answer(o.release) from mcp.rollouts o where o.release::text = p_release
$$;

create function mcp.rollout_states(p_limit int default 20) returns jsonb
language sql stable security definer set search_path = '' as $$
  -- The newest releases that n8n is told of, with their promotions; and for each skill that of its last promotion. `job`
  -- is the status of what brings it there: `failed` is a dead letter.
  with told as (
    select r.seq, o.release, jsonb_build_object(
             'release', o.release, 'kind', r.kind, 'commit', r.commit, 'state', o.state, 'execution', o.execution,
             'detail', o.detail, 'settled_by', o.settled_by, 'queued_at', o.queued_at,
             'delivered_at', o.delivered_at, 'settled_at', o.settled_at,
             'job', j.status, 'error', j.last_error) as said, r.changes
      from mcp.rollouts o
      join mcp.releases r on r.id = o.release
      left join mcp_jobs.jobs j on j.id = o.job
  )
  select jsonb_build_object(
    'releases', (
      select coalesce(jsonb_agg(t.said || jsonb_build_object(
               'skills', jsonb_array_length(t.changes), 'promotions', (
                 select coalesce(jsonb_agg(jsonb_build_object('skill', p.skill, 'version', p.version,
                          'action', p.action) order by p.seq), '[]')
                   from mcp.promotions p where p.release = t.release)) order by t.seq desc), '[]')
        from (select * from told order by seq desc limit least(greatest(coalesce(p_limit, 20), 0), 200)) t),
    'skills', (
      select coalesce(jsonb_object_agg(l.skill, jsonb_build_object(
               'version', l.version, 'release', l.release, 'state', t.said -> 'state', 'job', t.said -> 'job')), '{}')
        from (select distinct on (p.skill) p.skill, p.version, p.release
                from mcp.promotions p order by p.skill, p.seq desc) l
        join told t on t.release = l.release))
$$;

revoke all on all functions in schema mcp from public, anon, authenticated;
grant usage on schema mcp to anon;
grant execute on function mcp.acknowledge_rollout(text, text, text, text, text) to anon, service_role;
grant execute on function mcp.settle_rollout(text, text, text) to service_role;
grant execute on function mcp.rollout_standing(text) to service_role;
grant execute on function mcp.rollout_states(int) to service_role;

notify pgrst, 'reload schema';
