"""What a commit says production must hold, judged: every approval checked against the bytes it lists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from skillctl.domain import skill
from skillctl.domain.approval import Statement
from skillctl.domain.conflicts import folder_is_gone, other_content
from skillctl.domain.finding import Finding
from skillctl.domain.policy import Policy
from skillctl.domain.production import Current, SkillState, VersionState
from skillctl.domain.release import Desired
from skillctl.domain.serving import Serving
from skillctl.domain.tree import TreeFile
from skillctl.errors import UsageError
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.measure import skill_content
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.proof import Bundle, prove
from skillctl.workflows.read import Contents, read_governed


@dataclass(frozen=True)
class Wanted:
    """A judged commit: each skill as production must hold it, the bundles of versions it has not, its approvals by
    skill and version, and its policy.
    """

    desired: Mapping[str, Desired]
    bundles: Mapping[tuple[str, str], Bundle]
    approvals: Mapping[str, Mapping[str, Statement]]
    policy: Policy


def wanted(
    repository: Repository,
    signatures: Signatures,
    commit: str,
    current: Current,
    faults: Mapping[str, tuple[Finding, ...]] | None = None,
) -> Wanted:
    """Read a commit and judge it against what production holds; nothing of the working folder is looked at.

    `faults` are what was found of a skill before, and stop it like what is found here.
    """
    tree = repository.tree(commit)
    contents = read_governed(tree)
    lacking = {name: _unpublished(name, contents, current) for name in contents.approvals}
    asked = [contents.approvals[name][version] for name in lacking for version in lacking[name]]
    proofs = prove(repository, signatures, commit, asked, contents.approvals)
    desired: dict[str, Desired] = {}
    for name in sorted({*contents.names, *contents.approvals, *(faults or {})}):
        problems = [finding for finding in contents.findings if finding.skill == name]
        problems += (faults or {}).get(name, ())
        refused = (proofs[name, version] for version in lacking.get(name, ()))
        problems += [proof for proof in refused if isinstance(proof, Finding)]
        problems += _serving_problems(name, contents)
        problems += _working_problems(name, contents, tree)
        if problems or name in contents.approvals:
            desired[name] = _desired(name, contents, tuple(problems))
    bundles = {key: proof for key, proof in proofs.items() if isinstance(proof, Bundle)}
    return Wanted(desired, bundles, contents.approvals, contents.policy)


def _unpublished(name: str, contents: Contents, current: Current) -> list[str]:
    held = current.skills.get(name)
    return [version for version in contents.approvals.get(name, {}) if held is None or version not in held.versions]


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
            yield folder_is_gone(name)
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
        yield other_content(name, definition.version, found.document.file)


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
