-- That a file and a promotion are of a version that is there is asked once for all rows of a statement. A key asked for each
-- row, and locked and so wrote the version's row each time. It is enough to look at what comes in: a version is never
-- removed nor called otherwise, and neither table is ever changed.

create function mcp.refuse_unknown(p_table text, p_version text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_version is not null then
    perform mcp.refuse('PT422', 'version-unknown',
      format('a row of `mcp.%s` is of %s, which is not there', p_table, p_version), 'only `mcp.apply_release` adds to it');
  end if;
end $$;

create function mcp.check_file_versions() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform mcp.refuse_unknown(tg_table_name, (
    select a.name || '@' || a.version
      from (select distinct name, version from added) a
     where not exists (select from mcp.skill_versions v where v.name = a.name and v.version = a.version) limit 1));
  return null;
end $$;

create function mcp.check_promotion_versions() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform mcp.refuse_unknown(tg_table_name, (
    select a.skill || '@' || a.version
      from added a
     where not exists (select from mcp.skill_versions v where v.name = a.skill and v.version = a.version) limit 1));
  return null;
end $$;

alter table mcp.version_files drop constraint version_files_name_version_fkey;
create trigger check_file_versions after insert on mcp.version_files
  referencing new table as added for each statement execute function mcp.check_file_versions();
alter table mcp.promotions drop constraint promotions_skill_version_fkey;
create trigger check_promotion_versions after insert on mcp.promotions
  referencing new table as added for each statement execute function mcp.check_promotion_versions();

revoke all on all functions in schema mcp from public;
