"""From trials to what evidence says of their cases."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from skillctl.domain.arm import Arm
from skillctl.domain.case import Case
from skillctl.domain.evidence import CaseResult, Outcome, class_of_all
from skillctl.domain.suite import Suite
from skillctl.domain.trial import Trial

Taken = Mapping[tuple[str, Arm], Sequence[Trial]]


def by_case(trials: Iterable[Trial]) -> Taken:
    """The trials of each case and arm, in the order of their numbers."""
    found: dict[tuple[str, Arm], list[Trial]] = defaultdict(list)
    for trial in trials:
        found[trial.case, trial.arm].append(trial)
    return {key: sorted(items, key=lambda trial: trial.number) for key, items in found.items()}


def results(suite: Suite, taken: Taken) -> tuple[list[CaseResult], list[CaseResult]]:
    """The cases that count and those that are only shown, in the order of the suite; each has a trial at least."""
    counted: list[CaseResult] = []
    shown: list[CaseResult] = []
    for case in suite.cases:
        if (case.id, Arm.WITH_SKILL) in taken:
            (counted if suite.counts(case) else shown).append(result(case, taken))
    return counted, shown


def result(case: Case, taken: Taken) -> CaseResult:
    """One case: errored if any of its trials, or of those of what is served, is: then nothing can be said of it."""
    trials = taken[case.id, Arm.WITH_SKILL]
    unjudged = [trial for trial in taken.get((case.id, Arm.BASELINE), ()) if trial.outcome is Outcome.ERRORED]
    passed = sum(trial.outcome is Outcome.PASSED for trial in trials)
    costs = [trial.cost for trial in trials if trial.cost is not None]
    tokens = [trial.tokens for trial in trials if trial.tokens is not None]
    return CaseResult(
        id=case.id,
        kind=case.kind,
        evidence_class=class_of_all(trial.evidence_class for trial in trials),
        outcome=_outcome([*trials, *unjudged]),
        seconds=round(sum(trial.seconds for trial in trials), 3),
        reasons=[*_reasons(trials), *(f"baseline: {reason}" for reason in _reasons(unjudged))],
        trials=len(trials),
        passed=passed,
        baseline=_score(taken.get((case.id, Arm.BASELINE), ())),
        without_skill=_score(taken.get((case.id, Arm.WITHOUT_SKILL), ())),
        cost=round(sum(costs), 6) if costs else None,
        tokens=sum(tokens) if tokens else None,
    )


def _outcome(trials: Sequence[Trial]) -> Outcome:
    outcomes = {trial.outcome for trial in trials}
    return next(outcome for outcome in (Outcome.ERRORED, Outcome.FAILED, Outcome.PASSED) if outcome in outcomes)


def _reasons(trials: Sequence[Trial]) -> list[str]:
    """Each reason once; which trial it was is said where there are several."""
    found: dict[str, list[int]] = {}
    for trial in trials:
        for reason in trial.reasons:
            found.setdefault(reason, []).append(trial.number)
    if len(trials) == 1:
        return list(found)
    return [f"trial {', '.join(map(str, numbers))}: {reason}" for reason, numbers in found.items()]


def _score(trials: Sequence[Trial]) -> float | None:
    """The share of the trials of another arm that passed; None where one errored, which is no comparison."""
    if not trials or any(trial.outcome is Outcome.ERRORED for trial in trials):
        return None
    return sum(trial.outcome is Outcome.PASSED for trial in trials) / len(trials)
