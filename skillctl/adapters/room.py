"""A room: a process of the keeper that runs one case after the other, one at a time, behind walls of its own.

A room enters its namespaces once, and starts a first process there that does nothing; scripts are started beside it.
The room itself stays outside of their namespace of processes, so that no script can name it, and that the exit code and
the signal of a script arrive as they are: the first process of a namespace could not be ended by a signal. The room is
`root` of its user namespace, and may mount; what it starts holds no privilege, and can gain none nor make a namespace.
That is set up before anything is started, and so are the limits: no code of ours runs between fork and exec, so the
memory of the room need not be copied for a script.

The scratch folders of each case are new, and so is what connects processes (`IPC`); calls for keys, which would stay,
are refused. If anything that a script started is there after it, the first process is ended, with which the kernel
ends all others, and the room ends too. So it does where the kernel cannot tell, or cannot refuse keys.
"""

import os
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from skillctl.adapters import kernel
from skillctl.adapters.errand import FILE_BYTES, PROCESSES, Ended, Errand, run
from skillctl.adapters.messages import Answer, answered, receive, send, understood
from skillctl.adapters.processes import Process
from skillctl.adapters.scratch import Files, write

#: Bytes and files that a script may add to its scratch folders, all together.
SCRATCH_BYTES = 64 * 1024 * 1024
SCRATCH_FILES = 10_000
#: Where the folders of a case lie, and where a script sees them. The keeper's own code lies below.
SCRATCH = "/scratch"
FOLDERS = {"skill": "/skill", "agent": "/agent", "tmp": "/tmp", "shm": "/dev/shm"}  # noqa: S108

_PAGE = 4096
# Python ignores them, programs do not.
_USUAL_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ)
_OF_ANY_KIND = 0x40000000


class Room:
    """One room, at its end of a socket over which it is asked and answers."""

    def __init__(self, channel: socket.socket) -> None:
        # Files that come over a socket are open to programs, unless one says otherwise.
        channel.set_inheritable(False)
        self._channel = channel
        # Case after case is of the same skill.
        self._skill: Files = {}
        # Seen even when a script's own covers it, and open to writing.
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        self._fate = os.open(f"{os.getpid()}/oom_score_adj", os.O_RDWR, dir_fd=self._proc)
        self._usual_fate = os.pread(self._fate, _PAGE, 0)
        self._first = 0
        self._memory: int | None = None
        self._is_fit = True

    def serve(self) -> NoReturn:
        """Run what is asked for, until nobody asks or the room is unfit for another case; this process ends here."""
        status = 1
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            while self._is_fit and (message := receive(self._channel)) is not None:
                ended = self._answer(message)
                send(self._channel, answered(Answer(ended, self._is_fit)))
            self._end_all()
            status = 0
        finally:
            os._exit(status)

    def _answer(self, message: bytearray) -> Ended | str:
        try:
            errand = understood(message, self._skill)
            self._skill = errand.skill
            if not self._first:
                self._enter(errand.bearable())
            return self._run(errand)
        except (OSError, ValueError, MemoryError) as problem:
            self._is_fit = False
            return str(problem) or type(problem).__name__

    def _enter(self, memory: int | None) -> None:
        """Build the walls; the room may take so much memory, and so may every script, or limits are each script's."""
        user, group = os.geteuid(), os.getegid()
        kernel.do("unshare", kernel.ALL_NAMESPACES)
        self._tell("self/setgroups", "deny")
        self._tell("self/uid_map", f"0 {user} 1")
        self._tell("self/gid_map", f"0 {group} 1")
        # A script can make no namespace of its own, so it is `root` nowhere else.
        self._tell("sys/user/max_user_namespaces", "0")
        socket.sethostname("agent")
        self._first = _first_process(self._channel)
        self._children = [self._open_children(process) for process in (os.getpid(), self._first)]
        kernel.leave_nothing_to_programs()
        self._is_fit = kernel.refuse_keys() and None not in self._children
        self._memory = memory
        if memory is not None:
            _limit(memory)

    def _run(self, errand: Errand) -> Ended:
        if errand.bearable() != self._memory:
            raise ValueError("a room keeps the limits of its first case")
        with _furnished(errand.files()):
            return run(errand, Path(FOLDERS["skill"]), lambda *files: self._start(errand, files), self._end)

    def _start(self, errand: Errand, files: tuple[int, ...]) -> Process:
        os.chdir(FOLDERS["skill"])
        # Where memory runs out, scripts are what the kernel ends first.
        os.pwrite(self._fate, b"1000", 0)
        try:
            if self._memory is not None:
                return _Child(errand, files)
            return _limited(errand, files)
        finally:
            os.pwrite(self._fate, self._usual_fate, 0)
            os.chdir("/")

    def _end(self, process: Process) -> None:
        """End the script and all that it started."""
        # It is not yet reaped, so nobody else has its id.
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if not self._is_alone():
            self._is_fit = False
            self._end_all()

    def _is_alone(self) -> bool:
        """Whether nothing is left of a script that was reaped.

        All that is left comes to the first process; but a script can make us the parent of what it starts, and so can
        what it made so. Asked in this order, the first answer holds still when the second is given.
        """
        own, first = (os.pread(file, _PAGE, 0) if file is not None else None for file in self._children)
        return own is not None and own.split() == [str(self._first).encode()] and first == b""

    def _end_all(self) -> None:
        if self._first:
            # It is gone only when all others are.
            os.kill(self._first, signal.SIGKILL)
            self._first = 0
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-1, _OF_ANY_KIND)

    def _tell(self, name: str, text: str) -> None:
        file = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._proc)
        os.write(file, text.encode())
        os.close(file)

    def _open_children(self, process: int) -> int | None:
        try:
            return os.open(f"{process}/task/{process}/children", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)
        except FileNotFoundError:
            return None


