"""What the rules look at: one skill with all that belongs to it, and the world around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from skillctl.domain import likeness
from skillctl.domain.cycles import cycles
from skillctl.domain.digest import TreeFile
from skillctl.domain.document import Path
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.serving import Serving
from skillctl.domain.skill import Skill
from skillctl.domain.suite import ReadSuite


@dataclass(frozen=True)
class Subject:
    """One skill; `approved` maps each version with an approval to its digest, `entries` are all files of its folder.

    `texts` are the text files of its folder and of its suite's, by path from the repository's root.
    """

    skill: Skill
    suite: ReadSuite | None
    serving: Serving | None
    approved: Mapping[str, str]
    entries: Sequence[TreeFile] = ()
    texts: Mapping[str, str] = field(default_factory=dict)

    def finding(
        self, code: str, message: str, path: Path, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at a value of the definition."""
        document = self.skill.document
        place = document.place(path)
        return Finding(code, message, document.file, place.line, place.column, self.skill.name, hint, severity)


@dataclass(frozen=True)
class Card:
    """What the rules on one skill ask of another one; `approved` are its versions with an approval."""

    version: str
    status: Status
    description: str
    requires: Mapping[str, str] = field(default_factory=dict)
    approved: Sequence[str] = ()


@dataclass(frozen=True)
class World:
    """The names a skill may refer to; `servers` is None where the repository has no server registry.

    `groups` are the registry's names for several servers; `cards` are the skills that can be read, by name.
    """

    skills: frozenset[str]
    servers: frozenset[str] | None
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)

    @cached_property
    def near_names(self) -> Mapping[str, Sequence[str]]:
        """For each name those nearly like it."""
        return likeness.near_names(self.skills)

    @cached_property
    def near_descriptions(self) -> Mapping[str, Sequence[str]]:
        """For each skill those with nearly its description."""
        return likeness.near_texts({name: card.description for name, card in self.cards.items()})

    @cached_property
    def circles(self) -> Mapping[str, Sequence[str]]:
        """For each skill that requires itself by way of others, that way."""
        return cycles({name: card.requires for name, card in self.cards.items()})

    @cached_property
    def listed(self) -> int:
        """The characters that names and descriptions of all candidate and approved skills take in a listing."""
        return sum(self.listing.values())

    @cached_property
    def longest(self) -> Sequence[str]:
        """The names of `listing`, those that take most of it first."""
        return sorted(self.listing, key=lambda name: (-self.listing[name], name))

    @cached_property
    def listing(self) -> Mapping[str, int]:
        """The characters of the name and description of each candidate and approved skill."""
        offered = (Status.CANDIDATE, Status.APPROVED)
        return {name: len(name) + len(card.description) for name, card in self.cards.items() if card.status in offered}
