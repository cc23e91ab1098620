"""Verify: what production holds against what a commit says, field by field and byte by byte; put right where asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from skillctl.domain import drift, release, release_payload
from skillctl.domain.drift import Drift
from skillctl.domain.finding import Finding
from skillctl.domain.production import Current, SkillState
from skillctl.domain.release import IDLE, Action, Entry, Plan
from skillctl.domain.release_payload import Origin
from skillctl.errors import StoreRefused
from skillctl.workflows.acts import holding
from skillctl.workflows.desired import Wanted, wanted
from skillctl.workflows.gate import Court
from skillctl.workflows.store_ports import Production
from skillctl.workflows.sync import put_missing

_ALTERED = "nothing changes what was published: restore the row from a backup, or fill a new database from Git"
_NOTHING = SkillState(None, {})


@dataclass(frozen=True)
class VerifiedProduction:
    """The commit that production was compared with, how much was compared, and what is otherwise than it says."""

    commit: str
    skills: int
    versions: int
    findings: Sequence[Finding]
    repaired: str | None = None


@dataclass(frozen=True)
class _Compared:
    wanted: Wanted
    plan: Plan
    drifts: Sequence[Drift]
    strays: Sequence[Finding]


def verify_production(
    court: Court, production: Production, revision: str | None, origin: Origin | None
) -> VerifiedProduction:
    """Compare with a revision, by default the commit that production was synced to; with `origin`, put it right.

    What a person stopped there is as it should be. What was published is never changed, so what somebody altered of
    it is named, and not put right.
    """
    current = holding(production)
    commit = court.repository.resolve(revision or current.commit or "")
    compared = _compare(court, production, commit, current)
    made = _repair(production, compared, current, origin) if origin and compared.drifts else None
    if made is not None:
        current = production.current(anew=True)
        compared = _compare(court, production, commit, current)
    findings = [*(_finding(one) for one in compared.drifts), *compared.strays]
    findings += [finding for entry in compared.plan.blocked for finding in entry.problems]
    count = sum(len(state.versions) for state in current.skills.values())
    return VerifiedProduction(commit, len(current.skills), count, list(dict.fromkeys(findings)), made)


def _compare(court: Court, production: Production, commit: str, current: Current) -> _Compared:
    # Against nothing, so that every approval is proved again.
    judged = wanted(court.repository, court.signatures, commit, Current(None, None, None, {}))
    plan = release.plan(commit, judged.desired, current)
    facts = production.facts(sorted({*judged.desired, *current.skills}))
    found: list[Drift] = []
    for entry in plan.entries:
        desired = judged.desired.get(entry.skill)
        state = desired.state if desired else _NOTHING
        expected = {
            version: drift.expected(
                judged.approvals[entry.skill][version], judged.bundles[entry.skill, version].publish
            )
            for version in state.versions
            if (entry.skill, version) in judged.bundles
        }
        known = SkillState(state.serving, {version: state.versions[version] for version in expected})
        is_free = entry.action not in (Action.HOLD, Action.BLOCKED)
        if entry.action is not Action.BLOCKED or expected:
            found += drift.drifts(entry.skill, known, expected, facts.get(entry.skill, {}), is_free=is_free)
    return _Compared(judged, plan, found, [_stray(one) for one in production.strays()])


def _repair(production: Production, compared: _Compared, current: Current, origin: Origin) -> str | None:
    """One release that brings back what is missing and says again what is served; None where that changes nothing."""
    if current.commit != compared.plan.commit:
        message = f"production was synced to {(current.commit or '')[:12]}, not to {compared.plan.commit[:12]}"
        raise StoreRefused("production-moved", message, hint="run `skillctl verify --fix` without a revision")
    again: dict[str, set[str]] = {}
    for one in compared.drifts:
        if one.again and one.version:
            again.setdefault(one.skill, set()).add(one.version)
    entries = tuple(_mended(entry, again) for entry in compared.plan.entries)
    plan = Plan(compared.plan.commit, current, entries)
    if not plan.changes:
        return None
    bundles = compared.wanted.bundles
    for entry in plan.changes:
        for version in entry.publish:
            put_missing(production, bundles[entry.skill, version].blobs)
    publishes = {key: bundle.publish for key, bundle in bundles.items()}
    judged = current.judged or plan.commit
    body = release_payload.following("repair", plan, compared.wanted.desired, publishes, judged)
    answer = production.apply(release_payload.payload(replace(body, lifts=()), current, origin))
    return str(answer["release"])


def _mended(entry: Entry, again: Mapping[str, set[str]]) -> Entry:
    """The entry with the versions that are brought up once more, though production may know them."""
    if entry.skill not in again or entry.action in (Action.HOLD, Action.BLOCKED):
        return entry
    publish = (*entry.publish, *sorted(again[entry.skill] - {*entry.publish}))
    action = Action.UPDATE if entry.action in IDLE or entry.action is Action.UNHOLD else entry.action
    return replace(entry, action=action, publish=publish, version=entry.version or publish[-1])


def _finding(one: Drift) -> Finding:
    file = (
        f"approvals/{one.skill}/{one.version}/approval.json" if one.version else f"approvals/{one.skill}/serving.yaml"
    )
    is_fixed = one.version is not None and not one.again and not one.what.startswith("is ")
    code, hint = ("SK432", _ALTERED) if is_fixed else ("SK431", "run `skillctl verify --fix`")
    return Finding(code, f"in production {one.place} {one.what}", file, skill=one.skill, hint=hint)


def _stray(said: Mapping[str, str]) -> Finding:
    message = f"a row of `mcp.{said['table']}` is not of any release: {said['key']}: {said['why']}"
    return Finding("SK433", message, "supabase/migrations", hint=_ALTERED)
