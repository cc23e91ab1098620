"""Proof: an approval that production has not yet → everything to bring up, or why it may not be.

Nothing is believed that can be looked up: the files are hashed again, the definition is read again, and the evidence is
asked again whether it satisfies the policy that held where the approval came in.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from skillctl.domain import canonical, digest, policy, promotion, skill
from skillctl.domain.approval import Statement, path_of
from skillctl.domain.digest import Content, Unmeasurable
from skillctl.domain.finding import Finding
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import Policy
from skillctl.domain.promotion import Reason
from skillctl.domain.skill import Skill
from skillctl.domain.tree import TreeFile, folders_for
from skillctl.workflows.aids import in_turn
from skillctl.workflows.eval_ports import Executor, Signatures
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.roll import Brought, Known, Roll, roll_of
from skillctl.workflows.stated import bytes_of, content_of

S = TypeVar("S")
T = TypeVar("T")
_RESTORE = "an approval is never edited: restore it from Git"


class Bundle(Struct, frozen=True):
    """Everything production needs of one version: its blobs by SHA-256, and what `apply_release` is told.

    `files` are path, mode and SHA-256 of each.
    """

    blobs: Mapping[str, bytes]
    publish: Mapping[str, Any]
    files: tuple[tuple[str, str, str], ...]


class Ground(Struct, frozen=True):
    """What held where an approval came in: the policy of its base, and the digest of each suite beside it."""

    policy: Policy | None
    suites: Mapping[str, str]


def prove(
    repository: Repository,
    signatures: Signatures,
    commit: str,
    statements: Sequence[Statement],
    known: Known,
    brought: Brought,
) -> Mapping[tuple[str, str], Bundle | Finding]:
    """A bundle, or the finding that refuses it, for each approval, by skill and version.

    `known` are all approvals that there are of these skills, `brought` is what came in below `approvals`.
    """
    if not statements:
        return {}
    grounds = grounds_of(repository, commit, statements, brought)
    gates = [gate for ground in grounds.values() if ground.policy for gate in ground.policy.gates]
    # Where neither is asked, what was approved before does not matter.
    asks = any(gate.approvals or gate.tags for gate in gates)
    roll = roll_of(repository, signatures, commit, known, brought) if asks else None
    return prove_each(repository, statements, grounds, roll)


def prove_each(
    repository: Repository,
    statements: Sequence[Statement],
    grounds: Mapping[tuple[str, str], Ground],
    roll: Roll | None,
    each: Executor = in_turn,
) -> Mapping[tuple[str, str], Bundle | Finding]:
    """As `prove`, on grounds that are known; without a roll only where no policy asks for approvals, or by tags."""
    before = [one for said in statements if (one := roll.before(said) if roll else None)]
    blobs = repository.blobs(one.digest.git_blob for said in (*statements, *before) for one in said.subject)

    def proved(statement: Statement) -> tuple[tuple[str, str], Bundle | Finding]:
        return key_of(statement), _proved(statement, blobs, grounds[key_of(statement)], roll)

    # Joined with the files here: what another process proved need not send them back.
    of = {key_of(said): {one.digest.sha256: one.digest.git_blob for one in said.subject} for said in statements}
    return {
        key: replace(proof, blobs={**proof.blobs, **{name: blobs[git] for name, git in of[key].items()}})
        if isinstance(proof, Bundle)
        else proof
        for key, proof in each(proved, statements)
    }


def key_of(statement: Statement) -> tuple[str, str]:
    """The skill and version that an approval is of."""
    return statement.predicate.skill, statement.predicate.version


def grounds_of(
    repository: Repository, commit: str, statements: Iterable[Statement], brought: Brought, each: Executor = in_turn
) -> Mapping[tuple[str, str], Ground]:
    """The ground of each approval; one that came in with the first commit has its policy from there."""
    together: dict[tuple[str, str | None], list[tuple[str, str]]] = defaultdict(list)
    for statement in statements:
        together[brought.get(path_of(*key_of(statement)), (commit, None))].append(key_of(statement))
    policies = policies_of(repository, {base or origin for origin, base in together})

    def suites(place: tuple[str, str | None]) -> tuple[tuple[str, str | None], dict[str, list[TreeFile]]]:
        return place, _suites(repository.tree(place[0]), {name for name, _ in together[place]})

    entries = dict(each(suites, list(together)))
    blobs = repository.blobs(one.blob for of in entries.values() for files in of.values() for one in files)
    grounds: dict[tuple[str, str], Ground] = {}
    for (origin, base), keys in together.items():
        digests = _digests(entries[origin, base], blobs)
        grounds |= {key: Ground(policies[base or origin], digests) for key in keys}
    return grounds


def policies_of(repository: Repository, commits: set[str]) -> dict[str, Policy | None]:
    """The policy of each commit; None where it cannot be read."""
    texts = repository.blobs(f"{commit}:{policy.FILE_NAME}" for commit in sorted(commits))
    by_text = {text: policy.read(text)[0] for text in set(texts.values())}
    found = {commit: texts.get(f"{commit}:{policy.FILE_NAME}") for commit in commits}
    return {commit: Policy() if text is None else by_text[text] for commit, text in found.items()}


def _suites(tree: Tree, names: set[str]) -> dict[str, list[TreeFile]]:
    """The files of these skills' suites."""
    by_name: dict[str, list[TreeFile]] = defaultdict(list)
    for entry in tree.files(*folders_for(names, "evals")):
        by_name[entry.path.split("/")[1]].append(entry)
    return {name: by_name[name] for name in names & by_name.keys()}


