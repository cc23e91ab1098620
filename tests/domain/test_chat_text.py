"""What others wrote does nothing in a chat, whatever they wrote; and no post is longer than it may be."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import chat_text
from tests.domain.chat_reader import effects

HOSTILE = [
    "@all", "@channel", "\\@here", "a@all.test", "[x](https://evil.test)", "<https://evil.test|x>", "https://evil.test",
    "www.evil.test", "WWW.evil.test", "![x](y)", "a|b|c", "a\nb", "a\r\n| x | y |", "a\u2028b", "# head", "#tag",
    "**b**", "`code`", "~~s~~", "~town-square", ":boom:", "> quote", "- item", "\\", "\\\\|", "1. one", "```\ncode",
    "<!channel>", "<!here|here>", "<@U1>", "<script>x</script>", "&#64;all", "&commat;all", "&lt;b&gt;", "$x$", "$$x$$",
    "\u202eevil", "@\u200ball", "a\u200d@\u2060all", "\ufeff@here", "mailto:a@b.test", "javascript:x", "==mark==",
    "@all.", "(@all)", "_@all_", "\x00\x1b[31m", "\ud800", "||spoiler||", "[x]: https://evil.test", "---", "***",
    "| a |\n|---|", "\tcode", "    code", "+ a", "2) b", "Setext\n===", "@alice", "@\\all", "\\\\@all", "\\`x\\`",
    "http\u200b://evil.test", "//evil.test", "mattermost://x", "tel:1", "\u0000@all", "\U000e0001@all",
]  # fmt: skip
PIECES = st.sampled_from([*HOSTILE, "@", "all", "here", ":", "/", ".", "www", "#", "~", "\\", "`", " ", "\n", "<", ">"])


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_gets_through(text: str) -> None:
    assert effects(chat_text.escaped(text)) == []


@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=12).map("".join)))
def test_nothing_at_all_gets_through(text: str) -> None:
    assert effects(chat_text.escaped(text)) == []
    cells = [cell.strip() for cell in chat_text.table(("a", "b"), [(text, "x")]).split("\n")[2].split(" | ")]
    assert len(cells) == 2


@pytest.mark.parametrize(
    "text", ["hello @all", "see https://evil.test", "a [link](https://a.test)", "#tag", ":boom:", "<!channel>", "**b**"]
)
def test_the_reader_finds_what_is_not_escaped(text: str) -> None:
    assert effects(text) != []


def test_what_does_nothing_stays_as_it_is() -> None:
    assert chat_text.escaped("größe 10 %, naïve 日本 — it's ok") == "größe 10 %, naïve 日本 — it's ok"
    assert chat_text.escaped("a\n\n b") == "a b"


@pytest.mark.parametrize(("most", "shown"), [(None, "abc def"), (7, "abc def"), (6, "abc d…"), (5, "abc…"), (1, "…")])
def test_a_text_is_shortened_before_it_is_escaped(most: int | None, shown: str) -> None:
    assert chat_text.escaped("abc def", most) == shown


def test_what_is_not_shown_is_not_looked_at() -> None:
    assert chat_text.escaped(" " * 1_000_000 + "x", 5) == "…"
    assert chat_text.escaped("\u200b" * 20 + "abc", 5) == "abc"


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("maria", "@maria"), ("@maria", "@maria"), ("m.r-1_x", "@m.r-1_x"), ("a" * 64, "@" + "a" * 64),
        ("a" * 65, None), ("", None), ("@", None), ("Maria", None), ("ma ria", None), ("maria\n", None), ("@@a", None),
        ("all", None), ("here", None), ("channel", None), ("@all", None), ("all.", None), (".here", None),
        ("maria)[x](https://evil.test", None), ("größe", None),
    ],
)  # fmt: skip
def test_only_a_name_is_called(name: str, call: str | None) -> None:
    assert chat_text.mention(name) == call


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://github.com/a/b/commit/abc", True), ("http://dash.test:8088/d/1?x=1&y=%20#p", True),
        ("https://dash.test", True), ("javascript:alert(1)", False), ("https://a.test/)[x](https://evil.test", False),
        ("https://user:pass@a.test/", False), ("https://a.test/ b", False), ("https://a.test/\n", False),
        ("ftp://a.test", False), ("", False), (None, False), (7, False), ("https://a.test/" + "a" * 2000, False),
    ],
)  # fmt: skip
def test_a_link_leads_to_an_address_or_nowhere(url: object, is_one: bool) -> None:
    assert chat_text.link("a [b]", url) == (f"[a \\[b\\]]({url})" if is_one else "a \\[b\\]")


def test_a_table() -> None:
    assert chat_text.table(("a", "b"), [("x|y", "z" * 70)]).split("\n") == [
        "| a | b |", "|---|---|", f"| x\\|y | {'z' * 63}… |",
    ]  # fmt: skip


@given(
    st.lists(st.text(alphabet=st.sampled_from("ab @#\\|.\n\u200b😀"), max_size=120), max_size=6),
    st.integers(min_value=6, max_value=60),
)
def test_posts_are_short_enough_and_lose_nothing(texts: list[str], most: int) -> None:
    blocks = [chat_text.escaped(text) for text in texts]
    posts = chat_text.posts(blocks, most)
    assert all(0 < len(post) <= most for post in posts)
    assert "".join("".join(posts).split()) == "".join("".join(blocks).split())
    for post in posts:
        # An escape that was cut would leave a backslash at the end, or what it tamed at the beginning.
        assert len(re.findall(r"\\*\Z", post)[0]) % 2 == 0
        assert not post.startswith("\u200b")


def test_a_block_is_whole_wherever_a_post_can_hold_it() -> None:
    table = chat_text.table(("a",), [("x",)] * 3)
    assert chat_text.posts(["w" * 30, table], 50) == ["w" * 30, table]
    assert chat_text.posts(["w" * 10, table], 50) == ["w" * 10 + "\n\n" + table]
    assert chat_text.posts(["one two three four"], 10) == ["one two", "three four"]
    assert chat_text.posts(["one\ntwo three"], 6) == ["one", "two", "three"]
    assert chat_text.posts([""]) == []
