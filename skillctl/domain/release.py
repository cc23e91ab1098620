"""What a commit says production must hold, and the plan that makes it so."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from skillctl.domain import version as versions
from skillctl.domain.conflicts import NOTHING, conflicts, left_the_repository
from skillctl.domain.finding import Finding
from skillctl.domain.production import Current, Hold, SkillState


class Action(StrEnum):
    """What the plan does with one skill."""

    PUBLISH = "publish"  # a version that production has not
    UPDATE = "update"  # another version is served, or a notice changed
    ROLLBACK = "rollback"  # an older version is served
    DEPRECATE = "deprecate"
    REINSTATE = "reinstate"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"  # forbidden for ever, by digest
    UNHOLD = "unhold"  # the commit agrees with what was rolled back, so that need not be held any more
    HOLD = "hold"  # a person stopped it in production
    KEPT = "kept"  # a newer version is in work; the served one keeps serving
    UNCHANGED = "unchanged"
    BLOCKED = "blocked"  # judged and refused; what is served stays


#: Actions that leave production as it is.
IDLE = frozenset({Action.HOLD, Action.KEPT, Action.UNCHANGED, Action.BLOCKED})


class Desired(Struct, frozen=True):
    """One skill as a commit wants it; `problems` block it, `working` is the folder's version if it is another."""

    skill: str
    state: SkillState
    working: str | None = None
    problems: tuple[Finding, ...] = ()


class LedgerStep(Struct, frozen=True):
    """One row the ledger of promotions gains."""

    version: str
    action: Action
    source: str
    target: str


class Entry(Struct, frozen=True):
    """The plan for one skill: `publish` are versions to bring up, `states` those whose state or notice changes.

    `digest` and `was_digest` are of what is served afterwards and before; `hold` is what a person set in production,
    and `lifts` says whether this ends it.
    """

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
    digest: str | None = None
    was_digest: str | None = None
    hold: Hold | None = None
    lifts: bool = False


class Plan(Struct, frozen=True):
    """The difference between a commit and production, skill by skill."""

    commit: str
    current: Current
    entries: tuple[Entry, ...] = field(default_factory=tuple)

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The entries that would change production."""
        return tuple(entry for entry in self.entries if entry.action not in IDLE)

    @property
    def blocked(self) -> tuple[Entry, ...]:
        """The entries that were judged and refused."""
        return tuple(entry for entry in self.entries if entry.action is Action.BLOCKED)


def plan(commit: str, desired: Mapping[str, Desired], current: Current) -> Plan:
    """The plan that makes production hold what the commit says; skills sorted by name."""
    names = sorted(desired.keys() | current.skills.keys() | current.holds.keys())
    return Plan(commit, current, tuple(_entry(name, desired.get(name), current) for name in names))


def _entry(name: str, wanted: Desired | None, current: Current) -> Entry:
    now, hold = current.skills.get(name, NOTHING), current.holds.get(name)
    if wanted is None:
        problems: tuple[Finding, ...] = (left_the_repository(name, now.serving),) if now.serving else ()
    else:
        problems = _distinct((*conflicts(name, wanted.state, current), *wanted.problems))
    if problems:
        version = wanted.state.serving if wanted else now.serving
        return _as_it_is(name, Action.BLOCKED, now, version=version, problems=problems, hold=hold)
    if hold is not None:
        return _held(hold, name, wanted, now)
    if wanted is None:
        return _as_it_is(name, Action.UNCHANGED, now)
    return _difference(wanted, now)


def _distinct(problems: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each problem once: what a commit brought is often what production would be told to do."""
    return tuple({(one.code, one.file): one for one in reversed(tuple(problems))}.values())[::-1]


def _as_it_is(name: str, action: Action, now: SkillState, **more: Any) -> Entry:
    served, digest = now.serving, now.digest(now.serving)
    version = more.pop("version", served)
    return Entry(name, action, version, served, served, digest=digest, was_digest=digest, **more)


def _held(hold: Hold, name: str, wanted: Desired | None, now: SkillState) -> Entry:
    """A rollback holds only what it took away: a commit that serves anything else agrees with it, and ends it."""
    if wanted is None or hold.stops(wanted.state.digest(wanted.state.serving)):
        note = f"{hold.kind} by {hold.actor}: {hold.reason}"
        return _as_it_is(name, Action.HOLD, now, note=note, hold=hold)
    made = replace(_difference(wanted, now), hold=hold, lifts=True)
    if made.action in IDLE:
        return replace(made, action=Action.UNHOLD, note=f"agrees with the rollback by {hold.actor}")
    return made


def _difference(wanted: Desired, now: SkillState) -> Entry:
    ours = wanted.state
    if ours == now:
        return _unchanged(wanted, now)
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
    action = _action(steps, publish, ours.serving, now.serving)
    version = publish[-1] if publish else steps[-1].version if steps else ours.serving
    return Entry(
        wanted.skill,
        action,
        version,
        ours.serving,
        now.serving,
        publish,
        states,
        steps,
        digest=ours.digest(ours.serving) or now.digest(ours.serving),
        was_digest=now.digest(now.serving),
    )


def _unchanged(wanted: Desired, now: SkillState) -> Entry:
    if wanted.working is not None:
        return _as_it_is(wanted.skill, Action.KEPT, now, note=f"{wanted.working} is in work")
    return _as_it_is(wanted.skill, Action.UNCHANGED, now)


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


#: What retires the version that is served may serve an older one in its place.
_RETIRING = frozenset({Action.DEPRECATE, Action.WITHDRAW, Action.REVOKE})


def _action(
    steps: tuple[LedgerStep, ...], publish: tuple[str, ...], serving: str | None, was_serving: str | None
) -> Action:
    retired = next((step.action for step in steps if step.version == was_serving and step.action in _RETIRING), None)
    if serving and was_serving and versions.is_after(was_serving, serving):
        return retired or Action.ROLLBACK
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
