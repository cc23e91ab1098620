"""A safe fix changes what it must, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import document as documents
from skillctl.domain import fixes, skill
from skillctl.domain.document import Document
from skillctl.domain.finding import Finding, Place

HEAD = 'name: adder\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\n'
SCHEMA = "../../schemas/skill.json"
LINE = f"# yaml-language-server: $schema={SCHEMA}"


def read(text: str) -> Document:
    document, findings = documents.parse_text(text, "skill.yaml")
    assert document is not None, findings
    return document


def fixed(text: str, *places: tuple[int, int], schema: str | None = None) -> tuple[str, list[str]]:
    return fixes.fixed(read(text), {Place(*place) for place in places}, skill.ORDER, schema)


@pytest.mark.parametrize(
    ("before", "place", "after"),
    [
        ("version: 1.10  # why\nstatus: draft\n", (1, 10), 'version: "1.10"  # why\nstatus: draft\n'),
        ("a: {b: no, c: 1}\n", (1, 8), 'a: {b: "no", c: 1}\n'),
        ("\U0001f600: 012\r\nb: 1\r\n", (1, 4), '\U0001f600: "012"\r\nb: 1\r\n'),
        ("a:\n  - x\n  - 1e3\n", (3, 5), 'a:\n  - x\n  - "1e3"\n'),
        ("a: 1 # x\u2028b: 1:30\nc: 1\n", (1, 13), 'a: 1 # x\u2028b: "1:30"\nc: 1\n'),
        ('a: 1"2\n', (1, 4), "a: '1\"2'\n"),
        ("a: 1\\2'\n", (1, 4), "a: '1\\2'''\n"),
    ],
)
def test_it_quotes(before: str, place: tuple[int, int], after: str) -> None:
    assert fixed(before, place) == (after, ["quoted what is text"])


def test_what_is_quoted_or_empty_or_elsewhere_stays() -> None:
    assert fixed('a: "1"\nb:\n', (1, 4), (2, 3)) == ('a: "1"\nb:\n', [])
    assert fixed("a: 1\n", (2, 4)) == ("a: 1\n", [])
    assert fixed("a: |\n  1\n", (1, 4)) == ("a: |\n  1\n", [])


def test_a_value_over_two_lines_is_quoted_as_a_whole() -> None:
    said, done = fixed("a: 1\n  2\n", (1, 4))
    assert (said, done) == ('a: "1\n  2"\n', ["quoted what is text"])
    assert read(said).data == {"a": "1 2"}


def test_nothing_does_not_become_the_text_null() -> None:
    assert fixed("a: [x, ~, null]\n", (1, 8), (1, 11)) == ("a: [x, ~, null]\n", [])


def test_it_orders() -> None:
    text = "status: draft\n# of the name\nname: adder\nowners: [sums]\n\nversion: '1.0.0'\n"
    after = "# of the name\nname: adder\nversion: '1.0.0'\n\nstatus: draft\nowners: [sums]\n"
    assert fixed(text) == (after, ["put the keys in their order"])


def test_it_names_the_schema() -> None:
    assert fixed(HEAD, schema=SCHEMA) == (f"{LINE}\n{HEAD}", ["named the schema for editors"])
    crlf = HEAD.replace("\n", "\r\n")
    assert fixed(crlf, schema=SCHEMA)[0] == f"{LINE}\r\n{crlf}"
    assert fixed("name: adder", schema=SCHEMA)[0] == f"{LINE}\nname: adder"
    for there in (f"{LINE}\n{HEAD}", f"$schema: x\n{HEAD}"):
        assert "named the schema for editors" not in fixed(there, schema=SCHEMA)[1]


def test_all_at_once_and_only_once() -> None:
    text = "version: 1.10\nname: adder\n"
    once, done = fixed(text, (1, 10), schema=SCHEMA)
    assert once == f'{LINE}\nname: adder\nversion: "1.10"\n'
    assert len(done) == 3
    assert fixes.fixed(read(once), (), skill.ORDER, SCHEMA) == (once, [])


def test_what_the_findings_say_can_be_quoted() -> None:
    findings = [
        Finding("SK104", "", "f", 1, 2, hint='quote it: "1"'),
        Finding("SK203", "", "f", 3, 4, hint='quote it: "no"'),
        Finding("SK203", "", "f", 5, 6, hint="write a value, or take the key out"),
        Finding("SK104", "", "g", 7, 8, hint='quote it: "1"'),
        Finding("SK105", "", "f", 9, 9, hint='quote it: "1"'),
    ]
    assert fixes.quotable(findings, "f") == {Place(1, 2), Place(3, 4)}


PLAIN = st.sampled_from(["1.10", "no", "012", "1:30", "2026-01-01", "0x1F", "1_000", ".5", "text", "a b", "it's"])
KEYS = st.lists(st.sampled_from([*skill.ORDER, "x-a", "x-b"]), unique=True, min_size=1)


@given(KEYS, st.data())
def test_no_fix_changes_what_is_said(keys: list[str], data: st.DataObject) -> None:
    """Whatever is quoted, ordered and added: the same keys have the same values, as text where they were quoted."""
    values = {key: data.draw(PLAIN) for key in keys}
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    text = "".join(f"{key}: {value}  # of {key}{end}" for key, value in values.items())
    before = read(text)
    places = {before.place((key,)) for key in keys}
    after, _ = fixes.fixed(before, places, skill.ORDER, SCHEMA)
    found = read(after)
    assert found.data == values
    assert sorted(after.replace('"', "").replace("''", "'").replace("'", "").split(end)) == sorted(
        [*text.replace("'", "").split(end), LINE]
    )
