"""Runs scripts of a skill: a scratch copy, a clean environment, bounded time, memory and output."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from skillctl.domain.checks.produced import Produced
from skillctl.domain.suite import Run

#: Kilobytes of address space, and 512-byte blocks of any one file, that a script may use.
MEMORY_KB = 1024 * 1024
FILE_BLOCKS = 8192
#: Characters of standard output or error that are looked at; more is no answer.
OUTPUT_LIMIT = 1024 * 1024

# The limits are set by a shell, because code between fork and exec is unsafe in a process with threads.
_LIMITED = f'ulimit -v {MEMORY_KB}; ulimit -f {FILE_BLOCKS}; ulimit -c 0; exec "$@"'


class ScriptRunner:
    """Runs each case on its own copy of the files, so that no case sees what another left."""

    #: The name evidence carries; it changes when the way scripts are run changes.
    runner = "script/1"

    def run(self, files: Mapping[str, tuple[str, bytes]], run: Run) -> Produced | str:
        """What the script produced, or why it cannot be judged (no way to run it, time out, too much output)."""
        if run.script not in files:
            return f"`{run.script}` is not a file of the skill"
        # What a script left behind may still be writing while it dies.
        with tempfile.TemporaryDirectory(prefix="skillctl-run-", ignore_cleanup_errors=True) as scratch:
            home = Path(scratch) / "home"
            folder = Path(scratch) / "skill"
            home.mkdir()
            _export(files, folder)
            command = _command(run.script, files[run.script][0])
            if command is None:
                return f"`{run.script}` is neither a `.py` or `.sh` script nor executable"
            return _ended(["/bin/sh", "-c", _LIMITED, "sh", *command, *run.args], run, folder, home)


def _export(files: Mapping[str, tuple[str, bytes]], folder: Path) -> None:
    for path, (mode, raw) in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)
        target.chmod(int(mode[-3:], 8))


def _command(script: str, mode: str) -> list[str] | None:
    if script.endswith(".py"):
        return [sys.executable, "-I", "-B", script]
    if script.endswith(".sh"):
        return ["/bin/sh", script]
    return [f"./{script}"] if mode == "100755" else None


def _ended(command: list[str], run: Run, folder: Path, home: Path) -> Produced | str:
    environment = {
        "PATH": os.defpath,
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
    # Files, not pipes: the file limit bounds what a script prints, and a child left behind cannot hold them open.
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        told.write((run.stdin or "").encode())
        told.seek(0)
        try:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=told, stdout=out, stderr=err, start_new_session=True
            )
        except (OSError, ValueError) as problem:
            # An argument that is too long, or holds a NUL.
            return f"`{run.script}` could not be started: {getattr(problem, 'strerror', None) or problem}"
        try:
            exit_code = process.wait(run.timeout)
        except subprocess.TimeoutExpired:
            return f"time-out: still running after {run.timeout:g} s"
        finally:
            _end_group(process)
        stdout, stderr = _text(out), _text(err)
    if stdout is None or stderr is None:
        return f"more than {OUTPUT_LIMIT:,} bytes were printed"
    return Produced(exit_code, stdout, stderr)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """Whatever the script started ends with it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def _text(file: IO[bytes]) -> str | None:
    file.seek(0)
    raw = file.read(OUTPUT_LIMIT + 1)
    return None if len(raw) > OUTPUT_LIMIT else raw.decode("utf-8", "replace")
