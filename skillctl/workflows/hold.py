"""Hold: nothing of a skill changes in production until somebody releases it, with a reason."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from skillctl.domain import notice
from skillctl.domain.naming import known_skill
from skillctl.domain.production import Applied, Current, Hold
from skillctl.domain.release import Action
from skillctl.domain.release_payload import Body, HoldSet, Kind, Origin
from skillctl.errors import UsageError
from skillctl.workflows.acts import act, holding, reasoned
from skillctl.workflows.ports import Repository
from skillctl.workflows.store_ports import Production


class Held(Struct, frozen=True):
    """The skill with the version that it serves, and what was done."""

    skill: str
    serving: str | None
    applied: Applied


def set_hold(repository: Repository, production: Production, origin: Origin, name: str, reason: str) -> Held:
    """Stop a skill that production holds, or that the commit checked out has; its served version keeps serving."""
    why, current = reasoned(reason), holding(production)
    names = {*current.skills, *repository.tree(repository.head()).names("skills")}
    known_skill(name, sorted(names))
    body = _body("hold", Action.HOLD, current, name, why, holds=(HoldSet(name, "hold"),))
    return Held(name, _serving(current, name), act(production, body, current, origin))


def hold_all(production: Production, origin: Origin, names: Sequence[str], reason: str) -> Applied | None:
    """Stop these skills in one release; None where all of them are stopped already."""
    why, current = reasoned(reason), holding(production)
    stopped = {name for name, one in current.holds.items() if one.kind == "hold"}
    missing = [name for name in names if name not in stopped]
    if not missing:
        return None
    holds, rows = tuple(HoldSet(name, "hold") for name in missing), [_row(Action.HOLD, current, one) for one in missing]
    return act(production, Body("hold", current.commit or "", (), rows, why, holds=holds), current, origin)


def release_hold(production: Production, origin: Origin, name: str, reason: str) -> Held:
    """End the hold on a skill; the next sync changes it again. UsageError where it is not held."""
    why, current = reasoned(reason), holding(production)
    if name not in current.holds:
        held = ", ".join(f"`{one}`" for one in current.holds) or "no skill"
        raise UsageError(f"`{name}` is not held", hint=f"held is {held}: `skillctl hold list`")
    body = _body("unhold", Action.UNHOLD, current, name, why, lifts=(name,))
    return Held(name, _serving(current, name), act(production, body, current, origin))


def holds(production: Production) -> list[Hold]:
    """Every hold, by skill."""
    return list(production.current().holds.values())


def _body(
    kind: Kind,
    action: Action,
    current: Current,
    name: str,
    reason: str,
    holds: tuple[HoldSet, ...] = (),
    lifts: tuple[str, ...] = (),
) -> Body:
    row = _row(action, current, name)
    return Body(kind, current.commit or "", (), [row], reason, holds=holds, lifts=lifts)


def _row(action: Action, current: Current, name: str) -> dict[str, Any]:
    state, serving = current.skills.get(name), _serving(current, name)
    digest = (state.digest(serving) if state else None) or ""
    return notice.row(name, serving or "-", action, "approved", "approved", digest, serving)


def _serving(current: Current, name: str) -> str | None:
    return current.skills[name].serving if name in current.skills else None
