-- Content is decoded and hashed once where all of it is as it is named, which the table itself asks; only what is refused
-- is looked at again, for the name of it.

create function mcp.refuse_blobs(p_blobs jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  bad record;
begin
  select b ->> 'sha256' as name, octet_length(c.bytes) as size into bad
    from jsonb_array_elements(p_blobs) b
   cross join lateral (select mcp.from_base64(b ->> 'base64') offset 0) c (bytes)
   where c.bytes is null or octet_length(c.bytes) > 16777216
      or encode(sha256(c.bytes), 'hex') is distinct from b ->> 'sha256'
   limit 1;
  if bad.size > 16777216 then
    perform mcp.refuse('PT422', 'blob-too-large', format('%s has %s bytes; 16 MiB is the most', bad.name, bad.size),
      'take the file out of the skill');
  end if;
  perform mcp.refuse('PT422', 'blob-mismatch', format('the content sent as %s does not hash to it', bad.name),
    'run `skillctl sync` again');
end $$;
revoke all on function mcp.refuse_blobs(jsonb) from public, anon, authenticated;

create or replace function mcp.put_blobs(p_blobs jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  stored bigint;
begin
  begin
    -- In one order, so that two uploads of the same content wait for each other and never lock each other out.
    insert into mcp.blobs (sha256, bytes)
    select distinct on (b ->> 'sha256') b ->> 'sha256', decode(b ->> 'base64', 'base64')
      from jsonb_array_elements(p_blobs) b
     order by b ->> 'sha256'
    on conflict (sha256) do nothing;
    get diagnostics stored = row_count;
  exception when check_violation or not_null_violation or data_exception then
    perform mcp.refuse_blobs(p_blobs);
  end;
  return jsonb_build_object('stored', stored);
end $$;
