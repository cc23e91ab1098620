"""The page of an evaluation as text: what stands on it, how large it gets, and that nobody else's tag is in it."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from skillctl.cli.formats import eval_html, eval_page
from skillctl.domain.arm import Arm
from skillctl.domain.evaluation import Lost, Selected
from skillctl.domain.evidence import Outcome
from skillctl.domain.trial import Said
from tests.cli.reported import EVIL, case, everything, hostile, many, suite, trial

PASSED, FAILED, ERRORED = Outcome
HOSTILE = st.lists(st.sampled_from(EVIL) | st.text(st.characters(), max_size=8), max_size=5).map("".join)


class Seen(HTMLParser):
    """Every tag with its attributes, and all text; of a browser's parser it has what this page uses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input") and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif (self.tags or [("", {})])[-1][0] != tag:
            raise AssertionError(f"</{tag}> in <{'><'.join(self.open)}>")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@cache
def harmless() -> Seen:
    """The same page, of which only the texts are others."""
    return Seen(eval_html.text(hostile("x")))


@settings(max_examples=15, deadline=None, database=None, derandomize=True)
@given(HOSTILE)
@example("".join(EVIL))
def test_nobody_elses_tag_is_on_the_page(text: str) -> None:
    written = eval_html.text(hostile(text))
    written.encode()
    seen, known = Seen(written), harmless()
    assert seen.open == known.open == []
    assert {tag for tag, _ in seen.tags} <= {tag for tag, _ in known.tags}
    names = {name for _, attributes in known.tags for name in attributes}
    assert {name for _, attributes in seen.tags for name in attributes} <= names
    assert not [name for name in names if name.startswith("on") or name in ("src", "style", "action", "srcdoc")]
    assert [one for one in seen.named("a") if not re.fullmatch(r"#(s\d+(c\d+)?|suites)", one["href"] or "")] == []
    assert len(seen.named("script")) == len(seen.named("style")) == 1
    assert seen.comments == []
    assert [char for char in written if char != "\n" and char != eval_page.visible(char)] == []


