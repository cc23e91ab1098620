"""`load` into the local catalogue, and `sync` over HTTP into a real PostgreSQL, beside upserts with supabase-py."""

import re
import sys
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
#: Of what is asked for: a single run says little of a machine that others share.
_ROUNDS = 3

#: How a `sync` ran, and what it asked of production: `requests`, and the `longest` in seconds with its `function`.
_Synced = tuple[Ran, dict[str, Any]]


def measure(scratch: Path, sizes: list[int]) -> None:
    """Print a table a size, with what was asked for at 10,000."""
    for size in sizes:
        folder = scratch / f"stores-{size}"
        folder.mkdir()
        repository = folder / "repository"
        words = (sys.executable, "-m", "benchmarks.generate", str(repository), "lean", str(size))
        timing.run(words, ROOT, timing.environment())
        table.show(f"Stores, {size:,} lean skills, over HTTP", _rows(folder, repository, size))


def _rows(folder: Path, repository: Path, size: int) -> list[Row]:
    # Untimed: after it the files are in memory.
    timing.run((SKILLCTL, "validate"), repository, timing.environment())
    load = timing.run((SKILLCTL, "load"), repository, timing.environment())
    others = []
    for number in range(_ROUNDS - 1):
        # A first release needs a production that is new.
        with gateway(folder / f"production-{number}") as new:
            others.append(_sync(new, repository, "--rebuild"))
    with gateway(folder / "production") as behind:
        firsts = [*others, _sync(behind, repository, "--rebuild")]
        peer = _one_by_one(behind, size)
        return [Row("`load`", "s", [load.seconds]), *_first(size, firsts, peer), *_later(size, behind, repository)]


def _sync(behind: Gateway, repository: Path, *words: str) -> _Synced:
    environ = timing.environment(SUPABASE_URL=behind.url, SUPABASE_SECRET_KEY=behind.key)
    behind.asked()
    return timing.run((SKILLCTL, "sync", *words), repository, environ), behind.asked()


def _first(size: int, firsts: list[_Synced], peer: float) -> list[Row]:
    is_asked = size == _ASKED
    longest = max((asked for _, asked in firsts), key=lambda one: float(one["longest"]))
    return [
        Row("first `sync`", "s", timing.seconds([ran for ran, _ in firsts]), most=12.0 if is_asked else None),
        Row(
            "the same rows one by one, as many times as long",
            "×",
            [peer / ran.seconds for ran, _ in firsts],
            least=5 if is_asked else None,
        ),
        Row("its memory", "MB", [ran.megabytes for ran, _ in firsts], most=500),
        Row("its requests", "", [float(asked["requests"]) for _, asked in firsts]),
        Row(f"its longest function, `{longest['function']}`", "s", [asked["longest"] for _, asked in firsts], most=8),
    ]


def _later(size: int, behind: Gateway, repository: Path) -> list[Row]:
    most = {name: value if size == _ASKED else None for name, value in (("empty", 1.5), ("changed", 1.7))}
    _sync(behind, repository)
    empty = [_sync(behind, repository) for _ in range(_ROUNDS)]
    _commit_elsewhere(repository)
    beside, _ = _sync(behind, repository)
    # What can be selected is read once, where promotions are judged for the first time.
    (cold, _), *changed = [_ten_changed(behind, repository, number) for number in range(_ROUNDS + 1)]
    return [
        Row("empty `sync`, the commit that is there", "s", timing.seconds([ran for ran, _ in empty]), most["empty"]),
        Row("empty `sync`, a commit beside skills", "s", [beside.seconds], most["empty"]),
        Row("requests of an empty one", "", [float(asked["requests"]) for _, asked in empty]),
        Row("`sync` of ten promotions, the first on this machine", "s", [cold.seconds]),
        Row("`sync` of ten promotions", "s", timing.seconds([ran for ran, _ in changed]), most["changed"]),
        Row("its requests", "", [float(asked["requests"]) for _, asked in changed]),
    ]


def _one_by_one(behind: Gateway, size: int) -> float:
    """Seconds for all skills, by those of a sample."""
    count = min(_SAMPLE, size)
    words = (sys.executable, "-m", "benchmarks.one_by_one", behind.url, behind.key, behind.owner_url, str(count))
    return float(timing.run(words, ROOT, timing.environment()).output.split()[-1]) * size / count


def _commit_elsewhere(repository: Path) -> None:
    (repository / "NOTES.md").write_text("beside skills\n", encoding="utf-8")
    timing.run(("git", "add", "NOTES.md"), repository, timing.environment())
    timing.run(("git", "commit", "--quiet", "--message", "notes"), repository, timing.environment())


def _ten_changed(behind: Gateway, repository: Path, number: int) -> _Synced:
    """Ten promotions, merged in one commit as a pull request is; what was decided before them is there already."""
    branch = f"promotions-{number}"
    changes.promoted(repository, branch, 10 * number)
    _sync(behind, repository)
    for words in (("merge", "--quiet", "--squash", branch), ("commit", "--quiet", "--message", "promotions")):
        timing.run(("git", *words), repository, timing.environment())
    ran, asked = _sync(behind, repository)
    if not re.search(r"\b10 to change", ran.output):
        raise SystemExit(f"`sync` did not change ten skills:\n{ran.output[-2000:]}")
    return ran, asked
