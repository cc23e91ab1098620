"""The same work in several processes: the results are those of one, and a process that is lost is told of."""

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from skillctl.adapters import side_by_side as parallel
from skillctl.adapters import validation_cache
from skillctl.adapters.folder_tree import FolderTree
from skillctl.errors import Unreachable
from skillctl.workflows.validate import validate
from tests.adapters.company import NAMES, cache_in, fresh, memory, opened, put, remembered, settle

KILLED = 137
HERE = os.getpid()
#: More than a pipe holds, so that a process that nobody listens to would wait for ever.
BIG = "x" * 1_000_000


@pytest.fixture(autouse=True)
def _three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 3)
    monkeypatch.setattr(parallel, "FEWEST", 1)


def shouted(words: Sequence[str]) -> list[str]:
    return [word.upper() for word in words]


def processes(things: Sequence[int]) -> list[int]:
    return [os.getpid() for _ in things]


def elsewhere(act: Callable[[], object]) -> Callable[[Sequence[int]], Sequence[int]]:
    """Work that goes well here and does something else in every other process."""

    def work(things: Sequence[int]) -> Sequence[int]:
        if os.getpid() != HERE:
            act()
        return things

    return work


@pytest.mark.parametrize("count", range(12))
def test_the_results_are_in_the_order_of_the_things(count: int) -> None:
    words = [f"word {number}" for number in range(count)]
    assert parallel.in_parts(shouted, words, 1) == shouted(words)
    assert parallel.in_parts(shouted, words, 5) == shouted(words)
    assert multiprocessing.active_children() == []


def test_a_python_that_knows_no_files_in_memory_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    words = [f"{number} {BIG}" for number in range(6)]
    assert parallel.in_parts(shouted, words, 1) == shouted(words)


def test_each_part_has_a_process_and_the_first_is_this_one() -> None:
    found = parallel.in_parts(processes, range(9), 3)
    assert found[:3] == [os.getpid()] * 3
    assert len(set(found)) == 3
    assert [len(set(found[begin : begin + 3])) for begin in (0, 3, 6)] == [1, 1, 1]


def test_few_things_are_not_worth_a_second_process() -> None:
    assert set(parallel.in_parts(processes, range(9), 5)) == {os.getpid()}
    assert parallel.in_parts(processes, [], 1) == []


def test_one_core_does_all_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 1)
    assert set(parallel.in_parts(processes, range(9), 1)) == {os.getpid()}


def test_there_are_never_more_processes_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 1000)
    assert len(set(parallel.in_parts(processes, range(50), 1))) <= parallel._MOST_PROCESSES


def test_results_larger_than_a_pipe_come_back() -> None:
    assert parallel.in_parts(lambda words: [BIG for _ in words], range(6), 1) == [BIG] * 6


def test_what_is_raised_elsewhere_is_raised_here() -> None:
    def refuse() -> None:
        raise Unreachable("the disk is gone", hint="look for it")

    with pytest.raises(Unreachable, match="the disk is gone") as caught:
        parallel.in_parts(elsewhere(refuse), range(6), 1)
    assert caught.value.hint == "look for it"


def test_what_is_raised_here_is_raised() -> None:
    def work(things: Sequence[int]) -> Sequence[str]:
        if os.getpid() == HERE:
            raise KeyError("here")
        return [BIG for _ in things]

    with pytest.raises(KeyError, match="here"):
        parallel.in_parts(work, range(6), 1)


@pytest.mark.parametrize(
    "end",
    [
        lambda: os.kill(os.getpid(), signal.SIGKILL),
        lambda: os.kill(os.getpid(), signal.SIGTERM),
        lambda: os._exit(0),
    ],
    ids=["killed", "asked to end", "left"],
)
def test_a_process_that_is_lost_is_told_of(end: Callable[[], object]) -> None:
    with pytest.raises(Unreachable, match="was ended from outside") as caught:
        parallel.in_parts(elsewhere(end), range(6), 1)
    assert caught.value.hint


