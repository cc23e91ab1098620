"""A YAML or JSON text with the place of every value: bounded, strict, and editable one scalar at a time.

The C loader is used for speed. It recurses on nested collections and overruns the stack some 20,000 levels deep,
so the depth is bounded before it runs.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from skillctl.domain.finding import Finding, Place

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 100

Path = tuple[str | int, ...]

_MAYBE_DEEP = re.compile(rf"^ {{{MAX_DEPTH}}}|(?:[-?][ \t]+){{{MAX_DEPTH}}}", re.MULTILINE)
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
        """The characters of the scalar at `path`, quotes included; None if there is no such scalar."""
        node: yaml.Node | None = self.node
        for step in path:
            node = _child(node, step) if node is not None else None
        if not isinstance(node, yaml.ScalarNode):
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

    try:
        too_deep = _too_deep(text)
        if too_deep is not None:
            return None, [finding("SK006", f"nested more than {MAX_DEPTH} levels deep", too_deep)]
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as problem:
        several = "single document" in (problem.context or "")
        message = "more than one YAML document" if several else _sentence(problem)
        code = "SK005" if several else "SK002"
        return None, [finding(code, message, problem.problem_mark or problem.context_mark)]
    except yaml.YAMLError as problem:
        return None, [finding("SK002", " ".join(str(problem).split()), None)]
    if not isinstance(node, yaml.MappingNode):
        what = "empty" if node is None else "not a mapping"
        return None, [finding("SK005", f"the document is {what}; `key: value` lines are expected", None)]
    findings = [finding(*trouble) for trouble in _troubles(node, text, set())]
    if findings:
        return None, findings
    return Document(file, text, _construct(node), node, first_line), []


def _too_deep(text: str) -> Any:
    """The mark where the nesting passes the bound, or None; exact only where a cheap look cannot rule it out."""
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


def _troubles(node: yaml.Node, text: str, seen: set[int]) -> Iterator[tuple[str, str, Any, str | None]]:
    """Duplicate keys, anchors, aliases, tags and keys that are not text, each with its mark."""
    mark = node.start_mark
    if id(node) in seen:
        yield "SK004", "an alias (`*name`) is not allowed here", mark, "write the value out"
        return
    seen.add(id(node))
    if text[mark.index : mark.index + 1] in ("&", "!"):
        kind = "an anchor (`&name`)" if text[mark.index] == "&" else "a tag (`!name`)"
        yield "SK004", f"{kind} is not allowed here", mark, "write the plain value"
        return
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _troubles(item, text, seen)
    elif isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                yield "SK004", "a key must be plain text", key.start_mark, None
                continue
            if key.value in keys:
                yield "SK003", f"the key `{key.value}` stands here a second time", key.start_mark, "keep one of them"
            keys.add(key.value)
            yield from _troubles(value, text, seen)


def _construct(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _construct(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item) for item in node.value]
    construct = _CONSTRUCT.get(node.tag)
    if construct is None:
        return node.value
    try:
        return construct(node)
    except ValueError:
        return node.value


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]  # type: ignore[no-any-return]
    return None
