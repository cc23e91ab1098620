"""What production holds: skills with their versions, and what people stopped there at once."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field


class VersionState(Struct, frozen=True):
    """How one approved version stands; `notice` is the reason, replacement and sunset of a retired one."""

    digest: str
    state: str
    notice: Mapping[str, str] | None


class SkillState(Struct, frozen=True):
    """One skill of a catalogue: the served version, and every version it knows."""

    serving: str | None
    versions: Mapping[str, VersionState]

    def digest(self, version: str | None) -> str | None:
        """The digest of a version, None where it is not known."""
        found = self.versions.get(version) if version is not None else None
        return found.digest if found is not None else None


class Hold(Struct, frozen=True):
    """A stop that a person set in production, at a moment in UTC.

    A `hold` lets nothing of the skill change; a `rollback` keeps these digests from being served again.
    """

    skill: str
    kind: Literal["hold", "rollback"]
    version: str | None
    digests: frozenset[str]
    reason: str
    actor: str
    at: str

    def stops(self, digest: str | None) -> bool:
        """Whether it keeps content from being served; nothing is stopped that serves nothing."""
        return self.kind == "hold" or digest in self.digests


class Revocation(Struct, frozen=True):
    """Content that is forbidden for ever, and who forbade it."""

    digest: str
    name: str
    version: str
    reason: str
    actor: str


class Applied(Struct, frozen=True):
    """What applying gave: the release, None where it was so already, the head of the ledger, and who is told."""

    release: str | None
    head: str | None
    jobs: tuple[str, ...] = ()


class Current(Struct, frozen=True):
    """What production holds now; `judged` is the last commit up to which all was admitted.

    `head` is the last hash of the ledger, under which all of it but `commit` and `judged` is the same.
    """

    release: str | None
    commit: str | None
    head: str | None
    skills: Mapping[str, SkillState]
    judged: str | None = None
    holds: Mapping[str, Hold] = field(default_factory=dict)
    revocations: Mapping[str, Revocation] = field(default_factory=dict)
