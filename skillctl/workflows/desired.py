"""What a commit says production must hold, judged: every approval checked against the bytes it lists."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from skillctl.domain import skill
from skillctl.domain.approval import Statement
from skillctl.domain.conflicts import folder_is_gone, other_content
from skillctl.domain.finding import Finding
from skillctl.domain.policy import Policy
from skillctl.domain.production import Current, SkillState, VersionState
from skillctl.domain.release import Desired
from skillctl.domain.serving import Serving
from skillctl.domain.tree import POLICY_FILE, TreeFile, folders_for
from skillctl.errors import UsageError
from skillctl.workflows.aids import Aids
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.measure import skill_content
from skillctl.workflows.ports import OfferMemory, Repository, Tree
from skillctl.workflows.proof import Bundle, prove
from skillctl.workflows.read import Contents, govern, listed, read_approved, read_policy
from skillctl.workflows.stated import change


class Wanted(Struct, frozen=True):
    """A judged commit: each skill as production must hold it, the bundles of versions it has not, the approvals of the
    skills that it has otherwise, by skill and version, and its policy.
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
    aids: Aids | None = None,
) -> Wanted:
    """Read a commit and judge it against what production holds; nothing of the working folder is looked at.

    `faults` are what was found of a skill before, and stop it like what is found here. What production holds already
    as this commit was once seen to say is not read again.
    """
    faults, aids = faults or {}, aids or Aids()
    keys = _keys(repository, commit)
    known = _still_known(aids.memory.known() if aids.memory else {}, keys, current, faults)
    tree = repository.tree(commit)
    names = sorted({*keys.keys() - known.keys(), *faults})
    came = aids.meanwhile(lambda: repository.introduced(folders_for(names, "approvals"), commit) if names else {})
    units = listed(tree, frozenset(names), "skills", "approvals")
    brought = came()

    def part(some: Sequence[str]) -> _Part:
        contents = read_approved(tree, {name: units[name] for name in some if name in units})
        asked = [
            statement
            for name, of in contents.approvals.items()
            for version, statement in of.items()
            if version not in _held(name, current)
        ]
        proofs = prove(repository, signatures, commit, asked, contents.approvals, brought)
        govern(contents, tree, [name for name in contents.names if not _is_proved(name, contents, proofs)])
        return _judged(some, tree, contents, proofs, faults, current)

    parts = list(aids.parts(part, names))
    fresh = {name: one for done in parts for name, one in done.desired.items()}
    if aids.memory and fresh:
        _remember(aids.memory, keys, known, fresh)
    desired = {name: one for name, one in sorted({**known, **fresh}.items()) if one is not None}
    bundles = {key: bundle for done in parts for key, bundle in done.bundles.items()}
    approvals = {name: of for done in parts for name, of in done.approvals.items()}
    return Wanted(desired, bundles, approvals, read_policy(tree.read(tree.files(POLICY_FILE)))[0])


def _is_proved(name: str, contents: Contents, proofs: Mapping[tuple[str, str], Bundle | Finding]) -> bool:
    """Whether the folder is just what was proved of one of its versions, so that its definition was read there."""
    return any(
        isinstance(proofs.get((name, version)), Bundle)
        and change(statement, contents.entries[f"skills/{name}"]) is None
        for version, statement in contents.approvals.get(name, {}).items()
    )


class _Part(Struct, frozen=True):
    """What was found of some skills; None of one of which nothing was approved."""

    desired: Mapping[str, Desired | None]
    bundles: Mapping[tuple[str, str], Bundle]
    approvals: Mapping[str, Mapping[str, Statement]]


def _judged(
    names: Sequence[str],
    tree: Tree,
    contents: Contents,
    proofs: Mapping[tuple[str, str], Bundle | Finding],
    faults: Mapping[str, tuple[Finding, ...]],
    current: Current,
) -> _Part:
    desired: dict[str, Desired | None] = {}
    folders = frozenset(contents.names)
    there = {*folders, *contents.approvals, *faults}
    for name in (one for one in names if one in there):
        problems = [finding for finding in contents.findings if finding.skill == name]
        problems += faults.get(name, ())
        refused = (proofs.get((name, version)) for version in contents.approvals.get(name, {}))
        problems += [proof for proof in refused if isinstance(proof, Finding)]
        problems += _serving_problems(name, contents)
        if name in contents.approvals and name not in folders:
            problems.append(folder_is_gone(name))
        problems += _working_problems(name, contents, tree)
        is_told = problems or name in contents.approvals
        desired[name] = _desired(name, contents, tuple(problems)) if is_told else None
    bundles = {key: proof for key, proof in proofs.items() if isinstance(proof, Bundle)}
    # Of ten thousand that are new to production, or are there as they should be, these would fill much memory.
    other = {name for name, one in desired.items() if one and _is_other(one, current)}
    return _Part(desired, bundles, {name: of for name, of in contents.approvals.items() if name in other})


def _is_other(desired: Desired, current: Current) -> bool:
    return current.skills.get(desired.skill, desired.state) != desired.state


def _keys(repository: Repository, commit: str) -> Mapping[str, str]:
    """For each skill what names all that a release sees of it: the objects of its two folders."""
    skills, approvals = repository.folders(commit, "skills"), repository.folders(commit, "approvals")
    return {
        name: f"{name} {skills.get(name, '-')} {approvals.get(name, '-')}"
        for name in sorted(skills.keys() | approvals.keys())
    }


def _still_known(
    rows: Mapping[str, list[Any] | None], keys: Mapping[str, str], current: Current, faults: Collection[str]
) -> dict[str, Desired | None]:
    """Those judged before that production holds just so; None of one of which nothing was approved.

    Of what production lacks, or holds otherwise, nothing is believed that is only remembered.
    """
    known: dict[str, Desired | None] = {}
    for name, key in keys.items():
        if key not in rows or name in faults:
            continue
        row = rows[key]
        if row is None:
            known[name] = None
            continue
        serving, versions, in_work = row
        held = current.skills.get(name)
        if held is not None and (held.serving, _states(held)) == (serving, versions):
            # The same object, so that it is quickly found to be the same.
            known[name] = Desired(name, held, in_work)
    return known


def _states(state: SkillState) -> dict[str, list[Any]]:
    """How each version stands, as it is remembered."""
    return {version: [of.digest, of.state, of.notice] for version, of in state.versions.items()}


def _remember(
    memory: OfferMemory,
    keys: Mapping[str, str],
    known: Mapping[str, Desired | None],
    fresh: Mapping[str, Desired | None],
) -> None:
    """Keep what has no problem: of what has one, somebody wants to hear again."""
    rows: dict[str, list[Any] | None] = {}
    for name, one in {**known, **fresh}.items():
        if name not in keys or (one is not None and one.problems):
            continue
        row = None
        if one is not None:
            row = [one.state.serving, _states(one.state), one.working]
        rows[keys[name]] = row
    memory.keep(rows)


def _held(name: str, current: Current) -> Mapping[str, VersionState]:
    held = current.skills.get(name)
    return held.versions if held is not None else {}


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
        return
    definition, place = found.definition, found.status
    statement = contents.approvals.get(name, {}).get(definition.version)
    if statement is None:
        if definition.status.value in ("approved", "deprecated"):
            message = f"{name}@{definition.version} says `{definition.status}`, but nothing approved it"
            hint = f"write `status: draft`, then run `skillctl promote {name}`"
            yield Finding("SK208", message, found.file, place.line, place.column, name, hint)
        return
    if not _is_approved_content(statement, contents.entries[f"skills/{name}"], tree, name):
        yield other_content(name, definition.version, found.file)


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
