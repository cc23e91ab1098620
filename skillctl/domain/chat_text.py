"""Text for Mattermost: what others wrote is shown as it is and does nothing, and no post is longer than it may be."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

#: Code points of one post; the server cuts a longer text of a hook anywhere, and refuses one of a bot.
LONGEST_POST = 16_383
#: Characters that Markdown gives a meaning to, and whose backslash every reader of it takes away.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~])")
#: What begins a mention, a hashtag, a channel, an emoji, an entity or an address: no letter may follow it at once.
_STARTS = re.compile(r"[@#~:&]|www(?=\\?\.)", re.IGNORECASE)
#: What no backslash tames everywhere: tags and links of Slack, and formulas.
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "$": "＄"})
_APART = "\u200b"
_LONGEST_CELL = 64
#: Characters that are looked at for each that is shown; the others may be spaces, or hidden.
_LOOKED_AT = 8
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAME = re.compile(r"[a-z0-9._-]{1,64}")
#: Names that call a whole channel.
_EVERYBODY = frozenset({"all", "channel", "here"})
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9.~/?#=&%+,;:_-]*)?")
_LONGEST_ADDRESS = 2000
#: One character with what tames it.
_UNIT = re.compile(rf"\\?.{_APART}?", re.DOTALL)


def escaped(text: str, most: int | None = None) -> str:
    """One line that Mattermost shows as it is: no Markdown, mention, link, emoji or hidden character does anything.

    Of a text that is longer only the first `most` characters are shown.
    """
    # What is not shown is not looked at either: a text may be as long as its writer liked.
    looked = text if most is None else text[: _LOOKED_AT * most]
    seen = "".join(" " if letter.isspace() else letter for letter in looked if not _is_hidden(letter))
    line = " ".join(seen.split())
    if most is not None and (len(line) > most or len(looked) < len(text)):
        line = line[: most - 1].rstrip() + "…"
    tamed = _MARKDOWN.sub(r"\\\1", line.translate(_LOOKALIKES))
    return _STARTS.sub(lambda found: found.group() + _APART, tamed)


def _is_hidden(letter: str) -> bool:
    return not letter.isspace() and unicodedata.category(letter) in _UNSEEN


def mention(name: str) -> str | None:
    """What calls one person by name; None for a name that is none, or that calls everybody."""
    bare = name.removeprefix("@")
    if not _NAME.fullmatch(bare) or bare.strip("._-") in _EVERYBODY:
        return None
    return f"@{bare}"


def is_address(url: object) -> bool:
    """Whether a link may lead there: over HTTP, and without anything that Markdown would read."""
    return isinstance(url, str) and len(url) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(url) is not None


def link(text: str, url: object) -> str:
    """A link with this text, or the text alone where the address cannot be one."""
    return f"[{escaped(text)}]({url})" if is_address(url) else escaped(text)


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts as they are; no cell is longer than a name may be."""
    cells = [head, *([escaped(cell, _LONGEST_CELL) for cell in row] for row in rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def posts(blocks: Iterable[str], most: int = LONGEST_POST) -> list[str]:
    """Blocks of finished text, put together into as few posts as hold them; a block is cut only if no post holds it."""
    found: list[str] = []
    for block in blocks:
        for part in _parts(block, most):
            if found and len(found[-1]) + 2 + len(part) <= most:
                found[-1] += f"\n\n{part}"
            else:
                found.append(part)
    return found


def _parts(block: str, most: int) -> Iterator[str]:
    while len(block) > most:
        at = _cut(block, most)
        yield block[:at].rstrip()
        block = block[at:].lstrip()
    if block:
        yield block


def _cut(block: str, most: int) -> int:
    """Where a block is cut: after a line, else after a word, else between two characters; never within an escape."""
    for mark in ("\n", " "):
        at = block.rfind(mark, most // 2, most)
        if at > 0:
            return at
    ends = (unit.end() for unit in _UNIT.finditer(block))
    return max(takewhile(lambda end: end <= most, ends))
