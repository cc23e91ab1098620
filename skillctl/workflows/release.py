"""Release: a commit → the plan of what production must change, and the sync that makes it so."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from skillctl.domain import notice, release
from skillctl.domain.environment import Environment, MaxWithdrawn
from skillctl.domain.policy import FILE_NAME
from skillctl.domain.release import Action, Current, Entry, Plan
from skillctl.domain.selection import indexed
from skillctl.errors import StoreRefused, Unreachable, UsageError
from skillctl.workflows.desired import Wanted, wanted
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.ports import Repository
from skillctl.workflows.store_ports import Production

JOB_TYPES = {"mattermost": "notice", "n8n": "rollout"}


@dataclass(frozen=True)
class Planned:
    """A plan with the judged commit it was made from."""

    plan: Plan
    wanted: Wanted


@dataclass(frozen=True)
class Synced:
    """What sync did: `release` is None where nothing had to change; `jobs` are those it queued."""

    plan: Plan
    release: str | None
    head: str | None
    jobs: tuple[str, ...]
    stored_blobs: int


def plan(repository: Repository, signatures: Signatures, production: Production, revision: str) -> Planned:
    """What `sync` of this revision would do; StoreRefused where production is ahead of it."""
    commit = repository.resolve(revision)
    current = production.current()
    if current.commit is not None and not repository.is_ancestor(current.commit, commit):
        message = f"production holds {current.commit[:12]}, which is not in the history of {commit[:12]}"
        hint = "run `git fetch` and sync the newest commit of the release branch; production never goes back by itself"
        raise StoreRefused("production-ahead", message, hint=hint)
    judged = wanted(repository, signatures, commit, current)
    return Planned(release.plan(commit, judged.desired, current), judged)


def sync(
    repository: Repository,
    signatures: Signatures,
    production: Production,
    revision: str,
    *,
    environment: str,
    prune: bool,
    tool: str,
) -> Synced:
    """Make production hold what a revision says, together with the jobs that tell of it; the second run is empty.

    Who is told, and what may be withdrawn unless `prune`, is the policy of that revision. StoreRefused where it is not
    on the release branch, or would withdraw too much.
    """
    planned = plan(repository, signatures, production, revision)
    current = planned.plan.current
    told = _environment(planned, environment)
    _index(production)
    _on_branch(repository, planned.plan.commit, told.release_branch)
    if not prune:
        _stay_within(told.max_withdrawn, planned.plan)
    if not planned.plan.changes and current.commit == planned.plan.commit:
        return Synced(planned.plan, None, current.head, (), 0)
    stored = _bring_up(production, planned)
    payload = _payload(planned, environment, told.destinations, repository.actor(), tool)
    answer = production.apply(payload)
    _read_back(planned, production.current())
    _index(production)
    made = answer["release"] if planned.plan.changes else None
    jobs = tuple(job["destination"] for job in answer.get("jobs", ()))
    return Synced(planned.plan, made, answer.get("head"), jobs, stored)


def _index(production: Production) -> None:
    """Give every offered skill its terms, also those that have none yet, or by another edition of the rules."""
    lacking = production.unindexed()
    if lacking:
        production.put_terms(indexed(version, offer) for version, offer in lacking)


def _environment(planned: Planned, name: str) -> Environment:
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


def _stay_within(limit: MaxWithdrawn, made: Plan) -> None:
    if release.withdraws_too_much(made, limit.fraction, limit.above):
        gone = release.withdrawals(made)
        message = f"{len(gone)} skills would be withdrawn at once: {', '.join(gone[:5])} …"
        hint = "look at `skillctl plan`; if it is meant, run `skillctl sync --prune`"
        raise StoreRefused("too-many-withdrawn", message, hint=hint)


def _bring_up(production: Production, planned: Planned) -> int:
    blobs: dict[str, bytes] = {}
    for entry in planned.plan.changes:
        for version in entry.publish:
            blobs |= planned.wanted.bundles[entry.skill, version].blobs
    if not blobs:
        return 0
    missing = production.missing_blobs(blobs)
    return production.put_blobs({digest: blobs[digest] for digest in sorted(missing)})


def _payload(planned: Planned, environment: str, destinations: Iterable[str], actor: str, tool: str) -> dict[str, Any]:
    made, current = planned.plan, planned.plan.current
    # The id is a function of what is released onto what, so a repeated attempt is recognised as the same release.
    name = f"{made.commit}:{current.release}:{current.commit}:{[entry.skill for entry in made.changes]}"
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    facts = notice.payload(identity, environment, made, _digests(planned))
    return {
        "id": identity,
        "commit": made.commit,
        "expected_release": current.release,
        "expected_commit": current.commit,
        "actor": actor,
        "tool": tool,
        "changes": [_change(entry, planned) for entry in made.changes],
        "jobs": [
            {"destination": destination, "job_type": JOB_TYPES[destination], "payload": facts}
            for destination in destinations
            if made.changes
        ],
    }


def _digests(planned: Planned) -> Mapping[tuple[str, str], str]:
    return {
        (name, version): state.digest
        for name, desired in planned.wanted.desired.items()
        for version, state in desired.state.versions.items()
    }


def _change(entry: Entry, planned: Planned) -> dict[str, Any]:
    desired = planned.wanted.desired[entry.skill]
    evidence = {version: planned.wanted.bundles[entry.skill, version].publish["evidence"] for version in entry.publish}
    return {
        "skill": entry.skill,
        "action": entry.action.value,
        "version": entry.version,
        "serving": entry.serving,
        "publish": [planned.wanted.bundles[entry.skill, version].publish for version in entry.publish],
        "states": release.payload_states(entry, desired),
        "promotions": [
            {
                "version": step.version,
                "action": step.action.value,
                "from_status": step.source,
                "to_status": step.target,
                "digest": desired.state.versions[step.version].digest,
                "evidence": evidence.get(step.version) if step.action is Action.PUBLISH else None,
            }
            for step in entry.steps
        ],
    }


def _read_back(planned: Planned, now: Current) -> None:
    """Production must now say what the plan wanted; if it does not, nobody may believe the sync."""
    if now.commit != planned.plan.commit:
        raise StoreRefused("production-moved", "another sync ran at the same time", hint="run `skillctl sync` again")
    for entry in planned.plan.changes:
        held, ours = now.skills.get(entry.skill), planned.wanted.desired[entry.skill].state
        if held != ours:
            message = f"production does not hold `{entry.skill}` as it was told to"
            raise Unreachable(message, hint="run `skillctl plan` to see the difference")
