"""A folder as it lies on the disk: links are never followed, and one file that cannot be read hides no other."""

import os
from pathlib import Path

import pytest

from skillctl.adapters.folder_tree import FolderTree


def paths(tree: FolderTree, *folders: str) -> list[tuple[str, str]]:
    return [(file.path, file.mode) for file in tree.files(*folders)]


def test_files_and_their_modes(tmp_path: Path) -> None:
    (tmp_path / "skills/a/scripts").mkdir(parents=True)
    (tmp_path / "skills/a/SKILL.md").write_text("x")
    (tmp_path / "skills/a/scripts/run").write_text("x")
    (tmp_path / "skills/a/scripts/run").chmod(0o755)
    (tmp_path / "skills/a/link").symlink_to("SKILL.md")
    tree = FolderTree(tmp_path)
    expected = [("skills/a/SKILL.md", "100644"), ("skills/a/link", "120000"), ("skills/a/scripts/run", "100755")]
    assert paths(tree, "skills", "evals", "skillctl.yaml") == expected
    assert paths(tree, "skills/a/SKILL.md") == [("skills/a/SKILL.md", "100644")]
    assert tree.unreadable == {}


def test_a_top_folder_that_is_a_link_is_an_entry_as_in_git(tmp_path: Path) -> None:
    (tmp_path / "elsewhere/a").mkdir(parents=True)
    (tmp_path / "elsewhere/a/SKILL.md").write_text("x")
    (tmp_path / "skills").symlink_to(tmp_path / "elsewhere")
    tree = FolderTree(tmp_path)
    assert paths(tree, "skills") == [("skills", "120000")]
    assert tree.unreadable == {"skills": "symbolic links are not followed"}


def test_nothing_lies_behind_a_link_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".claude").symlink_to("elsewhere")
    tree = FolderTree(tmp_path)
    assert paths(tree, ".claude/mcp-servers.json") == []
    assert tree.unreadable == {}, "nobody asked for what is not there"
    (tmp_path / "elsewhere/mcp-servers.json").write_text("{}")
    assert paths(tree, ".claude/mcp-servers.json") == []
    assert tree.unreadable == {".claude": "symbolic links are not followed"}


def test_what_cannot_be_read_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("shut", "open", "half"):
        (tmp_path / "skills" / name).mkdir(parents=True)
        (tmp_path / "skills" / name / "SKILL.md").write_text(name)
    scandir, opened = os.scandir, os.open

    def shut(top: str) -> object:
        if top.endswith("/shut"):
            raise PermissionError(13, "Permission denied", top)
        return scandir(top)

    def half(path: str, flags: int) -> int:
        if "/half/" in path:
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags)

    monkeypatch.setattr(os, "scandir", shut)
    monkeypatch.setattr(os, "open", half)
    tree = FolderTree(tmp_path)
    assert tree.read(tree.files("skills")) == {"skills/open/SKILL.md": b"open"}
    assert tree.unreadable == {"skills/shut": "permission denied", "skills/half/SKILL.md": "permission denied"}
