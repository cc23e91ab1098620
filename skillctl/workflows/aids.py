"""Aids: what makes judging faster, and changes no judgement."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from skillctl.workflows.ports import OfferMemory

S = TypeVar("S")
T = TypeVar("T")


class Parts(Protocol):
    """Does the same for parts of many things, at the same time where that is faster."""

    def __call__(self, work: Callable[[Sequence[S]], T], items: Sequence[S]) -> Iterable[T]:
        """The results, in the order of the parts."""
        ...


def in_turn(work: Callable[[S], T], items: Sequence[S]) -> Iterator[T]:
    """The same for many things, one after the other."""
    return map(work, items)


def as_one(work: Callable[[Sequence[S]], T], items: Sequence[S]) -> Iterable[T]:
    """All things are one part."""
    return [work(items)]


@dataclass(frozen=True)
class Aids:
    """What is known of skills by the objects of their folders, and what judges many at once."""

    memory: OfferMemory | None = None
    parts: Parts = as_one
