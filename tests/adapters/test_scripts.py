"""Scripts that really run: what they produce, what they cannot reach, and how they are ended."""

import os
import select
import sys
import textwrap
from pathlib import Path

import pytest

from skillctl.adapters.scripts import MEMORY_KB, OUTPUT_LIMIT, ScriptRunner
from skillctl.domain.checks import Produced
from skillctl.domain.suite import Run

RUNNER = ScriptRunner()


def ran(
    text: str, *args: str, name: str = "a.py", mode: str = "100644", timeout: float = 20, stdin: str | None = None
) -> Produced | str:
    """A script of this text, run."""
    run = Run(script=name, args=list(args), timeout=timeout, stdin=stdin)
    return RUNNER.run({name: (mode, textwrap.dedent(text).encode())}, run)


def printed(text: str, *args: str, stdin: str | None = None) -> str:
    """What a Python script printed that must have ended well."""
    done = ran(text, *args, stdin=stdin)
    assert isinstance(done, Produced), done
    assert done.exit_code == 0, done.stderr
    return done.stdout


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or goes in a moment: a killed one takes its time."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 5)[0])
    finally:
        os.close(watched)


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_exit_codes(code: int) -> None:
    done = ran(f"import sys; print('out'); print('err', file=sys.stderr); sys.exit({code})")
    assert done == Produced(code, "out\n", "err\n")


def test_arguments_and_standard_input() -> None:
    said = printed(
        "import sys; print(sys.argv[1:], sys.stdin.read())", "-c", "a b", "--help", "'$(id)'", stdin="größe\n"
    )
    assert said == "['-c', 'a b', '--help', \"'$(id)'\"] größe\n\n"
    assert printed("import sys; print(repr(sys.stdin.read()))") == "''\n"


@pytest.mark.parametrize(
    ("name", "mode", "text", "said"),
    [
        ("a.sh", "100644", "echo $1 in $(basename $PWD)", "x in skill\n"),
        ("run", "100755", "#!/bin/sh\necho $1", "x\n"),
        ("scripts/deep/a.py", "100644", "import sys; print(sys.argv[1])", "x\n"),
    ],
)
def test_each_kind_of_script(name: str, mode: str, text: str, said: str) -> None:
    assert ran(text, "x", name=name, mode=mode) == Produced(0, said, "")


def test_what_cannot_be_run() -> None:
    message = "`run` is neither a `.py` or `.sh` script nor executable"
    assert ran("#!/bin/sh\n", name="run", mode="100644") == message
    assert RUNNER.run({}, Run(script="../../etc/passwd")) == "`../../etc/passwd` is not a file of the skill"
    assert ran("", "a\0b") == "`a.py` could not be started: embedded null byte"
    assert ran("", "a" * 200_000) == "`a.py` could not be started: Argument list too long"


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert printed(r"import sys; sys.stdout.buffer.write(b'a\xff\0b')") == "a�\0b"


SPOILER = b"""
import os, pathlib
print(sorted(map(str, pathlib.Path().rglob('*'))), os.access('x/run', os.X_OK))
print(pathlib.Path('data.txt').read_text(), list(pathlib.Path.home().iterdir()))
pathlib.Path('data.txt').write_text('spoiled')
pathlib.Path('new').write_text('')
(pathlib.Path.home() / 'left').write_text('')
"""


def test_its_own_copy_of_every_file_with_its_mode() -> None:
    files = {
        "a.py": ("100644", SPOILER),
        "x/run": ("100755", b"#!/bin/sh\n"),
        "data.txt": ("100644", b"clean"),
    }
    first, second = RUNNER.run(files, Run(script="a.py")), RUNNER.run(files, Run(script="a.py"))
    assert first == Produced(0, "['a.py', 'data.txt', 'x', 'x/run'] True\nclean []\n", "")
    assert second == first


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    printed("import os; os.mkdir('d'); open('d/x', 'w').close(); os.chmod('d', 0)")
    assert list(tmp_path.iterdir()) == []


def test_the_environment_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUPABASE_SECRET_KEY", "N8N_WEBHOOK_SECRET", "GITHUB_TOKEN", "PYTHONPATH", "LD_PRELOAD_X"):
        monkeypatch.setenv(name, "hunter2")
    said = printed("import os; print(sorted(os.environ)); print(os.environ)")
    assert said.splitlines()[0] == str(["HOME", "LANG", "LC_ALL", "PATH", "PWD", "TMPDIR", "TZ"])
    assert "hunter2" not in said
    assert str(Path.cwd()) not in said
    assert printed("import sys; print(sys.flags.isolated, sys.dont_write_bytecode)") == "1 True\n"


def test_no_open_file_of_ours_is_passed_on(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as opened:
        os.set_inheritable(opened.fileno(), True)
        number = opened.fileno()
        said = printed(f"import os; print(os.path.exists('/proc/self/fd/{number}'), os.path.exists('/proc/self/fd/2'))")
    assert said == "False True\n"


CHILDREN = """
    import subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import subprocess, time; p = subprocess.Popen(['sleep', '60']); \
print(p.pid, flush=True); time.sleep(60)"], stdout=subprocess.PIPE, text=True)
    print(child.pid, child.stdout.readline().strip(), flush=True)
"""


def test_a_time_out_ends_the_grandchildren_too(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    text = (
        textwrap.dedent(CHILDREN)
        .replace("print(child", f"print(file=open({str(told)!r}, 'w'), *(child")
        .replace("strip(), flush=True)", "strip()), flush=True)")
    )
    done = ran(text + "time.sleep(60)\n", timeout=2.5)
    assert done == "time-out: still running after 2.5 s"
    pids = [int(word) for word in told.read_text().split()]
    assert len(pids) == 2
    assert all(has_ended(pid) for pid in pids)


def test_what_a_script_leaves_running_ends_with_it() -> None:
    pids = [int(word) for word in printed(CHILDREN).split()]
    assert len(pids) == 2
    assert all(has_ended(pid) for pid in pids)


def test_more_output_than_anybody_reads_is_no_answer() -> None:
    message = f"more than {OUTPUT_LIMIT:,} bytes were printed"
    assert ran(f"print('x' * {OUTPUT_LIMIT})") == message
    assert ran(f"import sys; print('x' * {OUTPUT_LIMIT}, file=sys.stderr)") == message
    assert ran("while True: print('x' * 10_000)") == message
    done = ran(f"print('x' * {OUTPUT_LIMIT - 1})")
    assert isinstance(done, Produced)
    assert len(done.stdout) == OUTPUT_LIMIT


def test_a_memory_hog_fails_alone() -> None:
    done = ran(f"x = bytearray({MEMORY_KB * 1024 + 1})")
    assert isinstance(done, Produced)
    assert done.exit_code == 1
    assert "MemoryError" in done.stderr


@pytest.mark.parametrize("number", [9, 11, 15])
def test_killed_by_a_signal(number: int) -> None:
    done = ran(f"import os; print('before', flush=True); os.kill(os.getpid(), {number})")
    assert isinstance(done, Produced)
    assert (done.exit_code, done.stdout) == (-number, "before\n")


def test_the_runner_is_named_in_evidence() -> None:
    assert RUNNER.runner == "script/1"
    assert printed("import sys; print(sys.executable)") == f"{sys.executable}\n"
