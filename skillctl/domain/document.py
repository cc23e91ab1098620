"""A YAML or JSON text with the place of every value: bounded, strict, and editable one scalar at a time.

The C loader is used for speed. It recurses on nested collections and overruns the stack some 20,000 levels deep,
so the depth is bounded before it runs.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from skillctl.domain.finding import Finding, Place

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 100

Path = tuple[str | int, ...]

#: Longer numbers are text: nobody means them, and converting or printing them takes for ever.
MAX_NUMBER = 64
#: YAML ends a line at each of these.
_BREAKS = "\n\r\x85\u2028\u2029"
_LINE_BREAK = re.compile(f"\r\n|[{_BREAKS}]")
_MAYBE_DEEP = re.compile(rf"(?:^|[{_BREAKS}]) {{{MAX_DEPTH}}}|(?:[-?][ \t]+){{{MAX_DEPTH}}}")
_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SCALARS = yaml.constructor.SafeConstructor()
_CONSTRUCT: dict[str, Callable[[Any], Any]] = {
    "tag:yaml.org,2002:str": lambda node: node.value,
    "tag:yaml.org,2002:null": lambda _node: None,
    "tag:yaml.org,2002:bool": _SCALARS.construct_yaml_bool,
    "tag:yaml.org,2002:int": _SCALARS.construct_yaml_int,
    "tag:yaml.org,2002:float": _SCALARS.construct_yaml_float,
}


@dataclass(frozen=True)
class Span:
    """A range of characters of a text: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """A parsed text: `data` is plain JSON-like data; `first_line` is the line its text begins on in the file."""

    file: str
    text: str
    data: dict[str, Any]
    node: yaml.MappingNode
    first_line: int = 1

    def place(self, path: Path) -> Place:
        """Where the value at `path` stands, or the nearest value above it that exists."""
        node: yaml.Node = self.node
        for step in path:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return self._placed(node.start_mark)

    def key_place(self, path: Path) -> Place:
        """Where the last key of `path` stands in the mapping that holds it."""
        node: yaml.Node | None = self.node
        for step in path[:-1]:
            node = _child(node, step) if node is not None else None
        if isinstance(node, yaml.MappingNode):
            for key, _ in node.value:
                if key.value == path[-1]:
                    return self._placed(key.start_mark)
        return self.place(path)

    def span(self, path: Path) -> Span | None:
        """The characters of the scalar at `path`, quotes included; None if nothing, or block text, stands there."""
        node: yaml.Node | None = self.node
        for step in path:
            node = _child(node, step) if node is not None else None
        if (
            not isinstance(node, yaml.ScalarNode)
            or node.style in ("|", ">")
            or node.start_mark.index == node.end_mark.index
        ):
            return None
        return Span(node.start_mark.index, node.end_mark.index)

    def replaced(self, path: Path, value: str) -> str:
        """The text with the scalar at `path` replaced in its own quoting, every other character as it was.

        Raises KeyError where there is no such scalar.
        """
        span = self.span(path)
        if span is None:
            raise KeyError(path)
        old = self.text[span.start : span.end]
        quote = old[0] if old[:1] in ("'", '"') else ""
        return self.text[: span.start] + quote + value + quote + self.text[span.end :]

    def _placed(self, mark: Any) -> Place:
        return Place(mark.line + self.first_line, mark.column + 1)


def parse(
    raw: bytes, file: str, skill: str | None = None, *, first_line: int = 1
) -> tuple[Document | None, list[Finding]]:
    """The document in `raw`, or the findings that say why it cannot be read; never raises on any input."""
    text, findings = decode(raw, file, skill)
    if text is None:
        return None, findings
    return parse_text(text, file, skill, first_line=first_line)


