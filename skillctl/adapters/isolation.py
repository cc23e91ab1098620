"""What stands between a script and this machine: Linux namespaces, or where they are refused, only a process.

In namespaces a script sees a root folder of its own: the system's programs and the Python installation, read-only;
its copy of the skill (`/skill`), an empty home and a folder for temporary files; nothing else of the disk, no process
but its own, no network. It holds no privilege and can gain none, not even in a namespace of its own making. What it
starts cannot outlive it: the first process of its process namespace ends with the run, or with `skillctl`, and the
kernel ends the others with it. Memory and the size of a file are limited per process, not for all together.

As a plain process a script has a clean environment, limits and a scratch folder, and that is all. It can read and
write what the user can; environments of other processes of the user are readable in `/proc` (our own is closed where
the user is not root). A child that leaves the process group is ended only on Linux, and only if it kept the
environment that it was started with.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, Protocol

from skillctl.adapters import script_python
from skillctl.adapters.processes import end_group, end_marked, gone_within

Isolation = Literal["namespaces", "process"]

#: Kilobytes of address space, and 512-byte blocks of any one file, that a script may use.
MEMORY_KB = 1024 * 1024
FILE_BLOCKS = 8192
#: Where the programs of the system lie.
SYSTEM_PATH = f"{os.defpath}:/usr/sbin:/sbin"
#: What the namespaces are made with; all of it is part of util-linux.
TOOLS = ("unshare", "mount", "nsenter", "setpriv")

# A shell sets everything up, because code between fork and exec is unsafe in a process with threads.
_LIMITS = f"ulimit -v {MEMORY_KB}; ulimit -f {FILE_BLOCKS}; ulimit -c 0"
_LIMITED = f'{_LIMITS}; exec "$@"'
# Standard input is a pipe that closes when `skillctl` ends. The first child becomes the first process of the new
# process namespace and waits for that; `nsenter` stays outside, so the exit code and the signal of the script arrive
# as they are (the first process itself could not be ended by a signal). `chroot` is enough of a wall: to leave it a
# script would need a privilege, and it has none.
_SET_UP = f"""set -e
exec 3<"$1/stdin" 4>"$1/told" 5<&0
(read -r _) <&5 3<&- 4>&- &
echo $! >&4
echo 0 >/proc/sys/user/max_user_namespaces
mount -a -T "$1/fstab"
root=$2
shift 2
{_LIMITS}
export PWD=/skill
echo ready >&4
exec nsenter --pid=/proc/$!/ns/pid --root="$root" --wd="$root/skill" \\
  setpriv --no-new-privs --bounding-set -all --inh-caps -all --ambient-caps -all -- "$@" <&3 3<&- 4>&- 5<&-
