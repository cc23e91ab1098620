"""Rollout failed: as the policy has it, the skills of the release are held, or people are told."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from skillctl.domain import secrets
from skillctl.domain.delivery import Attempt, Delivered, Job, Retry, Undeliverable
from skillctl.domain.release_payload import Origin
from skillctl.errors import SkillctlError, StoreRefused
from skillctl.workflows.hold import hold_all
from skillctl.workflows.rollout import Opening
from skillctl.workflows.store_ports import Destination, Production

#: Who sets the hold.
ACTOR = "n8n rollout"


class HoldIt(Struct, frozen=True):
    """Holds every skill that the release changed; the hold's own notice tells of it."""

    opening: Callable[[], AbstractContextManager[Production]]
    rollouts: Opening
    origin: Origin

    def deliver(self, job: Job) -> Attempt:
        """Set the holds; those that are set already stay as they are."""
        skills = sorted({change["skill"] for change in _changes(job) if isinstance(change.get("skill"), str)})
        if not skills:
            return Undeliverable("the payload names no skill that could be held")
        release, why = str(job.payload.get("release")), secrets.masked(str(job.payload.get("reason")))
        reason = f"the rollout of release {release} failed: {why}"
        try:
            with self.rollouts() as rollouts:
                standing = rollouts.standing(release)
            if standing is None or standing.state != "rollout_failed":
                return Undeliverable("production knows of no failed rollout of that release")
            with self.opening() as production:
                applied = hold_all(production, self.origin, skills, reason)
        except StoreRefused as refusal:
            return Retry(f"production refused: {refusal.message}", 5 if refusal.name == "production-moved" else None)
        except SkillctlError as problem:
            return Retry(f"production: {problem.message}")
        return Delivered({"held": len(skills), "release": applied.release if applied else None})


class TellIt(Struct, frozen=True):
    """Tells Mattermost; `destination` is None where the policy names none."""

    destination: Destination | None

    def deliver(self, job: Job) -> Attempt:
        """Post one notice."""
        if self.destination is None:
            return Delivered({"told": "nobody: the policy names no Mattermost"})
        reason = secrets.masked(str(job.payload.get("reason")))
        return self.destination.deliver(replace(job, payload={**job.payload, "reason": reason}))


def _changes(job: Job) -> list[dict[str, Any]]:
    changes = job.payload.get("changes")
    return [one for one in changes if isinstance(one, dict)] if isinstance(changes, list) else []
