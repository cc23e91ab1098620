-- What people do in production at once, and what of a commit was judged: recorded like every other release.

alter table mcp.releases
  add column kind text not null default 'sync'
    constraint releases_kind check (kind in ('sync', 'rebuild', 'repair', 'rollback', 'revoke', 'hold', 'unhold')),
  add column reason text,
  add column holds jsonb not null default '[]',
  add column lifts jsonb not null default '[]';
comment on column mcp.releases.kind is
  'sync: as a commit says; rebuild: the same into an empty production; repair: what somebody changed by hand is put
right; the others are acts of a person.';

alter table mcp.deployed
  add column judged text constraint deployed_judged check (judged ~ '^([0-9a-f]{40}|[0-9a-f]{64})$');
comment on column mcp.deployed.judged is
  'The last commit up to which all was admitted; null: it is `commit`. The next sync judges from here.';

alter table mcp.holds
  add column kind text not null default 'hold' constraint holds_kind check (kind in ('hold', 'rollback')),
  add column digests jsonb not null default '[]' constraint holds_digests check (jsonb_typeof(digests) = 'array'),
  add column release uuid references mcp.releases (id) deferrable initially deferred;
comment on column mcp.holds.kind is
  'hold: nothing of the skill changes; rollback: what was served before does not come back.';
comment on column mcp.holds.digests is 'What may not be served while a rollback holds.';

comment on column mcp.releases.holds is 'The holds it set: [{"skill", "kind", "digests"}].';
comment on column mcp.releases.lifts is 'The skills whose hold it ended.';
