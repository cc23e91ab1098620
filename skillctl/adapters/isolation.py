"""What stands between a script and this machine: Linux namespaces, or where they are refused, only a process.

In namespaces a script sees a root folder of its own (`walled_root`): the system's programs and the Python
installation, read-only; its copy of the skill (`/skill`), an empty home and a folder for temporary files; nothing else
of the disk, no process but its own, no network. It holds no privilege and can gain none, not even in a namespace of its
own making; where `skillctl` runs as root, the script is nobody outside. What it starts cannot outlive it, nor
`skillctl` (`room`). The number of its processes, and what it writes, is limited for all of them together; but where
root cannot become nobody, the kernel does not count them. Memory is limited for each, and where the machine runs out of
it, the kernel ends scripts first. The size of what a script prints is looked at while it prints.

What is left where they are refused, `plain_process` says.
"""

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple, Protocol

from skillctl.adapters import walled_root
from skillctl.adapters.errand import Ended, Errand
from skillctl.adapters.messages import asked, heard, receive, send
from skillctl.adapters.scratch import Files
from skillctl.adapters.walled_root import SYSTEM_PATH

Isolation = Literal["namespaces", "process"]

#: What the walls are built with; all of it is part of util-linux.
TOOLS = ("unshare", "mount", "umount", "pivot_root", "setpriv")

#: A user of the machine who owns nothing; the kernel limits the processes of everybody but root.
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
_AS_USER = ("unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c", walled_root.ENTER, "sh")
#: Given a folder and a command: as root where that is allowed, and then on as nobody; else as any user may.
# Asked there, while this process does other things.
_AS_ROOT = f"""\
folder=$1
shift
if unshare --mount true 2>/dev/null; then
  if {" ".join(AS_NOBODY)} true 2>/dev/null; then
    set -- {" ".join(AS_NOBODY)} "$@"
  fi
  exec unshare --mount /bin/sh -c {shlex.quote(walled_root.ENTER)} sh "$folder" "$@"
fi
exec {shlex.join(_AS_USER)} "$folder" "$@"
"""
_UNSHARED = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child")
# Its code lies where scripts may write later, so nothing may be imported from there once it serves.
_SERVE = "import sys; sys.path.append('/scratch'); from skillctl.adapters.keeper import serve; sys.path.pop(); serve()"
_SECONDS_TO_END = 30.0
_PREFIX = "skillctl-root-"


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
    """Walls of Linux namespaces: one keeper makes the rooms in which scripts run, as many as cases run at once."""

    name: Isolation = "namespaces"

    def __init__(self) -> None:
        self._starting = Lock()
        self._keeper: _Keeper | None = None

    def python(self) -> str:
        """The Python environment, as the script sees it."""
        return "/python"

    def run(self, asked: Errand) -> Ended:
        """How it ended; Fallen if the keeper could not be started, or was ended."""
        usual = environment(self.python(), "/agent", "/tmp")  # noqa: S108
        return self._kept().run(asked._replace(env={**usual, "PWD": "/skill", **asked.env}))

    def begin(self) -> None:
        """Start the keeper, and do not wait for it; Fallen or OSError if it cannot be started."""
        with self._starting:
            self._keeper = self._keeper or _Keeper()

    def _kept(self) -> "_Keeper":
        with self._starting:
            if self._keeper is None or self._keeper.has_ended():
                self._keeper = _Keeper()
            self._keeper.wait()
            return self._keeper


class _Idle(NamedTuple):
    """A room that waits: the memory that it is limited to with its scripts, and the skill that it holds."""

    memory: int | None
    channel: socket.socket
    skill: Files


class _Keeper:
    """The process of `keeper`, and our end of its socket."""

    def __init__(self) -> None:
        self._is_lost = False
        # Taking from a list, and adding to it, needs no lock.
        self._rooms: list[_Idle] = []
        with ExitStack() as unless_started:
            folder = Path(os.path.realpath(unless_started.enter_context(tempfile.TemporaryDirectory(prefix=_PREFIX))))
            self._told = unless_started.enter_context(tempfile.TemporaryFile())
            walled_root.furnish(folder)
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    _command(folder),
                    cwd="/",
                    env=environment("/python", "/", "/"),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=self._told,
                    start_new_session=True,
                )
            weakref.finalize(self, _end, self._socket, self._rooms, self._process)
            self._building: ExitStack | None = unless_started.pop_all()

    def wait(self) -> None:
        """Until it is ready, from one thread at a time; Fallen if it ended before."""
        if self._building is None:
            return
        with self._building:
            self._building = None
            if not self._socket.recv(16):
                self._is_lost = True
                code = self._process.wait()
                self._told.seek(0)
                raise Fallen(self._told.read().decode("utf-8", "replace").strip() or f"exit code {code}")

    def has_ended(self) -> bool:
        """Whether nobody answers any more, or nobody answered once."""
        return self._is_lost or self._process.poll() is not None

    def run(self, errand: Errand) -> Ended:
        """How it ended, from any thread."""
        try:
            answer = self._answer(errand, errand.seconds + _SECONDS_TO_END)
        except TimeoutError as problem:
            raise self._lost("the keeper does not answer") from problem
        except (OSError, EOFError) as problem:
            raise self._lost("the keeper was ended") from problem
        if isinstance(answer, str):
            raise Fallen(answer)
        return answer

    def _answer(self, errand: Errand, seconds: float) -> Ended | str:
        memory = errand.bearable()
        room, skill = self._room(memory)
        # Given back only after an answer, and if it serves another case.
        with ExitStack() as unless_fit:
            unless_fit.enter_context(room)
            room.settimeout(seconds)
            send(room, asked(errand, skill))
            message = receive(room)
            if message is None:
                raise EOFError("it ended")
            answer = heard(message)
            if answer.is_fit:
                unless_fit.pop_all()
                self._rooms.append(_Idle(memory, room, errand.skill))
        return answer.ended

    def _room(self, memory: int | None) -> tuple[socket.socket, Files | None]:
        """An idle room of the same limits, or a new one in the place of an idle one of others."""
        with suppress(IndexError):
            idle = self._rooms.pop()
            if idle.memory == memory:
                return idle.channel, idle.skill
            idle.channel.close()
        room, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._socket, [b"room"], [theirs.fileno()])
        return room, None

    def _lost(self, why: str) -> Fallen:
        self._is_lost = True
        return Fallen(why)


def _end(control: socket.socket, rooms: list[_Idle], process: "subprocess.Popen[bytes]") -> None:
    for opened in (*(idle.channel for idle in rooms), control):
        opened.close()
    # Somebody who was forked from us may hold them still.
    process.kill()
    process.wait()


def _command(folder: Path) -> list[str]:
    """Build the root folder, as root where we are, and go on as nobody."""
    begin = ("/bin/sh", "-c", _AS_ROOT, "sh") if os.geteuid() == 0 else _AS_USER
    return [*begin, str(folder), *_UNSHARED, "/python/bin/python", "-I", "-S", "-B", "-c", _SERVE]


def works(tool: Sequence[str]) -> bool:
    """Whether a command is there, and succeeds."""
    if shutil.which(tool[0], path=SYSTEM_PATH) is None:
        return False
    return subprocess.run(tool, env={"PATH": SYSTEM_PATH}, capture_output=True, check=False).returncode == 0


def environment(python: str, home: str, temporary: str) -> dict[str, str]:
    """What every script has, and nothing of ours."""
    return {
        "PATH": f"{python}/bin:{SYSTEM_PATH}",
        "HOME": home,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
