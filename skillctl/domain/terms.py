"""The terms of a text: what is left of its words to find it by.

Words lose their endings (`deployed`, `deployment` → `deploy`), so that nobody need say them as the author did. Codes
and compounds stay as they are and are taken apart as well (`1601-EQ` → `1601eq`, `1601`, `eq`).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

#: Words that tell no subject, without apostrophes: of grammar, of politeness, and of nearly every description.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        """
        a about after again against all also am an and another any anything are arent as at away back be because been
        before being between both but by came can cannot cant could did didnt do does doesnt doing dont down each
        either else even ever every first five for four from get gets getting give given go goes going gone got had
        has hasnt have having he her here hers him his how i if im in into is isnt it its ive just keep keeps last let
        lets like made make makes many may maybe me might more most much must my need needed needs never no nor not
        nothing now of off ok okay on once one only onto or other others our ours out over own please pls put puts
        same say says said second see shall she should since so some somebody someone something still such sure than
        thank thanks that thats the their them then there these they thing things this those though three through thru
        to too try two under until up upon us use used uses using very want wanted wants was wasnt way we well went
        were what whats when where whether which while who whom whose why will with within without wont would yes yet
        you your yours
        answer answers ask asked asking asks help helps skill skills
        """,
    )
)
_TOKEN = re.compile(r"[^\W_]+(?:[-._/][^\W_]+)*")
_SEGMENT = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d_]+")
_APOSTROPHES = str.maketrans("", "", "'’")
#: A longer word is none of English, so it has no English endings.
_LONGEST = 30
_Y = re.compile(r"(?<=..)ie[sd]$")
_PLURAL = re.compile(r"(?<=..[^sui])s$")
_ENDING = re.compile(
    r"(?:(?<=\w{4})(?:ation|ating|ated|ator|able|ate|ion|ure|al|er|or|ly)|(?<=\w{3})(?:ment|ing|ed|e))$"
)
_DOUBLED = re.compile(r"(?<=..)([^aeiou])\1$")
#: From this length on people write the number of letters in the place of the letters: `k8s`, `i18n`.
_SHORTENED = 10


class Term(NamedTuple):
    """What a word is found by, the word as it stands in the text, and whether it is a part of a longer one there."""

    key: str
    word: str
    is_part: bool = False


def terms(text: str) -> Iterator[Term]:
    """The terms of a text in its order, repeated ones too; the parts of a code or compound follow it.

    Scripts that put no space between words (Chinese, Thai) give one term for each run of letters.
    """
    return chain.from_iterable(map(_terms_of, _tokens(text)))


def keys(text: str) -> Iterator[str]:
    """What the terms of a text are found by, each as people shorten it too."""
    return chain.from_iterable(map(_keys_of, _tokens(text)))


def shortened(term: Term) -> str | None:
    """A long word as people shorten it (`kubernetes` → `k8s`), or None if they would not."""
    word = term.word.casefold()
    if len(word) < _SHORTENED or len(word) > _LONGEST or not word.isalpha():
        return None
    return f"{word[0]}{len(word) - 2}{word[-1]}"


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).translate(_APOSTROPHES))


@lru_cache(maxsize=4096)
def _keys_of(token: str) -> tuple[str, ...]:
    return tuple(key for term in _terms_of(token) for key in (term.key, shortened(term)) if key is not None)


@lru_cache(maxsize=4096)
def _terms_of(token: str) -> tuple[Term, ...]:
    found: dict[str, Term] = {}
    for word in (token, *_parts(token)):
        bare = "".join(_SEGMENT.findall(word)).casefold()
        if len(bare) > 1 and bare not in _EMPTY:
            key = _stem(bare)
            found.setdefault(key, Term(key, word, is_part=word is not token))
    return tuple(found.values())


def _parts(token: str) -> Iterator[str]:
    """What stands between the marks of a token (`odoo_erp`), its humps (`CrashLoop`), its letters and digits (`WI010`).

    A single letter, and digits up to two, say nothing alone: `n8n` and `80k` are not taken apart.
    """
    segments = _SEGMENT.findall(token)
    for segment in segments:
        if segments[1:]:
            yield segment
        humps = _HUMP.split(segment)
        if humps[1:]:
            yield from humps
        pieces = _LETTERS_OR_DIGITS.findall(segment)
        if pieces[1:]:
            yield from (piece for piece in pieces if len(piece) > (2 if piece.isdigit() else 1))


def _stem(word: str) -> str:
    """A word in lower case without its English endings; cruder than Porter's algorithm (1980), and in five patterns."""
    if len(word) > _LONGEST or not word.isalpha():
        return word
    stem = _PLURAL.sub("", _Y.sub("y", word))
    while (shorter := _ENDING.sub("", stem)) != stem:
        stem = shorter
    return _DOUBLED.sub(r"\1", stem)
