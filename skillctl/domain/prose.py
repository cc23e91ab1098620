"""Where something stands in a text that people and agents read, and whether the text warns of it there."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

#: Who has more of one kind in a file sees the rest when these are gone.
MOST = 20
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)[ \t]*(.*)$")
_WARNING = re.compile(
    r"\b(?:never|do(?:es)? not|don['’]t|must not|may not|cannot|avoid\w*|refus\w+|reject\w*|flag(?:s|ged)?|detect\w*"
    r"|unsafe|insecure|dangerous|forbidden|bad|wrong|instead of|rather than)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;]\s")
_LOOKED_BACK = 200
_COMMENT = re.compile(r"\s*(?:#|//|--)")


class Spot(Struct, frozen=True):
    """A match in a text; line and column count from 1."""

    match: re.Match[str]
    line: int
    column: int

    @property
    def lead(self) -> str:
        """What stands before the match in its sentence and line, as far as a person looks back."""
        text, start = self.match.string, self.match.start()
        before = text[max(start - _LOOKED_BACK, 0) : start].rpartition("\n")[2]
        return _SENTENCE_END.split(before)[-1]


def holds(text: str, signs: Iterable[str]) -> bool:
    """Whether one of these signs stands in the text."""
    for sign in signs:  # noqa: SIM110 - a generator would take longer than the search
        if sign in text:
            return True
    return False


def words_of(text: str) -> str:
    """Each word of a text once, in lower case, with a space behind it: shorter, and as good to look for a word in."""
    return " ".join(set(text.casefold().split())) + " "


#: For patterns that few texts have any use for: compiling all of them takes longer than judging a skill.
compiled = lru_cache(maxsize=None)(re.compile)


def spots(pattern: re.Pattern[str], text: str) -> Iterator[Spot]:
    """All matches of a pattern, with their places."""
    line, begin, at = 1, 0, 0
    for match in pattern.finditer(text):
        breaks = text.count("\n", at, match.start())
        if breaks:
            line, begin = line + breaks, text.rfind("\n", 0, match.start()) + 1
        at = match.start()
        # A byte-order mark is no column of its first line.
        yield Spot(match, line, max(at - begin + 1 - (line == 1 and text[0] == "\ufeff"), 1))


def is_warning(spot: Spot, path: str) -> bool:
    """Whether a Markdown text tells its reader not to do what stands at the spot.

    It does where the sentence before it says so (`never`, `do not`, `unsafe`, …), or, in a code block, the block's
    first line, the comment line just above, or the last line before the block. A script warns of nothing: it runs.
    """
    if not path.lower().endswith(".md"):
        return False
    if _WARNING.search(spot.lead):
        return True
    lines, openings = _blocks(spot.match.string)
    opening = openings[spot.line - 1]
    if opening is None:
        return False
    above = [lines[opening], *([lines[spot.line - 2]] if _COMMENT.match(lines[spot.line - 2]) else [])]
    above += [line for line in reversed(lines[max(opening - 3, 0) : opening]) if line.strip()][:1]
    return any(_WARNING.search(line[:_LOOKED_BACK]) for line in above)


def is_in_code_block(spot: Spot) -> bool:
    """Whether the spot of a Markdown text lies in a code block, which a page shows as it is."""
    return _blocks(spot.match.string)[1][spot.line - 1] is not None


@lru_cache(maxsize=4)
def _blocks(text: str) -> tuple[list[str], list[int | None]]:
    """The lines of a text, and for each the number of the line that opened the code block it lies in, if any."""
    opened: tuple[int, str] | None = None
    lines, openings = text.split("\n"), []
    for number, line in enumerate(lines):
        openings.append(opened[0] if opened else None)
        match = _FENCE.match(line)
        if match is None:
            continue
        if opened is None:
            opened = number, match[1]
        elif match[1].startswith(opened[1]) and not match[2].strip():
            opened = None
    return lines, openings
