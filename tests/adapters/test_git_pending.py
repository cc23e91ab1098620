"""`pending`: what committing the folders as they lie would give, and nothing is staged by asking."""

import os
from pathlib import Path

import pytest

from skillctl.adapters.git_repository import GitRepository
from tests.shop import Shop


def seen(repo: Shop, *folders: str) -> dict[str, tuple[str, bytes]]:
    """What `pending` shows, by path: mode and bytes."""
    tree = GitRepository(repo.root).pending(*folders)
    files = tree.files(*folders)
    contents = tree.read(files)
    return {file.path: (file.mode, contents[file.path]) for file in files}


def committed(repo: Shop, *folders: str) -> dict[str, tuple[str, bytes]]:
    """What a real commit of these folders holds."""
    repo.git("add", "--all", "--", *(folder for folder in folders if (repo.root / folder).exists()))
    repo.git("commit", "--quiet", "--allow-empty", "-m", "real", "--only", "--", *folders)
    tree = GitRepository(repo.root).tree(repo.head())
    files = tree.files(*folders)
    contents = tree.read(files)
    return {file.path: (file.mode, contents[file.path]) for file in files}


def test_it_equals_what_a_real_commit_gives(repo: Shop) -> None:
    repo.write(".gitignore", "*.log\n")
    repo.commit()
    repo.write("skills/adder/SKILL.md", "changed")
    repo.write("skills/adder/new file äß \U0001f600.md", "new")
    repo.write("skills/adder/ignored.log", "ignored")
    (repo.root / "skills/adder/scripts/add.py").chmod(0o755)
    repo.write("skills/other/a/b/c", b"\0\xff")
    (repo.root / "evals/adder/suite.yaml").unlink()
    repo.write("staged.txt", "staged")
    repo.git("add", "staged.txt")
    repo.write("skills/adder/staged.md", "staged")
    repo.git("add", "skills/adder/staged.md")
    repo.write("skills/adder/staged.md", "and changed again")
    index, status = (repo.root / ".git/index").read_bytes(), repo.git("status", "--porcelain")

    found = seen(repo, "skills", "evals", "gone")

    assert (repo.root / ".git/index").read_bytes() == index
    assert repo.git("status", "--porcelain") == status
    assert found["skills/adder/scripts/add.py"][0] == "100755"
    assert found["skills/adder/staged.md"] == ("100644", b"and changed again")
    assert "skills/adder/ignored.log" not in found
    assert found == committed(repo, "skills", "evals")
    assert repo.git("diff", "--cached", "--name-only") == "staged.txt"


def test_a_folder_that_is_gone_is_empty(repo: Shop) -> None:
    for path in sorted((repo.root / "skills").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (repo.root / "skills").rmdir()
    assert seen(repo, "skills") == {}
    assert seen(repo, "never") == {}


def test_an_edit_within_the_second_that_keeps_the_size_is_seen(repo: Shop) -> None:
    """Git looks again at a file as young as its index; a copy of the index that is younger made it believe the old."""
    file, index = repo.root / "skills/adder/scripts/add.py", repo.root / ".git/index"
    repo.git("config", "core.trustctime", "false")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    repo.git("update-index", "--refresh")
    os.utime(index, (1_700_000_000, 1_700_000_000))
    with file.open("r+b") as opened:
        opened.write(b"print(43)\n")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert seen(repo, "skills")["skills/adder/scripts/add.py"][1] == b"print(43)\n"


def test_before_the_first_commit(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path / "new")
    shop.add_skill()
    assert "skills/adder/skill.yaml" in seen(shop, "skills")
    assert not (shop.root / ".git/index").exists()


def test_a_clone_without_a_checkout_knows_what_head_holds(repo: Shop, tmp_path: Path) -> None:
    clone = Shop(tmp_path / "bare of files")
    repo.git("clone", "--quiet", "--no-checkout", str(repo.root), str(clone.root))
    tree = GitRepository(clone.root).pending("evals")
    assert tree.files("evals") == []
    assert [file.path for file in tree.files("skillctl.yaml")] == ["skillctl.yaml"]


def test_a_link_and_a_repository_within_are_told_as_such(repo: Shop) -> None:
    (repo.root / "skills/adder/link").symlink_to("/etc/passwd")
    Shop.opened(repo.root / "skills/inner").commit()
    modes = {file.path: file.mode for file in GitRepository(repo.root).pending("skills").files("skills")}
    assert modes["skills/adder/link"] == "120000"
    assert modes["skills/inner"] == "160000"
    tree = GitRepository(repo.root).pending("skills")
    assert tree.read(tree.files("skills/adder/link")) == {"skills/adder/link": b"/etc/passwd"}
    assert tree.read(tree.files("skills/inner")) == {}


def test_a_folder_that_git_cannot_read_is_said_so(repo: Shop) -> None:
    from skillctl.errors import Unreachable

    (repo.root / ".git/index").write_bytes(b"no index")
    with pytest.raises(Unreachable, match="git could not read the working folder"):
        GitRepository(repo.root).pending("skills")