def _digests(entries: Mapping[str, Sequence[TreeFile]], blobs: Mapping[str, bytes]) -> dict[str, str]:
    digests = {}
    for name, files in entries.items():
        contents = {one.path: blobs[one.blob] for one in files if one.mode != "160000" and one.blob in blobs}
        try:
            digests[name] = digest.measure_suite(f"evals/{name}", files, contents).digest
        except Unmeasurable:
            continue
    return digests


def _proved(statement: Statement, blobs: Mapping[str, bytes], ground: Ground, roll: Roll | None) -> Bundle | Finding:
    def refused(code: str, message: str, hint: str) -> Finding:
        name, version = key_of(statement)
        return Finding(code, f"{name}@{version}: {message}", path_of(name, version), skill=name, hint=hint)

    missing = [subject.name for subject in statement.subject if subject.digest.git_blob not in blobs]
    if missing:
        return refused("SK404", f"the bytes of `{missing[0]}` are not in this clone", "run `git fetch --unshallow`")
    try:
        raw = bytes_of(statement, blobs)
        read_skill, findings = _read(statement, raw)
        content = content_of(statement, raw, None if findings else read_skill.document)
    except Unmeasurable as problem:
        return refused("SK405", str(problem), _RESTORE)
    if content.digest != statement.predicate.digest:
        return refused("SK405", "the files listed do not give the digest approved", _RESTORE)
    if findings:
        return refused("SK405", f"it approves what cannot be read: {findings[0].message}", _RESTORE)
    if read_skill.definition.status is not Status.APPROVED:
        return refused("SK405", f"the definition it lists says `{read_skill.definition.status}`", _RESTORE)
    tags = roll.tags(statement, blobs) if roll is not None else frozenset(read_skill.definition.tags)
    for why in _doubts(statement, read_skill, ground, tags):
        return refused("SK406", why, f"run `skillctl promote {read_skill.name}` on what was measured")
    if roll is not None and roll.raw(statement) != statement.text().encode():
        return refused(
            "SK405", "it is not written as `skillctl` writes it, so others may read something else", _RESTORE
        )
    if roll is not None and ground.policy is not None:
        for reason in roll.quorum(statement, ground.policy, blobs).reasons():
            return refused("SK406", told(reason), reason.hint or _RESTORE)
    return _packed(statement, content, read_skill)


def _read(statement: Statement, raw: Mapping[str, bytes]) -> tuple[Skill, list[Finding]]:
    folder = f"skills/{statement.predicate.skill}"
    texts = {path.removeprefix(folder + "/"): value for path, value in raw.items()}
    return skill.read(folder, texts, frozenset(subject.name for subject in statement.subject))


def _doubts(statement: Statement, approved: Skill, ground: Ground, tags: frozenset[str]) -> Iterator[str]:
    """Why the evidence does not carry this approval, the first doubt first."""
    said, evidence = statement.predicate, statement.predicate.evidence
    if (approved.name, approved.definition.version) != key_of(statement):
        yield f"it lists the files of {approved.id}"
    if (evidence.skill, evidence.version, evidence.skill_digest) != (said.skill, said.version, said.digest):
        yield "its evidence is of something else"
    if ground.policy is None:
        yield "the policy it came in under cannot be read"
        return
    gate = policy.effective(ground.policy, said.skill, tags, Status.APPROVED)
    if not gate.digest == evidence.policy_digest == said.policy_digest:
        yield "its evidence was measured under another policy than it came in under"
    if ground.suites.get(said.skill) != evidence.suite_digest:
        yield "its evidence is of another suite than lay beside it"
    for reason in promotion.unsatisfied(evidence, gate):
        yield told(reason)


def told(reason: Reason) -> str:
    """A reason as one sentence."""
    return f"{reason.message}: observed {reason.observed}, required {reason.required}"


def _packed(statement: Statement, content: Content, approved: Skill) -> Bundle:
    """All but the files themselves."""
    said, span = statement.predicate, content.status_span
    definition = next(file for file in content.files if file.path == content.definition)
    assert span is not None
    record = statement.record()
    evidence = canonical.text(record["predicate"]["evidence"]).encode()
    approval = canonical.pretty(record).encode()
    blobs = {hashlib.sha256(part).hexdigest(): part for part in (content.manifest, evidence, approval)}
    publish = {
        "version": said.version,
        "digest": content.digest,
        "manifest": content.digest.removeprefix("sha256:"),
        "definition": {
            "path": content.definition,
            "sha256": definition.sha256,
            "status_span": [span.offset, span.length],
        },
        "evidence": hashlib.sha256(evidence).hexdigest(),
        "approval": hashlib.sha256(approval).hexdigest(),
        "card": approved.card,
        "card_sha256": canonical.sha256(approved.card),
    }
    files = tuple((one.name, one.annotations.mode, one.digest.sha256) for one in statement.subject)
    return Bundle(blobs, publish, files)
