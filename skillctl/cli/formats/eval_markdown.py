"""Evaluations as a comment on a pull request: Markdown as GitHub reads it (https://github.github.com/gfm/).

Whatever somebody else wrote stands in a code span, where GitHub makes no link, mention, image or tag of it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from skillctl.cli.draw import plain
from skillctl.cli.formats import eval_words as words
from skillctl.domain.arm import Arm
from skillctl.domain.evaluation import CaseReport, SuiteReport
from skillctl.domain.evidence import EvidenceClass, Outcome
from skillctl.domain.promotion import short

#: By this a workflow finds its own comment again, to write the next one in its place.
MARKER = "<!-- skillctl eval -->"
#: GitHub takes 65,536 characters.
MOST = 60_000
_LONGEST = 300
_MOST_CASES = 20
_MOST_REASONS = 3
_FULL = "\nThe rest is left out: a comment has no room for more\n"
_SIGNS = {"passed": "✅", "failed": "❌", "regressed": "❌", "errored": "⚠️", "underpowered": "⚠️"}
_HEADS = ("suite", "verdict", "pass rate", "cases", "to the baseline", "lift", "cost")
_MANY_BACKTICKS = re.compile("`{4,}")


def text(suites: Sequence[SuiteReport]) -> str:
    """A table with a row for each suite, then what did not pass with its reasons; at most `MOST` characters.

    What has not passed comes first, so what is left out of a long one is what matters least.
    """
    ordered = sorted(suites, key=lambda suite: suite.verdict == "passed")
    rows, _ = _fitting(map(_row, ordered), MOST // 2)
    table = [f"| {' | '.join(_HEADS)} |\n", f"|{' --- |' * len(_HEADS)}\n", *rows] if rows else []
    head = f"{MARKER}\n### skillctl eval: {words.verdicts(suites, _word)}\n\n"
    parts = [head, *table, _left_out(len(suites) - len(rows), "suite")]
    room = MOST - len(_FULL) - sum(map(len, parts))
    details, is_whole = _fitting((part for suite in ordered for part in _details(suite)), room)
    return "".join([*parts, *details, "" if is_whole else _FULL])


def code(written: str) -> str:
    """Somebody's text as a code span of one line."""
    shown = plain(words.cut(written, _LONGEST))
    # A parser gives up on a fence that is long enough, and what was inside would be outside.
    shown = _MANY_BACKTICKS.sub(lambda run: "\\x60" * len(run.group()), shown)
    if not shown.strip():
        return words.UNKNOWN
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    padding = " " if "`" in (shown[0], shown[-1]) or shown[0] == shown[-1] == " " else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def _row(suite: SuiteReport) -> str:
    baseline, without = words.against(suite, Arm.BASELINE), words.against(suite, Arm.WITHOUT_SKILL)
    compared = words.UNKNOWN
    if baseline is not None:
        compared = f"{words.difference(baseline.delta)}, {_word(words.finding(baseline))}"
    cells = (
        code(f"{suite.skill}@{suite.version}"),
        f"{_SIGNS.get(suite.verdict, '')} {_word(suite.verdict)}".lstrip(),
        words.rate(suite.rate),
        words.outcomes(suite),
        compared,
        words.UNKNOWN if without is None else words.difference(without.delta),
        words.dollars(suite.cost),
    )
    # A pipe ends a cell, even one in a code span.
    row = " | ".join(cell.replace("|", "\\|") for cell in cells)
    return f"| {row} |\n"


def _details(suite: SuiteReport) -> Iterator[str]:
    """The parts that a long comment may end after."""
    told = [case for case in words.worst_first(suite.cases) if case.flaky or case.outcome is not Outcome.PASSED]
    if suite.verdict == "passed" and not told and not suite.lost:
        return
    yield f"\n#### {code(f'{suite.skill}@{suite.version}')} {_word(suite.verdict)}\n\n"
    for case in told[:_MOST_CASES]:
        yield _case(case)
    yield _left_out(len(told) - _MOST_CASES, "case")
    for lost in suite.lost[:_MOST_CASES]:
        yield f"- {code(lost.neighbour)} no longer wins {code(lost.case)}: {code(lost.prompt)}\n"
    yield _left_out(len(suite.lost) - _MOST_CASES, "lost case")
    worse = words.worse(suite)
    if worse:
        names = ", ".join(code(case.id) for case in worse[:_MOST_CASES])
        more = f" and {len(worse) - _MOST_CASES:,} more" if worse[_MOST_CASES:] else ""
        yield f"\nWorse than the baseline: {names}{more}\n"
    yield _facts(suite)


def _case(case: CaseReport) -> str:
    marks = f"{words.passed_of(case)}{', flaky' if case.flaky else ''}{'' if case.counts else ', shown only'}"
    reasons = [f"  - {code(reason)}\n" for reason in case.reasons[:_MOST_REASONS]]
    more = len(case.reasons) - _MOST_REASONS
    rest = f"  - and {words.count(more, 'more reason')}\n" if more > 0 else ""
    return f"- **{case.outcome.value}** {code(case.id)} ({marks})\n{''.join(reasons)}{rest}"


def _facts(suite: SuiteReport) -> str:
    kept = (
        "No evidence, for only a part was measured" if suite.is_part else f"Evidence {code(short(suite.evidence)[:12])}"
    )
    facts = [kept, suite.evidence_class.value]
    if suite.precision is not None or suite.recall is not None:
        facts.append(f"precision {words.percent(suite.precision)}, recall {words.percent(suite.recall)}")
    if suite.model is not None:
        facts.append(code(suite.model))
    if suite.commit is not None:
        facts.append(f"commit {code(suite.commit[:12])}{' with changes' if suite.dirty else ''}")
    if suite.reused:
        facts.append(f"nothing was run, the evidence of {code(suite.finished_at)} still holds")
    if suite.evidence_class is EvidenceClass.REHEARSAL:
        facts.append("a rehearsal is never evidence")
    return f"\n{' · '.join(facts)}\n"


def _word(text: str) -> str:
    return text if re.fullmatch("[a-z]+( [a-z]+)?|-", text) else code(text)


def _left_out(number: int, noun: str) -> str:
    return f"\n{words.count(number, f'more {noun}')} left out\n" if number > 0 else ""


def _fitting(parts: Iterable[str], room: int) -> tuple[list[str], bool]:
    """The first parts that fit, and whether these are all."""
    kept: list[str] = []
    for part in parts:
        room -= len(part)
        if room < 0:
            return kept, False
        kept.append(part)
    return kept, True
