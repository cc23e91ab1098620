"""What judges changes is wired of."""

from collections.abc import Callable

from skillctl import settings
from skillctl.adapters.offer_cache import OfferCache
from skillctl.adapters.scripts import ScriptRunner
from skillctl.adapters.tool_key import tool_key
from skillctl.domain.selection import Offer
from skillctl.domain.tree import POLICY_FILE
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.workflows.court import Court
from skillctl.workflows.offering import offers
from skillctl.workflows.read import read_policy


def court(wired: Wiring) -> Court:
    """What judges changes, from Git alone."""
    repository = wired.repository()
    # Asked for its name alone: the gate starts nothing.
    return Court(repository, wired.signatures(), ScriptRunner.runner, offers_in(wired))


def offers_in(wired: Wiring) -> Callable[[str], list[Offer]]:
    """What gives all that can be selected from a tree, of which only what is new is read."""
    memory = None if settings.in_ci() else OfferCache(wired.own_state(), tool_key())
    return lambda tree: offers(wired.repository(), tree, memory)


def keep_production_away(wired: Wiring, *revisions: str) -> None:
    """UsageError where a variable of a production of these revisions is set: code of a change is about to run."""
    repository = wired.repository()
    trees = [repository.tree(repository.resolve(revision)) for revision in revisions]
    policies = [read_policy(tree.read(tree.files(POLICY_FILE)))[0] for tree in trees]
    found = sorted({name for policy in policies for name in settings.production_variables(policy)})
    if found:
        message = f"`--rerun` runs code of a change, and must not do so beside production: `{'`, `'.join(found)}`"
        raise UsageError(f"{message} is set", hint="run it in a job of its own, without secrets")
