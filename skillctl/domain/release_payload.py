"""What production's `apply_release` is told, as data: one release of a commit, or the act of a person."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from skillctl.domain import announcement, notice
from skillctl.domain.announcement import Announce
from skillctl.domain.production import Current
from skillctl.domain.release import Action, Desired, Entry, Plan

Kind = Literal["sync", "rebuild", "repair", "rollback", "revoke", "hold", "unhold"]
#: The jobs that tell of a release of each kind, by destination; a rebuild and a hold move nothing at the consumers.
JOB_TYPES = {"mattermost": "notice", "n8n": "rollout"}
_NOTICE_ONLY: frozenset[Kind] = frozenset({"rebuild", "hold", "unhold"})


class Origin(Struct, frozen=True):
    """Who releases, with which tool, into which environment; who is told, and by `announce` what else."""

    environment: str
    destinations: Sequence[str]
    actor: str
    tool: str
    announce: Announce = announcement.nothing


class HoldSet(Struct, frozen=True):
    """A hold that an act sets."""

    skill: str
    kind: Literal["hold", "rollback"]
    digests: tuple[str, ...] = ()


class Body(Struct, frozen=True):
    """What a release does: `facts` are its changes as notices tell them, `judged` is for one that follows a commit."""

    kind: Kind
    commit: str
    changes: Sequence[Mapping[str, Any]]
    facts: Sequence[Mapping[str, Any]]
    reason: str | None = None
    judged: str | None = None
    holds: Sequence[HoldSet] = ()
    lifts: Sequence[str] = field(default_factory=tuple)

    @property
    def is_empty(self) -> bool:
        """Whether it does nothing but name a commit."""
        return not (self.changes or self.holds or self.lifts)


def payload(body: Body, current: Current, origin: Origin) -> dict[str, Any]:
    """The whole of it, on top of what production holds now.

    The id is a function of what is released onto what, so a repeated attempt is recognised as the same release.
    """
    skills = [change["skill"] for change in body.changes] + [one.skill for one in body.holds] + list(body.lifts)
    name = f"{body.kind}:{body.commit}:{current.release}:{current.commit}:{skills}:{body.reason}"
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    named = list(dict.fromkeys(skills))
    # A rebuild is told of in one line: its skills are not new to anybody.
    rows = () if body.kind == "rebuild" else body.facts
    told = {"kind": body.kind, "reason": body.reason, "actor": origin.actor, "skills": len(named)}
    facts = notice.facts(identity, origin.environment, body.commit, rows) | told
    if not body.is_empty:
        facts |= origin.announce(body.commit, () if body.kind == "rebuild" else named).facts
    return {
        "id": identity,
        "kind": body.kind,
        "reason": body.reason,
        "commit": body.commit,
        "judged": body.judged,
        "expected_release": current.release,
        "expected_commit": current.commit,
        "actor": origin.actor,
        "tool": origin.tool,
        "changes": list(body.changes),
        "holds": [{"skill": one.skill, "kind": one.kind, "digests": list(one.digests)} for one in body.holds],
        "lifts": list(body.lifts),
        "jobs": [
            {"destination": destination, "job_type": JOB_TYPES[destination], "payload": facts}
            for destination in _told(body.kind, origin.destinations)
            if not body.is_empty
        ],
    }


def _told(kind: Kind, destinations: Iterable[str]) -> list[str]:
    return [one for one in destinations if kind not in _NOTICE_ONLY or JOB_TYPES[one] == "notice"]


def following(
    kind: Kind,
    plan: Plan,
    desired: Mapping[str, Desired],
    publishes: Mapping[tuple[str, str], Mapping[str, Any]],
    judged: str,
) -> Body:
    """The release that a plan asks for; `publishes` are the versions to bring up, by skill and version."""
    changes = [
        change(entry, desired[entry.skill], publishes) for entry in plan.changes if entry.action is not Action.UNHOLD
    ]
    lifts = [entry.skill for entry in plan.changes if entry.lifts]
    facts = notice.changes(plan.changes, desired)
    return Body(kind, plan.commit, changes, facts, judged=None if judged == plan.commit else judged, lifts=lifts)


def change(entry: Entry, desired: Desired, publishes: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, Any]:
    """One skill of a release, as production takes it."""
    versions = desired.state.versions
    return {
        "skill": entry.skill,
        "action": entry.action.value,
        "version": entry.version,
        "serving": entry.serving,
        "publish": [publishes[entry.skill, version] for version in entry.publish],
        "states": {
            version: {"state": versions[version].state, "notice": versions[version].notice} for version in entry.states
        },
        "promotions": [
            {
                "version": step.version,
                "action": step.action.value,
                "from_status": step.source,
                "to_status": step.target,
                "digest": versions[step.version].digest,
                "evidence": publishes[entry.skill, step.version]["evidence"] if step.action is Action.PUBLISH else None,
            }
            for step in entry.steps
        ],
    }
