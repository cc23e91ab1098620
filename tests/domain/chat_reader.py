"""What a Mattermost server and its clients find in a text, read as they read it: mentions, links, marks."""

import re
import unicodedata
from collections.abc import Iterator

from markdown_it import MarkdownIt

_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_PLAIN = {"text", "softbreak"}
_FOUND = {
    "address": r"(?i)\b(?:https?|ftp|mailto|tel|mattermost|javascript|data):[^\s\u200b]|\bwww\.\S",
    "mail": r"[\w.+-]@[\w-]",
    "hashtag": r"#[^\W_]",
    "channel": r"~[a-zA-Z0-9]",
    "emoji": r":[a-zA-Z0-9_+-]+:",
    "slack": r"<[^>]*>?",
    "formula": r"\$",
    "entity": r"&#?\w+;",
}


def effects(text: str) -> list[str]:
    """Everything in a line of text that would be more than text; the line as it is, and as it looks when rendered."""
    return [*_marks(text), *_of_plain(text), *_of_plain(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text))]


def _of_plain(text: str) -> Iterator[str]:
    # The server splits a text where no mention can go on.
    for word in re.split(r"[^\w:.@-]", text):
        if re.search(r"@[^\W_]", word):
            yield f"mention {word!r}"
    for what, pattern in _FOUND.items():
        if found := re.search(pattern, text):
            yield f"{what} {found.group()!r}"
    for at, letter in enumerate(text):
        is_apart = letter == "\u200b" and (text[at - 1] in "@#~:&" or text[:at].lower().endswith("www"))
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and not is_apart:
            yield f"hidden U+{ord(letter):04X}"


def _marks(text: str) -> Iterator[str]:
    # Within a sentence, as it always stands; and at the beginning of a line, where most is possible.
    for line in (f"x {text} x", text):
        for token in _READER.parse(line):
            if token.type not in ("paragraph_open", "paragraph_close", "inline"):
                yield f"block {token.type}"
            for inline in token.children or ():
                if inline.type not in _PLAIN:
                    yield f"mark {inline.type}"
