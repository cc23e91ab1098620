"""The top-level keys of a YAML text in a given order, by moving whole lines and changing none.

A key takes with it the comment lines directly above it and the blank lines below it. What stays: the comment the file
begins with, if a blank line sets it off or it speaks to a tool; the comment it ends with; and the blank lines, or the
missing line break, at its end.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from skillctl.domain import document as documents
from skillctl.domain.document import Document
from skillctl.domain.yaml_text import BREAKS

_LINE = re.compile(f"[^{BREAKS}]+(?:\r\n|[{BREAKS}])?|\r\n|[{BREAKS}]")
_MARKER = re.compile(rf"(?:---|\.\.\.)(?:[ \t{BREAKS}]|$)")
#: Comments that speak to a tool about the whole file, so that they stay even directly above the first key.
_MODELINE = re.compile(
    r"[ \t]*#[ \t]*(?:!|-\*-|\$schema\b|vim?:|yaml-language-server:|yamllint\b|spdx-|copyright\b)", re.IGNORECASE
)

_Lines = list[str]


def reordered(document: Document, order: Sequence[str]) -> str | None:
    """The text with its top-level keys in `order`, those that are not in it after them, in the order they have.

    None where they stand so already, and where it cannot be done by moving whole lines: a flow mapping (JSON is one),
    document markers, `? ` keys, block text that lacks its line break at the end of the file, or would. Whatever is
    returned was read again and holds the same data.
    """
    keys = list(document.data)
    rank = {key: at for at, key in enumerate(order)}
    places = sorted(range(len(keys)), key=lambda at: rank.get(keys[at], len(rank)))
    lines = _LINE.findall(document.text)
    if places == list(range(len(keys))) or not _is_movable(document, lines):
        return None
    head, blocks, foot = _cut(document, lines)
    data = {keys[at]: document.data[keys[at]] for at in places}
    # Blank lines at the end of the file stay there, unless they are part of block text.
    for moved in (_with_end_of(blocks, places), [blocks[at] for at in places]):
        whole = _ended([*head, *(line for block in moved for line in block), *foot])
        text = "".join(whole)
        # A CR before the LF of a blank line would become one line break of the two.
        if _LINE.findall(text) == whole and _holds(text, data, document):
            return text
    return None


def _holds(text: str, data: dict[str, Any], document: Document) -> bool:
    """Whether the text is read as this data, in this order; `document` says where it stands."""
    found, _ = documents.parse_text(text, document.file, first_line=document.first_line)
    return found is not None and json.dumps(found.data) == json.dumps(data)


def _is_movable(document: Document, lines: _Lines) -> bool:
    """Whether each key begins a line of its own, and nothing in the text has to stay where it is."""
    column = document.node.start_mark.column
    return (
        not document.node.flow_style
        and len(document.node.value) == len(document.data)
        and not document.text.startswith("\ufeff")
        and not any(_MARKER.match(line) for line in lines)
        and all(key.start_mark.column == column for key, _ in document.node.value)
    )


def _cut(document: Document, lines: _Lines) -> tuple[_Lines, list[_Lines], _Lines]:
    """The lines before the first key, those of each key, and the comment after the last."""
    column = document.node.start_mark.column
    keys = [key.start_mark.line for key, _ in document.node.value]
    floors = [0, *(at + 1 for at in keys)]
    starts = [
        at - _leading(lines[floor:at][::-1], lambda line: _is_comment(line, column))
        for floor, at in zip(floors, keys, strict=False)
    ]
    starts[0] = max([starts[0], *(at + 1 for at in range(keys[0]) if _MODELINE.match(lines[at]))])
    foot = len(lines) - _leading(lines[floors[-1] :][::-1], lambda line: _is_blank(line) or _is_comment(line, column))
    foot += _leading(lines[foot:], _is_blank)
    ends = [*starts[1:], foot]
    return lines[: starts[0]], [lines[start:end] for start, end in zip(starts, ends, strict=True)], lines[foot:]


def _with_end_of(blocks: list[_Lines], places: Sequence[int]) -> Iterator[_Lines]:
    """The blocks at their new places; the blank lines of the one that was last change with those of the new last."""
    old, new = len(blocks) - 1, places[-1]
    tails = {at: _leading(blocks[at][::-1], _is_blank) for at in (old, new)}
    blanks = {at: blocks[at][len(blocks[at]) - tail :] for at, tail in tails.items()}
    other = {old: new, new: old}
    for at in places:
        if at in other:
            yield blocks[at][: len(blocks[at]) - tails[at]] + blanks[other[at]]
        else:
            yield blocks[at]


def _ended(lines: _Lines) -> _Lines:
    """The lines, where the one that ended the file without a line break now has that of the new last one."""
    line_break = lines[-1][len(lines[-1].rstrip(BREAKS)) :]
    for at, line in enumerate(lines[:-1]):
        if line[-1] not in BREAKS:
            return [*lines[:at], line + line_break, *lines[at + 1 : -1], lines[-1].removesuffix(line_break)]
    return lines


def _is_blank(line: str) -> bool:
    return not line.strip(" \t" + BREAKS)


def _is_comment(line: str, column: int) -> bool:
    """Whether it is a comment as far left as the keys; one further right belongs to the value above it."""
    words = line.lstrip(" \t")
    return words.startswith("#") and len(line) - len(words) <= column


def _leading(lines: Iterable[str], holds: Callable[[str], bool]) -> int:
    """How many of the lines, from the first on, are such."""
    return sum(1 for _ in takewhile(holds, lines))
