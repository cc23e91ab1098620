"""What once made the cache of `validate` tell a lie, hang or crash: each case is told here."""

import os
import shutil
import signal
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import pytest

from skillctl.adapters import folder_tree, validation_cache
from skillctl.adapters import side_by_side as parallel
from skillctl.adapters.cache_file import Cached, dumped
from skillctl.adapters.folder_tree import FolderTree
from skillctl.errors import Unreachable
from skillctl.workflows.validate import validate
from tests.adapters.company import HEAD, KEY, cache_in, fresh, memory, opened, put, remembered, settle


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return opened(tmp_path / "shop")


def learnt(root: Path) -> None:
    settle(root)
    remembered(root)


def test_a_skill_that_is_gone_is_gone_though_its_suite_is_there(root: Path) -> None:
    (root / "skills/adder/skill.yaml").write_text(HEAD.replace("NAME", "adder") + 'requires: {taxes: "^1.0"}\n')
    learnt(root)
    shutil.rmtree(root / "skills/taxes")
    assert "there is no skill `taxes`" in {found.message for found in fresh(root).findings}
    assert remembered(root) == fresh(root)
    assert remembered(root) == fresh(root)


def test_a_skill_that_became_a_link_is_gone(root: Path) -> None:
    learnt(root)
    (root / "skills/taxes").rename(root / "taxes")
    (root / "skills/taxes").symlink_to("../taxes")
    assert remembered(root) == fresh(root)


def test_a_suite_that_comes_while_it_looks_is_seen_by_the_next_run(root: Path) -> None:
    shutil.rmtree(root / "evals/bills")
    learnt(root)
    put(root / "skills/adder/notes.md", 0)
    tree = FolderTree(root)
    looked = memory(tree, root)
    put(root / "evals/bills/suite.yaml", 3)
    settle(root)
    validate(tree, memory=looked)
    settle(root)
    assert remembered(root) == fresh(root)


def test_a_forged_cache_is_not_believed_in_a_clone(root: Path, tmp_path: Path) -> None:
    learnt(root)
    looked = memory(FolderTree(root), root)
    for unit in looked._cache.units.values():
        unit.findings = "[]"
    cache_in(root).write_bytes(dumped(looked._cache, looked._key))
    subprocess.run(["cp", "-r", root, tmp_path / "clone"], check=True)
    assert remembered(tmp_path / "clone") == fresh(tmp_path / "clone")


@pytest.mark.parametrize("link", ["skills/other", "evals/other", "approvals", ".claude/mcp-servers.json", ".claude"])
@pytest.mark.parametrize("comes", [True, False])
def test_what_lies_behind_a_link_comes_and_goes(root: Path, link: str, comes: bool) -> None:
    shutil.rmtree(root / ".claude")
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(root / "behind")
    if not comes:
        (root / "behind").mkdir()
        (root / "behind/mcp-servers.json").touch()
    learnt(root)
    if comes:
        (root / "behind").mkdir()
        (root / "behind/mcp-servers.json").touch()
    else:
        (root / "behind").rename(root / "away")
    assert remembered(root) == fresh(root)


@pytest.mark.parametrize(
    "path", ["skills/adder/SKILL.md", "evals/taxes/suite.yaml", "skillctl.yaml", "skillctl.yaml/a"]
)
def test_what_could_not_be_read_for_a_moment_is_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    if path.endswith("/a"):
        (root / "skillctl.yaml").unlink()
        put(root / path, 0)
    opens = os.open

    def refused(name: str | Path, flags: int, *mode: int) -> int:
        if str(name).endswith(path):
            raise OSError(24, "Too many open files")
        return opens(name, flags, *mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refused)
        learnt(root)
    assert remembered(root) == fresh(root)


