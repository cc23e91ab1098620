"""Diff: two versions of a skill, approved ones or those in work → what is other."""

from collections.abc import Mapping

from msgspec import Struct

from skillctl.domain import digest, skill
from skillctl.domain import version as versions
from skillctl.domain.approval import Statement
from skillctl.domain.difference import Difference, File, Version, between
from skillctl.domain.digest import Unmeasurable
from skillctl.domain.naming import known_skill
from skillctl.domain.tree import FILE_MODES, TreeFile, folders_of
from skillctl.errors import Unreachable, UsageError
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.read import Unit, read_unit, units_of

#: What may stand for a version beside an approved one: the folder as it lies, and the commit that is checked out.
WORKING, HEAD = "working", "HEAD"


class Compared(Struct, frozen=True):
    """Two versions, each by its label, and what is other in the second one."""

    before: str
    after: str
    difference: Difference


def diff(repository: Repository, name: str, before: str | None, after: str | None) -> Compared:
    """Compare two versions: what is served where `before` is None, the working folder where `after` is.

    UsageError where one of them is not known, or cannot be read.
    """
    working = repository.pending(*folders_of(name))
    known_skill(name, sorted({*working.names("skills"), *working.names("approvals")}))
    unit, texts = _unit(working, name)
    first = before or _served(unit, name)
    sides = [_version(repository, unit, texts, word) for word in (first, after or WORKING)]
    return Compared(sides[0].label, sides[1].label, between(*sides))


def _served(unit: Unit, name: str) -> str:
    if unit.serving is None or unit.serving.serving is None:
        hint = f"name what to compare with: `skillctl diff {name} {HEAD}`"
        raise UsageError(f"nothing of `{name}` is served yet", hint=hint)
    return unit.serving.serving


def _version(repository: Repository, unit: Unit, texts: Mapping[str, bytes], word: str) -> Version:
    name = unit.name
    if word == WORKING:
        return _in_work(unit, texts, "the working folder")
    if word == HEAD:
        return _in_work(*_unit(repository.tree(repository.head()), name), HEAD)
    version = word.removeprefix(f"{name}@")
    if version not in unit.approvals:
        known = [*versions.ordered(unit.approvals), HEAD, WORKING]
        hint = f"known are {', '.join(f'`{one}`' for one in known)}"
        raise UsageError(f"`{word}` is no approved version of `{name}`", hint=hint)
    return _approved(repository, unit.approvals[version])


def _unit(tree: Tree, name: str) -> tuple[Unit, Mapping[str, bytes]]:
    entries = tree.files(*folders_of(name))
    texts = tree.read(entry for entry in entries if entry.mode in FILE_MODES)
    by_folder: dict[str, list[TreeFile]] = {folder: [] for folder in folders_of(name)}
    for entry in entries:
        by_folder["/".join(entry.path.split("/")[:2])].append(entry)
    return read_unit(name, units_of(by_folder)[name], texts, tree.unreadable), texts


def _in_work(unit: Unit, texts: Mapping[str, bytes], where: str) -> Version:
    name = unit.name
    if unit.skill is None:
        raise UsageError(f"there is no skill `{name}` in {where}", hint=f"run `skillctl history {name}`")
    if not unit.is_whole:
        raise UsageError(f"`{name}` cannot be read in {where}", hint=f"run `skillctl validate {name}`")
    folder = f"skills/{name}"
    files = {
        entry.path[len(folder) + 1 :]: File(entry.mode, texts.get(entry.path, entry.blob.encode()))
        for entry in unit.entries[folder]
    }
    is_broken = any(one.file.startswith(f"evals/{name}/") for one in unit.findings)
    suite = unit.suite.suite if unit.suite else None
    return Version(f"{unit.skill.id} in {where}", unit.skill, files, suite, has_suite=not is_broken)


def _approved(repository: Repository, statement: Statement) -> Version:
    """An approved version from the bytes that its approval lists."""
    said, blobs = statement.predicate, repository.blobs(one.digest.git_blob for one in statement.subject)
    folder, label = f"skills/{said.skill}", f"{said.skill}@{said.version}"
    entries, raw = [], {}
    for subject in statement.subject:
        if subject.digest.git_blob not in blobs:
            message = f"the bytes of `{subject.name}` of {label} are not in this clone"
            raise Unreachable(message, hint="run `git fetch --unshallow`")
        entries.append(TreeFile(f"{folder}/{subject.name}", subject.annotations.mode, subject.digest.git_blob))
        raw[subject.name] = blobs[subject.digest.git_blob]
    try:
        measured = digest.measure_skill(folder, entries, {f"{folder}/{path}": one for path, one in raw.items()}).digest
    except Unmeasurable as problem:
        raise _not_approved(label, str(problem)) from None
    if measured != said.digest:
        raise _not_approved(label, "the files listed do not give the digest approved")
    read, findings = skill.read(folder, raw, frozenset(raw))
    if findings:
        raise _not_approved(label, findings[0].message)
    return Version(
        label, read, {entry.path[len(folder) + 1 :]: File(entry.mode, blobs[entry.blob]) for entry in entries}
    )


def _not_approved(label: str, problem: str) -> UsageError:
    return UsageError(f"the approval of {label} is not of what it lists: {problem}", hint="restore it from Git")
