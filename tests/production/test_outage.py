"""Receivers that are away for an hour: the others go on being served, and what waited arrives when they are back.

The hour is not waited for: between the attempts, what waits is moved back by as much as it has to wait.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from skillctl.adapters import webhook
from skillctl.adapters.heartbeat import Heartbeat
from skillctl.adapters.stop import Stop
from skillctl.domain.delivery import Attempt, Delivered, Job, Retry, Undeliverable
from skillctl.workflows.deliver import Delivery, Lanes
from skillctl.workflows.work import Told, work
from tests.chaos.worker import Opened
from tests.production.conftest import Database
from tests.production.receiving import Server, reset, said, serving
from tests.shop import Shop

HOUR = 3600
BAD = ("hangs", "resets", "fails")
REASONS = {
    "hangs": "no answer: RemoteProtocolError", "resets": "no answer: ReadError", "fails": "the server answered 500",
}  # fmt: skip
WORKERS = 2
#: Seconds in which a delivery that nothing holds up must have arrived, on a machine that is busy with others.
SOON = 20


class Keyed:
    """A webhook that is told the key of each job."""

    def __init__(self, url: str) -> None:
        self._url = url

    def deliver(self, job: Job) -> Attempt:
        answer = webhook.post(self._url, b"{}", {"webhook-id": job.key})
        return answer if isinstance(answer, Retry | Undeliverable) else Delivered({})


class Impatient(Stop):
    """What waits is due by the test's doing, and not by the clock: workers ask all the time."""

    def wait(self, seconds: float) -> None:
        super().wait(min(seconds, 0.02))


class Outage:
    """Workers, one receiver that is well, and three that are not until somebody says so."""

    def __init__(self, database: Database) -> None:
        self.database, self.gone, self.healthy = database, 0.0, 0
        self.is_back, self.let_go = threading.Event(), threading.Event()
        self.arrived: Counter[str] = Counter()
        self.servers: dict[str, Server] = {}
        self.stop = Impatient()
        self.delivered: list[Delivery] = []

    def answer(self, kind: str, handler: BaseHTTPRequestHandler) -> None:
        """As the receiver of this type of job answers now."""
        if kind not in BAD or self.is_back.is_set():
            self.arrived[handler.headers["webhook-id"]] += 1
            said(handler, b"{}")
        elif kind == "hangs":
            self.let_go.wait(SOON)
        elif kind == "resets":
            reset(handler)
        else:
            said(handler, b"{}", 500)

    def work(self) -> None:
        """All workers, until the test is over."""
        url = self.database.owner_url
        lanes = Lanes({kind: Keyed(server.url) for kind, server in self.servers.items()}, WORKERS)
        pulse = Heartbeat(lambda: Opened(url, 60), 20)
        told = Told(self.delivered.append, lambda _problem: None)

        def one(number: int) -> None:
            with Opened(url, 60) as queue:
                work(queue, lanes, f"w{number}", pulse, self.stop, told)

        self.stop.run([partial(one, number) for number in range(WORKERS)])

    def queued(self, kind: str, key: str) -> None:
        """A job of this type, due at once."""
        self.database.run(
            "insert into mcp_jobs.jobs (source, job_type, idempotency_key) values ('skillctl', %s, %s)", kind, key
        )

    def waits(self) -> list[float]:
        """How long each job has to wait yet."""
        rows = self.database.run(
            "select extract(epoch from run_at - now())::float from mcp_jobs.jobs where status = 'queued'"
        )
        return [seconds for (seconds,) in rows]

    def passes(self, seconds: float) -> None:
        """So much time, without waiting for it."""
        self.gone += seconds
        self.database.run(
            "update mcp_jobs.jobs set run_at = run_at - %s * interval '1 second',"
            " lease_until = lease_until - %s * interval '1 second' where status = 'queued'",
            seconds, seconds,
        )  # fmt: skip

    def attempted(self) -> None:
        """Returns when each bad receiver was asked; meanwhile what goes to the one that is well has arrived."""
        for kind in BAD:
            assert self.servers[kind].came.get(timeout=SOON) == f"release:{kind}"
        self.healthy += 1
        self.queued("well", f"release-{self.healthy}:well")
        # One still hangs, and holds its worker.
        assert self.servers["well"].came.get(timeout=SOON) == f"release-{self.healthy}:well"
        self.let_go.set()
        self.settled()
        self.let_go.clear()

    def settled(self) -> None:
        """Returns when no job is due or being done."""
        left = "select count(*) from mcp_jobs.jobs where status = 'processing' or status = 'queued' and run_at <= now()"
        pause = threading.Event()
        for _ in range(SOON * 50):
            if self.database.value(left) == 0:
                return
            pause.wait(0.02)
        raise AssertionError(self.jobs())

    def jobs(self) -> dict[str, tuple[str, int]]:
        """The status and the attempts of each job that goes to a bad receiver."""
        rows = self.database.run(
            "select job_type, status, attempts from mcp_jobs.jobs where job_type = any (%s)", list(BAD)
        )
        return {kind: (status, attempts) for kind, status, attempts in rows}


