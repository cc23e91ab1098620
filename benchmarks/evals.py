"""Seconds of `skillctl eval` beside other engines, beside plain processes, and beside the time the answers take."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks import engines, suites, table, timing
from benchmarks.engines import Missing
from benchmarks.table import Row
from benchmarks.timing import ROOT, SKILLCTL, Ran, ratios, seconds

_COUNT = re.compile(r"\b([0-9][0-9,]*) (passed|failed)\b")
_CASES, _WRONG = 200, 4
#: How many times the seconds of `skillctl` those of each engine were asked to be.
_ASKED = {"pydantic-evals": 1.5, "promptfoo": 4.0, "inspect-ai": 8.0}
_SCRIPTS_AT_ONCE = 4
_CALLS, _ANSWER_SECONDS, _CALLS_AT_ONCE = 2_000, 0.05, (16, 32)
_REUSED = 1_000


def asks(scratch: Path, rounds: int) -> None:
    """Print the table of 200 prompts whose answers are there already, beside three engines that do the same."""
    cases = suites.asks(_CASES, _WRONG)
    folder, shared = scratch / "asks", scratch / "asks-of-peers"
    suites.write_for_peers(shared, cases)
    with _model(0) as port:
        suites.asking(folder, cases, "taped", port)
        _eval(folder, _CASES, _WRONG, "--record")
        _asked(port, _CASES)
        peers = engines.ready()
        runs: dict[str, Callable[[], Ran]] = {"`skillctl eval`": partial(_eval, folder, _CASES, _WRONG, "--fresh")}
        runs |= {
            name: partial(_counted_run, engine, shared)
            for name, engine in peers.items()
            if not isinstance(engine, Missing)
        }
        timing.in_turn(1, runs)
        found = {name: seconds(ran) for name, ran in timing.in_turn(rounds, runs).items()}
        _asked(port, 0)
    ours = found["`skillctl eval`"]
    rows = [Row("`skillctl eval`, recorded answers", "s", ours, most=0.6)]
    for name, engine in peers.items():
        least = _ASKED[name.split()[0]]
        ratio = f"{name} : `skillctl eval`, pair by pair"
        if isinstance(engine, Missing):
            rows.append(Row(ratio, "×", (), least=least, missing=engine.reason))
        else:
            rows += [Row(name, "s", found[name]), Row(ratio, "×", ratios(found[name], ours), least=least)]
    table.show(f"`eval`, {_CASES} prompts with a check each, {_WRONG} of them made to fail", rows)


def scripts(scratch: Path, rounds: int) -> None:
    """Print the table of 200 runs of a tiny script, beside `xargs` that starts it with the same interpreter."""
    folder, at_once = scratch / "scripts", str(_SCRIPTS_AT_ONCE)
    suites.running(folder, _CASES)
    # Scripts of a skill have a Python without packages and a clean environment; fuller ones start more slowly.
    timing.run((sys.executable, "-m", "venv", "--without-pip", str(scratch / "python")), ROOT, timing.environment())
    python = str(scratch / "python/bin/python")
    runs: dict[str, Callable[[], Ran]] = {
        "eval": partial(_eval, folder, _CASES, 0, "--fresh", "--concurrency", at_once),
        "plain": partial(_scripts, folder, (python,), at_once),
    }
    walled = _walls(scratch)
    if walled is not None:
        runs["walled"] = partial(_scripts, folder, (*walled, python), at_once)
    timing.in_turn(1, runs)
    found = {name: seconds(ran) for name, ran in timing.in_turn(rounds, runs).items()}
    ours, peer = found["eval"], found["plain"]
    missing = "" if walled is not None else "it is not installed"
    rows = [
        Row("`skillctl eval`", "s", ours),
        Row("peer: `xargs` and the same interpreter, without walls", "s", peer),
        Row("`skillctl eval` : peer, pair by pair", "×", ratios(ours, peer), most=1.5),
        Row(
            "`xargs` and `bwrap`, walls without limits and without a copy",
            "s",
            found.get("walled", ()),
            missing=missing,
        ),
        Row("the same : peer", "×", ratios(found["walled"], peer) if walled else (), missing=missing),
    ]
    table.show(f"`eval`, {_CASES} runs of `print(1)`, {at_once} at once", rows)


def _scripts(folder: Path, start: Sequence[str], at_once: str) -> Ran:
    """The script started so many times by `xargs`."""
    numbers = folder / "numbers"
    numbers.write_text("".join(f"{number}\n" for number in range(_CASES)))
    line = 'numbers=$1; shift; exec xargs -n 1 "$@" <"$numbers"'
    command = ("sh", "-c", line, "sh", str(numbers), "-P", at_once, *start, "-B", suites.SCRIPT)
    ran = timing.run(command, folder / "skills" / suites.SKILL, {"PATH": os.environ["PATH"]})
    # Counted without their line ends, which two scripts may write in any order.
    if ran.output.count("1") != _CASES:
        raise SystemExit(f"`xargs` did not run {_CASES} scripts:\n{ran.output[-4000:]}")
    return ran


def _walls(scratch: Path) -> Sequence[str] | None:
    """The leanest walls that others keep, around the same interpreter; None where they are not installed."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    shown = ("/usr", "/bin", "/lib", "/lib64", sys.base_prefix, str(scratch))
    binds = [word for path in shown for word in ("--ro-bind-try", path, path)]
    alone = ("--unshare-all", "--new-session", "--die-with-parent", "--clearenv")
    return (program, *alone, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", *binds)


def calls(scratch: Path, rounds: int) -> None:
    """Print the table of 2,000 calls of a model that answers after 50 ms, and of one that answers at once."""
    rows: list[Row] = []
    for at_once in _CALLS_AT_ONCE:
        ideal = _CALLS * _ANSWER_SECONDS / at_once
        ours, peer = _called(scratch / f"calls-{at_once}", _ANSWER_SECONDS, at_once, rounds)
        name = f"`skillctl eval`, {at_once} at once"
        rows += [
            Row(name, "s", ours),
            Row(f"peer: a bare client, {at_once} at once", "s", peer),
            Row(f"{name} : {ideal:g} s, which the answers take", "×", [one / ideal for one in ours], most=1.3),
        ]
    for at_once in _CALLS_AT_ONCE:
        ours, peer = _called(scratch / f"calls-{at_once}-now", 0, at_once, rounds)
        rows += [
            Row(f"{name}, answered at once, a case", "ms", _milliseconds(taken), most=most)
            for name, taken, most in (
                (f"`skillctl eval`, {at_once} at once", ours, 2.0),
                (f"peer: a bare client, {at_once} at once", peer, None),
            )
        ]
    table.show(f"`eval`, {_CALLS:,} calls of a model that answers after {_ANSWER_SECONDS * 1000:g} ms", rows)


def reused(scratch: Path, rounds: int) -> None:
    """Print the table of an `eval` of 1,000 cases that were measured before, and have not changed since."""
    rows = []
    with _model(0) as port:
        suites.asking(scratch / "reused-asks", suites.asks(_REUSED), "default", port)
        suites.running(scratch / "reused-scripts", _REUSED)
        for name, folder in (("prompts", scratch / "reused-asks"), ("scripts", scratch / "reused-scripts")):
            first = _eval(folder, _REUSED, 0)
            _asked(port, _REUSED if name == "prompts" else 0)
            again = timing.in_turn(rounds, {name: partial(_eval, folder, _REUSED, 0)})[name]
            _asked(port, 0)
            rows.append(Row(f"{name}, measured", "s", [first.seconds]))
            rows.append(Row(f"{name}, again and unchanged", "s", seconds(again), most=0.5))
    table.show(f"`eval`, {_REUSED:,} cases again", rows)


def _called(folder: Path, answer_seconds: float, at_once: int, rounds: int) -> tuple[list[float], list[float]]:
    """The seconds of `eval`, and those of the bare client beside it."""
    bare = (sys.executable, "-m", "benchmarks.bare_client")
    with _model(answer_seconds) as port:
        suites.asking(folder, suites.asks(_CALLS), "default", port)

        def ours() -> Ran:
            ran = _eval(folder, _CALLS, 0, "--fresh", "--concurrency", str(at_once))
            _asked(port, _CALLS, at_once)
            return ran

        def peer() -> Ran:
            ran = timing.run((*bare, str(port), str(_CALLS), str(at_once)), ROOT, timing.environment())
            _asked(port, int(ran.output), at_once)
            return ran

        found = timing.in_turn(rounds, {"ours": ours, "peer": peer})
    return seconds(found["ours"]), seconds(found["peer"])


def _eval(folder: Path, cases: int, wrong: int, *options: str) -> Ran:
    command = (SKILLCTL, "eval", suites.SKILL, *options)
    # Whether a suite may lose some cases is up to the policy; what is counted is not.
    ran = timing.run(command, folder, suites.environment(), (0, 1) if wrong else (0,))
    return _counted(ran, cases - wrong, wrong)


def _counted_run(engine: engines.Engine, folder: Path) -> Ran:
    return _counted(engine(folder), _CASES - _WRONG, _WRONG)


def _counted(ran: Ran, passed: int, failed: int) -> Ran:
    """The run, if it says that so many passed and failed: who does nothing does not win."""
    said = {word: int(number.replace(",", "")) for number, word in _COUNT.findall(ran.output)}
    if (said.get("passed", 0), said.get("failed", 0)) != (passed, failed):
        raise SystemExit(f"{passed} passed and {failed} failed were expected:\n{ran.output[-4000:]}")
    return ran


def _milliseconds(taken: Sequence[float]) -> list[float]:
    return [one / _CALLS * 1000 for one in taken]


@contextmanager
def _model(answer_seconds: float) -> Iterator[int]:
    """The port of a model that answers after so many seconds, in a process of its own."""
    command = (sys.executable, "-m", "benchmarks.model_server", str(answer_seconds))
    with subprocess.Popen(
        command, cwd=ROOT, env=timing.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        # Leaving closes its standard input, which ends it.


def _asked(port: int, answered: int, most_at_once: int | None = None) -> None:
    """End the bench if the model answered another number of prompts since it was last asked, or too many at once."""
    # Loaded late: what this process holds in memory would count for each child of it.
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/told") as answer:
        told = json.load(answer)
    if told["answered"] != answered or (most_at_once is not None and told["most_at_once"] > most_at_once):
        raise SystemExit(f"the model was asked otherwise than it should: {told}, not {answered} by {most_at_once}")
