"""The parser: any input is read or refused at its place; nothing raises, hangs or takes the process down."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import document as documents
from skillctl.domain.document import MAX_DEPTH
from skillctl.domain.finding import Place
from skillctl.domain.tree import MAX_BYTES
from tests.domain.made import document, told


def refused(raw: bytes | str) -> tuple[str, int, int, str]:
    """The one finding of a text that cannot be read."""
    found, findings = documents.parse(raw if isinstance(raw, bytes) else raw.encode(), "skill.yaml", "adder")
    assert found is None
    (finding,) = findings
    assert (finding.file, finding.skill) == ("skill.yaml", "adder")
    return told([finding])[0]


def _is_read_or_refused(raw: bytes) -> None:
    found, findings = documents.parse(raw, "skill.yaml")
    assert (found is None) is bool(findings)
    for finding in findings:
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.message


@given(st.binary(max_size=400))
def test_any_bytes(raw: bytes) -> None:
    _is_read_or_refused(raw)


@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    _is_read_or_refused(text.encode())


YAML_WORDS = [
    "a",
    "b: ",
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\n",
    "\n  ",
    "\t",
    "'",
    '"',
    "#",
    " ",
    "&x ",
    "*x",
    "!t ",
    "!!int ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "<<: ",
    "1:00",
    ".nan",
    "0x",
    "~",
    "\\",
    "\ufeff",
    "\u2028",
    "\x85",
    "\r",
    "\U0001f600",
]


@given(st.lists(st.sampled_from(YAML_WORDS), max_size=40).map("".join))
def test_anything_that_looks_like_yaml(text: str) -> None:
    _is_read_or_refused(text.encode())


DEEP = {
    "[": b"[" * 100_000,
    "{a: ": b"{a: " * 100_000,
    "- ": b"- " * 100_000,
    "? ": b"? " * 100_000,
    "- ? ": b"- ? " * 50_000,
    "[ and ]": b"a: [" + b"[" * 100_000 + b"]" * 100_000,
    "indentation": b"".join(b" " * level + b"a:\n" for level in range(1300)),
    "indentation after CR": b"".join(b" " * level + b"a:\r" for level in range(1300)),
    "indentation after NEL": "".join(" " * level + "a:\x85" for level in range(1300)).encode(),
    "steps of 198": b"".join(b" " * (198 * level) + b"- " * 99 + b"\r" for level in range(90)),
}


@pytest.mark.parametrize("raw", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_refused(raw: bytes) -> None:
    """In a process of its own: the C parser once overran the stack, which no test survives."""
    program = (
        "import sys\nfrom skillctl.domain import document\n"
        "found, findings = document.parse(sys.stdin.buffer.read(), 'skill.yaml')\n"
        "print(found, [finding.code for finding in findings])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=raw, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout.decode().strip()) == (0, "None ['SK006']"), done.stderr


@pytest.mark.parametrize(
    ("depth", "text"),
    [(depth, text) for depth in (MAX_DEPTH, MAX_DEPTH + 1) for text in ("flow", "block", "both")],
)
def test_the_bound_is_exact(depth: int, text: str) -> None:
    inner = depth - 1  # the mapping around it is the first level
    half = inner // 2
    raw = {
        "flow": "a: " + "[" * inner + "]" * inner,
        "block": "a:\n " + "- " * inner + "x",
        "both": "a:\n " + "- " * half + "[" * (inner - half) + "]" * (inner - half),
    }[text].encode()
    found, findings = documents.parse(raw, "skill.yaml")
    assert (found is not None) is (depth <= MAX_DEPTH)
    assert [finding.code for finding in findings] == ([] if depth <= MAX_DEPTH else ["SK006"])


def test_a_thousand_lists_side_by_side_are_not_deep() -> None:
    assert document("a: [" + "[], " * 1000 + "[]]").data == {"a": [[]] * 1001}


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    assert refused(b"a: 1\n" + b"#" * MAX_BYTES)[0] == "SK001"
    assert documents.parse(b"a: 1\n" + b"#" * (MAX_BYTES - 5), "skill.yaml")[0] is not None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a: 1\n\xff", ("SK001", 2, 1, "byte 0xff is not UTF-8")),
        ("ä: \U0001f600".encode() + b"\xe2\x82", ("SK001", 1, 5, "byte 0xe2 is not UTF-8")),
        ("a: 1\nb: x\0y", ("SK002", 2, 5, "the character U+0000 is not allowed")),
        ("ä: \U0001f600\x07", ("SK002", 1, 5, "the character U+0007 is not allowed")),
        ("a: 1\r\nb:\x1b", ("SK002", 2, 3, "the character U+001B is not allowed")),
        ("a: b\n\tc: d", ("SK002", 2, 1, None)),
        ("a: [1, 2\nb: 3", ("SK002", 2, 2, None)),
        ("a: 'x", ("SK002", 1, 6, None)),
        ("a: [", ("SK002", 1, 5, None)),
        ("b: 1\r\n\U0001f600: [\r\n", ("SK002", 3, 1, None)),
        ("", ("SK005", 1, 1, "the document is empty; `key: value` lines are expected")),
        ("# nothing", ("SK005", 1, 1, "the document is empty; `key: value` lines are expected")),
        ("- a", ("SK005", 1, 1, "the document is not a mapping; `key: value` lines are expected")),
        ("text", ("SK005", 1, 1, "the document is not a mapping; `key: value` lines are expected")),
        ("a: 1\n---\nb: 2", ("SK005", 2, 1, "more than one YAML document")),
        ("a: 1\nb: 2\na: 3", ("SK003", 3, 1, "the key `a` stands here a second time")),
        ("a: {b: 1, \U0001f600: 2, 'b': 3}", ("SK003", 1, 17, "the key `b` stands here a second time")),
        ("a: &x 1\nb: *x", ("SK004", 1, 4, "an anchor (`&name`) is not allowed here")),
        ("\U0001f600: 1\r\nb: &x\r\n  c: *x", ("SK004", 2, 4, "an anchor (`&name`) is not allowed here")),
        ("&x a: 1\nb: *x", ("SK004", 1, 1, "an anchor (`&name`) is not allowed here")),
        ("a: &x [*x]", ("SK004", 1, 4, "an anchor (`&name`) is not allowed here")),
        ("a: *x", ("SK002", 1, 4, "found undefined alias")),
        ("a: !!binary aGk=", ("SK004", 1, 4, "a tag (`!name`) is not allowed here")),
        ("a:\n- !python/object x", ("SK004", 2, 3, "a tag (`!name`) is not allowed here")),
        ("b: 1\n!!str a: 1", ("SK004", 2, 1, "a tag (`!name`) is not allowed here")),
        ("!!str a: 1", ("SK004", 1, 1, "a tag (`!name`) is not allowed here")),
        ("? [a]\n: 1", ("SK004", 1, 3, "a key must be plain text")),
        ("<<: {a: 1}", ("SK004", 1, 1, "a key must be plain text")),
    ],
)
def test_each_refusal_at_its_place(raw: bytes | str, expected: tuple[str, int, int, str | None]) -> None:
    found = refused(raw)
    assert found[:3] == expected[:3]
    assert expected[3] in (None, found[3])
    assert "<unicode string>" not in found[3]


def test_all_duplicates_are_found_at_once() -> None:
    _, findings = documents.parse(b"a: 1\na: 2\nb: {c: 1, c: 2}\nd: &x 1", "skill.yaml")
    assert [(finding.code, finding.line) for finding in findings] == [("SK003", 2), ("SK003", 3), ("SK004", 4)]


@pytest.mark.parametrize("lead", ["", "\ufeff"], ids=["plain", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_places_are_the_readers(lead: str, end: str) -> None:
    text = lead + end.join(["\U0001f600: \U0001d11e  # \U0001f600", "ключ: [ä, {b: \U0001f600, c: d}]", ""])
    found = document(text)
    assert found.place(("ключ", 1, "c")) == Place(2, 21)
    assert found.key_place(("ключ", 1, "c")) == Place(2, 18)
    assert found.place(("ключ", 0)) == Place(2, 8)
    span = found.span(("ключ", 1, "c"))
    assert span is not None
    assert found.text[span.start : span.end] == "d"


def test_the_place_of_what_is_not_there_is_the_nearest_above() -> None:
    found = document("a:\n  b: [1]\n")
    assert found.place(("a", "zz", "b")) == Place(2, 3)
    assert found.place(("a", "b", 5)) == Place(2, 6)
    assert found.place(("a", "b", "x")) == Place(2, 6)
    assert found.key_place(("a", "zz")) == Place(2, 3)
    assert found.key_place(("a", "b", 0)) == Place(2, 7)
    assert found.key_place(("zz", "y", "x")) == Place(1, 1)
    assert found.span(("a",)) is None
    assert found.span(("zz", "y")) is None
    with pytest.raises(KeyError):
        found.replaced(("a",), "x")


def test_places_in_a_part_of_a_file() -> None:
    found, _ = documents.parse(b"a: 1\nb: 2\n", "SKILL.md", first_line=2)
    assert found is not None
    assert found.place(("b",)) == Place(3, 4)
    _, findings = documents.parse(b"a: 1\nb: \x07\n", "SKILL.md", first_line=2)
    assert told(findings)[0][:3] == ("SK002", 3, 4)
    _, findings = documents.parse(b"- a\n", "SKILL.md", first_line=2)
    assert told(findings)[0][:3] == ("SK005", 2, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0x1f", 31),
        ("1.5", 1.5),
        ("true", True),
        ("no", False),
        ("~", None),
        ("", None),
        ("text", "text"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("2026-11-22", "2026-11-22"),
        ("=", "="),
        ("|\n  1\n", "1\n"),
        (".nan", ".nan"),
        ("-.inf", "-.inf"),
        ("1e400", "1e400"),
        ("1.0e+999", "1.0e+999"),
        ("0b_", "0b_"),
        ("9" * 64, int("9" * 64)),
        ("9" * 65, "9" * 65),
        ("1" + ":00" * 300 + ".0", "1" + ":00" * 300 + ".0"),
        ("[1, {a: x}]", [1, {"a": "x"}]),
    ],
)
def test_values_are_json_and_what_is_none_stays_text(text: str, value: object) -> None:
    found = document(f"a: {text}").data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "raw",
    [
        b"a: [" + b"[]," * 100_000 + b"]",
        b"a: 1" + b":00" * 300_000,
        b'a: "' + b"\\x41" * 200_000 + b'"',
        b"- " * 99 + b"x" + (b"- " * 99 + b"x") * 5000,
    ],
    ids=["lists", "digits", "escapes", "dashes"],
)
def test_a_large_file_takes_seconds_at_most(raw: bytes) -> None:
    program = "import sys\nfrom skillctl.domain import document\ndocument.parse(sys.stdin.buffer.read(), 'x')\n"
    subprocess.run([sys.executable, "-c", program], input=raw, timeout=20, check=True)
