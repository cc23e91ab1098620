"""Wiring of workers that go on until they are stopped."""

from functools import partial
from typing import TYPE_CHECKING

from skillctl.wiring import destinations, production, worker

if TYPE_CHECKING:
    from skillctl.settings import Target
    from skillctl.workflows.work import Told


def work(target: "Target", workers: int, told: "Told") -> int:
    """Deliver as jobs come, so many at once, until a signal; the exit code that the signal asks for."""
    from skillctl.adapters.heartbeat import Heartbeat
    from skillctl.adapters.production_jobs import LEASE_SECONDS
    from skillctl.adapters.stop import Stop
    from skillctl.domain.delivery import receiver_of
    from skillctl.workflows.deliver import Lanes
    from skillctl.workflows.work import work

    stop = Stop()
    receiver = partial(receiver_of, on_failure=target.environment.on_rollout_failed)
    lanes = Lanes(destinations(target), workers, receiver)
    pulse = Heartbeat(partial(production, target), LEASE_SECONDS / 3)

    def one(number: int) -> None:
        # A line to production is one thread's.
        with production(target) as queue:
            work(queue, lanes, f"{worker()}:{number}", pulse, stop, told)

    with stop.on_signals():
        stop.run([partial(one, number) for number in range(1, workers + 1)])
    return stop.code
