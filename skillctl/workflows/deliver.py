"""Deliver: due jobs of a release → one attempt each; done, again later, or dead."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from threading import Lock

from msgspec import Struct

from skillctl.domain.delivery import Attempt, Delivered, Job, Later, Undeliverable, delay, receiver_of
from skillctl.errors import StoreRefused
from skillctl.workflows.store_ports import Destination, Production, Queue

#: Keeps the lease of a job while the block runs.
Pulse = Callable[[Job, str], AbstractContextManager[object]]


class Delivery(Struct, frozen=True):
    """One attempt, and the status of its job afterwards.

    `completed`, `queued` again, `postponed` without a failure, `failed` for ever, or `lost`: the lease ended before the
    outcome was told, so the job is another worker's now and may be delivered twice.
    """

    job: Job
    attempt: Attempt
    status: str


class Drained(Struct, frozen=True):
    """What one run did; `waiting` are due jobs by type that have no destination, `dead` the dead letters by type."""

    deliveries: tuple[Delivery, ...]
    waiting: Mapping[str, int]
    dead: Mapping[str, int]

    @property
    def is_done(self) -> bool:
        """Whether everything that was due has arrived, or goes its way."""
        return not self.waiting and all(_is_well(one) for one in self.deliveries)


class Lanes:
    """Which types of jobs a worker may take, of several that work at once.

    A receiver has all of them but one at most, so that one that hangs holds up no other.
    """

    def __init__(
        self, destinations: Mapping[str, Destination], workers: int, receiver: Callable[[str], str] = receiver_of
    ) -> None:
        self.destinations, self._receiver = destinations, receiver
        receivers = {receiver(kind) for kind in destinations}
        self._most = workers if workers < 2 or len(receivers) < 2 else workers - 1
        self._busy: Counter[str] = Counter()
        self._lock = Lock()

    def claim(self, queue: Queue, worker: str) -> Job | None:
        """The next due job of a type that is not everywhere yet."""
        with self._lock:
            free = [kind for kind in self.destinations if self._busy[self._receiver(kind)] < self._most]
            job = queue.claim(worker, free)
            if job is not None:
                self._busy[self._receiver(job.job_type)] += 1
        return job

    def leave(self, job: Job) -> None:
        """The job is over."""
        with self._lock:
            self._busy[self._receiver(job.job_type)] -= 1


def drain(
    production: Production,
    destinations: Mapping[str, Destination],
    worker: str,
    told: Callable[[Delivery], None] = lambda _delivery: None,
) -> Drained:
    """Attempt every job that is due now, each once; a failing destination holds up no other.

    `destinations` is by job type; a job for which there is none is not touched, so it loses no attempt by a missing
    setting.
    """
    deliveries: list[Delivery] = []
    lanes, tried = Lanes(destinations, 1), set[str]()
    while (job := lanes.claim(production, worker)) is not None:
        if job.id in tried:
            # Due again already: the oldest are taken first, so all others have had their turn.
            production.postpone(job, worker, 1, {})
            break
        tried.add(job.id)
        delivery = attempt(production, lanes, job, worker)
        told(delivery)
        deliveries.append(delivery)
    left = production.backlog()
    waiting = {kind: count for kind, count in left.due.items() if kind not in destinations}
    return Drained(tuple(deliveries), waiting, left.dead)


def _is_well(one: Delivery) -> bool:
    if isinstance(one.attempt, Later):
        return one.status == "postponed" and one.attempt.reason is None
    return one.status == "completed"


def attempt(
    queue: Queue, lanes: Lanes, job: Job, worker: str, pulse: Pulse = lambda _job, _worker: nullcontext()
) -> Delivery:
    """One attempt at a claimed job, under its lease, and its outcome told."""
    try:
        with pulse(job, worker):
            outcome = lanes.destinations[job.job_type].deliver(job)
    finally:
        lanes.leave(job)
    try:
        return Delivery(job, outcome, _tell(queue, job, worker, outcome))
    except StoreRefused as refusal:
        if refusal.name != "lease-lost":
            raise
        return Delivery(job, outcome, "lost")


def _tell(queue: Queue, job: Job, worker: str, outcome: Attempt) -> str:
    if isinstance(outcome, Delivered):
        queue.complete(job, worker, outcome.receipt)
        return "completed"
    if isinstance(outcome, Later):
        queue.postpone(job, worker, outcome.after, outcome.receipt)
        return "postponed"
    if isinstance(outcome, Undeliverable):
        return queue.fail(job, worker, outcome.reason, retry_in=None)
    chance = random.random()  # noqa: S311 - it spreads attempts and keeps no secret
    return queue.fail(job, worker, outcome.reason, retry_in=delay(job.attempt, outcome.after, chance))
