-- Everything that the migrations make, one line each, so that two databases can be compared.
with ours as (
  select oid, nspname, nspacl, nspowner from pg_namespace where nspname in ('mcp', 'mcp_jobs', 'public')
), made as (
  select concat_ws(' ', 'schema', nspname, nspacl, nspowner::regrole) as line from ours
  union all
  select concat_ws(' ', 'function', p.oid::regprocedure, p.proowner::regrole, coalesce(p.proacl::text, 'default'),
                   pg_get_functiondef(p.oid))
    from pg_proc p join ours n on n.oid = p.pronamespace
  union all
  select concat_ws(' ', 'relation', c.oid::regclass, c.relkind, c.relowner::regrole, coalesce(c.relacl::text, 'default'),
                   c.relrowsecurity, c.relforcerowsecurity)
    from pg_class c join ours n on n.oid = c.relnamespace where c.relkind not in ('i', 't')
  union all
  select concat_ws(' ', 'column', a.attrelid::regclass, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod),
                   a.attnotnull, a.attidentity, a.attstorage, a.attacl, pg_get_expr(d.adbin, d.adrelid))
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join ours n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where a.attnum > 0 and not a.attisdropped and c.relkind not in ('i', 't', 'S')
  union all
  select concat_ws(' ', 'constraint', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
    from pg_constraint k join ours n on n.oid = k.connamespace
  union all
  select concat_ws(' ', 'index', indexdef) from pg_indexes where schemaname in (select nspname from ours)
  union all
  select concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join ours n on n.oid = c.relnamespace where not t.tgisinternal
  union all
  select concat_ws(' ', 'policy', schemaname, tablename, policyname, qual, with_check)
    from pg_policies where schemaname in (select nspname from ours)
  union all
  select concat_ws(' ', 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)
    from pg_description d
    left join pg_class c on d.classoid = 'pg_class'::regclass and c.oid = d.objoid
    left join pg_proc p on d.classoid = 'pg_proc'::regclass and p.oid = d.objoid
   where coalesce(c.relnamespace, p.pronamespace) in (select oid from ours)
  union all
  select concat_ws(' ', 'row of deployed', to_jsonb(d)) from mcp.deployed d
)
select line from made order by line collate "C"
