"""Seconds of a start: what people wait for before anything is done."""

import sys
from functools import partial

from benchmarks import table, timing
from benchmarks.table import Row
from benchmarks.timing import BIN, ROOT, SKILLCTL

_ROUNDS = 15
_COMMANDS = {
    "an empty Python": (sys.executable, "-c", "pass"),
    "`check-jsonschema --version`": (str(BIN / "check-jsonschema"), "--version"),
    "`skillctl --version`": (SKILLCTL, "--version"),
    "`skillctl --help`": (SKILLCTL, "--help"),
}
_ASKED = {"`skillctl --version`": 0.090, "`skillctl --help`": 0.170}


def measure() -> None:
    """Print the seconds of the starts beside that of another tool, and how many times faster each is."""
    environ = timing.environment()
    runs = {name: partial(timing.run, command, ROOT, environ) for name, command in _COMMANDS.items()}
    timing.in_turn(1, runs)
    seconds = {name: timing.seconds(found) for name, found in timing.in_turn(_ROUNDS, runs).items()}
    rows = [Row(name, "s", values, most=_ASKED.get(name)) for name, values in seconds.items()]
    peer = seconds["`check-jsonschema --version`"]
    rows += [Row(f"`check-jsonschema --version` : {name}", "×", timing.ratios(peer, seconds[name])) for name in _ASKED]
    table.show("Starts", rows)
