"""Scripts that want too much: each is ended or refused, and neither the machine nor another case notices."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from skillctl.adapters.errand import FILE_BYTES, PROCESSES
from skillctl.adapters.room import SCRATCH_BYTES, SCRATCH_FILES
from skillctl.domain.checks import Produced
from tests.adapters.scripted import NAMESPACES, current, only_namespaces, printed, ran, runner  # noqa: F401

SPOILSPORT = """
    import signal
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass
"""

GIGABYTE = """
    import os
    for _ in range(2**14):
        try:
            os.write(1, b"x" * 2**16)
        except OSError:
            pass
"""

FORKS = """
    import os, signal
    children = []
    try:
        while len(children) < 5000:
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    except BlockingIOError:
        pass
    print(len(children))
"""

BOMB = """
    import os, sys
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                os.fork()
            except OSError:
                pass
    print("lit")
"""


def running_with(word: str) -> set[str]:
    """The processes of this machine that have the word as an argument."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words:
            found.add(folder.name)
    return found


def test_a_script_that_never_ends_and_hears_no_signal() -> None:
    begun = time.monotonic()
    assert ran(SPOILSPORT, timeout=0.5) == "time-out: still running after 0.5 s"
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(("name", "text"), [("a.py", GIGABYTE), ("a.sh", "yes"), ("b.sh", "yes >&2; sleep 600")])
def test_nobody_waits_for_more_than_is_looked_at(name: str, text: str) -> None:
    begun = time.monotonic()
    assert ran(text, name=name, timeout=60) == "more than 1,048,576 bytes were printed"
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_case_says_how_much_may_be_printed(stream: str) -> None:
    text = f"import sys; sys.{stream}.write('x' * 100)"
    assert ran(text, output=99) == "more than 99 bytes were printed"
    assert isinstance(ran(text, output=100), Produced)


def test_a_case_says_how_much_memory_there_is() -> None:
    text = "x = bytearray(200 * 2**20)"
    assert isinstance(done := ran(text, memory=128), Produced)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, "MemoryError")
    assert printed(text, memory=256) == ""


def test_one_file_is_bounded() -> None:
    said = printed(
        f"""
        with open("big", "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 2**16):
                    pass
            except OSError as problem:
                print(problem.strerror, file.tell() <= {FILE_BYTES})
        """
    )
    assert said == "File too large True\n"


@only_namespaces
def test_all_files_together_are_bounded() -> None:
    said = printed(
        f"""
        import os, itertools
        folders, written = ["/skill", "/agent", "/tmp", "/dev/shm", "/scratch"], 0
        try:
            for number in itertools.count():
                path = f"{{folders[number % len(folders)]}}/{{number}}"
                with open(path, "wb", buffering=0) as file:
                    written += file.write(b"x" * 2**20)
        except OSError as problem:
            print(problem.strerror, {SCRATCH_BYTES} - 2**21 < written <= {SCRATCH_BYTES} + 2**20)
        for number in range(number + 1):
            os.remove(f"{{folders[number % len(folders)]}}/{{number}}")
        try:
            for number in itertools.count():
                open(f"{{folders[number % len(folders)]}}/{{number}}", "w").close()
        except OSError as problem:
            print(problem.strerror, {SCRATCH_FILES} - 10 < number <= {SCRATCH_FILES})
        """
    )
    assert said == "No space left on device True\n" * 2


def test_the_number_of_processes_is_bounded() -> None:
    assert current().isolation == NAMESPACES or os.geteuid() != 0 or _is_nobody()
    assert 20 < int(printed(FORKS)) < (PROCESSES if current().isolation == NAMESPACES else 4000)


def test_a_fork_bomb_harms_nobody() -> None:
    assert current().isolation == NAMESPACES or os.geteuid() != 0 or _is_nobody()
    word = f"bomb-{os.getpid()}-{current().isolation}"
    with ThreadPoolExecutor(2) as pool:
        bomb, other = pool.submit(ran, BOMB, word, timeout=20), pool.submit(printed, "import os; print(os.fork() >= 0)")
        assert bomb.result() == Produced(0, "lit\n", "")
        assert set(other.result().split()) == {"True"}
    deadline = time.monotonic() + 5
    while running_with(word) and time.monotonic() < deadline:
        os.sched_yield()
    assert not running_with(word)


def _is_nobody() -> bool:
    return printed("import os; print(os.getuid())") == "65534\n"


def test_folders_too_deep_to_be_looked_at_are_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = printed(
        """
        import os
        for _ in range(1100):
            os.mkdir("d")
            os.chdir("d")
        os.chmod(".", 0)
        print("deep")
        """
    )
    assert (said, list(tmp_path.iterdir())) == ("deep\n", [])
