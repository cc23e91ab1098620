"""What stands on the page of an evaluation: all of it bounded, and the room given first to what did not pass."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from skillctl.cli.draw import plain
from skillctl.cli.formats import eval_words as words
from skillctl.domain.arm import Arm
from skillctl.domain.evaluation import ArmReport, CaseReport, Lost, Selected, SuiteReport
from skillctl.domain.evidence import Outcome
from skillctl.domain.trial import Said, Trial

#: So many suites and cases stand on a page, so many trials of a case and messages of a trial.
SUITES = 200
CASES = 3000
TRIALS = 30
MESSAGES = 40
#: Characters of one text, and of all texts of a page as they are written in HTML.
TEXT = 4000
INK = 5_000_000
_FRAME = 60
_TRIAL = 400
_NAME = 200
#: Bars of a chart; on the narrowest phone each is 2 points wide.
_BARS = 120
_ROWS = 100
Named = TypeVar("Named", SuiteReport, ArmReport, Selected, Lost)
_LINE = re.compile(r"[^\n\t]+")


class Text(Struct, frozen=True):
    """The beginning of somebody's text with its line ends, and how many characters are left out."""

    shown: str
    cut: int = 0


def visible(text: str) -> str:
    """Text of several lines with escapes for whatever else moves a cursor or turns a line around."""
    return _LINE.sub(lambda line: plain(line.group()), text.replace("\r\n", "\n"))


