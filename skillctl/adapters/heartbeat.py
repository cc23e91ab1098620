"""A worker's sign of life: while a job is being done, its lease is made longer, over a line of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from skillctl.errors import SkillctlError, StoreRefused

if TYPE_CHECKING:
    from skillctl.adapters.production_jobs import ProductionJobs
    from skillctl.domain.delivery import Job


class Heartbeat:
    """Beats every so many seconds, a third of a lease: two may fail before the job is another's."""

    def __init__(self, opened: "Callable[[], AbstractContextManager[ProductionJobs]]", every: float) -> None:
        self._opened, self._every = opened, every

    @contextmanager
    def __call__(self, job: "Job", worker: str) -> Iterator[None]:
        """Keeps the job while the block runs; most jobs are over before the first beat."""
        is_over = Event()

        def beat() -> None:
            while not is_over.wait(self._every):
                try:
                    with self._opened() as jobs:
                        jobs.extend(job, worker)
                except StoreRefused:
                    # Cancelled, or another's already: the answer will be refused as well.
                    return
                except SkillctlError:
                    continue

        beating = Thread(target=beat, name="heartbeat", daemon=True)
        beating.start()
        try:
            yield
        finally:
            is_over.set()
            beating.join()
