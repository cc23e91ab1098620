"""A rollout: what n8n's answers mean, when it may be asked again, and how its run ends.

n8n itself knows no keys, so that asking twice starts two runs. It is asked again only where the time before was surely
not heard, or where somebody looked and found no run; whatever else happened is unclear, and is found out.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal

from msgspec import Struct

from skillctl.domain.delivery import Attempt, Delivered, Later, Retry, Undeliverable

TRIGGER, FOLLOW, FAILED = "rollout", "rollout-follow", "rollout-failed"
Outcome = Literal["rolled_out", "rollout_failed"]
#: Seconds after a send in which a run may still appear: longer than an attempt may take.
APPEARS = 90
#: Seconds after the first send in which it is found out what became of it: by n8n's API, or by an acknowledgement.
LOOKING, WAITING = 86_400, 3_600
#: Seconds that a run which ended well may leave its acknowledgement behind.
GRACE = 60
#: Seconds after which nobody follows a run any more, and after which a run that n8n does not know is given up.
FOLLOWED, FORGOTTEN = 7 * 86_400, 3_600
_SOONEST, _LATEST = 5, 60


class Step(Enum):
    """What the worker does next, where that is no answer yet."""

    SEND = "send"
    LOOK = "look"


class Accepted(Struct, frozen=True):
    """n8n named its run."""

    execution: str


class Unheard(Struct, frozen=True):
    """Nothing was started, surely; another attempt may be better received."""

    reason: str
    after: int | None = None


class Refused(Struct, frozen=True):
    """Nothing was started, and nothing will be."""

    reason: str


class Unclear(Struct, frozen=True):
    """A run may have been started."""

    reason: str


Answer = Accepted | Unheard | Refused | Unclear


class Run(Struct, frozen=True):
    """One run of the workflow; `ended` is seconds since its end, None where it is not said."""

    id: str
    status: str
    ended: int | None = None
    error: str | None = None


class NoRun(Struct, frozen=True):
    """n8n knows no such run."""


class Forbidden(Struct, frozen=True):
    """The API key may not read runs."""

    reason: str


Looked = Run | NoRun | Forbidden | Unclear


class Standing(Struct, frozen=True):
    """How production knows a rollout: `is_open` where n8n may be asked now.

    `since` and `last` are seconds since n8n was asked for the first and the last time that it may have heard, `first`
    those since it was asked after a person last had it tried again; `is_cleared` where it was not asked after that.
    `age` is since it accepted.
    """

    release: str
    state: str
    execution: str | None
    is_open: bool = False
    since: int = 0
    first: int = 0
    last: int = 0
    is_cleared: bool = False
    age: int = 0

    @property
    def is_settled(self) -> bool:
        return self.state in ("rolled_out", "rollout_failed")


def heard(
    status: int, is_json: bool, execution: str | None, after: int | None = None, *, is_starting: bool = False
) -> Answer:
    """What an answer of n8n means; a 200 alone is none, for it says that while it starts and when nothing answers.

    `is_starting`: the body is the page that n8n shows while it starts. Of any other page nobody knows what made it.
    """
    if 200 <= status < 300:
        if execution is not None:
            return Accepted(execution)
        if is_starting:
            return Unheard("the server is starting")
        return Unclear(f"the server answered {status}, but named no execution")
    if status == 404 and not is_json:
        return Unheard("the server is starting")
    if status in (425, 429):
        return Unheard(f"the server answered {status}", after)
    if status == 408 or (status >= 500 and status != 501):
        return Unclear(f"the server answered {status}")
    return Refused(f"the server answered {status}" + _REMEDIES.get(status, ""))


_REMEDIES = {
    401: ": it does not know the signature; is `N8N_WEBHOOK_SECRET` that of its credential?",
    404: ": the workflow is not published",
    413: ": the release is too large for it; raise `N8N_PAYLOAD_SIZE_MAX`",
}


def begun(standing: Standing) -> Attempt | Step:
    """What to do with a rollout whose job was taken."""
    if standing.is_settled or standing.state == "delivered":
        return arrived(standing.execution, standing.state)
    return Step.SEND if standing.is_open else Step.LOOK


def arrived(execution: str | None, state: str = "delivered") -> Delivered:
    """It is with n8n, or has ended."""
    ended = {} if state == "delivered" else {"state": state}
    return Delivered({"execution_id": execution} | ended)


def sent(answer: Answer) -> Attempt | Step:
    """What to do after n8n was asked."""
    if isinstance(answer, Accepted):
        return arrived(answer.execution)
    if isinstance(answer, Unheard):
        return Retry(answer.reason, answer.after)
    return Undeliverable(answer.reason) if isinstance(answer, Refused) else Step.LOOK


def found(standing: Standing, looked: Looked | None, *, is_acknowledged: bool) -> Attempt | Step:
    """What to do after n8n was asked which run it started; `looked` None where its API is not known to us.

    `is_acknowledged` says whether the workflow could have acknowledged what was sent. Where n8n cannot say it, the word
    of the person counts who had the job tried again.
    """
    if isinstance(looked, Run):
        return arrived(looked.id)
    if isinstance(looked, NoRun):
        if standing.last > APPEARS:
            return Step.SEND
        return Later(max(APPEARS - standing.last, _SOONEST), reason="n8n shows no run yet; it may still appear")
    if standing.is_cleared:
        return Step.SEND
    why = looked.reason if looked is not None else "n8n's API key is not set"
    bound = LOOKING if looked is not None else WAITING if is_acknowledged else 0
    if standing.first < bound:
        return Later(_pause(standing.first), reason=f"whether n8n has started a run is not known: {why}")
    return Undeliverable(
        f"whether n8n has started a run is not known: {why}; look at its executions, and have the job tried again"
        " only where there is none: `skillctl jobs retry`"
    )


class Settle(Struct, frozen=True):
    """The rollout has ended so."""

    outcome: Outcome
    detail: str | None = None


def followed(standing: Standing, looked: Looked, *, is_acknowledged: bool) -> Attempt | Settle:
    """What a look at the run says; an acknowledgement that is on its way goes first."""
    if isinstance(looked, Run):
        return _ended(standing, looked, is_acknowledged=is_acknowledged)
    if isinstance(looked, Forbidden):
        return Undeliverable(looked.reason)
    if isinstance(looked, NoRun):
        why, bound = f"n8n does not know run {standing.execution}", FORGOTTEN
    else:
        why, bound = looked.reason, FOLLOWED
    if standing.age >= bound:
        return Undeliverable(f"how the run ended was not found out: {why}")
    return Later(_pause(standing.age), {"state": "delivered"}, why)


def _ended(standing: Standing, run: Run, *, is_acknowledged: bool) -> Attempt | Settle:
    if run.status in ("error", "canceled", "crashed"):
        return Settle("rollout_failed", f"n8n: run {run.id}: {run.error or run.status}")
    if run.status != "success":
        if standing.age >= FOLLOWED:
            return Undeliverable(f"how the run ended was not found out: it is {run.status} since a week")
        return Later(_pause(standing.age), {"state": run.status})
    if is_acknowledged and run.ended is not None and run.ended < GRACE:
        return Later(GRACE - run.ended if run.ended > 0 else GRACE, {"state": "success"})
    missing = "; it was not acknowledged" if is_acknowledged else ""
    return Settle("rolled_out", f"n8n: run {run.id} ended well{missing}")


def _pause(age: int) -> int:
    """Seconds until the next look: the longer it takes already, the rarer."""
    return min(max(age // 4, _SOONEST), _LATEST)


def shown(state: str, job: str | None) -> str:
    """A state in words, by the status of the job that brings it to n8n."""
    if state == "pending" and job == "failed":
        return "not delivered"
    if state == "pending" and job == "cancelled":
        return "cancelled"
    return {"rolled_out": "rolled out", "rollout_failed": "failed"}.get(state, state)


def last(said: Mapping[str, Any]) -> str:
    """How the last promotion of a skill arrived, in a few words, from what production says of its rollout."""
    return f"{said['version']} {shown(said['state'], said['job'])}"
