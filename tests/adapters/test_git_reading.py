"""Reading commits, trees and objects of real repositories, odd ones included."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters import git_root
from skillctl.adapters.folder_tree import FolderTree
from skillctl.adapters.git_repository import GitRepository
from skillctl.adapters.git_tree import GitTree, cat_blobs
from skillctl.domain.digest import measure_skill, measure_suite
from skillctl.domain.tree import MAX_BYTES
from skillctl.errors import Unreachable, UsageError
from tests.shop import Shop

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "domain" / "golden" / "digest.json").read_bytes())


def test_where_there_is_no_repository(tmp_path: Path, repo: Shop) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        GitRepository(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="is not in a Git repository"):
        GitRepository(tmp_path / "empty")
    repo.git("clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "bare"))
    with pytest.raises(UsageError, match="bare repository"):
        GitRepository(tmp_path / "bare")


def test_before_the_first_commit_the_next_step_is_named(tmp_path: Path) -> None:
    repository = GitRepository(Shop.opened(tmp_path / "new").root)
    for ask in (repository.head, lambda: repository.resolve("HEAD")):
        with pytest.raises(UsageError, match="has no commits yet") as caught:
            ask()
        assert "git commit" in (caught.value.hint or "")


def test_what_a_revision_means(repo: Shop) -> None:
    first = repo.head()
    repo.git("tag", "-a", "-m", "one", "v1")
    second = repo.commit("two")
    repository = GitRepository(repo.root / "skills" / "adder")
    assert repository.root == repo.root
    assert (repository.resolve("v1"), repository.resolve("main"), repository.head()) == (first, second, second)
    for nonsense in ("nowhere", "--help", "HEAD:skills", ""):
        with pytest.raises(UsageError, match="is not a commit of this repository"):
            repository.resolve(nonsense)
    assert repository.is_ancestor(first, second)
    assert not repository.is_ancestor(second, first)
    assert not repository.is_ancestor("f" * 40, second)


def test_everybody_who_wrote_since_the_last_approval(repo: Shop) -> None:
    def by(name: str, path: str) -> None:
        repo.write(path, name)
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "-m", "x", f"--author={name} <{name}@example.test>")

    repository = GitRepository(repo.root)
    assert repository.authors("skills/adder", None) == ["Ana Author <ana@example.test>"]
    by("maria", "skills/adder/SKILL.md")
    by("jun", "approvals/adder/serving.yaml")
    since = repo.head()
    repo.write(".mailmap", "Ana Author <ana@example.test> bob <bob@example.test>\n")
    by("Jürgen", "skills/adder/a.md")
    by("eve", "skills/other/a.md")
    by("bob", "skills/adder/b.md")
    assert repository.authors("skills/adder", since) == [
        "Jürgen <Jürgen@example.test>",
        "bob <bob@example.test>",
    ]


def test_who_wrote_with_somebody_and_on_both_sides_of_a_merge(repo: Shop) -> None:
    def by(name: str, path: str, text: str, message: str = "x") -> None:
        repo.write(path, text)
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "-m", message, f"--author={name} <{name}@example.test>")

    repository, start = GitRepository(repo.root), repo.head()
    trailers = "x\n\nCo-authored-by: Pair <pair@example.test>\nco-authored-by: Other <other@example.test>"
    by("maria", "skills/adder/a.md", "a", trailers)
    first = repo.head()
    repo.git("checkout", "--quiet", "-b", "side", start)
    by("eve", "skills/adder/a.md", "a")  # the very same content, so that Git would follow one side only
    repo.git("checkout", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
    by("later", "skills/adder/b.md", "b")
    assert repository.authors("skills/adder", start, first) == [
        "Other <other@example.test>",
        "Pair <pair@example.test>",
        "maria <maria@example.test>",
    ]
    assert "eve <eve@example.test>" in repository.authors("skills/adder", start, "HEAD^")
    assert "later <later@example.test>" not in repository.authors("skills/adder", start, "HEAD^")
    repo.git("config", "log.showSignature", "true")
    assert repository.authors("skills/adder", first)[-1] == "later <later@example.test>"


def test_days_are_those_of_utc(repo: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, first = GitRepository(repo.root), repo.head()
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2021-01-01T00:00:00Z")
    second = repo.commit("dated back")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2030-01-01T23:30:00-0200")
    third = repo.commit("late at night")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z")
    fourth = repo.commit("dated back")
    days = repository.days(fourth)
    assert (days[third], days[fourth], days[second], len(days[first])) == ("2030-01-02", "2030-01-02", days[first], 10)
    tree = repo.git("rev-parse", "HEAD:skills/adder")
    assert repository.ids(["HEAD:skills/adder", "HEAD:none", "HEAD:a b"]) == {"HEAD:skills/adder": tree}
    assert repository.ids([]) == {}
    assert not repository.is_shallow()


def test_where_files_came_in_on_the_first_parents(repo: Shop) -> None:
    base = repo.head()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.write("approvals/adder/1.0.0/approval.json", "{}")
    repo.commit("on the side")
    repo.git("checkout", "--quiet", "main")
    repo.write("other", "x")
    parent = repo.commit("on main")
    repo.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
    merge = repo.head()
    repo.write("approvals/adder/serving.yaml", "x")
    last = repo.commit("later")
    brought = GitRepository(repo.root).introduced(["approvals"], last)
    assert brought == {
        "approvals/adder/serving.yaml": (last, merge),
        "approvals/adder/1.0.0/approval.json": (merge, parent),
    }
    assert GitRepository(repo.root).introduced(["skills"], base)["skills/adder/skill.yaml"] == (base, None)


def test_where_files_of_some_folders_came_in_is_asked_at_once(repo: Shop) -> None:
    for name in ("adder", "adder-more", "bills"):
        repo.write(f"approvals/{name}/1.0.0/approval.json", "{}")
    first = repo.commit("three")
    repo.write("approvals/bills/1.0.0/approval.json", "[]")
    last = repo.commit("one")
    brought = GitRepository(repo.root).introduced(["approvals/bills", "approvals/adder", "approvals/none"], last)
    assert {path: commit for path, (commit, _) in brought.items()} == {
        "approvals/bills/1.0.0/approval.json": last,
        "approvals/adder/1.0.0/approval.json": first,
    }


def test_what_came_in_is_the_same_whatever_was_asked_before(repo: Shop) -> None:
    first = repo.head()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.write("approvals/adder/1.0.0/approval.json", "{}")
    side = repo.commit("on the side")
    repo.git("checkout", "--quiet", "main")
    repo.write("approvals/bills/1.0.0/approval.json", "{}")
    second = repo.commit("on main")
    repo.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
    merge = repo.head()
    repo.git("rm", "--quiet", "approvals/bills/1.0.0/approval.json")
    repo.write("approvals/adder/1.0.0/approval.json", "[]")
    gone = repo.commit("gone and changed")
    repo.write("approvals/bills/1.0.0/approval.json", "{}")
    last = repo.commit("back")
    asked = (first, side, second, merge, gone, last)
    alone = {at: GitRepository(repo.root).introduced(["approvals"], at) for at in asked}
    for one in asked:
        for other in asked:
            both = GitRepository(repo.root)
            # In their order too, by which ages are told.
            for at in (one, other):
                assert list(both.introduced(["approvals"], at).items()) == list(alone[at].items())
    assert alone[last]["approvals/bills/1.0.0/approval.json"] == (last, gone)


def test_three_thousand_objects_and_those_that_are_missing(repo: Shop) -> None:
    contents = {hashlib.sha1(b"blob %d\0" % len(raw) + raw).hexdigest(): raw for raw in (_odd(n) for n in range(3000))}
    told = b"".join(b"blob\ndata %d\n" % len(raw) + raw + b"\n" for raw in contents.values())
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.root, input=told, check=True)
    repository = GitRepository(repo.root)
    tree = repo.git("rev-parse", "HEAD^{tree}")
    wanted = [*contents, "0" * 40, tree, "nonsense", next(iter(contents))]
    assert repository.blobs(wanted) == contents
    assert repository.blobs([]) == {}
    raw = next(iter(contents.values()))
    assert repository.hash_blob(raw) in contents


def _odd(number: int) -> bytes:
    """Bytes with what could confuse a reader of lines, of any size from none."""
    return b"" if not number else (b"%d\n\0missing\r\n\xff" % number) * (number % 40 + 1)


def test_an_answer_that_is_none_is_said_so(repo: Shop, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="`git ls-tree` failed"):
        GitTree(repo.root, "f" * 40).files("skills")
    (tmp_path / "no repository").mkdir()
    with pytest.raises(Unreachable, match="`git cat-file` failed"):
        cat_blobs(tmp_path / "no repository", ["0" * 40])


@pytest.mark.parametrize("vector", GOLDEN.values(), ids=GOLDEN)
def test_git_gives_the_digests_that_are_pinned(vector: dict[str, Any], tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path / "golden")
    for path, file in vector["files"].items():
        shop.write(f"{vector['folder']}/{path}", file["text"]).chmod(int(file["mode"][-3:], 8))
    shop.commit()
    tree = GitRepository(shop.root).tree(shop.head())
    entries = tree.files(vector["folder"])
    measure = measure_skill if vector["folder"].startswith("skills/") else measure_suite
    assert measure(vector["folder"], entries, tree.read(entries)).digest == vector["digest"]


def test_a_shallow_clone_reads_what_it_has(repo: Shop, tmp_path: Path) -> None:
    repo.commit("two")
    repo.git("clone", "--quiet", "--depth", "1", repo.root.as_uri(), str(tmp_path / "shallow"))
    repository = GitRepository(tmp_path / "shallow")
    assert repository.head() == repo.head()
    assert repository.tree(repo.head()).files("skills") == GitRepository(repo.root).tree(repo.head()).files("skills")
    assert not repository.is_ancestor(repo.git("rev-parse", "HEAD~1"), repo.head())
    with pytest.raises(UsageError):
        repository.resolve("HEAD~1")


def test_a_repository_of_sha256_objects(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "long")
    shop.root.mkdir()
    shop.git("init", "--quiet", "--object-format=sha256")
    shop.add_skill()
    head = shop.commit()
    assert len(head) == 64
    repository = GitRepository(shop.root)
    assert (repository.head(), repository.resolve("HEAD")) == (head, head)
    pending = repository.pending("skills").files("skills")
    assert pending == repository.tree(head).files("skills")
    assert len(repository.blobs(file.blob for file in pending)) == len(pending)
    assert len(repository.hash_blob(b"x")) == 64
    assert repository.commit({"a": b"x"}, "x") == shop.head()


def test_the_folder_and_its_commit_have_the_same_files(repo: Shop) -> None:
    repo.write("skills/adder/größe.md", "x").chmod(0o755)
    (repo.root / "skills/adder/link").symlink_to("SKILL.md")
    repo.commit()
    repo.write("skills/adder/__pycache__/x.pyc", "x")
    on_disk, in_git = FolderTree(repo.root), GitTree(repo.root, "HEAD")
    folders = ("skills", "evals", "skillctl.yaml", "nowhere")
    plain = [(file.path, file.mode) for file in on_disk.files(*folders)]
    assert plain == [(file.path, file.mode) for file in in_git.files(*folders)]
    entries = [file for file in on_disk.files("skills") if file.mode != "120000"]
    assert on_disk.read(entries) == {
        path: raw for path, raw in in_git.read(in_git.files("skills")).items() if not path.endswith("/link")
    }


def test_of_a_huge_file_only_a_part_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(10 * MAX_BYTES)
    tree = FolderTree(tmp_path)
    assert len(tree.read(tree.files("huge"))["huge"]) == MAX_BYTES + 1


def test_where_a_repository_begins(repo: Shop, tmp_path: Path) -> None:
    assert git_root.find(repo.root / "skills" / "adder") == repo.root.resolve()
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "tree"))
    assert git_root.find(tmp_path / "tree" / "evals") == (tmp_path / "tree").resolve()
    with pytest.raises(UsageError, match="is not in a Git repository"):
        git_root.find(tmp_path)
    with pytest.raises(UsageError, match="there is no folder"):
        git_root.find(tmp_path / "nowhere")


def test_a_repository_that_is_broken_is_not_called_empty(repo: Shop) -> None:
    repo.write(".git/config", "[core\n")
    with pytest.raises(Unreachable, match="git could not read"):
        GitRepository(repo.root).head()
