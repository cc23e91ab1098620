"""Deliver: due jobs of a release → one attempt each; done, again later, or dead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from skillctl.domain.delivery import Attempt, Delivered, Job, Later, Undeliverable, delay
from skillctl.errors import StoreRefused
from skillctl.workflows.store_ports import Destination, Production


@dataclass(frozen=True)
class Delivery:
    """One attempt, and the status of its job afterwards.

    `completed`, `queued` again, `postponed` without a failure, `failed` for ever, or `lost`: the lease ended before the
    outcome was told, so the job is another worker's now and may be delivered twice.
    """

    job: Job
    attempt: Attempt
    status: str


@dataclass(frozen=True)
class Drained:
    """What one run did; `waiting` are due jobs by type that have no destination, `dead` the dead letters by type."""

    deliveries: tuple[Delivery, ...]
    waiting: Mapping[str, int]
    dead: Mapping[str, int]

    @property
    def is_done(self) -> bool:
        """Whether everything that was due has arrived, or goes its way."""
        return not self.waiting and all(_is_well(one) for one in self.deliveries)


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
    deliveries = []
    while (job := production.claim(worker, destinations)) is not None:
        delivery = _attempt(production, destinations[job.job_type], job, worker)
        told(delivery)
        deliveries.append(delivery)
    left = production.backlog()
    waiting = {kind: count for kind, count in left.due.items() if kind not in destinations}
    return Drained(tuple(deliveries), waiting, left.dead)


def _is_well(one: Delivery) -> bool:
    if isinstance(one.attempt, Later):
        return one.status == "postponed" and one.attempt.reason is None
    return one.status == "completed"


def _attempt(production: Production, destination: Destination, job: Job, worker: str) -> Delivery:
    attempt = destination.deliver(job)
    try:
        return Delivery(job, attempt, _tell(production, job, worker, attempt))
    except StoreRefused as refusal:
        if refusal.name != "lease-lost":
            raise
        return Delivery(job, attempt, "lost")


def _tell(production: Production, job: Job, worker: str, attempt: Attempt) -> str:
    if isinstance(attempt, Delivered):
        production.complete(job, worker, attempt.receipt)
        return "completed"
    if isinstance(attempt, Later):
        production.postpone(job, worker, attempt.after, attempt.receipt)
        return "postponed"
    retry_in = None if isinstance(attempt, Undeliverable) else delay(job.attempt, attempt.after)
    return production.fail(job, worker, attempt.reason, retry_in=retry_in)
