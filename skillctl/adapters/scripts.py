"""Runs scripts of a skill: a scratch copy, a clean environment, bounded time, memory and output (see `isolation`)."""

from collections.abc import Iterator, Mapping

from skillctl.adapters.bounded_checks import BoundedChecks
from skillctl.adapters.errand import Errand
from skillctl.adapters.isolation import Fallen, Isolation, Walls
from skillctl.adapters.walls import BestWalls
from skillctl.domain.case import Run
from skillctl.domain.checks import Check
from skillctl.domain.checks.produced import Produced

_MEGABYTE = 1024 * 1024

# What decides which program is started, with which libraries, and what it does before it reads the script.
_HOW_STARTED = {"PATH", "HOME", "TMPDIR", "PWD", "IFS", "ENV", "SHELLOPTS", "GLIBC_TUNABLES", "GCONV_PATH"}
_HOW_STARTED_TOO = ("LD_", "DYLD_", "PYTHON", "BASH")


class ScriptRunner:
    """Runs each case on its own copy of the files, so that no case sees what another left."""

    #: The name evidence carries; it changes when the way scripts are run changes what they can print.
    runner = "script/3"

    def __init__(self, walls: BestWalls | None = None) -> None:
        self._walls = walls or BestWalls()
        self._checks = BoundedChecks()

    def prepare(self) -> None:
        """Begin to put up the walls, while other things are done."""
        self._walls.begin()

    @property
    def isolation(self) -> Isolation:
        """What stands between a script and this machine."""
        return self._walls.chosen()[0].name

    @property
    def weakness(self) -> str | None:
        """Why there are no namespaces, or None where there are."""
        return self._walls.chosen()[1]

    def run(self, files: Mapping[str, tuple[str, bytes]], run: Run) -> Produced | str:
        """What the script produced, or why it cannot be judged (no way to run it, time out, too much output)."""
        if run.script not in files:
            return f"`{run.script}` is not a file of the skill"
        return next(_refusals(files, run), None) or _run(self._walls.chosen()[0], files, run)

    def failure(self, check: Check, produced: Produced) -> str | None:
        """Why the check does not hold, or None; BrokenCheck if that cannot be said, or not in bounded time."""
        return self._checks.failure(check, produced)


def _refusals(files: Mapping[str, tuple[str, bytes]], run: Run) -> Iterator[str]:
    """What a case may not bring: a file in the place of another, or a variable that is not the script's own."""
    there = {*files, *run.files}
    folders = {path[:end] for path in there for end, letter in enumerate(path) if letter == "/"}
    for path in run.files:
        if path in files:
            yield f"`{path}` is a file of the skill; a case may not replace it"
        above = [path[:end] for end, letter in enumerate(path) if letter == "/" and path[:end] in there]
        if above or path in folders:
            yield f"`{above[0] if above else path}` cannot be a file and a folder"
    for name in run.env:
        if name in _HOW_STARTED or name.startswith(_HOW_STARTED_TOO):
            yield f"`{name}` sets how the script is started; a case may not set it"


def _run(walls: Walls, files: Mapping[str, tuple[str, bytes]], run: Run) -> Produced | str:
    command = _command(run.script, files[run.script][0], walls.python())
    if command is None:
        return f"`{run.script}` is neither a `.py` or `.sh` script nor executable"
    try:
        ended = walls.run(
            Errand(
                command=[*command, *run.args],
                stdin=(run.stdin or "").encode(),
                env=run.env,
                skill={path: (int(mode[-3:], 8), raw) for path, (mode, raw) in files.items()},
                added={path: (0o644, text.encode()) for path, text in run.files.items()},
                seconds=run.timeout,
                memory=run.memory * _MEGABYTE,
                output=run.output,
            )
        )
    except Fallen as problem:
        return f"`{run.script}` could not be isolated: {problem}"
    except (OSError, ValueError) as problem:
        return f"`{run.script}` could not be started: {getattr(problem, 'strerror', None) or problem}"
    match ended.why:
        case "not started":
            return f"`{run.script}` could not be started: {ended.problem}"
        case "late":
            return f"time-out: still running after {run.timeout:g} s"
        case "loud":
            return f"more than {run.output:,} bytes were printed"
        case "by itself":
            return Produced(ended.exit_code, ended.stdout, ended.stderr, files=ended.files, seconds=ended.seconds)


def _command(script: str, mode: str, python: str) -> list[str] | None:
    if script.endswith(".py"):
        return [f"{python}/bin/python", "-B", script]
    if script.endswith(".sh"):
        return ["/bin/sh", script]
    return [f"./{script}"] if mode == "100755" else None
