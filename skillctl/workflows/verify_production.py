"""Verify: what production holds against what a commit says, field by field and byte by byte; put right where asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from skillctl.domain import drift, release, release_payload
from skillctl.domain.conflicts import NOTHING
from skillctl.domain.drift import Drift
from skillctl.domain.finding import Finding
from skillctl.domain.production import Current
from skillctl.domain.release import IDLE, Action, Entry, Plan
from skillctl.domain.release_payload import Origin
from skillctl.errors import StoreRefused
from skillctl.workflows.acts import holding
from skillctl.workflows.aids import Aids
from skillctl.workflows.court import Court
from skillctl.workflows.desired import Wanted, wanted
from skillctl.workflows.index_offers import mend_terms, terms_of
from skillctl.workflows.store_ports import Production
from skillctl.workflows.sync import bring_up

_ALTERED = "nothing changes what was published: restore the row from a backup, or fill a new database from Git"


class VerifiedProduction(Struct, frozen=True):
    """The commit that production was compared with, how much was compared, and what is otherwise than it says."""

    commit: str
    skills: int
    versions: int
    findings: Sequence[Finding]
    repaired: str | None = None


class _Compared(Struct, frozen=True):
    wanted: Wanted
    plan: Plan
    drifts: Sequence[Drift]
    strays: Sequence[Finding]
    strange: Sequence[str]

    @property
    def findings(self) -> list[Finding]:
        words = [Drift(name, None, "is found by other words than those of its card", "said") for name in self.strange]
        blocked = [problem for entry in self.plan.blocked for problem in entry.problems]
        return list(dict.fromkeys([*map(_finding, (*self.drifts, *words)), *self.strays, *blocked]))


def verify_production(
    court: Court, production: Production, revision: str | None, origin: Origin | None
) -> VerifiedProduction:
    """Compare with a revision, by default the commit that production was synced to; with `origin`, put it right.

    What a person stopped there is as it should be. What was published is never changed, so what somebody altered of
    it is named, and not put right.
    """
    current = holding(production)
    commit = court.repository.resolve(revision or current.commit or "")
    compared, made = _compare(court, production, commit, current), None
    if origin is not None and compared.findings:
        made = _repair(production, compared, origin)
        if compared.strange:
            mend_terms(production, compared.strange)
        current = production.current(anew=True)
        compared = _compare(court, production, commit, current)
    count = sum(len(state.versions) for state in current.skills.values())
    return VerifiedProduction(commit, len(current.skills), count, compared.findings, made)


def _compare(court: Court, production: Production, commit: str, current: Current) -> _Compared:
    # Against nothing, so that every approval is proved again.
    aids = Aids(parts=court.aids.parts)
    judged = wanted(court.repository, court.signatures, commit, Current(None, None, None, {}), aids=aids)
    plan = release.plan(commit, judged.desired, current)
    facts = production.facts(sorted({*judged.desired, *current.skills}))
    expected: dict[str, dict[str, Any]] = defaultdict(dict)
    for (name, version), bundle in judged.bundles.items():
        expected[name][version] = drift.expected(bundle.files, bundle.publish)
    found: list[Drift] = []
    for entry in plan.entries:
        desired = judged.desired.get(entry.skill)
        state, held = desired.state if desired else NOTHING, facts.get(entry.skill, {})
        found += drift.drifts(entry.skill, state, expected[entry.skill], held, is_free=_is_free(entry))
    strays = [_stray(one) for one in production.strays()]
    return _Compared(judged, plan, found, strays, terms_of(production).strange)


def _is_free(entry: Entry) -> bool:
    return entry.action not in (Action.HOLD, Action.BLOCKED)


def _repair(production: Production, compared: _Compared, origin: Origin) -> str | None:
    """One release that brings back what is missing and says again what is served; None where that changes nothing."""
    made, bundles = compared.plan, compared.wanted.bundles
    current = made.current
    if current.commit != made.commit:
        message = f"production was synced to {(current.commit or '')[:12]}, not to {made.commit[:12]}"
        raise StoreRefused("production-moved", message, hint="run `skillctl verify --fix` without a revision")
    missing: dict[str, set[str]] = defaultdict(set)
    for one in compared.drifts:
        if one.version and one.kind == "missing":
            missing[one.skill].add(one.version)
    plan = replace(made, entries=tuple(_mended(entry, missing[entry.skill]) for entry in made.entries))
    if not plan.changes:
        return None
    bring_up(production, plan, bundles)
    publishes = {key: bundle.publish for key, bundle in bundles.items()}
    judged = current.judged or plan.commit
    body = release_payload.following("repair", plan, compared.wanted.desired, publishes, judged)
    return production.apply(release_payload.payload(body, current, origin)).release


def _mended(entry: Entry, missing: Set[str]) -> Entry:
    """The entry as a repair takes it: with what is brought up once more, though production may know it.

    A hold that the commit agrees with is for the next sync to end.
    """
    again = sorted(missing - {*entry.publish})
    if entry.action is Action.UNHOLD:
        entry = replace(entry, action=Action.UNCHANGED)
    if not again or not _is_free(entry):
        return replace(entry, lifts=False)
    action = Action.UPDATE if entry.action in IDLE else entry.action
    publish = (*entry.publish, *again)
    return replace(entry, action=action, publish=publish, version=entry.version or publish[-1], lifts=False)


def _finding(one: Drift) -> Finding:
    file = f"approvals/{one.skill}/" + (f"{one.version}/approval.json" if one.version else "serving.yaml")
    code, hint = ("SK432", _ALTERED) if one.kind == "altered" else ("SK431", "run `skillctl verify --fix`")
    return Finding(code, f"in production {one.place} {one.what}", file, skill=one.skill, hint=hint)


def _stray(said: Mapping[str, str]) -> Finding:
    message = f"what `mcp.{said['table']}` holds is not of the releases: {said['what']}"
    return Finding("SK433", message, f"mcp.{said['table']}", hint=_ALTERED)
