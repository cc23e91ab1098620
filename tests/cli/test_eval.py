"""`eval` of several skills: none hides another, and the worst of them decides the exit code."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skillctl.adapters.git_repository import GitRepository
from skillctl.adapters.git_tree import GitTree
from skillctl.adapters.scripts import ScriptRunner
from skillctl.adapters.walls import BestWalls
from tests.shop import Shop


@pytest.fixture
def shop(draft_shop: Path, tmp_path: Path) -> Shop:
    """The skill `adder` is sound, `broken` cannot be read."""
    made = Shop.copied(draft_shop, tmp_path / "shop")
    made.write("skills/broken/skill.yaml", "name: broken\nversion: '1\n")
    return made


def test_a_broken_skill_does_not_hide_a_sound_one(shop: Shop) -> None:
    for names in (["adder", "broken", "ader"], ["broken", "ader", "adder", "adder"]):
        answer = shop.skillctl("eval", *names)
        assert answer.exit_code == 2
        assert answer.envelope["error"] is None
        assert [one["evidence"]["verdict"] for one in answer.data["evaluations"]] == ["passed"]
        assert [(one["skill"], one["kind"]) for one in answer.data["errors"]] == [
            ("broken", "UsageError"),
            ("ader", "UsageError"),
        ]
        assert answer.data["errors"][0]["hint"] == "run `skillctl validate broken`"


def test_people_read_both(shop: Shop) -> None:
    answer = shop.typed("eval", "broken", "adder")
    assert answer.exit_code == 2
    assert "adder@" in answer.out
    assert ": passed (" in answer.out
    assert "error: `broken` cannot be evaluated: skills/broken/skill.yaml:" in answer.err
    assert "hint: run `skillctl validate broken`" in answer.err


@pytest.mark.parametrize(
    ("script", "exit_code"),
    [("import time; time.sleep(60)", 3), ("print(1)", 2)],
)
def test_the_worst_decides(shop: Shop, script: str, exit_code: int) -> None:
    shop.write("skills/other/skill.yaml", (shop.root / "skills/adder/skill.yaml").read_text().replace("adder", "other"))
    shop.write("skills/other/SKILL.md", (shop.root / "skills/adder/SKILL.md").read_text().replace("adder", "other"))
    shop.write("skills/other/scripts/a.py", script)
    case = "{id: a, run: {script: scripts/a.py, timeout: 0.5}, expect: [{equals: '2'}]}"
    shop.write("evals/other/suite.yaml", f"skill: other\ncases:\n  - {case}\n")
    answer = shop.skillctl("eval", "other", "broken", "adder")
    assert answer.exit_code == exit_code
    assert [one["evidence"]["skill"] for one in answer.data["evaluations"]] == ["other", "adder"]


def test_one_that_cannot_be_evaluated_alone_is_the_error_of_the_command(shop: Shop) -> None:
    answer = shop.skillctl("eval", "broken", "broken")
    assert (answer.exit_code, answer.envelope["error"]["kind"]) == (2, "UsageError")


def test_weak_isolation_is_said_once_and_changes_no_evidence(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.skillctl("eval", "adder")
    monkeypatch.setattr("skillctl.adapters.walls.TOOLS", ("no-such-tool",))
    assert ScriptRunner().isolation == "process"
    assert shop.skillctl("eval", "adder").err == ""
    answer = shop.skillctl("eval", "adder", "--fresh")
    assert answer.exit_code == 0
    assert answer.err == "scripts run without isolation: `no-such-tool` is not installed\n"
    evidence = answer.data["evaluations"][0]["evidence"]
    assert (evidence["runner"], "isolation" in evidence) == ("script/3", False)


def test_a_suite_that_never_ends_is_errored(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillctl.adapters.bounded_checks.SECONDS", 0.5)
    shop.write("skills/adder/scripts/a.py", "print('a' * 40)")
    case = "{id: a, run: {script: scripts/a.py}, expect: [{regex: '(a+)+b'}]}"
    shop.write("evals/adder/suite.yaml", f"skill: adder\ncases:\n  - {case}\n")
    answer = shop.skillctl("eval", "adder")
    assert answer.exit_code == 3
    (case_said,) = answer.data["evaluations"][0]["evidence"]["cases"]
    assert (case_said["outcome"], case_said["reasons"]) == ("errored", ["check took longer than 0.5 s"])


def test_walls_are_begun_before_the_folder_is_read_unless_answers_may_be_reused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    pending = GitRepository.pending

    def read(self: GitRepository, *folders: str) -> GitTree:
        done.append("read")
        return pending(self, *folders)

    monkeypatch.setattr(BestWalls, "begin", lambda self: done.append("walls"))
    monkeypatch.setattr(GitRepository, "pending", read)
    shutil.rmtree(shop.root / ".skillctl", ignore_errors=True)
    for options, first in (([], "walls"), ([], "read"), (["--fresh"], "walls")):
        done.clear()
        assert shop.skillctl("eval", "adder", *options).exit_code == 0
        assert done[0] == first


def test_nothing_is_left_of_walls_that_were_begun_in_vain(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = shop.root.parent / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    shop.write("evals/adder/suite.yaml", "run: [\n")
    assert shop.skillctl("eval", "adder", "--fresh").exit_code == 2
    assert list(temporary.iterdir()) == []


def test_only_what_reads_its_options_is_loaded_before_walls_are_begun() -> None:
    script = "import json, sys, skillctl.cli.eval; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert {"typer", "skillctl.wiring.ahead"} <= set(loaded)
    assert not {"pydantic", "yaml", "git", "skillctl.domain.evidence", "skillctl.workflows.evaluate"} & set(loaded)


def test_a_name_that_no_file_could_have_is_refused_like_any_other(shop: Shop) -> None:
    answer = shop.skillctl("eval", "x" * 5000)
    assert (answer.exit_code, answer.envelope["error"]["kind"]) == (2, "UsageError")