class Ink:
    """The characters that may still be written on a page, and where its instructions to models already stand."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.told: dict[str, str] = {}

    def text(self, written: str, most: int = TEXT) -> Text:
        """As much of a text as may be shown; control and direction characters are escapes in it."""
        if self.left <= 0:
            return Text("", len(written))
        shown = visible(written[:most])
        self.left -= len(shown) + 4 * len(re.findall("[<>&\"']", shown)) + _FRAME
        return Text(shown, max(len(written) - most, 0))


class Message(Struct, frozen=True):
    """One thing said, with the tools it calls; what is as long and the same as at an anchor is not said again."""

    who: str
    text: Text
    calls: tuple[Text, ...]
    same_as: str | None = None


class Transcript(Struct, frozen=True):
    """One trial, and the number of its messages that are left out."""

    trial: Trial
    reasons: tuple[Text, ...]
    rubric: tuple[tuple[bool, Text, Text], ...]
    messages: tuple[Message, ...]
    left_out: int


class ArmOfCase(Struct, frozen=True):
    """What one arm made of a case."""

    name: str
    passed: int
    of: int
    transcripts: tuple[Transcript, ...]


class CaseOnPage(Struct, frozen=True):
    """One case; `tags` are the words it can be filtered by, `left_out` the number of its trials without transcript."""

    report: CaseReport
    anchor: str
    tags: str
    prompt: Text
    reasons: tuple[Text, ...]
    arms: tuple[ArmOfCase, ...]
    left_out: int


class Bar(Struct, frozen=True):
    """One case, or some that follow each other, in a chart: its place in % of the width, its height from 0 to 1."""

    x: float
    width: float
    height: float
    outcome: str


class SuiteOnPage(Struct, frozen=True):
    """One suite with the cases that have room, the worst first, and the bars of all its cases.

    `rows_left_out` is the number of its pairs of skills and lost cases that have no room.
    """

    report: SuiteReport
    anchor: str
    cases: tuple[CaseOnPage, ...]
    bars: tuple[Bar, ...]
    worse: tuple[CaseOnPage, ...]
    rows_left_out: int


class Page(Struct, frozen=True):
    """All of a page; `left_out` says what it has no room for, and is empty where it has."""

    headline: str
    totals: str
    left_out: str
    suites: tuple[SuiteOnPage, ...]
    classes: tuple[str, ...]
    kinds: tuple[str, ...]


def page(suites: Sequence[SuiteReport], ink: int = INK) -> Page:
    """The suites that did not pass first, and in each the cases that did not."""
    chosen = sorted(suites, key=lambda suite: suite.verdict == "passed")[:SUITES]
    queue = [(number, case) for number, suite in enumerate(chosen) for case in words.worst_first(suite.cases)]
    queue.sort(key=lambda pair: pair[1].outcome is Outcome.PASSED)
    left = Ink(ink)
    drawn: dict[int, list[CaseOnPage]] = defaultdict(list)
    for number, case in queue[:CASES]:
        drawn[number].append(_case(case, f"s{number + 1}c{len(drawn[number]) + 1}", left))
    cases = [case.report for own in drawn.values() for case in own]
    return Page(
        _headline(suites),
        _totals(suites),
        _left_out(
            suite=len(suites) - len(chosen),
            case=max(len(queue) - CASES, 0),
            transcript=sum(case.left_out for own in drawn.values() for case in own),
        ),
        tuple(_suite(suite, f"s{number + 1}", drawn[number]) for number, suite in enumerate(chosen)),
        tuple(dict.fromkeys(case.evidence_class.value for case in cases)),
        tuple(dict.fromkeys(case.kind for case in cases)),
    )


def _headline(suites: Sequence[SuiteReport]) -> str:
    if len(suites) == 1:
        return f"{suites[0].skill} {suites[0].version} {words.past(suites[0].verdict)}"
    passed = sum(suite.verdict == "passed" for suite in suites)
    if passed == len(suites):
        return f"All {len(suites):,} suites passed" if suites else "Nothing was evaluated"
    return f"{len(suites) - passed:,} of {len(suites):,} suites did not pass"


def _totals(suites: Sequence[SuiteReport]) -> str:
    cases = [case for suite in suites for case in suite.cases]
    costs = [suite.cost for suite in suites if suite.cost is not None]
    parts = [words.count(len(cases), "case"), words.count(sum(len(case.trials) for case in cases), "trial")]
    if costs:
        parts.append(words.dollars(sum(costs)))
    last = max((suite.finished_at for suite in suites), default=None)
    return " · ".join([*parts, *([words.moment(last)] if last else [])])


def _left_out(**numbers: int) -> str:
    return " and ".join(words.count(number, noun) for noun, number in numbers.items() if number)


def _suite(suite: SuiteReport, anchor: str, cases: Sequence[CaseOnPage]) -> SuiteOnPage:
    pairs = sorted(suite.confusion, key=lambda pair: (pair.belongs_to == pair.selected, -pair.count))
    named = replace(
        _named(suite),
        arms=tuple(map(_named, suite.arms)),
        confusion=tuple(map(_named, pairs[:_ROWS])),
        lost=tuple(map(_named, suite.lost[:_ROWS])),
    )
    worse = tuple(case for case in cases if words.change(case.report) < 0)
    rows = len(suite.confusion) + len(suite.lost) - len(named.confusion) - len(named.lost)
    return SuiteOnPage(named, anchor, tuple(cases), tuple(_bars(suite.cases)), worse, rows)


def _named(record: Named) -> Named:
    """The record with texts that are short enough for names, which is what they should be."""
    texts: dict[str, Any] = {name: _brief(value) for name, value in asdict(record).items() if isinstance(value, str)}
    return replace(record, **texts)


def _brief(name: str) -> str:
    return words.cut(name, _NAME)


def _case(case: CaseReport, anchor: str, ink: Ink) -> CaseOnPage:
    tags = {
        case.outcome.value: True,
        "problem": case.outcome is not Outcome.PASSED,
        "flaky": case.flaky,
        "shown-only": not case.counts,
        "worse": words.change(case) < 0,
        "better": words.change(case) > 0,
    }
    prompt = ink.text(case.prompt)
    reasons = tuple(ink.text(reason) for reason in case.reasons[:TRIALS] if ink.left > 0)
    arms = tuple(_arm(case, anchor, arm, ink) for arm in Arm if any(trial.arm is arm for trial in case.trials))
    left_out = len(case.trials) - sum(len(arm.transcripts) for arm in arms)
    named = replace(case, id=_brief(case.id), kind=_brief(case.kind))
    return CaseOnPage(named, anchor, " ".join(tag for tag in tags if tags[tag]), prompt, reasons, arms, left_out)


def _arm(case: CaseReport, anchor: str, arm: Arm, ink: Ink) -> ArmOfCase:
    own = [trial for trial in case.trials if trial.arm is arm]
    passed, of = (case.passed, case.of) if arm is Arm.WITH_SKILL else words.tally(case, arm)
    transcripts = []
    for trial in sorted(own, key=lambda trial: trial.outcome is Outcome.PASSED)[: TRIALS // len(Arm)]:
        if ink.left <= 0:
            break
        transcripts.append(_transcript(trial, anchor, ink))
    return ArmOfCase(words.ARMS[arm], passed, of, tuple(transcripts))


def _transcript(trial: Trial, anchor: str, ink: Ink) -> Transcript:
    ink.left -= _TRIAL
    messages = tuple(_message(said, anchor, ink) for said in trial.said[:MESSAGES])
    return Transcript(
        trial,
        tuple(ink.text(reason) for reason in trial.reasons[:MESSAGES]),
        tuple((line.met, ink.text(line.text), ink.text(line.evidence)) for line in trial.rubric[:MESSAGES]),
        messages,
        len(trial.said) - len(messages),
    )


def _message(said: Said, anchor: str, ink: Ink) -> Message:
    who = ink.text(said.who, _NAME).shown
    if said.who == "system" and len(said.text) > _NAME:
        # The skill itself, as every trial is given it.
        first = ink.told.setdefault(said.text, anchor)
        if first != anchor:
            return Message(who, Text("", len(said.text)), (), first)
    calls = tuple(ink.text(json.dumps(call, ensure_ascii=False)) for call in said.calls[:MESSAGES])
    return Message(who, ink.text(said.text), calls)


def _bars(cases: Sequence[CaseReport]) -> Iterator[Bar]:
    """The slowest and the worst of each stretch of cases."""
    slowest = max((case.seconds for case in cases), default=0.0) or 1.0
    size = -(-len(cases) // _BARS) or 1
    stretches = [cases[start : start + size] for start in range(0, len(cases), size)]
    for number, stretch in enumerate(stretches):
        worst = words.worst_first(stretch)[0].outcome.value
        height = max(case.seconds for case in stretch) / slowest
        yield Bar(round(100 * number / len(stretches), 3), round(100 / len(stretches), 3), round(height, 3), worst)
