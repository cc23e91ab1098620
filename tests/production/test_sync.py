"""From a commit to production, by the command line, over both transports, on real PostgreSQL."""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skillctl.adapters.local_sink import Sink
from skillctl.domain import approval
from skillctl.domain.digest import measure_skill
from skillctl.domain.evidence import Evidence
from skillctl.domain.tree import TreeFile
from tests.crash import dies_at
from tests.production.conftest import Database
from tests.production.released import actions, served
from tests.shop import Shop, run


def test_an_approved_skill_reaches_production_once_and_bit_for_bit(shop: Shop, prod: Database) -> None:
    assert actions(shop) == {"adder": "publish"}
    first = shop.skillctl("sync")
    assert (first.exit_code, first.data["jobs"]) == (0, ["mattermost", "n8n"])
    second = shop.skillctl("sync")
    assert (second.exit_code, second.data["release"], second.data["jobs"]) == (0, None, [])
    assert prod.value("select count(*) from mcp.releases") == 1
    assert served(shop) == {"adder": "1.0.0"}
    for path in ("SKILL.md", "scripts/add.py", "skill.yaml"):
        said = prod.value("select mcp.read_file('adder', '1.0.0', %s)", path)
        assert base64.b64decode(said["base64"]) == (shop.root / "skills/adder" / path).read_bytes()


def test_drafts_and_candidates_never_reach_production(shop: Shop, prod: Database) -> None:
    shop.add_skill("other")
    shop.commit()
    shop.skillctl("promote", "other")
    shop.skillctl("sync")
    assert served(shop) == {"adder": "1.0.0"}
    assert prod.value("select count(*) from mcp.skills") == 1


def test_a_new_draft_leaves_the_served_version_and_its_approval_replaces_it(shop: Shop, prod: Database) -> None:
    shop.skillctl("sync")
    shop.skillctl("revise", "adder")
    assert actions(shop, "sync") == {"adder": "kept"}
    assert served(shop) == {"adder": "1.0.0"}
    shop.approve()
    assert actions(shop, "sync") == {"adder": "publish"}
    assert served(shop) == {"adder": "1.1.0"}
    assert shop.skillctl("show", "adder", "--env", "prod", "--version", "1.0.0").data["version"] == "1.0.0"


def test_a_deprecated_skill_answers_by_name_with_its_notice_and_is_in_no_list(shop: Shop, prod: Database) -> None:
    shop.skillctl("sync")
    shop.skillctl("deprecate", "adder", "--reason", "sums moved", "--sunset", "2027-03-31")
    assert actions(shop, "sync") == {"adder": "deprecate"}
    assert served(shop) == {}
    shown = shop.skillctl("show", "adder", "--env", "prod").data
    assert (shown["state"], shown["notice"]) == ("deprecated", {"reason": "sums moved", "sunset": "2027-03-31"})
    assert actions(shop, "sync") == {"adder": "unchanged"}


def test_production_is_rebuilt_from_a_full_clone(shop: Shop, direct: Database, tmp_path: Path) -> None:
    shop.skillctl("revise", "adder")
    shop.write("skills/adder/scripts/add.py", "print(40 + 2)\n")
    shop.commit()
    shop.approve()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", f"file://{shop.root}", clone], check=True)
    answer = run("-C", clone, "sync", "--format", "json")
    assert answer.exit_code == 0
    versions = direct.run("select version from mcp.skill_versions order by version")
    assert versions == [("1.0.0",), ("1.1.0",)]


def test_a_shallow_clone_is_blocked_with_the_command_that_deepens_it(
    new: Shop, direct: Database, tmp_path: Path
) -> None:
    new.skillctl("revise", "adder")
    new.write("skills/adder/scripts/add.py", "print(40 + 2)\n")
    new.commit()
    new.approve()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{new.root}", clone], check=True)
    answer = run("-C", clone, "sync", "--rebuild", "--format", "json")
    assert (answer.exit_code, answer.codes) == (1, ["SK404"])
    assert "git fetch --unshallow" in answer.envelope["findings"][0]["hint"]
    new.commit("later")
    new.commit("later still")
    again = tmp_path / "again"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{new.root}", again], check=True)
    answer = run("-C", again, "sync", "--format", "json")
    assert (answer.exit_code, answer.envelope["error"]["kind"]) == (3, "Unreachable")
    assert "git fetch --unshallow" in answer.envelope["error"]["hint"]


