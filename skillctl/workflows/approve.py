"""Approve: a person's signature over what an approval, or a suite, says, in a commit of its own.

Who signs is found by the key, among the people of the base; nothing else makes an identity.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from skillctl.domain import approval, policy, skill
from skillctl.domain.approval import Statement, last_before
from skillctl.domain.lifecycle import Status
from skillctl.domain.naming import known_skill, nearest
from skillctl.domain.policy import EffectiveGate, Policy
from skillctl.domain.promotion import Reason
from skillctl.domain.quorum import Quorum, quorum_of_suite
from skillctl.domain.tree import folders_of
from skillctl.errors import UsageError
from skillctl.workflows import stated
from skillctl.workflows.approvals import Base, Signed, Written, authors_of, quorum_of, signed, signed_suite, written_by
from skillctl.workflows.base import base_of
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.measure import suite_content
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.read import Unit, read_policy, read_unit
from skillctl.workflows.stated import listed


class Hand(Struct, frozen=True):
    """What signs, what verifies, and who it is said to be: the key must be theirs."""

    sign: Callable[[bytes, str], bytes]
    signatures: Signatures
    person: str | None = None


class Approved(Struct, frozen=True):
    """The signature lies in this commit; None if it did before. `suite` is the digest, where a suite was approved."""

    skill: str
    version: str
    suite: str | None
    person: str
    quorum: Quorum
    commit: str | None


class Unapproved(Struct, frozen=True):
    """Nothing was signed or committed, for each of these reasons."""

    skill: str
    version: str
    reasons: tuple[Reason, ...]


class _Sheet(Struct, frozen=True):
    """What is to be signed, where the signature goes, and whose lie there; `quorum` is told who signed."""

    version: str
    path_of: Callable[[str], str]
    raw: bytes
    namespace: str
    there: Signed
    quorum: Callable[[Iterable[str]], Quorum]
    suite: str | None = None


class _Ground(Struct, frozen=True):
    """HEAD, and the base that judges it: the commit (None before the first one), its policy, and the skill there."""

    repository: Repository
    head: str
    tree: Tree
    unit: Unit
    commit: str | None
    base: Base
    before: Unit

    def gate(self, *tags: Iterable[str]) -> EffectiveGate:
        """What the base asks of the version; a tag that is gone since then still has its gates."""
        more = [one.skill.definition.tags for one in (self.unit, self.before) if one.skill is not None]
        every = {tag for some in (*tags, *more) for tag in some}
        return policy.effective(self.base.policy, self.unit.name, every, Status.APPROVED)


def approve(repository: Repository, hand: Hand, name: str, version: str | None, *, today: str) -> Approved | Unapproved:
    """Sign the approval of a version, by default the working one, as HEAD has it; `today` is `YYYY-MM-DD`."""
    with repository.lock():
        head = repository.head()
        unit = _unit(repository.tree(head), name)
        wanted = version or _working(unit)
        statement = _stated(unit, wanted)
        ground = _ground(repository, head, unit, today, approval.path_of(name, wanted))
        stale = _stale(repository, unit, statement)
        if stale is not None:
            return Unapproved(name, wanted, (stale,))
        return _done(repository, hand, ground, _sheet_of(ground, hand, statement))


def approve_suite(repository: Repository, hand: Hand, name: str, *, today: str) -> Approved | Unapproved:
    """Sign the digest of a skill's suite as HEAD has it, so that it may be weaker than the one of the base."""
    with repository.lock():
        head = repository.head()
        tree = repository.tree(head)
        unit = _unit(tree, name)
        ground = _ground(repository, head, unit, today, None)
        suite = suite_content(tree, name).digest
        there = signed_suite(tree, hand.signatures, ground.base, name, suite)
        folders = [f"skills/{name}", f"evals/{name}"]
        authors = authors_of(repository, folders, Written(ground.commit, head))
        gate, people = ground.gate(), ground.base.policy.people
        sheet = _Sheet(
            _working(unit),
            lambda person: approval.suite_signature_path_of(name, suite, person),
            approval.suite_text(name, suite),
            approval.SUITE_NAMESPACE,
            there,
            lambda signers: quorum_of_suite(name, gate, people, authors, signers),
            suite,
        )
        return _done(repository, hand, ground, sheet)


