-- The chain is made by a loop in the place of an aggregate, for which no search path can be set: still one pass, and one
-- statement that writes all rows of a release.

create function mcp.chained_promotions(p_release jsonb) returns setof mcp.promotions
language plpgsql stable set search_path = '' as $$
declare
  last record;
  made mcp.promotions;
  previous text;
begin
  select p.seq, p.hash into last from mcp.promotions p order by p.seq desc limit 1;
  previous := coalesce(last.hash, repeat('0', 64));
  for made in
    select coalesce(last.seq, 0) + place, (p_release ->> 'id')::uuid, skill, version, action, from_status, to_status,
           digest, evidence, p_release ->> 'actor', now(), null, null
      from mcp.release_promotions(p_release) order by place
  loop
    made.prev_hash := previous;
    made.hash := encode(sha256(convert_to(previous || mcp.promotion_text(made), 'UTF8')), 'hex');
    previous := made.hash;
    return next made;
  end loop;
end $$;

create or replace function mcp.write_promotions(p_release jsonb) returns void
language sql volatile set search_path = '' as $$
  insert into mcp.promotions (seq, release, skill, version, action, from_status, to_status, digest, evidence, actor,
                              promoted_at, prev_hash, hash)
  select seq, release, skill, version, action, from_status, to_status, digest, evidence, actor, promoted_at, prev_hash,
         hash
    from mcp.chained_promotions(p_release)
$$;

drop aggregate mcp.chain(text, text);
drop function mcp.chain_step(text, text, text);

revoke all on all functions in schema mcp from public, anon, authenticated;