def by_hand(shop: Shop) -> str:
    shop.add_skill("hand", status="approved")
    return "SK208"


def changed_content(shop: Shop) -> str:
    shop.write("skills/adder/scripts/add.py", "print(41)\n")
    return "SK412"


def changed_evidence(shop: Shop) -> str:
    file = shop.root / "approvals/adder/1.0.0/approval.json"
    file.write_text(file.read_text().replace('"verdict": "passed"', '"verdict": "failed"'))
    return "SK406"


def changed_digest(shop: Shop) -> str:
    file = shop.root / "approvals/adder/1.0.0/approval.json"
    digest = shop.skillctl("history", "adder").data["versions"][0]["digest"]
    file.write_text(file.read_text().replace(digest, "sha256:" + "0" * 64))
    return "SK405"


def forged_approval(shop: Shop) -> str:
    """A whole statement written by hand for other content, with evidence that nobody measured."""
    _forge(shop, policy_digest="sha256:" + "0" * 64)
    return "SK406"


def forged_approval_of_what_cannot_be_read(shop: Shop) -> str:
    """The same, under the right policy, of a sheet that says nothing."""
    shop.write("skills/adder/SKILL.md", "add numbers\n")
    _forge(shop)
    return "SK405"


def _forge(shop: Shop, **said_of_evidence: str) -> None:
    path = shop.root / "approvals/adder/1.0.0/approval.json"
    said = json.loads(path.read_text())
    definition = shop.root / "skills/adder/skill.yaml"
    definition.write_text(definition.read_text().replace("1.0.0", "2.0.0"))
    contents = {file.name: file.read_bytes() for file in (definition, shop.root / "skills/adder/SKILL.md")}
    contents["scripts/add.py"] = (shop.root / "skills/adder/scripts/add.py").read_bytes()
    folder = "skills/adder"
    entries = [TreeFile(f"{folder}/{name}", "100644", shop.git("hash-object", f"{folder}/{name}")) for name in contents]
    content = measure_skill(folder, entries, {f"{folder}/{name}": raw for name, raw in contents.items()})
    evidence = Evidence.model_validate_json(json.dumps(said["predicate"]["evidence"]))
    lie = evidence.model_copy(update={"version": "2.0.0", "skill_digest": content.digest, **said_of_evidence})
    shop.write("approvals/adder/2.0.0/approval.json", approval.state(content, lie, []).text())
    shop.write("approvals/adder/serving.yaml", 'serving: "2.0.0"\n')


def changed_mode(shop: Shop) -> str:
    (shop.root / "skills/adder/scripts/add.py").chmod(0o755)
    return "SK412"


def copied_approval(shop: Shop) -> str:
    shop.add_skill("copy")
    shutil.copytree(shop.root / "approvals/adder", shop.root / "approvals/copy")
    return "SK402"


def unapproved_serving(shop: Shop) -> str:
    shop.write("approvals/adder/serving.yaml", 'serving: "2.0.0"\n')
    return "SK401"


def deleted_folder(shop: Shop) -> str:
    shutil.rmtree(shop.root / "skills/adder")
    return "SK410"


@pytest.mark.parametrize(
    "attack",
    [
        by_hand,
        changed_content,
        changed_mode,
        changed_evidence,
        changed_digest,
        forged_approval,
        forged_approval_of_what_cannot_be_read,
        copied_approval,
        unapproved_serving,
        deleted_folder,
    ],
)
def test_what_was_not_proved_is_blocked_and_the_others_are_released(
    shop: Shop, direct: Database, attack: object
) -> None:
    shop.add_skill("good")
    shop.commit()
    shop.approve("good")
    assert callable(attack)
    code = attack(shop)
    shop.commit("an attack")
    answer = shop.skillctl("sync")
    assert answer.exit_code == 1
    assert code in answer.codes
    assert served(shop)["good"] == "1.0.0"
    assert not {"hand", "copy"} & served(shop).keys()


