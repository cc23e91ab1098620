"""The process that starts scripts in namespaces: what it passes on, and that everything ends with it."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from skillctl.adapters.isolation import Namespaces
from skillctl.adapters.scripts import ScriptRunner
from skillctl.domain.case import Run
from skillctl.domain.checks import Produced
from tests.adapters.scripted import NAMESPACES, skip_for
from tests.adapters.test_isolation import all_end, sleepers

SLEEPER = b"import subprocess, sys; subprocess.run(['sleep', sys.argv[1]])"


@pytest.fixture
def own() -> ScriptRunner:
    """A runner whose keeper no other test uses."""
    made = ScriptRunner()
    if made.isolation != NAMESPACES:
        skip_for(made.weakness)
    return made


def ran(runner: ScriptRunner, text: bytes = b"print(1)", *args: str) -> Produced | str:
    """A script of this text, run."""
    return runner.run({"a.py": ("100644", text)}, Run(script="a.py", args=list(args)))


def end_keeper(runner: ScriptRunner) -> None:
    """End the process that starts scripts."""
    walls = runner._walls.chosen()[0]
    assert isinstance(walls, Namespaces)
    assert walls._keeper is not None
    walls._keeper._process.kill()
    walls._keeper._process.wait()


def test_a_keeper_that_was_ended_is_followed_by_another(own: ScriptRunner) -> None:
    end_keeper(own)
    assert ran(own) == Produced(0, "1\n", "")


def test_a_case_that_cannot_be_isolated_is_not_judged(own: ScriptRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillctl.adapters.isolation._UNSHARED", ("unshare", "--no-such-option"))
    end_keeper(own)
    done = ran(own)
    assert isinstance(done, str)
    assert done.startswith("`a.py` could not be isolated: unshare: unrecognized option")


def children(process: int) -> list[int]:
    """What a process started and has not yet reaped."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_everything_ends_with_a_room_that_is_ended(own: ScriptRunner) -> None:
    seconds = f"3603.{os.getpid()}"
    walls = own._walls.chosen()[0]
    assert isinstance(walls, Namespaces)
    assert walls._keeper is not None
    (keeper,) = children(walls._keeper._process.pid)
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(ran, own, SLEEPER, seconds) for _ in range(2)]
        deadline = time.monotonic() + 30
        while len(sleepers(seconds)) < 2 and time.monotonic() < deadline:
            os.sched_yield()
        os.kill(children(keeper)[0], signal.SIGKILL)
        assert {one.result() for one in running} == {"`a.py` could not be isolated: the keeper was ended"}
    assert all_end(seconds)
    assert ran(own) == Produced(0, "1\n", "")


RUNS = """
import sys
from skillctl.adapters.scripts import ScriptRunner
from skillctl.domain.case import Run
ScriptRunner().run({"a.py": ("100644", %r)}, Run(script="a.py", args=[sys.argv[1]], timeout=300))
"""


def test_everything_ends_with_skillctl_however_that_ends(own: ScriptRunner) -> None:
    seconds = f"3602.{os.getpid()}"
    running = subprocess.Popen([sys.executable, "-c", RUNS % SLEEPER, seconds])
    deadline = time.monotonic() + 30
    while not sleepers(seconds) and time.monotonic() < deadline:
        assert running.poll() is None
    assert sleepers(seconds)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert all_end(seconds)


def test_nothing_of_the_root_folder_lies_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = ScriptRunner()
    if made.isolation == NAMESPACES:
        assert ran(made) == Produced(0, "1\n", "")
        assert list(tmp_path.iterdir()) == []


def test_no_module_is_taken_from_where_scripts_write(own: ScriptRunner) -> None:
    said = ran(own, b"import sys; print(sys.argv[0], any('scratch' in entry for entry in sys.path))")
    assert said == Produced(0, "a.py False\n", "")


KEYS = """
import ctypes, sys
from skillctl.adapters.scripts import ScriptRunner
from skillctl.domain.case import Run
keyctl, join, session, search = %d, 1, -3, 10
libc = ctypes.CDLL(None)
libc.syscall(keyctl, join, None)
if libc.syscall(%d, b"user", b"ticket", b"hunter2", 7, session) == -1:
    sys.exit("no keys here")
libc.syscall(keyctl, search, session, b"user", b"ticket", 0) > 0 or sys.exit("the key of the test is not found")
script = b"import ctypes; print(ctypes.CDLL(None).syscall(%d, 10, -3, b'user', b'ticket', 0))"
print(ScriptRunner().run({"a.py": ("100644", script)}, Run(script="a.py")).stdout)
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="calls are numbered differently on other processors")
def test_no_key_of_the_session_is_found(own: ScriptRunner) -> None:
    add_key, keyctl = 248, 250
    done = subprocess.run(
        [sys.executable, "-c", KEYS % (keyctl, add_key, keyctl)], capture_output=True, text=True, check=False
    )
    if done.stderr == "no keys here\n":
        pytest.skip("no keys here")
    assert (done.stdout.strip(), done.stderr) == ("-1", "")
