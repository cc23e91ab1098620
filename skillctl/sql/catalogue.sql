-- The dev catalogue: every skill as its folder says it, whatever its status. Rebuilt whole by `skillctl load`.
create table skills (
    name text primary key,
    version text not null,
    status text not null check (status in ('draft', 'candidate', 'approved', 'deprecated')),
    serving text,
    digest text not null,
    description text not null,
    instructions text not null,
    owners text not null,
    tags text not null,
    tools text not null,
    routing text,
    requires text not null,
    inputs text,
    outputs text
);
create table files (
    skill text not null references skills (name),
    path text not null,
    mode text not null,
    sha256 text not null,
    bytes blob not null,
    primary key (skill, path)
);
