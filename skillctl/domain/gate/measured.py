"""Whether evidence is of the cases that its suite counts: each measured as often, and in the way, that it asks."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from skillctl.domain.case import Case
from skillctl.domain.evidence import CaseResult, EvidenceClass
from skillctl.domain.suite import Suite

_UNSAID = EvidenceClass.DETERMINISTIC


def other_cases(
    cases: Iterable[CaseResult], suite: Suite, classes: Mapping[str, EvidenceClass], compared: Collection[str]
) -> Iterator[str]:
    """Everything in which its cases are others; `classes` says what the answers of each case are as evidence.

    Those that are to be `compared` with what is served were measured there too.
    """
    counted = {case.id: case for case in suite.counted}
    results = {one.id: one for one in cases}
    for name in sorted(results.keys() - counted.keys()):
        yield f"its evidence has a case `{name}`, which counts for nothing in the suite"
    for name in sorted(counted.keys() - results.keys()):
        yield f"its evidence says nothing of case `{name}`"
    for name in sorted(counted.keys() & results.keys()):
        case, result = counted[name], results[name]
        yield from _otherwise(case, result, suite.trials_of(case), classes[name])
        if name in compared and result.baseline is None:
            yield f"its evidence does not compare case `{name}` with what is served"


def _otherwise(case: Case, result: CaseResult, trials: int, kind: EvidenceClass) -> Iterator[str]:
    # Older evidence says no kind: then it is of scripts alone.
    if (result.kind or "run") != case.kind:
        yield f"its evidence says that case `{case.id}` is `{result.kind}`, which is `{case.kind}`"
    if (result.trials or 1) < trials:
        yield f"its evidence has {result.trials or 1} of {trials} trials of case `{case.id}`"
    said = result.evidence_class or _UNSAID
    # A rehearsal never counts, so nobody gains by calling something one.
    if said not in (kind, EvidenceClass.REHEARSAL):
        yield f"its evidence calls case `{case.id}` `{said}`, which is `{kind}`"
