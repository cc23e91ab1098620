"""`commit` and `lock`: exactly the files named, or nothing at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from skillctl.adapters.git_repository import GitRepository
from skillctl.errors import Unreachable, UsageError
from tests.shop import Shop

FILES = {"skills/adder/skill.yaml": b"status: candidate\n", "approvals/adder/1.0.0/approval.json": b"{}\n"}
MESSAGE = "promote adder\n\nSkill: adder@1.0.0\n"


def state(repo: Shop) -> tuple[str, str, str, dict[str, bytes]]:
    """HEAD, status, index and every file with its bytes; folders too, which have none."""
    files = {
        str(path.relative_to(repo.root)): path.read_bytes() if path.is_file() else b""
        for path in sorted(repo.root.rglob("*"))
        if ".git" not in path.relative_to(repo.root).parts
    }
    status = repo.git("status", "--porcelain", "--untracked-files=all")
    return repo.head(), status, repo.git("ls-files", "--stage"), files


def litter(repo: Shop) -> None:
    """Things staged, dirty and untracked that are none of the commit's business."""
    repo.write("staged.txt", "staged")
    repo.git("add", "staged.txt")
    repo.write("skills/adder/SKILL.md", "dirty")
    repo.write("skills/adder/untracked.md", "untracked")


def test_it_commits_only_its_files(repo: Shop) -> None:
    litter(repo)
    before = repo.head()
    made = GitRepository(repo.root).commit(FILES, MESSAGE)
    assert made == repo.head()
    assert repo.git("rev-parse", "HEAD~1") == before
    assert repo.git("diff", "--name-only", "HEAD~1", "HEAD").split() == sorted(FILES)
    assert repo.git("show", "HEAD:skills/adder/skill.yaml") == "status: candidate"
    assert repo.git("log", "-1", "--format=%B").strip() == MESSAGE.strip()
    assert repo.git("status", "--porcelain").splitlines() == [
        "M skills/adder/SKILL.md",
        "A  staged.txt",
        "?? skills/adder/untracked.md",
    ]


def test_what_head_says_already_is_no_commit(repo: Shop) -> None:
    repository = GitRepository(repo.root)
    repository.commit(FILES, MESSAGE)
    before = state(repo)
    assert repository.commit(FILES, MESSAGE) is None
    assert state(repo) == before


def test_a_mode_survives(repo: Shop) -> None:
    (repo.root / "skills/adder/scripts/add.py").chmod(0o755)
    repo.commit()
    GitRepository(repo.root).commit({"skills/adder/scripts/add.py": b"print(1)\n"}, MESSAGE)
    assert repo.git("ls-tree", "HEAD", "skills/adder/scripts/add.py").startswith("100755")


@pytest.mark.parametrize("hook", ["pre-commit", "commit-msg"])
def test_a_failing_hook_leaves_everything_as_it_was(repo: Shop, hook: str) -> None:
    litter(repo)
    repo.write(f".git/hooks/{hook}", "#!/bin/sh\necho 'no commits on Friday' >&2\nexit 1\n").chmod(0o755)
    before = state(repo)
    with pytest.raises(Unreachable) as caught:
        GitRepository(repo.root).commit(FILES | {"approvals/adder/serving.yaml": b"x\n"}, MESSAGE)
    assert "no commits on Friday" in caught.value.message
    assert caught.value.hint is not None
    assert "nothing was changed" in caught.value.hint
    assert state(repo) == before


def test_a_path_that_git_ignores_leaves_everything_as_it_was(repo: Shop) -> None:
    repo.write(".gitignore", "approvals\n")
    repo.commit()
    before = state(repo)
    with pytest.raises(Unreachable, match="ignored"):
        GitRepository(repo.root).commit(FILES, MESSAGE)
    assert state(repo) == before


def test_in_the_middle_of_a_merge_git_refuses(repo: Shop) -> None:
    repo.git("checkout", "--quiet", "-b", "side")
    repo.write("a", "side")
    repo.commit()
    repo.git("checkout", "--quiet", "main")
    repo.write("b", "main")
    repo.commit()
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "side")
    before = state(repo)
    with pytest.raises(Unreachable, match="merge"):
        GitRepository(repo.root).commit(FILES, MESSAGE)
    assert state(repo) == before


