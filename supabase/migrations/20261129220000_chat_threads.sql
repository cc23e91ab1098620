-- What was posted to a chat: one thread per skill and channel, and each post of a job, so that no retry posts it again.

create table mcp.threads (
  channel text not null,
  skill text not null,
  root_post text not null,
  begun_at timestamptz not null default now(),
  primary key (channel, skill)
);
comment on table mcp.threads is 'The post that the thread of a skill begins with.';

create table mcp.posts (
  job_key text not null,
  step text not null,
  post text not null,
  posted_at timestamptz not null default now(),
  primary key (job_key, step)
);
comment on table mcp.posts is 'The posts that a job has made so far; forgotten after 90 days, when nobody sends a job again.';
create index posts_old_idx on mcp.posts (posted_at);

alter table mcp.threads enable row level security;
alter table mcp.posts enable row level security;

create function mcp.chat_posts(p_channel text, p_key text, p_skills jsonb) returns jsonb
language sql stable security definer set search_path = '' as $$
  -- {"roots": {skill: post}, "made": {step: post}}: the threads of these skills, and what the job has posted.
  select jsonb_build_object(
    'roots', (
      select coalesce(jsonb_object_agg(t.skill, t.root_post), '{}') from mcp.threads t
       where t.channel = p_channel and t.skill in (select jsonb_array_elements_text(p_skills))),
    'made', (
      select coalesce(jsonb_object_agg(p.step, p.post), '{}') from mcp.posts p where p.job_key = p_key))
$$;

create function mcp.keep_post(p_key text, p_step text, p_post text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  kept text;
begin
  delete from mcp.posts p where p.posted_at < now() - interval '90 days';
  insert into mcp.posts (job_key, step, post) values (p_key, p_step, p_post)
  on conflict (job_key, step) do nothing;
  select p.post into kept from mcp.posts p where p.job_key = p_key and p.step = p_step;
  return jsonb_build_object('post', kept);
end $$;
comment on function mcp.keep_post(text, text, text) is 'Records what a job posted at one step; the post that is on record.';

create function mcp.keep_thread(p_channel text, p_skill text, p_post text, p_replaces text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  root text;
begin
  insert into mcp.threads as t (channel, skill, root_post) values (p_channel, p_skill, p_post)
  on conflict (channel, skill) do update set root_post = excluded.root_post, begun_at = now()
   where t.root_post = p_replaces;
  select t.root_post into root from mcp.threads t where t.channel = p_channel and t.skill = p_skill;
  return jsonb_build_object('root', root);
end $$;
comment on function mcp.keep_thread(text, text, text, text) is
  'Begins the thread of a skill where it has none, or this one is gone; the post that it begins with.';

revoke all on all functions in schema mcp from public;
grant execute on function mcp.chat_posts(text, text, jsonb) to service_role;
grant execute on function mcp.keep_post(text, text, text) to service_role;
grant execute on function mcp.keep_thread(text, text, text, text) to service_role;

notify pgrst, 'reload schema';
