"""JSON text (RFC 8259) as the nodes that `yaml.compose` gives, so that one `Document` serves both formats.

The standard library reads JSON without places. Here every node carries its marks, and each refusal its place and a
sentence of ours. YAML's own parser is no help: it accepts comments, single quotes and trailing commas in `{}` too.
"""

import json.decoder
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NoReturn

import yaml

_TAG = "tag:yaml.org,2002:"
#: JSON counts neither U+0085 nor U+2028 among its line breaks, and editors do not either.
_LINE_BREAK = re.compile(r"\r\n|[\r\n]")
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<float>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_NAME = re.compile(r"true|false|null")
_NAMES = {"true": "bool", "false": "bool", "null": "null"}
_SURROGATE = re.compile("[\ud800-\udfff]")
#: As much of a string as is right: it stops at the closing quote, or exactly at the fault.
_STRING = re.compile(
    r'(?:[^"\\\x00-\x1f\ud800-\udfff]++'
    r'|\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    r"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))*+"
)
_ANY_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}")
_AFTER_VALUE = re.compile(r"[\w.+-]")
_WORD = re.compile(r"[\w.+$-]{1,20}")
_COMMENT = re.compile(r"//|/\*|#")
_QUOTES = "'‘’‚“”„«»"
#: What people write for a number, and JSON does not have.
_BAD_NUMBER: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[+-]?(?:NaN|Infinity|inf|nan)\b"), "JSON has no NaN and no Infinity"),
    (re.compile(r"\+"), "a number begins with a digit or `-`, not with `+`"),
    (re.compile(r"-?\.[0-9]"), "a number has a digit before its `.`"),
    (re.compile(r"-?0[0-9]"), "a number does not begin with a 0 that other digits follow"),
    (re.compile(r"-?0[xXoObB]"), "a number is written in decimal digits only"),
    (re.compile(r"-?[0-9]+\.(?![0-9])"), "a number has a digit after its `.`"),
    (re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?(?![0-9])"), "a number has a digit in its exponent"),
    (re.compile(r"-(?![0-9])"), "a digit is expected after `-`"),
)