def test_a_deleted_approval_never_takes_a_skill_from_production(shop: Shop, direct: Database) -> None:
    shop.skillctl("sync")
    shutil.rmtree(shop.root / "approvals/adder")
    shutil.rmtree(shop.root / "skills/adder")
    shop.commit()
    answer = shop.skillctl("sync")
    assert answer.exit_code == 1
    assert "SK411" in answer.codes
    assert served(shop) == {"adder": "1.0.0"}


def test_production_never_goes_back_to_an_older_commit(shop: Shop, direct: Database) -> None:
    shop.skillctl("revise", "adder")
    shop.skillctl("sync")
    answer = shop.skillctl("sync", "HEAD~1")
    assert answer.exit_code == 1
    assert answer.envelope["error"]["kind"] == "production-ahead"
    later = shop.commit("nothing of a skill")
    assert shop.skillctl("sync").exit_code == 0
    assert direct.value("select commit from mcp.deployed") == later, "an empty plan moves the deployed commit too"
    assert shop.skillctl("sync", "HEAD~1").exit_code == 1


def test_sync_reads_a_commit_never_the_folder(shop: Shop, direct: Database) -> None:
    shop.write("skills/adder/scripts/add.py", "print(41)\n")
    shop.write("approvals/adder/serving.yaml", "broken: [")
    assert shop.skillctl("sync").exit_code == 0
    assert served(shop) == {"adder": "1.0.0"}


def test_killed_anywhere_and_run_again(shop: Shop, direct: Database) -> None:
    environment = {"SKILLCTL_DATABASE_URL": direct.owner_url}
    effect = 0
    while dies_at(effect + 1, "-C", shop.root, "sync", environment=environment):
        effect += 1
        held = direct.run("select (select count(*) from mcp.releases), (select count(*) from mcp.skill_versions)")
        assert held in [[(0, 0)], [(1, 1)]], "nothing in between is ever to be seen"
    assert effect > 8, "the points at which it can die were found"
    assert direct.value("select count(*) from mcp.promotions") == 1
    assert direct.value("select count(*) from mcp_jobs.jobs") == 2


def test_a_version_leaves_production_by_an_entry_only(shop: Shop, direct: Database) -> None:
    shop.skillctl("sync")
    serving = "approvals/adder/serving.yaml"
    shop.write(serving, "serving: null\n")
    shop.commit()
    answer = shop.skillctl("sync")
    assert (answer.exit_code, answer.codes, served(shop)) == (1, ["SK407"], {"adder": "1.0.0"})
    shop.write(serving, 'serving: null\nwithdrawn: {"1.0.0": {reason: "wrong sums"}}\n')
    shop.commit()
    assert actions(shop, "sync") == {"adder": "withdraw"}
    assert served(shop) == {}
    assert shop.skillctl("show", "adder", "--env", "prod").exit_code == 2


def test_a_revoked_version_never_comes_back(shop: Shop, direct: Database) -> None:
    shop.skillctl("sync")
    serving = "approvals/adder/serving.yaml"
    before = (shop.root / serving).read_bytes()
    shop.write(serving, 'serving: null\nrevoked: {"1.0.0": {reason: "it leaks"}}\n')
    shop.commit()
    assert actions(shop, "sync") == {"adder": "revoke"}
    assert shop.skillctl("sync").data["release"] is None
    assert direct.run("select name, version, reason from mcp.revocations") == [("adder", "1.0.0", "it leaks")]
    shop.write(serving, before)
    shop.commit()
    answer = shop.skillctl("sync")
    assert (answer.exit_code, answer.codes, served(shop)) == (1, ["SK408"], {})


