"""What the workflows need of the world, each as small as its use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from skillctl.domain.card import Card
    from skillctl.domain.finding import Finding
    from skillctl.domain.judgement import Ignore, Judgement
    from skillctl.domain.position import Position
    from skillctl.domain.registry import Registry
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


class OfferMemory(Protocol):
    """What selection sees of skills, by name and the object id of their folder; None of one that cannot be read."""

    def known(self) -> Mapping[str, list[Any] | None]:
        """The rows that were kept last."""
        ...

    def keep(self, rows: Mapping[str, list[Any] | None]) -> None:
        """Have these rows in the place of all others."""
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
        """Bytes by Git object id, or by `COMMIT:PATH`; an object that is not there is left out."""
        ...

    def ids(self, names: Iterable[str]) -> Mapping[str, str]:
        """The object ids of `COMMIT:PATH`, by that name; what is not there is left out."""
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

    def changed(self, before: str, after: str) -> Sequence[str]:
        """The paths that differ between two trees, sorted."""
        ...

    def merged(self, base: str, head: str) -> str:
        """The tree that merging `head` into `base` would give; Unreachable where that takes a person."""
        ...

    def first_parents(self, since: str, until: str) -> Sequence[str]:
        """The commits of the first-parent line of `until` after `since`, the oldest first.

        UsageError where `since` does not lie on that line; Unreachable where this clone does not reach back so far.
        """
        ...

    def folders(self, treeish: str, folder: str) -> Mapping[str, str]:
        """The folders directly in a folder of a tree, with the object ids that name all they hold."""
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

    def authors(self, folder: str, since: str | None, at: str = "HEAD") -> list[str]:
        """Everybody who wrote in `folder` after the commit `since` (None: ever), up to `at`, as `Name <mail>`, sorted.

        Those whom a commit names in a trailer `Co-authored-by:` wrote it too.
        """
        ...

    def days(self, at: str) -> Mapping[str, str]:
        """The day in UTC of each commit of the first-parent line of `at`, `YYYY-MM-DD`, never before an older one's."""
        ...

    def message(self, commit: str) -> str | None:
        """The message of a commit; None where this clone does not know it."""
        ...

    def remote(self) -> str | None:
        """The address that its origin is fetched from; None if there is none."""
        ...

    def is_shallow(self) -> bool:
        """Whether this clone lacks a part of the history, so that nobody can say who wrote what."""
        ...

    def introduced(self, folders: Sequence[str], at: str) -> Mapping[str, tuple[str, str | None]]:
        """For each file below these folders: the first-parent commit of `at` that brought it in last, and its parent.

        The newest come first.
        """
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
