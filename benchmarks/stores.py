"""Seconds of the commands that write: `load` into the local catalogue, `sync` into a real PostgreSQL."""

import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks import timing
from benchmarks.timing import ROOT, SKILLCTL
from skillctl import wiring

_COMMANDS = (
    ("`load`", ("load",), 1),
    ("first `sync`", ("sync", "--rebuild"), 1),
    ("empty `sync`", ("sync",), 3),
)


def measure(scratch: Path, sizes: list[int]) -> None:
    """Print one table: a row a command, a column a size, the median of its runs."""
    columns = {size: _measured(scratch / f"stores-{size}", size) for size in sizes}
    print("\n### Stores, lean\n")
    print("| seconds, median | runs | " + " | ".join(f"{size:,} skills" for size in sizes) + " |")
    print("|---|---:|" + "---:|" * len(sizes))
    for name, _, runs in _COMMANDS:
        print(f"| {name} | {runs} | " + " | ".join(f"{columns[size][name]:.2f}" for size in sizes) + " |", flush=True)


def _measured(scratch: Path, size: int) -> dict[str, float]:
    folder = scratch / "repository"
    scratch.mkdir()
    timing.run(
        (sys.executable, "-m", "benchmarks.generate", str(folder), "lean", str(size)), ROOT, timing.environment()
    )
    with wiring.local_production(scratch / "production") as url:
        environ = timing.environment(SKILLCTL_DATABASE_URL=url)
        for words in (("db", "push"), ("validate",)):
            # Untimed: after it the files are in memory, and the database is as it should be.
            timing.run((SKILLCTL, *words), folder, environ)
        return {name: _median((SKILLCTL, *words), folder, environ, runs) for name, words, runs in _COMMANDS}


def _median(command: tuple[str, ...], folder: Path, environ: Mapping[str, str], runs: int) -> float:
    return median(timing.run(command, folder, environ).seconds for _ in range(runs))