@pytest.fixture
def outage(direct: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    # The attempts lie as close together as chance may lay them: they run out the soonest.
    monkeypatch.setattr("skillctl.workflows.deliver.random.random", lambda: 0.0)
    outage = Outage(direct)
    with _served(outage):
        for kind in BAD:
            outage.queued(kind, f"release:{kind}")
        thread = threading.Thread(target=outage.work)
        thread.start()
        try:
            yield outage
        finally:
            outage.stop.say()
            outage.is_back.set()
            outage.let_go.set()
            thread.join()


@contextmanager
def _served(outage: Outage, *kinds: str) -> Iterator[None]:
    left = [kind for kind in (*BAD, "well") if kind not in kinds]
    if not left:
        yield
        return
    with serving(lambda handler: outage.answer(left[0], handler)) as server, _served(outage, *kinds, left[0]):
        outage.servers[left[0]] = server
        yield


def test_an_hour_is_outlived_and_what_is_well_is_served_all_the_time(outage: Outage) -> None:
    outage.attempted()
    while outage.gone + max(outage.waits()) < HOUR:
        outage.passes(max(outage.waits()))
        outage.attempted()
    assert {status for status, _ in outage.jobs().values()} == {"queued"}
    outage.is_back.set()
    outage.passes(max(outage.waits()))
    outage.settled()
    assert {status for status, _ in outage.jobs().values()} == {"completed"}
    assert outage.database.value("select count(*) from mcp_jobs.dead_letter_queue") == 0
    # Each once, under the key that it had at every attempt.
    assert outage.arrived == Counter(
        [f"release:{kind}" for kind in BAD] + [f"release-{number}:well" for number in range(1, outage.healthy + 1)]
    )
    assert outage.healthy > 3


def test_what_an_outage_outlives_is_a_dead_letter_that_a_person_brings_back(outage: Outage, tmp_path: Path) -> None:
    outage.attempted()
    while waits := outage.waits():
        outage.passes(max(waits))
        outage.attempted()
    assert outage.gone > HOUR
    assert {status for status, _ in outage.jobs().values()} == {"failed"}
    shop = Shop.opened(tmp_path / "shop")
    letters = shop.skillctl("jobs", "dead").data["dead"]
    assert {one["job_type"]: one["error"] for one in letters} == REASONS
    outage.is_back.set()
    for one in letters:
        assert shop.skillctl("jobs", "retry", one["job_id"]).exit_code == 0
    outage.settled()
    assert {status for status, _ in outage.jobs().values()} == {"completed"}
    assert shop.skillctl("jobs", "dead").data["dead"] == []
    assert {key: count for key, count in outage.arrived.items() if not key.endswith("well")} == {
        f"release:{kind}": 1 for kind in BAD
    }
