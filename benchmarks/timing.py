"""Seconds and memory of whole processes; what is compared is run in turn, so that noise meets all alike."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: Console scripts lie beside the interpreter of a virtual environment.
BIN = Path(sys.executable).parent
SKILLCTL = str(BIN / "skillctl")
_BYTES = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Ran:
    """One run of a process: its seconds, the most memory it ever held in megabytes, and what it printed."""

    seconds: float
    megabytes: float
    output: str


def environment(**more: str) -> dict[str, str]:
    """This process's environment as a person at a terminal has it: no `CI`, and compiled files are kept."""
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "PYTHONDONTWRITEBYTECODE")}
    return kept | more


def run(command: Sequence[str], folder: Path, environ: Mapping[str, str], ends: Sequence[int] = (0,)) -> Ran:
    """Run a command to its end; one that ends with another code than it may ends the bench with its output."""
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        try:
            process = subprocess.Popen(command, cwd=folder, env=environ, stdout=output, stderr=subprocess.STDOUT)
        except FileNotFoundError as problem:
            raise SystemExit(f"{problem}; `make bench` installs what is compared") from None
        # Only the system's own wait tells the memory of this one child.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode not in ends:
        shown = " ".join(command)[:300]
        raise SystemExit(f"{shown} ended with {process.returncode}:\n{text[-4000:]}")
    return Ran(seconds, usage.ru_maxrss * _BYTES / 1e6, text)


def in_turn(rounds: int, runs: Mapping[str, Callable[[], Ran]]) -> dict[str, list[Ran]]:
    """A B C A B C: each run once a round; as many runs of each as there are rounds."""
    found: dict[str, list[Ran]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, one in runs.items():
            found[name].append(one())
    return found


def seconds(runs: Sequence[Ran]) -> list[float]:
    """The seconds of each run."""
    return [one.seconds for one in runs]


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """How many times the one is the other, pair by pair."""
    return [one / other for one, other in zip(above, below, strict=True)]
