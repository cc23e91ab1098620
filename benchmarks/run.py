"""`make bench`: whole-process seconds of the commands people wait for, at 1,000 and 10,000 skills."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.generate import repository
from skillctl import wiring

_FLOOR = (sys.executable, "-c", "pass")
_COMMANDS = (
    ("`--version`", ("--version",), 5),
    ("`--help`", ("--help",), 5),
    ("`validate`", ("validate",), 1),
    ("`load`", ("load",), 1),
    ("first `sync`", ("sync",), 1),
    ("empty `sync`", ("sync",), 2),
)


def main() -> None:
    """Print one table: a row a command, a column a size, the median of its runs; the floor is an empty Python."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    sizes = parser.parse_args().sizes
    columns = {size: _measure(size) for size in sizes}
    print("| seconds | " + " | ".join(f"{size:,} skills" for size in sizes) + " |")
    print("|---|" + "---:|" * len(sizes))
    for name in columns[sizes[0]]:
        print(f"| {name} | " + " | ".join(f"{columns[size][name]:.2f}" for size in sizes) + " |")


def _measure(size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="skillctl-bench-") as scratch:
        folder = Path(scratch) / "repository"
        repository(folder, size)
        with wiring.local_production(Path(scratch) / "production") as url:
            environment = {**os.environ, "SKILLCTL_DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": ""}
            for words in (("db", "push"), ("validate",)):
                # Untimed: after it the files are in memory, and the database is as it should be.
                _timed([sys.executable, "-m", "skillctl", *words], folder, environment)
            seconds = {"an empty Python": _median(_FLOOR, folder, environment, 5)}
            for name, words, runs in _COMMANDS:
                seconds[name] = _median((sys.executable, "-m", "skillctl", *words), folder, environment, runs)
        return seconds


def _median(command: tuple[str, ...], folder: Path, environment: Mapping[str, str], runs: int) -> float:
    return sorted(_timed(command, folder, environment) for _ in range(runs))[runs // 2]


def _timed(command: list[str] | tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
