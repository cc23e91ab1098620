"""Seconds and memory of `skillctl validate`, beside a process that only loads the YAML and beside check-jsonschema."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from benchmarks import table, timing, words
from benchmarks.table import Row
from benchmarks.timing import BIN, ROOT, SKILLCTL, Ran, ratios, seconds

_CACHE = Path(".skillctl/validate.cache")
_VERDICT = re.compile(r"^([0-9]+) skills?: .*$", re.MULTILINE)
_DESCRIPTION = re.compile(r'^description: ".*"$', re.MULTILINE)
#: The size that the numbers were asked for, and the one of the comparison with check-jsonschema.
_ASKED_AT, _SCHEMA_AT = 10_000, 1_000


@dataclass
class Bench:
    """One generated repository; no two of its changes are the same."""

    folder: Path
    shape: str
    size: int
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def keeps(self) -> bool:
        """Whether the last run left anything for the next one."""
        return (self.folder / _CACHE).exists()

    def validate(self, *ends: int, **environ: str) -> Ran:
        """One run over everything as it lies there."""
        return timing.run((SKILLCTL, "validate"), self.folder, timing.environment(**environ), ends or (0,))

    def cold(self) -> Ran:
        """One run that finds nothing kept."""
        (self.folder / _CACHE).unlink(missing_ok=True)
        return self.validate()

    def peer(self) -> Ran:
        """One run of the process that only loads; it prints the seconds of loading alone."""
        script = str(Path(__file__).with_name("peer.py"))
        return timing.run((sys.executable, script), self.folder, timing.environment())

    def schema(self) -> Ran:
        """check-jsonschema over all files of ours that have a schema, one run a kind; it looks at nothing else."""
        kinds = {
            "skill": "skills/{}/skill.yaml",
            "suite": "evals/{}/suite.yaml",
            "serving": "approvals/{}/serving.yaml",
        }
        runs = []
        for kind, path in kinds.items():
            files = [path.format(name) for name in self.names()]
            command = (str(BIN / "check-jsonschema"), "--schemafile", str(ROOT / f"schemas/{kind}.json"), *files)
            runs.append(timing.run(command, self.folder, timing.environment()))
        return Ran(sum(one.seconds for one in runs), max(one.megabytes for one in runs), runs[-1].output)

    def unchanged(self) -> Ran:
        """One run after a run that kept all it learned."""
        self._settle()
        return self.validate()

    def changed(self, change: Callable[[int], Path]) -> Ran:
        """One run after a change, which comes after a run that kept all it learned, and is taken back."""
        self._settle()
        number = next(self.numbers)
        before = self._sheet(number).read_text()
        sheet = change(number)
        found = self.validate(1)
        if f"skills/{sheet.parent.name}/skill.yaml:1:1 error SK412" not in found.output:
            raise SystemExit(f"approved content was changed, and `validate` did not see it:\n{found.output[-4000:]}")
        sheet.write_text(before)
        return found

    def added(self) -> Ran:
        """One run with a skill more, which is taken away again."""
        self._settle()
        number = self.size + next(self.numbers)
        known = set(self.names())
        self.generate(1, "--first", str(number))
        found = self.validate()
        if _skills_in(found) != self.size + 1:
            raise SystemExit(f"a skill was added, and `validate` did not see it:\n{found.output[-4000:]}")
        for name in set(self.names()) - known:
            for top in ("skills", "evals", "approvals"):
                timing.run(("rm", "-r", f"{top}/{name}"), self.folder, timing.environment())
        return found

    def names(self) -> list[str]:
        """The names of all skills, sorted."""
        return sorted(path.name for path in (self.folder / "skills").iterdir())

    def generate(self, skills: int, *more: str) -> None:
        """Write skills, in a process of its own."""
        command = (sys.executable, "-m", "benchmarks.generate", str(self.folder), self.shape, str(skills), *more)
        timing.run(command, ROOT, timing.environment())

    def change_body(self, number: int) -> Path:
        """Another sentence at the end of the instructions of a skill."""
        sheet = self._sheet(number)
        sheet.write_text(f"{sheet.read_text()}\n{words.sentence(Random(number))} This is change {number}.\n")
        return sheet

    def change_description(self, number: int) -> Path:
        """Another description of a skill."""
        sheet = self._sheet(number)
        line = f'description: "{words.description(Random(number))} Changed {number} times."'
        sheet.write_text(_DESCRIPTION.sub(line, sheet.read_text(), count=1))
        return sheet

    def _settle(self) -> None:
        if self.keeps:
            self.validate()

    def _sheet(self, number: int) -> Path:
        names = self.names()
        return self.folder / "skills" / names[number * 7919 % len(names)] / "SKILL.md"


def measure(scratch: Path, shape: str, size: int, rounds: int) -> None:
    """Print the table of one generated repository."""
    bench = Bench(scratch / f"{shape}-{size}", shape, size)
    bench.generate(size)
    # Untimed: after it the files are in memory, and whatever is compiled is compiled.
    first = bench.validate()
    if _skills_in(first) != size:
        raise SystemExit(f"`validate` did not see {size} skills:\n{first.output[-4000:]}")
    bench.peer()
    keeps = bench.keeps
    said = _VERDICT.search(first.output)
    title = f"`validate`, {shape}, {size:,} skills of {_mean_size(bench) / 1000:.1f} KB"
    note = "" if keeps else "; no cache was written, so warm is cold and was measured once"
    table.show(f"{title} ({said[0] if said else ''}{note})", _rows(bench, rounds, rounds if keeps else 1))


def _rows(bench: Bench, rounds: int, warm_rounds: int) -> list[Row]:
    runs: dict[str, Callable[[], Ran]] = {"cold": bench.cold, "peer": bench.peer, "ci": partial(bench.validate, CI="1")}
    if bench.size <= _SCHEMA_AT:
        runs |= {"schema": bench.schema, "warm beside": bench.unchanged}
    found = timing.in_turn(rounds, runs)
    warm = timing.in_turn(
        warm_rounds,
        {
            "nothing changed": bench.unchanged,
            "the body of one `SKILL.md` changed": partial(bench.changed, bench.change_body),
            "the description of one `SKILL.md` changed": partial(bench.changed, bench.change_description),
            "one skill added": bench.added,
        },
    )
    is_asked = bench.size == _ASKED_AT
    rows = _cold_rows(found, is_asked)
    rows += [
        Row(f"warm: {name}", "s", seconds(ran), most=_if(is_asked, 0.6 if name == "nothing changed" else 0.7))
        for name, ran in warm.items()
    ]
    memory = {"cold": found["cold"], "warm": [one for ran in warm.values() for one in ran]}
    rows += [
        Row(f"peak memory, {name}", "MB", [one.megabytes for one in ran], most=_if(is_asked, 400))
        for name, ran in memory.items()
    ]
    return rows + (_schema_rows(found, bench.size) if "schema" in found else [])


def _cold_rows(found: dict[str, list[Ran]], is_asked: bool) -> list[Row]:
    cold, peer, ci = (seconds(found[name]) for name in ("cold", "peer", "ci"))
    loads = [float(one.output) for one in found["peer"]]
    return [
        Row("cold", "s", cold),
        Row("peer: a process that reads the same and calls `yaml.load`", "s", peer),
        Row("cold : peer, pair by pair", "×", ratios(cold, peer), most=_if(is_asked, 2.5)),
        Row("the calls of `yaml.load` alone", "s", loads),
        Row("cold : the calls alone, pair by pair", "×", ratios(cold, loads)),
        Row("`CI=1`, with a cache there", "s", ci),
        # What read less than everything would be far below.
        Row("`CI=1` : cold, pair by pair", "×", ratios(ci, cold), least=0.75, most=1.25),
    ]


def _schema_rows(found: dict[str, list[Ran]], size: int) -> list[Row]:
    schema, least = seconds(found["schema"]), _if(size == _SCHEMA_AT, 5.0)
    rows = [Row(f"`check-jsonschema` on the {size:,} each of `skill.yaml`, `suite.yaml`, `serving.yaml`", "s", schema)]
    for name, ran in (("cold", found["cold"]), ("warm", found["warm beside"])):
        rows.append(Row(f"`check-jsonschema` : {name}, pair by pair", "×", ratios(schema, seconds(ran)), least=least))
    return rows


def _if(is_asked: bool, bound: float) -> float | None:
    return bound if is_asked else None


def _skills_in(ran: Ran) -> int:
    found: Sequence[str] = _VERDICT.findall(ran.output)
    return int(found[-1]) if found else 0


def _mean_size(bench: Bench) -> float:
    total = sum(
        (Path(folder) / name).stat().st_size
        for top in ("skills", "evals")
        for folder, _, names in os.walk(bench.folder / top)
        for name in names
    )
    return total / bench.size
