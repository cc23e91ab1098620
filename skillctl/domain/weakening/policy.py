"""What a change does to the policy: who may sign, what the gates ask, and where skills go."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from skillctl.domain.policy import Policy
from skillctl.domain.weakening.change import NOTHING, Change, Kind, told
from skillctl.domain.weakening.environments import environment_changes
from skillctl.domain.weakening.gates import gate_changes
from skillctl.domain.weakening.people import people_changes


def policy_changes(before: Policy, after: Policy) -> list[Change]:
    """Every difference of two policies in what they mean; how they are written is no difference."""
    return [
        *gate_changes(before, after),
        *people_changes(before, after),
        *_recorders(before, after),
        *_auto_promote(before, after),
        *_aliases("runner", before.runners, after.runners),
        *_aliases("server", before.servers, after.servers),
        *environment_changes(before, after),
    ]


def _recorders(before: Policy, after: Policy) -> Iterator[Change]:
    """Without recorders whatever was recorded counts, so that naming some is stricter, whoever they are."""
    then, now = _recording(before), _recording(after)
    if then is None or now is None:
        if then != now:
            kind: Kind = "weakened" if now is None else "stricter"
            yield Change(kind, "`recorders`", _listed(then), _listed(now))
        return
    for name in sorted(now - then):
        yield Change("weakened", "`recorders`", NOTHING, told(name))
    for name in sorted(then - now):
        yield Change("stricter", "`recorders`", told(name), NOTHING)


def _recording(policy: Policy) -> frozenset[str] | None:
    return None if policy.recorders == "none" else policy.members(policy.recorders)


def _listed(names: frozenset[str] | None) -> str:
    return "none" if names is None else told(", ".join(sorted(names)) or "nobody")


def _auto_promote(before: Policy, after: Policy) -> Iterator[Change]:
    for name in sorted({*after.auto_promote} - {*before.auto_promote}):
        yield Change("weakened", "`auto_promote`", NOTHING, told(name))
    for name in sorted({*before.auto_promote} - {*after.auto_promote}):
        yield Change("stricter", "`auto_promote`", told(name), NOTHING)


def _aliases(word: str, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel]) -> Iterator[Change]:
    """Evidence names the digest of each, so that another one makes evidence stale and loosens nothing by itself."""
    for alias in sorted(before.keys() | after.keys()):
        then, now = before.get(alias), after.get(alias)
        if then != now:
            yield Change("changed", f"{word} `{alias}`", _shown(then), _shown(now))


def _shown(model: BaseModel | None) -> str:
    return NOTHING if model is None else told(model.model_dump(mode="json", exclude_defaults=True))
