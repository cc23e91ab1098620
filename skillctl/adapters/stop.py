"""Until somebody says stop: SIGTERM, or Ctrl-C at the terminal."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType


class Stop:
    """What workers wait on; `code` is what the process says when it ends: 130 after Ctrl-C, else 0."""

    def __init__(self) -> None:
        self._said, self.code = Event(), 0

    @property
    def is_over(self) -> bool:
        """Whether it was said."""
        return self._said.is_set()

    def wait(self, seconds: float) -> None:
        """So long, or until it is said."""
        self._said.wait(seconds)

    def say(self) -> None:
        """Stop."""
        self._said.set()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """The first signal is heard here; the second ends the process as it always does."""
        kept = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}

        def heard(number: int, _frame: FrameType | None) -> None:
            self.code = 130 if number == signal.SIGINT else 0
            for one, handler in kept.items():
                signal.signal(one, handler)
            self._said.set()

        for one in kept:
            signal.signal(one, heard)
        try:
            yield
        finally:
            for one, handler in kept.items():
                signal.signal(one, handler)

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """All of them at once, each in a thread; where one fails all stop, and the first failure is raised."""
        failures: list[BaseException] = []

        def run(task: Callable[[], None]) -> None:
            try:
                task()
            except BaseException as problem:
                failures.append(problem)
                self.say()

        threads = [Thread(target=run, args=[task], name=f"worker-{number}") for number, task in enumerate(tasks, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
