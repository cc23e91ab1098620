"""Promotion: the step, the proof it asks for, and what it leaves alone."""

import json
from pathlib import Path

import pytest

from skillctl.domain import approval
from tests.shop import Shop


def test_a_draft_reaches_approved_with_a_proof(shop: Shop) -> None:
    shop.approve()
    assert shop.status() == "approved"
    assert shop.is_clean()
    statement = approval.read((shop.root / approval.path_of("adder", "1.0.0")).read_bytes())
    assert not isinstance(statement, str)
    assert statement.predicate.evidence.skill_digest == statement.predicate.digest
    blobs = {subject.name: subject.digest.git_blob for subject in statement.subject}
    assert blobs["skill.yaml"] == shop.git("rev-parse", "HEAD:skills/adder/skill.yaml")
    assert blobs["scripts/add.py"] == shop.git("rev-parse", "HEAD:skills/adder/scripts/add.py")


def test_the_commit_names_the_proof_in_trailers(shop: Shop) -> None:
    shop.approve()
    evidence = json.loads(next((shop.root / ".skillctl/evidence/adder").iterdir()).read_text())
    trailers = shop.git("log", "-1", "--format=%(trailers:only,unfold)").splitlines()
    assert trailers[:2] == ["Skill: adder@1.0.0", "Promotion: candidate -> approved"]
    assert trailers[2] == f"Skill-Digest: {evidence['skill_digest']}"
    assert trailers[3].startswith("Evidence: sha256:")


def test_only_the_status_changes_in_the_definition(shop: Shop) -> None:
    before = (shop.root / "skills/adder/skill.yaml").read_text()
    shop.skillctl("promote", "adder")
    assert (shop.root / "skills/adder/skill.yaml").read_text() == before.replace("draft", "candidate")


def test_nothing_else_is_committed_or_unstaged(shop: Shop) -> None:
    shop.write("staged.txt", "staged")
    shop.git("add", "staged.txt")
    shop.write("skillctl.yaml", (shop.root / "skillctl.yaml").read_text() + "# dirty\n")
    shop.write("untracked.txt", "untracked")
    assert shop.skillctl("promote", "adder").exit_code == 0
    assert shop.git("show", "--name-only", "--format=", "HEAD") == "skills/adder/skill.yaml"
    assert shop.git("diff", "--cached", "--name-only") == "staged.txt"
    assert shop.git("diff", "--name-only") == "skillctl.yaml"
    assert shop.git("ls-files", "--others", "--exclude-standard") == "untracked.txt"


def test_a_second_promote_says_so_and_commits_nothing(shop: Shop) -> None:
    shop.approve()
    head = shop.head()
    answer = shop.skillctl("promote", "adder")
    assert (answer.exit_code, answer.data["commit"], shop.head()) == (0, None, head)


def test_draft_to_approved_is_no_step(shop: Shop) -> None:
    answer = shop.skillctl("promote", "adder", "--to", "approved")
    assert answer.exit_code == 1
    assert answer.codes == ["illegal-step", "no-evidence"]
    assert shop.status() == "draft"


