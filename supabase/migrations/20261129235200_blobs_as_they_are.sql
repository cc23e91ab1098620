-- Content is kept in the way that is quick to write: the server's own compression took longer than all else of an upload.

-- Where the server knows lz4, which is many times quicker and as small; else as it came, which wants about twice the room.
-- What is there stays as it is stored.
do $$
begin
  alter table mcp.blobs alter column bytes set compression lz4;
exception when feature_not_supported then
  alter table mcp.blobs alter column bytes set storage external;
end $$;

-- Hashes are looked up by the thousand, and no language has a say in their order. The index is made anew for it, and all
-- content hashed once more: about ten seconds for a gigabyte, in which nobody reads.
alter table mcp.blobs alter column sha256 type text collate "C";
