"""The reports of `eval` as text: on record for one of everything, and safe whatever a prompt or an answer says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from skillctl.cli import draw
from skillctl.cli.formats import eval_junit, eval_markdown, eval_text
from skillctl.cli.formats import eval_words as words
from skillctl.domain.arm import Arm
from skillctl.domain.evaluation import ArmReport, CaseReport, Estimate, SuiteReport
from skillctl.domain.evidence import EvidenceClass, Outcome
from tests.cli import reported
from tests.cli.reported import EVIL, case, everything, hostile, many, script_case, suite

GOLDEN = Path(__file__).parent / "golden"
PASSED, FAILED, ERRORED = Outcome
HOSTILE = st.lists(st.sampled_from(EVIL) | st.text(st.characters(), max_size=8), max_size=5).map("".join)
tried = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def shown(suites: list[SuiteReport]) -> str:
    return draw.rendered(lambda screen: eval_text.show(screen, suites))


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("eval.text", shown(everything())),
        ("eval.md", eval_markdown.text(everything())),
        ("eval.junit", eval_junit.text(everything())),
    ],
)
def test_the_reports_are_as_on_record(name: str, written: str) -> None:
    assert written == (GOLDEN / name).read_text("utf-8")


def test_80_columns_are_enough() -> None:
    for suites in (everything(), [many(200)]):
        assert [line for line in shown(suites).splitlines() if len(line.rstrip()) > 80] == []


def test_a_large_suite_lists_what_did_not_pass() -> None:
    cases = [script_case(f"fine-{number}") for number in range(eval_text.SMALL)]
    listed = shown([suite([*cases, case("shaky", outcome=PASSED, flaky=True), script_case("broken", FAILED)])])
    assert "30 of 32 cases passed and are not listed\n" in listed
    assert re.findall(r"^(\w+) +([\w-]+)", listed, re.M)[1:3] == [("passed", "shaky"), ("failed", "broken")]
    assert "fine-" not in listed
    assert "fine-29" in shown([suite(cases)])


def test_what_is_left_out_is_counted() -> None:
    broken = [script_case(f"broken-{number}", FAILED, reasons=("why",) * 7) for number in range(eval_text.MOST + 3)]
    text = shown([suite(broken)])
    assert "0 of 53 cases passed and are not listed, nor are 3 others" in text
    assert "and 2 more reasons" in text
    assert "the reasons of 3 more cases are left out" in text
    assert "broken-50" not in text
    markdown = eval_markdown.text([suite(broken)])
    assert "33 more cases left out" in markdown
    assert "and 4 more reasons" in markdown


def test_a_rehearsal_says_so() -> None:
    rehearsed = [suite([case("a")], evidence_class=EvidenceClass.REHEARSAL)]
    assert "a rehearsal is shown, and is never evidence" in shown(rehearsed)
    assert "1 rehearsal" not in eval_markdown.text(rehearsed)
    failed = [replace(rehearsed[0], verdict="failed")]
    assert "a rehearsal is never evidence" in eval_markdown.text(failed)


def test_nothing_evaluated() -> None:
    assert shown([]) == "no suites\n"
    assert eval_markdown.text([]) == f"{eval_markdown.MARKER}\n### skillctl eval: no suites\n\n"
    assert ElementTree.fromstring(eval_junit.text([])).attrib["tests"] == "0"
    assert ": passed (no cases)" in shown([suite([])])


@tried
@given(HOSTILE)
@example("".join(EVIL))
def test_no_text_moves_the_cursor(text: str) -> None:
    assert [line for line in shown(hostile(text)).split("\n") if draw.plain(line) != line] == []


@tried
@given(HOSTILE)
@example("".join(EVIL))
def test_a_comment_holds_a_strangers_text_as_code_alone(text: str) -> None:
    markdown = eval_markdown.text(hostile(text))
    assert len(markdown) <= eval_markdown.MOST
    tokens = parsed(markdown)
    assert [token.content for token in tokens if token.type.startswith("html")] == [eval_markdown.MARKER + "\n"]
    assert {token.type for token in inline(tokens)} <= {
        "text",
        "code_inline",
        "strong_open",
        "strong_close",
        "softbreak",
    }
    said = [token.content for token in inline(tokens) if token.type == "text"]
    assert [one for one in said if re.search(r"owned|hacked|[@#\[\]`|\\]|https?:|www", one)] == []
    rows = [token.type for token in tokens if token.type in ("tr_open", "td_open")]
    assert (rows.count("tr_open"), rows.count("td_open")) == (3, 2 * 7)


@tried
@given(HOSTILE)
@example("a|b\\|c")
@example(" ` ")
def test_a_code_span_reads_as_it_was(text: str) -> None:
    spans = list(inline(parsed(f"it is {eval_markdown.code(text)}")))
    wanted = re.sub("`{4,}", lambda run: "\\x60" * len(run.group()), draw.plain(words.cut(text, 300)))
    if wanted.strip():
        assert [(span.type, span.content) for span in spans] == [("text", "it is "), ("code_inline", wanted)]
    else:
        assert [(span.type, span.content) for span in spans] == [("text", "it is -")]


@pytest.mark.parametrize("number", [1, 40, 3000])
def test_a_comment_is_bounded(number: int) -> None:
    failing = suite([case(f"case-{index}", (FAILED,), reasons=("x" * 5000,) * 9) for index in range(30)])
    text = eval_markdown.text([failing] * number)
    assert len(text) <= eval_markdown.MOST
    assert text.startswith(eval_markdown.MARKER)
    assert ("left out" in text.splitlines()[-1]) is (number > 1)
    parsed(text)


def test_what_did_not_pass_comes_first_in_a_comment() -> None:
    sound = suite([case("a")], skill="sound")
    failed = suite([script_case("always", FAILED), case("now-and-then", (FAILED, PASSED))], skill="failed")
    text = eval_markdown.text([sound, failed])
    assert text.index("`failed@1.5.0`") < text.index("`sound@1.5.0`")
    assert text.index("`always`") < text.index("`now-and-then`")
    assert "Worse than the baseline: `now-and-then`" in text


@tried
@given(HOSTILE)
@example("".join(EVIL))
def test_every_junit_counts_right(text: str) -> None:
    written = eval_junit.text(hostile(text))
    assert written.isascii()
    root = ElementTree.fromstring(written)
    assert root.tag == "testsuites"
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert element.get(name) == str(sum(one.find(tag) is not None for one in cases))
        assert element.get("tests") == str(len(cases))
    first, second = root
    outcomes = [[child.tag for child in one] for one in first.iter("testcase")]
    assert outcomes == [[], ["failure"], ["skipped"]]
    assert [[child.tag for child in one] for one in second.iter("testcase")] == [[]]


def test_a_case_of_junit() -> None:
    cases = (
        script_case("adds", seconds=1.5),
        script_case("breaks", FAILED, reasons=("first\n\x00", "second")),
        script_case("hangs", ERRORED, reasons=()),
        script_case("tries", FAILED, counts=False, reasons=()),
        script_case("many", FAILED, reasons=("r",) * 25),
    )
    (element,) = ElementTree.fromstring(eval_junit.text([suite(cases)]))
    tests = {one.get("name"): one for one in element.iter("testcase")}
    assert tests["adds"].attrib == {"classname": "skillctl.eval.finance-ssc", "name": "adds", "time": "1.500"}
    assert list(tests["adds"]) == []
    (failure,) = tests["breaks"]
    assert failure.attrib == {"message": "first\\n\\x00 (and 1 more)", "type": "failed"}
    assert failure.text == "first\\n\\x00\nsecond"
    (error,) = tests["hangs"]
    assert (error.tag, error.get("message")) == ("error", "no reason is known")
    (skipped,) = tests["tries"]
    assert (skipped.tag, skipped.attrib) == ("skipped", {"message": "shown only, deterministic"})
    assert (tests["many"][0].text or "").endswith("r\nand 5 more reasons")


@pytest.mark.parametrize(
    ("verdict", "outcome", "extra"),
    [("passed", PASSED, False), ("failed", FAILED, False), ("regressed", PASSED, True), ("underpowered", PASSED, True)],
)
def test_a_verdict_that_no_case_explains_is_a_failure_of_its_own(verdict: str, outcome: Outcome, extra: bool) -> None:
    root = ElementTree.fromstring(eval_junit.text([suite([script_case("a", outcome)], verdict=verdict)]))
    names = [one.get("name") for one in root.iter("testcase")]
    assert names == ["a", "verdict"] if extra else ["a"]
    assert root.get("failures") == ("0" if verdict == "passed" else "1")


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "-"), (0, "0 %"), (0.0001, "<1 %"), (0.004, "<1 %"), (0.5, "50 %"), (0.999, ">99 %"), (1, "100 %")],
)
def test_a_share(share: float | None, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 ms"), (0.0404, "40 ms"), (0.9999, "1.0 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (125.2, "2 min 5 s")],
)
def test_a_time(seconds: float, text: str) -> None:
    assert words.seconds(seconds) == text


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (None, "-"),
        (0.0, "$0.00"),
        (0.00001, "<$0.0001"),
        (0.0063, "$0.0063"),
        (0.00012, "$0.00012"),
        (12.346, "$12.35"),
    ],
)
def test_a_cost(cost: float | None, text: str) -> None:
    assert words.dollars(cost) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("2026-11-22T09:16:41Z", "2026-11-22 09:16 UTC"),
        ("2026-11-22T09:16:41.123456+00:00", "2026-11-22 09:16 UTC"),
        ("2026-11-22T09:16:41+08:00", "2026-11-22T09:16:41+08:00"),
    ],
)
def test_a_moment(written: str, text: str) -> None:
    assert words.moment(written) == text


def test_numbers_with_what_nobody_knows() -> None:
    assert words.rate(None) == words.difference(None) == words.finding(ArmReport(Arm.BASELINE, None, None)) == "-"
    assert words.difference(Estimate(0.004, -0.031, 0.5)) == "+0 (-3 to +50)"
    assert words.count(1200, "case") == "1,200 cases"
    assert words.cut("abc", 3) == "abc"
    assert words.cut("abcd", 3) == "abc… (1 more characters)"


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        ((PASSED,) * 3, (PASSED, FAILED), 1),
        ((PASSED, FAILED), (PASSED,), -1),
        ((PASSED, FAILED), (FAILED, FAILED, PASSED, PASSED), 0),
        ((PASSED, ERRORED), (PASSED,), 0),
        ((ERRORED,), (PASSED,), 0),
        ((PASSED,), (), 0),
    ],
)
def test_what_changed_to_the_baseline(now: Any, before: Any, change: int) -> None:
    arms = {Arm.WITH_SKILL: now, Arm.BASELINE: before, Arm.WITHOUT_SKILL: (FAILED,)}
    trials = [reported.trial("a", arm, at, one) for arm, ends in arms.items() for at, one in enumerate(ends, start=1)]
    assert words.change(case("a", now, trials=tuple(trials))) == change


def test_the_worst_come_first() -> None:
    cases: list[CaseReport] = [
        case("passes"),
        case("shaky", outcome=PASSED, flaky=True),
        case("hangs", (ERRORED,)),
        case("fails-now-and-then", (FAILED, PASSED)),
        case("fails", (FAILED,)),
    ]
    assert [one.id for one in words.worst_first(cases)] == ["fails", "fails-now-and-then", "hangs", "shaky", "passes"]
