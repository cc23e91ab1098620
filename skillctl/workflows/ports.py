"""What the workflows need of the world, each as small as its use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from skillctl.domain.card import Card
    from skillctl.domain.delivery import Attempt, Backlog, Job
    from skillctl.domain.finding import Finding
    from skillctl.domain.judgement import Ignore, Judgement
    from skillctl.domain.position import Position
    from skillctl.domain.registry import Registry
    from skillctl.domain.release import Current
    from skillctl.domain.tree import TreeFile

S = TypeVar("S")
T = TypeVar("T")
NearNames = Mapping[str, Sequence[str]]


class Clock(Protocol):
    """The time, so that nobody else asks for it."""

    def now(self) -> str:
        """The present moment in UTC, RFC 3339 with seconds."""
        ...

    def seconds(self) -> float:
        """A monotonic count of seconds, for durations."""
        ...


class Tree(Protocol):
    """The files of a commit or a folder; paths are relative to the root, with forward slashes."""

    def names(self, folder: str) -> Sequence[str]:
        """The names of all that lies directly in a folder at the root."""
        ...

    def files(self, *folders: str) -> Sequence[TreeFile]:
        """All files below these folders (or these files themselves), sorted by path."""
        ...

    def read(self, files: Iterable[TreeFile]) -> Mapping[str, bytes]:
        """The bytes of files by path; one that cannot be read is left out."""
        ...

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Why each file or folder that was asked for so far could not be read."""
        ...


class Memory(Protocol):
    """What an earlier run judged; it answers only for what is surely the same as it was then."""

    def is_all_the_same(self) -> bool:
        """Whether no file is other than it was, none is new and none is gone."""
        ...

    def is_same(self, name: str) -> bool:
        """Whether the files of one skill are."""
        ...

    def digest(self, name: str) -> str | None:
        """The digest of those files of a skill that were judged, whatever they are now."""
        ...

    def skills(self) -> Sequence[str]:
        """The names of all skills."""
        ...

    def findings(self) -> Sequence[Finding]:
        """All findings, suppressed ones too."""
        ...

    def ignores(self) -> Mapping[str, tuple[Ignore, ...]]:
        """The suppressions, by skill."""
        ...

    def cards(self, names: Iterable[str]) -> Mapping[str, Card]:
        """The cards of those of these skills that have one."""
        ...

    def positions(self) -> Mapping[str, Position]:
        """Where each skill stands, by name."""
        ...

    def own(self) -> Sequence[Finding] | None:
        """The findings on what belongs to no skill, if the files they are of are the same."""
        ...

    def near_names(self, names: Iterable[str]) -> NearNames | None:
        """Which names are nearly alike, if the skills have these names."""
        ...

    def across(
        self, names: Sequence[str], fresh: Mapping[str, Judgement], registry: Registry
    ) -> Sequence[Finding] | None:
        """The findings across the catalogue, if these are the names, cards and servers that gave them."""
        ...

    def keep(
        self,
        names: Sequence[str],
        fresh: Mapping[str, Judgement],
        registry: Registry,
        own: Sequence[Finding],
        across: Sequence[Finding],
        near: NearNames | None,
    ) -> None:
        """Take over what was judged now; `own` are findings on what belongs to no skill, `near` the names that are
        nearly alike, None where these are as they were.
        """
        ...


class Spread(Protocol):
    """Does the same work for many names, at the same time where that is faster."""

    def __call__(self, work: Callable[[str], T], names: Sequence[str]) -> Sequence[T]:
        """The results in the order of the names."""
        ...


