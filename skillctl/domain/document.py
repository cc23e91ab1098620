"""A YAML or JSON text with the place of every value: bounded, strict, and editable one scalar at a time."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from skillctl.domain import json_text, nodes, yaml_text
from skillctl.domain.finding import Finding, Place
from skillctl.domain.json_text import NotJson, TooDeep
from skillctl.domain.places import place_of, yaml_counts_otherwise
from skillctl.domain.tree import MAX_BYTES
from skillctl.domain.yaml_text import NotYaml

MAX_DEPTH = 100

Path = tuple[str | int, ...]


class Span(Struct, frozen=True):
    """A range of characters of a text: `text[start:end]`."""

    start: int
    end: int


class Document(Struct, frozen=True, dict=True):
    """A parsed text: `data` is plain JSON-like data; `first_line` is the line its text begins on in the file.

    `doubtful` are the scalars that some reader might not take for text, with the top-level key each lies below.
    """

    file: str
    text: str
    data: dict[str, Any]
    node: MappingNode
    first_line: int = 1
    doubtful: Sequence[tuple[str, ScalarNode]] = ()

    @cached_property
    def counts_otherwise(self) -> bool:
        """Whether the lines of its marks are not those of an editor."""
        return yaml_counts_otherwise(self.text)

    def place(self, path: Path) -> Place:
        """Where the value at `path` stands, or the nearest value above it that exists."""
        node: Node = self.node
        for step in path:
            child = self._child(node, step)
            if child is None:
                break
            node = child
        return self.placed(node.start_mark)

    def key_place(self, path: Path) -> Place:
        """Where the last key of `path` stands in the mapping that holds it."""
        node: Node | None = self.node
        for step in path[:-1]:
            node = self._child(node, step) if node is not None else None
        if isinstance(node, MappingNode) and (pair := self._pairs(node).get(path[-1])) is not None:
            return self.placed(pair[0].start_mark)
        return self.place(path)

    def span(self, path: Path) -> Span | None:
        """The characters of the scalar at `path`, quotes included; None if nothing, or block text, stands there."""
        node: Node | None = self.node
        for step in path:
            node = self._child(node, step) if node is not None else None
        if not isinstance(node, ScalarNode) or node.style in ("|", ">") or node.start_mark.index == node.end_mark.index:
            return None
        return Span(node.start_mark.index, node.end_mark.index)

    def source(self, path: Path) -> str | None:
        """The scalar at `path` as it is written; None where `span` is."""
        span = self.span(path)
        return None if span is None else self.text[span.start : span.end]

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

    def _child(self, node: Node, step: str | int) -> Node | None:
        if isinstance(node, MappingNode):
            pair = self._pairs(node).get(step)
            return pair[1] if pair is not None else None
        if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            return node.value[step]  # type: ignore[no-any-return]
        return None

    def _pairs(self, node: MappingNode) -> Mapping[str | int, tuple[Node, Node]]:
        """Key and value of a mapping by the text of the key; of one that stands twice the first."""
        found = self._known_pairs.get(id(node))
        if found is None:
            found = self._known_pairs[id(node)] = {key.value: (key, value) for key, value in reversed(node.value)}
        return found

    @cached_property
    def _known_pairs(self) -> dict[int, dict[str | int, tuple[Node, Node]]]:
        return {}

    def placed(self, mark: Any) -> Place:
        """Where a mark of one of its nodes is in the file."""
        if self.counts_otherwise:
            line, column = place_of(self.text, mark.index)
            return Place(line + self.first_line, column + 1)
        return Place(mark.line + self.first_line, mark.column + 1)


def empty(file: str) -> Document:
    """A document that says nothing, for a file that is not there or cannot be read."""
    nowhere = yaml.Mark(file, 0, 0, 0, None, 0)
    return Document(file, "", {}, MappingNode("tag:yaml.org,2002:map", [], nowhere, nowhere))


def parse(
    raw: bytes, file: str, skill: str | None = None, *, first_line: int = 1
) -> tuple[Document | None, list[Finding]]:
    """The document in `raw`, or the findings that say why it cannot be relied on; never raises on any input."""
    document, findings = look(raw, file, skill, first_line=first_line)
    return (None if findings else document), findings


def look(
    raw: bytes, file: str, skill: str | None = None, *, first_line: int = 1
) -> tuple[Document | None, list[Finding]]:
    """As `parse`, but with the document as far as it can be seen, though there are findings."""
    text, findings = decode(raw, file, skill)
    if text is None:
        return None, findings
    return look_at_text(text, file, skill, first_line=first_line)


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
    document, findings = look_at_text(text, file, skill, first_line=first_line)
    return (None if findings else document), findings


def look_at_text(
    text: str, file: str, skill: str | None = None, *, first_line: int = 1
) -> tuple[Document | None, list[Finding]]:
    """As `look`, for text that is decoded already."""

    def finding(code: str, message: str, index: int, hint: str | None) -> Finding:
        line, column = place_of(text, index)
        return Finding(code, message, file, line + first_line, column + 1, skill, hint)

    node: Node | None
    try:
        node = json_text.compose(text, MAX_DEPTH) if file.endswith(".json") else yaml_text.compose(text, MAX_DEPTH)
    except NotYaml as problem:
        return None, [finding(problem.code, problem.message, problem.index, problem.hint)]
    except NotJson as problem:
        code = "SK006" if isinstance(problem, TooDeep) else "SK002"
        return None, [finding(code, problem.message, problem.index, None)]
    if not isinstance(node, MappingNode):
        what = "empty" if node is None else "not a mapping"
        return None, [finding("SK005", f"the document is {what}; `key: value` lines are expected", 0, None)]
    said = nodes.read(node, text)
    findings = [finding(one.code, one.message, one.mark.index, one.hint) for one in said.troubles]
    return Document(file, text, said.data, node, first_line, said.doubtful), findings
