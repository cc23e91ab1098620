"""Trouble of the machine: said as such, with the place and the next step, and never called a bug of ours."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shop import Answer, Shop, run


@pytest.fixture
def shop(draft_shop: Path, tmp_path: Path) -> Shop:
    return Shop.copied(draft_shop, tmp_path / "shop")


def outside(shop: Shop, *words: str) -> Answer:
    """A command as somebody whom permissions hold back; root without its privileges is such a somebody."""
    bound = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []
    command = [*bound, sys.executable, "-m", "skillctl", "-C", str(shop.root), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


held_back = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="permissions do not hold root back here"
)


@pytest.mark.parametrize("words", ["eval adder", "promote adder", "load", "revise adder", "demo"])
def test_no_git(shop: Shop, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setenv("PATH", str(shop.root))
    answer = shop.typed(*words.split())
    assert answer.exit_code == 3
    assert "there is no `git` in `PATH`" in answer.err
    assert "install Git" in answer.err


def test_what_only_reads_files_needs_no_git(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(shop.root))
    assert shop.typed("validate").exit_code == 0


def test_our_folder_is_a_file(shop: Shop) -> None:
    shutil.rmtree(shop.root / ".skillctl", ignore_errors=True)
    shop.write(".skillctl", "")
    for words in ("eval adder", "load", "promote adder"):
        answer = shop.typed(*words.split())
        assert answer.exit_code == 2
        assert f"`{shop.root}/.skillctl` is not a folder" in answer.err
        assert "mv" in answer.err


def test_our_folder_is_a_link_that_leads_elsewhere(shop: Shop, tmp_path: Path) -> None:
    """A repository may bring one: what we write would land in somebody's home."""
    (tmp_path / "elsewhere").mkdir()
    shutil.rmtree(shop.root / ".skillctl", ignore_errors=True)
    (shop.root / ".skillctl").symlink_to(tmp_path / "elsewhere")
    assert shop.typed("load").exit_code == 2
    assert shop.typed("validate").exit_code == 0, "it needs nothing there"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_validate_where_nobody_may_write(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "permission denied")

    shutil.rmtree(shop.root / ".skillctl", ignore_errors=True)
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert shop.typed("validate").exit_code == 0


def test_a_server_in_the_place_of_a_file(shop: Shop) -> None:
    answer = run("db", "serve", shop.root / "skillctl.yaml")
    assert answer.exit_code == 2
    assert "skillctl.yaml` is not a folder" in answer.err
    answer = run("db", "serve", shop.root / "skillctl.yaml" / "below")
    assert (answer.exit_code, "skillctl.yaml" in answer.err, "bug" in answer.err) == (3, True, False)


def test_a_bare_repository_is_called_so(shop: Shop, tmp_path: Path) -> None:
    shop.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    for command in ("list", "promote x"):
        answer = run("-C", tmp_path / "bare", *command.split())
        assert answer.exit_code == 2
        assert "bare` is a bare repository" in answer.err
        assert "git clone" in answer.err


@held_back
def test_a_folder_that_is_not_ours(shop: Shop) -> None:
    shop.root.joinpath("locked").mkdir(mode=0o500)
    answer = outside(shop, "schema", str(shop.root / "locked/schemas"))
    assert answer.exit_code == 3
    assert "locked/schemas`: permission denied" in answer.err
    assert "ls -l" in answer.err
    answer = outside(shop, "schema", str(shop.root / "locked/schemas"), "--format", "json")
    assert answer.envelope["error"]["kind"] == "Unreachable"


@held_back
def test_a_file_that_cannot_be_read_hides_no_other(shop: Shop) -> None:
    for name in ("shut", "suiteless", "broken"):
        shop.add_skill(name)
    shop.write("skills/broken/skill.yaml", "name: broken\nversion: [\n")
    (shop.root / "skills/shut/SKILL.md").chmod(0)
    (shop.root / "evals/suiteless").chmod(0)
    answer = outside(shop, "validate", "--format", "json")
    assert answer.exit_code == 1
    found = {(one["code"], one["file"], one["message"]) for one in answer.envelope["findings"]}
    assert ("SK001", "skills/shut/SKILL.md", "cannot be read: permission denied") in found
    assert ("SK001", "evals/suiteless", "cannot be read: permission denied") in found
    assert any(code == "SK002" and file == "skills/broken/skill.yaml" for code, file, _ in found)
    assert not any(file == "skills/shut/SKILL.md" and code != "SK001" for code, file, _ in found)
    assert outside(shop, "list").exit_code == 0


def test_skills_behind_a_link_are_not_followed(shop: Shop, tmp_path: Path) -> None:
    shutil.move(shop.root / "skills", tmp_path / "elsewhere")
    (shop.root / "skills").symlink_to(tmp_path / "elsewhere")
    assert shop.skillctl("list").data["skills"] == []
    answer = shop.skillctl("validate")
    assert answer.exit_code == 1
    assert ("SK001", "skills") in {(one["code"], one["file"]) for one in answer.envelope["findings"]}


def test_retries_are_not_logged_at_people(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_nobodys")
    answer = outside(shop, "plan")
    assert answer.exit_code == 3
    assert answer.err.startswith("error: no answer from 127.0.0.1:9")
    assert "stamina" not in answer.err


@pytest.mark.parametrize("words", ["demo", "db serve"])
def test_what_plays_to_nobody_says_no_yes(tmp_path: Path, words: str) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "skillctl", *words.split(), *([str(tmp_path)] if "serve" in words else [])]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr.splitlines()[0]) == (3, "error: broken pipe")
