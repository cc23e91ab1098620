"""What the workflows need of the stores and of those who are told, each as small as its use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from skillctl.domain.delivery import Attempt, Backlog, Job
    from skillctl.domain.ledger import Ledger
    from skillctl.domain.production import Applied, Current
    from skillctl.domain.selection import Indexed, Offer


class Catalogue(Protocol):
    """The dev store, as `load` fills it."""

    def replace(self, skills: Iterable[Mapping[str, Any]], files: Iterable[Mapping[str, Any]]) -> str:
        """Put a whole new catalogue in place at once and say where it lies."""
        ...


class Queue(Protocol):
    """The jobs of production, as one worker asks for them. StoreRefused where it says no."""

    def claim(self, worker: str, job_types: Iterable[str]) -> Job | None:
        """The next due job of ours of one of these types, leased to this worker, or None."""
        ...

    def extend(self, job: Job, worker: str) -> None:
        """The job stays this worker's for another while; StoreRefused `lease-lost` where it is no longer its own."""
        ...

    def complete(self, job: Job, worker: str, result: Mapping[str, Any]) -> None:
        """The job's effect is there; StoreRefused `lease-lost` where the job is no longer this worker's."""
        ...

    def fail(self, job: Job, worker: str, error: str, *, retry_in: int | None) -> str:
        """The job's effect is not there: again in so many seconds, or never (None); its status afterwards.

        StoreRefused `lease-lost` where the job is no longer this worker's.
        """
        ...

    def postpone(self, job: Job, worker: str, seconds: int, result: Mapping[str, Any]) -> None:
        """Nothing failed and nothing is done: the job is due again in so many seconds, and this was no attempt."""
        ...

    def backlog(self) -> Backlog:
        """Our jobs that are due, and our dead letters."""
        ...


class Production(Queue, Protocol):
    """The prod store: everything it does is one of its own functions. StoreRefused where it says no."""

    def current(self, only: Sequence[str] | None = None, *, anew: bool = False) -> Current:
        """What it holds now, of all skills or of these; `anew` asks for all of it, whatever was known before."""
        ...

    def missing_blobs(self, digests: Iterable[str]) -> set[str]:
        """Those of these SHA-256 that it has no bytes for."""
        ...

    def put_blobs(self, blobs: Mapping[str, bytes]) -> int:
        """Bring up bytes by SHA-256, in chunks; the number stored."""
        ...

    def apply(self, release: Mapping[str, Any]) -> Applied:
        """Make a release true, all of it or nothing."""
        ...

    def effect(self, release: str) -> Mapping[str, Any] | None:
        """What the one release whose id begins so changed, and how that stands now; None for none, or several."""
        ...

    def releases(self, limit: int) -> list[Mapping[str, Any]]:
        """The newest releases."""
        ...

    def facts(self, skills: Sequence[str]) -> Mapping[str, Any]:
        """All that is held of these skills, to be compared with what a commit says."""
        ...

    def strays(self) -> list[Mapping[str, str]]:
        """What is not as its releases left it: the `table`, and `what` is wrong there."""
        ...

    def served(self) -> Mapping[str, Any]:
        """What an agent sees when it lists skills."""
        ...

    def verify_ledger(self, head: str | None) -> Ledger:
        """Every hash of its ledger computed again, and where in it stands a head that was kept elsewhere."""
        ...

    def unindexed(self) -> list[tuple[str, Offer]]:
        """The offered skills whose terms it has not, each with its version."""
        ...

    def kept_terms(self) -> Mapping[str, str]:
        """The digest of the terms of each offered skill that it has terms of, by name."""
        ...

    def put_terms(self, skills: Iterable[Indexed]) -> None:
        """Bring up the terms of offered skills."""
        ...


class Destination(Protocol):
    """Where a job's payload goes."""

    def deliver(self, job: Job) -> Attempt:
        """One attempt; never raises for what the other side does."""
        ...


class Chat(Destination, Protocol):
    """A destination that people read."""

    def say(self, key: str, text: str, /) -> Attempt:
        """One attempt at posting a text; where the chat can know it, the same one under the same key is posted once."""
        ...
