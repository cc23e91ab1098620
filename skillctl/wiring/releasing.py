"""What releases is wired of: a court that judges commits, and the production that they go to."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from skillctl import settings, wiring
from skillctl.domain.release_payload import Origin
from skillctl.wiring.judging import court
from skillctl.workflows.announce import announced

if TYPE_CHECKING:
    from skillctl.adapters.production_catalogue import Memory, ProductionCatalogue
    from skillctl.settings import Target
    from skillctl.workflows.gate import Court


@contextmanager
def releasing(wired: wiring.Wiring, env: str) -> "Iterator[tuple[Court, ProductionCatalogue]]":
    """The court of the repository and the production of an environment."""
    target = wired.target(env)
    with wiring.production(target, _memory(wired, target)) as production:
        yield court(wired), production


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
