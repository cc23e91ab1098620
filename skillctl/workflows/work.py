"""Work: due jobs as they come, until somebody says stop; production may be away for a while."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from skillctl.domain.delivery import pause
from skillctl.errors import NotMigrated, Unreachable
from skillctl.workflows.deliver import Delivery, Lanes, Pulse, attempt
from skillctl.workflows.store_ports import Queue


class Rest(Protocol):
    """How a worker waits, and learns that it is to stop."""

    @property
    def is_over(self) -> bool:
        """Whether it is to stop; the job at hand is finished."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is to stop."""
        ...


class Told(Struct, frozen=True):
    """Whom a worker tells what: each attempt, and production's going and coming back (None)."""

    delivery: Callable[[Delivery], None]
    trouble: Callable[[Unreachable | None], None]


def work(queue: Queue, lanes: Lanes, worker: str, pulse: Pulse, rest: Rest, told: Told) -> None:
    """Claim, deliver and tell, job after job, until `rest` is over.

    Between questions in vain it waits longer and longer. Where production is away it says so once, and goes on asking;
    an outcome that could not be told is another attempt's to find out: the lease ends, the key stays the same.
    """
    asked = 0
    is_away = False
    while not rest.is_over:
        try:
            job = lanes.claim(queue, worker)
            delivery = attempt(queue, lanes, job, worker, pulse) if job is not None else None
        except NotMigrated:
            # Nobody waits for that to pass by itself.
            raise
        except Unreachable as problem:
            if not is_away:
                told.trouble(problem)
            is_away, delivery = True, None
        else:
            if is_away:
                told.trouble(None)
            is_away = False
        if delivery is None:
            asked += 1
            rest.wait(pause(asked))
        else:
            asked = 0
            told.delivery(delivery)
