"""Growth: what counts as more power, what does not, and what hides in a text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import skill
from skillctl.domain.growth import Power, growth, power_of

DEFINITION = 'name: adder\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\n'
SHEET = "---\nname: adder\ndescription: Adds.\n{}---\n\n{}\n"
Files = dict[str, tuple[str, bytes]]


def power(definition: str = "", head: str = "", body: str = "", files: Files | None = None) -> Power:
    texts = {"skill.yaml": (DEFINITION + definition).encode(), "SKILL.md": SHEET.format(head, body).encode()}
    every = {path: ("100644", raw) for path, raw in texts.items()} | (files or {})
    found, findings = skill.read("skills/adder", texts, frozenset(every))
    assert findings == []
    return power_of(found, every)


@pytest.mark.parametrize(
    ("after", "more"),
    [
        (power(), []),
        (power("tools: {ledger: [post, read]}\n"), ["tool `ledger.post`", "tool `ledger.read`"]),
        (power('tools: {a.b: [c], a: ["b.c"]}\n'), ['tool `"a.b".c`', "tool `a.b.c`"]),
        (power("secrets: [TOKEN]\n"), ["secret `TOKEN`"]),
        (
            power(head="allowed-tools: Bash(git add:*), Read\n"),
            ["allowed tool `Bash(git add:*)`", "allowed tool `Read`"],
        ),
        (power(head="allowed-tools: a(b c\n"), ["allowed tool `a(b`", "allowed tool `c`"]),
        (power(files={"scripts/x.py": ("100644", b"")}), ["script `scripts/x.py`"]),
        (power(files={"run": ("100755", b"")}), ["script `run`"]),
        (power(files={"references/x.py": ("100644", b"")}), []),
        (power(body="see https://API.example.test:8443/x"), ["host `api.example.test`"]),
        (power(files={"a.sh": ("100644", b"curl postgres://u:p@db.test/x")}), ["host `db.test`"]),
        (power(files={"a.txt": ("100644", "https://wide.test".encode("utf-16"))}), ["host `wide.test`"]),
        (power(files={"a.png": ("100644", b"http://ns.adobe.test/")}), []),
        (power(files={"a.png": ("100755", b"http://ns.adobe.test/")}), ["host `ns.adobe.test`", "script `a.png`"]),
    ],
)
def test_what_a_version_may_do_more(after: Power, more: list[str]) -> None:
    assert growth(power(), after) == more
    assert growth(after, power()) == [], "less is no growth"
    assert growth(None, after) == [], "the first approval is of everything"


def test_without_a_sheet_the_definition_is_all_there_is() -> None:
    texts = {"skill.yaml": (DEFINITION + "description: Adds.\ninstructions: see https://a.test\n").encode()}
    found, _ = skill.read("skills/adder", texts, frozenset(texts))
    files = {path: ("100644", raw) for path, raw in texts.items()}
    assert power_of(found, files) == Power(hosts=frozenset({"a.test"}))


def test_a_script_that_keeps_its_path_is_no_growth() -> None:
    before = power(files={"scripts/x.py": ("100644", b"a")})
    assert growth(before, power(files={"scripts/x.py": ("100755", b"b")})) == []


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("https://a.test.", {"a.test"}),
        ("(https://a.test), <https://b.test> [x](https://c.test)!", {"a.test", "b.test", "c.test"}),
        ("https://a.test,https://b.test", {"a.test", "b.test"}),
        ("https://a.test/?next=https://b.test/", {"a.test", "b.test"}),
        ("{https://a.test} https://api.{region}.b.test/", {"a.test", "api.{region}.b.test"}),
        ("[https://a.test]", {"a.test"}),
        ("https://[::1]:80/ https://[broken", {"[::1]", "[broken"}),
        (r"https:\/\/a.test\/x", {"a.test"}),
        (r"https://a.test\@b.test", {"a.test", "b.test"}),
        ('"https://a.test:x\'y@b.test"', {"a.test", "b.test"}),
        ("\"https://a.test:x'@b.test','@a.test\"", {"a.test", "b.test"}),
        ("https://%62.test https://B.TEST.", {"b.test"}),
        ("https://user@ https://... https:// ://", set()),
        ("http:/a.test //b.test mailto:x@c.test", set()),
    ],
)
def test_hosts_that_a_text_names(text: str, hosts: set[str]) -> None:
    assert power(files={"a": ("100644", text.encode())}).hosts == hosts


@pytest.mark.parametrize(
    "text",
    [
        "://",
        "://a]",
        "://" + "]" * 1000,
        "://@",
        '://a"',
        ":\\/",
        "://a\"@b'",
        "[::1]:" * 50 + "://",
        "://x@" + "a@" * 999,
    ],
)
def test_hostile_text_takes_its_length_and_no_more(text: str) -> None:
    raw = (text * (1_000_000 // len(text))).encode()
    begun = time.process_time()
    power(files={"a": ("100644", raw)})
    assert time.process_time() - begun < 5


def test_hostile_words_take_their_length_and_no_more() -> None:
    begun = time.process_time()
    for words in ("a(b " * 100_000, "a(" + "b " * 200_000, "a,(" * 100_000, "(" * 400_000):
        power(head=f"allowed-tools: 'x {words}x'\n")
    assert time.process_time() - begun < 10


NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
POWERS = st.builds(Power, *[st.frozensets(NAMES, max_size=4)] * 5)


@given(POWERS, POWERS)
def test_nothing_is_said_exactly_where_nothing_is_more(before: Power, after: Power) -> None:
    more = growth(before, after)
    kinds = ("tools", "allowed", "scripts", "hosts", "secrets")
    assert (not more) is all(getattr(after, kind) <= getattr(before, kind) for kind in kinds)
    assert more == sorted(more)
    assert growth(after, after) == []


@given(st.text(max_size=60), st.from_regex(r"[a-z0-9]{1,10}(\.[a-z0-9]{1,10}){1,3}", fullmatch=True))
def test_no_text_around_hides_a_plain_address(around: str, host: str) -> None:
    text = f"{around} https://{host}/x {around}"
    assert host in power(files={"a": ("100644", text.encode("utf-8", "replace"))}).hosts
