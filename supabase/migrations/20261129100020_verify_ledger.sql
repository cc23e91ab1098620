-- Whether the ledger is what was written: computed again from the first row to the last, and compared with what rests
-- on it and with a head that was kept elsewhere.

create function mcp.promotion_faults() returns table (seq bigint, what text)
language sql stable set search_path = '' as $$
  select case when f.what = 'is missing' then f.before + 1 else f.seq end, f.what
    from (
      select p.seq, coalesce(lag(p.seq) over w, 0) as before, case
             when p.seq > coalesce(lag(p.seq) over w, 0) + 1 then 'is missing'
             when p.prev_hash <> coalesce(lag(p.hash) over w, repeat('0', 64))
               then 'does not follow the row before it: one of them is not what was written'
             when p.hash <> encode(sha256(convert_to(p.prev_hash || mcp.promotion_text(p), 'UTF8')), 'hex')
               then 'is not what was written: its hash is another'
             when r.id is null then format('is of release %s, which is missing', p.release) end as what
        from mcp.promotions p
        left join mcp.releases r on r.id = p.release
      window w as (order by p.seq)) f
   where f.what is not null
$$;

create function mcp.release_faults() returns table (at text, seq bigint, what text)
language sql stable set search_path = '' as $$
  with line as (
    select r, r.seq, r.id, r.parent, r.head, lag(r.id) over w as before, lag(r.head) over w as parent_head,
           max(t.last) over w as last, sum(c.told) over w as told
      from mcp.releases r
      left join (select release, max(p.seq) as last from mcp.promotions p group by release) t on t.release = r.id
     cross join lateral (
       select count(*) from jsonb_path_query(r.changes, '$[*].promotions[*]')) c (told)
    window w as (order by r.seq)
  ), judged as (
    select l.*, l.head <> mcp.release_head(coalesce(l.parent_head, repeat('0', 64)),
                                           coalesce(p.hash, repeat('0', 64)), l.r) as is_other
      from line l left join mcp.promotions p on p.seq = l.last
  )
  -- Rows that were cut off the end break no chain of their own; the changes of the release say how many there were.
  select 'promotions', coalesce(j.last, 0) + 1, 'is missing' from judged j
   where j.is_other and coalesce(j.last, 0) < j.told
  union all
  select 'releases', j.seq, case
         when j.parent is distinct from j.before then format('does not follow the release before it: %s is its parent',
           coalesce(j.parent::text, 'none'))
         else 'is not what was written: its head is not that of its content and of the promotions up to it' end
    from judged j
   where j.parent is distinct from j.before or j.is_other
$$;

create function mcp.deployed_faults() returns table (at text, seq bigint, what text)
language sql stable set search_path = '' as $$
  select 'deployed', null::bigint, format('names release %s, but %s is the last of the ledger',
         coalesce(d.release::text, 'none'), coalesce(last.id::text, 'none'))
    from (select (select release from mcp.deployed) as release) d
    left join (select r.id from mcp.releases r order by r.seq desc limit 1) last on true
   where d.release is distinct from last.id
$$;

create function mcp.revocation_faults() returns table (at text, seq bigint, what text)
language sql stable set search_path = '' as $$
  select 'revocations', p.seq, case
         when p.seq is null then format('holds %s@%s, %s, which no row of the ledger revokes', r.name, r.version, r.digest)
         else format('lacks %s@%s, %s, which row %s of the ledger revokes', p.skill, p.version, p.digest, p.seq) end
    from mcp.revocations r
    full join (select * from mcp.promotions where action = 'revoke') p
      on p.digest = r.digest and p.skill = r.name and p.version = r.version
   where r.digest is null or p.seq is null
$$;

create function mcp.kept_head(p_head text) returns jsonb
language sql stable set search_path = '' as $$
  -- Where in the line a head stands; before there were heads of releases, it was the last hash of the promotions.
  select jsonb_build_object(
      'head', p_head, 'held', found.id is not null or starts_with(repeat('0', 64), p_head), 'release', found.id,
      'applied_at', found.applied_at,
      'later', (select count(*) from mcp.releases r where found.seq is null or r.seq > found.seq))
    from (select) one
    left join lateral (
      select r.id, r.seq, r.applied_at
        from mcp.releases r
        left join mcp.promotions p on p.release = r.id and starts_with(p.hash, p_head)
       where starts_with(r.head, p_head) or p.seq is not null
       order by r.seq limit 1) found on true
   where p_head is not null
$$;

drop function mcp.verify_ledger();

create function mcp.verify_ledger(p_head text default null) returns jsonb
language plpgsql stable security definer set search_path = '' set work_mem = '64MB' set jit = 'off'
  set statement_timeout = '60s' as $$
declare
  bad record;
  kept jsonb;
begin
  -- Twenty digits are more than anybody can find another ledger for.
  if p_head !~ '^[0-9a-f]{20,64}$' then
    perform mcp.refuse('PT422', 'invalid-head', 'a head has 20 to 64 hexadecimal digits',
      'copy it from a notice of a release');
  end if;
  select f.at, f.seq, f.what into bad
    from (select 1 as place, 'promotions' as at, p.seq, p.what from mcp.promotion_faults() p
          union all select 2, r.at, r.seq, r.what from mcp.release_faults() r
          union all select 3, d.at, d.seq, d.what from mcp.deployed_faults() d
          union all select 4, v.at, v.seq, v.what from mcp.revocation_faults() v) f
   order by f.place, f.seq, f.at, f.what limit 1;
  kept := mcp.kept_head(p_head);
  return jsonb_build_object(
    'ok', bad.at is null and coalesce((kept ->> 'held')::boolean, true),
    'head', mcp.ledger_head(),
    'promotions', (select count(*) from mcp.promotions),
    'releases', (select count(*) from mcp.releases),
    'first_bad', case when bad.at is not null then
      jsonb_build_object('table', bad.at, 'seq', bad.seq, 'what', bad.what) end,
    'kept', kept);
end $$;
comment on function mcp.verify_ledger(text) is
  'Computes every hash again. An owner who rewrote all of it shows only against a head kept elsewhere: `p_head`.';

revoke all on all functions in schema mcp from public, anon, authenticated;
grant execute on function mcp.verify_ledger(text) to service_role;

notify pgrst, 'reload schema';