def test_what_the_tree_notes_elsewhere_is_noted_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"skill-{number}" for number in range(7)]
    for name in names:
        (tmp_path / "skills" / name).mkdir(parents=True)
        (tmp_path / "skills" / name / "SKILL.md").write_text(name)
    opened = os.open

    def half(path: str, flags: int) -> int:
        if path.endswith(("skill-0/SKILL.md", "skill-6/SKILL.md")):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags)

    monkeypatch.setattr(os, "open", half)

    def texts(tree: FolderTree, name: str) -> list[bytes]:
        return list(tree.read(tree.files(f"skills/{name}")).values())

    one, several = FolderTree(tmp_path), FolderTree(tmp_path)
    expected = [texts(one, name) for name in names]
    assert parallel.side_by_side(several, lambda name: texts(several, name), names) == expected
    assert expected[1] == [b"skill-1"]
    assert several.unreadable == one.unreadable
    assert set(one.unreadable) == {"skills/skill-0/SKILL.md", "skills/skill-6/SKILL.md"}
    assert several.seen == one.seen
    assert len(one.seen) == 1 + 2 * len(names)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return opened(tmp_path / "shop")


def test_several_processes_judge_as_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens = os.open

    def half(path: str | Path, flags: int, *mode: int) -> int:
        if str(path).endswith(("adder/SKILL.md", "taxes/suite.yaml", "skillctl.yaml")):
            raise PermissionError(13, "Permission denied", path)
        return opens(path, flags, *mode)

    monkeypatch.setattr(os, "open", half)
    monkeypatch.setattr(validation_cache, "_FEWEST", 1)
    expected = fresh(root)
    assert {one.file for one in expected.findings if one.code == "SK001"} == {
        "evals/taxes/suite.yaml",
        "skillctl.yaml",
        "skills/adder/SKILL.md",
    }
    settle(root)
    for is_remembered in (False, True, True):
        tree = FolderTree(root)
        spread = partial(parallel.side_by_side, tree)
        kept = memory(tree, root) if is_remembered else None
        assert validate(tree, memory=kept, spread=spread) == expected


def test_two_runs_at_once_leave_a_whole_cache(root: Path) -> None:
    context = multiprocessing.get_context("fork")
    at_once = context.Barrier(2)

    def run(name: str) -> None:
        for number in range(10):
            at_once.wait()
            put(root / f"skills/{name}/SKILL.md", number)
            remembered(root)

    runs = [context.Process(target=run, args=(name,)) for name in NAMES[:2]]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert [one.exitcode for one in runs] == [0, 0]
    assert memory(FolderTree(root), root).skills(), "it is whole, and loaded"
    assert remembered(root) == remembered(root) == fresh(root)
    assert sorted(path.name for path in (root / ".skillctl").iterdir()) == [".gitignore", "validate.cache"]


@pytest.mark.parametrize("effect", ["mkstemp", "fdopen", "chmod", "replace", "none"])
def test_a_run_that_is_killed_while_it_writes_leaves_a_whole_cache(root: Path, effect: str) -> None:
    settle(root)
    remembered(root)
    old = cache_in(root).read_bytes()
    put(root / "skills/adder/SKILL.md", 3)
    expected = fresh(root)
    child = os.fork()
    if child == 0:
        for owner, name in ((tempfile, "mkstemp"), (os, "fdopen"), (Path, "chmod"), (Path, "replace")):
            if name == effect:
                setattr(owner, name, lambda *_, **__: os._exit(KILLED))
        try:
            remembered(root)
        finally:
            os._exit(KILLED)
    os.waitpid(child, 0)
    assert (cache_in(root).read_bytes() == old) is (effect != "none")
    assert remembered(root) == remembered(root) == expected


def test_no_byte_of_a_cache_can_be_another(root: Path) -> None:
    settle(root)
    expected, raw = remembered(root), cache_in(root).read_bytes()
    for at in range(0, len(raw), 37):
        cache_in(root).write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        assert remembered(root) == expected
