"""What rollouts are wired of: n8n's webhook and its API, and what production knows of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from skillctl import wiring
from skillctl.domain.rollout import FAILED, FOLLOW, TRIGGER

if TYPE_CHECKING:
    from skillctl.adapters.n8n_api import N8nApi
    from skillctl.adapters.production_rollouts import ProductionRollouts
    from skillctl.settings import Target
    from skillctl.workflows.store_ports import Destination


@contextmanager
def rollouts(target: "Target") -> "Iterator[ProductionRollouts]":
    """How rollouts stand in the production of an environment."""
    from skillctl.adapters.production_rollouts import ProductionRollouts

    with wiring.transport(target) as connected:
        yield ProductionRollouts(connected)


def rollout_destinations(target: "Target", notices: "Destination | None") -> "dict[str, Destination]":
    """Where the jobs of rollouts go, by type; each takes a connection of its own for as long as it needs it."""
    from skillctl.adapters.clock import SystemClock
    from skillctl.adapters.n8n import N8n
    from skillctl.domain.release_payload import Origin
    from skillctl.workflows.rollout import Follow, Trigger
    from skillctl.workflows.rollout_failed import ACTOR, HoldIt, TellIt

    environment, opening = target.environment, partial(rollouts, target)
    found: dict[str, Destination] = {}
    api = _api(target)
    if target.n8n_url and target.n8n_secret:
        hook = N8n(target.n8n_url, target.n8n_secret, SystemClock().unix, _acknowledge_url(target))
        found[TRIGGER] = Trigger(hook, partial(api.look_up, ours=hook) if api else None, opening)
    if api:
        found[FOLLOW] = Follow(api.run, opening)
    if environment.on_rollout_failed == "hold":
        origin = Origin(target.name, environment.destinations, ACTOR, wiring.TOOL)
        found[FAILED] = HoldIt(partial(wiring.production, target), opening, origin)
    elif notices is not None or environment.mattermost is None:
        found[FAILED] = TellIt(notices)
    return found


def _api(target: "Target") -> "N8nApi | None":
    if not target.n8n_key or not (target.n8n_api or target.n8n_url):
        return None
    from skillctl.adapters.clock import SystemClock
    from skillctl.adapters.n8n_api import N8nApi, origin_of

    return N8nApi(target.n8n_api or origin_of(target.n8n_url or ""), target.n8n_key, SystemClock().unix)


def _acknowledge_url(target: "Target") -> str | None:
    """Where n8n says how a rollout ended; None where production has no address that it could call."""
    return f"{target.supabase_url.rstrip('/')}/rest/v1/rpc/acknowledge_rollout" if target.supabase_url else None
