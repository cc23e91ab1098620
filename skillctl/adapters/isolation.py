"""What stands between a script and this machine: Linux namespaces, or where they are refused, only a process.

In namespaces a script sees a root folder of its own (`walled_root`): the system's programs and the Python
installation, read-only; its copy of the skill (`/skill`), an empty home and a folder for temporary files; nothing else
of the disk, no process but its own, no network. It holds no privilege and can gain none, not even in a namespace of its
own making; where `skillctl` runs as root, the script is nobody outside. What it starts cannot outlive it, nor
`skillctl` (`keeper`). How many processes it has, and how much it writes, is limited for all of them together; memory
is limited for each, and where it runs out on the machine, the kernel ends scripts first.

As a plain process a script has a clean environment, limits and a scratch folder, and that is all. It can read and
write what the user can; environments of other processes of the user are readable in `/proc`, our own is not. Where the
user is root, the script is nobody, who may write nothing but the scratch folder; he may read all files where Python or
that folder lies where only root can look; without `setpriv` he is root after all. A child that leaves the process group
is ended only on Linux, and only if it kept the environment that it was started with. The number of processes is limited
on Linux, for all of the user together; the size of a file is, not the number of files.
"""

import json
import marshal
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Literal, Protocol

from skillctl.adapters import errand, script_python, walled_root
from skillctl.adapters.errand import Ended, Errand, receive, send
from skillctl.adapters.processes import end_group, end_marked
from skillctl.adapters.scratch import write
from skillctl.adapters.walled_root import SYSTEM_PATH

Isolation = Literal["namespaces", "process"]

#: What the walls are built with; all of it is part of util-linux.
TOOLS = ("unshare", "mount", "umount", "pivot_root", "setpriv")

