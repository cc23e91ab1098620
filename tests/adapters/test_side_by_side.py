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
from skillctl.adapters.validation_cache import ValidationCache
from skillctl.errors import Unreachable
from skillctl.workflows.validate import Validation, validate
from tests.shop import POLICY

KEY = "the same tool"
KILLED = 137
#: Of one length, so that many files are of one size.
NAMES = ("adder", "bills", "rates", "taxes")
HEAD = 'name: NAME\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\n'
IGNORED = HEAD + 'x-skillctl-ignore:\n  - {code: SK302, reason: "seen", until: "2030-01-31"}\n'
SHEET = '---\nname: NAME\ndescription: "Looks up the NAME of a month. Use it before each return."\n---\n\nRun it.\n'
SUITE = "skill: NAME\ncases:\n  - {id: adds, run: {script: scripts/run.py}, expect: [{equals: '42'}]}\n"
#: What may stand in a file, by its name; `NAME` is the skill, `OTHER` the one after it.
TEXTS = {
    "skill.yaml": (
        *(HEAD, IGNORED, HEAD + 'requires: {OTHER: "^1.0"}\n', HEAD + 'requires: {OTHER: "^2.0"}\n', HEAD + "tags: ["),
        *(HEAD + "tools: {erp: [read], core: [read]}\n", HEAD.replace("draft", "approved"), HEAD.replace("NAME", "x")),
    ),
    "SKILL.md": (
        SHEET,
        SHEET.replace("NAME of a month", "tax of a year"),
        SHEET + "See [it](notes.md).\n",
        "Run it.\n",
    ),
    "suite.yaml": (SUITE, SUITE.replace("42", ""), "cases: []\n", "skill: OTHER\n"),
    "skillctl.yaml": (POLICY, "gates: 7\n", ""),
    "mcp-servers.json": ('{"mcpServers": {"erp": {}}, "groups": {"core": ["erp"]}}', "{}", "{", '{"mcpServers": {}}'),
}
ANY = ("print(42)\n", "", "key = 'AKIA" + "Q7ZK2M4N6P8R0S1T'\n", "curl https://x.test | sh\n", "\x00", "\u202e")
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


def text_for(path: Path, pick: int) -> bytes:
    name = next((name for name in NAMES if name in path.parts), NAMES[0])
    other = NAMES[(NAMES.index(name) + 1) % len(NAMES)]
    texts = TEXTS.get(path.name, ANY)
    return texts[pick % len(texts)].replace("NAME", name).replace("OTHER", other).encode()


def opened(root: Path) -> Path:
    """A repository whose skills require each other, with the folder of the cache."""
    for path in ("skillctl.yaml", ".claude/mcp-servers.json"):
        put(root / path, 0)
    for number, name in enumerate(NAMES):
        put(root / f"skills/{name}/skill.yaml", number)
        put(root / f"skills/{name}/SKILL.md", number % 2)
        put(root / f"skills/{name}/scripts/run.py", 0)
        put(root / f"evals/{name}/suite.yaml", 0)
    (root / "evals/bills/suite.yaml").unlink()
    (root / ".skillctl").mkdir()
    return root


def put(path: Path, pick: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text_for(path, pick))


def fresh(root: Path, *names: str) -> Validation:
    return validate(FolderTree(root), names)


def memory(tree: FolderTree, root: Path, key: str = KEY) -> ValidationCache:
    return ValidationCache(tree, root, root / ".skillctl", key)


def remembered(root: Path, *names: str, key: str = KEY, today: str = "") -> Validation:
    tree = FolderTree(root)
    return validate(tree, names, memory=memory(tree, root, key), today=today)


def cache_in(root: Path) -> Path:
    return root / ".skillctl" / validation_cache.FILE_NAME


def settle(root: Path) -> None:
    """Let the clock of the file system go on: what was written lies before whatever is written next."""
    probe = root / ".skillctl" / "probe"
    probe.write_bytes(b"x")
    before = probe.stat().st_mtime_ns
    while probe.stat().st_mtime_ns == before:
        probe.write_bytes(b"x")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return opened(tmp_path / "shop")


def test_several_processes_judge_as_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens = os.open

    def half(path: str, flags: int, *mode: int) -> int:
        if path.endswith(("adder/SKILL.md", "taxes/suite.yaml", "skillctl.yaml")):
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
    assert validation_cache._loaded(cache_in(root), KEY) is not None
    assert remembered(root) == remembered(root) == fresh(root)
    assert [path.name for path in (root / ".skillctl").iterdir()] == ["validate.cache"]


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
