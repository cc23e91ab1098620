-- History cannot be changed, and a change made with the triggers off is found by its broken chain of hashes.

create function mcp.refuse(p_status text, p_name text, p_message text, p_hint text) returns void
language plpgsql set search_path = '' as $$
begin
  -- The status becomes that of the HTTP answer (PT409: 409); `detail` is the name that programs read.
  raise exception using errcode = p_status, message = p_message, detail = p_name, hint = p_hint;
end $$;

create function mcp.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform mcp.refuse('PT409', 'append-only',
    format('%s of `%I.%I`: its rows are never changed or removed', lower(tg_op), tg_table_schema, tg_table_name),
    'add what is to hold now as a new release');
  return null;
end $$;

do $$
declare
  guarded text;
begin
  foreach guarded in array array['blobs', 'version_files', 'evidence', 'releases', 'promotions', 'revocations'] loop
    execute format('create trigger append_only before update or delete on mcp.%I
                    for each row execute function mcp.refuse_change()', guarded);
    execute format('create trigger append_only_truncate before truncate on mcp.%I
                    for each statement execute function mcp.refuse_change()', guarded);
  end loop;
  foreach guarded in array array['skills', 'skill_versions'] loop
    execute format('create trigger never_removed before delete on mcp.%I
                    for each row execute function mcp.refuse_change()', guarded);
    execute format('create trigger never_truncated before truncate on mcp.%I
                    for each statement execute function mcp.refuse_change()', guarded);
  end loop;
end $$;

create function mcp.guard_version() returns trigger
language plpgsql set search_path = '' as $$
declare
  kept text[] := array['state', 'notice'];
begin
  if to_jsonb(new) - kept is distinct from to_jsonb(old) - kept then
    perform mcp.refuse('PT409', 'immutable',
      format('%s@%s is approved content: only its state and notice may change', old.name, old.version),
      'publish the new content under a new version');
  end if;
  if old.state = 'revoked' and new.state <> 'revoked' then
    perform mcp.refuse('PT409', 'digest-revoked',
      format('%s@%s is revoked for ever', old.name, old.version), 'publish mended content under a new version');
  end if;
  return new;
end $$;
create trigger guard_version before update on mcp.skill_versions
  for each row execute function mcp.guard_version();

create function mcp.promotion_text(p_row mcp.promotions) returns text
language sql stable set search_path = '' as $$
  -- The spelling that is hashed: one JSON array, times in UTC to the microsecond.
  select jsonb_build_array(
    p_row.seq, p_row.release, p_row.skill, p_row.version, p_row.action, p_row.from_status, p_row.to_status,
    p_row.digest, p_row.evidence, p_row.actor,
    to_char(p_row.promoted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text
$$;

create function mcp.promotion_hash(p_previous text, p_row mcp.promotions) returns text
language sql stable set search_path = '' as $$
  select encode(sha256(convert_to(p_previous || mcp.promotion_text(p_row), 'UTF8')), 'hex')
$$;

create function mcp.ledger_head() returns text
language sql stable set search_path = '' as $$
  select coalesce((select hash from mcp.promotions order by seq desc limit 1), repeat('0', 64))
$$;

create function mcp.chain_promotion() returns trigger
language plpgsql set search_path = '' as $$
declare
  last record;
begin
  -- Rows that the same command inserted before this one are seen here, so one command makes a chain.
  select p.seq, p.hash into last from mcp.promotions p order by p.seq desc limit 1;
  new.seq := coalesce(last.seq, 0) + 1;
  new.prev_hash := coalesce(last.hash, repeat('0', 64));
  new.hash := mcp.promotion_hash(new.prev_hash, new);
  return new;
end $$;
create trigger chain_promotion before insert on mcp.promotions
  for each row execute function mcp.chain_promotion();

create function mcp.verify_ledger() returns jsonb
language sql stable security definer set search_path = '' as $$
  with checked as (
    select p.seq,
           p.seq = row_number() over w
           and p.prev_hash = coalesce(lag(p.hash) over w, repeat('0', 64))
           and p.hash = mcp.promotion_hash(p.prev_hash, p) as ok
      from mcp.promotions p
    window w as (order by p.seq)
  ), bad as (
    select min(seq) as seq from checked where not ok
  ), cut as (
    -- A head that a release left behind and the ledger no longer holds: rows were cut off its end.
    select exists (select from mcp.releases r
                    where r.head <> repeat('0', 64)
                      and not exists (select from mcp.promotions p where p.hash = r.head)) as found
  ), counted as (
    select count(*) as n from checked
  )
  select jsonb_build_object(
    'ok', bad.seq is null and not cut.found,
    'head', mcp.ledger_head(),
    'rows', counted.n,
    'first_bad', coalesce(bad.seq, case when cut.found then counted.n + 1 end))
  from bad, cut, counted
$$;
comment on function mcp.verify_ledger() is
  'Recomputes the whole chain. An owner who rewrote all of it shows only against a head kept elsewhere.';