def test_many_at_once_are_withdrawn_only_when_it_is_meant(shop: Shop, direct: Database) -> None:
    names = ["adder", "second"]
    shop.add_skill("second")
    policy = (shop.root / "skillctl.yaml").read_text()
    shop.write("skillctl.yaml", policy.replace("mattermost: {}", "mattermost: {}, max_withdrawn: {above: 1}"))
    shop.commit()
    shop.approve("second")
    shop.skillctl("sync")
    for name in names:
        shop.write(f"approvals/{name}/serving.yaml", 'serving: null\nwithdrawn: {"1.0.0": {reason: "moved"}}\n')
    shop.commit()
    answer = shop.skillctl("sync")
    assert (answer.exit_code, answer.envelope["error"]["kind"]) == (1, "too-many-withdrawn")
    assert served(shop).keys() == set(names)
    assert shop.skillctl("sync", "--prune").exit_code == 0
    assert served(shop) == {}


@pytest.mark.parametrize(
    "policy",
    [
        "people: {ana: {keys: [A]}, jun: {keys: [B]}}\ngates: [{to: approved, approvals: 2}]",
        "gates: [{to: approved, min_cases: 50}]",
        "gates: [{to: approved, evidence: [live]}]",
    ],
)
def test_an_approval_counts_under_the_policy_of_its_base(shop: Shop, direct: Database, policy: str) -> None:
    """Stricter policies do not touch a standing approval; an approval made under them by hand is refused."""
    kept = {path: (shop.root / path).read_bytes() for path in ("approvals/adder/1.0.0/approval.json",)}
    environments = "\nenvironments: {prod: {store: supabase}}\n"
    shop.write("skillctl.yaml", policy + environments)
    shop.commit("a stricter policy")
    assert shop.skillctl("plan").exit_code == 0, "it was approved before"
    shutil.rmtree(shop.root / "approvals/adder/1.0.0")
    shop.commit("take the approval out")
    for path, raw in kept.items():
        shop.write(path, raw)
    shop.commit("and bring it in again, now under the stricter policy")
    answer = shop.skillctl("sync")
    assert (answer.exit_code, answer.codes) == (1, ["SK406"])


def test_only_the_release_branch_is_released(shop: Shop, direct: Database) -> None:
    shop.git("checkout", "--quiet", "-b", "feature")
    shop.commit("not merged")
    assert shop.skillctl("plan").exit_code == 0
    answer = shop.skillctl("sync")
    assert (answer.exit_code, answer.envelope["error"]["kind"]) == (1, "off-release-branch")
    shop.git("checkout", "--quiet", "--detach", "main")
    assert shop.skillctl("sync").exit_code == 0


def test_a_refused_sync_writes_nothing(shop: Shop, direct: Database) -> None:
    shop.skillctl("sync")
    direct.run("update mcp.offers set edition = null where true")
    shop.git("checkout", "--quiet", "-b", "feature")
    shop.commit("not merged")
    assert shop.skillctl("sync").exit_code == 1
    assert direct.run("select edition from mcp.offers") == [(None,)]
    shop.git("checkout", "--quiet", "main")
    assert shop.skillctl("sync").data["release"] is None
    assert direct.value("select edition from mcp.offers") is not None, "an empty one gives them their terms"


def test_who_is_told_is_what_the_commit_says(shop: Shop, direct: Database) -> None:
    policy = (shop.root / "skillctl.yaml").read_text()
    shop.write("skillctl.yaml", policy.replace(", mattermost: {}, n8n: {}", ""))
    assert shop.skillctl("sync").data["jobs"] == ["mattermost", "n8n"]


def test_an_approval_that_comes_late_stops_only_its_skill(new: Shop, direct: Database) -> None:
    shop = new
    shop.skillctl("revise", "adder")
    shop.approve()
    late = shop.root / "approvals/adder/1.0.0"
    aside = late.rename(shop.root / "aside")
    shop.commit("without the first approval")
    assert shop.skillctl("sync", "--rebuild").exit_code == 0
    aside.rename(late)
    shop.add_skill("good")
    shop.commit("it comes late")
    shop.approve("good")
    answer = shop.skillctl("sync")
    assert answer.exit_code == 1
    assert "SK414" in answer.codes
    assert served(shop) == {"adder": "1.1.0", "good": "1.0.0"}


