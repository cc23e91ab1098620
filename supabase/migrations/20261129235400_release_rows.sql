-- Whether a row is new is looked up by the index, whatever the planner thinks. Where a table had no page when it was last
-- swept, as after a first release that failed, it would look through all of the table for each row, and so through what
-- the same statement has just written.
alter function mcp.write_versions(uuid, mcp.change[], mcp.publication[], mcp.manifest_line[], mcp.proof[])
  set enable_seqscan = 'off';