class _Child:
    """A script, started from memory that it shares with the room until it is itself."""

    def __init__(self, errand: Errand, files: tuple[int, ...]) -> None:
        self.returncode: int | None = None
        self.pid = os.posix_spawn(
            errand.command[0],
            errand.command,
            errand.env,
            file_actions=[(os.POSIX_SPAWN_DUP2, file, standard) for standard, file in enumerate(files)],
            setsid=True,
            setsigdef=_USUAL_SIGNALS,
        )

    def poll(self) -> int | None:
        """Its exit code if it has ended."""
        return self._reap(os.WNOHANG)

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        code = self._reap(0)
        assert code is not None
        return code

    def _reap(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode


def _limited(errand: Errand, files: tuple[int, ...]) -> Process:
    """A script with limits that the room could not bear itself; for that, the memory of the room is copied."""
    # Seldom needed, and not loaded for nothing.
    import subprocess

    stdin, stdout, stderr = files
    try:
        return subprocess.Popen(
            errand.command,
            env=errand.env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=lambda: _limit(errand.memory),
        )
    except subprocess.SubprocessError as problem:
        raise OSError(str(problem)) from problem


def _first_process(channel: socket.socket) -> int:
    """Start it: one that shows who else is there, and does nothing any more."""
    reading, writing = os.pipe()
    first = os.fork()
    if not first:
        try:
            channel.close()
            # What is left behind comes to it to be reaped, and that happens by itself.
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            # A system may be set so that what changed its user may be looked at after all.
            kernel.forbid_looking()
            # Only one who is in a namespace of processes can mount what shows it.
            how = kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEVICES | kernel.NO_PROGRAMS
            kernel.mount("proc", "/proc", "proc", how)
            os.close(writing)
            while True:
                signal.pause()
        except OSError as problem:
            os.write(writing, str(problem).encode())
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        refusal = file.read()
    if refusal:
        raise OSError(refusal.decode())
    return first


def _limit(memory: int) -> None:
    # One byte keeps a core from the programs that collect cores as well; zero would not.
    limits = {
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        # The room and its first process count as well.
        resource.RLIMIT_NPROC: PROCESSES + 2,
        resource.RLIMIT_AS: memory,
    }
    for name, most in limits.items():
        resource.setrlimit(name, (most, most))


@contextmanager
def _furnished(files: Files) -> Iterator[None]:
    """The folders of a case; they are gone after it, and so is all that connects processes."""
    size = SCRATCH_BYTES + sum(len(raw) + _PAGE for _mode, raw in files.values())
    entries = SCRATCH_FILES + sum(path.count("/") + 1 for path in files)
    how = kernel.NO_SUID | kernel.NO_DEVICES
    kernel.mount("tmpfs", SCRATCH, "tmpfs", how, f"mode=755,size={size},nr_inodes={entries}")
    write(Path(SCRATCH, "skill"), files)
    for name, seen in FOLDERS.items():
        if name != "skill":
            os.mkdir(f"{SCRATCH}/{name}")  # noqa: PTH102
        kernel.mount(f"{SCRATCH}/{name}", seen, "none", kernel.BIND)
    try:
        yield
    finally:
        for seen in (*FOLDERS.values(), SCRATCH):
            kernel.unmount(seen)
        kernel.do("unshare", kernel.IPC)
