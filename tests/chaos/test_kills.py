"""Syncs that die at any moment, or run two at a time: what is released is released once, whole, and never half seen."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from tests.chaos.conftest import some
from tests.chaos.host import Host
from tests.chaos.story import Calm, dump, judge, sync, words_of
from tests.production.conftest import Database
from tests.shop import Shop, run

#: What meets a sync, and how often of a hundred; a restart takes longest.
BLOWS = {"kill": 60, "cut": 25, "fast": 7, "immediate": 8}
KILLED = -signal.SIGKILL
#: What a sync says that came too late for its plan.
LOST = {"production-moved", "production-ahead"}


@dataclass(frozen=True)
class Child:
    """A `sync` in a process of its own, copied from this one, so that nothing has to be loaded again."""

    pid: int
    said: Path

    @classmethod
    def of(cls, words: Sequence[str], environment: dict[str, str], said: Path) -> "Child":
        pid = os.fork()
        if pid == 0:
            code = 99
            try:
                os.setpgid(0, 0)
                with patch.dict(os.environ, environment):
                    answer = run(*words)
                said.write_text(answer.out)
                code = answer.exit_code
            finally:
                os._exit(code)
        return cls(pid, said)

    def ends_within(self, seconds: float) -> bool:
        """Whether it ends by itself in so many seconds."""
        waiting = os.pidfd_open(self.pid)
        try:
            return bool(select.select([waiting], [], [], seconds)[0])
        finally:
            os.close(waiting)

    def kill(self) -> None:
        """It, and the programs that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        # It may not have come as far as to lead a group.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def exit_code(self) -> int:
        """Of the process, once it has ended."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def refusal(self) -> str:
        """The name of what it was refused by; empty if it was not."""
        error = json.loads(self.said.read_text())["error"]
        return str(error["kind"]) if error else ""


def ways_in(database: Database) -> list[dict[str, str]]:
    """Both transports, as the environment chooses them."""
    assert database.gateway is not None
    return [
        {"SKILLCTL_DATABASE_URL": database.owner_url},
        {"SUPABASE_URL": database.gateway, "SUPABASE_SECRET_KEY": database.key},
    ]


@pytest.fixture
def watched(calm: Calm, database: Database, history: tuple[Shop, list[str]], tmp_path: Path) -> Iterator[None]:
    """A reader asks from the beginning to the end, and sees nothing but complete releases."""
    known = calm.keep(tmp_path / "known.json", history[1])
    database.empty()
    command = [sys.executable, "-m", "tests.chaos.reader", database.owner_url, str(known)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as reader:
        try:
            yield
        finally:
            said, _ = reader.communicate("\n")
    seen = json.loads(said)
    assert seen["wrong"] == []
    assert seen["answers"] > 20
    assert seen["commits"] > 1


@pytest.mark.usefixtures("watched")
def test_a_sync_that_is_struck_anywhere_is_finished_by_the_next(
    host: Host, calm: Calm, database: Database, history: tuple[Shop, list[str]], chance: Random, tmp_path: Path
) -> None:
    shop, commits = history
    took = _seconds_of_a_sync(shop, database, commits[0])
    ends: Counter[tuple[str, int]] = Counter()
    place = 1
    for number in some(500):
        if place == len(commits):
            database.empty()
            place = 0
        blow = chance.choices(list(BLOWS), list(BLOWS.values()))[0]
        words, where = words_of(shop, database, commits[place]), chance.choice(ways_in(database))
        child = Child.of(words, where, tmp_path / f"{number}.json")
        is_over = child.ends_within(chance.uniform(0, took))
        if not is_over:
            child.kill() if blow == "kill" else host.do(blow)
        ends["late" if is_over else blow, child.exit_code()] += 1
        sync(shop, database, commits[place])
        place += 1
        assert dump(database) == calm.after(tuple(commits[:place])), f"run {number}: {blow}"
        judge(database)
    sys.stdout.write(f"{dict(ends)}\n")
    assert {code for _, code in ends} <= {KILLED, 0, 1, 3}, ends
    assert ends["kill", KILLED] > len(some(500)) // 10, "they were struck while they worked"


def _seconds_of_a_sync(shop: Shop, database: Database, commit: str) -> float:
    begun = time.perf_counter()
    sync(shop, database, commit)
    # A copied process is slower than this one, which has all loaded and at hand.
    return 1.5 * (time.perf_counter() - begun)


@pytest.mark.usefixtures("watched")
def test_of_two_syncs_at_once_one_wins_and_the_other_says_so(
    calm: Calm, database: Database, history: tuple[Shop, list[str]], chance: Random, tmp_path: Path
) -> None:
    shop, commits = history
    for number in some(50):
        first, second, third = sorted(chance.sample(range(len(commits)), 3))
        database.empty()
        sync(shop, database, commits[first])
        both = [commits[second], commits[third]]
        if chance.random() < 0.5:
            both.reverse()
        children = [
            Child.of(words_of(shop, database, commit), chance.choice(ways_in(database)), tmp_path / commit)
            for commit in both
        ]
        codes = [child.exit_code() for child in children]
        assert 0 in codes, [child.said.read_text() for child in children]
        assert {child.refusal() for child in children} <= {*LOST, ""}
        assert [code == 0 for code in codes] == [not child.refusal() for child in children]
        sync(shop, database, commits[third])
        way = tuple(commit for (commit,) in database.run("select commit from mcp.releases order by seq"))
        assert set(way) <= {commits[first], *both}
        assert dump(database) == calm.after(way), f"pair {number}"
        judge(database)
