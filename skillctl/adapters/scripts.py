"""Runs scripts of a skill: a scratch copy, a clean environment, bounded time, memory and output (see `isolation`)."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import IO

from skillctl.adapters.bounded_checks import BoundedChecks
from skillctl.adapters.isolation import SYSTEM_PATH, TOOLS, Isolation, Namespaces, Processes, Walls
from skillctl.adapters.processes import ended_within
from skillctl.domain.case import Run
from skillctl.domain.checks import Check
from skillctl.domain.checks.produced import Produced

#: Characters of standard output or error that are looked at; more is no answer.
OUTPUT_LIMIT = 1024 * 1024

_PROBE = {"probe.py": ("100644", b"print('isolated')\n")}


class ScriptRunner:
    """Runs each case on its own copy of the files, so that no case sees what another left."""

    #: The name evidence carries; it changes when the way scripts are run changes what they can print.
    runner = "script/2"

    def __init__(self, *, namespaces: bool = True) -> None:
        self._namespaces = namespaces
        self._choice: tuple[Walls, str | None] | None = None
        self._choosing = Lock()
        self._checks = BoundedChecks()

    @property
    def isolation(self) -> Isolation:
        """What stands between a script and this machine."""
        return self._chosen()[0].name

    @property
    def weakness(self) -> str | None:
        """Why there are no namespaces, or None where there are."""
        return self._chosen()[1]

    def run(self, files: Mapping[str, tuple[str, bytes]], run: Run) -> Produced | str:
        """What the script produced, or why it cannot be judged (no way to run it, time out, too much output)."""
        if run.script not in files:
            return f"`{run.script}` is not a file of the skill"
        return _run(self._chosen()[0], files, run)

    def failure(self, check: Check, produced: Produced) -> str | None:
        """Why the check does not hold, or None; BrokenCheck if that cannot be said, or not in bounded time."""
        return self._checks.failure(check, produced)

    def _chosen(self) -> tuple[Walls, str | None]:
        with self._choosing:
            if self._choice is None:
                self._choice = _walls() if self._namespaces else (Processes(), "namespaces were not asked for")
            return self._choice


def _walls() -> tuple[Walls, str | None]:
    """The best walls that hold here, tried by running a script behind them."""
    missing = [tool for tool in TOOLS if shutil.which(tool, path=SYSTEM_PATH) is None]
    if sys.platform != "linux" or missing:
        needed = f"`{missing[0]}` is not installed" if sys.platform == "linux" else "only Linux has namespaces"
        return Processes(), needed
    walls = Namespaces()
    said = _run(walls, _PROBE, Run(script="probe.py"))
    if said == Produced(0, "isolated\n", ""):
        return walls, None
    problem = said if isinstance(said, str) else said.stderr.strip() or f"exit code {said.exit_code}"
    return Processes(), problem.splitlines()[0]


def _run(walls: Walls, files: Mapping[str, tuple[str, bytes]], run: Run) -> Produced | str:
    # What a script left behind may still be writing while it dies.
    with tempfile.TemporaryDirectory(prefix="skillctl-run-", ignore_cleanup_errors=True) as name:
        scratch = Path(os.path.realpath(name))
        for folder in ("agent", "tmp"):
            (scratch / folder).mkdir()
        _export(files, scratch / "skill")
        command = _command(run.script, files[run.script][0], walls.python())
        if command is None:
            return f"`{run.script}` is neither a `.py` or `.sh` script nor executable"
        # Files, not pipes: the file limit bounds what a script prints, and nobody left behind can hold them open.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            return _ended(walls, scratch, [*command, *run.args], run, out, err)


def _ended(walls: Walls, scratch: Path, command: list[str], run: Run, out: IO[bytes], err: IO[bytes]) -> Produced | str:
    try:
        with walls.started(scratch, command, (run.stdin or "").encode(), out, err) as process:
            in_time = ended_within(process, run.timeout)
    except (OSError, ValueError) as problem:
        # An argument that is too long, or holds a NUL.
        return f"`{run.script}` could not be started: {getattr(problem, 'strerror', None) or problem}"
    if not in_time:
        return f"time-out: still running after {run.timeout:g} s"
    stdout, stderr = _text(out), _text(err)
    if not walls.stood(scratch):
        return f"`{run.script}` could not be isolated: {(stderr or '').strip()}"
    if stdout is None or stderr is None:
        return f"more than {OUTPUT_LIMIT:,} bytes were printed"
    return Produced(process.returncode, stdout, stderr)


def _export(files: Mapping[str, tuple[str, bytes]], folder: Path) -> None:
    for path, (mode, raw) in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)
        target.chmod(int(mode[-3:], 8))


def _command(script: str, mode: str, python: str) -> list[str] | None:
    if script.endswith(".py"):
        return [f"{python}/bin/python", "-B", script]
    if script.endswith(".sh"):
        return ["/bin/sh", script]
    return [f"./{script}"] if mode == "100755" else None


def _text(file: IO[bytes]) -> str | None:
    file.seek(0)
    raw = file.read(OUTPUT_LIMIT + 1)
    return None if len(raw) > OUTPUT_LIMIT else raw.decode("utf-8", "replace")