CHANGES = {
    "stale-skill": ("skills/adder/scripts/add.py", "print(42)\n\n"),
    "stale-suite": (
        "evals/adder/suite.yaml",
        'skill: adder\ncases:\n  - {id: adds, run: {script: scripts/add.py}, expect: [{contains: "4"}]}\n',
    ),
    "stale-policy": ("skillctl.yaml", "gates:\n  - {to: approved, evidence: [deterministic], min_cases: 1}\n"),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_one_change_after_the_evidence_makes_it_stale_and_names_the_part(shop: Shop, reason: str) -> None:
    path, text = CHANGES[reason]
    shop.skillctl("promote", "adder")
    shop.skillctl("eval", "adder")
    before = (shop.root / path).read_bytes()
    shop.write(path, text)
    shop.commit()
    answer = shop.skillctl("promote", "adder")
    assert (answer.exit_code, answer.codes) == (1, [reason])
    shop.write(path, before)
    shop.commit()
    assert shop.skillctl("promote", "adder").exit_code == 0, "put back, the same evidence proves it"


def test_a_policy_edit_elsewhere_stales_nothing(shop: Shop) -> None:
    shop.skillctl("promote", "adder")
    shop.skillctl("eval", "adder")
    shop.write("skillctl.yaml", (shop.root / "skillctl.yaml").read_text() + "auto_promote: [adder]\n")
    shop.commit()
    assert shop.skillctl("promote", "adder").exit_code == 0


def test_failed_and_errored_are_refused_by_their_own_names(shop: Shop) -> None:
    for script, exit_code, code in (("print(41)\n", 1, "pass-rate"), ("import time\ntime.sleep(60)\n", 3, "errored")):
        suite = (
            "skill: adder\ncases:\n"
            '  - {id: adds, run: {script: scripts/add.py, timeout: 0.5}, expect: [{equals: "42"}]}\n'
        )
        shop.write("evals/adder/suite.yaml", suite)
        shop.write("skills/adder/scripts/add.py", script)
        shop.commit()
        shop.skillctl("promote", "adder", "--to", "candidate")
        assert shop.skillctl("eval", "adder").exit_code == exit_code
        answer = shop.skillctl("promote", "adder", "--to", "approved")
        assert (answer.exit_code, answer.codes) == (1, [code])


def test_a_folder_that_is_not_committed_is_not_promoted(shop: Shop) -> None:
    shop.write("skills/adder/references/new.md", "new")
    answer = shop.skillctl("promote", "adder")
    assert (answer.exit_code, answer.codes) == (1, ["uncommitted"])
    assert shop.status() == "draft"


def test_what_was_measured_uncommitted_counts_once_it_is_committed(shop: Shop) -> None:
    shop.skillctl("promote", "adder")
    shop.write("skills/adder/references/new.md", "new")
    shop.skillctl("eval", "adder")
    shop.commit()
    assert shop.skillctl("promote", "adder").exit_code == 0


def test_a_status_written_by_hand_is_no_approval(shop: Shop) -> None:
    definition = shop.root / "skills/adder/skill.yaml"
    definition.write_text(definition.read_text().replace("draft", "approved"))
    shop.commit()
    answer = shop.skillctl("promote", "adder")
    assert answer.exit_code == 1
    assert "invalid" in answer.codes
    assert "SK208" in shop.skillctl("validate").codes


def test_an_approved_version_number_cannot_be_used_again(shop: Shop) -> None:
    shop.approve()
    shop.write("skills/adder/scripts/add.py", "print(42)  # other\n")
    definition = shop.root / "skills/adder/skill.yaml"
    definition.write_text(definition.read_text().replace("approved", "draft"))
    shop.commit()
    answer = shop.skillctl("promote", "adder")
    assert (answer.exit_code, answer.codes) == (1, ["version-taken"])


def test_a_version_must_be_greater_than_every_approved_one(shop: Shop) -> None:
    shop.approve()
    shop.skillctl("revise", "adder")
    definition = shop.root / "skills/adder/skill.yaml"
    definition.write_text(definition.read_text().replace("1.1.0", "0.9.0"))
    shop.commit()
    answer = shop.skillctl("promote", "adder")
    assert (answer.exit_code, answer.codes) == (1, ["version-order"])


def test_evidence_of_another_skill_or_altered_is_none(shop: Shop) -> None:
    shop.add_skill("other", answer=41)
    shop.commit()
    for name in ("adder", "other"):
        shop.skillctl("promote", name)
    shop.skillctl("eval", "other")
    theirs = next((shop.root / ".skillctl/evidence/other").iterdir())
    ours = shop.root / ".skillctl/evidence/adder"
    ours.mkdir()
    (ours / theirs.name).write_bytes(theirs.read_bytes())
    assert shop.skillctl("promote", "adder").codes == ["no-evidence"]
    altered = json.loads(theirs.read_text()) | {"skill": "adder"}
    (ours / theirs.name).write_text(json.dumps(altered))
    assert shop.skillctl("promote", "adder").codes == ["no-evidence"]


def test_approvals_that_the_policy_asks_for_cannot_be_skipped(shop: Shop) -> None:
    shop.write("skillctl.yaml", "people: {ana: {keys: [k]}}\ngates:\n  - {to: approved, approvals: 1}\n")
    shop.commit()
    shop.skillctl("promote", "adder")
    shop.skillctl("eval", "adder")
    assert shop.skillctl("promote", "adder").codes == ["unapproved"]


def test_a_hook_that_fails_leaves_everything_as_it_was(shop: Shop) -> None:
    hook = Path(shop.git("rev-parse", "--git-path", "hooks"))
    shop.write(str(hook / "pre-commit"), "#!/bin/sh\necho no promotion today >&2\nexit 1\n").chmod(0o755)
    head = shop.head()
    answer = shop.skillctl("promote", "adder")
    assert answer.exit_code == 3
    assert "no promotion today" in answer.envelope["error"]["message"]
    assert (shop.head(), shop.is_clean(), shop.status()) == (head, True, "draft")


def test_authors_are_all_since_the_last_approval(shop: Shop) -> None:
    def by(name: str, path: str) -> None:
        shop.write(path, name)
        shop.git("add", "--all")
        shop.git("commit", "--quiet", "-m", "x", f"--author={name} <{name}@example.test>")

    shop.approve()
    shop.skillctl("revise", "adder")
    by("alice", "skills/adder/references/a.md")
    shop.skillctl("deprecate", "adder", "--version", "1.0.0", "--reason", "old")
    by("bob", "skills/adder/references/b.md")
    shop.approve()
    said = approval.read((shop.root / approval.path_of("adder", "1.1.0")).read_bytes())
    assert not isinstance(said, str)
    assert {"alice <alice@example.test>", "bob <bob@example.test>"} <= set(said.predicate.authors)


def test_deprecated_is_not_reached_by_promotion(shop: Shop) -> None:
    shop.approve()
    head = shop.head()
    answer = shop.skillctl("promote", "adder", "--to", "deprecated")
    assert answer.exit_code in (1, 2)
    assert "skillctl deprecate" in answer.out
    assert shop.head() == head


def test_a_script_that_leaks_is_not_promoted(shop: Shop) -> None:
    """What `validate` finds in the files of a skill stands in the way, not only what it finds in its sheet."""
    key = "AKIA" + "IOSFODNN7EXAMPL9"
    shop.write("skills/adder/scripts/add.py", f'print(42)\nKEY = "{key}"\n')
    shop.commit()
    answer = shop.skillctl("promote", "adder")
    assert (answer.exit_code, answer.codes, shop.status()) == (1, ["invalid"], "draft")
