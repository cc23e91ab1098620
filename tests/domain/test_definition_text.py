"""Edits of a definition: the one scalar changes, and nothing else does."""

import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain.definition_text import rewritten

BEFORE = "name: adder  # status: draft\nnotes: |\n  status: draft\n  version: 1\n\U0001f600: \U0001d11e\n"
AFTER = '  # why: status: draft\nowners: [a,   b]\nnested: {status: draft}\n# the end, "status: draft"'


@pytest.mark.parametrize("lead", ["", "\ufeff"], ids=["plain", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("quote", ["", "'", '"'], ids=["bare", "single", "double"])
def test_only_the_scalar_changes(lead: str, end: str, quote: str) -> None:
    def text(status: str) -> bytes:
        return (lead + (BEFORE + f"status: {quote}{status}{quote}" + AFTER).replace("\n", end)).encode()

    assert rewritten(text("draft"), {"status": "candidate"}) == text("candidate")
    assert rewritten(rewritten(text("draft"), {"status": "candidate"}), {"status": "draft"}) == text("draft")


def test_several_scalars_of_several_lengths() -> None:
    raw = b'{"version": "1.0.0", "status":"draft" , "x": 1}'
    assert rewritten(raw, {"status": "approved", "version": "10.20.30"}) == (
        b'{"version": "10.20.30", "status":"approved" , "x": 1}'
    )


@pytest.mark.parametrize(
    "text", ["a: 1", "status:", "status: [draft]", "status: |-\n  draft\nname: x", "status: >\n  draft"]
)
def test_what_is_no_scalar_on_its_line_is_not_rewritten(text: str) -> None:
    """Block text ends with its line break: a value in its place would run into the next key."""
    with pytest.raises(KeyError):
        rewritten(text.encode(), {"status": "candidate"})


def test_what_cannot_be_read_is_not_rewritten() -> None:
    with pytest.raises(ValueError, match="stands here a second time"):
        rewritten(b"status: a\nstatus: b", {"status": "c"})


letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
words = st.text(string.ascii_lowercase, min_size=1, max_size=10)
others = st.dictionaries(words.filter(lambda key: key != "status"), st.text(letters, max_size=30), max_size=5)


@given(others, others, words, words, st.sampled_from(["", "'", '"']), st.text(max_size=20), st.booleans())
def test_nothing_but_the_scalar_changes(
    before: dict[str, str], after: dict[str, str], old: str, new: str, quote: str, comment: str, crlf: bool
) -> None:
    def dumped(part: dict[str, str]) -> str:
        return yaml.safe_dump(part, allow_unicode=True) if part else ""

    note = "".join(letter for letter in comment if letter.isprintable())
    after = {key: value for key, value in after.items() if key not in before}
    head, tail = dumped(before) + f"status: {quote}", f"{quote} # {note}\n" + dumped(after)
    if crlf:
        head, tail = head.replace("\n", "\r\n"), tail.replace("\n", "\r\n")
    found = rewritten((head + "zz" + old + tail).encode(), {"status": "zz" + new})
    assert found == (head + "zz" + new + tail).encode()
