-- Who may call what. Nobody has a right on a table; a function that is not named here is for the others' use only.

-- A project from before 2026 grants every new function of `public` to the publishable key by itself.
revoke all on all functions in schema mcp from public, anon, authenticated;
revoke all on all functions in schema mcp_jobs from public, anon, authenticated, service_role;

grant execute on function mcp.current_release() to service_role;
grant execute on function mcp.missing_blobs(jsonb) to service_role;
grant execute on function mcp.put_blobs(jsonb) to service_role;
grant execute on function mcp.apply_release(jsonb) to service_role;
grant execute on function mcp.verify_ledger() to service_role;

grant execute on function mcp.list_skills() to service_role, mcp_agent;
grant execute on function mcp.get_skill(text, text) to service_role, mcp_agent;
grant execute on function mcp.read_file(text, text, text) to service_role, mcp_agent;

grant execute on function mcp.enqueue_job(text, text, jsonb, int, text, timestamptz) to service_role;
grant execute on function mcp.claim_next_job(text, text, int, jsonb) to service_role;
grant execute on function mcp.complete_job(uuid, text, jsonb) to service_role;
grant execute on function mcp.fail_job(uuid, text, text, boolean, int) to service_role;
grant execute on function mcp.list_jobs(text, int) to service_role;
grant execute on function mcp.job_counts(text) to service_role;
grant execute on function mcp.job_backlog(text) to service_role;
grant execute on function public.enqueue_job(text, text, jsonb, int) to service_role;

notify pgrst, 'reload schema';