class NotJson(ValueError):
    """Why a text is not JSON, and where: `index`, `line` and `column` count code points from zero."""

    def __init__(self, message: str, index: int, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.index, self.line, self.column = message, index, line, column


class TooDeep(NotJson):
    """The text nests more collections than were allowed; the place is that of the first one too many."""


def compose(text: str, max_depth: int) -> yaml.Node:
    """The node of the one value in `text`, by the grammar of RFC 8259, with marks as `yaml.compose` sets them.

    A scalar keeps its literal text (a string: its characters), and a mapping every pair, those of repeated keys too.
    `max_depth` bounds the recursion and is 100 at most. Raises NotJson, and TooDeep where it is nested deeper.
    """
    return _Reader(text, max_depth).whole()


class _Reader:
    """One pass over a text; `at` is the next character that was not read."""

    def __init__(self, text: str, max_depth: int) -> None:
        self.text, self.max_depth, self.at = text, max_depth, 0
        self.lines = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]

    def whole(self) -> yaml.Node:
        if self._next() == "":
            self._refuse("the text is empty; a value is expected", 0)
        node = self._value(0)
        if self._next() != "":
            self._expected("the end of the text")
        return node

    def _value(self, depth: int) -> yaml.Node:
        first = self._next()
        if first == '"':
            return self._string()
        if first in ("{", "["):
            if depth == self.max_depth:
                self._refuse(f"nested more than {self.max_depth} levels deep", self.at, TooDeep)
            return self._mapping(depth + 1) if first == "{" else self._sequence(depth + 1)
        return self._literal()

    def _literal(self) -> yaml.Node:
        start = self.at
        match = _NUMBER.match(self.text, start)
        if match is not None:
            tag = "float" if match["float"] else "int"
        else:
            match = _NAME.match(self.text, start)
            tag = _NAMES[match.group()] if match is not None else ""
        if match is None or _AFTER_VALUE.match(self.text, match.end()):
            self._not_a_value()
        self.at = match.end()
        return yaml.ScalarNode(_TAG + tag, match.group(), self._mark(start), self._mark(self.at))

    def _mapping(self, depth: int) -> yaml.Node:
        pairs: list[tuple[yaml.Node, yaml.Node]] = []

        def pair() -> None:
            if self._next() != '"':
                self._not_a_key(bool(pairs))
            key = self._string()
            if self._next() != ":":
                self._expected("`:` after the key")
            self.at += 1
            pairs.append((key, self._value(depth)))

        start = self._items("}", pair)
        return yaml.MappingNode(_TAG + "map", pairs, start, self._mark(self.at), flow_style=True)

    def _sequence(self, depth: int) -> yaml.Node:
        items: list[yaml.Node] = []
        start = self._items("]", lambda: items.append(self._value(depth)))
        return yaml.SequenceNode(_TAG + "seq", items, start, self._mark(self.at), flow_style=True)

    def _items(self, close: str, item: Callable[[], None]) -> yaml.Mark:
        """Read a collection, brackets and commas included, with `item` for each of its parts; where it starts."""
        start = self._mark(self.at)
        self.at += 1
        if self._next() != close:
            item()
            while self._next() == ",":
                comma = self.at
                self.at += 1
                if self._next() == close:
                    self._refuse(f"no comma may stand before `{close}`", comma)
                item()
            if self._next() != close:
                self._expected(f"`,` or `{close}`")
        self.at += 1
        return start

    def _string(self) -> yaml.Node:
        start = self.at
        try:
            value, self.at = json.decoder.scanstring(self.text, start + 1, True)  # type: ignore[attr-defined]
        except ValueError:
            self._bad_string(start)
        if _SURROGATE.search(value):
            self._bad_string(start)
        return yaml.ScalarNode(_TAG + "str", value, self._mark(start), self._mark(self.at), style='"')

    def _next(self) -> str:
        """The next character that is no white space, which `at` then stands on; empty at the end of the text."""
        self.at = _end(_SPACE, self.text, self.at)
        return self.text[self.at : self.at + 1]

    def _bad_string(self, start: int) -> NoReturn:
        at = _end(_STRING, self.text, start + 1)
        found = self.text[at : at + 2]
        if found[:1] in ("\n", "\r"):
            self._refuse("the string has no closing quote on its line; a line break in it is written `\\n`", start)
        if found in ("", "\\"):
            self._refuse("the string has no closing quote", start)
        if found[0] != "\\":
            what = "the lone surrogate" if _SURROGATE.match(found) else "the control character"
            hint = "" if _SURROGATE.match(found) else f"; it is written `\\u{ord(found[0]):04x}`"
            self._refuse(f"{what} U+{ord(found[0]):04X} may not stand in a string{hint}", at)
        escape = _ANY_ESCAPE.match(self.text, at)
        if escape is not None:
            self._refuse(f"`{escape.group()}` is half a surrogate pair, the other half is missing", at)
        if found == "\\u":
            self._refuse("four hexadecimal digits are expected after `\\u`", at)
        self._refuse(f"{_shown(found[1])} may not follow `\\`; a backslash itself is written `\\\\`", at)

    def _not_a_value(self) -> NoReturn:
        for pattern, message in _BAD_NUMBER:
            if pattern.match(self.text, self.at):
                self._refuse(message, self.at)
        word = _WORD.match(self.text, self.at)
        if word is not None and word.group().lower() in _NAMES:
            self._refuse(f"`{word.group()}` is written `{word.group().lower()}`", self.at)
        if word is not None and word.group()[0].isalpha():
            self._refuse(f"a text stands in double quotes, `{word.group()}` does not", self.at)
        self._expected("a value")

    def _not_a_key(self, only: bool) -> NoReturn:
        if _WORD.match(self.text, self.at):
            self._refuse(f"a key stands in double quotes, {self._found()} does not", self.at)
        self._expected("a key" if only else "a key or `}`")

    def _expected(self, what: str) -> NoReturn:
        found = self.text[self.at : self.at + 1]
        if _COMMENT.match(self.text, self.at):
            self._refuse("JSON has no comments", self.at)
        if found != "" and found in _QUOTES:
            self._refuse(f'a text stands in double quotes (`"`), not in `{found}`', self.at)
        self._refuse(f"{what} is expected, not {self._found()}", self.at)

    def _found(self) -> str:
        word = _WORD.match(self.text, self.at)
        if word is not None:
            return f"`{word.group()}`"
        return _shown(self.text[self.at]) if self.at < len(self.text) else "the end of the text"

    def _refuse(self, message: str, index: int, kind: type[NotJson] = NotJson) -> NoReturn:
        mark = self._mark(index)
        raise kind(message, mark.index, mark.line, mark.column)

    def _mark(self, index: int) -> yaml.Mark:
        line = bisect_right(self.lines, index) - 1
        return yaml.Mark("", index, line, index - self.lines[line], None, 0)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match is not None else at


def _shown(character: str) -> str:
    return f"`{character}`" if character.isprintable() else f"the character U+{ord(character):04X}"
