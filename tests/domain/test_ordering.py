"""Keys in another order: whole lines move with what belongs to them, and nothing else about the file changes."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import assume, event, given
from hypothesis import strategies as st

from skillctl.domain import document as documents
from skillctl.domain import json_text
from skillctl.domain.document import Document
from skillctl.domain.ordering import reordered
from tests.domain.made import document

ORDER = ("a", "b", "c", "d")


def lines_of(text: str) -> tuple[list[str], list[str]]:
    """The lines without their breaks, and the breaks, both sorted; a last line without a break has an empty one."""
    parts = re.split("(\r\n|[\n\r\x85\u2028\u2029])", text)
    lines, breaks = parts[::2], parts[1::2]
    if lines[-1] == "":
        lines.pop()
    return sorted(lines), sorted(breaks)


def moved(text: str) -> str | None:
    """What becomes of a text; that it holds the same lines and the same data is checked on the way."""
    before = document(text)
    found = reordered(before, ORDER)
    if found is not None:
        assert lines_of(found) == lines_of(text)
        assert document(found).data == before.data
        assert reordered(document(found), ORDER) is None
    return found


MOVED = {
    "two keys": ("b: 1\na: 2\n", "a: 2\nb: 1\n"),
    "unknown keys go last, in the order they have": (
        "x-z: 0\nb: 1\nx-y: 2\na: 3\n",
        "a: 3\nb: 1\nx-z: 0\nx-y: 2\n",
    ),
    "keys that the order has and the file has not": ("d: 1\nb: 2\n", "b: 2\nd: 1\n"),
    "quoted keys and values": ("'b': \"1\"\n\"a\": 'it''s'\n", "\"a\": 'it''s'\n'b': \"1\"\n"),
    "nested values": (
        "b:\n  c: 1\n  a: 2\na:\n- 1\n-\n  - x\n",
        "a:\n- 1\n-\n  - x\nb:\n  c: 1\n  a: 2\n",
    ),
    "a value of several lines": (
        "b: [1,\n  2\n]\na: 'x\n\n  y'\n",
        "a: 'x\n\n  y'\nb: [1,\n  2\n]\n",
    ),
    "block text that looks like keys": (
        "b: |\n  a: 1\n  # no comment\n\n  c: 2\na: >-\n  b: 1\n",
        "a: >-\n  b: 1\nb: |\n  a: 1\n  # no comment\n\n  c: 2\n",
    ),
    "comments within and after values": (
        "b: 1  # one\na:  # two\n  # three\n  c: 3\n  # four\n# five\n  d: 4\n",
        "a:  # two\n  # three\n  c: 3\n  # four\n# five\n  d: 4\nb: 1  # one\n",
    ),
    "the comment above a key": (
        "# of b\n# and more\nb: 1\n# of a\na: 2\n",
        "# of a\na: 2\n# of b\n# and more\nb: 1\n",
    ),
    "a comment further right belongs to the value above": (
        "b:\n  - 1\n  # - 2\na: 2\n",
        "a: 2\nb:\n  - 1\n  # - 2\n",
    ),
    "a comment with a blank line below it belongs to the key above": (
        "b: 1\n# on b\n\na: 2\nc: 3\n",
        "a: 2\nb: 1\n# on b\n\nc: 3\n",
    ),
    "blank lines": (
        "b: 1\n\n\na: 2\n \t\n# of c\nc: 3\n",
        "a: 2\n \t\nb: 1\n\n\n# of c\nc: 3\n",
    ),
    "the end of the file keeps its blank lines, or its lack of them": (
        "c: 1\n\nb: 2\na: 3\n",
        "a: 3\n\nb: 2\nc: 1\n",
    ),
    "a modeline": (
        "# yaml-language-server: $schema=../skill.json\nb: 1\na: 2\n",
        "# yaml-language-server: $schema=../skill.json\na: 2\nb: 1\n",
    ),
    "a modeline, and the comment of a key": (
        "#!/usr/bin/env skillctl\n# yaml-language-server: $schema=../skill.json\n# of b\nb: 1\na: 2\n",
        "#!/usr/bin/env skillctl\n# yaml-language-server: $schema=../skill.json\na: 2\n# of b\nb: 1\n",
    ),
    "a comment on the whole file": (
        "# the file\n# and more\n\n# of b\nb: 1\na: 2\n",
        "# the file\n# and more\n\na: 2\n# of b\nb: 1\n",
    ),
    "blank lines at the top": ("\n\nb: 1\na: 2\n", "\n\na: 2\nb: 1\n"),
    "a comment at the end": (
        "b: 1\n\na: 2\n\n# the end\n\n# vim: set et:\n",
        "a: 2\n\nb: 1\n\n# the end\n\n# vim: set et:\n",
    ),
    "CRLF": ("# b\r\nb: 1\r\n\r\na: |\r\n  2\r\n", "a: |\r\n  2\r\n\r\n# b\r\nb: 1\r\n"),
    "mixed line breaks": ("c: 1\r\nb: 2\ra: 3\nd: 4\x85", "a: 3\nb: 2\rc: 1\r\nd: 4\x85"),
    "line breaks of YAML alone": ("b: 1\u2028a: 2\u2029", "a: 2\u2029b: 1\u2028"),
    "no line break at the end": ("b: 1\r\na: 2", "a: 2\r\nb: 1"),
    "no line break at the end, blank lines between": ("b: 1\r\n\na: 2", "a: 2\r\n\nb: 1"),
    "no line break at the end, in a blank line": ("b: 1\na: 2\n  ", "a: 2\nb: 1\n  "),
    "no line break at the end, in a comment": ("b: 1\na: 2\n# end", "a: 2\nb: 1\n# end"),
    "no line break at the end, the last key stays": ("b: 1\na: 2\nc: 3", "a: 2\nb: 1\nc: 3"),
    "block text that keeps its blank lines": ("b: |+\n  x\n\na: 1\n", "a: 1\nb: |+\n  x\n\n"),
    "block text that drops its blank lines": ("b: |-\n  x\n\na: 1\n", "a: 1\n\nb: |-\n  x\n"),
    "a CR and an LF that must not meet": ("b: 1\n\na: 2\r", "a: 2\rb: 1\n\n"),
    "keys that are indented": ("# the file\n\n  # of b\n  b: 1\n  a: 2\n", "# the file\n\n  a: 2\n  # of b\n  b: 1\n"),
    "more dashes than a marker has": ("# ---\nb: '\n  --- '\na: ----\n", "a: ----\n# ---\nb: '\n  --- '\n"),
}


@pytest.mark.parametrize(("before", "after"), MOVED.values(), ids=MOVED)
def test_what_moves_with_a_key_and_what_stays(before: str, after: str) -> None:
    assert moved(before) == after
    assert moved(after) is None


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: 2\nx: 3\n",
        "x: 1\n",
        "{b: 1, a: 2}",
        '{\n"b": 1,\n"a": 2\n}\n',
        "---\nb: 1\na: 2\n",
        "%YAML 1.1\n---\nb: 1\na: 2\n",
        "b: 1\na: 2\n...\n",
        "b: 1\na: 2\n...",
        "? b\n: 1\n? a\n: 2\n",
        "b: 1\n? a\n: 2\n",
        "b: 1\na: |\n  the line break is part of it, and missing",
        "b: |\n  the line break is part of it\na: 1",
        "c: 'x\n# a comment to the eye'\na: 1\n",
    ],
)
def test_what_stands_so_already_or_cannot_be_moved(text: str) -> None:
    assert moved(text) is None


def test_json_is_not_moved() -> None:
    text = '{\n"b": 1,\n"a": 2\n}\n'
    node = json_text.compose(text, 100)
    assert isinstance(node, yaml.MappingNode)
    assert reordered(Document("skill.json", text, {"b": 1, "a": 2}, node), ORDER) is None


def test_a_byte_order_mark_stays_where_it_is() -> None:
    """The reader of files takes it off; where it was not, the first line cannot move."""
    found, _ = documents.parse_text("\ufeffb: 1\na: 2\n", "skill.yaml")
    assert found is not None
    assert reordered(found, ORDER) is None


def test_repeated_keys_are_not_moved() -> None:
    """`Document` has none; if one had, no line may get lost."""
    found = document("b: 1\na: 2\nc: 3\n")
    text = "b: 1\na: 2\nb: 3\n"
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert isinstance(node, yaml.MappingNode)
    assert reordered(Document(found.file, text, {"b": 3, "a": 2}, node), ORDER) is None


def test_a_part_of_a_file() -> None:
    found, _ = documents.parse_text("b: 1\na: 2\n", "SKILL.md", first_line=2)
    assert found is not None
    assert reordered(found, ("a",)) == "a: 2\nb: 1\n"
    assert reordered(found, ()) is None


NAMES = ("name", "version", "status", "tags", "tools", "inputs", "notes", "x-one", "x-two", "'quoted'")
VALUES = (
    " 1",
    " text  # status: draft",
    "",
    " 'it''s\n\n  two lines'",
    ' "\U0001f600 # none"',
    " [a, # one\n  b,\n]",
    " {a: 1, b: [2]}",
    "\n- a\n# between\n- b: 1\n  c: 2",
    "\n  name: 1\n\n  # within\n  version: 2",
    "  # after\n  deep:\n    deeper: [1]\n  # below",
    " |\n  name: no key\n  # no comment",
    " |-\n    version: 1\n   \n    status: 2\n",
    " >+\n  folded\n  more\n\n",
    " |2+\n   indented\n",
    " plain\n  goes on",
)
COMMENTS = ("", "# of the key\n", "# one\n#two\n", "#\n", "  # indented\n", "# status: draft\n", "# ---\n")
GAPS = ("", "", "\n", "\n\n", " \n", "\n# alone\n\n", "# below\n\n")
HEADS = ("", "# yaml-language-server: $schema=x\n", "# the file\n\n", "\n", "# vim: et\n# the file\n\n\n")
FEET = ("", "", "# end\n", "\n# end\n\n", "\n", "  # indented\n")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document with comments and blank lines everywhere, in one kind of line break or in several."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    parts = [draw(st.sampled_from(HEADS))]
    for name in names:
        parts += [draw(st.sampled_from(COMMENTS)), name, ":", draw(st.sampled_from(VALUES)), "\n"]
        parts.append(draw(st.sampled_from(GAPS)))
    text = "".join([*parts, draw(st.sampled_from(FEET))])
    breaks = draw(st.sampled_from(["\n", "\r\n", "\r", None]))
    pieces = text.split("\n")
    kinds = [breaks or draw(st.sampled_from(["\n", "\r\n", "\r", "\u2028"])) for _ in pieces[1:]]
    text = pieces[0] + "".join(kind + piece for kind, piece in zip(kinds, pieces[1:], strict=True))
    return text.rstrip("\n\r\u2028") if draw(st.booleans()) else text


def _nested(value: Any) -> Any:
    """Data in which the order of keys counts."""
    if isinstance(value, dict):
        return [(key, _nested(item)) for key, item in value.items()]
    return [_nested(item) for item in value] if isinstance(value, list) else value


@given(texts(), st.permutations([name.strip("'") for name in NAMES[:-3]]), st.integers(0, 7))
def test_any_document_in_any_order(text: str, names: list[str], known: int) -> None:
    order = names[:known]
    before, _ = documents.parse_text(text, "skill.yaml")
    assume(before is not None)
    assert before is not None
    wanted = [key for key in order if key in before.data] + [key for key in before.data if key not in order]
    found = reordered(before, order)
    event("moved" if found is not None else "in order" if wanted == list(before.data) else "refused")
    if found is None:
        # Block text that has no line break, or would lose its own, is all that keeps such a file from being sorted.
        assert wanted == list(before.data) or text[-1] not in "\n\r\u2028"
        return
    after = document(found)
    assert list(after.data) == wanted != list(before.data)
    assert all(_nested(after.data[key]) == _nested(value) for key, value in before.data.items())
    assert lines_of(found) == lines_of(text)
    assert reordered(after, order) is None


@given(texts(), st.permutations([name.strip("'") for name in NAMES]))
def test_comments_stay_above_their_keys(text: str, order: list[str]) -> None:
    before, _ = documents.parse_text(text, "skill.yaml")
    assume(before is not None)
    assert before is not None
    found = reordered(before, order)
    assume(found is not None)
    assert found is not None
    for key in before.data:
        assert _comment_above(document(found), key) == _comment_above(before, key)


def _comment_above(found: Document, key: str) -> list[str]:
    lines = re.split("\r\n|[\n\r\u2028]", found.text)
    own: list[str] = []
    mark = next(node.start_mark for node, _ in found.node.value if node.value == key)
    for line in reversed(lines[: mark.line]):
        if not line.startswith("#") or line.startswith("# yaml-language-server"):
            break
        own.append(line)
    return own
