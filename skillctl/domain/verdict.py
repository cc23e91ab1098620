"""What an evaluation says: whether a gate would open to it, and whether it can say so at all."""

from collections.abc import Sequence

from skillctl.domain import statistics
from skillctl.domain.evidence import CaseResult, Lost, Outcome, Verdict, pass_rate_of
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.statistics import Comparison, Interval, Standing

#: What the answers of a model must surely reach where no gate says otherwise.
ASK_RATE = 0.6


def verdict_of(cases: Sequence[CaseResult], lost: Sequence[Lost], gate: EffectiveGate) -> Verdict:
    """The verdict on the cases that count.

    Errored if any case is, or there is none. What a machine does must reach the pass rate as it is; what a model says
    must reach its rate with the lower bound of the interval, and must not be worse than what is served.
    """
    outcomes = {case.outcome for case in cases}
    if not outcomes or Outcome.ERRORED in outcomes:
        return Verdict.ERRORED
    measured, asked = split(cases)
    if lost or (measured and pass_rate_of(measured) < gate.pass_rate):
        return Verdict.FAILED
    if asked and rate_of(asked).low < ask_rate(gate):
        return Verdict.FAILED
    compared = against_baseline(asked, gate)
    if compared is None or compared.finding is Standing.NO_WORSE:
        return Verdict.PASSED
    return Verdict.REGRESSED if compared.finding is Standing.REGRESSED else Verdict.UNDERPOWERED


def split(cases: Sequence[CaseResult]) -> tuple[list[CaseResult], list[CaseResult]]:
    """What a machine does the same way each time, and what a model or another agent answered."""
    return [case for case in cases if not case.is_asked], [case for case in cases if case.is_asked]


def ask_rate(gate: EffectiveGate) -> float:
    """What the lower bound of asked cases must reach."""
    return ASK_RATE if gate.ask_rate is None else gate.ask_rate


def rate_of(cases: Sequence[CaseResult]) -> Interval:
    """The 95 % interval of the share that passes; a case, not a trial, is what is counted."""
    rate = sum(case.score for case in cases) / len(cases) if cases else 0.0
    return statistics.wilson(rate, len(cases))


def against_baseline(asked: Sequence[CaseResult], gate: EffectiveGate) -> Comparison | None:
    """How the asked cases do beside what is served, where the gate asks for it and it was measured."""
    pairs = [case.score - case.baseline for case in asked if case.baseline is not None]
    return statistics.compare(pairs, gate.margin) if gate.margin is not None and pairs else None
