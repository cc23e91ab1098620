"""JSON with places: what is accepted is what the standard library accepts strictly, and each refusal has its place."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain.document import Document
from skillctl.domain.finding import Place
from skillctl.domain.json_text import NotJson, TooDeep, compose

DEPTH = 100


def refused(text: str, max_depth: int = DEPTH) -> NotJson:
    """What is said of a text that is not JSON; its place is checked on the way."""
    with pytest.raises(NotJson) as caught:
        compose(text, max_depth)
    problem = caught.value
    assert str(problem) == problem.message
    assert (problem.line, problem.column) == position(text, problem.index)
    return problem


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column by the plain definition; no place of ours lies within a CRLF."""
    lines = re.split(r"\r\n|\r|\n", text[:index])
    return len(lines) - 1, len(lines[-1])


def constructed(node: yaml.Node) -> Any:
    return yaml.constructor.SafeConstructor().construct_document(node)


def nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from nodes(part)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from nodes(item)


END = "the end of the text"
NO_QUOTE = "the string has no closing quote"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 0, 0, "the text is empty; a value is expected"),
        (" \r\n\t", 0, 0, "the text is empty; a value is expected"),
        ("\ufeff{}", 0, 0, "a value is expected, not the character U+FEFF"),
        ("{", 0, 1, f"a key or `}}` is expected, not {END}"),
        ("{,}", 0, 1, "a key or `}` is expected, not `,`"),
        ('{"a"', 0, 4, f"`:` after the key is expected, not {END}"),
        ('{"a" = 1}', 0, 5, "`:` after the key is expected, not `=`"),
        ('{"a":}', 0, 5, "a value is expected, not `}`"),
        ('{"a": 1', 0, 7, f"`,` or `}}` is expected, not {END}"),
        ('{"a": 1]', 0, 7, "`,` or `}` is expected, not `]`"),
        ('{"a": 1,\r\n "b": 2,\r\n}', 1, 7, "no comma may stand before `}`"),
        ('{"a": 1,,}', 0, 8, "a key is expected, not `,`"),
        ('{"a": 1,', 0, 8, f"a key is expected, not {END}"),
        ('{"a": 1\r\n"b": 2}', 1, 0, '`,` or `}` is expected, not `"`'),
        ("{a: 1}", 0, 1, "a key stands in double quotes, `a` does not"),
        ("{1: 1}", 0, 1, "a key stands in double quotes, `1` does not"),
        ("{'a': 1}", 0, 1, "a text stands in double quotes (`\"`), not in `'`"),
        ("['a']", 0, 1, "a text stands in double quotes (`\"`), not in `'`"),
        ("[“a”]", 0, 1, 'a text stands in double quotes (`"`), not in `“`'),
        ("[", 0, 1, f"a value is expected, not {END}"),
        ("[1", 0, 2, f"`,` or `]` is expected, not {END}"),
        ("[1 2]", 0, 3, "`,` or `]` is expected, not `2`"),
        ("[1; 2]", 0, 2, "`,` or `]` is expected, not `;`"),
        ("[1, ]", 0, 2, "no comma may stand before `]`"),
        ("[,1]", 0, 1, "a value is expected, not `,`"),
        ("]", 0, 0, "a value is expected, not `]`"),
        ("// a\n{}", 0, 0, "JSON has no comments"),
        ("# a\n{}", 0, 0, "JSON has no comments"),
        ("{} # a", 0, 3, "JSON has no comments"),
        ("{/* a */}", 0, 1, "JSON has no comments"),
        ('{"a": 1, // a\n}', 0, 9, "JSON has no comments"),
        ('{"a": /**/ 1}', 0, 6, "JSON has no comments"),
        ('{"\U0001f600": 1}\t\rtext', 1, 0, f"{END} is expected, not `text`"),
        ("{}\n{}", 1, 0, f"{END} is expected, not `{{`"),
        ("1 \0", 0, 2, f"{END} is expected, not the character U+0000"),
        ("[1,\u00a02]", 0, 3, "a value is expected, not the character U+00A0"),
        ("\ud800", 0, 0, "a value is expected, not the character U+D800"),
        ("[NaN]", 0, 1, "JSON has no NaN and no Infinity"),
        ("-Infinity", 0, 0, "JSON has no NaN and no Infinity"),
        ("True", 0, 0, "`True` is written `true`"),
        ("NULL", 0, 0, "`NULL` is written `null`"),
        ("nul", 0, 0, "a text stands in double quotes, `nul` does not"),
        ("truely", 0, 0, "a text stands in double quotes, `truely` does not"),
        ("+1", 0, 0, "a number begins with a digit or `-`, not with `+`"),
        ("-.5", 0, 0, "a number has a digit before its `.`"),
        ("007", 0, 0, "a number does not begin with a 0 that other digits follow"),
        ("0x1f", 0, 0, "a number is written in decimal digits only"),
        ("1.", 0, 0, "a number has a digit after its `.`"),
        ("1.e5", 0, 0, "a number has a digit after its `.`"),
        ("1.5e+", 0, 0, "a number has a digit in its exponent"),
        ("[-]", 0, 1, "a digit is expected after `-`"),
        ("-1_000", 0, 0, "a value is expected, not `-1_000`"),
        ("1.0.0", 0, 0, "a value is expected, not `1.0.0`"),
        ("2026-11-22", 0, 0, "a value is expected, not `2026-11-22`"),
        ("1٤", 0, 0, "a value is expected, not `1٤`"),
        ('"', 0, 0, NO_QUOTE),
        ('["a', 0, 1, NO_QUOTE),
        ('["a\\', 0, 1, NO_QUOTE),
        ('["a\\"', 0, 1, NO_QUOTE),
        ('["a\n"]', 0, 1, f"{NO_QUOTE} on its line; a line break in it is written `\\n`"),
        ('["a\r\n"]', 0, 1, f"{NO_QUOTE} on its line; a line break in it is written `\\n`"),
        ('"\U0001f600\t"', 0, 2, "the control character U+0009 may not stand in a string; it is written `\\u0009`"),
        ('"\0"', 0, 1, "the control character U+0000 may not stand in a string; it is written `\\u0000`"),
        ('"a\ud800"', 0, 2, "the lone surrogate U+D800 may not stand in a string"),
        ('"\\ud83d"', 0, 1, "`\\ud83d` is half a surrogate pair, the other half is missing"),
        ('"\\ud83d\\u0041"', 0, 1, "`\\ud83d` is half a surrogate pair, the other half is missing"),
        ('"\\ud83d\\ude00\\uDE00"', 0, 13, "`\\uDE00` is half a surrogate pair, the other half is missing"),
        ('"\\ud83d\ude00"', 0, 1, "`\\ud83d` is half a surrogate pair, the other half is missing"),
        ('{"\\udead": 1}', 0, 2, "`\\udead` is half a surrogate pair, the other half is missing"),
        ('"a\\u12"', 0, 2, "four hexadecimal digits are expected after `\\u`"),
        ('"\\\\\\u00g0"', 0, 3, "four hexadecimal digits are expected after `\\u`"),
        ('"C:\\dir"', 0, 3, "`d` may not follow `\\`; a backslash itself is written `\\\\`"),
        ('"\\\n"', 0, 1, "the character U+000A may not follow `\\`; a backslash itself is written `\\\\`"),
    ],
)
def test_each_refusal_at_its_place(text: str, line: int, column: int, message: str) -> None:
    problem = refused(text)
    assert (problem.line, problem.column, problem.message) == (line, column, message)
    assert not isinstance(problem, TooDeep)


