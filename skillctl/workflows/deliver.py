"""Deliver: due jobs of a release → one attempt each; done, again later, or dead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from skillctl.domain.delivery import Attempt, Delivered, Job, Retry, Undeliverable, delay
from skillctl.workflows.ports import Destination, Production


@dataclass(frozen=True)
class Delivery:
    """One attempt, and the status of its job afterwards (`completed`, `queued` again, or `failed`)."""

    job: Job
    attempt: Attempt
    status: str


def drain(
    production: Production,
    destinations: Mapping[str, Destination],
    worker: str,
    told: Callable[[Delivery], None] = lambda _delivery: None,
) -> list[Delivery]:
    """Attempt every job that is due now, each once; a failing destination holds up no other.

    `destinations` is by job type; a job for which there is none is put back, so nothing is lost by a missing setting.
    """
    deliveries = []
    while (job := production.claim(worker)) is not None:
        delivery = _attempt(production, destinations.get(job.job_type), job, worker)
        told(delivery)
        deliveries.append(delivery)
    return deliveries


def _attempt(production: Production, destination: Destination | None, job: Job, worker: str) -> Delivery:
    if destination is None:
        attempt: Attempt = Retry(f"no destination is configured for `{job.job_type}` jobs")
    else:
        attempt = destination.deliver(job)
    if isinstance(attempt, Delivered):
        production.complete(job, worker, attempt.receipt)
        return Delivery(job, attempt, "completed")
    retry_in = None if isinstance(attempt, Undeliverable) else delay(job.attempt, attempt.after)
    return Delivery(job, attempt, production.fail(job, worker, attempt.reason, retry_in=retry_in))