def decode(raw: bytes, file: str, skill: str | None = None) -> tuple[str | None, list[Finding]]:
    """The text of a file, without a byte-order mark, or one finding that says why it is not text."""
    if len(raw) > MAX_BYTES:
        return None, [Finding("SK001", f"the file has {len(raw):,} bytes, more than {MAX_BYTES:,}", file, skill=skill)]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = raw[: problem.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        message = f"byte 0x{raw[problem.start]:02x} is not UTF-8"
        return None, [Finding("SK001", message, file, line, column, skill, "save the file as UTF-8")]
    return text, []


def parse_text(
    text: str, file: str, skill: str | None = None, *, first_line: int = 1
) -> tuple[Document | None, list[Finding]]:
    """As `parse`, for text that is decoded already."""

    def finding(code: str, message: str, mark: Any, hint: str | None = None) -> Finding:
        line, column = (mark.line + first_line, mark.column + 1) if mark is not None else (first_line, 1)
        return Finding(code, message, file, line, column, skill, hint)

    unprintable = _UNPRINTABLE.search(text)
    if unprintable is not None:
        return None, [_refused_character(unprintable, file, skill, first_line)]
    try:
        too_deep = _too_deep(text)
        if too_deep is not None:
            return None, [finding("SK006", _TOO_DEEP, too_deep)]
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as problem:
        several = "single document" in (problem.context or "")
        message = "more than one YAML document" if several else _sentence(problem)
        code = "SK005" if several else "SK002"
        found = finding(code, message, problem.problem_mark or problem.context_mark)
        return None, [_within(text, found, first_line)]
    if not isinstance(node, yaml.MappingNode):
        what = "empty" if node is None else "not a mapping"
        return None, [finding("SK005", f"the document is {what}; `key: value` lines are expected", None)]
    findings = [finding(*trouble) for trouble in _troubles(node, text, set(), 1)]
    if findings:
        return None, findings
    return Document(file, text, _construct(node), node, first_line), []


def _within(text: str, found: Finding, first_line: int) -> Finding:
    """The finding, at the end of the text where YAML sets it on a line after a last one that has no line break."""
    lines = _LINE_BREAK.split(text)
    if found.line - first_line < len(lines):
        return found
    return replace(found, line=len(lines) - 1 + first_line, column=len(lines[-1]) + 1)


def _refused_character(match: re.Match[str], file: str, skill: str | None, first_line: int) -> Finding:
    text, at = match.string, match.start()
    line, column = text.count("\n", 0, at) + first_line, at - text.rfind("\n", 0, at)
    message = f"the character U+{ord(match.group()):04X} is not allowed"
    return Finding(
        "SK002", message, file, line, column, skill, "take it out, or write it as an escape in double quotes"
    )


def _too_deep(text: str) -> Any:
    """The mark where the nesting passes the bound, or None; a cheap look rules out what overruns the stack."""
    if text.count("[") + text.count("{") < MAX_DEPTH and not _MAYBE_DEEP.search(text):
        return None
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return event.start_mark
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _sentence(problem: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (problem.problem, problem.context) if part)


def _troubles(node: yaml.Node, text: str, seen: set[int], depth: int) -> Iterator[tuple[str, str, Any, str | None]]:
    """Too deep nesting, duplicate keys, anchors, tags and keys that are not text, each with its mark."""
    if id(node) in seen:
        # An alias: the composer gives the node of its anchor, which has its finding already.
        return
    seen.add(id(node))
    if depth > MAX_DEPTH and isinstance(node, yaml.CollectionNode):
        yield "SK006", _TOO_DEEP, node.start_mark, None
        return
    if _is_decorated(node, text):
        yield _decoration(node, text)
        return
    if isinstance(node, yaml.ScalarNode):
        yield from _null(node)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _troubles(item, text, seen, depth + 1)
    else:
        keys: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                yield "SK004", "a key must be plain text", key.start_mark, None
                continue
            if _is_decorated(key, text):
                yield _decoration(key, text)
                continue
            if key.value in keys:
                yield "SK003", f"the key `{key.value}` stands here a second time", key.start_mark, "keep one of them"
            keys.add(key.value)
            yield from _null(key)
            yield from _troubles(value, text, seen, depth + 1)


def _null(node: yaml.ScalarNode) -> Iterator[tuple[str, str, Any, str | None]]:
    """An escape can spell what the text itself may not hold."""
    if "\0" in node.value:
        yield "SK001", "a NUL character, which no store can hold", node.start_mark, "take it out"


def _is_decorated(node: yaml.Node, text: str) -> bool:
    return text[node.start_mark.index : node.start_mark.index + 1] in ("&", "!")


def _decoration(node: yaml.Node, text: str) -> tuple[str, str, Any, str | None]:
    kind = "an anchor (`&name`)" if text[node.start_mark.index] == "&" else "a tag (`!name`)"
    return "SK004", f"{kind} is not allowed here", node.start_mark, "write the plain value"


def _construct(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _construct(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item) for item in node.value]
    construct = _CONSTRUCT.get(node.tag)
    if construct is None or len(node.value) > MAX_NUMBER:
        return node.value
    try:
        value = construct(node)
    except ValueError:
        return node.value
    # Infinity and NaN are no JSON, so they stay the text they are.
    return node.value if isinstance(value, float) and not math.isfinite(value) else value


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]  # type: ignore[no-any-return]
    return None