def _sheet_of(ground: _Ground, hand: Hand, statement: Statement) -> _Sheet:
    name, version = statement.predicate.skill, statement.predicate.version
    path = approval.path_of(name, version)
    raw = ground.tree.read(ground.tree.files(path))[path]
    known = ground.before.approvals if ground.commit is not None else ground.unit.approvals
    before, repository = last_before(known, version), ground.repository
    blobs = repository.blobs(one.digest.git_blob for said in (before, statement) if said for one in said.subject)
    came = repository.introduced((f"approvals/{name}",), ground.commit or ground.head)
    since = came[approval.path_of(name, before.predicate.version)][0] if before is not None else None
    gate = ground.gate(*(listed(one, blobs)[0].definition.tags for one in (before, statement) if one is not None))
    written = written_by(repository, statement, since, ground.commit, ground.head)

    def asked(signers: Iterable[str]) -> Quorum:
        return quorum_of(repository, gate, ground.base, statement, signers, written, before, blobs)

    there = signed(ground.tree, hand.signatures, ground.base, statement, raw)
    return _Sheet(
        version,
        lambda person: approval.signature_path_of(name, version, person),
        raw,
        approval.NAMESPACE,
        there,
        asked,
    )


def _done(repository: Repository, hand: Hand, ground: _Ground, sheet: _Sheet) -> Approved | Unapproved:
    name = ground.unit.name
    if not sheet.quorum(sheet.there.signers).needed:
        reason = Reason("not-asked", "the policy asks for no approvals of it", "0 approvals", "0")
        return Unapproved(name, sheet.version, (reason,))
    made = hand.sign(sheet.raw, sheet.namespace)
    person = _person(hand, ground.base, sheet, made)
    if isinstance(person, Reason):
        return Unapproved(name, sheet.version, (person,))
    if person in sheet.there.signers:
        reached = sheet.quorum(sheet.there.signers)
        return Approved(name, sheet.version, sheet.suite, person, reached, None)
    reached = sheet.quorum({*sheet.there.signers, person})
    why = dict(reached.refused).get(person)
    if why is not None:
        others = ", ".join(reached.able) or "nobody else, as the policy is"
        reason = Reason("not-counted", f"`{person}` cannot approve it: {why}", person, f"one of: {others}")
        return Unapproved(name, sheet.version, (reason,))
    commit = repository.commit({sheet.path_of(person): made}, _message(name, person, sheet))
    return Approved(name, sheet.version, sheet.suite, person, reached, commit)


def _person(hand: Hand, base: Base, sheet: _Sheet, made: bytes) -> str | Reason:
    """Whose key made the signature, or why it is nobody's that counts."""
    people = base.policy.people
    if hand.person is not None and hand.person not in people:
        near = nearest(hand.person, people)
        hint = f"did you mean `{near}`?" if near else "the base is where the change left the release branch"
        raise UsageError(f"`{hand.person}` is nobody in `people` of the base", hint=hint)
    asked = {name: one for name, one in people.items() if hand.person in (None, name)}
    active = {name: one.keys_on(base.day) for name, one in asked.items()}
    found = hand.signatures.signer(sheet.raw, made, active, sheet.namespace)
    if found is not None:
        return found
    retired = {name: [key for key, _ in one.retired_on(base.day)] for name, one in asked.items()}
    found = hand.signatures.signer(sheet.raw, made, retired, sheet.namespace)
    required, hint = "a key of `people` of the base", "name another key with `--sign KEY`"
    if found is not None:
        days = ", ".join(day for _, day in people[found].retired_on(base.day))
        return Reason("retired-key", f"this key of `{found}` is retired", f"retired on {days}", required, hint)
    whose = f"not one of `{hand.person}`" if hand.person is not None else "nobody's"
    hint += ", or have it in `people` of `skillctl.yaml` first, in a change of its own"
    return Reason("unknown-key", f"the key is {whose} in `people` of the base", "another key", required, hint)


