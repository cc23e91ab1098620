"""What a commit says production must hold, and the plan that makes it so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from skillctl.domain import version as versions
from skillctl.domain.finding import Finding


class Action(StrEnum):
    """What the plan does with one skill."""

    PUBLISH = "publish"  # a version that production has not
    UPDATE = "update"  # another version is served, or a notice changed
    DEPRECATE = "deprecate"
    REINSTATE = "reinstate"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"  # forbidden for ever, by digest
    KEPT = "kept"  # a newer version is in work; the served one keeps serving
    UNCHANGED = "unchanged"
    BLOCKED = "blocked"  # judged and refused; what is served stays


#: Actions that change production.
CHANGING = frozenset(
    {Action.PUBLISH, Action.UPDATE, Action.DEPRECATE, Action.REINSTATE, Action.WITHDRAW, Action.REVOKE}
)


@dataclass(frozen=True)
class VersionState:
    """How one approved version stands; `notice` is the reason, replacement and sunset of a retired one."""

    digest: str
    state: str
    notice: Mapping[str, str] | None


@dataclass(frozen=True)
class SkillState:
    """One skill of a catalogue: the served version, and every version it knows."""

    serving: str | None
    versions: Mapping[str, VersionState]


@dataclass(frozen=True)
class Desired:
    """One skill as a commit wants it; `problems` block it, `working` is the folder's version if it is another."""

    skill: str
    state: SkillState
    working: str | None = None
    problems: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Current:
    """What production holds now."""

    release: str | None
    commit: str | None
    head: str | None
    skills: Mapping[str, SkillState]


@dataclass(frozen=True)
class LedgerStep:
    """One row the ledger of promotions gains."""

    version: str
    action: Action
    source: str
    target: str


@dataclass(frozen=True)
class Entry:
    """The plan for one skill: `publish` are versions to bring up, `states` those whose state or notice changes."""

    skill: str
    action: Action
    version: str | None
    serving: str | None
    was_serving: str | None
    publish: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    steps: tuple[LedgerStep, ...] = ()
    note: str = ""
    problems: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The difference between a commit and production, skill by skill."""

    commit: str
    current: Current
    entries: tuple[Entry, ...] = field(default_factory=tuple)

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The entries that would change production."""
        return tuple(entry for entry in self.entries if entry.action in CHANGING)

    @property
    def blocked(self) -> tuple[Entry, ...]:
        """The entries that were judged and refused."""
        return tuple(entry for entry in self.entries if entry.action is Action.BLOCKED)


def plan(commit: str, desired: Mapping[str, Desired], current: Current) -> Plan:
    """The plan that makes production hold what the commit says; skills sorted by name."""
    names = sorted(desired.keys() | current.skills.keys())
    return Plan(commit, current, tuple(_entry(name, desired.get(name), current.skills.get(name)) for name in names))


_NOTHING = SkillState(None, {})


def _entry(name: str, wanted: Desired | None, held: SkillState | None) -> Entry:
    now = held or _NOTHING
    if wanted is None:
        if now.serving is None:
            return Entry(name, Action.UNCHANGED, None, None, None)
        message = f"`{name}` left the repository, but production serves {now.serving}"
        hint = f"restore it, or withdraw the version in `approvals/{name}/serving.yaml`"
        problem = Finding("SK410", message, f"approvals/{name}/serving.yaml", skill=name, hint=hint)
        return Entry(name, Action.BLOCKED, now.serving, now.serving, now.serving, problems=(problem,))
    problems = (*wanted.problems, *_conflicts(wanted, now), *_late(wanted, now), *_dropped(wanted, now))
    if problems:
        return Entry(name, Action.BLOCKED, wanted.state.serving, now.serving, now.serving, problems=problems)
    return _difference(wanted, now)


def _conflicts(wanted: Desired, now: SkillState) -> Iterator[Finding]:
    """What production holds and no commit may contradict: other content under a version, or a version gone."""
    file = f"approvals/{wanted.skill}"
    for version, held in now.versions.items():
        ours = wanted.state.versions.get(version)
        if ours is None:
            message = f"the approval of {wanted.skill}@{version} is gone, but production holds that version"
            hint = "an approval is never deleted: restore it, and withdraw the version instead"
            yield Finding("SK411", message, f"{file}/{version}/approval.json", skill=wanted.skill, hint=hint)
        elif ours.digest != held.digest:
            message = f"{wanted.skill}@{version} has other content than production published under that version"
            hint = "approved content never changes: open a new version with `skillctl revise`"
            yield Finding("SK412", message, f"{file}/{version}/approval.json", skill=wanted.skill, hint=hint)
        elif held.state == "revoked" and ours.state != "revoked":
            message = f"{wanted.skill}@{version} is revoked in production, for ever"
            hint = f"put it under `revoked` in `{file}/serving.yaml`"
            yield Finding("SK408", message, f"{file}/serving.yaml", skill=wanted.skill, hint=hint)


