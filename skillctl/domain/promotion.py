"""Whether a version may take a step: every reason against it, observed against required, or the promotion."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from skillctl.domain import version as versions
from skillctl.domain.canonical import short as short
from skillctl.domain.evidence import Evidence, Outcome, Stale
from skillctl.domain.lifecycle import Status, is_step, next_by_promotion
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.sufficiency import Reason as Reason
from skillctl.domain.sufficiency import classes, judgement, percent, size
from skillctl.domain.sufficiency import unsatisfied as unsatisfied


class Check(Struct, frozen=True):
    """One thing that is looked at; `reasons` are why it is not met, none where it is."""

    name: str
    observed: str
    required: str
    reasons: tuple[Reason, ...] = ()


class Request(Struct, frozen=True):
    """Everything the decision looks at.

    `approved` maps every approved version of the skill to its digest; `findings` counts validation errors. `state` is
    what `serving.yaml` says of the version, `reason` why it is to be reinstated, and `is_released` whether the step
    would be taken on the very branch that production is released from, where nobody could sign it first.
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
    state: str = "approved"
    reason: str | None = None
    is_released: bool = True

    @property
    def is_reinstatement(self) -> bool:
        """Whether a deprecated version is to be approved again, which its evidence of then has proved."""
        return (self.source, self.target) == (Status.DEPRECATED, Status.APPROVED)


class Promotion(Struct, frozen=True):
    """The step may be taken; `evidence` is what it rests on, for `approved`."""

    skill: str
    version: str
    source: Status
    target: Status
    digest: str
    evidence: Evidence | None


class Refusal(Struct, frozen=True):
    """The step may not be taken, for each of these reasons."""

    skill: str
    version: str
    source: Status
    target: Status
    reasons: tuple[Reason, ...]


def decide(request: Request) -> Promotion | Refusal:
    """The promotion asked for, or a refusal with every reason there is."""
    reasons = tuple(reason for check in checks(request) for reason in check.reasons)
    if reasons:
        return Refusal(request.skill, request.version, request.source, request.target, reasons)
    is_proved = request.target is Status.APPROVED and not request.is_reinstatement
    evidence = request.evidence if is_proved else None
    assert not isinstance(evidence, Stale)
    return Promotion(request.skill, request.version, request.source, request.target, request.digest, evidence)


def checks(request: Request) -> tuple[Check, ...]:
    """All that is looked at for a step, in the order in which it is worth mending."""
    return tuple(_checks(request))


def _checks(request: Request) -> Iterator[Check]:
    required = request.source.value if request.is_reinstatement else _sources(request.target)
    yield Check("step", request.source.value, required, tuple(_step(request)))
    if request.is_reinstatement:
        yield from _reinstatement(request)
        return
    if request.target is Status.DRAFT:
        # Back to work: nothing has to be proved for that.
        return
    errors = f"{request.findings} errors"
    yield Check("validation", errors if request.findings else "no errors", "none", tuple(_validity(request)))
    yield Check("version", request.version, _above(request), tuple(_version_order(request)))
    enough = tuple(size(request.skill, request.cases, request.gate))
    yield Check("suite", f"{request.cases} cases", f"{request.gate.min_cases} or more", enough)
    if request.target is Status.APPROVED:
        yield from _proof(request)
        if request.gate.approvals:
            signed = f"{request.gate.approvals}, or a branch that they are given on"
            yield Check("approvals", _place(request), signed, tuple(_signed_first(request)))


def _proof(request: Request) -> Iterator[Check]:
    evidence, required = request.evidence, f"of {short(request.digest)}"
    if evidence is None or isinstance(evidence, Stale):
        yield Check("evidence", "none" if evidence is None else "stale", required, tuple(_freshness(request)))
        return
    yield Check("evidence", evidence.digest[:12], required, tuple(_freshness(request)))
    allowed = ", ".join(kind.value for kind in request.gate.evidence) or "none"
    yield Check("class", evidence.evidence_class.value, allowed, tuple(classes(evidence, request.gate)))
    measured = f"{evidence.verdict.value}, {evidence.count(Outcome.PASSED)} of {len(evidence.cases)} cases"
    yield Check("verdict", measured, _asked(request.gate), tuple(judgement(evidence, request.gate)))


