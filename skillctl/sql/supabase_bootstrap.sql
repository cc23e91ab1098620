-- Makes a plain PostgreSQL (15..18) look like a Supabase database, as far as roles, schemas,
-- privileges, JWT functions and schema-cache notifications go. Run as the cluster superuser
-- `supabase_admin`-to-be (initdb -U supabase_admin), in database `postgres`. Idempotent.
do $$
declare r record;
begin
  for r in select * from (values
    ('anon',            'nologin inherit'),
    ('authenticated',   'nologin inherit'),
    ('service_role',    'nologin inherit bypassrls'),
    ('authenticator',   'login noinherit password ''postgres'''),
    ('supabase_admin',  'login superuser createdb createrole replication bypassrls password ''postgres'''),
    ('supabase_auth_admin', 'login noinherit createrole password ''postgres'''),
    ('dashboard_user',  'nologin createdb createrole replication'),
    ('postgres',        'login nosuperuser createdb createrole replication bypassrls password ''postgres''')
  ) v(name, opts) loop
    if not exists (select 1 from pg_roles where rolname = r.name) then
      execute format('create role %I %s', r.name, r.opts);
    elsif r.name <> current_user then
      execute format('alter role %I %s', r.name, r.opts);
    end if;
  end loop;
end $$;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
-- timeouts and guards that API calls really meet
alter role anon          set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
-- prod also: alter role authenticator set session_preload_libraries = 'safeupdate';  (not in plain Postgres)
create schema if not exists extensions;
create schema if not exists auth authorization supabase_admin;
grant usage on schema extensions to postgres, anon, authenticated, service_role;
grant usage on schema auth       to postgres, anon, authenticated, service_role;
grant all   on schema extensions, auth to postgres, dashboard_user;
grant all   on schema auth to supabase_auth_admin;
grant all on database postgres to postgres;
alter role supabase_admin set search_path = "$user", public, auth, extensions;
alter role postgres       set search_path = "$user", public, extensions;
-- schema public. Supabase since 2026 (all projects from 2026-10-30): new objects are NOT granted to the API
-- roles; before that: "grant all on tables/functions/sequences to anon, authenticated, service_role".
-- Set  app.legacy_auto_expose = 'on'  before running this file to get the old behaviour.
grant create on schema public to postgres;
grant usage on schema public to postgres, anon, authenticated, service_role;
do $$
declare who text; kind text;
begin
  if coalesce(current_setting('app.legacy_auto_expose', true), 'off') = 'on' then
    foreach who in array array['postgres','supabase_admin'] loop
      foreach kind in array array['tables','functions','sequences'] loop
        execute format('alter default privileges for role %I in schema public grant all on %s to postgres, anon, authenticated, service_role', who, kind);
      end loop;
    end loop;
  end if;
end $$;
create or replace function auth.jwt() returns jsonb language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
create or replace function auth.uid()  returns uuid language sql stable return (auth.jwt() ->> 'sub')::uuid;
create or replace function auth.role() returns text language sql stable return auth.jwt() ->> 'role';
-- extensions Supabase has preinstalled: take them when the server has them, else the two functions people use
do $$
declare e text;
begin
  foreach e in array array['uuid-ossp','pgcrypto'] loop
    if exists (select 1 from pg_available_extensions where name = e) then
      execute format('create extension if not exists %I with schema extensions', e);
    end if;
  end loop;
end $$;
-- schema cache reload on DDL (what makes new tables visible in the Data API without a restart)
create or replace function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $f$
begin
  if exists (select 1 from pg_event_trigger_ddl_commands() c where c.schema_name is distinct from 'pg_temp') then
    notify pgrst, 'reload schema';
  end if;
end $f$;
create or replace function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as $f$
begin
  if exists (select 1 from pg_event_trigger_dropped_objects() o where not o.is_temporary) then
    notify pgrst, 'reload schema';
  end if;
end $f$;
drop event trigger if exists pgrst_ddl_watch;
create event trigger pgrst_ddl_watch on ddl_command_end execute procedure extensions.pgrst_ddl_watch();
drop event trigger if exists pgrst_drop_watch;
create event trigger pgrst_drop_watch on sql_drop execute procedure extensions.pgrst_drop_watch();
