"""What a commit says production must hold, judged: every approval checked against the bytes it lists."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skillctl.domain import canonical, digest, skill
from skillctl.domain.approval import Statement, path_of
from skillctl.domain.digest import Content, TreeFile, Unmeasurable
from skillctl.domain.evidence import Verdict
from skillctl.domain.finding import Finding
from skillctl.domain.policy import COUNTING_CLASSES
from skillctl.domain.release import Current, Desired, SkillState, VersionState
from skillctl.domain.serving import Serving
from skillctl.errors import UsageError
from skillctl.workflows.measure import skill_content
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.read import Contents, read_governed


@dataclass(frozen=True)
class Bundle:
    """Everything production needs of one version: its blobs by SHA-256, and what `apply_release` is told."""

    blobs: Mapping[str, bytes]
    publish: Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """A judged commit: each skill as production must hold it, and the bundles of versions it has not."""

    desired: Mapping[str, Desired]
    bundles: Mapping[tuple[str, str], Bundle]


def wanted(repository: Repository, commit: str, current: Current) -> Wanted:
    """Read a commit and judge it against what production holds; nothing of the working folder is looked at."""
    tree = repository.tree(commit)
    contents = read_governed(tree)
    blobs = _needed_blobs(repository, contents, current)
    desired: dict[str, Desired] = {}
    bundles: dict[tuple[str, str], Bundle] = {}
    for name in sorted({*contents.names, *contents.approvals}):
        problems = [finding for finding in contents.findings if finding.skill == name]
        for version in _unpublished(name, contents, current):
            bundle = _bundle(contents.approvals[name][version], blobs)
            if isinstance(bundle, Finding):
                problems.append(bundle)
            else:
                bundles[name, version] = bundle
        problems += _serving_problems(name, contents)
        problems += _working_problems(name, contents, tree)
        if problems or name in contents.approvals:
            desired[name] = _desired(name, contents, tuple(problems))
    return Wanted(desired, bundles)


def _unpublished(name: str, contents: Contents, current: Current) -> list[str]:
    held = current.skills.get(name)
    return [version for version in contents.approvals.get(name, {}) if held is None or version not in held.versions]


def _needed_blobs(repository: Repository, contents: Contents, current: Current) -> Mapping[str, bytes]:
    return repository.blobs(
        subject.digest.git_blob
        for name in contents.approvals
        for version in _unpublished(name, contents, current)
        for subject in contents.approvals[name][version].subject
    )


def _desired(name: str, contents: Contents, problems: tuple[Finding, ...]) -> Desired:
    serving = contents.servings.get(name, Serving())
    versions = {}
    for version, statement in contents.approvals.get(name, {}).items():
        state, retired = serving.state(version)
        notice = retired.model_dump(exclude_none=True) if retired else None
        versions[version] = VersionState(statement.predicate.digest, state, notice)
    working = contents.governed[name].definition.version if name in contents.governed else None
    in_work = working if working is not None and working != serving.serving and working not in versions else None
    return Desired(name, SkillState(serving.serving, versions), in_work, problems)


def _serving_problems(name: str, contents: Contents) -> Iterator[Finding]:
    serving = contents.servings.get(name)
    if serving is None or serving.serving is None:
        return
    file = f"approvals/{name}/serving.yaml"
    if serving.serving not in contents.approvals.get(name, {}):
        message = f"{name}@{serving.serving} is served here, but was never approved"
        yield Finding("SK401", message, file, skill=name, hint=f"run `skillctl promote {name}`")
    elif serving.state(serving.serving)[0] in ("withdrawn", "revoked"):
        message = f"{name}@{serving.serving} is served and {serving.state(serving.serving)[0]} at once"
        yield Finding("SK403", message, file, skill=name, hint="serve another approved version, or none")


def _working_problems(name: str, contents: Contents, tree: Tree) -> Iterator[Finding]:
    """The folder's version, where it is approved, must be the bytes that were approved; nobody approves by hand."""
    found = contents.governed.get(name)
    if found is None:
        if name in contents.approvals and name not in contents.names:
            message = f"the folder `skills/{name}` is gone, but its approvals are not"
            hint = f"restore it, or withdraw its versions in `approvals/{name}/serving.yaml` and keep the folder"
            yield Finding("SK410", message, f"approvals/{name}", skill=name, hint=hint)
        return
    definition, place = found.definition, found.document.place(("status",))
    statement = contents.approvals.get(name, {}).get(definition.version)
    if statement is None:
        if definition.status.value in ("approved", "deprecated"):
            message = f"{name}@{definition.version} says `{definition.status}`, but nothing approved it"
            hint = f"write `status: draft`, then run `skillctl promote {name}`"
            yield Finding("SK208", message, found.document.file, place.line, place.column, name, hint)
        return
    if not _is_approved_content(statement, contents.entries[f"skills/{name}"], tree, name):
        message = f"{name}@{definition.version} has other content than was approved under that version"
        hint = "put the content back, and open a new version with `skillctl revise`"
        yield Finding("SK412", message, found.document.file, 1, 1, name, hint)


