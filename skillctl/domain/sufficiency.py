"""Whether evidence of the right content is enough for a gate: every reason that it is not."""

from collections.abc import Iterator
from math import floor

from msgspec import Struct

from skillctl.domain.evidence import Evidence, EvidenceClass, Outcome, Verdict
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.statistics import Standing
from skillctl.domain.verdict import against_baseline, ask_rate, rate_of, split, verdict_of


class Reason(Struct, frozen=True):
    """One thing that stands in the way; `code` is stable."""

    code: str
    message: str
    observed: str
    required: str
    hint: str | None = None


def unsatisfied(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
    """Every reason for which evidence of the right content does not open a gate to `approved`."""
    yield from size(evidence.skill, len(evidence.cases), gate)
    yield from classes(evidence, gate)
    yield from judgement(evidence, gate)


def size(skill: str, cases: int, gate: EffectiveGate) -> Iterator[Reason]:
    """Whether there are too few cases."""
    if cases < gate.min_cases:
        hint = f"add cases to `evals/{skill}/suite.yaml`"
        yield Reason("too-few-cases", "the suite is too small", f"{cases} cases", f"{gate.min_cases}", hint)


def judgement(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
    """Why it did not pass, whatever it says itself."""
    hint = f"run `skillctl eval {evidence.skill}`"
    # Judged from the cases; the verdict on record can only be stricter.
    judged = verdict_of(evidence.cases, evidence.lost, gate)
    if Verdict.ERRORED in (evidence.verdict, judged):
        observed = f"{evidence.count(Outcome.ERRORED)} cases errored" if evidence.cases else "no cases"
        yield Reason("errored", "the evaluation could not be judged", observed, "none", hint)
    elif Verdict.PASSED is not judged or evidence.verdict is not Verdict.PASSED:
        reasons = list(_shortfalls(evidence, gate))
        yield from reasons or [Reason("verdict", "the evaluation did not pass", evidence.verdict.value, "passed", hint)]


def classes(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
    """The classes of it that do not count here."""
    allowed = ", ".join(kind.value for kind in gate.evidence) or "nothing the policy allows"
    of_cases = {case.evidence_class for case in evidence.cases if case.evidence_class is not None}
    for kind in EvidenceClass:
        if kind in {evidence.evidence_class, *of_cases} and kind not in gate.evidence:
            rehearsal = kind is EvidenceClass.REHEARSAL
            message = "a rehearsal is never evidence" if rehearsal else "evidence of this class does not count here"
            yield Reason("evidence-class", message, kind.value, allowed)


def _shortfalls(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
    """What of the gate the cases do not reach."""
    hint = f"run `skillctl eval {evidence.skill}`"
    measured, asked = split(evidence.cases)
    passed = sum(case.outcome is Outcome.PASSED for case in measured)
    if measured and passed / len(measured) < gate.pass_rate:
        observed = f"{passed} of {len(measured)} passed"
        yield Reason("pass-rate", "too few cases passed", observed, percent(gate.pass_rate), hint)
    reached, needed = rate_of(asked), ask_rate(gate)
    if asked and reached.low < needed:
        # Cut, not rounded: what falls short may not look as if it reached.
        observed = f"{percent(floor(reached.low * 1000) / 1000)} to {reached.high:.1%} of {len(asked)} cases"
        yield Reason("ask-rate", "too few answers passed to be sure of the rate", observed, percent(needed), hint)
    if evidence.lost:
        first = evidence.lost[0]
        message = f"it takes prompts from approved neighbours: `{first.case}` of `{first.skill}`"
        yield Reason("neighbours", message, f"{len(evidence.lost)} prompts", "none", "say less in the description")
    compared = against_baseline(asked, gate)
    if gate.margin is not None and compared is not None and compared.finding is not Standing.NO_WORSE:
        observed = f"{compared.low:+.1%} to {compared.high:+.1%}"
        words = {Standing.REGRESSED: "answers are worse than those of the served version"}
        message = words.get(compared.finding, "too few cases and trials to say that answers are no worse than before")
        yield Reason(compared.finding.value, message, observed, f"above -{percent(gate.margin)}", hint)


def percent(share: float) -> str:
    """As the policy says it: 62.5%, not 62%."""
    return f"{share * 100:.6g}%"
