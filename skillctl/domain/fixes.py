"""Safe fixes of a YAML text: each changes what it must and nothing else, and is taken back if the data would change."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from skillctl.domain import document as documents
from skillctl.domain.document import Document
from skillctl.domain.finding import Finding, Place
from skillctl.domain.ordering import reordered
from skillctl.domain.places import LINE_END

_MODELINE = "yaml-language-server:"
#: Nothing is not meant to become the text "null".
_NULL = "tag:yaml.org,2002:null"
_QUOTED = frozenset("'\"|>")


def quotable(findings: Collection[Finding], file: str) -> set[Place]:
    """The places in a file whose values only lack quotes, by what the findings say."""
    return {
        Place(one.line, one.column)
        for one in findings
        if one.file == file and one.code in ("SK104", "SK203") and (one.hint or "").startswith("quote it: ")
    }


def fixed(
    document: Document, unquoted: Collection[Place], order: Sequence[str], schema: str | None
) -> tuple[str, list[str]]:
    """The text with its safe fixes, and what was done: values quoted, keys put in order, the line for editors added.

    `schema` is the path that such a line is to name; None wants none.
    """
    done = []
    quoted = _quoted(document, unquoted)
    if quoted is not None:
        document = quoted
        done.append("quoted what is text")
    text = reordered(document, order)
    if text is not None:
        document = _parsed(text, document) or document
        done.append("put the keys in their order")
    text = document.text
    if schema is not None and _MODELINE not in text and "$schema" not in document.data and text.strip():
        end = match[0] if (match := LINE_END.search(text)) else "\n"
        text = f"# {_MODELINE} $schema={schema}{end}{text}"
        done.append("named the schema for editors")
    return text, done


def _quoted(document: Document, unquoted: Collection[Place]) -> Document | None:
    """The document with quotes round the plain values at these places; None if there is nothing to quote."""
    text = document.text
    for node in reversed(list(_scalars(document.node))):
        start, end = node.start_mark.index, node.end_mark.index
        is_plain = node.style not in _QUOTED and node.tag != _NULL and end > start
        if is_plain and document.placed(node.start_mark) in unquoted:
            text = text[:start] + _in_quotes(text[start:end]) + text[end:]
    found = _parsed(text, document) if text != document.text else None
    return found if found is not None and _shape(found.node) == _shape(document.node) else None


def _in_quotes(value: str) -> str:
    if '"' in value or "\\" in value:
        return "'" + value.replace("'", "''") + "'"
    return f'"{value}"'


def _parsed(text: str, document: Document) -> Document | None:
    return documents.parse_text(text, document.file, first_line=document.first_line)[0]


def _scalars(node: Node) -> Iterator[ScalarNode]:
    """All scalars in the order of the text."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    else:
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)


def _shape(node: Node) -> Any:
    """What stands where, whatever kind a reader takes it for."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, MappingNode):
        return [(_shape(key), _shape(value)) for key, value in node.value]
    return [_shape(item) for item in node.value]
