"""The keeper: starts scripts behind walls of Linux namespaces, and ends them (see `isolation`).

It is a program of its own, with one thread, no secret and no file but a socket to `skillctl`, and it is the first
process of a process namespace, in the root folder that `walled_root` furnishes. It makes rooms: processes that run one
case after the other, for one case at a time. For each case a room

- enters new namespaces of mounts and of processes, and mounts the scratch folders, in memory of a bounded size;
- starts an idle first process there, and the script beside it. The script's parent is outside, so that its exit code
  and its signal arrive as they are: the first process of a namespace could not be ended by a signal;
- lets the script, before it is itself, enter a user namespace in which it is `root` of nothing, and give up all else;
- ends the first process, with which the kernel ends all others, and looks at what is left.

The network and the name of the machine are the room's: nobody can change them, and nobody else is in it. A room ends
when nobody holds the other end of its socket, the keeper likewise, so with `skillctl`, however that ended; when a room
ends in any other way, the keeper ends, and with it everything.
"""

import ctypes
import gc
import json
import marshal
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from skillctl.adapters.errand import FILE_BYTES, PROCESSES, Ended, Errand, Process, receive, run, send
from skillctl.adapters.scratch import Files, write

#: Bytes and files that a script may add to its scratch folders, all together.
SCRATCH_BYTES = 64 * 1024 * 1024
SCRATCH_FILES = 10_000
#: Where the folders of a case lie, and where a script sees them. The keeper's own code lies below.
SCRATCH = "/scratch"
FOLDERS = {"skill": "/skill", "agent": "/agent", "tmp": "/tmp", "shm": "/dev/shm"}  # noqa: S108

_MOUNTS, _USERS, _PROCESSES, _NETWORK = 0x00020000, 0x10000000, 0x20000000, 0x40000000
_CGROUPS, _HOST_NAME, _IPC, _SHARED_MEMORY = 0x02000000, 0x04000000, 0x08000000, 0x00000100
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_PROGRAMS, _BIND = 1, 2, 4, 8, 4096
_DROP_FROM_BOUNDS, _NO_NEW_PRIVILEGES = 24, 38
_CAPABILITIES_VERSION = 0x20080522
# The C library knows no name for this call; the number is that of all younger processors.
_KEYCTL = {"x86_64": 250}.get(os.uname().machine, 219)
_JOIN_SESSION, _REVOKE, _SESSION = 1, 3, -3
_PAGE = 4096
_STACK = 16 * _PAGE

_libc = ctypes.CDLL(None, use_errno=True)


def serve() -> None:
    """Say that all is ready, and make a room for whoever asks, until nobody does any more."""
    control = socket.socket(fileno=0)
    os.umask(0o022)
    # A first process shares memory with its room: a handler would be run by what a script sends to it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, _end_with_room)
    _forget_keys()
    try:
        _mount("proc", "/proc", "proc", _NO_SUID | _NO_DEVICES | _NO_PROGRAMS)
    except OSError as problem:
        # In a container that shows only part of it.
        sys.exit(str(problem))
    gc.freeze()
    control.send(b"ready")
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(control, 1, 1)
        if not message:
            return
        for descriptor in descriptors:
            if os.fork() == 0:
                # The keeper's end of the socket is closed by this, and no pipe gets the number of a standard file.
                os.dup2(os.open("/dev/null", os.O_RDWR), control.detach())
                _Room(socket.socket(fileno=descriptor)).serve()
            os.close(descriptor)


def _end_with_room(_number: int, _frame: object) -> None:
    # One signal may tell of several, and of some that are reaped already.
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[1]:
                os._exit(1)


def _forget_keys() -> None:
    """Leave the keyring of the user's session, in which tickets and keys of file systems may lie, for one of no use."""
    for asked in ((_JOIN_SESSION, None), (_REVOKE, _SESSION)):
        # A kernel without keys refuses; so does a container that lets nobody near them.
        _libc.syscall(_KEYCTL, *asked)


