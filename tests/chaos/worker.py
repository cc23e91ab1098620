"""One worker of the queue: `python -m tests.chaos.worker DATABASE RECEIVER LEASE`, until SIGTERM or worse.

It is `jobs work` with a lease of seconds, whose one destination sends the job's key to the receiver.
"""

import os
import sys
from functools import partial

import httpx

from skillctl.adapters.heartbeat import Heartbeat
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.production_jobs import ProductionJobs
from skillctl.adapters.stop import Stop
from skillctl.domain.delivery import Attempt, Delivered, Job, Retry
from skillctl.workflows.deliver import Lanes
from skillctl.workflows.work import Told, work


class Receiver:
    """Somebody who is told the key of each job."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(timeout=30)
        self._url = url

    def deliver(self, job: Job) -> Attempt:
        """One attempt."""
        try:
            self._client.post(self._url, headers={"webhook-id": job.key}).raise_for_status()
        except httpx.HTTPError as problem:
            return Retry(str(problem))
        return Delivered({})


class Opened(PostgresTransport):
    """A line whose `with` gives the jobs behind it."""

    def __init__(self, url: str, lease: int) -> None:
        super().__init__(url)
        self.jobs = ProductionJobs(self, lease)

    def __enter__(self) -> ProductionJobs:  # type: ignore[override]
        return self.jobs


def main() -> None:
    """Work until a signal."""
    url, receiver, lease = sys.argv[1], sys.argv[2], int(sys.argv[3])
    stop = Stop()
    lanes = Lanes({"rollout": Receiver(receiver)}, 1)
    pulse = Heartbeat(partial(Opened, url, lease), lease / 3)
    told = Told(lambda _delivery: None, lambda _problem: None)
    with stop.on_signals(), Opened(url, lease) as queue:
        stop.run([partial(work, queue, lanes, f"w{os.getpid()}", pulse, stop, told)])
    sys.exit(stop.code)


if __name__ == "__main__":
    main()
