"""Sync: production is made to hold what a commit says, in one release with its jobs, and read back."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from skillctl.domain import plan_record, release, release_payload
from skillctl.domain.environment import Environment, MaxWithdrawn
from skillctl.domain.plan_record import SavedPlan
from skillctl.domain.policy import FILE_NAME
from skillctl.domain.production import Applied
from skillctl.domain.release import Plan
from skillctl.domain.release_payload import Kind, Origin
from skillctl.domain.selection import Indexed
from skillctl.errors import StoreRefused, Unreachable, UsageError
from skillctl.workflows.aids import Meanwhile
from skillctl.workflows.announce import announced
from skillctl.workflows.court import Court
from skillctl.workflows.index_offers import index_offers, nothing, worked_out
from skillctl.workflows.plan import Planned, plan
from skillctl.workflows.ports import Repository
from skillctl.workflows.proof import Bundle
from skillctl.workflows.store_ports import Production


class Order(Struct, frozen=True):
    """What is wanted of a sync: into which environment, and how far it may go.

    `prune` lets more be withdrawn than the policy's share; `rebuild` fills an empty production; `saved` is the plan
    that it must still be.
    """

    environment: str
    tool: str
    prune: bool = False
    rebuild: bool = False
    saved: SavedPlan | None = None


class Synced(Struct, frozen=True):
    """What sync planned and applied, and how many blobs went up for it."""

    planned: Planned
    applied: Applied
    stored_blobs: int

    @property
    def plan(self) -> Plan:
        return self.planned.plan


def sync(court: Court, production: Production, revision: str, order: Order) -> Synced:
    """Make production hold what a revision says, together with the jobs that tell of it; the second run is empty.

    Who is told, and what may be withdrawn unless `prune`, is the policy of that revision. StoreRefused where it is not
    on the release branch, would withdraw too much, or is not what was planned; and where production is empty and is
    not to be rebuilt.
    """
    planned = plan(court, production, order.saved.commit if order.saved else revision)
    made, current = planned.plan, planned.plan.current
    told = _environment(planned, order.environment)
    _on_branch(court.repository, made.commit, told.release_branch)
    _as_saved(order, made)
    _fits(order, made)
    if not order.prune:
        _stay_within(told.max_withdrawn, made)
    announce = partial(announced, court.repository, planned.wanted.policy, told)
    origin = Origin(order.environment, told.destinations, court.repository.actor(), order.tool, announce)
    done, terms = Synced(planned, Applied(None, current.head), 0), nothing
    if not _is_there(planned):
        done, terms = _release(production, planned, order, origin, court.aids.meanwhile)
    # Also where nothing changed: terms may be of other rules, or those of an act that waited for nobody.
    index_offers(production, terms)
    return done


def _offered(planned: Planned) -> list[tuple[str, Mapping[str, Any]]]:
    """The cards of new versions that will be offered."""
    bundles, found = planned.wanted.bundles, []
    for entry in planned.plan.changes:
        version = entry.serving or ""
        served = planned.wanted.desired[entry.skill].state.versions.get(version)
        # What is served and no longer advised is not offered.
        if (entry.skill, version) in bundles and served is not None and served.state == "approved":
            found.append((version, bundles[entry.skill, version].publish["card"]))
    return found


def _is_there(planned: Planned) -> bool:
    """Whether production holds all of the plan, its commit and how far it was judged included."""
    made, current = planned.plan, planned.plan.current
    judged = current.judged or made.commit
    return not made.changes and (current.commit, judged) == (made.commit, planned.admission.judged)


def _release(
    production: Production, planned: Planned, order: Order, origin: Origin, meanwhile: Meanwhile
) -> tuple[Synced, Callable[[], Sequence[Indexed]]]:
    """What was applied, and the terms of what is offered by it."""
    bundles, made = planned.wanted.bundles, planned.plan
    kind: Kind = "rebuild" if order.rebuild else "sync"
    publishes = {key: bundle.publish for key, bundle in bundles.items()}
    body = release_payload.following(kind, made, planned.wanted.desired, publishes, planned.admission.judged)
    stored = bring_up(production, made, bundles)
    payload = release_payload.payload(body, made.current, origin)
    # Production alone works while it applies a release.
    terms = meanwhile(partial(worked_out, _offered(planned)))
    applied = production.apply(payload)
    _read_back(production, planned)
    return Synced(planned, replace(applied, release=None) if body.is_empty else applied, stored), terms


def _environment(planned: Planned, name: str) -> Environment:
    """An environment as the planned commit has it; UsageError where it has none of that name."""
    found = planned.wanted.policy.environments.get(name)
    if found is None:
        commit = planned.plan.commit[:12]
        hint = f"commit it to `environments` in `{FILE_NAME}`"
        raise UsageError(f"the `{FILE_NAME}` of commit {commit} has no environment `{name}`", hint=hint)
    return found


def _on_branch(repository: Repository, commit: str, branch: str) -> None:
    tips = repository.branch(branch)
    if not any(repository.is_ancestor(commit, tip) for tip in tips):
        message = f"commit {commit[:12]} is not on the release branch `{branch}`"
        hint = f"merge it first, or run `git fetch origin {branch}`"
        raise StoreRefused("off-release-branch", message, hint=hint)


def _fits(order: Order, made: Plan) -> None:
    if made.current.commit is None and not order.rebuild:
        message = "production holds nothing: it is new, or was lost"
        raise StoreRefused("production-empty", message, hint="fill it from Git: `skillctl sync --rebuild`")
    if made.current.commit is not None and order.rebuild:
        message = f"production holds commit {made.current.commit[:12]}, and only an empty one is rebuilt"
        raise StoreRefused("production-not-empty", message, hint="run `skillctl sync`")


def _as_saved(order: Order, made: Plan) -> None:
    if order.saved is None:
        return
    if order.saved.environment != order.environment:
        message = f"the plan was made for `{order.saved.environment}`, not for `{order.environment}`"
        raise UsageError(message, hint=f"run `skillctl plan --env {order.environment} --out FILE`")
    if order.saved != plan_record.saved(made, order.environment):
        message = "production or the judgement of the commit moved since the plan was saved"
        raise StoreRefused("plan-outdated", message, hint="plan again: `skillctl plan --out FILE`")


def _stay_within(limit: MaxWithdrawn, made: Plan) -> None:
    if release.withdraws_too_much(made, limit.fraction, limit.above):
        gone = release.withdrawals(made)
        message = f"{len(gone)} skills would be withdrawn at once: {', '.join(gone[:5])} …"
        hint = "look at `skillctl plan`; if it is meant, run `skillctl sync --prune`"
        raise StoreRefused("too-many-withdrawn", message, hint=hint)


def bring_up(production: Production, made: Plan, bundles: Mapping[tuple[str, str], Bundle]) -> int:
    """The content of what a plan publishes goes up first, only what is missing; the number of blobs stored."""
    blobs: dict[str, bytes] = {}
    for entry in made.changes:
        for version in entry.publish:
            blobs |= bundles[entry.skill, version].blobs
    if not blobs:
        return 0
    missing = production.missing_blobs(blobs)
    return production.put_blobs({digest: blobs[digest] for digest in sorted(missing)})


def _read_back(production: Production, planned: Planned) -> None:
    """Production must now say what the plan wanted; if it does not, nobody may believe the sync."""
    changed = [entry.skill for entry in planned.plan.changes]
    now = production.current(only=changed)
    if now.commit != planned.plan.commit:
        raise StoreRefused("production-moved", "another sync ran at the same time", hint="run `skillctl sync` again")
    for skill in changed:
        if now.skills.get(skill) != planned.wanted.desired[skill].state:
            message = f"production does not hold `{skill}` as it was told to"
            raise Unreachable(message, hint="run `skillctl verify` to see the difference")
