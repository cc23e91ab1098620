"""Evaluations on a terminal: a table a suite, its arms and triggers, every reason, and last what it comes to."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from skillctl.cli import draw
from skillctl.cli.formats import eval_words as words
from skillctl.domain.evaluation import CaseReport, SuiteReport
from skillctl.domain.evidence import EvidenceClass, Outcome
from skillctl.domain.promotion import short

if TYPE_CHECKING:
    from rich.console import Console

#: A suite with more cases lists those alone of which a trial did not pass.
SMALL = 30
#: So many cases, pairs and reasons are listed of any suite.
MOST = 50
_MOST_REASONS = 5
_LONGEST = 1000


def show(screen: "Console", suites: Sequence[SuiteReport]) -> None:
    """Every suite, and with several of them a line that counts their verdicts."""
    for suite in suites:
        _suite(screen, suite)
    if len(suites) != 1:
        draw.line(screen, words.verdicts(suites))


def _suite(screen: "Console", suite: SuiteReport) -> None:
    name = f"{suite.skill}@{suite.version}"
    draw.line(screen, name, "bold")
    draw.blank(screen)
    _cases(screen, suite)
    if suite.arms:
        _arms(screen, suite)
    if suite.confusion or suite.lost:
        _triggers(screen, suite)
    _reasons(screen, suite)
    verdict = f"{name} {short(suite.skill_digest)}: {suite.verdict} ({words.outcomes(suite)})"
    draw.paragraphs(screen, verdict, draw.styled(suite.verdict))
    for fact in _facts(suite):
        draw.paragraphs(screen, fact, "dim")
    draw.blank(screen)


def _cases(screen: "Console", suite: SuiteReport) -> None:
    is_small = len(suite.cases) <= SMALL
    rehearsals = [] if is_small else [case for case in suite.cases if _is_rehearsal(case)]
    listed = [case for case in suite.cases if is_small or case.flaky or case.outcome is not Outcome.PASSED]
    listed = [case for case in listed if case not in rehearsals]
    if listed:
        heads = ("outcome", "case", "passed", "rate", "time", "cost")
        draw.table(screen, heads, map(_row, listed[:MOST]))
        draw.blank(screen)
    if not is_small:
        passed = len(suite.cases) - len(listed) - len(rehearsals)
        others = max(len(listed) - MOST, 0)
        more = "".join(
            f", nor are {number:,} {noun}"
            for number, noun in ((len(rehearsals), "rehearsals"), (others, "others"))
            if number
        )
        draw.line(screen, f"{passed:,} of {len(suite.cases):,} cases passed and are not listed{more}")
        draw.blank(screen)


def _is_rehearsal(case: CaseReport) -> bool:
    """Whether nobody asked for a real answer, so that none is missed."""
    return not case.counts and case.evidence_class is EvidenceClass.REHEARSAL


def _row(case: CaseReport) -> tuple[str, ...]:
    marks = [mark for mark, holds in (("flaky", case.flaky), ("shown only", not case.counts)) if holds]
    return (
        case.outcome.value,
        f"{case.id} ({', '.join(marks)})" if marks else case.id,
        words.passed_of(case),
        words.rate(case.rate),
        words.seconds(case.seconds),
        words.dollars(case.cost),
    )


def _arms(screen: "Console", suite: SuiteReport) -> None:
    rows = [
        (words.arm_name(arm), words.rate(arm.rate), words.difference(arm.delta), words.finding(arm))
        for arm in suite.arms
    ]
    draw.table(screen, ("arm", "rate", "this version is", "finding"), rows)
    draw.blank(screen)


def _triggers(screen: "Console", suite: SuiteReport) -> None:
    told = f"precision {words.percent(suite.precision)}, recall {words.percent(suite.recall)}"
    draw.line(screen, f"triggers: {told}")
    draw.blank(screen)
    pairs = sorted(suite.confusion, key=lambda pair: (pair.belongs_to == pair.selected, -pair.count))
    if pairs:
        rows = [(pair.belongs_to, pair.selected or "(none)", f"{pair.count:,}") for pair in pairs[:MOST]]
        draw.table(screen, ("belongs to", "selected", "trials"), rows)
        draw.blank(screen)
    for lost in suite.lost[:MOST]:
        draw.line(screen, f"{lost.neighbour} no longer wins {lost.case}", "red")
        draw.indented(screen, words.cut(lost.prompt, _LONGEST))
    left_out = max(len(pairs) - MOST, 0) + max(len(suite.lost) - MOST, 0)
    if left_out:
        draw.line(screen, f"{words.count(left_out, 'row')} left out")
    if suite.lost or left_out:
        draw.blank(screen)


def _reasons(screen: "Console", suite: SuiteReport) -> None:
    told = [case for case in suite.cases if case.reasons and not _is_rehearsal(case)]
    for case in told[:MOST]:
        outcome = case.outcome.value if case.counts else f"{case.outcome.value}, shown only:"
        draw.line(screen, f"{outcome} {case.id}", draw.styled(case.outcome.value))
        for reason in case.reasons[:_MOST_REASONS]:
            draw.indented(screen, words.cut(reason, _LONGEST))
        if case.reasons[_MOST_REASONS:]:
            draw.indented(screen, f"and {words.count(len(case.reasons) - _MOST_REASONS, 'more reason')}")
    if told[MOST:]:
        draw.line(screen, f"the reasons of {words.count(len(told) - MOST, 'more case')} are left out")
    if told:
        draw.blank(screen)


def _facts(suite: SuiteReport) -> Iterator[str]:
    rates = [f"pass rate {words.rate(suite.rate)}"]
    for name, value in (("pass@", suite.pass_at_k), ("pass^", suite.pass_hat_k)):
        if value is not None and suite.k > 1:
            rates.append(f"{name}{suite.k} {words.percent(value)}")
    if suite.cost is not None or suite.tokens is not None:
        tokens = "" if suite.tokens is None else f", {words.count(suite.tokens, 'token')}"
        rates.append(f"cost {words.dollars(suite.cost)}{tokens}")
    yield ", ".join(rates)
    model = "" if suite.model is None else f" ({suite.model})"
    kept = "no evidence, for only a part was measured" if suite.is_part else f"evidence {short(suite.evidence)[:12]}"
    yield f"{kept}, {suite.evidence_class.value}, by {short(suite.runner)}{model}"
    if suite.reused:
        yield f"nothing was run: the evidence of {suite.finished_at} still holds"
    if suite.evidence_class is EvidenceClass.REHEARSAL:
        yield "a rehearsal is shown, and is never evidence"