def test_the_policy_allows_this_style_and_this_script_alone() -> None:
    (policy,) = (one["content"] for one in Seen(eval_html.text([])).named("meta") if "http-equiv" in one)
    parts = [part.split(" ", 1) for part in (policy or "").split("; ")]
    allowed = {name: value for name, value in parts if value != "'none'"}
    assert {name for name, _ in parts} == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    assert set(allowed) == {"style-src", "script-src"}
    assert all(re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", value) for value in allowed.values())


def test_everything_is_told() -> None:
    told = " ".join(" ".join(Seen(eval_html.text(everything())).texts).split())
    for words in (
        "2 of 3 suites did not pass",
        "which certificate | form do we give for @tax?",
        "trial 2: the model did not answer in 60 s (tried 4 times)",
        "odoo-erp-server.search_read",
        "says since when it is in force",
        "+8 (-10 to +26) · no worse",
        "nothing was run, the evidence of 2026-11-22 09:16 UTC still holds",
        "with changes that are not committed",
        "show withheld tax by supplier, per month",
        "worse than the baseline",
    ):
        assert words in told
    assert "left out" not in told


@pytest.mark.parametrize(
    ("verdicts", "headline"),
    [
        ((), "Nothing was evaluated"),
        (("passed",), "finance-ssc 1.5.0 passed"),
        (("regressed",), "finance-ssc 1.5.0 has regressed"),
        (("underpowered",), "finance-ssc 1.5.0 is underpowered"),
        (("passed", "passed"), "All 2 suites passed"),
        (("passed", "failed", "errored"), "2 of 3 suites did not pass"),
    ],
)
def test_the_headline(verdicts: tuple[str, ...], headline: str) -> None:
    suites = [suite([case("a")], verdict=verdict) for verdict in verdicts]
    assert eval_page.page(suites).headline == headline
    assert f"<h1>{headline}</h1>" in eval_html.text(suites)


def test_a_long_text_is_cut() -> None:
    line = "x" * 1_000_000
    written = eval_html.text([suite([case("a", prompt=line, reasons=(line,) * 100)])])
    assert len(written) < 250_000
    assert "… 996,000 more characters left out" in written
    assert "70 more reasons left out" in written


def test_thousands_of_cases_have_room_and_the_rest_is_counted() -> None:
    large = many(3_200, answer=50)
    written = eval_html.text([large])
    assert len(written.encode()) < 12_000_000
    (note,) = re.findall(r'role="note">(.*?)</p>', written)
    numbers = re.findall(r"([\d,]+) (case|transcript)s? ", note)
    assert [noun for _, noun in numbers] == ["case", "transcript"]
    assert numbers[0][0] == "200"
    page = eval_page.page([large])
    (only,) = page.suites
    assert len(only.cases) == eval_page.CASES
    assert len(only.bars) <= 120
    failed = [one for one in only.cases if one.report.outcome is not PASSED]
    assert len(failed) == 384
    assert only.cases[:384] == tuple(failed)
    whole = [not one.left_out for one in only.cases]
    assert whole == sorted(whole, reverse=True)
    assert 300 < whole.count(True) < 400


def test_what_did_not_pass_has_room_before_other_suites() -> None:
    sound, broken = suite([case("a"), case("b")]), suite([case("c"), case("d", (FAILED,))])
    page = eval_page.page([sound, broken], ink=4_000)
    assert [one.report.verdict for one in page.suites] == ["failed", "passed"]
    (failed, passed), others = page.suites[0].cases, page.suites[1].cases
    assert (failed.report.id, passed.report.id) == ("d", "c")
    assert failed.left_out < passed.left_out == others[0].left_out == 9
    assert page.left_out == f"{failed.left_out + 27} transcripts"


def test_names_and_rows_are_bounded() -> None:
    long = "<" * 100_000
    many_rows = replace(
        hostile(long)[0], confusion=(Selected(long, long, 1),) * 130, lost=(Lost(long, long, long),) * 101
    )
    written = eval_html.text([many_rows] * 3)
    assert len(written) < 8_000_000
    assert written.count("31 more rows left out") == 3


def test_suites_are_bounded() -> None:
    page = eval_page.page([suite([case("a")])] * (eval_page.SUITES + 2))
    assert len(page.suites) == eval_page.SUITES
    assert page.left_out == "2 suites"


def test_messages_of_a_trial_are_bounded() -> None:
    talk = trial("a", Arm.WITH_SKILL, 1, PASSED, said=[Said(who="user", text="x")] * 90)
    one = eval_page.page([suite([case("a", trials=(talk,))])]).suites[0].cases[0].arms[0].transcripts[0]
    assert (len(one.messages), one.left_out) == (eval_page.MESSAGES, 50)


def test_the_skill_itself_is_said_once() -> None:
    skill = "You are given a skill. " * 50
    talks = [trial("a", arm, 1, PASSED, said=[Said(who="system", text=skill)]) for arm in Arm]
    written = eval_html.text([suite([case(f"case-{number}", trials=tuple(talks)) for number in range(3)])])
    assert written.count(skill) == len(Arm)
    assert written.count('the same 1,150 characters as <a href="#s1c1">') == 2 * len(Arm)


def test_a_case_has_the_words_it_is_filtered_by() -> None:
    (first, second) = (
        eval_page.page([suite([one])]).suites[0].cases[0]
        for one in (
            case("a", (FAILED, PASSED), counts=False),
            replace(case("b"), outcome=ERRORED),
        )
    )
    assert first.tags == "failed problem flaky shown-only worse"
    assert second.tags == "errored problem better"


@pytest.mark.parametrize(
    ("number", "bars", "width"),
    [(0, 0, None), (1, 1, 100), (3, 3, 33.333), (120, 120, 0.833), (121, 61, 1.639), (1000, 112, 0.893)],
)
def test_a_bar_stands_for_a_stretch_of_cases(number: int, bars: int, width: float | None) -> None:
    one = case("c")
    (only,) = eval_page.page([suite([replace(one, seconds=float(at)) for at in range(number)])]).suites
    assert len(only.bars) == bars
    if bars:
        assert only.bars[0].width == width
        assert only.bars[-1].height == (1 if number > 1 else 0)
        assert [bar.x for bar in only.bars] == sorted(bar.x for bar in only.bars)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\n\tb\n", "a\n\tb\n"),
        ("a\rb\x00\x1b[2K", "a\\rb\\x00\\x1b[2K"),
        ("\u202e\u2066\u2028\ud800", "\\u202e\\u2066\\u2028\\ud800"),
        ("größe 日本 👩‍💻", "größe 日本 👩‍💻"),
    ],
)
def test_what_is_not_seen_is_an_escape(text: str, shown: str) -> None:
    assert eval_page.visible(text) == shown
    assert eval_page.Ink(100).text(text).shown == shown
    assert eval_page.Ink(0).text(text) == eval_page.Text("", len(text))