class Repository(Protocol):
    """The Git repository that holds the skills; Unreachable where Git does not answer."""

    def head(self) -> str:
        """The commit that is checked out; UsageError before the first commit."""
        ...

    def resolve(self, revision: str) -> str:
        """The commit a revision means; UsageError if it means none."""
        ...

    def tree(self, commit: str) -> Tree:
        """What a commit holds."""
        ...

    def pending(self, *folders: str) -> Tree:
        """What committing these folders as they lie now would give; nothing is staged by asking."""
        ...

    def blobs(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Bytes by Git object id; an object that is not there is left out."""
        ...

    def hash_blob(self, raw: bytes) -> str:
        """The object id that Git gives these bytes."""
        ...

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether one commit lies in the history of another; False if either is unknown here."""
        ...

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit that two commits have in common; Unreachable if this clone knows of none."""
        ...

    def current_branch(self) -> str | None:
        """The branch that is checked out; None where it is a commit alone."""
        ...

    def default_branch(self) -> str | None:
        """The branch that a clone of its origin begins with, as this clone knows it."""
        ...

    def parent(self, commit: str) -> str | None:
        """The first parent of a commit; None of the first one."""
        ...

    def branch(self, name: str) -> list[str]:
        """The newest commits of a branch as this clone knows it, its own and its origin's; none if it knows neither."""
        ...

    def authors(self, folder: str, since: str | None) -> list[str]:
        """Everybody who committed to `folder` after the commit `since` (None: ever), as `Name <mail>`, sorted."""
        ...

    def introduced(self, folder: str, at: str) -> Mapping[str, tuple[str, str | None]]:
        """For each file below `folder`: the first-parent commit of `at` that brought it in last, and its parent."""
        ...

    def brought(self, folder: str) -> Mapping[str, str]:
        """For each file below `folder` in HEAD: when a commit brought it in last, RFC 3339, where this clone knows."""
        ...

    def actor(self) -> str:
        """Who commits here, as `Name <mail>`."""
        ...

    def commit(self, files: Mapping[str, bytes], message: str) -> str | None:
        """Commit exactly these files with exactly these bytes, whatever else is staged or changed.

        None if HEAD says so already. UsageError where a file has changes of somebody's that would be lost;
        Unreachable where Git refuses, and then everything is as it was.
        """
        ...

    def write(self, files: Mapping[str, bytes]) -> Sequence[str]:
        """Put exactly these bytes into the folder, for somebody to commit; the paths in which HEAD says otherwise.

        UsageError where a file has changes of somebody's that would be lost.
        """
        ...

    def commit_on(self, branch: str, files: Mapping[str, bytes], message: str) -> str | None:
        """As `commit`, on a branch that begins at HEAD and is not checked out; nothing else is touched.

        None if the branch, or HEAD, says so already. UsageError where the branch holds something else.
        """
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Held while one process changes the repository; Unreachable for the second."""
        ...


class Catalogue(Protocol):
    """The dev store, as `load` fills it."""

    def replace(self, skills: Iterable[Mapping[str, Any]], files: Iterable[Mapping[str, Any]]) -> str:
        """Put a whole new catalogue in place at once and say where it lies."""
        ...


class Production(Protocol):
    """The prod store: everything it does is one of its own functions. StoreRefused where it says no."""

    def current(self) -> Current:
        """What it holds now."""
        ...

    def missing_blobs(self, digests: Iterable[str]) -> set[str]:
        """Those of these SHA-256 that it has no bytes for."""
        ...

    def put_blobs(self, blobs: Mapping[str, bytes]) -> int:
        """Bring up bytes by SHA-256, in chunks; the number stored."""
        ...

    def apply(self, release: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a release true, all of it or nothing."""
        ...

    def served(self) -> Mapping[str, Any]:
        """What an agent sees when it lists skills."""
        ...

    def claim(self, worker: str, job_types: Iterable[str]) -> Job | None:
        """The next due job of ours of one of these types, leased to this worker, or None."""
        ...

    def complete(self, job: Job, worker: str, result: Mapping[str, Any]) -> None:
        """The job's effect is there; StoreRefused `lease-lost` where the job is no longer this worker's."""
        ...

    def fail(self, job: Job, worker: str, error: str, *, retry_in: int | None) -> str:
        """The job's effect is not there: again in so many seconds, or never (None); its status afterwards.

        StoreRefused `lease-lost` where the job is no longer this worker's.
        """
        ...

    def backlog(self) -> Backlog:
        """Our jobs that are due, and our dead letters."""
        ...

    def jobs(self, limit: int) -> list[Mapping[str, Any]]:
        """The newest jobs of ours."""
        ...


class Destination(Protocol):
    """Where a job's payload goes."""

    def deliver(self, job: Job) -> Attempt:
        """One attempt; never raises for what the other side does."""
        ...