def test_two_at_once_release_once(shop: Shop, direct: Database) -> None:
    command = [sys.executable, "-m", "skillctl", "-C", str(shop.root), "sync"]
    environment = {**os.environ, "SKILLCTL_DATABASE_URL": direct.owner_url}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ends = [(one.communicate(timeout=60), one.returncode) for one in both]
    assert {code for _, code in ends} <= {0, 1}
    for (_, err), code in ends:
        assert code == 0 or "refused: " in err, err
    assert direct.value("select count(*) from mcp.releases") == 1
    assert direct.value("select count(*) from mcp_jobs.jobs") == 2
    assert shop.skillctl("sync").data["release"] is None


def test_both_are_told_once_and_one_that_is_down_holds_up_nobody(
    shop: Shop, prod: Database, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.skillctl("sync")
    up = sink.mattermost_url
    monkeypatch.setenv("MATTERMOST_WEBHOOK_URL", "http://127.0.0.1:9/hooks/hidden")
    answer = shop.skillctl("jobs", "work", "--drain")
    assert answer.exit_code == 1
    assert {one["type"]: one["status"] for one in answer.data["deliveries"]} == {
        "notice": "queued",
        "rollout": "completed",
    }
    assert "hidden" not in answer.out
    assert shop.skillctl("jobs", "work", "--drain").data["deliveries"] == [], "the next attempt is not due yet"
    monkeypatch.setenv("MATTERMOST_WEBHOOK_URL", up)
    prod.run("update mcp_jobs.jobs set run_at = now() where status = 'queued'")
    assert shop.skillctl("jobs", "work", "--drain").exit_code == 0
    assert [len(sink.arrived[name]) for name in ("mattermost", "n8n")] == [1, 1]
    facts = sink.arrived["n8n"][0]["data"]
    assert [(change["skill"], change["version"], change["action"]) for change in facts["changes"]] == [
        ("adder", "1.0.0", "publish")
    ]


def test_a_database_without_migrations_names_the_command(
    shop: Shop, bare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", bare.owner_url)
    for command in ("plan", "sync", "list --env prod", "jobs list", "jobs work --drain"):
        answer = shop.skillctl(*command.split())
        assert answer.exit_code == 3, command
        assert "skillctl db push" in answer.envelope["error"]["hint"], command
    assert shop.skillctl("db", "status").exit_code == 1
    assert shop.skillctl("db", "push").exit_code == 0
    assert shop.skillctl("db", "status").data["pending"] == []
    assert shop.skillctl("sync").envelope["error"]["kind"] == "production-empty"
    assert shop.skillctl("sync", "--rebuild").exit_code == 0


def test_a_database_that_is_down_is_no_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", "postgresql://postgres:hidden@127.0.0.1:9/postgres")
    for command in ("plan", "sync", "list --env prod", "jobs list", "db status", "db push"):
        answer = shop.skillctl(*command.split())
        assert (answer.exit_code, "hidden" in answer.out + answer.err) == (3, False), command
        assert answer.envelope["error"]["hint"], command


def test_this_repository_is_proved_from_its_own_history(project: Path, direct: Database) -> None:
    """What this project approved by its own tool would be published as it stands, from a full clone."""
    answer = run("-C", project, "plan", "--format", "json")
    if Shop(project).git("rev-parse", "--is-shallow-repository") == "true":
        # What odoo-developer 1.0.0 and the approved bi-architect were is older than the newest commit.
        assert (answer.exit_code, answer.codes) == (1, ["SK404", "SK404"])
        return
    assert (answer.exit_code, answer.codes) == (0, []), answer.out
    entries = {entry["skill"]: (entry["action"], entry["serving"]) for entry in answer.data["entries"]}
    assert entries["finance-ssc"] == ("publish", "1.0.0")
    assert entries["odoo-developer"] == ("publish", "1.0.0"), "its newer draft is not what is served"
    assert entries["bi-architect"] == ("publish", "1.0.0"), "deprecated, and kept for those who use it"
    assert not {"devops-engineer", "infra-orchestrator"} & entries.keys()
