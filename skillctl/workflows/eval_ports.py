"""What evaluations need of the world, each as small as its use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from skillctl.domain.case import Run
    from skillctl.domain.checks.produced import Produced
    from skillctl.domain.evidence import Evidence
    from skillctl.domain.exchange import Reply, Request
    from skillctl.domain.runner import Runner
    from skillctl.domain.trial import Trial

S = TypeVar("S")
T = TypeVar("T")


class Scripts(Protocol):
    """Runs scripts of a skill away from everything that matters."""

    runner: str

    def run(self, files: Mapping[str, tuple[str, bytes]], run: Run) -> Produced | str:
        """What the script produced in a scratch copy of these files (path → mode, bytes), or why it has none."""
        ...


class Answers(Protocol):
    """One runner: what answers `ask` cases, selects skills or judges."""

    config: Runner

    def answer(self, request: Request, files: Mapping[str, tuple[str, bytes]]) -> Reply:
        """The answer; `files` (path → mode, bytes) are the skill's, for an agent that works on them.

        NoAnswer where there is none that could be judged.
        """
        ...


class Tools(Protocol):
    """The tools of MCP servers."""

    def call(self, server: str, tool: str, arguments: Mapping[str, Any], timeout: float) -> Produced | str:
        """What one call gave, within so many seconds, or why there is nothing to judge."""
        ...


class Signatures(Protocol):
    """SSH signatures, as `ssh-keygen -Y` makes and verifies them."""

    def signer(self, raw: bytes, signature: bytes, keys: Mapping[str, Sequence[str]], namespace: str) -> str | None:
        """Who of these people (name → public keys) signed these bytes for this purpose; None if none did."""
        ...

    def verifies(self, raw: bytes, signature: bytes, keys: Sequence[str], namespace: str) -> bool:
        """Whether one of these public keys, all of one person, signed these bytes for this purpose."""
        ...

    def is_of(self, raw: bytes, signature: bytes, namespace: str) -> bool:
        """Whether some key, of anybody, signed these bytes for this purpose."""
        ...


class Journal(Protocol):
    """The trials of this machine, kept as they are taken: they may have cost money."""

    def of(self, skill: str, key: str) -> list[Trial]:
        """All that were taken of a subject; what was cut off while it was written is left out."""
        ...

    def keep(self, skill: str, key: str, trial: Trial) -> None:
        """Take in one more, for good."""
        ...


class Executor(Protocol):
    """Does independent pieces of work, several at a time."""

    def __call__(self, work: Callable[[S], T], items: Sequence[S]) -> Iterator[T]:
        """Each result as soon as it is there; leaving the iteration begins no more work."""
        ...


class EvidenceStore(Protocol):
    """Evidence of this machine, kept for ever."""

    def add(self, evidence: Evidence) -> str:
        """Keep one record and say where it lies."""
        ...

    def place(self, evidence: Evidence) -> str:
        """Where a record lies, if it is kept."""
        ...

    def has(self, skill: str) -> bool:
        """Whether anything is kept of a skill."""
        ...

    def of(self, skill: str) -> list[Evidence]:
        """All readable records of a skill; one that does not hash to its name is none."""
        ...
