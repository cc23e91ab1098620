"""What a change does to environments: where skills are released from, and who is told."""

from collections.abc import Iterator

from skillctl.domain.environment import Environment, Mattermost, N8n
from skillctl.domain.policy import Policy
from skillctl.domain.weakening.change import NOTHING, Change, Kind, direction

_PRODUCTION = "supabase"


def environment_changes(before: Policy, after: Policy) -> Iterator[Change]:
    """Each environment that is new, gone, or other than before."""
    found = []
    for name in sorted(before.environments.keys() | after.environments.keys()):
        what, old, new = f"environment `{name}`", before.environments.get(name), after.environments.get(name)
        if old is None:
            found.append(Change("changed", what, NOTHING, _summary(new)))
        elif new is None:
            kind: Kind = "weakened" if old.store == _PRODUCTION or old.destinations else "changed"
            found.append(Change(kind, what, _summary(old), NOTHING))
        else:
            found += _environment(what, old, new)
    yield from found
    then, now = before.release_branch, after.release_branch
    if then != now and not any(change.kind == "weakened" and "`release_branch`" in change.what for change in found):
        yield Change("weakened", "the branch that production is released from", then, now)


def _summary(environment: Environment | None) -> str:
    return NOTHING if environment is None else f"store `{environment.store}`"


def _environment(what: str, old: Environment, new: Environment) -> Iterator[Change]:
    if old.store != new.store:
        yield Change("weakened" if old.store == _PRODUCTION else "changed", f"{what}: `store`", old.store, new.store)
    if old.release_branch != new.release_branch:
        kind: Kind = "weakened" if old.store == _PRODUCTION else "changed"
        yield Change(kind, f"{what}: `release_branch`", old.release_branch, new.release_branch)
    withdrawn, most = old.max_withdrawn, new.max_withdrawn
    if withdrawn.fraction != most.fraction:
        kind = direction(withdrawn.fraction, most.fraction)
        yield Change(kind, f"{what}: `max_withdrawn.share`", withdrawn.share, most.share)
    if withdrawn.above != most.above:
        kind = direction(withdrawn.above, most.above)
        yield Change(kind, f"{what}: `max_withdrawn.above`", str(withdrawn.above), str(most.above))
    if old.on_rollout_failed != new.on_rollout_failed:
        kind = "weakened" if old.on_rollout_failed == "hold" else "stricter"
        yield Change(kind, f"{what}: `on_rollout_failed`", old.on_rollout_failed, new.on_rollout_failed)
    yield from _destinations(what, old, new)


def _destinations(what: str, old: Environment, new: Environment) -> Iterator[Change]:
    for key in ("mattermost", "n8n"):
        then, now = getattr(old, key), getattr(new, key)
        if then != now:
            kind: Kind = "weakened" if now is None else "stricter" if then is None else "changed"
            words = [NOTHING if one is None else _told(one) for one in (then, now)]
            yield Change(kind, f"{what}: `{key}`", *words)


def _told(destination: Mattermost | N8n) -> str:
    """What is asked for, and what is other than usual."""
    usual, said = type(destination)().model_dump(), destination.model_dump()
    others = [value for key, value in said.items() if value != usual[key] and value not in destination.required]
    return ", ".join([*destination.required, *others])
