"""Production against its commit: every change by hand is put right, or named."""

import re
from pathlib import Path

import pytest

from tests.production.conftest import Database
from tests.production.released import served
from tests.shop import Answer, Shop

#: What the state says again, or publishing again brings back.
MENDED = {
    "another version is served": "update mcp.skills set served_version = '1.0.0'",
    "nothing is served": "update mcp.skills set served_version = null",
    "a state": "update mcp.skill_versions set state = 'deprecated' where version = '1.1.0'",
    "a notice": """update mcp.skill_versions set notice = '{"reason": "mine"}' where version = '1.0.0'""",
    "a row of a file is gone": "delete from mcp.version_files where version = '1.0.0' and path = 'SKILL.md'",
    "all rows of files are gone": "delete from mcp.version_files",
    "evidence is gone": "delete from mcp.evidence",
    "content is gone": "delete from mcp.blobs",
    "a version is gone": "delete from mcp.skill_versions where version = '1.1.0';"
    " update mcp.skills set served_version = '1.0.0'",
}
#: What follows from the rest, so no release is needed for it.
FOLLOWING = {
    "terms": "update mcp.terms set mentions = 99",
    "terms are gone": "delete from mcp.terms",
    "an offer is gone": "delete from mcp.offers",
    "an offer of another version": "update mcp.offers set version = '1.0.0'; update mcp.terms set mentions = 7",
}
#: What was published, or is history: named, and never written over.
NAMED = {
    "a digest": "update mcp.skill_versions set digest = 'sha256:' || repeat('0', 64), manifest = repeat('0', 64)"
    " where version = '1.0.0'",
    "a card": """update mcp.skill_versions set card = card || '{"description": "mine"}' where version = '1.0.0'""",
    "the hash of a card": "update mcp.skill_versions set card_sha256 = repeat('0', 64) where version = '1.0.0'",
    "evidence of a version": "update mcp.skill_versions set evidence = repeat('0', 64) where version = '1.0.0'",
    "an approval": "update mcp.skill_versions set approval = repeat('0', 64) where version = '1.0.0'",
    "a definition": "update mcp.skill_versions set definition_path = 'skill.json' where version = '1.0.0'",
    "a file": "update mcp.version_files set sha256 = repeat('0', 64) where version = '1.0.0' and path = 'SKILL.md'",
    "a mode": "update mcp.version_files set mode = '100755' where version = '1.0.0' and path = 'SKILL.md'",
    "a file more": "insert into mcp.version_files values ('adder', '1.0.0', 'evil.py', '100755', repeat('0', 64))",
    "a row of evidence": "update mcp.evidence set verdict = 'failed'",
    "evidence of nothing": "insert into mcp.evidence select repeat('0', 64), skill, version, skill_digest,"
    " suite_digest,"
    " policy_digest, class, verdict, body from mcp.evidence limit 1",
    "a version more": "insert into mcp.skill_versions select name, '7.0.0', 'sha256:' || repeat('0', 64),"
    " repeat('0', 64), evidence, approval, definition_path, card, card_sha256, state, notice, release, published_at"
    " from mcp.skill_versions where version = '1.0.0'",
    "a skill more": "insert into mcp.skills values ('mine')",
    "a state for ever": "update mcp.skill_versions set state = 'revoked' where version = '1.0.0'",
    "a revocation": "insert into mcp.revocations select digest, name, version, 'mine', 'me'"
    " from mcp.skill_versions where version = '1.0.0'",
    "a hold": "insert into mcp.holds (skill, reason, actor) values ('adder', 'mine', 'me')",
    "the last release": "update mcp.deployed set release = null",
}


@pytest.fixture
def two(shop: Shop, direct: Database) -> Shop:
    """Production holds 1.0.0, which is deprecated, and serves 1.1.0."""
    shop.skillctl("sync")
    shop.skillctl("revise", "adder")
    shop.approve()
    shop.skillctl("deprecate", "adder", "--version", "1.0.0", "--reason", "old")
    assert shop.skillctl("sync").exit_code == 0
    return shop


def findings(answer: Answer) -> set[str]:
    return {finding["code"] for finding in answer.envelope["findings"]}


def content(database: Database) -> list[object]:
    """All that a release is of, without times."""
    return [
        database.run(f"select {columns} from mcp.{table} order by 1, 2, 3")
        for table, columns in {
            "blobs": "sha256, bytes, length(bytes)",
            "skills": "name, served_version, 1",
            "version_files": "path, version, name, mode, sha256",
            "evidence": "sha256, skill, version, body::text",
            "skill_versions": "name, version, digest, manifest, evidence, approval, card::text, state, notice::text",
        }.items()
    ]


def test_what_was_released_is_found_as_it_is(two: Shop, direct: Database) -> None:
    answer = two.skillctl("verify")
    assert (answer.exit_code, answer.data) == (
        0, {"commit": two.head(), "skills": 1, "versions": 2, "repaired": None},
    )  # fmt: skip
    assert two.skillctl("verify", "--fix").data["repaired"] is None
    two.commit("later")
    assert two.skillctl("verify").exit_code == 0, "compared with what was deployed"
    assert "production holds what commit" in two.typed("verify").out