_MOUNTS = ("unshare", "--mount")
_MOUNTS_OF_USER = ("unshare", "--user", "--map-root-user", "--mount")
# A user of the machine who owns nothing: the kernel limits the processes of everybody but root.
_NOBODY = 65534
_AS_NOBODY = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups")
# From the strongest; which one works depends on where Python and the folder for temporary files lie.
_WAYS_OF_USER = (("setpriv", "--no-new-privs"), ())
_WAYS_OF_ROOT = (
    (*_AS_NOBODY, "--no-new-privs"),
    (*_AS_NOBODY, "--no-new-privs", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
    *_WAYS_OF_USER,
)
_UNSHARED = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child")
# Its code lies where scripts may write later, so nothing may be imported from there once it serves.
_SERVE = "import sys; sys.path.append('/scratch'); from skillctl.adapters.keeper import serve; sys.path.pop(); serve()"
_SECONDS_TO_END = 30.0

# A shell sets the limits, because code between fork and exec is unsafe in a process with threads. Shells name the
# limit of processes differently; some systems have none.
_LIMITED = """ulimit -v "$1"; ulimit -f "$2"; ulimit -c 0
[ -z "$3" ] || ulimit -p "$3" 2>/dev/null || ulimit -u "$3"
shift 3
exec "$@"
"""


class Fallen(Exception):
    """The walls do not stand; the text says why."""


class Walls(Protocol):
    """One way to run a script in a scratch folder that holds its copy of the skill."""

    name: Isolation

    def python(self) -> str:
        """The Python environment, as the script sees it."""
        ...

    def run(self, asked: Errand) -> Ended:
        """How it ended; what is in its environment is added to the usual one. Fallen if it could not be isolated."""
        ...


class Namespaces:
    """Walls of Linux namespaces: one keeper starts all scripts, each in namespaces of its own."""

    name: Isolation = "namespaces"

    def __init__(self) -> None:
        self._starting = Lock()
        self._keeper: _Keeper | None = None

    def python(self) -> str:
        """The Python environment, as the script sees it."""
        return "/python"

    def run(self, asked: Errand) -> Ended:
        """How it ended; Fallen if the keeper could not be started, or was ended."""
        environment = {**_environment(self.python(), "/agent", "/tmp"), "PWD": "/skill", **asked.env}  # noqa: S108
        return self._kept().run(asked._replace(env=environment))

    def _kept(self) -> "_Keeper":
        with self._starting:
            if self._keeper is None or self._keeper.has_ended():
                self._keeper = _Keeper()
            return self._keeper


class _Keeper:
    """The process of `keeper`, and our end of its socket."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory(prefix="skillctl-root-") as name, tempfile.TemporaryFile() as told:
            folder = Path(os.path.realpath(name))
            walled_root.furnish(folder)
            # Idle ones; taking from a list, and adding to it, needs no lock.
            self._rooms: list[socket.socket] = []
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    _command(folder),
                    cwd="/",
                    env=_environment("/python", "/", "/"),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=told,
                    start_new_session=True,
                )
            weakref.finalize(self, _end, self._socket, self._rooms, self._process)
            if not self._socket.recv(16):
                self._process.wait()
                told.seek(0)
                raise Fallen(told.read().decode("utf-8", "replace").strip() or f"exit code {self._process.returncode}")

    def has_ended(self) -> bool:
        """Whether nobody answers any more."""
        return self._process.poll() is not None

    def run(self, asked: Errand) -> Ended:
        """How it ended, from any thread."""
        plain: Any = tuple(asked)
        try:
            room = self._rooms.pop()
        except IndexError:
            room = self._new_room()
        try:
            room.settimeout(asked.seconds + _SECONDS_TO_END)
            send(room, marshal.dumps(plain))
            raw = receive(room)
        except (OSError, EOFError) as problem:
            room.close()
            raise Fallen(f"the keeper does not answer: {problem}") from problem
        if raw is None:
            room.close()
            raise Fallen("the keeper was ended")
        self._rooms.append(room)
        answer = json.loads(raw)
        if isinstance(answer, str):
            raise Fallen(answer)
        return Ended(*answer)

    def _new_room(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._socket, [b"room"], [theirs.fileno()])
            except OSError as problem:
                ours.close()
                raise Fallen(f"the keeper does not answer: {problem}") from problem
        return ours


def _end(control: socket.socket, rooms: list[socket.socket], process: "subprocess.Popen[bytes]") -> None:
    for opened in (*rooms, control):
        opened.close()
    process.wait()


def _command(folder: Path) -> list[str]:
    """Build the root folder, as root where we are, and go on as nobody."""
    first: Sequence[str] = _MOUNTS_OF_USER
    dropped: Sequence[str] = ()
    if os.geteuid() == 0 and _works((*_MOUNTS, "true")):
        first, dropped = _MOUNTS, _AS_NOBODY if _works((*_AS_NOBODY, "true")) else ()
    python = ("/python/bin/python", "-I", "-S", "-B", "-c", _SERVE)
    return [*first, "/bin/sh", "-c", walled_root.ENTER, "sh", str(folder), *dropped, *_UNSHARED, *python]


def _works(tool: Sequence[str]) -> bool:
    if shutil.which(tool[0], path=SYSTEM_PATH) is None:
        return False
    return subprocess.run(tool, env={"PATH": SYSTEM_PATH}, capture_output=True, check=False).returncode == 0


class Processes:
    """No walls: a process group with limits, and our own environment closed to it as far as it can be."""

    name: Isolation = "process"

    def __init__(self) -> None:
        self._folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="skillctl-python-")))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        # For one who is nobody.
        self._folder.chmod(0o755)
        script_python.furnish(self._folder / "python", linked=True)
        _close_own_environment()
        started = ("/bin/sh", "-c", 'cd "$1" && exec "$1/python/bin/python" -c ""', "sh", str(self._folder))
        ways = _WAYS_OF_ROOT if os.geteuid() == 0 else _WAYS_OF_USER
        self._way = next((way for way in ways if _works((*way, *started))), ())

    def python(self) -> str:
        """The Python environment, as the script sees it."""
        return str(self._folder / "python")

    def run(self, asked: Errand) -> Ended:
        """How it ended, as the leader of a process group that is empty now."""
        name = tempfile.mkdtemp(prefix="skillctl-run-")
        try:
            return self._run(asked, Path(os.path.realpath(name)))
        finally:
            _remove(name)

    def _run(self, asked: Errand, scratch: Path) -> Ended:
        for folder in ("agent", "tmp"):
            (scratch / folder).mkdir()
        write(scratch / "skill", asked.files)
        is_nobody = self._way[: len(_AS_NOBODY)] == _AS_NOBODY
        if is_nobody:
            _give(scratch, *scratch.rglob("*"))
        usual = _environment(self.python(), str(scratch / "agent"), str(scratch / "tmp"))
        limits = (str(asked.memory // 1024), str(errand.FILE_BYTES // 512), _most_processes())

        def start(stdin: int, stdout: int, stderr: int) -> errand.Process:
            if is_nobody:
                # He may open them once more, as `/dev/stdin` and the like.
                _give(stdin, stdout, stderr)
            return subprocess.Popen(
                [*self._way, "/bin/sh", "-c", _LIMITED, "sh", *limits, *asked.command],
                cwd=scratch / "skill",
                env={**usual, **asked.env},
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

        def end(process: errand.Process) -> None:
            end_group(process)
            end_marked(f"HOME={scratch}")

        return errand.run(asked, scratch / "skill", start, end)


def _environment(python: str, home: str, temporary: str) -> dict[str, str]:
    return {
        "PATH": f"{python}/bin:{SYSTEM_PATH}",
        "HOME": home,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def _most_processes() -> str:
    """How many the user may have, so that a script has some: the limit counts all of the user's."""
    if sys.platform != "linux":
        return ""
    # "0.00 0.01 0.05 1/123 4567": of 123 that are there, one runs.
    there = Path("/proc/loadavg").read_text(encoding="ascii").split()[3].split("/")[1]
    return str(int(there) + errand.PROCESSES)


def _give(*owned: Path | int) -> None:
    for path in owned:
        os.chown(path, _NOBODY, _NOBODY)


def _remove(folder: str) -> None:
    """Remove it with all that a script left there, which may still be written to, or too deep for Python."""
    with suppress(OSError, RecursionError):
        shutil.rmtree(folder)
    for tool in (("chmod", "-R", "u+rwx"), ("rm", "-rf")):
        if os.path.lexists(folder):
            subprocess.run([*tool, folder], stderr=subprocess.DEVNULL, check=False)


def _close_own_environment() -> None:
    """Take `/proc/<our id>` from other processes of the same user; root reads it nevertheless."""
    if sys.platform == "linux":
        import ctypes

        set_dumpable = 4
        ctypes.CDLL(None).prctl(set_dumpable, 0, 0, 0, 0)
