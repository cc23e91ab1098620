"""Work on this machine, in threads: what is waited for is another process, or somebody on the network."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


class Threads:
    """Does so many pieces of work at the same time."""

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency

    def __call__(self, work: Callable[[S], T], items: Sequence[S]) -> Iterator[T]:
        """Each result as soon as it is there; who leaves early waits for nothing, and no more is begun."""
        pool = ThreadPoolExecutor(self._concurrency)
        try:
            for done in as_completed([pool.submit(work, item) for item in items]):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
