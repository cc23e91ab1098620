"""`load` into the local catalogue, and `sync` over HTTP into a real PostgreSQL, beside upserts with supabase-py."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import changes, table, timing
from benchmarks.gateway import Gateway, gateway
from benchmarks.table import Row
from benchmarks.timing import ROOT, SKILLCTL, Ran

#: Skills that are upserted one by one; for all of them it would take minutes.
_SAMPLE = 300
#: Asked for at this size.
_ASKED = 10_000


def measure(scratch: Path, sizes: list[int]) -> None:
    """Print a table a size, with what was asked for at 10,000."""
    for size in sizes:
        folder = scratch / f"stores-{size}"
        folder.mkdir()
        repository = folder / "repository"
        words = (sys.executable, "-m", "benchmarks.generate", str(repository), "lean", str(size))
        timing.run(words, ROOT, timing.environment())
        with gateway(folder / "production") as behind:
            rows = _rows(repository, behind, size)
        table.show(f"Stores, {size:,} lean skills, over HTTP", rows)


def _rows(repository: Path, behind: Gateway, size: int) -> list[Row]:
    environ = timing.environment(SUPABASE_URL=behind.url, SUPABASE_SECRET_KEY=behind.key)
    is_asked = size == _ASKED

    def sync(*words: str) -> tuple[Ran, dict[str, Any]]:
        behind.asked()
        return timing.run((SKILLCTL, "sync", *words), repository, environ), behind.asked()

    # Untimed: after it the files are in memory.
    timing.run((SKILLCTL, "validate"), repository, environ)
    load = timing.run((SKILLCTL, "load"), repository, environ)
    first, first_asked = sync("--rebuild")
    peer = _one_by_one(behind, size, environ)
    # What production holds is asked for in full once more, and known from then on.
    sync()
    empty = [sync() for _ in range(3)]
    _commit_elsewhere(repository)
    beside, _ = sync()
    # What can be selected is read once, where promotions are judged for the first time.
    cold, _ = _ten_changed(repository, sync, "promotions", 0)
    changed, changed_asked = _ten_changed(repository, sync, "more-promotions", 10)
    most = {name: value if is_asked else None for name, value in (("first", 12.0), ("empty", 1.5), ("changed", 1.7))}
    return [
        Row("`load`", "s", [load.seconds]),
        Row("first `sync`", "s", [first.seconds], most=most["first"]),
        Row(
            "the same rows one by one, as many times as long",
            "×",
            [peer / first.seconds],
            least=5 if is_asked else None,
        ),
        Row("its memory", "MB", [first.megabytes], most=500),
        Row("its requests", "", [first_asked["requests"]]),
        Row(f"its longest function, `{first_asked['function']}`", "s", [first_asked["longest"]], most=8),
        Row("empty `sync`, the commit that is there", "s", timing.seconds([ran for ran, _ in empty]), most["empty"]),
        Row("empty `sync`, a commit beside skills", "s", [beside.seconds], most["empty"]),
        Row("requests of an empty one", "", [float(asked["requests"]) for _, asked in empty]),
        Row("`sync` of ten promotions, the first on this machine", "s", [cold.seconds]),
        Row("`sync` of ten promotions", "s", [changed.seconds], most["changed"]),
        Row("its requests", "", [changed_asked["requests"]]),
    ]


def _one_by_one(behind: Gateway, size: int, environ: Mapping[str, str]) -> float:
    """Seconds for all skills, by those of a sample."""
    count = min(_SAMPLE, size)
    words = (sys.executable, "-m", "benchmarks.one_by_one", behind.url, behind.key, behind.owner_url, str(count))
    return float(timing.run(words, ROOT, environ).output.split()[-1]) * size / count


def _commit_elsewhere(repository: Path) -> None:
    (repository / "NOTES.md").write_text("beside skills\n", encoding="utf-8")
    timing.run(("git", "add", "NOTES.md"), repository, timing.environment())
    timing.run(("git", "commit", "--quiet", "--message", "notes"), repository, timing.environment())


def _ten_changed(repository: Path, sync: Any, branch: str, first: int) -> tuple[Ran, dict[str, Any]]:
    """Ten promotions, merged in one commit as a pull request is; what was decided before them is there already."""
    changes.promoted(repository, branch, first)
    sync()
    for words in (("merge", "--quiet", "--squash", branch), ("commit", "--quiet", "--message", "promotions")):
        timing.run(("git", *words), repository, timing.environment())
    ran, asked = sync()
    if not re.search(r"\b10 to change", ran.output):
        raise SystemExit(f"`sync` did not change ten skills:\n{ran.output[-2000:]}")
    return ran, asked
