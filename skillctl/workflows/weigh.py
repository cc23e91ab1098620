"""Weigh: a skill and the step it is to take → everything the decision looks at. `promote` and `why` ask the same."""

from msgspec import Struct, field
from msgspec.structs import replace

from skillctl.domain import lifecycle, policy, promotion
from skillctl.domain.digest import Content
from skillctl.domain.evidence import Evidence, Stale, find
from skillctl.domain.finding import Finding, errors_in
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.promotion import Check, Promotion, Reason, Refusal, Request
from skillctl.domain.serving import Serving
from skillctl.errors import UsageError
from skillctl.workflows.base import base_of
from skillctl.workflows.eval_ports import EvidenceStore, Signatures
from skillctl.workflows.ground import ground_of
from skillctl.workflows.judge import judged
from skillctl.workflows.landing import Landing
from skillctl.workflows.measure import skill_content
from skillctl.workflows.offering import Offered
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.read import Contents
from skillctl.workflows.trust import Choice, governing_tags
from skillctl.workflows.validate import Found, settled


class Proofs(Struct, frozen=True):
    """Where evidence is kept, what verifies signatures, what runs scripts here, and the base, where it is named."""

    store: EvidenceStore
    signatures: Signatures
    scripts: str
    base: str | None = None


class Wish(Struct, frozen=True):
    """What is asked for: the status, by default the next one, and where the change is to go.

    `reason` is why a deprecated version is to be reinstated; only for that `version` may be another than the folder's.
    """

    target: Status | None = None
    reason: str | None = None
    version: str | None = None
    landing: Landing = field(default_factory=Landing)


class Known(Struct, frozen=True):
    """What somebody who weighs many skills knows already: the errors that `validate` finds, all that can be selected,
    and the tree that committing the folders now would give.
    """

    errors: int | None = None
    offered: Offered | None = None
    pending: Tree | None = None


_UNKNOWN = Known()


class Weighed(Struct, frozen=True):
    """What the decision looks at; `loose` is what of it is not committed, `stands` says that the step was taken."""

    tree: Tree
    contents: Contents
    request: Request
    loose: Reason | None = None
    stands: bool = False

    @property
    def checks(self) -> tuple[Check, ...]:
        """All that is looked at, in the order in which it is worth mending."""
        loose = () if self.loose is None else (self.loose,)
        observed = self.loose.observed if self.loose else promotion.short(self.request.digest)
        folder = Check("folder", observed, promotion.short(self.request.digest), loose)
        return (folder, *promotion.checks(self.request))

    @property
    def decision(self) -> Promotion | Refusal:
        """Whether the step may be taken."""
        decision = promotion.decide(self.request)
        if self.loose is None:
            return decision
        asked = self.request
        reasons = (self.loose, *(decision.reasons if isinstance(decision, Refusal) else ()))
        return Refusal(asked.skill, asked.version, asked.source, asked.target, reasons)


def weigh(
    repository: Repository,
    proofs: Proofs,
    tree: Tree,
    contents: Contents,
    name: str,
    wish: Wish,
    today: str,
    known: Known = _UNKNOWN,
) -> Weighed | Refusal:
    """Look at everything that a step of a skill in this tree asks for; a Refusal where it cannot even be read."""
    skill = contents.skills.get(name)
    if skill is None:
        return _unreadable(contents, name, wish.target or Status.CANDIDATE)
    if wish.reason is not None:
        return _reinstating(repository, tree, contents, name, wish)
    definition = skill.definition
    goal = wish.target or lifecycle.next_by_promotion(definition.status) or Status.APPROVED
    content = skill_content(tree, name)
    if goal is definition.status and _stands(contents, name, goal, content):
        return Weighed(tree, contents, _request(contents, name, goal, content.digest), stands=True)
    errors = known.errors
    if errors is None:
        errors = len(errors_in(_standing(repository, tree, contents, name, today, proofs.base)))
    tags = governing_tags(repository, contents, name)
    gate, evidence = policy.effective(contents.policy, name, tags, goal), None
    if goal is Status.APPROVED and definition.status is not Status.DEPRECATED and name in contents.suites:
        choice = Choice(proofs.scripts, base=proofs.base)
        ground = ground_of(repository, proofs.signatures, tree, contents, name, choice, offered=known.offered)
        gate, evidence = ground.gate, find(proofs.store.of(name), ground.subject)
    is_released = wish.landing.releases(repository, contents.policy)
    request = _request(contents, name, goal, content.digest, gate, evidence, errors, is_released)
    pending = known.pending or repository.pending(f"skills/{name}")
    return Weighed(tree, contents, request, _uncommitted(pending, name, content))


