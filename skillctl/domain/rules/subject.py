"""What the rules look at: one skill with all that belongs to it, and the catalogue of all skills."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from skillctl.domain import likeness
from skillctl.domain.card import Card
from skillctl.domain.cycles import cycles
from skillctl.domain.document import Document, Path
from skillctl.domain.finding import Finding, Place, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.prose import holds, words_of
from skillctl.domain.serving import Serving
from skillctl.domain.skill import Skill
from skillctl.domain.suite import ReadSuite
from skillctl.domain.tree import TreeFile, is_data


class Subject(Struct, frozen=True, dict=True):
    """One skill; `approved` maps each version with an approval to its digest, `entries` are all files of its folder.

    `texts` are the text files of its folder and of its suite's, by path from the repository's root; `told` are the
    places that reading had something to say of: what stands there is not what it says.
    """

    skill: Skill
    suite: ReadSuite | None
    serving: Serving | None
    approved: Mapping[str, str]
    entries: Sequence[TreeFile] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    told: frozenset[tuple[str, Place]] = frozenset()

    @cached_property
    def words(self) -> str:
        """Each word of all texts once, in lower case: what stands nowhere in it is looked for in none of them."""
        return words_of("\n".join(self.texts.values()))

    def mentions(self, signs: Iterable[str]) -> bool:
        """Whether one of these signs, in lower case and without spaces within, can stand in any of the texts."""
        return holds(self.words, signs)

    def texts_with(self, signs: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The texts of the skill itself, not of its suite, that one of these signs stands in, with their paths."""
        if self.mentions(signs):
            folder = self.skill.folder + "/"
            for path, text in self.texts.items():
                if path.startswith(folder) and holds(text.casefold(), signs):
                    yield path, text

    @cached_property
    def data(self) -> frozenset[str]:
        """The paths of what is data by its name: nobody reads it as text, and nothing runs it."""
        executable = {entry.path for entry in self.entries if entry.mode == "100755"}
        return frozenset(path for path in self.texts if is_data(path) and path not in executable)

    @property
    def name(self) -> str:
        """The name of its folder, by which it is known whatever it says itself."""
        return self.skill.folder.rsplit("/", 1)[-1]

    @property
    def describing(self) -> Document:
        """The document that the description stands in."""
        return self.skill.sheet.document if self.skill.sheet else self.skill.document

    def finding(
        self, code: str, message: str, path: Path, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at a value of the definition."""
        return self.at(self.skill.document, code, message, path, hint, severity)

    def at(
        self,
        document: Document,
        code: str,
        message: str,
        path: Path,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """A finding at a value of a document."""
        place = document.place(path)
        return Finding(code, message, document.file, place.line, place.column, self.name, hint, severity)

    @property
    def card(self) -> Card:
        """What the catalogue keeps of the skill."""
        definition, document = self.skill.definition, self.skill.document
        places = {
            "name": _at(document, document.place(("name",))),
            "description": _at(self.describing, self.describing.place(("description",))),
        }
        for required in definition.requires:
            places[f"requires.{required}"] = _at(document, document.place(("requires", required)))
        for server in definition.tools:
            places[f"tools.{server}"] = _at(document, document.key_place(("tools", server)))
        return Card(
            name=self.name,
            version=definition.version,
            status=definition.status,
            description=self.skill.description,
            requires=definition.requires,
            tools=tuple(definition.tools),
            approved=tuple(self.approved),
            is_whole=not self.told,
            places=places,
        )


def _at(document: Document, place: Place) -> tuple[str, int, int]:
    return document.file, place.line, place.column


class World(Struct, frozen=True, dict=True):
    """The catalogue: `skills` are all names there are, `cards` by name; `servers` is None where there is no registry.

    `groups` are the registry's names for several servers; `known_near` is `near_names` where somebody knows it.
    """

    skills: frozenset[str]
    servers: frozenset[str] | None = None
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)
    known_near: Mapping[str, Sequence[str]] | None = None

    def card(self, name: str) -> Card | None:
        """The card of a skill that others can rely on."""
        card = self.cards.get(name)
        return card if card is not None and card.is_whole else None

    @cached_property
    def whole(self) -> Mapping[str, Card]:
        """The cards of all skills that others can rely on."""
        return {name: card for name, card in self.cards.items() if card.is_whole}

    @cached_property
    def requiring(self) -> Sequence[Card]:
        """The cards of those skills that require others."""
        return [card for card in self.cards.values() if card.requires]

    @cached_property
    def near_names(self) -> Mapping[str, Sequence[str]]:
        """For each name those nearly like it."""
        return self.known_near if self.known_near is not None else likeness.near_names(self.skills)

    def near_descriptions(self) -> Mapping[str, Sequence[str]]:
        """For each skill those with nearly its description."""
        return likeness.near_texts({name: card.description for name, card in self.whole.items()})

    def circles(self) -> Mapping[str, Sequence[str]]:
        """For each skill that requires itself by way of others, that way."""
        return cycles({card.name: card.requires for card in self.requiring})

    def listing(self) -> Mapping[str, int]:
        """The characters of the name and description of each candidate and approved skill."""
        offered = (Status.CANDIDATE, Status.APPROVED)
        return {name: len(name) + len(card.description) for name, card in self.whole.items() if card.status in offered}
