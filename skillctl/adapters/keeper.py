"""The keeper: starts scripts behind walls of Linux namespaces, and ends them (see `isolation`).

It is a program of its own, with one thread, no secret and no file but a socket to `skillctl`, and it is the first
process of a process namespace, in the root folder that `walled_root` furnishes. For each case it forks. That child
takes further namespaces for itself, in which it is `root` of nothing but them: it mounts the case's folders, starts a
first process of yet another process namespace, and then the script beside that. So

- what a script starts ends with it, because the kernel ends a process namespace with its first process;
- a case ends with its child, and all cases end with the keeper;
- the keeper ends when nobody holds the other end of its socket any more, so with `skillctl`, however that ended.

A script's parent is outside of its namespace, so that its exit code and its signal arrive as they are: the first
process of a namespace could not be ended by a signal.
"""

import ctypes
import gc
import json
import marshal
import os
import resource
import signal
import socket
import subprocess
from pathlib import Path

from skillctl.adapters.errand import FILE_BYTES, PROCESSES, Ended, Errand, Process, run
from skillctl.adapters.scratch import Files, write

#: Bytes and files that a script may add to its scratch folders, all together.
SCRATCH_BYTES = 64 * 1024 * 1024
SCRATCH_FILES = 10_000
#: Where the folders of a case lie, and where a script sees them. The keeper's own code lies below.
SCRATCH = "/scratch"
FOLDERS = {"skill": "/skill", "agent": "/agent", "tmp": "/tmp", "shm": "/dev/shm"}  # noqa: S108

_MOUNT, _USER, _PROCESS, _NET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
_CGROUP, _HOST_NAME, _IPC = 0x02000000, 0x04000000, 0x08000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_PROGRAMS, _BIND = 1, 2, 4, 8, 4096
_DIES_WITH_PARENT, _DROP_FROM_BOUNDS, _NO_NEW_PRIVILEGES = 1, 24, 38
_CAPABILITIES_VERSION = 0x20080522
# The C library knows no name for this call; the number is that of all younger processors.
_KEYCTL = {"x86_64": 250}.get(os.uname().machine, 219)
_JOIN_SESSION, _REVOKE, _SESSION = 1, 3, -3
_PAGE = 4096

_libc = ctypes.CDLL(None, use_errno=True)


def serve() -> None:
    """Say that all is ready, and take case after case, until nobody asks any more."""
    control = socket.socket(fileno=0)
    os.umask(0o022)
    _forget_keys()
    # Nobody waits for the children; they and what they leave behind are reaped by the kernel.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _mount("proc", "/proc", "proc", _NO_SUID | _NO_DEVICES | _NO_PROGRAMS)
    gc.freeze()
    control.send(b"ready")
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(control, 1, 1)
        if not message:
            return
        for descriptor in descriptors:
            _take(control, descriptor)


def _forget_keys() -> None:
    """Leave the keyring of the user's session, in which tickets and keys of file systems may lie, for one of no use."""
    for asked in ((_JOIN_SESSION, None), (_REVOKE, _SESSION)):
        # A kernel without keys refuses; so does a container that lets nobody near them.
        _libc.syscall(_KEYCTL, *asked)


def _take(control: socket.socket, descriptor: int) -> None:
    try:
        child = os.fork()
    except OSError:
        # Closed without an answer, which says enough.
        child = -1
    if child == 0:
        try:
            # The keeper's end of the socket is closed by this, and no pipe gets the number of a standard file.
            os.dup2(os.open("/dev/null", os.O_RDWR), control.detach())
            _answer(socket.socket(fileno=descriptor))
        finally:
            os._exit(0)
    os.close(descriptor)


def _answer(channel: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with channel, channel.makefile("rb") as asked:
        errand = Errand(*marshal.loads(asked.read()))  # noqa: S302
        try:
            said = json.dumps(_kept(errand))
        except (OSError, ValueError) as problem:
            said = json.dumps(str(problem))
        channel.sendall(said.encode())


def _kept(errand: Errand) -> Ended:
    _enter_namespaces()
    _furnish(errand.files)
    first = _first_process()

    def start(stdin: int, stdout: int, stderr: int) -> Process:
        return subprocess.Popen(
            errand.command,
            cwd=FOLDERS["skill"],
            env=errand.env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=lambda: _give_everything_up(errand.memory),
        )

    def end(process: Process) -> None:
        os.kill(first, signal.SIGKILL)
        # In this order: the first process is gone only when all others are, and this one is reaped here.
        process.wait()
        os.waitpid(first, 0)

    return run(errand, Path(FOLDERS["skill"]), start, end)


def _enter_namespaces() -> None:
    user, group = os.geteuid(), os.getegid()
    _do("unshare", _USER | _MOUNT | _PROCESS | _NET | _IPC | _HOST_NAME | _CGROUP)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")
    # A script can make no namespace of its own, so it is `root` nowhere.
    Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
    # Where memory runs out, scripts are what the kernel ends first.
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    socket.sethostname("agent")


def _furnish(files: Files) -> None:
    size = SCRATCH_BYTES + sum(len(raw) + _PAGE for _mode, raw in files.values())
    entries = SCRATCH_FILES + sum(path.count("/") + 1 for path in files)
    _mount("tmpfs", SCRATCH, "tmpfs", _NO_SUID | _NO_DEVICES, f"mode=755,size={size},nr_inodes={entries}")
    write(Path(SCRATCH, "skill"), files)
    for name, seen in FOLDERS.items():
        Path(SCRATCH, name).mkdir(exist_ok=True)
        _mount(f"{SCRATCH}/{name}", seen, "none", _BIND)


def _first_process() -> int:
    """Start it, and wait until the script's own `/proc` is mounted, which only a process of the namespace can do."""
    reading, writing = os.pipe()
    first = os.fork()
    if first == 0:
        try:
            _do("prctl", _DIES_WITH_PARENT, signal.SIGKILL)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            _mount("proc", "/proc", "proc", _READ_ONLY | _NO_SUID | _NO_DEVICES | _NO_PROGRAMS)
            os.write(writing, b"1")
            os.closerange(3, writing + 1)
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        if not told.read(1):
            raise PermissionError(1, "it may not be mounted", "/proc")
    return first


def _give_everything_up(memory: int) -> None:
    """What a script may never have: a privilege, a way to gain one, and too much of anything."""
    _do("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for capability in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii")) + 1):
        _do("prctl", _DROP_FROM_BOUNDS, capability, 0, 0, 0)
    # Effective, permitted and inheritable, in two halves; the ambient ones go with them.
    _do("capset", (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)())
    # A limit of one byte keeps a core from the programs that collect cores as well; zero would not.
    limits = {
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_AS: memory,
    }
    for name, most in limits.items():
        resource.setrlimit(name, (most, most))


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    words = (word.encode() for word in (source, target, kind))
    _do("mount", *words, ctypes.c_ulong(flags), options.encode(), at=target)


def _do(name: str, *arguments: object, at: str | None = None) -> None:
    if getattr(_libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), at or name)
