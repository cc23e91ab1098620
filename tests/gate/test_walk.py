"""`gate --from --to`: each first-parent commit against the one before it, as production takes them."""

import json
from pathlib import Path

from markdown_it import MarkdownIt

from tests.gate.attacks import SKILL, edit
from tests.gate.company import Company, errors
from tests.shop import run


def test_a_merge_brings_in_what_nobody_proved(offering: Company) -> None:
    """Each commit of the branch may look harmless; what counts is what the merge does to the first parent."""
    offering.on("side")
    edit(offering, SKILL, "status: candidate", "status: approved")
    offering.commit("by hand")
    offering.git("checkout", "--quiet", "main")
    offering.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    assert errors(offering.gate("--from", "HEAD~1")) == ["SK208"]


def test_what_was_put_right_later_was_wrong_then(serving: Company) -> None:
    start = serving.head()
    serving.git("rm", "--quiet", "approvals/adder/1.0.0/approval.json")
    serving.commit("delete it")
    serving.git("revert", "--no-edit", "HEAD")
    assert serving.gate("--base", start).exit_code == 0
    answer = serving.gate("--from", start, "--to", "HEAD")
    assert [one["open"] for one in answer.data["changes"]] == [False, False]
    assert "SK411" in errors(answer)


def test_a_base_that_was_rewritten(offering: Company) -> None:
    deployed = offering.head()
    offering.git("commit", "--quiet", "--amend", "-m", "rewritten")
    answer = offering.gate("--from", deployed)
    assert answer.exit_code == 2
    assert "is not on the first-parent line" in answer.envelope["error"]["message"]
    assert "was the branch rewritten?" in answer.envelope["error"]["hint"]


def test_a_signature_of_a_retired_key_in_a_commit_that_is_dated_back(promoting: Company) -> None:
    """The day is that of the commit, and never one before what it builds on."""
    promoting.git("checkout", "--quiet", "main")
    key = promoting.key("maria")
    retired = f'{{key: "{key}", retired: "2021-01-01"}}, "{promoting.key("mallory")}"'
    edit(promoting, "skillctl.yaml", f'"{key}"', retired)
    promoting.commit("maria's key is retired")
    promoting.git("merge", "--quiet", "--no-ff", "--no-edit", "promotion")
    back = "GIT_COMMITTER_DATE=2020-01-01T00:00:00Z"
    promoting.git("-c", "alias.back=!env " + back + " git commit --amend --no-edit --quiet", "back")
    assert promoting.git("show", "--no-patch", "--format=%cs") == "2020-01-01"
    assert "SK705" in errors(promoting.gate("--from", "HEAD~1"))


def test_a_shallow_clone(serving: Company, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    serving.git("clone", "--quiet", "--depth", "1", f"file://{serving.root}", str(clone))
    answer = run("-C", clone, "gate", "--base", "HEAD", "--format", "json")
    assert answer.exit_code == 0
    answer = run("-C", clone, "gate", "--from", serving.git("rev-parse", "HEAD~1"), "--format", "json")
    assert answer.exit_code in (2, 3)
    assert "git fetch" in answer.envelope["error"]["hint"]


def test_nothing_of_the_folder_is_looked_at(promoting: Company) -> None:
    edit(promoting, "skills/adder/SKILL.md", "Adds.", "Not committed.")
    promoting.git("add", "--all")
    assert promoting.gate().exit_code == 0
    assert promoting.gate("--base", "main", "--head", "main").data["changes"][0]["skills"] == []


def test_what_cannot_be_merged_is_not_judged(promoting: Company) -> None:
    promoting.git("checkout", "--quiet", "main")
    edit(promoting, SKILL, "status: candidate", "status: draft")
    promoting.commit("rework")
    promoting.git("checkout", "--quiet", "promotion")
    answer = promoting.gate()
    assert answer.exit_code == 3
    assert "cannot be merged" in answer.envelope["error"]["message"]


def test_a_command_that_says_neither_or_both(offering: Company) -> None:
    for words in ((), ("--base", "main", "--from", "main"), ("--from", "main", "--head", "main"), ("--to", "main")):
        answer = offering.skillctl("gate", *words)
        assert answer.exit_code == 2
        assert "gate --base origin/main" in answer.envelope["error"]["hint"]


def test_the_report_of_a_pull_request_is_safe(offering: Company) -> None:
    offering.on("change")
    evil = "x`</code><img src=x onerror=alert(1)> @everyone [a](javascript:alert(1))"
    text = (offering.root / "evals/adder/suite.yaml").read_text()
    offering.write("evals/adder/suite.yaml", text.replace('"42"', json.dumps(evil)))
    offering.commit("evil")
    told = run("-C", offering.root, "gate", "--base", "main", "--format", "markdown")
    assert told.exit_code == 1
    html = MarkdownIt("commonmark", {"html": True}).render(told.out)
    assert "<img" not in html
    assert "<a " not in html
    for form in ("github", "sarif", "text"):
        assert run("-C", offering.root, "gate", "--base", "main", "--format", form).exit_code == 1


def test_a_finding_says_where(offering: Company) -> None:
    offering.on("change")
    offering.write("approvals/adder/serving.yaml", "serving: [\n")
    offering.commit("break it")
    for form in ("text", "markdown"):
        told = run("-C", offering.root, "gate", "--base", "main", "--format", form)
        assert "approvals/adder/serving.yaml:2" in told.out