@pytest.mark.parametrize(
    ("text", "tag", "value", "style"),
    [
        ("1", "int", "1", None),
        ("-0", "int", "-0", None),
        ("1.0", "float", "1.0", None),
        ("1e3", "float", "1e3", None),
        ("-0.5E+10", "float", "-0.5E+10", None),
        ("9" * 5000, "int", "9" * 5000, None),
        ("true", "bool", "true", None),
        ("false", "bool", "false", None),
        ("null", "null", "null", None),
        ('""', "str", "", '"'),
        ('"null"', "str", "null", '"'),
        ('"\\ud83d\\ude00 \\u00E4\\n\\/"', "str", "\U0001f600 ä\n/", '"'),
        ('"\u2028\x85\x7f"', "str", "\u2028\x85\x7f", '"'),
    ],
)
def test_scalars(text: str, tag: str, value: str, style: str | None) -> None:
    node = compose(f" {text} ", DEPTH)
    assert isinstance(node, yaml.ScalarNode)
    assert (node.tag, node.value, node.style) == (f"tag:yaml.org,2002:{tag}", value, style)
    assert (node.start_mark.index, node.end_mark.index) == (1, 1 + len(text))


def test_repeated_keys_are_kept() -> None:
    node = compose('{"a": 1, "\\u0061": 2}', DEPTH)
    assert [(key.value, value.value, key.start_mark.index) for key, value in node.value] == [
        ("a", "1", 1),
        ("a", "2", 9),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_a_document_gives_the_readers_places(end: str) -> None:
    text = end.join(
        ["{", '\t"\U0001f600\u2028": "\U0001d11e\x85", "ключ": [1, {"b": "c"}],', '  "status": "draft"}', ""]
    )
    node = compose(text, DEPTH)
    assert isinstance(node, yaml.MappingNode)
    assert node.flow_style
    found = Document("skill.json", text, json.loads(text), node)
    assert found.key_place(("ключ",)) == Place(2, 14)
    assert found.place(("ключ", 0)) == Place(2, 23)
    assert found.place(("ключ", 1, "b")) == Place(2, 32)
    assert found.place(("status",)) == Place(3, 13)
    assert found.replaced(("status",), "candidate") == text.replace("draft", "candidate")


@pytest.mark.parametrize("depth", [1, 2, 7, 100])
def test_the_bound_is_exact(depth: int) -> None:
    assert compose("[" * depth + "]" * depth, depth).end_mark.index == 2 * depth
    assert compose('{"a":' * depth + "1" + "}" * depth, depth).end_mark.index == 6 * depth + 1
    problem = refused("[" * depth + "\n{" + "]" * depth, depth)
    assert isinstance(problem, TooDeep)
    assert (problem.line, problem.column) == (1, 0)
    assert problem.message == f"nested more than {depth} levels deep"


def test_a_bound_of_none_leaves_scalars() -> None:
    assert compose("1", 0).value == "1"
    assert isinstance(refused("[]", 0), TooDeep)


MILLION = 1_000_000


@pytest.mark.parametrize(
    "part",
    [
        ("", "[", ""),
        ("", '{"a":', ""),
        ("[", "[],", "[]]"),
        ("{", '"a": 1,', '"b": 1}'),
        ("", "\n", "1"),
        ("", "1", ""),
        ("1.", "0", ""),
        ("-", "0", "x"),
        ('"', "\\", ""),
        ('"', "\\u0041", '"'),
        ('"', "\\ud83d", '"'),
        ('"', "a", ""),
        ('["', '","', '"]'),
    ],
    ids=lambda part: "".join(part)[:8],
)
def test_a_large_text_takes_seconds_at_most(part: tuple[str, str, str]) -> None:
    """In a process of its own, with a limit: a pattern that backtracks would take for ever."""
    before, repeated, after = part
    program = (
        "import sys\nfrom skillctl.domain.json_text import NotJson, compose\n"
        "try:\n    compose(sys.stdin.read(), 100)\nexcept NotJson:\n    pass\n"
    )
    text = before + repeated * (MILLION // len(repeated)) + after
    done = subprocess.run(
        [sys.executable, "-c", program], input=text.encode(), capture_output=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


letters = st.characters(exclude_categories=["Cs"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(letters, max_size=12)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(letters, max_size=6), inner, max_size=4),
    max_leaves=20,
)
styles = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1, 2, "\t"]),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", "\n:  ")]),
        "ensure_ascii": st.booleans(),
    }
)


