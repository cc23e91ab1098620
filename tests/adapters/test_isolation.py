"""What scripts cannot reach, and that nothing of them stays."""

import os
import pwd
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from skillctl.adapters.scripts import ScriptRunner
from skillctl.domain.checks import Produced
from tests.adapters.scripted import current, only_namespaces, printed, ran, runner  # noqa: F401

# A child in a session of its own, twice forked, that nobody waits for; known to the test by its argument.
DAEMON = """
    import os, subprocess, sys
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", sys.argv[1]])
        os._exit(0)
    os.wait()
    child = subprocess.Popen(["sleep", sys.argv[1]])
"""


def sleepers(seconds: str) -> set[str]:
    """The processes of this machine that sleep for so long."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", seconds.encode()]:
            found.add(folder.name)
    return found


def all_end(seconds: str) -> bool:
    """Whether none sleeps any more; a killed one takes a moment."""
    deadline = time.monotonic() + 5
    while sleepers(seconds) and time.monotonic() < deadline:
        os.sched_yield()
    return not sleepers(seconds)


@pytest.mark.parametrize("last", ["", "child.wait()"])
def test_whatever_a_script_starts_ends_with_it(last: str) -> None:
    seconds = f"3600.{os.getpid()}{len(last)}{len(current().isolation)}"
    done = ran(textwrap.dedent(DAEMON) + last, seconds, timeout=3)
    assert done == ("time-out: still running after 3 s" if last else Produced(0, "", ""))
    assert all_end(seconds)


def test_the_daemon_of_the_tests_can_be_seen() -> None:
    seconds = f"3601.{os.getpid()}{len(current().isolation)}"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ran, textwrap.dedent(DAEMON) + "child.wait()", seconds, timeout=4)
        while len(sleepers(seconds)) < 2 and not running.done():
            os.sched_yield()
        assert not running.done()
    assert all_end(seconds)


READER = """
    import glob, os
    for file in glob.glob("/proc/*/environ"):
        try:
            print(open(file, "rb").read())
        except OSError:
            pass
    print(os.getppid())
