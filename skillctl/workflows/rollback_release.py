"""Rollback of a release: what it began to serve is no longer served, at once, and does not come back by a sync."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from skillctl.domain import notice
from skillctl.domain.production import Applied, Current
from skillctl.domain.release import Action
from skillctl.domain.release_payload import Body, HoldSet, Origin
from skillctl.domain.serving import Retirement, Serving
from skillctl.errors import StoreRefused, UsageError
from skillctl.workflows.acts import Edit, Edited, act, follow, holding, reasoned, trailers
from skillctl.workflows.landing import Landing
from skillctl.workflows.ports import Repository
from skillctl.workflows.revoke import OFFERED
from skillctl.workflows.store_ports import Production

_NO_WAY_BACK = {
    "rebuild": "it filled an empty production, so nothing was before it",
    "revoke": "a revoked version never comes back",
    "rollback": "end its hold instead: `skillctl hold release NAME --reason …`, then `skillctl sync`",
    "hold": "end it instead: `skillctl hold release NAME --reason …`",
    "unhold": "set it again: `skillctl hold set NAME --reason …`",
}


class Step(Struct, frozen=True):
    """One skill that goes back: `version` is what the release brought, `serving` what is served in its place."""

    skill: str
    version: str
    digest: str
    serving: str | None


class RolledBackRelease(Struct, frozen=True):
    """The release that was undone, what goes back, and why the other skills of it do not."""

    release: str
    steps: Sequence[Step]
    left: Mapping[str, str]
    applied: Applied
    edited: Edited


def rollback_release(
    repository: Repository, production: Production, origin: Origin, release: str, reason: str, landing: Landing
) -> RolledBackRelease:
    """Serve again what was served before a release, named by the beginning of its id, and hold that.

    UsageError where it is no release, or of a kind that has no way back; StoreRefused where nothing is left of it.
    """
    why, current = reasoned(reason), holding(production)
    effect = _effect(production, release)
    left: dict[str, str] = {}
    steps = list(_steps(effect["skills"], left))
    if not steps:
        told = "; ".join(f"{skill}: {reason}" for skill, reason in left.items())
        message = f"nothing that release {effect['release'][:8]} served is served still ({told})"
        raise StoreRefused("nothing-to-roll-back", message, hint="look at `skillctl plan`, or name another release")
    applied = act(production, _body(current, steps, why), current, origin)
    edits = {step.skill: _edit(step, why) for step in steps}
    message = f"roll back release {effect['release']}\n\n{why}\n\n"
    message += trailers([f"{step.skill}@{step.serving or step.version}" for step in steps])
    edited = follow(repository, edits, message, landing)
    return RolledBackRelease(effect["release"], steps, left, applied, edited)


def _effect(production: Production, release: str) -> Mapping[str, Any]:
    effect = production.effect(release)
    if effect is None:
        newest = [f"{one['release'][:8]} ({one['kind']}, {one['applied_at'][:10]})" for one in production.releases(5)]
        hint = f"the newest are {', '.join(newest) or 'none'}"
        raise UsageError(f"`{release}` is not the beginning of one release's id", hint=hint)
    if effect["kind"] in _NO_WAY_BACK:
        message = f"release {effect['release'][:8]} is a {effect['kind']}, which is not rolled back"
        raise UsageError(message, hint=_NO_WAY_BACK[effect["kind"]])
    return effect


def _steps(skills: Sequence[Mapping[str, Any]], left: dict[str, str]) -> Iterator[Step]:
    """What goes back; `left` is told why the others do not."""
    for one in skills:
        skill, brought, before = one["skill"], one["serving"], one["before"]
        if one["now"] != brought:
            left[skill] = f"{one['now'] or 'nothing'} is served by now"
        elif brought is None or before == brought:
            left[skill] = "it changed a state or a notice, not what is served"
        else:
            yield Step(skill, brought, one["digest"], before if one["before_state"] in OFFERED else None)


def _body(current: Current, steps: Sequence[Step], reason: str) -> Body:
    changes: list[dict[str, Any]] = [
        {
            "skill": step.skill,
            "action": "rollback",
            "version": step.serving or step.version,
            "serving": step.serving,
            "publish": [],
            "states": {},
            "promotions": [],
        }
        for step in steps
    ]
    rows = [
        notice.row(step.skill, step.version, Action.ROLLBACK, "approved", "approved", step.digest, step.serving)
        for step in steps
    ]
    holds = [HoldSet(step.skill, "rollback", (step.digest,)) for step in steps]
    return Body("rollback", current.commit or "", changes, rows, reason, holds=holds)


def _edit(step: Step, reason: str) -> Edit:
    def edit(offered: Serving) -> Serving:
        if step.serving is not None:
            return offered.offers(step.serving)
        return offered.withdraws(step.version, Retirement(reason=reason))

    return edit
