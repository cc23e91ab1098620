"""Revoke: content of a version is forbidden in production, at once and for ever."""

from msgspec import Struct

from skillctl.domain import notice
from skillctl.domain import version as versions
from skillctl.domain.production import Applied, Current, SkillState
from skillctl.domain.release import Action
from skillctl.domain.release_payload import Body, Origin
from skillctl.domain.serving import Retirement, Serving
from skillctl.errors import UsageError
from skillctl.workflows.acts import Edited, act, follow, held_skill, holding, trailers
from skillctl.workflows.landing import Landing
from skillctl.workflows.ports import Repository
from skillctl.workflows.store_ports import Production

OFFERED = ("approved", "deprecated")


class Revoked(Struct, frozen=True):
    """The version that is revoked now, and what production serves of its skill after and before."""

    skill: str
    version: str
    serving: str | None
    was_serving: str | None
    applied: Applied
    edited: Edited


def revoke(
    repository: Repository,
    production: Production,
    origin: Origin,
    name: str,
    version: str,
    retirement: Retirement,
    serve: str | None,
    landing: Landing,
) -> Revoked:
    """Forbid a version that production holds, and serve `serve` in its place, else nothing.

    Run again it finishes the edit in Git. UsageError where production does not hold it, or cannot serve the other.
    """
    current = holding(production)
    state = current.skills[held_skill(current, name)]
    if version not in state.versions:
        known = ", ".join(versions.ordered(state.versions))
        raise UsageError(f"production does not hold {name}@{version}", hint=f"it holds {known}")
    serving = _serving(name, state, version, serve)
    if state.versions[version].state == "revoked":
        applied = Applied(None, current.head)
    else:
        body = _body(current, name, version, serving, retirement.reason)
        applied = act(production, body, current, origin)

    def edit(offered: Serving) -> Serving:
        return offered.revokes(version, retirement, serving)

    message = f"revoke {name} {version}\n\n{retirement.reason}\n\n{trailers([f'{name}@{version}'])}"
    return Revoked(name, version, serving, state.serving, applied, follow(repository, {name: edit}, message, landing))


def _serving(name: str, state: SkillState, version: str, serve: str | None) -> str | None:
    if serve is None:
        return None if state.serving == version else state.serving
    if serve == version or serve not in state.versions or state.versions[serve].state not in OFFERED:
        able = [one for one, known in state.versions.items() if one != version and known.state in OFFERED]
        hint = f"versions that can be served: {', '.join(versions.ordered(able)) or 'none'}"
        raise UsageError(f"{name}@{serve} cannot be served in its place", hint=hint)
    return serve


def _body(current: Current, name: str, version: str, serving: str | None, reason: str) -> Body:
    held = current.skills[name].versions[version]
    step = {
        "version": version,
        "action": "revoke",
        "from_status": held.state,
        "to_status": "revoked",
        "digest": held.digest,
        "evidence": None,
    }
    change = {
        "skill": name,
        "action": "revoke",
        "version": version,
        "serving": serving,
        "publish": [],
        "states": {version: {"state": "revoked", "notice": {"reason": reason}}},
        "promotions": [step],
    }
    row = notice.row(name, version, Action.REVOKE, held.state, "revoked", held.digest, serving)
    return Body("revoke", current.commit or "", [change], [row], reason)