def other_content(skill: str, version: str, file: str) -> Finding:
    """The working version was approved with other content than its folder holds; `file` is its definition."""
    message = f"{skill}@{version} has other content than was approved under that version"
    hint = f"put the content back, and open a new version with `skillctl revise {skill}`"
    return Finding("SK412", message, file, skill=skill, hint=hint)


def folder_is_gone(skill: str) -> Finding:
    """A skill whose approvals are there and whose folder is not."""
    message = f"the folder `skills/{skill}` is gone, but its approvals are not"
    hint = f"restore it; to take it from production, withdraw its versions in `approvals/{skill}/serving.yaml`"
    return Finding("SK410", message, f"approvals/{skill}", skill=skill, hint=hint)


def _late(wanted: Desired, now: SkillState) -> Iterator[Finding]:
    """An approval that came in after a greater version was published could never be published itself."""
    newest = versions.greatest(now.versions)
    for version in wanted.state.versions:
        if newest is not None and version not in now.versions and not versions.is_after(version, newest):
            message = f"{wanted.skill}@{version} was approved after {newest} was published"
            hint = "give that content a greater version: `skillctl revise`"
            yield Finding(
                "SK414", message, f"approvals/{wanted.skill}/{version}/approval.json", 1, 1, wanted.skill, hint
            )


def _dropped(wanted: Desired, now: SkillState) -> Iterator[Finding]:
    """A served version leaves production by an entry that withdraws it, never by a line that is missing."""
    served = now.serving
    if served is None or wanted.state.serving is not None or served not in wanted.state.versions:
        return
    if wanted.state.versions[served].state not in ("withdrawn", "revoked"):
        file = f"approvals/{wanted.skill}/serving.yaml"
        message = f"{wanted.skill}@{served} would no longer be served, but nothing withdraws it"
        hint = f"serve a version in `{file}`, or put it under `withdrawn` with a reason"
        yield Finding("SK407", message, file, skill=wanted.skill, hint=hint)


def _difference(wanted: Desired, now: SkillState) -> Entry:
    ours = wanted.state
    publish = tuple(versions.ordered(version for version in ours.versions if version not in now.versions))
    states = tuple(
        versions.ordered(
            version
            for version, state in ours.versions.items()
            if (version in now.versions and state != now.versions[version])
            or (version not in now.versions and state.state != "approved")
        )
    )
    steps = tuple(_steps(ours, now, publish, states))
    if publish or states or ours.serving != now.serving:
        action = _action(steps, publish)
        version = publish[-1] if publish else steps[-1].version if steps else ours.serving
        return Entry(wanted.skill, action, version, ours.serving, now.serving, publish, states, steps)
    if wanted.working is not None:
        note = f"{wanted.working} is in work"
        return Entry(wanted.skill, Action.KEPT, ours.serving, ours.serving, now.serving, note=note)
    return Entry(wanted.skill, Action.UNCHANGED, ours.serving, ours.serving, now.serving)


def _steps(
    ours: SkillState, now: SkillState, publish: tuple[str, ...], states: tuple[str, ...]
) -> Iterator[LedgerStep]:
    for version in publish:
        yield LedgerStep(version, Action.PUBLISH, "candidate", "approved")
    moves = {
        "approved": Action.REINSTATE,
        "deprecated": Action.DEPRECATE,
        "withdrawn": Action.WITHDRAW,
        "revoked": Action.REVOKE,
    }
    for version in states:
        target = ours.versions[version].state
        source = now.versions[version].state if version in now.versions else "approved"
        if target != source:
            yield LedgerStep(version, moves[target], source, target)


def _action(steps: tuple[LedgerStep, ...], publish: tuple[str, ...]) -> Action:
    if publish:
        return Action.PUBLISH
    return steps[-1].action if steps else Action.UPDATE


def withdrawals(plan: Plan) -> tuple[str, ...]:
    """The skills that are served now and would not be after the plan."""
    return tuple(entry.skill for entry in plan.changes if entry.was_serving is not None and entry.serving is None)


def withdraws_too_much(plan: Plan, share: float, above: int) -> bool:
    """Whether more than `above` skills, and more than this share of those served, would be withdrawn at once."""
    served = sum(state.serving is not None for state in plan.current.skills.values())
    gone = len(withdrawals(plan))
    return gone > above and gone > share * served


def payload_states(entry: Entry, wanted: Desired) -> dict[str, dict[str, Any]]:
    """The states of an entry as production takes them."""
    return {
        version: {"state": wanted.state.versions[version].state, "notice": wanted.state.versions[version].notice}
        for version in entry.states
    }
