"""A promotion within a change: the approval that it brings in → whether it proves what it says, and who signed it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from skillctl.domain import approval
from skillctl.domain.approval import Statement, last_before, path_of
from skillctl.domain.evidence import Evidence, Stale, find
from skillctl.domain.finding import Finding
from skillctl.domain.gate.measured import other_cases
from skillctl.domain.gate.side import Side
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import EffectiveGate, Policy, effective
from skillctl.domain.promotion import Reason, Refusal, Request, decide
from skillctl.domain.quorum import Quorum
from skillctl.domain.tree import folders_for
from skillctl.errors import UsageError
from skillctl.workflows.approvals import Base, Written, quorum_of, signed
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.gate_sides import Seen
from skillctl.workflows.ground import Ground, ground_of
from skillctl.workflows.offering import Offered
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.read import Contents
from skillctl.workflows.roll import Brought
from skillctl.workflows.trust import Against, Choice, governing_tags

#: What a refusal of `promote` is called where a change is judged.
_CODES = {"unapproved": "SK705", "unknown-author": "SK705"}


class Within(Struct, frozen=True):
    """The change that is judged: its base with its policy, the tree after it, the commit whose history has its authors.

    `names` are the skills that differ; `scripts` names what runs scripts here; `against` is what the evaluations of its
    skills stand on.
    """

    repository: Repository
    signatures: Signatures
    base: str
    policy: Policy
    names: Sequence[str]
    tree: Tree
    at: str
    day: str
    scripts: str
    against: Against
    offered: Offered

    def introduced(self) -> Brought:
        """Where in the base's history the files of the approvals of all these skills came in."""
        return self.repository.introduced(folders_for(self.names, "approvals"), self.base)


def contents_of(within: Within, one: Seen) -> Contents:
    """The skill after the change, under the policy before it."""
    name, unit = one.unit.name, one.unit
    return Contents(
        names=[name],
        units={name: unit},
        skills={name: one.skill} if one.skill else {},
        suites={name: one.suite} if one.suite else {},
        servings={name: one.side.serving},
        approvals={name: unit.approvals},
        policy=within.policy,
        entries={folder: list(entries) for folder, entries in unit.entries.items()},
        findings=unit.findings,
    )


def ground_in(within: Within, contents: Contents, name: str) -> Ground:
    """What an evaluation of a skill stands on after the change; UsageError where it cannot be read."""
    return ground_of(
        within.repository,
        within.signatures,
        within.tree,
        contents,
        name,
        Choice(within.scripts),
        within.against,
        within.offered,
    )


def step(within: Within, before: Seen, after: Seen, errors: int) -> list[Finding]:
    """Why a version that is offered as candidate may not be."""
    contents, side = contents_of(within, after), after.side
    assert side.definition is not None
    tags = governing_tags(within.repository, contents, side.name)
    gate = effective(within.policy, side.name, tags, Status.CANDIDATE)
    request = _request(before.side, after, (Status.DRAFT, Status.CANDIDATE), gate, None, errors)
    return _refused(side, request)


def promotion(
    within: Within, before: Seen, after: Seen, version: str, errors: int
) -> tuple[list[Finding], Quorum | None]:
    """Why an approval that a change brings in is none, and the quorum that was asked for it."""
    side, statement = after.side, after.statements[version]
    file = path_of(side.name, version)
    misplaced = _misplaced(before.side, side, version)
    if misplaced is not None:
        hint = f"take `{file}` out, bring the content in as candidate, then run `skillctl promote {side.name}`"
        return [side.at(file, "SK703", misplaced, hint)], None
    findings = list(_unlike(after, statement, file))
    try:
        ground = _ground(within, before, after)
        evidence = find([statement.predicate.evidence], ground.subject)
        others = list(_other_cases(ground, statement.predicate.evidence))
    except UsageError as problem:
        findings.append(side.at(file, "SK704", problem.message, problem.hint))
        return findings, None
    steps = (Status.CANDIDATE, Status.APPROVED)
    findings += _refused(side, _request(before.side, after, steps, ground.gate, evidence, errors))
    if statement.predicate.policy_digest != ground.gate.digest:
        others.append("it names another policy than that of the base")
    findings += [side.at(file, "SK704", why, f"run `skillctl eval {side.name}`") for why in others]
    quorum = _quorum(within, before, after, statement, ground.gate)
    findings += [_finding(side, file, reason) for reason in quorum.reasons()]
    return findings, quorum