@pytest.mark.parametrize("seconds", [13_600_000_000, -13_600_000_000])
def test_times_that_nobody_lives_to_see(root: Path, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    if seconds < 0:
        real = folder_tree.identity  # a file system that holds such times is not at hand

        def odd(found: os.stat_result) -> folder_tree.Identity:
            times = {"st_mtime_ns": seconds * 10**9, "st_ctime_ns": 1}
            return real(SimpleNamespace(st_ino=1, st_size=1, st_mode=found.st_mode, **times))  # type: ignore[arg-type]

        monkeypatch.setattr(folder_tree, "identity", odd)
        monkeypatch.setattr(validation_cache, "identity", odd)
    else:
        os.utime(root / "skills/adder/SKILL.md", (seconds, seconds))
    assert remembered(root) == fresh(root)
    assert remembered(root) == fresh(root)


def test_a_registry_of_numbers_and_names(root: Path) -> None:
    (root / ".claude/mcp-servers.json").write_text('{"mcpServers": [1, "erp", "core"]}')
    assert remembered(root) == fresh(root)


@pytest.mark.parametrize("raw", [b"[" * 200_000 + b"\n", b'{"a":' * 200_000 + b"\n"])
def test_a_deep_cache_is_none(root: Path, raw: bytes) -> None:
    cache_in(root).write_bytes(raw)
    assert remembered(root) == fresh(root)


def test_a_cache_that_has_no_end_is_none(root: Path) -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"
    code += "from pathlib import Path; from tests.adapters.company import fresh, remembered\n"
    code += f"root = Path({str(root)!r}); assert remembered(root) == fresh(root)"
    cache_in(root).symlink_to("/dev/zero")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_cache_that_is_a_pipe_is_none(root: Path) -> None:
    os.mkfifo(cache_in(root))
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        try:
            os._exit(0 if remembered(root) == fresh(root) else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_a_sealed_cache_of_another_shape_is_none(root: Path) -> None:
    settle(root)
    cache_in(root).write_bytes(dumped(Cached(), validation_cache._sealed(KEY, root / ".skillctl")))
    raw = cache_in(root).read_bytes()
    cache_in(root).write_bytes(raw.replace(b'"sizes": [', b'"sizes": [1, '))
    assert remembered(root) == fresh(root)


def test_a_process_that_is_killed_while_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(self: Connection, raw: bytes, *_: object) -> None:
        os.write(self.fileno(), bytes(raw)[: len(raw) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(Connection, "_send", half)
    with pytest.raises(Unreachable):
        parallel.in_parts(lambda words: words, ["a" * 100] * 6, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("first", ["root", "other"])
def test_what_one_user_read_is_not_what_another_may(root: Path, first: str) -> None:
    for path in (root, *root.parents[:3]):
        path.chmod(0o777)
    (root / ".skillctl").chmod(0o777)
    (root / "skills/adder/SKILL.md").chmod(0o600)
    settle(root)

    def as_other() -> None:
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            try:
                same = remembered(root) == fresh(root)
            except BaseException:
                os._exit(9)
            os._exit(0 if same else 1)
        assert os.waitpid(child, 0)[1] == 0

    if first == "root":
        remembered(root)
        as_other()
    else:
        as_other()
        assert remembered(root) == fresh(root)


@pytest.mark.parametrize("path", ["skillctl.yaml", ".claude/mcp-servers.json"])
def test_what_is_shared_and_changes_while_it_looks_is_seen_by_the_next_run(root: Path, path: str) -> None:
    learnt(root)
    put(root / "skills/adder/notes.md", 0)
    tree = FolderTree(root)
    looked = memory(tree, root)
    (root / path).write_text("{")
    settle(root)
    validate(tree, memory=looked)
    settle(root)
    assert remembered(root) == fresh(root)
    assert remembered(root) == fresh(root)


def test_a_registry_that_breaks_while_it_looks_where_there_is_no_policy(root: Path) -> None:
    (root / "skillctl.yaml").unlink()
    learnt(root)
    put(root / "skills/adder/notes.md", 0)
    tree = FolderTree(root)
    looked = memory(tree, root)
    (root / ".claude/mcp-servers.json").write_text("{")
    settle(root)
    validate(tree, memory=looked)
    settle(root)
    assert remembered(root) == fresh(root)
    assert remembered(root) == fresh(root)


def test_after_one_change_the_next_run_but_one_believes_all(root: Path) -> None:
    learnt(root)
    put(root / "skills/adder/notes.md", 0)
    learnt(root)
    assert memory(FolderTree(root), root).is_all_the_same()