"""
_UNSHARED = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--uts")
_TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Not the whole of `/usr`: images keep the checkout in `/usr/src`.
_USR = (*_TOP, "libexec", "share", "local")
_ELSEWHERE = ("nix/store", "gnu/store", "etc/alternatives")
_DEVICES = ("null", "zero", "full", "random", "urandom")
# The home has a name that no installation of Python lies under.
_WRITABLE = ("skill", "agent", "tmp")
_SECONDS_TO_DIE = 5.0


class Walls(Protocol):
    """One way to run a script in a scratch folder that holds its copy of the skill as `skill/`."""

    name: Isolation

    def python(self) -> str:
        """The Python environment, as the script sees it."""
        ...

    @contextmanager
    def started(
        self, scratch: Path, command: Sequence[str], stdin: bytes, out: IO[bytes], err: IO[bytes]
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """The command, running; on leaving, it and what it started is ended. OSError or ValueError: not started."""
        ...

    def stood(self, scratch: Path) -> bool:
        """Whether the script itself was reached; if not, standard error says why."""
        ...


class Namespaces:
    """Walls of Linux namespaces; one root folder serves all runs, each in a mount namespace of its own."""

    name: Isolation = "namespaces"

    def __init__(self) -> None:
        self._root = Path(os.path.realpath(tempfile.mkdtemp(prefix="skillctl-root-")))
        weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        self._mounts = _furnished(self._root)

    def python(self) -> str:
        """The Python environment, as the script sees it."""
        return "/python"

    @contextmanager
    def started(
        self, scratch: Path, command: Sequence[str], stdin: bytes, out: IO[bytes], err: IO[bytes]
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """The command in namespaces of its own; on leaving, they are empty."""
        own = [_mounted(scratch / name, self._root / name, "rw,nosuid,nodev") for name in _WRITABLE]
        (scratch / "fstab").write_text(self._mounts + "".join(own), encoding="utf-8")
        (scratch / "stdin").write_bytes(stdin)
        whole = [*_UNSHARED, "/bin/sh", "-c", _SET_UP, "sh", str(scratch), str(self._root), *command]
        reading, writing = os.pipe()
        try:
            environment = _environment(self.python(), "/agent", "/tmp")  # noqa: S108
            process = subprocess.Popen(
                whole, cwd="/", env=environment, stdin=reading, stdout=out, stderr=err, start_new_session=True
            )
        except BaseException:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        try:
            yield process
        finally:
            # The first process ends first, so that `nsenter` still lives to reap the script: nobody else may do it.
            os.close(writing)
            told = _told(scratch)
            if told:
                gone_within(int(told[0]), _SECONDS_TO_DIE)
            end_group(process)

    def stood(self, scratch: Path) -> bool:
        """Whether the script itself was reached."""
        return "ready" in _told(scratch)


class Processes:
    """No walls: a process group with limits, and our own environment closed to it as far as it can be."""

    name: Isolation = "process"

    def __init__(self) -> None:
        self._folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="skillctl-python-")))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        script_python.furnish(self._folder / "python", linked=True)
        _close_own_environment()

    def python(self) -> str:
        """The Python environment, as the script sees it."""
        return str(self._folder / "python")

    @contextmanager
    def started(
        self, scratch: Path, command: Sequence[str], stdin: bytes, out: IO[bytes], err: IO[bytes]
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """The command as the leader of a process group; on leaving, the group is empty."""
        environment = _environment(self.python(), str(scratch / "agent"), str(scratch / "tmp"))
        whole = ["/bin/sh", "-c", _LIMITED, "sh", *command]
        with tempfile.TemporaryFile() as told:
            told.write(stdin)
            told.seek(0)
            process = subprocess.Popen(
                whole,
                cwd=scratch / "skill",
                env=environment,
                stdin=told,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            end_group(process)
            end_marked(f"HOME={scratch}")

    def stood(self, scratch: Path) -> bool:
        """Nothing is set up that could fail."""
        return scratch.is_dir()


def _environment(python: str, home: str, temporary: str) -> Mapping[str, str]:
    return {
        "PATH": f"{python}/bin:{SYSTEM_PATH}",
        "HOME": home,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def _furnished(root: Path) -> str:
    """Make the empty folders of the root, and the lines of `fstab` that fill them."""
    root.chmod(0o755)
    for name in ("proc", "dev/shm", "etc", "usr", *_WRITABLE):
        (root / name).mkdir(parents=True)
    (root / "etc" / "passwd").write_text("root:x:0:0::/agent:/bin/sh\n", encoding="utf-8")
    (root / "etc" / "group").write_text("root:x:0:\n", encoding="utf-8")
    yaml = script_python.furnish(root / "python", linked=False)
    lines = [_mounted(root, root, "ro,nosuid,nodev")]
    shown = [Path("/", name) for name in (*_TOP, *(f"usr/{name}" for name in _USR), *_ELSEWHERE)]
    installation = script_python.installation()
    if not any(installation.is_relative_to(folder) for folder in shown) and installation != Path("/usr"):
        shown.append(installation)
    lines += _shown(root, shown)
    files = [*(Path("/dev", name) for name in _DEVICES), Path("/etc/ld.so.cache")]
    for file in filter(Path.exists, files):
        (root / file.relative_to("/")).touch()
        lines.append(_mounted(file, root / file.relative_to("/"), "rw,nosuid" if file.parts[1] == "dev" else "ro"))
    lines.append(_mounted(script_python.package_of_yaml(), yaml, "ro,nosuid,nodev"))
    lines.append(f"proc {_escaped(root / 'proc')} proc ro,nosuid,nodev,noexec 0 0\n")
    lines.append(f"tmpfs {_escaped(root / 'dev/shm')} tmpfs nosuid,nodev,size=64m,mode=1777 0 0\n")
    return "".join(lines)


def _shown(root: Path, folders: Iterable[Path]) -> Iterator[str]:
    for folder in filter(os.path.lexists, folders):
        inside = root / folder.relative_to("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_symlink():
            inside.symlink_to(folder.readlink())
        elif folder.is_dir():
            inside.mkdir(exist_ok=True)
            yield _mounted(folder, inside, "ro,nosuid,nodev")


def _mounted(source: Path, target: Path, options: str) -> str:
    return f"{_escaped(source)} {_escaped(target)} none bind,{options} 0 0\n"


def _escaped(path: Path) -> str:
    return "".join(f"\\{ord(letter):03o}" if letter in " \t\n\\#" else letter for letter in str(path))


def _told(scratch: Path) -> list[str]:
    file = scratch / "told"
    return file.read_text(encoding="ascii").split() if file.exists() else []


def _close_own_environment() -> None:
    """Take `/proc/<our id>` from other processes of the same user; root reads it nevertheless."""
    if sys.platform == "linux":
        import ctypes

        set_dumpable = 4
        ctypes.CDLL(None).prctl(set_dumpable, 0, 0, 0, 0)
