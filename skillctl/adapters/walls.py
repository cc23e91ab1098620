"""The walls that scripts are run behind on this machine: the best that hold, tried by running a script.

That takes as long as much of an evaluation, so it can be begun before all else is loaded: only the standard library is
needed for it.
"""

import shutil
import sys
from contextlib import suppress
from threading import Lock, Thread

from skillctl.adapters.errand import Ended, Errand
from skillctl.adapters.isolation import TOOLS, Fallen, Namespaces, Walls
from skillctl.adapters.plain_process import Processes
from skillctl.adapters.walled_root import SYSTEM_PATH

#: Bytes of memory of the script that is tried: those of a case that asks for none, which then has its room.
PROBED_MEMORY = 1024 * 1024 * 1024
_SECONDS = 10.0
_SAID = "isolated\n"


class BestWalls:
    """The best walls that hold here, put up once, when they are first asked for or before."""

    def __init__(self, *, namespaces: bool = True) -> None:
        self._namespaces = Namespaces() if namespaces else None
        self._chosen: tuple[Walls, str | None] | None = None
        self._choosing = Lock()

    def begin(self) -> None:
        """Begin to put them up, while other things are done; whoever asks for them waits, and is told why not.

        What can be done at once is: a thread gets its turn seldom while this process is loading.
        """
        with suppress(Exception):
            if self._namespaces is not None and _missing() is None:
                self._namespaces.begin()
        Thread(target=self._try, name="walls", daemon=True).start()

    def chosen(self) -> tuple[Walls, str | None]:
        """The walls, and why they are not namespaces, or None where they are."""
        with self._choosing:
            if self._chosen is None:
                self._chosen = self._best()
            return self._chosen

    def _best(self) -> tuple[Walls, str | None]:
        if self._namespaces is None:
            return Processes(), "namespaces were not asked for"
        problem = _missing() or _problem(self._namespaces)
        return (self._namespaces, None) if problem is None else (Processes(), problem.splitlines()[0])

    def _try(self) -> None:
        # What fails fails again for who asks.
        with suppress(Exception):
            self.chosen()


def _missing() -> str | None:
    """What namespaces need and this machine has not, or None."""
    if sys.platform != "linux":
        return "only Linux has namespaces"
    missing = [tool for tool in TOOLS if shutil.which(tool, path=SYSTEM_PATH) is None]
    return f"`{missing[0]}` is not installed" if missing else None


def _problem(walls: Walls) -> str | None:
    """Why no script can be run behind these walls, or None."""
    probe = Errand(
        command=[f"{walls.python()}/bin/python", "-B", "probe.py"],
        stdin=b"",
        env={},
        skill={"probe.py": (0o644, b"print('isolated')\n")},
        added={},
        seconds=_SECONDS,
        memory=PROBED_MEMORY,
        output=1024,
    )
    try:
        ended = walls.run(probe)
    except (Fallen, OSError, ValueError) as problem:
        return str(problem) or type(problem).__name__
    if (ended.why, ended.exit_code, ended.stdout) == ("by itself", 0, _SAID):
        return None
    return _told(ended)


def _told(ended: Ended) -> str:
    match ended.why:
        case "by itself":
            return ended.stderr.strip() or f"exit code {ended.exit_code}"
        case "not started":
            return ended.problem
        case "late" | "loud":
            return f"a script that prints one word was ended: {ended.why}"
