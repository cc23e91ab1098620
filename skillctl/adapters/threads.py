"""Work on this machine, in threads: what is waited for is another process, or somebody on the network."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


class Threads:
    """Does so many pieces of work at the same time."""

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency

    def __call__(self, work: Callable[[S], T], items: Sequence[S]) -> Generator[T, None, None]:
        """Each result as soon as it is there; who leaves early waits for nothing, and no more is begun."""
        pool = ThreadPoolExecutor(self._concurrency)
        # Less is locked for each result than by `as_completed`: some pieces of work take no longer than that.
        done: SimpleQueue[Future[T]] = SimpleQueue()
        try:
            for item in items:
                pool.submit(work, item).add_done_callback(done.put)
            for _ in items:
                yield done.get().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
