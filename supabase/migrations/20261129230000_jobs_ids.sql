-- Ids whose first four digits are the minute, so that the entries of new jobs lie beside each other in every index: with
-- ids by chance alone, each job of a million costs pages that have to be fetched and written. The rest is by chance.

create function mcp_jobs.new_id() returns uuid
language sql volatile set search_path = '' as $$
  select (lpad(to_hex((extract(epoch from now())::bigint / 60) & 65535), 4, '0')
          || substr(gen_random_uuid()::text, 5))::uuid
$$;
revoke all on function mcp_jobs.new_id() from public, anon, authenticated, service_role;
alter table mcp_jobs.jobs alter column id set default mcp_jobs.new_id();
