"""What releases is wired of: a court that judges commits, and the production that they go to."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from skillctl import settings, wiring
from skillctl.domain.release_payload import Origin
from skillctl.wiring.judging import court
from skillctl.workflows.aids import Aids
from skillctl.workflows.announce import announced

if TYPE_CHECKING:
    from skillctl.adapters.production_catalogue import Memory, ProductionCatalogue
    from skillctl.settings import Target
    from skillctl.workflows.court import Court

S = TypeVar("S")
T = TypeVar("T")


@contextmanager
def releasing(wired: wiring.Wiring, env: str) -> "Iterator[tuple[Court, ProductionCatalogue]]":
    """The court of the repository, with all that makes it faster, and the production of an environment."""
    target = wired.target(env)
    with wiring.production(target, _memory(wired, target)) as production:
        yield replace(court(wired), aids=_aids(wired)), production


def _aids(wired: wiring.Wiring) -> Aids:
    from skillctl.adapters.offer_cache import RELEASED, OfferCache
    from skillctl.adapters.tool_key import tool_key

    # In CI everything is read.
    memory = None if settings.in_ci() else OfferCache(wired.own_state(), tool_key(), RELEASED)
    return Aids(memory, _in_processes, _in_a_thread)


def _in_processes(work: Callable[[Sequence[S]], T], items: Sequence[S]) -> Iterable[T]:
    """The results for parts of the items, each made in a process of its own."""
    from skillctl.adapters.side_by_side import FEWEST, in_parts

    return in_parts(lambda part: [work(part)], items, FEWEST)


def _in_a_thread(work: Callable[[], T]) -> Callable[[], T]:
    """What waits for the result; whoever never asks for it leaves without it."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as problem:
            done.set_exception(problem)

    Thread(target=run, name="meanwhile", daemon=True).start()
    return done.result


def origin(wired: wiring.Wiring, env: str) -> Origin:
    """Who acts in an environment, and who is told of it, as the folder's `skillctl.yaml` has it."""
    environment, repository = wired.target(env).environment, wired.repository()
    announce = partial(announced, repository, settings.policy_of(wired.root()), environment)
    return Origin(env, environment.destinations, repository.actor(), wiring.TOOL, announce)


def _memory(wired: wiring.Wiring, target: "Target") -> "Memory | None":
    """What was seen before; nothing in CI, where all is asked for."""
    if settings.in_ci():
        return None
    from skillctl.adapters.production_memory import ProductionMemory

    place = f"{target.name} {target.database_url or target.supabase_url}"
    return ProductionMemory(wired.own_state(), hashlib.sha256(place.encode()).hexdigest())