def _message(name: str, person: str, sheet: _Sheet) -> str:
    lines = [f"approve {name} {sheet.version} as {person}", "", f"Skill: {name}@{sheet.version}"]
    if sheet.suite is not None:
        lines = [f"approve the suite of {name} as {person}", "", f"Skill: {name}", f"Suite-Digest: {sheet.suite}"]
    return "\n".join([*lines, f"Approved-by: {person}"]) + "\n"


def _unit(tree: Tree, name: str) -> Unit:
    """All that a tree says of one skill, but for its suite."""
    known_skill(name, tree.names("skills"))
    return _unit_in(tree, name)


def _unit_in(tree: Tree, name: str) -> Unit:
    entries = {folder: tree.files(folder) for folder in folders_of(name)}
    definitions = {f"skills/{name}/{file}" for file in (*skill.DEFINITION_NAMES, skill.SHEET_NAME)}
    wanted = [
        one
        for files in entries.values()
        for one in files
        if one.path in definitions or one.path.endswith(f"/{approval.FILE_NAME}")
    ]
    return read_unit(name, entries, tree.read(wanted), tree.unreadable)


def _working(unit: Unit) -> str:
    if unit.skill is None or not unit.is_whole:
        raise UsageError(f"`{unit.name}` cannot be read", hint=f"run `skillctl validate {unit.name}`")
    return unit.skill.definition.version


def _stated(unit: Unit, version: str) -> Statement:
    """The approval of a version; UsageError where there is none that could be signed."""
    statement = unit.approvals.get(version)
    if statement is not None:
        return statement
    path = approval.path_of(unit.name, version)
    for finding in unit.findings:
        if finding.file == path:
            raise UsageError(f"{path}: {finding.message}", hint=finding.hint)
    hint = f"run `skillctl promote {unit.name} --to approved` on a branch first, which states what is to be approved"
    raise UsageError(f"there is no `{path}` in HEAD to sign", hint=hint)


def _stale(repository: Repository, unit: Unit, statement: Statement) -> Reason | None:
    """Why an approval is not of the bytes that are there."""
    is_working = unit.skill is not None and unit.skill.definition.version == statement.predicate.version
    why = stated.change(statement, unit.entries[f"skills/{unit.name}"]) if is_working else None
    why = why or stated.doubt(statement, repository.blobs(one.digest.git_blob for one in statement.subject))
    if why is None:
        return None
    hint = f"have it stated anew: `skillctl promote {unit.name} --to approved` on what is there now"
    return Reason("stale-approval", f"the approval is stale: {why}", "other bytes", "those that it lists", hint)


def _ground(repository: Repository, head: str, unit: Unit, today: str, path: str | None) -> _Ground:
    """What judges HEAD; for an approval that the release branch has already, what was before that came in."""
    tree = repository.tree(head)
    own = _policy(tree)
    commit = base_of(repository, own.release_branch)
    if commit is None and repository.parent(head) is not None:
        hint = f"run `git fetch origin {own.release_branch}`"
        raise UsageError(f"this clone knows no branch `{own.release_branch}`, which says who may approve", hint=hint)
    if path is not None and commit is not None:
        origin, parent = repository.introduced((f"approvals/{unit.name}",), head).get(path, (head, commit))
        if repository.is_ancestor(origin, commit):
            commit = parent
    if commit is None:
        return _Ground(repository, head, tree, unit, None, Base(own, today), unit)
    older = repository.tree(commit)
    before = _unit_in(older, unit.name)
    return _Ground(repository, head, tree, unit, commit, Base(_policy(older), today), before)


def _policy(tree: Tree) -> Policy:
    """The policy of a tree; UsageError where it cannot be read, for then nobody can say who may approve."""
    found, findings = read_policy(tree.read(tree.files(policy.FILE_NAME)))
    if findings:
        first = findings[0]
        raise UsageError(f"{first.file}:{first.line}:{first.column} {first.message}", hint="run `skillctl validate`")
    return found