@given(values, styles, st.sampled_from(["\n", "\r\n", "\r"]))
def test_each_node_is_its_source(value: Any, style: dict[str, Any], end: str) -> None:
    text = f"\n{json.dumps(value, **style)}\t\n".replace("\n", end)
    whole = compose(text, DEPTH)
    assert json.dumps(constructed(whole)) == json.dumps(json.loads(text))
    for node in nodes(whole):
        source = text[node.start_mark.index : node.end_mark.index]
        assert source == source.strip()
        assert json.dumps(json.loads(source)) == json.dumps(constructed(node))
        for mark in (node.start_mark, node.end_mark):
            assert (mark.line, mark.column) == position(text, mark.index)


class Pairs(list[tuple[str, Any]]):
    """An object with all of its pairs, those of repeated keys too."""


def _depth(value: Any) -> int:
    if isinstance(value, Pairs):
        return 1 + max((_depth(item) for _, item in value), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _is_strict_json(text: str, max_depth: int) -> bool:
    """Whether the standard library reads it as RFC 8259 has it: no NaN, no lone surrogates, not too deep."""
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=Pairs)
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        return False
    return _depth(value) <= max_depth


def _agrees(text: str, max_depth: int) -> None:
    if _is_strict_json(text, max_depth):
        assert json.dumps(constructed(compose(text, max_depth))) == json.dumps(json.loads(text))
    else:
        assert 0 <= refused(text, max_depth).index <= len(text)


@given(st.text(st.characters() | st.sampled_from('[]{}",:\\u0123456789abcdef \n\r\t'), max_size=60))
def test_any_text(text: str) -> None:
    _agrees(text, DEPTH)


@given(st.text(st.characters() | st.sampled_from('\\u08dDcCeEfF"/bnrt'), max_size=30))
def test_any_string(text: str) -> None:
    _agrees(f'"{text}"', DEPTH)


@given(st.text("-+0123456789.eE_xNaInfity", max_size=8))
def test_anything_that_looks_like_a_number(text: str) -> None:
    _agrees(text, DEPTH)


WORDS = [
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    '"a"',
    '"b":',
    "1",
    "-0.5e3",
    "true",
    "null",
    " ",
    "\n",
    "NaN",
    "'",
    "//",
    "x",
    '"',
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
def test_anything_that_looks_like_json(text: str) -> None:
    _agrees(text, 3)


@given(values, styles, st.data())
def test_json_with_one_character_changed(value: Any, style: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value, **style)
    at = data.draw(st.integers(0, len(text)))
    put, taken = data.draw(st.sampled_from(["", *'[]{}",:\\01e-. \n']) | st.characters()), data.draw(st.integers(0, 1))
    _agrees(text[:at] + put + text[at + taken :], DEPTH)