def test_without_an_identity_nothing_is_written(repo: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{part}_NAME")
        monkeypatch.delenv(f"GIT_{part}_EMAIL")
    repo.git("config", "user.useConfigOnly", "true")
    before = state(repo)
    with pytest.raises(UsageError) as caught:
        GitRepository(repo.root).commit(FILES, MESSAGE)
    assert "git does not know who you are" in caught.value.message
    assert "git config user.name" in (caught.value.hint or "")
    assert state(repo) == before


def test_who_commits(repo: Shop) -> None:
    assert GitRepository(repo.root).actor() == "Ana Author <ana@example.test>"


HOLDER = """
import sys
from pathlib import Path
from skillctl.adapters.git_repository import GitRepository
with GitRepository(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_process_at_the_lock_is_told(repo: Shop) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(repo.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Unreachable, match="another `skillctl` is changing"), GitRepository(repo.root).lock():
            pass
        holder.kill()
        holder.wait()
    with GitRepository(repo.root).lock():
        assert repo.is_clean()


def test_a_worktree_shares_the_lock_and_commits_on_its_branch(repo: Shop, tmp_path: Path) -> None:
    other = Shop(tmp_path / "other tree")
    repo.git("worktree", "add", "--quiet", "-b", "side", str(other.root))
    before = repo.head()
    repository = GitRepository(other.root)
    with repository.lock(), pytest.raises(Unreachable), GitRepository(repo.root).lock():
        pass
    assert repository.commit(FILES, MESSAGE) == other.head()
    assert "skills/adder/skill.yaml" in [file.path for file in repository.pending("skills").files("skills")]
    assert repo.head() == before
    assert repo.is_clean()


def test_a_detached_head_moves_and_the_branch_does_not(repo: Shop) -> None:
    repo.git("checkout", "--quiet", "--detach")
    made = GitRepository(repo.root).commit(FILES, MESSAGE)
    assert made == repo.head()
    assert repo.git("rev-parse", "main") == repo.git("rev-parse", "HEAD~1")


def test_a_path_with_spaces_and_letters_beyond_ascii(repo: Shop, tmp_path: Path) -> None:
    shop = Shop.copied(repo.root, tmp_path / "büro der \U0001f600 'zahlen'")
    files = {"skills/adder/scripts/größe \U0001f600.py": b"x", "skills/adder/a*b [c].md": b"y"}
    repository = GitRepository(shop.root)
    assert repository.commit(files, "größe") == shop.head()
    found = repository.tree(shop.head())
    entries = [file for file in found.files("skills") if file.path in files]
    assert dict(found.read(entries)) == files
    assert shop.is_clean()


def test_a_checkout_that_is_a_submodule(repo: Shop, tmp_path: Path) -> None:
    outer = Shop.opened(tmp_path / "outer")
    outer.commit()
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.root), "inner")
    outer.commit()
    inner = Shop(outer.root / "inner")
    repository = GitRepository(inner.root)
    assert repository.root == inner.root
    with repository.lock():
        assert repository.commit(FILES, MESSAGE) == inner.head()
    assert {"skills/adder/skill.yaml"} <= {file.path for file in repository.pending("skills").files("skills")}


def test_a_clone_without_a_checkout_is_left_without_an_index(repo: Shop, tmp_path: Path) -> None:
    clone = Shop(tmp_path / "clone")
    repo.git("clone", "--quiet", "--no-checkout", str(repo.root), str(clone.root))
    clone.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n").chmod(0o755)
    with pytest.raises(Unreachable, match="the commit was refused: exit code 1"):
        GitRepository(clone.root).commit({"a/b": b"x"}, MESSAGE)
    assert not (clone.root / ".git/index").exists()
    assert not (clone.root / "a").exists()


@pytest.mark.parametrize("staged", [True, False])
def test_the_work_of_others_is_never_overwritten(repo: Shop, staged: bool) -> None:
    path = next(iter(FILES))
    repo.write(path, "my hour of work\n")
    if staged:
        repo.git("add", path)
    before = state(repo)
    with pytest.raises(UsageError, match="has changes that are not committed"):
        GitRepository(repo.root).commit(FILES, MESSAGE)
    assert state(repo) == before


def test_what_a_killed_run_left_is_ours(repo: Shop) -> None:
    for path, raw in FILES.items():
        repo.write(path, raw)
    repo.git("add", next(iter(FILES)))
    assert GitRepository(repo.root).commit(FILES, MESSAGE) == repo.head()


def test_a_hook_that_rewrites_a_file_makes_no_commit(repo: Shop) -> None:
    path = next(iter(FILES))
    hook = f"#!/bin/sh\necho '# tidied' >> {path}\ngit add {path}\n"
    repo.write(".git/hooks/pre-commit", hook).chmod(0o755)
    before = state(repo)
    with pytest.raises(Unreachable, match="a commit hook changes the bytes"):
        GitRepository(repo.root).commit(FILES, MESSAGE)
    assert state(repo) == before


def test_an_attribute_that_changes_bytes_makes_no_commit(repo: Shop) -> None:
    repo.write(".gitattributes", "* text\n")
    repo.commit()
    before = state(repo)
    with pytest.raises(Unreachable, match=r"an attribute or `core.autocrlf` changes the bytes"):
        GitRepository(repo.root).commit({"approvals/new.json": b"{}\r\n"}, MESSAGE)
    assert state(repo) == before


def test_a_file_where_a_folder_belongs_leaves_everything_as_it_was(repo: Shop) -> None:
    repo.write("approvals", "a file")
    before = state(repo)
    with pytest.raises(Unreachable, match=r"the commit was refused: `.*approvals"):
        GitRepository(repo.root).commit(FILES | {"approvals/adder/1.0.0/approval.json": b"{}\n"}, MESSAGE)
    assert state(repo) == before
