"""Promote: skill + evidence + policy → one commit that takes the step, or every reason against it."""

from dataclasses import dataclass, replace

from skillctl.domain import approval, lifecycle, policy, promotion, serving
from skillctl.domain.definition_text import rewritten
from skillctl.domain.digest import Content, Unmeasurable, measure_skill
from skillctl.domain.evidence import Evidence, Stale, find
from skillctl.domain.finding import Finding, errors_in
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.promotion import Promotion, Reason, Refusal, Request
from skillctl.domain.serving import Serving
from skillctl.domain.tree import TreeFile
from skillctl.errors import UsageError
from skillctl.workflows.base import base_of
from skillctl.workflows.eval_ports import EvidenceStore, Signatures
from skillctl.workflows.ground import ground_of
from skillctl.workflows.judge import judged
from skillctl.workflows.measure import skill_content
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.read import Contents, read
from skillctl.workflows.trust import Choice
from skillctl.workflows.validate import Found, settled


@dataclass(frozen=True)
class Promoted:
    """The step was taken by this commit; None if it had been taken before."""

    promotion: Promotion
    commit: str | None


@dataclass(frozen=True)
class Proofs:
    """Where evidence is kept, what verifies signatures, and what runs scripts here."""

    store: EvidenceStore
    signatures: Signatures
    scripts: str


def promote(
    repository: Repository, proofs: Proofs, name: str, target: Status | None, *, today: str
) -> Promoted | Refusal:
    """Take a committed skill one step further; `target` None means the next step, `today` is `YYYY-MM-DD`.

    A run that was killed is finished by running it again: every file it writes is a function of its inputs.
    """
    with repository.lock():
        head = repository.head()
        tree = repository.tree(head)
        contents = read(tree)
        contents.known(name)
        skill = contents.skills.get(name)
        if skill is None:
            return _unreadable(contents, name, target or Status.CANDIDATE)
        definition = skill.definition
        goal = target or lifecycle.next_by_promotion(definition.status) or Status.APPROVED
        content = skill_content(tree, name)
        if goal is definition.status and _stands(contents, name, goal, content):
            step = Promotion(name, definition.version, definition.status, definition.status, content.digest, None)
            return Promoted(step, None)
        errors = errors_in(_standing(repository, tree, contents, name, today))
        gate, evidence = policy.effective(contents.policy, name, definition.tags, goal), None
        if goal is Status.APPROVED and name in contents.suites:
            ground = ground_of(repository, proofs.signatures, tree, contents, name, Choice(proofs.scripts))
            gate, evidence = ground.gate, find(proofs.store.of(name), ground.subject)
        request = _request(contents, name, goal, content, gate, evidence, len(errors))
        decision = promotion.decide(request)
        loose = _uncommitted(repository, name, content)
        if loose is not None:
            reasons = (loose, *(decision.reasons if isinstance(decision, Refusal) else ()))
            return Refusal(name, request.version, request.source, goal, reasons)
        if isinstance(decision, Refusal):
            return decision
        files = _files(repository, tree, contents, decision)
        return Promoted(decision, repository.commit(files, _message(decision)))


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


def _standing(repository: Repository, tree: Tree, contents: Contents, name: str, today: str) -> list[Finding]:
    """What `validate` finds of the skill in this commit, when each suppression has had its say."""

    def base() -> Tree | None:
        commit = base_of(repository, contents.policy.release_branch)
        return repository.tree(commit) if commit else None

    judgement, more = judged(tree, contents, name)
    found = Found([name], [*judgement.findings, *more], {name: judgement.ignores}, dict)
    # That an approved version has other content now is for the decision to say, which knows the versions.
    return [finding for finding in settled(found, tree, base, today) if finding.code != "SK412"]


def _request(
    contents: Contents,
    name: str,
    goal: Status,
    content: Content,
    gate: EffectiveGate,
    evidence: Evidence | Stale | None,
    errors: int,
) -> Request:
    definition = contents.skills[name].definition
    suite = contents.suites.get(name)
    return Request(
        skill=name,
        version=definition.version,
        source=definition.status,
        target=goal,
        digest=content.digest,
        cases=len(suite.suite.counted) if suite else 0,
        findings=errors,
        gate=gate,
        evidence=evidence,
        approved=contents.approved(name),
    )


def _uncommitted(repository: Repository, name: str, content: Content) -> Reason | None:
    """What lies in the folder must be what is judged; the status alone may differ (a step that was interrupted)."""
    try:
        observed = skill_content(repository.pending(f"skills/{name}"), name).digest
    except UsageError as problem:
        observed = problem.message
    if observed == content.digest:
        return None
    message = f"`skills/{name}` has changes that are not committed"
    hint = f"commit them (`git add skills/{name} && git commit`), or put them back"
    return Reason("uncommitted", message, promotion.short(observed), promotion.short(content.digest), hint)


def _files(repository: Repository, tree: Tree, contents: Contents, step: Promotion) -> dict[str, bytes]:
    skill = contents.skills[step.skill]
    path = skill.document.file
    entries = {entry.path: entry for entry in contents.entries[skill.folder]}
    raw = dict(tree.read(entries.values()))
    raw[path] = rewritten(raw[path], {"status": step.target.value}, path)
    files = {path: raw[path]}
    if step.target is Status.APPROVED and step.evidence is not None:
        entries[path] = replace(entries[path], blob=repository.hash_blob(raw[path]))
        content = _measured(skill.folder, list(entries.values()), raw)
        authors = repository.authors(skill.folder, _last_approval(repository, step.skill))
        statement = approval.state(content, step.evidence, authors)
        files[approval.path_of(step.skill, step.version)] = statement.text().encode()
        offered = contents.servings.get(step.skill, Serving()).offers(step.version)
        files[serving.path_of(step.skill)] = serving.write(offered)
    return files


def _last_approval(repository: Repository, name: str) -> str | None:
    """The commit that brought in the newest approval of a skill: what came after it is what is approved now."""
    brought = repository.introduced(f"approvals/{name}", repository.head())
    return next((commit for path, (commit, _) in brought.items() if path.endswith(approval.FILE_NAME)), None)


def _measured(folder: str, entries: list[TreeFile], raw: dict[str, bytes]) -> Content:
    try:
        return measure_skill(folder, entries, raw)
    except Unmeasurable as problem:
        raise UsageError(str(problem)) from None


def _message(step: Promotion) -> str:
    lines = [
        f"promote {step.skill} {step.version} to {step.target}",
        "",
        f"Skill: {step.skill}@{step.version}",
        f"Promotion: {step.source} -> {step.target}",
        f"Skill-Digest: {step.digest}",
    ]
    if step.evidence is not None:
        lines.append(f"Evidence: sha256:{step.evidence.digest}")
    return "\n".join(lines) + "\n"
