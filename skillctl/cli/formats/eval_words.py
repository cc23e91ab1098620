"""The words and numbers that every report of an evaluation shares, so that no two of them say it differently."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from skillctl.domain.arm import Arm
from skillctl.domain.evaluation import ArmReport, CaseReport, Estimate, SuiteReport
from skillctl.domain.evidence import Outcome

UNKNOWN = "-"
ARMS: Mapping[Arm, str] = MappingProxyType(
    {Arm.WITH_SKILL: "with the skill", Arm.WITHOUT_SKILL: "without it", Arm.BASELINE: "baseline"}
)
_FINDINGS = MappingProxyType({"no_worse": "no worse"})
_PAST = MappingProxyType({"regressed": "has regressed", "underpowered": "is underpowered"})
_WORST_FIRST = (Outcome.FAILED, Outcome.ERRORED, Outcome.PASSED)


def percent(share: float | None) -> str:
    """`98 %`; what is not quite all, or not quite none, never reads as if it were."""
    if share is None:
        return UNKNOWN
    rounded = round(share * 100)
    if rounded == 100 and share < 1:
        return ">99 %"
    return "<1 %" if rounded == 0 and share > 0 else f"{rounded} %"


def rate(estimate: Estimate | None) -> str:
    """`98 % (91-100)`."""
    if estimate is None:
        return UNKNOWN
    return f"{percent(estimate.value)} ({interval(estimate)})"


def interval(estimate: Estimate) -> str:
    """`91-100`."""
    return f"{estimate.low * 100:.0f}-{estimate.high * 100:.0f}"


def difference(estimate: Estimate | None) -> str:
    """`+12 (-3 to +27)`, in points of a hundred."""
    if estimate is None:
        return UNKNOWN
    return f"{_points(estimate.value)} ({_points(estimate.low)} to {_points(estimate.high)})"


def finding(arm: ArmReport) -> str:
    """What the difference to an arm says, in words."""
    return _FINDINGS.get(arm.finding, arm.finding) if arm.finding else UNKNOWN


def seconds(time: float) -> str:
    """`40 ms`, `1.2 s`, `2 min 5 s`."""
    if time < 0.9995:
        return f"{time * 1000:.0f} ms"
    if time < 59.95:
        return f"{time:.1f} s"
    minutes, rest = divmod(round(time), 60)
    return f"{minutes} min {rest} s"


def moment(time: str) -> str:
    """An RFC 3339 time in UTC for people: `2026-11-22 09:16 UTC`."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?(Z|\+00:00)$", r"\1 \2 UTC", time)


def dollars(cost: float | None) -> str:
    """`$1.23`; of small sums the first two digits that are not 0."""
    if cost is None:
        return UNKNOWN
    return f"${cost:.2f}" if cost == 0 or cost >= 0.1 else f"${cost:.2g}" if cost >= 0.0001 else "<$0.0001"


def count(number: int, noun: str) -> str:
    """`1 case`, `1,200 cases`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def passed_of(case: CaseReport) -> str:
    """`2/3`."""
    return f"{case.passed}/{case.of}"


def outcomes(suite: SuiteReport) -> str:
    """`12 passed, 1 failed, 2 shown only`: those that count by their outcome, then the others."""
    numbers = {outcome.value: outcome_count(suite, outcome) for outcome in Outcome}
    numbers["shown only"] = sum(not case.counts for case in suite.cases)
    return ", ".join(f"{number:,} {word}" for word, number in numbers.items() if number) or "no cases"


def outcome_count(suite: SuiteReport, outcome: Outcome) -> int:
    """How many cases that count ended so."""
    return sum(case.counts and case.outcome is outcome for case in suite.cases)


def verdicts(suites: Sequence[SuiteReport], worded: Callable[[str], str] = str) -> str:
    """`3 suites: 2 passed, 1 failed`, with the verdicts, `worded`, in the order in which they first occur."""
    found: dict[str, int] = {}
    for suite in suites:
        found[suite.verdict] = found.get(suite.verdict, 0) + 1
    told = ", ".join(f"{number:,} {worded(verdict)}" for verdict, number in found.items())
    return f"{count(len(suites), 'suite')}: {told}" if told else "no suites"


def worst_first(cases: Sequence[CaseReport]) -> list[CaseReport]:
    """Failed always, failed, errored, flaky, then the rest; among equals the order of the suite."""
    return sorted(
        cases, key=lambda case: (_WORST_FIRST.index(case.outcome), case.flaky is not (case.outcome is Outcome.PASSED))
    )


def tally(case: CaseReport, arm: Arm) -> tuple[int, int]:
    """How many trials of an arm passed, of those that could be judged."""
    judged = [trial.outcome for trial in case.trials if trial.arm is arm and trial.outcome is not Outcome.ERRORED]
    return judged.count(Outcome.PASSED), len(judged)


def change(case: CaseReport) -> int:
    """Whether more (1) or fewer (-1) of the trials passed than of the baseline's, by their shares; 0 is neither."""
    before, of_before = tally(case, Arm.BASELINE)
    now, of_now = tally(case, Arm.WITH_SKILL)
    if not of_before or not of_now:
        return 0
    return (now * of_before > before * of_now) - (now * of_before < before * of_now)


def worse(suite: SuiteReport) -> list[CaseReport]:
    """The cases of which fewer trials passed than of the baseline's."""
    return [case for case in suite.cases if change(case) < 0]


def is_explained(suite: SuiteReport) -> bool:
    """Whether the verdict shows in the outcome of a case: one that passed needs none, `regressed` may have none."""
    return suite.verdict == "passed" or any(case.counts and case.outcome is not Outcome.PASSED for case in suite.cases)


def past(verdict: str) -> str:
    """A verdict as what a suite did: it `has regressed`, it `is underpowered`, it `failed`."""
    return _PAST.get(verdict, verdict)


def against(suite: SuiteReport, arm: Arm) -> ArmReport | None:
    """One arm of a suite, if it was measured."""
    return next((report for report in suite.arms if report.arm is arm), None)


def arm_name(arm: ArmReport) -> str:
    """`baseline 1.0.0`."""
    return ARMS[arm.arm] if arm.version is None else f"{ARMS[arm.arm]} {arm.version}"


def cut(text: str, most: int) -> str:
    """The text, or its beginning with a note of how much is left out."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


def _points(share: float) -> str:
    return f"{round(share * 100):+d}"
