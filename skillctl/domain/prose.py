"""Where something stands in a text that people and agents read, and whether the text warns of it there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

#: Who has more of one kind in a file sees the rest when these are gone.
MOST = 20
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)[ \t]*(.*)$")
_WARNING = re.compile(
    r"\b(?:never|do(?:es)? not|don['’]t|must not|may not|cannot|avoid\w*|refus\w+|reject\w*|flag(?:s|ged)?|detect\w*"
    r"|unsafe|insecure|dangerous|forbidden|bad|wrong|instead of|rather than)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;]\s")
_COMMENT = re.compile(r"\s*(?:#|//|--)")


@dataclass(frozen=True)
class Spot:
    """A match in a text; line and column count from 1."""

    match: re.Match[str]
    line: int
    column: int

    @property
    def lead(self) -> str:
        """What stands before the match in its sentence and line."""
        text, start = self.match.string, self.match.start()
        before = text[text.rfind("\n", 0, start) + 1 : start]
        return _SENTENCE_END.split(before)[-1]


def spots(pattern: re.Pattern[str], text: str) -> Iterator[Spot]:
    """The first matches of a pattern, with their places."""
    line, begin, at = 1, 0, 0
    for match in islice(pattern.finditer(text), MOST):
        breaks = text.count("\n", at, match.start())
        if breaks:
            line, begin = line + breaks, text.rfind("\n", 0, match.start()) + 1
        at = match.start()
        yield Spot(match, line, at - begin + 1)


def is_warning(spot: Spot, path: str) -> bool:
    """Whether a Markdown text tells its reader not to do what stands at the spot.

    It does where the sentence before it says so (`never`, `do not`, `unsafe`, …), or, in a code block, the block's
    first line, the comment line just above, or the last line before the block. A script warns of nothing: it runs.
    """
    if not path.lower().endswith(".md"):
        return False
    if _WARNING.search(spot.lead):
        return True
    lines = spot.match.string.split("\n")[: spot.line - 1]
    opening = _open_fence(lines)
    if opening is None:
        return False
    above = [lines[opening]]
    above += [line for line in reversed(lines[:opening]) if line.strip()][:1]
    if _COMMENT.match(lines[-1]):
        above.append(lines[-1])
    return any(_WARNING.search(line) for line in above)


def is_markdown_code(spot: Spot) -> bool:
    """Whether the spot lies in a code block, or between backticks."""
    text, start = spot.match.string, spot.match.start()
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return before.count("`") % 2 == 1 or _open_fence(text.split("\n")[: spot.line - 1]) is not None


def _open_fence(lines: list[str]) -> int | None:
    """The number of the line that opened the code block after these lines, or None if there is none."""
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if match is None:
            continue
        if opened is None:
            opened = number, match[1]
        elif match[1].startswith(opened[1]) and not match[2].strip():
            opened = None
    return opened[0] if opened else None
