-- The figures of an evaluation beside its text, reckoned once, when it comes in: a chart of all of them then opens no
-- text, and whoever may read figures needs no way to the texts.

create type mcp.evidence_figures as (
  finished_at timestamptz, pass_rate double precision, cases int, seconds double precision, cost double precision
);
comment on type mcp.evidence_figures is
  '`seconds` of all trials of the cases that count, one after the other; `cost` in US dollars, null if none is said.';

create function mcp.figures_of(p_body jsonb) returns mcp.evidence_figures
-- Immutable because of its settings: no session's time zone or order of dates has a say.
language plpgsql immutable set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, YMD' as $$
declare
  figures mcp.evidence_figures;
begin
  -- Bounds, so that no later sum runs over; NaN, which is greater than all, is out of them too. A year that no calendar
  -- of a program holds (`infinity` among them) is left out.
  select case when p_body ->> 'finished_at' ~ '^20[0-9]{2}-' then (p_body ->> 'finished_at')::timestamptz end,
         case when (p_body ->> 'pass_rate')::numeric between 0 and 1 then (p_body ->> 'pass_rate')::numeric end,
         count(*),
         case when sum(c.seconds) between 0 and 1e9 then round(sum(c.seconds), 6) end,
         case when sum(c.cost) between 0 and 1e9 then round(sum(c.cost), 6) end
    into figures
    from jsonb_to_recordset(p_body -> 'cases') c (seconds numeric, cost numeric);
  return figures;
exception when data_exception then
  return null;  -- what is refused and what is not was decided before; a chart does without
end $$;
comment on function mcp.figures_of(jsonb) is 'Null where they cannot be reckoned.';
revoke all on function mcp.figures_of(jsonb) from public, anon, authenticated;

alter table mcp.evidence add column figures mcp.evidence_figures generated always as (mcp.figures_of(body)) stored;
