"""From evidence and trials to what is shown of a suite."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from skillctl.domain import statistics
from skillctl.domain.arm import Arm
from skillctl.domain.case import Case
from skillctl.domain.confusion import Choice, Confusion, confusion
from skillctl.domain.evaluation import ArmReport, CaseReport, Estimate, Lost, Selected, SuiteReport
from skillctl.domain.evidence import CaseResult, Evidence, EvidenceClass
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.suite import Suite
from skillctl.domain.tally import Taken, by_case
from skillctl.domain.trial import Trial

Number = TypeVar("Number", int, float)

#: The margin that arms are compared with where no gate asks for one.
_MARGIN = 0.2


def report_of(
    evidence: Evidence,
    trials: Iterable[Trial],
    suite: Suite,
    gate: EffectiveGate,
    served: tuple[str, str] | None,
    prompts: Mapping[tuple[str, str], str],
    *,
    reused: bool,
) -> SuiteReport:
    """What there is to show of a suite: `served` is the baseline's version and digest, `prompts` are all triggers'."""
    taken = by_case(trials)
    shown = _shown(evidence, suite, taken)
    k, at_least_one, each = _repeated([one for one in shown if one.counts])
    table = confusion(_choices(suite, taken))
    own = {score.skill: score for score in table.scores}.get(suite.skill)
    return SuiteReport(
        skill=evidence.skill,
        version=evidence.version,
        skill_digest=evidence.skill_digest,
        suite_digest=evidence.suite_digest,
        verdict=evidence.verdict.value,
        evidence_class=evidence.evidence_class,
        evidence=evidence.digest,
        runner=evidence.runner,
        model=evidence.model,
        started_at=evidence.started_at,
        finished_at=evidence.finished_at,
        commit=evidence.commit,
        dirty=evidence.dirty,
        rate=_estimate([case.score for case in evidence.cases]),
        k=k,
        cases=shown,
        arms=tuple(_arms(evidence, gate, served)),
        pass_at_k=at_least_one,
        pass_hat_k=each,
        confusion=_pairs(table),
        precision=own.precision if own else None,
        recall=own.recall if own else None,
        lost=tuple(Lost(one.skill, one.case, prompts.get((one.skill, one.case), "")) for one in evidence.lost),
        reused=reused,
        cost=_sum(one.cost for one in shown),
        tokens=_sum(one.tokens for one in shown),
    )


def _shown(evidence: Evidence, suite: Suite, taken: Taken) -> tuple[CaseReport, ...]:
    """The cases that were measured, in the order of the suite."""
    results = {one.id: (one, True) for one in evidence.cases} | {one.id: (one, False) for one in evidence.shown}
    return tuple(_case(case, *results[case.id], taken) for case in suite.cases if case.id in results)


def _repeated(cases: Sequence[CaseReport]) -> tuple[int, float | None, float | None]:
    """The fewest trials of a case with several, with the means of pass@k and pass^k over those that have as many."""
    k = min((one.of for one in cases if one.of > 1), default=1)
    enough = [one for one in cases if one.of >= k]
    at_least_one = _mean(statistics.pass_at_k(one.of, one.passed, k) for one in enough)
    return k, at_least_one, _mean(statistics.pass_hat_k(one.of, one.passed, k) for one in enough)


def _case(case: Case, result: CaseResult, counts: bool, taken: Taken) -> CaseReport:
    trials = [trial for arm in Arm for trial in taken.get((case.id, arm), ())]
    of = result.trials or 1
    return CaseReport(
        id=case.id,
        kind=case.kind,
        evidence_class=result.evidence_class or EvidenceClass.DETERMINISTIC,
        outcome=result.outcome,
        counts=counts,
        prompt=case.prompt,
        trials=tuple(trials),
        passed=result.passed or 0,
        of=of,
        rate=_estimate_of(result.score, of) if of > 1 else None,
        flaky=result.is_flaky,
        reasons=(*result.reasons, *_unmet(taken.get((case.id, Arm.WITH_SKILL), ()))),
        seconds=result.seconds / of,
        cost=result.cost,
        tokens=result.tokens,
    )


def _unmet(trials: Sequence[Trial]) -> list[str]:
    """What a judge found missing, each line once."""
    lines = dict.fromkeys(line.text for trial in trials for line in trial.rubric if not line.met)
    return [f"only a rubric judges it: `{line}` is not met" for line in lines]


def _arms(evidence: Evidence, gate: EffectiveGate, served: tuple[str, str] | None) -> list[ArmReport]:
    """The arms beside each other, over the cases that were measured in each of them."""
    others = {
        Arm.BASELINE: ([case for case in evidence.cases if case.baseline is not None], served[0] if served else None),
        Arm.WITHOUT_SKILL: ([case for case in evidence.cases if case.without_skill is not None], None),
    }
    found = []
    for arm, (cases, version) in others.items():
        if cases:
            scores = [float(getattr(case, arm.value)) for case in cases]
            pairs = [case.score - score for case, score in zip(cases, scores, strict=True)]
            compared = statistics.compare(pairs, gate.margin or _MARGIN)
            delta = Estimate(compared.delta, compared.low, compared.high)
            found.append(ArmReport(arm, version, _estimate(scores), delta, compared.finding.value))
    if not found:
        return []
    asked = [case.score for case in evidence.cases if case.baseline is not None or case.without_skill is not None]
    return [ArmReport(Arm.WITH_SKILL, evidence.version, _estimate(asked)), *found]


def _choices(suite: Suite, taken: Taken) -> list[Choice]:
    """What was selected in each trial of the trigger cases."""
    return [
        Choice(suite.skill, case.trigger.fires, trial.said[-1].text or None)
        for case in suite.cases
        if case.trigger is not None
        for trial in taken.get((case.id, Arm.WITH_SKILL), ())
        if trial.said and trial.said[-1].who == "selection"
    ]


def _pairs(table: Confusion) -> tuple[Selected, ...]:
    rows = table.table.items()
    return tuple(Selected(owner, selected, count) for owner, row in rows for selected, count in row.items())


def _estimate(scores: Sequence[float]) -> Estimate | None:
    if not scores:
        return None
    return _estimate_of(sum(scores) / len(scores), len(scores))


def _estimate_of(rate: float, number: int) -> Estimate:
    interval = statistics.wilson(rate, number)
    return Estimate(rate, interval.low, interval.high)


def _mean(shares: Iterable[float]) -> float | None:
    found = list(shares)
    return sum(found) / len(found) if found else None


def _sum(amounts: Iterable[Number | None]) -> Number | None:
    found = [amount for amount in amounts if amount is not None]
    return sum(found[1:], found[0]) if found else None
