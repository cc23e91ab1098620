"""Aids: what makes judging faster, and changes no judgement."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from skillctl.workflows.eval_ports import Executor
from skillctl.workflows.ports import OfferMemory

S = TypeVar("S")
T = TypeVar("T")


def in_turn(work: Callable[[S], T], items: Sequence[S]) -> Iterator[T]:
    """The same for many things, one after the other."""
    return map(work, items)


@dataclass(frozen=True)
class Aids:
    """What is known of skills by the objects of their folders, and what proves many things at once."""

    memory: OfferMemory | None = None
    each: Executor = in_turn