@pytest.mark.parametrize("harm", MENDED.values(), ids=MENDED)
def test_what_somebody_changed_is_put_right(two: Shop, direct: Database, harm: str) -> None:
    before = content(direct)
    direct.tamper(harm)
    found = two.skillctl("verify")
    assert (found.exit_code, "SK431" in findings(found), "SK432" in findings(found)) == (1, True, False), found.out
    fixed = two.skillctl("verify", "--fix")
    assert (fixed.exit_code, fixed.data["repaired"] is None) == (0, False), fixed.out
    assert content(direct) == before
    assert two.skillctl("verify").exit_code == 0
    assert two.skillctl("verify", "--ledger").exit_code == 0
    assert two.skillctl("sync").data["release"] is None


@pytest.mark.parametrize("harm", FOLLOWING.values(), ids=FOLLOWING)
def test_what_agents_find_a_skill_by_is_made_again(two: Shop, direct: Database, harm: str) -> None:
    def kept() -> list[object]:
        offers = "select name, version, edition from mcp.offers"
        return [direct.run(offers), direct.run("select key, mentions from mcp.terms order by 1")]

    before = kept()
    direct.tamper(harm)
    found = two.skillctl("verify")
    assert (found.exit_code, findings(found) - {"SK433"}) == (1, {"SK431"}), found.out
    fixed = two.skillctl("verify", "--fix")
    assert (fixed.exit_code, fixed.data["repaired"]) == (0, None), fixed.out
    assert kept() == before


@pytest.mark.parametrize("harm", NAMED.values(), ids=NAMED)
def test_what_was_published_is_named_and_never_written_over(two: Shop, direct: Database, harm: str) -> None:
    direct.tamper(harm)
    for command in (("verify",), ("verify", "--fix")):
        found = two.skillctl(*command)
        assert found.exit_code == 1, command
        assert findings(found) & {"SK432", "SK433", "SK408"}, found.out


def test_a_hold_that_was_taken_away_is_named(two: Shop, direct: Database) -> None:
    two.skillctl("hold", "set", "adder", "--reason", "month end")
    assert two.skillctl("verify").exit_code == 0
    direct.tamper("delete from mcp.holds")
    found = two.skillctl("verify")
    assert (found.exit_code, findings(found)) == (1, {"SK433"})
    assert "that none ended" in found.envelope["findings"][0]["message"]


def test_another_commit_can_be_asked_for_but_not_put_right(two: Shop, direct: Database) -> None:
    before = two.git("rev-parse", "HEAD~1")
    answer = two.skillctl("verify", "--commit", before)
    assert (answer.exit_code, answer.data["commit"], findings(answer)) == (1, before, {"SK431"})
    refused = two.skillctl("verify", "--commit", before, "--fix")
    assert (refused.exit_code, refused.envelope["error"]["kind"]) == (1, "production-moved")
    assert two.skillctl("verify", "--commit", "nowhere").exit_code == 2
    assert two.skillctl("verify", "adder").exit_code == 2
    assert two.skillctl("verify", "--approvals", "--fix").exit_code == 2


def test_a_lost_database_is_filled_from_git_and_answers_agents_as_before(
    two: Shop, direct: Database, tmp_path: Path
) -> None:
    two.skillctl("revoke", "adder@1.0.0", "--reason", "it leaks")
    two.commit("git agrees")
    two.skillctl("sync")

    def answers() -> list[object]:
        calls = ["list_skills()", "get_skill('adder')"]
        calls += [f"get_skill('adder', '{version}')" for version in ("1.0.0", "1.1.0")]
        calls += [f"read_file('adder', '1.1.0', '{path}')" for path in ("SKILL.md", "skill.yaml", "scripts/add.py")]
        said = [str(direct.value(f"select mcp.{call}")) for call in calls]
        return [re.sub(r"'release': '[0-9a-f-]*'", "", one) for one in said]

    before, kept = answers(), content(direct)
    told = direct.value("select count(*) from mcp_jobs.jobs")
    direct.empty()
    assert two.skillctl("sync").envelope["error"]["kind"] == "production-empty"
    done = two.skillctl("sync", "--rebuild")
    assert (done.exit_code, done.data["jobs"]) == (0, ["mattermost"]), done.out
    assert (answers(), content(direct)) == (before, kept)
    assert direct.run("select reason from mcp.revocations") == [("it leaks",)]
    ((payload,),) = direct.run("select payload from mcp_jobs.jobs")
    assert (told > 2, payload["kind"], payload["changes"], payload["skills"]) == (True, "rebuild", [], 1)
    assert two.skillctl("verify").exit_code == 0
    assert two.skillctl("sync", "--rebuild").envelope["error"]["kind"] == "production-not-empty"
    assert served(two) == {"adder": "1.1.0"}
