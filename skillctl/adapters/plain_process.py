"""A script as a plain process, where namespaces are refused: no walls, only what can be had without them.

It has a clean environment, limits and a scratch folder, and that is all. It can read and write what the user can;
environments of other processes of the user are readable in `/proc`, our own is not. Where the user is root, the script
is nobody, who can write nothing but the scratch folder; he may read all files where Python or that folder lies where
only root can look; without `setpriv` he is root after all. A child that leaves the process group is ended only on
Linux, and only if it kept the environment that it was started with. The number of processes is limited on Linux, for
all of the user together; the size of a file is limited, not the number of files.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

from skillctl.adapters import errand, script_python
from skillctl.adapters.errand import Ended, Errand
from skillctl.adapters.isolation import AS_NOBODY, NOBODY, Isolation, environment, works
from skillctl.adapters.processes import Process, end_group, end_marked
from skillctl.adapters.scratch import write

# A shell sets the limits, because code between fork and exec is unsafe in a process with threads. Shells name the
# limit of processes differently; some systems have none.
_LIMITED = """\
ulimit -v "$1"; ulimit -f "$2"; ulimit -c 0
[ -z "$3" ] || ulimit -p "$3" 2>/dev/null || ulimit -u "$3"
shift 3
exec "$@"
"""

# From the strongest; which one works depends on where Python and the folder for temporary files lie.
_WAYS_OF_USER = (("setpriv", "--no-new-privs"), ())
_WAYS_OF_ROOT = (
    (*AS_NOBODY, "--no-new-privs"),
    (*AS_NOBODY, "--no-new-privs", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
    *_WAYS_OF_USER,
)


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
        self._way = next((way for way in ways if works((*way, *started))), ())

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
        write(scratch / "skill", asked.files())
        is_nobody = self._way[: len(AS_NOBODY)] == AS_NOBODY
        if is_nobody:
            _give(scratch, *scratch.rglob("*"))
        usual = environment(self.python(), str(scratch / "agent"), str(scratch / "tmp"))
        limits = (str(asked.memory // 1024), str(errand.FILE_BYTES // 512), _most_processes())

        def start(stdin: int, stdout: int, stderr: int) -> Process:
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

        def end(process: Process) -> None:
            end_group(process)
            end_marked(f"HOME={scratch}")

        return errand.run(asked, scratch / "skill", start, end)


def _most_processes() -> str:
    """How many the user may have, so that a script has some: the limit counts all of the user's."""
    if sys.platform != "linux":
        return ""
    # "0.00 0.01 0.05 1/123 4567": of 123 that are there, one runs.
    there = Path("/proc/loadavg").read_text(encoding="ascii").split()[3].split("/")[1]
    return str(int(there) + errand.PROCESSES)


def _give(*owned: Path | int) -> None:
    for path in owned:
        os.chown(path, NOBODY, NOBODY)


def _remove(folder: str) -> None:
    """Remove it with all that a script left there, which may still be written to, or too deep for Python."""
    with suppress(OSError, RecursionError):
        shutil.rmtree(folder)
    for tool in (("chmod", "-R", "u+rwx"), ("rm", "-rf")):
        if os.path.lexists(folder):
            subprocess.run([*tool, folder], stderr=subprocess.DEVNULL, check=False)


def _close_own_environment() -> None:
    """Take `/proc/<our id>` from all other processes but those of root."""
    if sys.platform == "linux":
        import ctypes

        set_dumpable = 4
        ctypes.CDLL(None).prctl(set_dumpable, 0, 0, 0, 0)