def _misplaced(before: Side, after: Side, version: str) -> str | None:
    """Why an approval of this version cannot come in here."""
    if after.version != version or after.definition is None or after.definition.status is not Status.APPROVED:
        return f"an approval of {version} comes in, but the folder is not {version} as `approved`"
    if before.version != version or before.definition is None or before.definition.status is not Status.CANDIDATE:
        return f"an approval of {version} comes in, but the base does not hold {version} as `candidate`"
    if before.digest != after.digest:
        return f"{version} is promoted with other content than the base holds as candidate"
    return None


def _unlike(after: Seen, statement: Statement, file: str) -> Iterator[Finding]:
    """An approval says exactly what stating it anew over the files of this tree says."""
    side, said = after.side, statement.predicate
    assert after.content is not None
    hint = f"an approval is never written by hand: run `skillctl promote {side.name}`"
    if after.raw[file] != statement.text().encode():
        yield side.at(file, "SK405", "the approval is not written as `skillctl` writes it", hint)
    if (said.evidence.skill, said.evidence.version) != (side.name, side.version):
        yield side.at(file, "SK405", "its evidence is of another skill or version", hint)
    elif approval.state(after.content, said.evidence, said.authors).subject != statement.subject:
        yield side.at(file, "SK405", "the approval lists other files than this tree holds", hint)
    elif said.digest != after.content.digest:
        yield side.at(file, "SK405", "the approval names another digest than its files give", hint)


def _other_cases(ground: Ground, evidence: Evidence) -> Iterator[str]:
    classes = {case.id: ground.class_of_case(case) for case in ground.suite.counted}
    return other_cases(evidence.cases, ground.suite, classes, ground.compared)


def _ground(within: Within, before: Seen, after: Seen) -> Ground:
    contents, name = contents_of(within, after), after.side.name
    # It was compared with what is served until it comes in.
    contents.servings[name] = before.side.serving
    return ground_in(within, contents, name)


def _request(
    before: Side,
    after: Seen,
    steps: tuple[Status, Status],
    gate: EffectiveGate,
    evidence: Evidence | Stale | None,
    errors: int,
) -> Request:
    side = after.side
    assert side.definition is not None
    return Request(
        skill=side.name,
        version=side.definition.version,
        source=steps[0],
        target=steps[1],
        digest=side.digest or "none",
        cases=len(after.suite.suite.counted) if after.suite else 0,
        findings=errors,
        gate=gate,
        evidence=evidence,
        approved=before.approved,
        # Whether enough people signed is counted apart, from their signatures.
        is_released=False,
    )


def _refused(side: Side, request: Request) -> list[Finding]:
    decision = decide(request)
    reasons = decision.reasons if isinstance(decision, Refusal) else ()
    return [_finding(side, side.file, reason) for reason in reasons]


def _finding(side: Side, file: str, reason: Reason) -> Finding:
    words = f"{reason.message}: observed {reason.observed}, required {reason.required}"
    return side.at(file, _CODES.get(reason.code, "SK704"), f"{reason.code}: {words}", reason.hint)


def _quorum(within: Within, before: Seen, after: Seen, statement: Statement, gate: EffectiveGate) -> Quorum:
    base = Base(within.policy, within.day)
    raw = after.raw[path_of(after.side.name, statement.predicate.version)]
    found = signed(within.tree, within.signatures, base, statement, raw)
    last = last_before(before.statements, statement.predicate.version)
    since = None
    if last is not None:
        brought = within.introduced()
        since = brought.get(path_of(after.side.name, last.predicate.version), (None, None))[0]
    # The base holds the content already, so whoever promotes it has not written it.
    written = Written(since, within.base)
    return quorum_of(within.repository, gate, base, statement, found.signers, written, last)
