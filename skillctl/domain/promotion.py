"""Whether a version may take a step: every reason against it, observed against required, or the promotion."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor

from skillctl.domain import version as versions
from skillctl.domain.evidence import Evidence, EvidenceClass, Outcome, Stale, Verdict
from skillctl.domain.lifecycle import Status, next_by_promotion
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.statistics import Standing
from skillctl.domain.verdict import against_baseline, ask_rate, rate_of, split, verdict_of


@dataclass(frozen=True)
class Reason:
    """One thing that stands in the way; `code` is stable."""

    code: str
    message: str
    observed: str
    required: str
    hint: str | None = None


@dataclass(frozen=True)
class Request:
    """Everything the decision looks at.

    `approved` maps every approved version of the skill to its digest; `findings` counts validation errors.
    """

    skill: str
    version: str
    source: Status
    target: Status
    digest: str
    cases: int
    findings: int
    gate: EffectiveGate
    evidence: Evidence | Stale | None
    approved: Mapping[str, str]


@dataclass(frozen=True)
class Promotion:
    """The step may be taken; `evidence` is what it rests on, for `approved`."""

    skill: str
    version: str
    source: Status
    target: Status
    digest: str
    evidence: Evidence | None


@dataclass(frozen=True)
class Refusal:
    """The step may not be taken, for each of these reasons."""

    skill: str
    version: str
    source: Status
    target: Status
    reasons: tuple[Reason, ...]


def decide(request: Request) -> Promotion | Refusal:
    """The promotion asked for, or a refusal with every reason there is."""
    reasons = tuple(_reasons(request))
    if reasons:
        return Refusal(request.skill, request.version, request.source, request.target, reasons)
    evidence = request.evidence if request.target is Status.APPROVED else None
    assert not isinstance(evidence, Stale)
    return Promotion(request.skill, request.version, request.source, request.target, request.digest, evidence)


def _reasons(request: Request) -> Iterator[Reason]:
    yield from _step(request)
    if request.findings:
        hint = f"run `skillctl validate {request.skill}`"
        yield Reason("invalid", "the skill has validation errors", f"{request.findings} errors", "none", hint)
    yield from _version_order(request)
    yield from _size(request.skill, request.cases, request.gate)
    if request.target is Status.APPROVED:
        yield from _evidence(request)
        yield from _approvals(request.gate)


def _step(request: Request) -> Iterator[Reason]:
    if next_by_promotion(request.source) is request.target:
        return
    hint = None
    if request.target is Status.DEPRECATED:
        hint = f"run `skillctl deprecate {request.skill} --reason …`"
    elif request.source is Status.DRAFT:
        hint = f"run `skillctl promote {request.skill} --to candidate` first"
    elif request.source in (Status.APPROVED, Status.DEPRECATED):
        hint = f"run `skillctl revise {request.skill}` to open the next version"
    step = f"{request.source} -> {request.target}"
    yield Reason("illegal-step", f"{step} is not a step", request.source.value, _sources(request.target), hint)


def _sources(target: Status) -> str:
    return " or ".join(status.value for status in Status if next_by_promotion(status) is target) or "nothing"


def _version_order(request: Request) -> Iterator[Reason]:
    known = request.approved.get(request.version)
    if known is not None and known != request.digest:
        message = f"{request.version} is approved already, with other content"
        yield Reason("version-taken", message, short(request.digest), short(known), _revise(request))
    greatest = versions.greatest(version for version in request.approved if version != request.version)
    if greatest is not None and not versions.is_after(request.version, greatest):
        message = "a version is greater than every approved one before it"
        yield Reason("version-order", message, request.version, f"greater than {greatest}", _revise(request))


def _evidence(request: Request) -> Iterator[Reason]:
    evidence, hint = request.evidence, f"run `skillctl eval {request.skill}`"
    if evidence is None:
        yield Reason("no-evidence", "no evaluation is on record", "no evidence", f"of {short(request.digest)}", hint)
        return
    if isinstance(evidence, Stale):
        for part, then, now in evidence.differences:
            # An input may be one of several of its kind, each with an alias.
            kind, _, alias = part.partition(" ")
            what = f"{kind} `{alias}`" if alias else f"the {kind}"
            message = f"evidence is stale: {what} changed after it was measured"
            yield Reason(f"stale-{kind}", message, short(then), short(now), hint)
        return
    if len(evidence.cases) < request.cases:
        message = "only a part of the suite was measured"
        yield Reason("partial", message, f"{len(evidence.cases)} cases", f"{request.cases}", hint)
    yield from _verdict(evidence, request.gate)


def unsatisfied(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
    """Every reason for which evidence of the right content does not open a gate to `approved`."""
    yield from _size(evidence.skill, len(evidence.cases), gate)
    yield from _verdict(evidence, gate)


def _size(skill: str, cases: int, gate: EffectiveGate) -> Iterator[Reason]:
    if cases < gate.min_cases:
        hint = f"add cases to `evals/{skill}/suite.yaml`"
        yield Reason("too-few-cases", "the suite is too small", f"{cases} cases", f"{gate.min_cases}", hint)


def _approvals(gate: EffectiveGate) -> Iterator[Reason]:
    if gate.approvals:
        yield Reason("unapproved", "approvals are missing", "0 approvals", f"{gate.approvals}")


def _verdict(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
    yield from _classes(evidence, gate)
    hint = f"run `skillctl eval {evidence.skill}`"
    # Judged from the cases; the verdict on record can only be stricter.
    judged = verdict_of(evidence.cases, evidence.lost, gate)
    if Verdict.ERRORED in (evidence.verdict, judged):
        observed = f"{evidence.count(Outcome.ERRORED)} cases errored" if evidence.cases else "no cases"
        yield Reason("errored", "the evaluation could not be judged", observed, "none", hint)
    elif Verdict.PASSED is not judged or evidence.verdict is not Verdict.PASSED:
        reasons = list(_shortfalls(evidence, gate))
        yield from reasons or [Reason("verdict", "the evaluation did not pass", evidence.verdict.value, "passed", hint)]


def _classes(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
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
        yield Reason("pass-rate", "too few cases passed", observed, _percent(gate.pass_rate), hint)
    reached, needed = rate_of(asked), ask_rate(gate)
    if asked and reached.low < needed:
        # Cut, not rounded: what falls short may not look as if it reached.
        observed = f"{_percent(floor(reached.low * 1000) / 1000)} to {reached.high:.1%} of {len(asked)} cases"
        yield Reason("ask-rate", "too few answers passed to be sure of the rate", observed, _percent(needed), hint)
    if evidence.lost:
        first = evidence.lost[0]
        message = f"it takes prompts from approved neighbours: `{first.case}` of `{first.skill}`"
        yield Reason("neighbours", message, f"{len(evidence.lost)} prompts", "none", "say less in the description")
    compared = against_baseline(asked, gate)
    if gate.margin is not None and compared is not None and compared.finding is not Standing.NO_WORSE:
        observed = f"{compared.low:+.1%} to {compared.high:+.1%}"
        words = {Standing.REGRESSED: "answers are worse than those of the served version"}
        message = words.get(compared.finding, "too few cases and trials to say that answers are no worse than before")
        yield Reason(compared.finding.value, message, observed, f"above -{_percent(gate.margin)}", hint)


def _percent(share: float) -> str:
    """As the policy says it: 62.5%, not 62%."""
    return f"{share * 100:.6g}%"


def _revise(request: Request) -> str:
    return f"run `skillctl revise {request.skill}` to open the next version"


def short(digest: str) -> str:
    """The first twelve digits of a digest, as people compare them."""
    bare = digest.removeprefix("sha256:")
    return bare[:12] if len(bare) == 64 else digest
