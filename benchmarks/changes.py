"""Seconds of the commands that judge and look: `gate` of a change of ten skills, `history` of one, `status` of all."""

import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks import table, timing
from benchmarks.table import Row
from benchmarks.timing import ROOT, SKILLCTL, Ran, seconds

_CHANGED = 10
BRANCH = "promotions"


def measure(scratch: Path, size: int, rounds: int) -> None:
    """Print one table, of a repository with so many skills."""
    folder = scratch / f"changes-{size}"
    timing.run(
        (sys.executable, "-m", "benchmarks.generate", str(folder), "lean", str(size)), ROOT, timing.environment()
    )
    names = promoted(folder)
    gate = partial(_skillctl, folder, "gate", "--base", "main", "--head", BRANCH)
    runs = {
        "gate": gate,
        "history": partial(_skillctl, folder, "history", names[0]),
        "status": partial(_skillctl, folder, "status", "--format", "json"),
    }
    timing.in_turn(1, runs)
    found = timing.in_turn(rounds, runs)
    if f"{_CHANGED} skills differ" not in found["gate"][0].output:
        raise SystemExit(f"`gate` did not judge {_CHANGED} skills:\n{found['gate'][0].output[-4000:]}")
    rows = [
        Row(f"`gate`, {_CHANGED} promotions", "s", seconds(found["gate"]), most=1.0),
        Row("`history` of one skill", "s", seconds(found["history"]), most=0.3),
        Row("`status`", "s", seconds(found["status"]), most=1.5),
    ]
    table.show(f"Changes, {size:,} lean skills, warm", rows)


def promoted(folder: Path, branch: str = BRANCH, first: int = 0) -> Sequence[str]:
    """Skills, from the `first` on, of which `main` has a candidate, and the branch the promotion."""
    names = sorted(path.name for path in (folder / "skills").iterdir())[first : first + _CHANGED]
    for name in names:
        definition = folder / "skills" / name / "skill.yaml"
        text = re.sub(r"(?m)^status:.*$", "status: candidate", definition.read_text())
        definition.write_text(re.sub(r"(?m)^version:.*$", 'version: "1.1.0"', text))
        suite = folder / "evals" / name / "suite.yaml"
        cases = [
            f"  - {{id: fires, trigger: {{prompt: {name}, fires: true}}}}\n",
            "  - {id: rests, trigger: {prompt: what is the weather like, fires: false}}\n",
        ]
        suite.write_text(suite.read_text().replace("cases:\n", "cases:\n" + "".join(cases)))
    _git(folder, "commit", "--quiet", "--all", "--message", "candidates")
    _skillctl(folder, "eval", *names)
    _git(folder, "checkout", "--quiet", "-b", branch)
    for name in names:
        _skillctl(folder, "promote", name)
    _git(folder, "checkout", "--quiet", "main")
    return names


def _skillctl(folder: Path, *words: str) -> Ran:
    return timing.run((SKILLCTL, *words), folder, timing.environment())


def _git(folder: Path, *words: str) -> None:
    timing.run(("git", *words), folder, timing.environment())
