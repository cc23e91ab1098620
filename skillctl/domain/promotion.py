"""Whether a version may take a step: every reason against it, observed against required, or the promotion."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from skillctl.domain import version as versions
from skillctl.domain.evidence import Evidence, EvidenceClass, Outcome, Stale, Verdict, verdict_of
from skillctl.domain.lifecycle import Status, is_step
from skillctl.domain.policy import EffectiveGate


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
    promoted = request.target in (Status.CANDIDATE, Status.APPROVED)
    if promoted and is_step(request.source, request.target):
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
    return " or ".join(status.value for status in Status if is_step(status, target)) or "nothing"


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
            message = f"evidence is stale: the {part} changed after it was measured"
            yield Reason(f"stale-{part}", message, short(then), short(now), hint)
        return
    yield from _verdict(evidence, request.gate)


def unsatisfied(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
    """Every reason for which evidence of the right content does not open a gate to `approved`."""
    yield from _size(evidence.skill, len(evidence.cases), gate)
    yield from _verdict(evidence, gate)
    yield from _approvals(gate)


def _size(skill: str, cases: int, gate: EffectiveGate) -> Iterator[Reason]:
    if cases < gate.min_cases:
        hint = f"add cases to `evals/{skill}/suite.yaml`"
        yield Reason("too-few-cases", "the suite is too small", f"{cases} cases", f"{gate.min_cases}", hint)


def _approvals(gate: EffectiveGate) -> Iterator[Reason]:
    if gate.approvals:
        yield Reason("unapproved", "approvals are missing", "0 approvals", f"{gate.approvals}")


def _verdict(evidence: Evidence, gate: EffectiveGate) -> Iterator[Reason]:
    hint = f"run `skillctl eval {evidence.skill}`"
    if evidence.evidence_class not in gate.evidence:
        allowed = ", ".join(kind.value for kind in gate.evidence) or "nothing the policy allows"
        rehearsal = evidence.evidence_class is EvidenceClass.REHEARSAL
        message = "a rehearsal is never evidence" if rehearsal else "evidence of this class does not count here"
        yield Reason("evidence-class", message, evidence.evidence_class.value, allowed)
    # Judged from the cases; the verdict on record can only be stricter.
    verdicts = {evidence.verdict, verdict_of(evidence.cases, gate.pass_rate)}
    if Verdict.ERRORED in verdicts:
        observed = f"{evidence.count(Outcome.ERRORED)} cases errored"
        yield Reason("errored", "the evaluation could not be judged", observed, "none", hint)
    elif Verdict.FAILED in verdicts:
        observed = f"{evidence.count(Outcome.PASSED)} of {len(evidence.cases)} passed"
        yield Reason("pass-rate", "too few cases passed", observed, f"{gate.pass_rate:.0%}", hint)


def _revise(request: Request) -> str:
    return f"run `skillctl revise {request.skill}` to open the next version"


def short(digest: str) -> str:
    """The first twelve digits of a digest, as people compare them."""
    return digest.removeprefix("sha256:")[:12] if digest.startswith("sha256:") else digest
