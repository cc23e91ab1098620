"""Aids: what makes judging faster, and changes no judgement."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct

from skillctl.workflows.ports import OfferMemory

S = TypeVar("S")
T = TypeVar("T")


class Parts(Protocol):
    """Does the same for parts of many things, at the same time where that is faster."""

    def __call__(self, work: Callable[[Sequence[S]], T], items: Sequence[S]) -> Iterable[T]:
        """The results, in the order of the parts."""
        ...


class Meanwhile(Protocol):
    """Does a work while other things are done, where it can."""

    def __call__(self, work: Callable[[], T]) -> Callable[[], T]:
        """What waits for its result."""
        ...


def in_turn(work: Callable[[S], T], items: Sequence[S]) -> Iterator[T]:
    """The same for many things, one after the other."""
    return map(work, items)


def as_one(work: Callable[[Sequence[S]], T], items: Sequence[S]) -> Iterable[T]:
    """All things are one part."""
    return [work(items)]


def later(work: Callable[[], T]) -> Callable[[], T]:
    """The work is done when its result is asked for."""
    return work


class Aids(Struct, frozen=True):
    """What is known of skills by the objects of their folders, what judges many at once, and what is done meanwhile."""

    memory: OfferMemory | None = None
    parts: Parts = as_one
    meanwhile: Meanwhile = later