def _reinstating(repository: Repository, tree: Tree, contents: Contents, name: str, wish: Wish) -> Weighed:
    """As `weigh`, for a deprecated version: its evidence was asked when it was approved."""
    definition = contents.skills[name].definition
    version = wish.version or definition.version
    offered, approved = contents.servings.get(name, Serving()), contents.approved(name)
    state = offered.state(version)[0]
    known = approved.get(version)
    is_working = version == definition.version
    if not is_working and known is None:
        hint = f"approved versions: {', '.join(approved) or 'none'}"
        raise UsageError(f"{name}@{version} was never approved, so it cannot be reinstated", hint=hint)
    source = definition.status if is_working else Status.APPROVED
    if source is Status.APPROVED and state != "approved":
        source = Status.DEPRECATED
    content = skill_content(tree, name) if is_working else None
    request = _request(contents, name, Status.APPROVED, content.digest if content else known or "", source=source)
    request = replace(request, version=version, state=state, reason=wish.reason)
    before = offered.reinstated.get(version)
    if source is Status.APPROVED and before is not None and before.reason == wish.reason and known == request.digest:
        return Weighed(tree, contents, request, stands=True)
    if source is not Status.DEPRECATED:
        message = f"`--reason` is for reinstating a deprecated version, and {name}@{version} is {source}"
        raise UsageError(message, hint="leave `--reason` out")
    return Weighed(
        tree, contents, request, _uncommitted(repository.pending(f"skills/{name}"), name, content) if content else None
    )


def _stands(contents: Contents, name: str, goal: Status, content: Content) -> bool:
    """Whether the status is backed: `approved` written by hand is no approval."""
    version = contents.skills[name].definition.version
    return goal is not Status.APPROVED or contents.approved(name).get(version) == content.digest


def _unreadable(contents: Contents, name: str, goal: Status) -> Refusal:
    errors = errors_in(finding for finding in contents.findings if finding.skill == name)
    reasons = tuple(
        Reason("invalid", finding.message, f"{finding.file}:{finding.line}:{finding.column}", "readable", finding.hint)
        for finding in errors
    )
    return Refusal(name, "?", Status.DRAFT, goal, reasons)


def _standing(
    repository: Repository, tree: Tree, contents: Contents, name: str, today: str, named: str | None
) -> list[Finding]:
    """What `validate` finds of the skill in this commit, when each suppression has had its say."""

    def base() -> Tree | None:
        commit = base_of(repository, contents.policy.release_branch, named)
        return repository.tree(commit) if commit else None

    judgement, more = judged(tree, contents, name)
    found = Found([name], [*judgement.findings, *more], {name: judgement.ignores}, dict)
    # That an approved version has other content now is for the decision to say, which knows the versions.
    return [finding for finding in settled(found, tree, base, today) if finding.code != "SK412"]


def _request(
    contents: Contents,
    name: str,
    goal: Status,
    digest: str,
    gate: EffectiveGate | None = None,
    evidence: Evidence | Stale | None = None,
    errors: int = 0,
    is_released: bool = True,
    source: Status | None = None,
) -> Request:
    definition = contents.skills[name].definition
    suite = contents.suites.get(name)
    return Request(
        skill=name,
        version=definition.version,
        source=source or definition.status,
        target=goal,
        digest=digest,
        cases=len(suite.suite.counted) if suite else 0,
        findings=errors,
        gate=gate or policy.effective(contents.policy, name, definition.tags, goal),
        evidence=evidence,
        approved=contents.approved(name),
        state=contents.servings.get(name, Serving()).state(definition.version)[0],
        is_released=is_released,
    )


def _uncommitted(pending: Tree, name: str, content: Content) -> Reason | None:
    """What lies in the folder must be what is judged; the status alone may differ (a step that was interrupted)."""
    try:
        observed = skill_content(pending, name).digest
    except UsageError as problem:
        observed = problem.message
    if observed == content.digest:
        return None
    message = f"`skills/{name}` has changes that are not committed"
    hint = f"commit them (`git add skills/{name} && git commit`), or put them back"
    return Reason("uncommitted", message, promotion.short(observed), promotion.short(content.digest), hint)
