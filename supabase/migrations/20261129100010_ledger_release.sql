-- A release with its head in every job: the head is known before the jobs are written, because the release names them
-- by ids that are chosen first.

drop function mcp.write_jobs(jsonb);

create function mcp.release_jobs(p_release jsonb) returns jsonb
language sql volatile set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'destination', j ->> 'destination')
                            order by j ->> 'destination'), '[]')
    from jsonb_path_query(p_release, '$.jobs[*]') j
$$;

create function mcp.write_jobs(p_release jsonb, p_jobs jsonb, p_head text) returns void
language sql volatile set search_path = '' as $$
  insert into mcp_jobs.jobs (id, source, job_type, payload, idempotency_key)
  select (named ->> 'id')::uuid, 'skillctl', j ->> 'job_type',
         (j -> 'payload') || jsonb_build_object('head', p_head),
         (p_release ->> 'id') || ':' || (j ->> 'destination')
    from jsonb_path_query(p_release, '$.jobs[*]') j
    join jsonb_array_elements(p_jobs) named on named ->> 'destination' = j ->> 'destination'
$$;

revoke all on all functions in schema mcp from public, anon, authenticated;
