"""Proof: an approval that production has not yet → everything to bring up, or why it may not be.

Nothing is believed that can be looked up: the files are hashed again, the definition is read again, and the evidence is
asked again whether it satisfies the policy that held where the approval came in.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skillctl.domain import canonical, digest, policy, promotion, skill
from skillctl.domain.approval import Statement, path_of
from skillctl.domain.digest import Content, Unmeasurable
from skillctl.domain.finding import Finding
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import Policy
from skillctl.domain.skill import Skill
from skillctl.domain.tree import TreeFile
from skillctl.workflows.ports import Repository, Tree

#: Above so many skills at once, their suites are listed by their common folder.
_MANY = 100
_RESTORE = "an approval is never edited: restore it from Git"


@dataclass(frozen=True)
class Bundle:
    """Everything production needs of one version: its blobs by SHA-256, and what `apply_release` is told."""

    blobs: Mapping[str, bytes]
    publish: Mapping[str, Any]


@dataclass(frozen=True)
class Ground:
    """What held where approvals came in: the policy of their base, and the digest of each suite beside them."""

    policy: Policy | None
    suites: Mapping[str, str]


def prove(
    repository: Repository, commit: str, statements: Iterable[Statement]
) -> Mapping[tuple[str, str], Bundle | Finding]:
    """A bundle, or the finding that refuses it, for each approval, by skill and version."""
    asked = list(statements)
    if not asked:
        return {}
    blobs = repository.blobs(subject.digest.git_blob for statement in asked for subject in statement.subject)
    grounds = _grounds(repository, commit, asked)
    return {_key(statement): _proved(statement, blobs, grounds[_key(statement)]) for statement in asked}


def _key(statement: Statement) -> tuple[str, str]:
    return statement.predicate.skill, statement.predicate.version


def _grounds(repository: Repository, commit: str, statements: list[Statement]) -> Mapping[tuple[str, str], Ground]:
    """The ground of each approval; one that came in with the first commit has its policy from there."""
    brought = repository.introduced("approvals", commit)
    together: dict[tuple[str, str | None], list[Statement]] = defaultdict(list)
    for statement in statements:
        together[brought.get(path_of(*_key(statement)), (commit, None))].append(statement)
    grounds: dict[tuple[str, str], Ground] = {}
    for (origin, base), group in together.items():
        ground = _ground(repository.tree(base or origin), repository.tree(origin), {_key(one)[0] for one in group})
        grounds |= {_key(statement): ground for statement in group}
    return grounds


def _ground(base: Tree, origin: Tree, names: set[str]) -> Ground:
    texts = base.read(base.files(policy.FILE_NAME))
    held = policy.read(texts[policy.FILE_NAME])[0] if policy.FILE_NAME in texts else Policy()
    folders = [f"evals/{name}" for name in names] if len(names) <= _MANY else ["evals"]
    entries = origin.files(*folders)
    contents = origin.read(entries)
    by_name: dict[str, list[TreeFile]] = defaultdict(list)
    for entry in entries:
        by_name[entry.path.split("/")[1]].append(entry)
    suites = {}
    for name in names & by_name.keys():
        try:
            suites[name] = digest.measure_suite(f"evals/{name}", by_name[name], contents).digest
        except Unmeasurable:
            continue
    return Ground(held, suites)


def _proved(statement: Statement, blobs: Mapping[str, bytes], ground: Ground) -> Bundle | Finding:
    def refused(code: str, message: str, hint: str) -> Finding:
        name, version = _key(statement)
        return Finding(code, f"{name}@{version}: {message}", path_of(name, version), skill=name, hint=hint)

    missing = [subject.name for subject in statement.subject if subject.digest.git_blob not in blobs]
    if missing:
        return refused("SK404", f"the bytes of `{missing[0]}` are not in this clone", "run `git fetch --unshallow`")
    try:
        content, raw = _content(statement, blobs)
    except Unmeasurable as problem:
        return refused("SK405", str(problem), _RESTORE)
    if content.digest != statement.predicate.digest:
        return refused("SK405", "the files listed do not give the digest approved", _RESTORE)
    read_skill, findings = _read(statement, content, raw)
    if read_skill is None:
        return refused("SK405", f"it approves what cannot be read: {findings[0].message}", _RESTORE)
    if read_skill.definition.status is not Status.APPROVED:
        return refused("SK405", f"the definition it lists says `{read_skill.definition.status}`", _RESTORE)
    for why in _doubts(statement, read_skill, ground):
        return refused("SK406", why, f"run `skillctl promote {read_skill.name}` on what was measured")
    return _packed(statement, content, raw, read_skill)


def _content(statement: Statement, blobs: Mapping[str, bytes]) -> tuple[Content, dict[str, bytes]]:
    folder = f"skills/{statement.predicate.skill}"
    entries = [
        TreeFile(f"{folder}/{subject.name}", subject.annotations.mode, subject.digest.git_blob)
        for subject in statement.subject
    ]
    raw = {entry.path: blobs[entry.blob] for entry in entries}
    for subject in statement.subject:
        if hashlib.sha256(blobs[subject.digest.git_blob]).hexdigest() != subject.digest.sha256:
            raise Unmeasurable(f"`{subject.name}` does not hash to the `sha256` that the approval lists")
    return digest.measure_skill(folder, entries, raw), raw


def _read(statement: Statement, content: Content, raw: Mapping[str, bytes]) -> tuple[Skill | None, list[Finding]]:
    folder = f"skills/{statement.predicate.skill}"
    texts = {path.removeprefix(folder + "/"): value for path, value in raw.items()}
    return skill.read(folder, texts, frozenset(file.path for file in content.files))


def _doubts(statement: Statement, approved: Skill, ground: Ground) -> Iterator[str]:
    """Why the evidence does not carry this approval, the first doubt first."""
    said, evidence = statement.predicate, statement.predicate.evidence
    if (approved.name, approved.definition.version) != _key(statement):
        yield f"it lists the files of {approved.id}"
    if (evidence.skill, evidence.version, evidence.skill_digest) != (said.skill, said.version, said.digest):
        yield "its evidence is of something else"
    if ground.policy is None:
        yield "the policy it came in under cannot be read"
        return
    gate = policy.effective(ground.policy, said.skill, approved.definition.tags, Status.APPROVED)
    if not gate.digest == evidence.policy_digest == said.policy_digest:
        yield "its evidence was measured under another policy than it came in under"
    if ground.suites.get(said.skill) != evidence.suite_digest:
        yield "its evidence is of another suite than lay beside it"
    for reason in promotion.unsatisfied(evidence, gate):
        yield f"{reason.message}: observed {reason.observed}, required {reason.required}"


def _packed(statement: Statement, content: Content, raw: Mapping[str, bytes], approved: Skill) -> Bundle:
    said, span = statement.predicate, content.status_span
    definition = next(file for file in content.files if file.path == content.definition)
    assert span is not None
    evidence, approval = canonical.text(said.evidence.record()).encode(), statement.text().encode()
    blobs = {hashlib.sha256(part).hexdigest(): part for part in (content.manifest, evidence, approval)}
    blobs |= {file.sha256: raw[f"skills/{said.skill}/{file.path}"] for file in content.files}
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
    return Bundle(blobs, publish)