"""


def _environment_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/environ").read_bytes()
    except PermissionError:
        # Until it has become `sleep`, it is as closed as the process that started it.
        return b""


@only_namespaces
def test_no_environment_of_another_process_can_be_read() -> None:
    # A process of its own, because `setenv` does not change what /proc shows.
    holder = subprocess.Popen(["sleep", "600"], env={"SUPABASE_SECRET_KEY": "hunter2"})
    try:
        while b"hunter2" not in _environment_of(holder.pid):
            assert holder.poll() is None
        assert "hunter2" not in printed(READER)
        assert printed("import os; print(os.getppid())") == "0\n"
        done = ran("ls -d /proc/[0-9]* | wc -l; cat /proc/1/environ; ls /proc/1/root; cat /proc/1/fd/0", name="a.sh")
    finally:
        holder.kill()
        holder.wait()
    assert isinstance(done, Produced)
    assert int(done.stdout.split()[0]) < 10
    assert done.stderr.count("Permission denied") == 3


@only_namespaces
def test_the_repository_is_not_there(tmp_path: Path, project: Path) -> None:
    (tmp_path / ".skillctl").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("token")
    said = printed(
        """
        import os, sys
        for path in sys.argv[1:]:
            print(os.path.lexists(path))
            try:
                open(path + "/x", "w")
            except OSError as problem:
                print(type(problem).__name__)
        """,
        str(tmp_path / ".git"),
        str(tmp_path / ".skillctl"),
        str(project / ".git"),
        str(project / "skills"),
    )
    assert said.split() == ["False", "FileNotFoundError"] * 4
    assert list((tmp_path / ".skillctl").iterdir()) == []


@only_namespaces
def test_what_of_the_machine_is_seen_cannot_be_written() -> None:
    said = printed(
        """
        import os, sys
        for path in ["/x", "/etc/x", "/usr/bin/x", sys.base_prefix + "/x", "/python/x", "/dev/x",
                     "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname"]:
            try:
                open(path, "w")
                print("written", path)
            except OSError as problem:
                print(problem.strerror)
        """
    )
    assert set(said.splitlines()) == {"Read-only file system"}


@only_namespaces
def test_the_home_of_the_user_is_not_there() -> None:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    said = printed(
        "import os, sys; print([n for n in os.listdir(sys.argv[1])] if os.path.exists(sys.argv[1]) else [])", str(home)
    )
    # Where Python itself is installed in the home, the way to it is seen, and nothing else.
    way = Path(os.path.realpath(sys.base_prefix))
    assert said.strip() == str([way.relative_to(home).parts[0]] if way.is_relative_to(home) else [])
    assert printed("import os, pathlib; print(os.listdir(pathlib.Path.home()))") == "[]\n"


@only_namespaces
def test_there_is_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        said = printed(
            """
            import socket, sys
            try:
                socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2)
                print("connected")
            except OSError as problem:
                print(type(problem).__name__)
            """,
            str(server.getsockname()[1]),
        )
        assert said == "OSError\n"
        with pytest.raises(BlockingIOError):
            server.accept()


@only_namespaces
def test_what_a_script_listens_on_is_nobody_elses() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server, socket.socket(socket.AF_UNIX) as named:
        name = f"skillctl-{os.getpid()}"
        named.bind("\0" + name)
        named.listen()
        said = printed(
            """
            import socket, sys
            # On the machine this port is taken, and this name.
            socket.create_server(("0.0.0.0", int(sys.argv[1])))
            try:
                socket.socket(socket.AF_UNIX).connect("\\0" + sys.argv[2])
            except OSError as problem:
                print(type(problem).__name__)
            socket.socket(socket.AF_UNIX).bind("\\0" + sys.argv[2])
            print(socket.gethostname(), [name for _, name in socket.if_nameindex()][:1])
            """,
            str(server.getsockname()[1]),
            name,
        )
    assert said == "ConnectionRefusedError\nagent ['lo']\n"


def test_our_own_environment_cannot_be_read() -> None:
    said = printed(
        """
        import os, sys
        for file in ("environ", "mem", "fd/0", "cwd/pyproject.toml", "root/etc/passwd"):
            try:
                open(f"/proc/{sys.argv[1]}/{file}", "rb").read(1)
                print("read", file)
            except OSError:
                pass
        """,
        str(os.getpid()),
    )
    assert said == ""


@only_namespaces
def test_a_signal_to_the_first_process_ends_nobody() -> None:
    said = printed(
        """
        import os, signal
        for number in signal.valid_signals():
            os.kill(1, number)
        print(os.path.exists("/proc/1"))
        """
    )
    assert said == "True\n"
    assert printed("print(1)") == "1\n"


def test_programs_give_no_privilege() -> None:
    assert printed("print([line for line in open('/proc/self/status') if 'NoNewPrivs' in line])") == (
        "['NoNewPrivs:\\t1\\n']\n"
    )


@only_namespaces
def test_no_privilege_can_be_gained() -> None:
    done = ran(
        "grep -E 'Cap(Prm|Eff|Bnd)|NoNewPrivs' /proc/self/status\n"
        "unshare -Ur true; mount -t tmpfs x /tmp; chroot . true",
        name="a.sh",
    )
    assert isinstance(done, Produced)
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["0" * 16] * 3 + ["1"]
    assert len(done.stderr.splitlines()) >= 3
    assert done.exit_code != 0


def test_walls_that_do_not_hold_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillctl.adapters.isolation._UNSHARED", ("unshare", "--no-such-option"))
    weak = ScriptRunner()
    assert weak.isolation == "process"
    assert weak.weakness is not None
    assert "no-such-option" in weak.weakness
    monkeypatch.setattr("skillctl.adapters.walls.TOOLS", ("no-such-tool",))
    assert ScriptRunner().weakness == "`no-such-tool` is not installed"
