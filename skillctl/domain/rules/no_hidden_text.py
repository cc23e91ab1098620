"""SK505: no text holds characters that people do not see and agents read."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.prose import MOST, Spot, holds, spots
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

_HIDDEN = re.compile(
    "[\x08\x1b\x7f-\x84\x86-\x9f\u2028\u2029\u2800\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
#: Those of a terminal that plain ASCII has: backspace, escape, delete.
_CONTROLS = ("\x08", "\x1b", "\x7f")
_CONTROL = re.compile("[\x08\x1b\x7f-\x9f]")
#: Latin and Cyrillic side by side; Greek beside Latin is common in formulas.
_MIXED = re.compile("[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0000-\U000e007f]")
_FLAG = re.compile("[\U000e0020-\U000e007e]{1,6}\U000e007f")
#: A selector chooses how the character before it looks; a joiner makes one emoji, or one letter form, of two.
_SELECTOR, _JOINERS = "\ufe0e\ufe0f", "\u200c\u200d"

#: Marks that a text in Arabic or Hebrew needs, and how near its letters are then.
_MARKS, _NEAR = "\u200e\u200f\u061c", 40


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each run of hidden characters that no emoji and no script needs, in texts and in names of files."""
    hint = "take them out; where they are meant, write an escape"
    for path, text in subject.texts.items():
        if path in subject.data or (text.isascii() and not holds(text, _CONTROLS)):
            continue
        hidden = (spot for spot in spots(_HIDDEN, text) if not _is_needed(spot))
        for spot in islice(chain(hidden, spots(_MIXED, text)), MOST):
            yield Finding("SK505", _told(spot.match[0]), path, spot.line, spot.column, subject.name, hint)
    for path in sorted(entry.path for entry in subject.entries if not entry.path.isascii()):
        for spot in islice((spot for spot in spots(_HIDDEN, path) if not _is_needed(spot)), 1):
            message = f"in the name of the file: {_told(spot.match[0])}"
            yield Finding("SK505", message, path, skill=subject.name, hint=hint)


def _told(hidden: str) -> str:
    points = " ".join(f"U+{ord(char):04X}" for char in hidden[:3])
    return f"{_kind(hidden)}: {points}" + (f" and {len(hidden) - 3} more" if hidden[3:] else "")


def _kind(hidden: str) -> str:
    if _MIXED.fullmatch(hidden):
        return "letters of two alphabets in one word, which look the same"
    if _CONTROL.search(hidden):
        return "characters that move the cursor or hide text on a terminal"
    if _TURNING.search(hidden):
        return "characters that turn the direction of the line"
    return "tag characters, which spell hidden text" if _TAGS.search(hidden) else "invisible characters"


def _is_needed(spot: Spot) -> bool:
    text, hidden = spot.match.string, spot.match[0]
    before = text[spot.match.start() - 1 : spot.match.start()]
    after = text[spot.match.end() : spot.match.end() + 1]
    if hidden == "\ufeff" and spot.match.start() == 0:
        # A byte-order mark has a rule of its own.
        return True
    if _FLAG.fullmatch(hidden):
        return before == "\U0001f3f4"
    if hidden in tuple(_MARKS):
        near = text[max(spot.match.start() - _NEAR, 0) : spot.match.end() + _NEAR]
        return any(unicodedata.bidirectional(char) in ("R", "AL") for char in near if char not in _MARKS)
    bare = hidden.strip(_SELECTOR)
    if len(hidden) - len(bare) > 1 or not before:
        return False
    if not bare:
        return _is_symbol(before) or before in "0123456789#*"
    return bare in _JOINERS and (
        (_is_symbol(before) and _is_symbol(after)) or (before.isalpha() and not before.isascii() and after.isalpha())
    )


def _is_symbol(char: str) -> bool:
    # Two signs that are emoji too have the categories of a letter and of a dash.
    return char != "" and (unicodedata.category(char) in ("So", "Sk", "Sm", "Po") or char in "\u2139\u3030")


RULE = Rule(
    code="SK505",
    severity=Severity.ERROR,
    title="what people see is what agents read",
    why=(
        "Tag characters, zero-width characters and marks of direction are read by a model and shown to nobody, so a "
        "reviewer approves another text than the agent gets. What emoji and scripts such as Arabic, Persian or Hindi "
        "need is left alone."
    ),
    bad="Add the bills.\u200b",
    good="Add the bills \u2764\ufe0f.",
    check=check,
    standard=True,
    security=True,
)