def _asked(gate: EffectiveGate) -> str:
    words = ["passed", f"{percent(gate.pass_rate)} of cases"]
    words += [f"{percent(gate.ask_rate)} of answers"] if gate.ask_rate is not None else []
    words += [f"above -{percent(gate.margin)} beside what is served"] if gate.margin is not None else []
    return ", ".join(words)


def _validity(request: Request) -> Iterator[Reason]:
    if request.findings:
        hint = f"run `skillctl validate {request.skill}`"
        yield Reason("invalid", "the skill has validation errors", f"{request.findings} errors", "none", hint)


def _reinstatement(request: Request) -> Iterator[Check]:
    """The version was proved when it was approved; what is asked is that it is that very version, and why."""
    known, digest = request.approved.get(request.version), request.digest
    yield Check("content", short(digest), short(known) if known else "approved", tuple(_approved_before(request)))
    retired: tuple[Reason, ...] = ()
    if request.state in ("withdrawn", "revoked"):
        message = f"{request.version} is {request.state}, which is for good"
        retired = (Reason(request.state, message, request.state, "deprecated", _revise(request)),)
    yield Check("state", request.state, "deprecated", retired)
    missing: tuple[Reason, ...] = ()
    if request.reason is None:
        hint = f"run `skillctl promote {request.skill} --to approved --reason …`, or `skillctl revise {request.skill}`"
        missing = (Reason("no-reason", "a deprecated version is reinstated with a reason", "none", "a reason", hint),)
    yield Check("reason", request.reason or "none", "a reason", missing)


def _approved_before(request: Request) -> Iterator[Reason]:
    known = request.approved.get(request.version)
    if known is None:
        message, hint = f"{request.version} was never approved", _revise(request)
        yield Reason("never-approved", message, "no approval", "an approval on record", hint)
    elif known != request.digest:
        message = f"{request.version} was approved with other content"
        yield Reason("version-taken", message, short(request.digest), short(known), _revise(request))


def _step(request: Request) -> Iterator[Reason]:
    if is_step(request.source, request.target) and request.target is not Status.DEPRECATED:
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
    ahead = [status.value for status in Status if next_by_promotion(status) is target]
    return " or ".join(ahead or (status.value for status in Status if is_step(status, target)))


def _above(request: Request) -> str:
    greatest = versions.greatest(version for version in request.approved if version != request.version)
    return f"greater than {greatest}" if greatest is not None else "any"


def _version_order(request: Request) -> Iterator[Reason]:
    known = request.approved.get(request.version)
    if known is not None and known != request.digest:
        message = f"{request.version} is approved already, with other content"
        yield Reason("version-taken", message, short(request.digest), short(known), _revise(request))
    greatest = versions.greatest(version for version in request.approved if version != request.version)
    if greatest is not None and not versions.is_after(request.version, greatest):
        message = "a version is greater than every approved one before it"
        yield Reason("version-order", message, request.version, f"greater than {greatest}", _revise(request))


def _freshness(request: Request) -> Iterator[Reason]:
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


def _place(request: Request) -> str:
    return "on the release branch" if request.is_released else "on a branch of its own"


def _signed_first(request: Request) -> Iterator[Reason]:
    """Whoever approves signs on a branch; only with the approvals does it come to where production is released from."""
    if request.is_released:
        branch = f"promote-{request.skill}-{request.version}"
        hint = (
            f"run `skillctl promote {request.skill} --to approved --branch {branch}`, "
            f"then `skillctl approve {request.skill}` there"
        )
        message = "approvals are missing, and they are given before it comes to the release branch"
        yield Reason("unapproved", message, "0 approvals", f"{request.gate.approvals}", hint)


def _revise(request: Request) -> str:
    return f"run `skillctl revise {request.skill}` to open the next version"
