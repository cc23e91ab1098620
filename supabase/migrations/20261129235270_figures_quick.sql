-- The figures of an evaluation as before. A moment in the one spelling that says all is read by no setting of a session, and
-- settings took most of the time.

create function mcp.moment_of(p_text text) returns timestamptz
-- Immutable because of its settings: no session's time zone or order of dates has a say.
language sql immutable set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, YMD' as $$
  select p_text::timestamptz
$$;

create or replace function mcp.figures_of(p_body jsonb) returns mcp.evidence_figures
language plpgsql immutable set search_path = '' as $$
declare
  figures mcp.evidence_figures;
  said text := p_body ->> 'finished_at';
begin
  -- Bounds, so that no later sum runs over; NaN, which is greater than all, is out of them too. A year that no calendar
  -- of a program holds (`infinity` among them) is left out.
  select case when said like '20__-__-__T__:__:__Z' or said like '20__-__-__T__:__:__.%Z' then said::timestamptz
              when said ~ '^20[0-9]{2}-' then mcp.moment_of(said) end,
         case when (p_body ->> 'pass_rate')::numeric between 0 and 1 then (p_body ->> 'pass_rate')::numeric end,
         count(*),
         case when sum((c ->> 'seconds')::numeric) between 0 and 1e9 then round(sum((c ->> 'seconds')::numeric), 6) end,
         case when sum((c ->> 'cost')::numeric) between 0 and 1e9 then round(sum((c ->> 'cost')::numeric), 6) end
    into figures
    from jsonb_array_elements(p_body -> 'cases') c;
  return figures;
exception when data_exception then
  return null;  -- what is refused and what is not was decided before; a chart does without
end $$;

revoke all on function mcp.moment_of(text) from public, anon, authenticated;
