"""Workers that go on: they end when they are told to, keep what they do alive, and let nobody hold up the others."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters.heartbeat import Heartbeat
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.production_jobs import ProductionJobs
from skillctl.adapters.stop import Stop
from skillctl.domain.delivery import Attempt, Backlog, Delivered, Job, Later, receiver_of
from skillctl.errors import NotMigrated, StoreRefused, Unreachable
from skillctl.workflows.deliver import Delivery, Lanes, drain
from skillctl.workflows.work import Told, work
from tests.chaos.worker import Opened
from tests.production.conftest import Database
from tests.production.receiving import reset, said, serving
from tests.shop import Shop

ROOT = Path(__file__).parents[2]
JOB = Job("1", "notice", {}, 1, "k")


def queued(database: Database, **counts: int) -> None:
    for kind, count in counts.items():
        database.run(
            "insert into mcp_jobs.jobs (source, job_type, payload, idempotency_key) select 'skillctl', %s, %s::jsonb,"
            " format('%%s-%%s', %s::text, n) from generate_series(1, %s) n",
            kind, '{"release": "r-1", "environment": "prod", "commit": "c", "changes": []}', kind, count,
        )  # fmt: skip


@contextlib.contextmanager
def worker(
    shop: Shop, database: Database, environment: Mapping[str, str], *words: str
) -> Iterator["subprocess.Popen[str]"]:
    """`skillctl jobs work` in a process of its own."""
    environ = {**os.environ, "SKILLCTL_DATABASE_URL": database.owner_url, **environment}
    command = [sys.executable, "-m", "skillctl", "-C", str(shop.root), "jobs", "work", *words]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def status_of(database: Database, kind: str, wanted: str, count: int) -> None:
    """Returns when so many jobs of a type are so."""
    end = time.monotonic() + 60
    found = "select count(*) from mcp_jobs.jobs where job_type = %s and status = %s"
    while database.value(found, kind, wanted) < count:
        assert time.monotonic() < end, database.run("select job_type, status, last_error from mcp_jobs.jobs")


@pytest.fixture
def shop(direct: Database, tmp_path: Path) -> Shop:
    return Shop.opened(tmp_path / "shop")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_worker_that_is_stopped_finishes_what_it_does(
    shop: Shop, direct: Database, number: signal.Signals, code: int
) -> None:
    go_on = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        go_on.wait(30)
        said(handler, b"ok")

    queued(direct, notice=2)
    with (
        serving(answer) as mattermost,
        worker(shop, direct, {"MATTERMOST_WEBHOOK_URL": mattermost.url}, "--workers", "1") as process,
    ):
        mattermost.came.get(timeout=60)
        process.send_signal(number)
        assert process.stderr is not None
        go_on.set()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "stopped: 1 completed\n")
    assert "delivered notice" in err
    assert direct.run("select status, count(*) from mcp_jobs.jobs group by 1 order by 1") == [
        ("completed", 1), ("queued", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["hangs", "resets", "answers 500"])
def test_a_receiver_that_fails_holds_up_no_other(shop: Shop, direct: Database, how: str) -> None:
    gone = threading.Event()

    def bad(handler: BaseHTTPRequestHandler) -> None:
        if how == "hangs":
            gone.wait(90)
        elif how == "resets":
            reset(handler)
        else:
            said(handler, b"{}", 500)

    queued(direct, notice=6, rollout=6)
    # Of releases that are not there, for only their jobs matter here.
    direct.tamper(
        "insert into mcp.rollouts (release, job, destination, environment)"
        " select gen_random_uuid(), id, 'n8n', 'prod' from mcp_jobs.jobs where job_type = 'rollout'"
    )
    with serving(bad) as mattermost, serving(lambda one: said(one, b'{"status":"accepted","execution_id":"7"}')) as n8n:
        addresses = {
            "MATTERMOST_WEBHOOK_URL": mattermost.url,
            "N8N_WEBHOOK_URL": n8n.url,
            "N8N_WEBHOOK_SECRET": "s" * 32,
        }
        with worker(shop, direct, addresses, "--workers", "2"):
            mattermost.came.get(timeout=60)
            arrived = {n8n.came.get(timeout=60) for _ in range(6)}
            status_of(direct, "rollout", "completed", 6)
            if how != "hangs":
                end = time.monotonic() + 60
                waiting = (
                    "select count(*) from mcp_jobs.jobs where job_type = 'notice' and attempts = 1 and run_at > now()"
                )
                while direct.value(waiting) < 6:
                    assert time.monotonic() < end
        gone.set()
    assert arrived == {f"rollout-{number}" for number in range(1, 7)}
    assert direct.value("select count(*) from mcp_jobs.jobs where status = 'completed'") == 6


def test_a_worker_without_any_destination_says_what_to_set(
    shop: Shop, direct: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MATTERMOST_WEBHOOK_URL", "N8N_WEBHOOK_URL", "N8N_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    answer = shop.typed("jobs", "work")
    assert (answer.exit_code, "`MATTERMOST_WEBHOOK_URL` and `N8N_WEBHOOK_URL`" in answer.err) == (2, True)


def test_a_lease_is_kept_while_the_work_lasts(direct: Database) -> None:
    queued(direct, notice=1)
    lease = "select lease_until::text from mcp_jobs.jobs"

    class Slow:
        def deliver(self, job: Job) -> Attempt:
            seen = {direct.value(lease)}
            end = time.monotonic() + 30
            while len(seen) < 3:
                assert time.monotonic() < end
                seen.add(direct.value(lease))
            return Delivered({})

    stop = Stop()
    with Opened(direct.owner_url, 60) as jobs:
        told = Told(lambda _one: stop.say(), lambda _problem: None)
        work(
            jobs, Lanes({"notice": Slow()}, 1), "w", Heartbeat(partial(Opened, direct.owner_url, 60), 0.05), stop, told
        )
    assert direct.run("select status, attempts from mcp_jobs.jobs") == [("completed", 1)]


def test_a_heart_stops_where_the_job_is_anothers(direct: Database) -> None:
    asked = threading.Event()

    class Refusing(ProductionJobs):
        def extend(self, job: Job, worker: str) -> None:
            assert not asked.is_set()
            asked.set()
            raise StoreRefused("lease-lost", "gone")

    @contextlib.contextmanager
    def opened() -> Iterator[ProductionJobs]:
        yield Refusing(PostgresTransport(direct.owner_url))

    with Heartbeat(opened, 0.01)(JOB, "w"):
        assert asked.wait(10)


@dataclass
class Script:
    """A queue that answers as it was told, and what the worker said and waited."""

    answers: list[Any]
    seconds: list[float] = field(default_factory=list)
    troubles: list[str | None] = field(default_factory=list)
    done: list[Delivery] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return not self.answers

    def wait(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def claim(self, _worker: str, _job_types: Any) -> Job | None:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert answer is None or isinstance(answer, Job)
        return answer

    def complete(self, job: Job, _worker: str, _result: Any) -> None:
        if job.key == "untold":
            raise Unreachable("cut off")

    def run(self) -> None:
        class Good:
            def deliver(self, job: Job) -> Attempt:
                return Delivered({})

        told = Told(self.done.append, lambda problem: self.troubles.append(problem.message if problem else None))
        work(self, Lanes({"notice": Good()}, 1), "w", lambda _job, _worker: contextlib.nullcontext(), self, told)  # type: ignore[arg-type]


def test_a_worker_outlives_production_and_says_so_once() -> None:
    away = Unreachable("nobody there")
    script = Script([None, None, JOB, away, away, away, JOB, Job("2", "notice", {}, 1, "untold"), None])
    script.run()
    assert script.troubles == ["nobody there", None, "cut off", None]
    assert script.seconds == [1, 2, 1, 2, 4, 1, 2]
    assert [one.status for one in script.done] == ["completed", "completed"]


def test_a_worker_does_not_wait_for_migrations() -> None:
    with pytest.raises(NotMigrated):
        Script([NotMigrated("no such function")]).run()


def test_where_one_of_several_workers_fails_all_end_with_its_reason() -> None:
    stop = Stop()

    def fail() -> None:
        raise Unreachable("broken")

    with pytest.raises(Unreachable, match="broken"):
        stop.run([fail, lambda: stop.wait(60)])
    assert stop.is_over


def test_a_drain_tries_each_job_once_however_soon_it_is_due_again() -> None:
    class Never:
        def deliver(self, _job: Job) -> Attempt:
            return Later(5)

    class Endless:
        postponed = 0

        def claim(self, _worker: str, _job_types: list[str]) -> Job | None:
            return JOB

        def postpone(self, *_: Any) -> None:
            self.postponed += 1

        def backlog(self) -> Backlog:
            return Backlog({}, {})

    endless = Endless()
    done = drain(endless, {"notice": Never()}, "w")  # type: ignore[arg-type]
    assert (len(done.deliveries), endless.postponed) == (1, 2)


class Full:
    """A queue that has a job of every type that is asked for."""

    def claim(self, _worker: str, job_types: list[str]) -> Job | None:
        return Job("1", job_types[0], {}, 1, "k") if job_types else None


def claimed(lanes: Lanes) -> Job | None:
    """The next job that a worker gets, of a queue that never runs dry."""
    # Of a queue it asks nothing else.
    return lanes.claim(Full(), "w")  # type: ignore[arg-type]


class Anybody:
    """A destination that nothing is brought to."""

    def deliver(self, _job: Job) -> Attempt:
        raise AssertionError("nothing is delivered here")


def test_a_receiver_has_all_workers_but_one_whatever_it_is_told() -> None:
    lanes = Lanes(dict.fromkeys(("rollout", "rollout-follow", "notice"), Anybody()), 2)
    taken = [claimed(lanes) for _ in range(2)]
    assert [one.job_type for one in taken if one] == ["rollout", "notice"]


@pytest.mark.parametrize(("policy", "second"), [("notify", "rollout"), ("hold", "rollout-failed")])
def test_a_failed_rollout_that_is_told_waits_for_mattermost_as_notices_do(policy: str, second: str) -> None:
    types = dict.fromkeys(("notice", "rollout-failed", "rollout"), Anybody())
    lanes = Lanes(types, 2, partial(receiver_of, on_failure=policy))
    taken = [claimed(lanes) for _ in range(2)]
    assert [one.job_type for one in taken if one] == ["notice", second]


def test_a_type_has_all_workers_but_one() -> None:
    lanes = Lanes(dict.fromkeys(("a", "b"), Anybody()), 3)
    taken = [claimed(lanes) for _ in range(3)]
    assert [one.job_type for one in taken if one] == ["a", "a", "b"]
    assert taken[0] is not None
    lanes.leave(taken[0])
    again = claimed(lanes)
    assert again is not None
    assert again.job_type == "a"
