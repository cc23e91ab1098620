"""One function of production called for many chunks, over several connections where there are many of them."""

import gc
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import chain, islice
from threading import Lock
from typing import Any, Protocol, Self

#: Connections used at the same time: most of a call is waiting.
LANES = 2
#: Below so many chunks another connection takes longer to open than it saves.
_FEWEST = 4


class Caller(Protocol):
    """Calls one function of schema `mcp`, in one transaction."""

    def call(self, function: str, /, **arguments: Any) -> Any:
        """The function's answer as JSON data."""
        ...


class Transport(Caller, Protocol):
    """What calls them over connections of its own."""

    def another(self) -> Self:
        """One to the same place with connections of its own, for another thread."""
        ...

    def close(self) -> None:
        """Closes its connections."""
        ...


def call_each(transport: Transport, function: str, chunks: Iterator[Mapping[str, Any]]) -> list[Any]:
    """The answers for all chunks of arguments, in no order; where one call fails no more are begun."""
    first = list(islice(chunks, _FEWEST))
    if len(first) < _FEWEST:
        return [transport.call(function, **chunk) for chunk in first]
    queue = _Queue(chain(first, chunks))
    # What is in memory by now need not be looked through after each chunk.
    gc.freeze()
    with ExitStack() as stack:
        others = [stack.enter_context(closing(transport.another())) for _ in range(LANES - 1)]
        with ThreadPoolExecutor(LANES) as pool:
            parts = pool.map(lambda own: _lane(own, function, queue), (transport, *others))
            return [answer for part in parts for answer in part]


class _Queue:
    """Chunks taken one by one, so that never more are in memory than are on their way."""

    def __init__(self, chunks: Iterator[Mapping[str, Any]]) -> None:
        self._chunks, self._lock = chunks, Lock()

    def take(self) -> Mapping[str, Any] | None:
        with self._lock:
            return next(self._chunks, None)

    def end(self) -> None:
        with self._lock:
            self._chunks = iter(())


def _lane(transport: Transport, function: str, queue: _Queue) -> list[Any]:
    answers = []
    while (chunk := queue.take()) is not None:
        try:
            answers.append(transport.call(function, **chunk))
        except BaseException:
            queue.end()
            raise
        # A client of HTTP leaves circles behind that hold what was sent, which nobody else would look for soon.
        gc.collect(0)
    return answers
