"""Which skill fits a prompt: the one ranking, for trigger cases and for every search of a catalogue.

Each word of the prompt is a vote for the skills that mention it. The vote counts

    ln(1 + 1000 / skills that mention it)  *  mentions / (mentions + 2)

and half of that for a part of a code or compound (`odoo` of `odoo_erp`). The first factor makes rare words count more,
as in BM25 (Robertson, Zaragoza 2009) for a catalogue of a thousand skills, whatever its size is; the second is BM25's
saturation with k1 = 2 and b = 0, for descriptions are short by their standard. A word of the name or the description is
one mention, a tag is two.

So skills that have no word in common with a prompt change nothing about its ranking, not even the scores: from all
offers of which `Offer.mentions` meets `asked(prompt)`, a store gets the answer of its whole catalogue.
"""

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from skillctl.domain import canonical
from skillctl.domain.terms import Term, keys, terms

#: Counts the rules by which terms are made of a text: raised where a text gets other terms, so that none are kept on.
EDITION = 1
_AS_IF_OF = 1000
_SATURATION = 2
_TAG = 2
_PART = 0.5
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+")
#: A longer key is kept under its hash: no database indexes words of any length.
_LONGEST_KEY = 64
_EXCLUSION = re.compile(r"\W*(?:not|never|do(?:es)? not|do(?:es)?n['’]t)\b", re.IGNORECASE)


def digest_of(offers: Iterable["Offer"]) -> str:
    """The name of all that can be selected: the SHA-256 of what selection sees of it, in the order given."""
    return canonical.sha256([[one.name, one.description, list(one.tags)] for one in offers])


class Offer(Struct, frozen=True, dict=True):
    """What selection sees of a skill."""

    name: str
    description: str
    tags: tuple[str, ...] = ()

    @cached_property
    def mentions(self) -> Mapping[str, int]:
        """How often the skill mentions each term, without the sentences that say what it is not for."""
        counts = Counter(keys(self.name))
        for sentence in _SENTENCE_END.split(self.description):
            if not _EXCLUSION.match(sentence):
                counts.update(keys(sentence))
        for key in {key for tag in self.tags for key in keys(tag)}:
            counts[key] += _TAG
        return counts


class Ranked(Struct, frozen=True):
    """A skill that fits a prompt; `words` are those of the prompt that speak for it, in its order.

    Scores compare skills for one prompt, and say nothing across prompts.
    """

    name: str
    score: float
    words: tuple[str, ...]


class Candidate(Struct, frozen=True):
    """What a store tells of a skill that may fit a prompt: how often it mentions each of the keys asked for."""

    name: str
    mentions: Mapping[str, int]


class Candidates(Struct, frozen=True):
    """What a store finds for a prompt: its best skills, how many of all mention each key, and what it has not indexed.

    Where some are not indexed, none is left out, for only reading them tells how they change the scores of the others.
    """

    indexed: Sequence[Candidate]
    spread: Mapping[str, int]
    unread: Sequence[Offer] = ()

    def rank(self, prompt: str) -> list[Ranked]:
        """The skills that have a word in common with the prompt, the best first, as the whole catalogue ranks them."""
        terms_asked, spread = asked(prompt), Counter(self.spread)
        mentions = {one.name: one.mentions for one in self.indexed}
        for offer in self.unread:
            found = {filed(key): count for key, count in offer.mentions.items() if key in terms_asked}
            spread.update(found.keys())
            mentions[offer.name] = found
        ranked = [_ranked(name, terms_asked, found, spread) for name, found in mentions.items()]
        return sorted((one for one in ranked if one.words), key=lambda one: (-one.score, one.name))


class Indexed(Struct, frozen=True):
    """The terms of one version, as a store keeps them: how often it mentions each."""

    name: str
    version: str
    terms: Mapping[str, int]

    @property
    def digest(self) -> str:
        """The SHA-256 of a line `key SP mentions` for each term, sorted by bytes, without a last line break."""
        lines = sorted((key.encode(), count) for key, count in self.terms.items())
        return hashlib.sha256(b"\n".join(b"%s %d" % line for line in lines)).hexdigest() if lines else ""


def indexed(version: str, offer: Offer) -> Indexed:
    """What a store keeps to find a skill by."""
    return Indexed(offer.name, version, {filed(key): count for key, count in offer.mentions.items()})


class Catalogue:
    """Offers, made ready for many prompts; neither their order nor that of equal scores matters: names decide."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self._offers = sorted(offers, key=lambda offer: (offer.name, offer.description, offer.tags))
        mentioned: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, offer in enumerate(self._offers):
            for key, count in offer.mentions.items():
                mentioned[key].append((number, count))
        self._votes = {
            key: [(number, _vote(count, len(counts))) for number, count in counts] for key, counts in mentioned.items()
        }

    @property
    def offers(self) -> Sequence[Offer]:
        """All of them, by name."""
        return self._offers

    def rank(self, prompt: str) -> list[Ranked]:
        """The skills that have a word in common with the prompt, the best first."""
        words: dict[int, list[str]] = defaultdict(list)
        terms_asked = asked(prompt)
        for key, term in terms_asked.items():
            for number, _ in self._votes.get(key, ()):
                words[number].append(term.word)
        scores = self._scores(terms_asked)
        best = sorted(scores, key=lambda number: (-scores[number], number))
        return [Ranked(self._offers[number].name, scores[number], tuple(words[number])) for number in best]

    def selected(self, prompt: str) -> str | None:
        """The skill that an agent takes for the prompt; None if none fits."""
        scores = self._scores(asked(prompt))
        best = min(scores, key=lambda number: (-scores[number], number), default=None)
        return None if best is None else self._offers[best].name

    def _scores(self, terms_asked: Mapping[str, Term]) -> dict[int, float]:
        scores: dict[int, float] = {}
        for key, term in terms_asked.items():
            weight = _weight(term)
            for number, vote in self._votes.get(key, ()):
                scores[number] = scores.get(number, 0.0) + weight * vote
        return scores


def rank(prompt: str, offers: Iterable[Offer]) -> list[Ranked]:
    """The skills that have a word in common with the prompt, the best first; for many prompts, see `Catalogue`."""
    return Catalogue(offers).rank(prompt)


def selected(prompt: str, offers: Iterable[Offer]) -> str | None:
    """The skill that an agent takes for the prompt; None if none fits."""
    return Catalogue(offers).selected(prompt)


def asked(prompt: str) -> dict[str, Term]:
    """What a prompt asks for, by key and in its order: each term once, as a whole where it stands as one anywhere."""
    found: dict[str, Term] = {}
    for term in terms(prompt):
        if term.key not in found or (found[term.key].is_part and not term.is_part):
            found[term.key] = term
    return found


def weights(prompt: str) -> dict[str, float]:
    """What a prompt asks a store for: each key as it is filed, with what its votes count."""
    return {filed(key): _weight(term) for key, term in asked(prompt).items()}


def filed(key: str) -> str:
    """A key as a store keeps it."""
    return key if len(key) <= _LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def _ranked(name: str, terms_asked: Mapping[str, Term], found: Mapping[str, int], spread: Mapping[str, int]) -> Ranked:
    score, words = 0.0, []
    for key, term in terms_asked.items():
        count = found.get(filed(key), 0)
        if count:
            score += _weight(term) * _vote(count, spread[filed(key)])
            words.append(term.word)
    return Ranked(name, score, tuple(words))


def _vote(mentions: int, skills: int) -> float:
    return math.log(1 + _AS_IF_OF / skills) * (mentions / (mentions + _SATURATION))


def _weight(term: Term) -> float:
    return _PART if term.is_part else 1.0