def _is_approved_content(statement: Statement, entries: list[TreeFile], tree: Tree, name: str) -> bool:
    """Compared by Git's object ids first; only where the definition's bytes differ must the digest be taken."""
    listed = {subject.name: (subject.annotations.mode, subject.digest.git_blob) for subject in statement.subject}
    present = {entry.path.removeprefix(f"skills/{name}/"): (entry.mode, entry.blob) for entry in entries}
    if listed == present:
        return True
    if {path for path in listed.keys() | present.keys() if listed.get(path) != present.get(path)} - set(
        skill.DEFINITION_NAMES
    ):
        return False
    try:
        return skill_content(tree, name).digest == statement.predicate.digest
    except UsageError:
        return False


def _bundle(statement: Statement, blobs: Mapping[str, bytes]) -> Bundle | Finding:
    """What to bring up for a version, or why it may not be: the statement must be proved by the bytes it lists."""
    said = statement.predicate
    file = path_of(said.skill, said.version)

    def refused(code: str, message: str, hint: str) -> Finding:
        return Finding(code, f"{said.skill}@{said.version}: {message}", file, skill=said.skill, hint=hint)

    missing = [subject.name for subject in statement.subject if subject.digest.git_blob not in blobs]
    if missing:
        return refused("SK404", f"the bytes of `{missing[0]}` are not in this clone", "run `git fetch --unshallow`")
    try:
        content, raw = _content(statement, blobs)
    except Unmeasurable as problem:
        return refused("SK405", str(problem), "an approval is never edited: restore it from Git")
    if content.digest != said.digest:
        return refused("SK405", "the files listed do not give the digest approved", "restore the approval from Git")
    evidence = said.evidence
    subject = (evidence.skill, evidence.version, evidence.skill_digest, evidence.policy_digest)
    if subject != (said.skill, said.version, said.digest, said.policy_digest):
        return refused("SK406", "the evidence is of something else", f"run `skillctl eval {said.skill}`")
    if evidence.verdict is not Verdict.PASSED or evidence.evidence_class not in COUNTING_CLASSES:
        what = f"the evidence is {evidence.verdict}, {evidence.evidence_class}"
        return refused("SK406", what, f"run `skillctl eval {said.skill}`")
    return _packed(statement, content, raw)


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


def _packed(statement: Statement, content: Content, raw: Mapping[str, bytes]) -> Bundle:
    said = statement.predicate
    folder = f"skills/{said.skill}"
    read_skill, findings = skill.read(
        folder,
        {path.removeprefix(folder + "/"): value for path, value in raw.items()},
        frozenset(file.path for file in content.files),
    )
    if read_skill is None:
        return_file = path_of(said.skill, said.version)
        raise UsageError(f"`{return_file}` approves what cannot be read: {findings[0].message}")
    evidence, approval = canonical.text(said.evidence.record()).encode(), statement.text().encode()
    definition = next(file for file in content.files if file.path == content.definition)
    own = [content.manifest, evidence, approval]
    blobs = {hashlib.sha256(part).hexdigest(): part for part in own}
    blobs |= {file.sha256: raw[f"{folder}/{file.path}"] for file in content.files}
    span = content.status_span
    assert span is not None
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
        "card": read_skill.card,
        "card_sha256": canonical.sha256(read_skill.card),
    }
    return Bundle(blobs, publish)
