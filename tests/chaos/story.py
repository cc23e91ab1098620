"""A history with several releases, made by the tool itself, and what production holds after each way through it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.production.conftest import Database
from tests.shop import Shop, run

#: What a way through the history leaves behind; of times, ids and hashes only the checks of the ledger say anything.
_DUMP = {
    "skills": "name, served_version",
    "skill_versions": "name, version, digest, manifest, evidence, approval, definition_path, card, card_sha256, state,"
    " notice",
    "version_files": "name, version || path, mode, sha256",
    "evidence": "sha256, skill, version, skill_digest, suite_digest, policy_digest, class, verdict, body",
    "promotions": "seq, skill, version, action, from_status, to_status, digest, evidence",
    # Numbers are never given twice, those of attempts that were taken back included.
    "releases": "row_number() over (order by seq), kind, commit, changes, holds, lifts",
    "deployed": "commit, judged",
    "holds": "skill, version",
    "revocations": "digest, name, version",
}
#: Jobs that no release tells of, and those that a release lacks; a rebuild is told of in a notice alone.
_JOBS = """
select count(*) from mcp_jobs.jobs j
  full join (select r.id || ':' || d as key from mcp.releases r, unnest(array['mattermost', 'n8n']) d
              where d = 'mattermost' or r.kind <> 'rebuild') w on w.key = j.idempotency_key
 where w.key is null or j.id is null
"""


def told(shop: Shop) -> list[str]:
    """Tell it on a shop with one approved skill; the commits to release, oldest first."""
    commits = []

    def approved(name: str, answer: int) -> None:
        if (shop.root / "skills" / name).exists():
            shop.skillctl("revise", name)
            shop.write(f"skills/{name}/scripts/add.py", f"print({answer} + 0)\n")
        else:
            shop.add_skill(name)
        shop.commit()
        shop.approve(name)
        commits.append(shop.head())

    approved("second", 42)
    approved("adder", 42)
    approved("third", 42)
    for words in (("deprecate", "second", "--reason", "sums moved"), ("withdraw", "third", "--reason", "wrong sums")):
        answer = shop.skillctl(*words)
        assert answer.exit_code == 0, answer.out
        commits.append(shop.head())
    approved("adder", 42)
    approved("second", 42)
    return commits


def dump(database: Database) -> dict[str, Any]:
    """What production holds, in an order of its own."""
    return {table: database.run(f"select {columns} from mcp.{table} order by 1, 2") for table, columns in _DUMP.items()}


def judge(database: Database) -> None:
    """What must hold whatever happened: a sound ledger, whole bytes, one job for each release and destination."""
    assert database.value("select mcp.verify_ledger() -> 'first_bad'") is None
    assert database.value(_JOBS) == 0
    lost = "select count(*) from mcp.version_files f left join mcp.blobs b using (sha256) where b.sha256 is null"
    assert database.value(lost) == 0


@dataclass
class Calm:
    """What undisturbed syncs make, on a database of their own; each way through the history is gone once."""

    shop: Shop
    database: Database
    ways: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    def after(self, way: tuple[str, ...]) -> dict[str, Any]:
        """The dump after syncs of these commits, one after the other."""
        if way not in self.ways:
            self.database.empty()
            for commit in way:
                sync(self.shop, self.database, commit)
            self.ways[way] = dump(self.database)
        return self.ways[way]

    def offered(self, commits: list[str]) -> dict[str, Any]:
        """What agents see at each commit: the list, and each skill by its name, those in no list as well."""
        self.database.empty()
        found = {}
        for commit in commits:
            sync(self.shop, self.database, commit)
            listed = self.database.value("select mcp.list_skills() -> 'skills'")
            skills = {
                name: self.database.value("select mcp.get_skill(%s) - 'release' - 'commit'", name)
                for (name,) in self.database.run("select name from mcp.skills")
            }
            found[commit] = {"list": listed, "skills": skills}
        return found

    def keep(self, file: Path, commits: list[str]) -> Path:
        """The same in a file, for the reader."""
        file.write_text(json.dumps(self.offered(commits)))
        return file


def words_of(shop: Shop, database: Database, commit: str) -> list[str]:
    """The sync of a commit, as it must be spelled for what production holds."""
    is_empty = database.value("select commit is null from mcp.deployed")
    return ["-C", str(shop.root), "sync", commit, *(["--rebuild"] if is_empty else []), "--format", "json"]


def sync(shop: Shop, database: Database, commit: str) -> None:
    """One sync that succeeds."""
    import os
    from unittest.mock import patch

    with patch.dict(os.environ, SKILLCTL_DATABASE_URL=database.owner_url):
        answer = run(*words_of(shop, database, commit))
    assert answer.exit_code == 0, answer.out
