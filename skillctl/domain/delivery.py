"""Jobs of a release, one attempt at one destination, and when the next one is due."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

FIRST_DELAY = 30
LONGEST_DELAY = 3600
MOST_JITTER = 300
#: The longest that a worker without a job waits before it asks again.
LONGEST_PAUSE = 15


class Job(Struct, frozen=True):
    """A job that `worker` holds; `attempt` counts from 1, `key` is the same for every attempt at the same thing."""

    id: str
    job_type: str
    payload: Mapping[str, Any]
    attempt: int
    key: str
    worker: str = ""


class Delivered(Struct, frozen=True):
    """It arrived; `receipt` is what the other side said of it."""

    receipt: Mapping[str, Any] = field(default_factory=dict)


class Retry(Struct, frozen=True):
    """It did not arrive, and may yet; `after` is the other side's wish in seconds."""

    reason: str
    after: int | None = None


class Undeliverable(Struct, frozen=True):
    """It will not arrive, however often it is sent."""

    reason: str


class Later(Struct, frozen=True):
    """Nothing failed and nothing is done: ask again in so many seconds; this was no attempt.

    `reason` says what is not known, None where all goes its way.
    """

    after: int
    receipt: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None


Attempt = Delivered | Retry | Undeliverable | Later


class Backlog(Struct, frozen=True):
    """Jobs by type: `due` are waiting now, `dead` will never be tried again by themselves."""

    due: Mapping[str, int]
    dead: Mapping[str, int]


#: Who takes each type of job; of any other, a receiver of its own.
_RECEIVERS = {"notice": "mattermost", "rollout": "n8n", "rollout-follow": "n8n"}


def receiver_of(job_type: str, on_failure: str = "notify") -> str:
    """Who a job of this type goes to, so that jobs of several types are known to wait for the same server.

    `on_failure` is what the policy does of a rollout that failed: where it is told, it is told to the chat.
    """
    if job_type == "rollout-failed" and on_failure == "notify":
        return _RECEIVERS["notice"]
    return _RECEIVERS.get(job_type, job_type)


def delay(attempt: int, wish: int | None, chance: float = 0.0) -> int:
    """Seconds until the next attempt: doubling from half a minute to an hour, never sooner than wished.

    `chance`, from 0 to 1, adds up to half as much again, at most five minutes: what failed together must not come back
    together.

    An hour without the receiver is outlived: of the eight attempts that the queue gives a job, the last one comes 63
    minutes after the first, or later.
    """
    doubled: int = FIRST_DELAY * 2 ** min(attempt - 1, 10)
    due = max(min(doubled, LONGEST_DELAY), wish or 0)
    return due + int(chance * min(due // 2, MOST_JITTER))


def pause(asked: int) -> int:
    """Seconds to wait after asking so many times in vain: doubling from 1 to 15."""
    return min(1 << min(asked - 1, 4), LONGEST_PAUSE)
