"""Rollout: a release's job → n8n is asked once, what became of it is found out, and its run is followed to its end."""

import hashlib
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec.structs import replace

from skillctl.domain import rollout
from skillctl.domain.delivery import Attempt, Delivered, Job, Later, Retry, Undeliverable
from skillctl.domain.rollout import Answer, Looked, Outcome, Settle, Standing, Step, Unheard
from skillctl.errors import SkillctlError


class Rollouts(Protocol):
    """What production knows of rollouts."""

    def open(self, job: Job, token_sha256: str, *, again: bool = False) -> Standing:
        """How the rollout of a job stands, and whether n8n may be asked now, with the token of this hash."""
        ...

    def close(self, job: Job, token_sha256: str) -> None:
        """What was sent with this token was surely not heard."""
        ...

    def delivered(self, job: Job, execution: str | None, *, follow: bool, acknowledged: bool) -> None:
        """n8n has accepted the rollout of a job; `follow` has its run watched."""
        ...

    def standing(self, release: str) -> Standing | None:
        """How the rollout of a release stands; None where it has none."""
        ...

    def settle(self, release: str, outcome: Outcome, detail: str | None) -> str:
        """It has ended so, unless it was settled before; how it stands now."""
        ...


class Hook(Protocol):
    """n8n's webhook."""

    @property
    def is_acknowledged(self) -> bool:
        """Whether the workflow is told where to say how a rollout ended."""
        ...

    def trigger(self, job: Job, token: str) -> Answer:
        """Ask for the rollout of a release once."""
        ...


#: Which run the job of this key has started in the last so many seconds.
LookUp = Callable[[str, int], Looked]
#: How one run stands.
Look = Callable[[str], Looked]
Opening = Callable[[], AbstractContextManager[Rollouts]]


class Trigger:
    """Brings a release to n8n; `look_up` is None where its API is not known to us, and then nothing is followed."""

    def __init__(self, hook: Hook, look_up: LookUp | None, opening: Opening) -> None:
        self._hook, self._look_up, self._opening = hook, look_up, opening

    def deliver(self, job: Job) -> Attempt:
        """One attempt: n8n is asked at most once, and only where it surely has not started this rollout yet."""
        # What was sent stays noted, so that the next attempt looks before it asks.
        return _with_production(self._opening, self._attempt, job)

    def _attempt(self, rollouts: Rollouts, job: Job) -> Attempt:
        token, token_sha256 = _token()
        standing = rollouts.open(job, token_sha256)
        outcome = rollout.begun(standing)
        if outcome is Step.LOOK:
            outcome = self._find(standing, job)
            if outcome is Step.SEND and not rollouts.open(job, token_sha256, again=True).is_open:
                return Retry("another worker has asked n8n meanwhile")
        if outcome is Step.SEND:
            answer = self._hook.trigger(job, token)
            if isinstance(answer, Unheard | rollout.Refused):
                rollouts.close(job, token_sha256)
            outcome = rollout.sent(answer)
            if outcome is Step.LOOK:
                outcome = self._unclear(standing, job, answer)
        assert not isinstance(outcome, Step)
        return self._told(rollouts, job, standing, outcome)

    def _unclear(self, standing: Standing, job: Job, answer: Answer) -> Attempt:
        """It was asked this moment, and it is not clear whether it was heard."""
        outcome = self._find(replace(standing, first=0, last=0, is_cleared=False), job)
        why = getattr(answer, "reason", "")
        if isinstance(outcome, Later) and outcome.reason is not None:
            return Later(outcome.after, outcome.receipt, f"{why}; {outcome.reason}")
        if isinstance(outcome, Undeliverable):
            return Undeliverable(f"{why}; {outcome.reason}")
        assert not isinstance(outcome, Step), "a run may still appear"
        return outcome

    def _find(self, standing: Standing, job: Job) -> Attempt | Step:
        looked = None if self._look_up is None else self._look_up(job.key, standing.since)
        return rollout.found(standing, looked, is_acknowledged=self._hook.is_acknowledged)

    def _told(self, rollouts: Rollouts, job: Job, standing: Standing, outcome: Attempt) -> Attempt:
        if isinstance(outcome, Delivered) and standing.state == "pending":
            rollouts.delivered(
                job,
                outcome.receipt["execution_id"],
                follow=self._look_up is not None,
                acknowledged=self._hook.is_acknowledged,
            )
        return outcome


class Follow:
    """Watches the run that a rollout started, until it has ended or was acknowledged."""

    def __init__(self, look: Look, opening: Opening) -> None:
        self._look, self._opening = look, opening

    def deliver(self, job: Job) -> Attempt:
        """One look at the run."""
        return _with_production(self._opening, self._attempt, job)

    def _attempt(self, rollouts: Rollouts, job: Job) -> Attempt:
        release = str(job.payload.get("release"))
        standing = rollouts.standing(release)
        if standing is None or standing.execution is None:
            return Undeliverable("the payload names no rollout that can be followed")
        if standing.is_settled:
            return rollout.arrived(standing.execution, standing.state)
        seen = rollout.followed(
            standing, self._look(standing.execution), is_acknowledged=bool(job.payload.get("acknowledged"))
        )
        if not isinstance(seen, Settle):
            return seen
        return rollout.arrived(standing.execution, rollouts.settle(release, seen.outcome, seen.detail))


def _with_production(opening: Opening, work: Callable[[Rollouts, Job], Attempt], job: Job) -> Attempt:
    """The work on what production knows of rollouts; tried again where it does not answer."""
    try:
        with opening() as rollouts:
            return work(rollouts, job)
    except SkillctlError as problem:
        return Retry(f"production: {problem.message}")


def _token() -> tuple[str, str]:
    """A new one-time token, and its hash."""
    token = secrets.token_urlsafe(32)
    return token, hashlib.sha256(token.encode()).hexdigest()