class _Room:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        # Case after case is of the same skill.
        self._skill: Files = {}
        self._stack = mmap.mmap(-1, _STACK)
        # Seen even when a script's own covers it, and open to writing.
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        self._outside = [(kind, os.open(f"/proc/self/ns/{name}", os.O_RDONLY)) for kind, name in _OF_A_CASE]
        self._last_capability = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))

    def serve(self) -> None:
        """Run what is asked for; this process ends here."""
        status = 1
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _do("unshare", _NETWORK | _HOST_NAME | _CGROUPS)
            socket.sethostname("agent")
            while (raw := receive(self._channel)) is not None:
                send(self._channel, self._answer(self._read(raw)).encode())
            status = 0
        finally:
            os._exit(status)

    def _read(self, raw: bytearray) -> Errand:
        errand = Errand(*marshal.loads(raw))  # noqa: S302
        if errand.skill is None:
            return errand._replace(skill=self._skill)
        self._skill = errand.skill
        return errand

    def _answer(self, errand: Errand) -> str:
        try:
            return json.dumps(self._run(errand))
        except (OSError, ValueError) as problem:
            return json.dumps(str(problem))

    def _run(self, errand: Errand) -> Ended:
        for kind, namespace in self._outside:
            _do("setns", namespace, kind)
        _do("unshare", _MOUNTS | _PROCESSES)
        _furnish(errand.files())
        first = self._first_process()
        refusal, refusing = os.pipe()

        def start(stdin: int, stdout: int, stderr: int) -> Process:
            return subprocess.Popen(
                errand.command,
                cwd=FOLDERS["skill"],
                env=errand.env,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=lambda: self._give_everything_up(errand.memory, refusing),
            )

        def end(process: Process) -> None:
            # The first process is gone only when all others are, and this one is reaped here.
            os.kill(first, signal.SIGKILL)
            process.wait()

        try:
            return run(errand, Path(FOLDERS["skill"]), start, end)
        except subprocess.SubprocessError as problem:
            raise OSError(os.read(refusal, _PAGE).decode()) from problem
        finally:
            os.kill(first, signal.SIGKILL)
            os.waitpid(first, 0)
            os.close(refusal)
            os.close(refusing)

    def _first_process(self) -> int:
        """Start it: a process that shares our memory, which costs nothing, and does nothing with it."""
        # What is left behind comes to it to be reaped, and that happens by itself.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            stack = ctypes.addressof(ctypes.c_char.from_buffer(self._stack)) + _STACK
            idle = ctypes.cast(_libc.pause, ctypes.c_void_p)
            return _do("clone", idle, ctypes.c_void_p(stack), _SHARED_MEMORY | signal.SIGCHLD, None)
        finally:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def _give_everything_up(self, memory: int, refusing: int) -> None:
        """What a script may never have: a privilege, a way to gain one, and too much of anything."""
        try:
            user, group = os.geteuid(), os.getegid()
            # Only one who is in the new namespace of processes can mount what shows it.
            _mount("proc", "/proc", "proc", _READ_ONLY | _NO_SUID | _NO_DEVICES | _NO_PROGRAMS)
            _do("unshare", _USERS | _IPC)
            self._tell("self/setgroups", "deny")
            self._tell("self/uid_map", f"0 {user} 1")
            self._tell("self/gid_map", f"0 {group} 1")
            # It can make no namespace of its own, so it is `root` nowhere else.
            self._tell("sys/user/max_user_namespaces", "0")
            # Where memory runs out, scripts are what the kernel ends first.
            self._tell("self/oom_score_adj", "1000")
            _do("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
            for capability in range(self._last_capability + 1):
                _do("prctl", _DROP_FROM_BOUNDS, capability, 0, 0, 0)
            # Effective, permitted and inheritable, in two halves; the ambient ones go with them.
            _do("capset", (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)())
            _limit(memory)
        except OSError as problem:
            os.write(refusing, str(problem).encode())
            raise

    def _tell(self, name: str, text: str) -> None:
        file = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._proc)
        os.write(file, text.encode())
        os.close(file)


_OF_A_CASE = ((_MOUNTS, "mnt"), (_PROCESSES, "pid"))


def _limit(memory: int) -> None:
    # One byte keeps a core from the programs that collect cores as well; zero would not.
    limits = {
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_AS: memory,
    }
    for name, most in limits.items():
        resource.setrlimit(name, (most, most))


def _furnish(files: Files) -> None:
    size = SCRATCH_BYTES + sum(len(raw) + _PAGE for _mode, raw in files.values())
    entries = SCRATCH_FILES + sum(path.count("/") + 1 for path in files)
    _mount("tmpfs", SCRATCH, "tmpfs", _NO_SUID | _NO_DEVICES, f"mode=755,size={size},nr_inodes={entries}")
    write(Path(SCRATCH, "skill"), files)
    for name, seen in FOLDERS.items():
        Path(SCRATCH, name).mkdir(exist_ok=True)
        _mount(f"{SCRATCH}/{name}", seen, "none", _BIND)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    words = (word.encode() for word in (source, target, kind))
    _do("mount", *words, ctypes.c_ulong(flags), options.encode(), at=target)


def _do(name: str, *arguments: object, at: str | None = None) -> int:
    done: int = getattr(_libc, name)(*arguments)
    if done == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), at or name)
    return done
