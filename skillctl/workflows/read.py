"""Read: a tree → its skills, suites, approvals and policy, and a finding for whatever cannot be read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from skillctl.domain import approval, evals_json, registry, secrets, serving, skill, suite
from skillctl.domain.finding import Finding, Place
from skillctl.domain.naming import known_skill
from skillctl.domain.registry import Registry
from skillctl.domain.serving import Serving
from skillctl.domain.skill import Definition, Skill
from skillctl.domain.suite import ReadSuite
from skillctl.domain.tree import FILE_MODES, FOLDERS, POLICY_FILE, TreeFile, folders_for, name_in
from skillctl.errors import UsageError
from skillctl.workflows.ports import Tree
from skillctl.workflows.record_of import read_record

if TYPE_CHECKING:
    from skillctl.domain.policy import Policy

#: The readers of a suite; where both files lie, the first one is the suite.
SUITES = {suite.FILE_NAME: suite.read, evals_json.FILE_NAME: suite.read_convention}
#: Files by skill, in the order of their names, and by folder.
Units = dict[str, dict[str, Sequence[TreeFile]]]


class Unit(Struct):
    """All that a tree says of one skill: `skill` is there where its folder is, and whole if it can be relied on.

    `entries` are its files by folder.
    """

    name: str
    entries: Mapping[str, Sequence[TreeFile]]
    skill: Skill | None = None
    is_whole: bool = False
    suite: ReadSuite | None = None
    serving: Serving | None = None
    approvals: dict[str, approval.Statement] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def approved(self) -> dict[str, str]:
        """The digest of every approved version."""
        return {version: said.predicate.digest for version, said in self.approvals.items()}


class Governed(Struct, frozen=True):
    """How a folder's skill is governed, and where its definition says which status it has.

    Not the document itself: the nodes of ten thousand of them fill more memory than all else.
    """

    definition: Definition
    file: str
    status: Place


class Contents(Struct):
    """All that a tree says about skills.

    `names` has the broken ones too, `skills` and `suites` only what can be relied on; `entries` are files by folder.
    """

    names: list[str] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)
    skills: dict[str, Skill] = field(default_factory=dict)
    governed: dict[str, Governed] = field(default_factory=dict)
    suites: dict[str, ReadSuite] = field(default_factory=dict)
    servings: dict[str, Serving] = field(default_factory=dict)
    approvals: dict[str, dict[str, approval.Statement]] = field(default_factory=dict)
    registry: Registry = field(default_factory=Registry)
    policy: "Policy" = field(default_factory=lambda: read_policy({})[0])
    entries: dict[str, list[TreeFile]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def approved(self, name: str) -> dict[str, str]:
        """The digest of every approved version of a skill."""
        return {version: said.predicate.digest for version, said in self.approvals.get(name, {}).items()}

    def known(self, name: str) -> str:
        """The name itself if there is such a skill; else UsageError with the nearest ones."""
        return known_skill(name, self.names)


def read(tree: Tree) -> Contents:
    """Everything in a tree; one broken file never hides another."""
    contents, texts = _opened(tree, (*skill.DEFINITION_NAMES, skill.SHEET_NAME, *SUITES))
    contents.policy, findings = judged_policy(texts)
    contents.registry, more = read_registry(texts)
    contents.findings += findings + more
    texts_of = by_name(texts)
    for name, entries in units_of(contents.entries).items():
        unit = read_unit(name, entries, texts_of.get(name, {}), tree.unreadable)
        contents.units[name] = unit
        contents.findings += unit.findings
        if unit.skill is not None:
            contents.names.append(name)
            if unit.is_whole:
                contents.skills[name] = unit.skill
        if unit.suite is not None and not any(one.file == unit.suite.document.file for one in unit.findings):
            contents.suites[name] = unit.suite
        if unit.serving is not None:
            contents.servings[name] = unit.serving
        if unit.approvals:
            contents.approvals[name] = unit.approvals
    contents.findings = sorted(secrets.without(contents.findings), key=lambda finding: finding.order)
    return contents


def read_unit(
    name: str, entries: Mapping[str, Sequence[TreeFile]], texts: Mapping[str, bytes], unreadable: Mapping[str, str]
) -> Unit:
    """One skill with its suite and approvals, from the bytes of its files by path."""
    unit = Unit(name, entries)
    folder = f"skills/{name}"
    if _is_folder(folder, entries.get(folder, ())):
        raw = {path[len(folder) + 1 :]: content for path, content in texts.items() if path.startswith(folder + "/")}
        files = frozenset(entry.path[len(folder) + 1 :] for entry in entries[folder])
        unit.skill, unit.findings = skill.read(folder, raw, files)
        unit.is_whole = not unit.findings
        # A file that is there and cannot be read is not missing.
        unit.findings = [one for one in unit.findings if one.code != "SK101" or one.file not in unreadable]
    for file, read_suite in SUITES.items():
        path = f"evals/{name}/{file}"
        if path in texts:
            unit.suite, findings = read_suite(f"evals/{name}", texts[path])
            unit.findings += findings
            break
    _take_record(unit, texts)
    return unit


def read_approved(tree: Tree, units: Units) -> Contents:
    """Only what was approved of these skills and what is served, with the names of those that have a folder.

    `units` are their files by name and folder, as `listed` has them.
    """
    contents = Contents(entries={folder: list(files) for of in units.values() for folder, files in of.items()})
    texts_of = _texts(tree, contents.entries, "approvals/")
    for name, of in units.items():
        if _is_folder(f"skills/{name}", of.get(f"skills/{name}", ())):
            contents.names.append(name)
        unit = Unit(name, of)
        _take_record(unit, texts_of.get(name, {}))
        contents.findings += unit.findings
        if unit.serving is not None:
            contents.servings[name] = unit.serving
        if unit.approvals:
            contents.approvals[name] = unit.approvals
    return contents


def govern(contents: Contents, tree: Tree, names: Iterable[str]) -> None:
    """Add to what was read how the folders of these skills are governed, and every finding that keeps one from it."""
    folders = {name: f"skills/{name}" for name in names}
    texts_of = _texts(tree, {folder: contents.entries[folder] for folder in folders.values()}, "skills/")
    for name, folder in folders.items():
        texts = {path.removeprefix(f"{folder}/"): raw for path, raw in texts_of.get(name, {}).items()}
        found, findings = skill.read_definition(folder, texts)
        contents.findings += findings
        if found is not None:
            document = found.document
            contents.governed[name] = Governed(found.definition, document.file, document.place(("status",)))


def _texts(tree: Tree, entries: Mapping[str, Iterable[TreeFile]], kind: str) -> dict[str, dict[str, bytes]]:
    """The bytes by skill of what is read of these folders, as far as they are of a kind."""
    wanted, files = frozenset(skill.DEFINITION_NAMES), (entry for of in entries.values() for entry in of)
    return by_name(tree.read(entry for entry in files if entry.path.startswith(kind) and _is_read(entry, wanted)))


def listed(tree: Tree, names: Collection[str], *kinds: str) -> Units:
    """The files of these skills by name and folder, in the folders of these kinds."""
    entries: dict[str, list[TreeFile]] = {}
    for entry in tree.files(*folders_for(names, *kinds)) if names else []:
        if name_in(entry.path) in names:
            entries.setdefault("/".join(entry.path.split("/")[:2]), []).append(entry)
    return units_of(entries)


def refuse_unreadable(contents: Contents, name: str) -> None:
    """UsageError where an approval or serving file cannot be read: writing it anew would lose what it says."""
    for finding in contents.findings:
        if finding.skill == name and finding.file.startswith("approvals/"):
            where = f"{finding.file}:{finding.line}:{finding.column}"
            raise UsageError(f"{where} {finding.message}", hint=finding.hint or f"run `skillctl validate {name}`")


def unreadable_finding(path: str, reason: str) -> Finding:
    """A file or folder that is there and does not let itself be read."""
    hint = "put its content there" if reason.startswith("symbolic") else f"check who owns it: `ls -ld {path}`"
    return Finding("SK001", f"cannot be read: {reason}", path, skill=name_in(path) or None, hint=hint)


def units_of(entries: Mapping[str, Sequence[TreeFile]]) -> Units:
    """The files by skill and folder, by name."""
    found: dict[str, dict[str, Sequence[TreeFile]]] = {}
    for folder in entries:
        if name_in(folder):
            found.setdefault(name_in(folder), {})[folder] = entries[folder]
    return dict(sorted(found.items()))


def by_name(texts: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """The bytes of files by the skill they belong to, then by path."""
    found: dict[str, dict[str, bytes]] = {}
    for path, raw in texts.items():
        found.setdefault(name_in(path), {})[path] = raw
    return found


def read_policy(texts: Mapping[str, bytes]) -> "tuple[Policy, list[Finding]]":
    """The policy, or an empty one with the findings that keep it from being read."""
    # Loaded here: `validate` asks for it only where the file has changed.
    from skillctl.domain import policy

    if POLICY_FILE not in texts:
        return policy.Policy(), []
    found, findings = policy.read(texts[POLICY_FILE])
    return found or policy.Policy(), findings


def judged_policy(texts: Mapping[str, bytes]) -> "tuple[Policy, list[Finding]]":
    """As `read_policy`, with what is wrong in a policy that can be read: of the change that is at hand."""
    from skillctl.domain import policy

    found, findings = policy.judged(texts.get(POLICY_FILE, b"{}"))
    return found or policy.Policy(), findings


def read_registry(texts: Mapping[str, bytes]) -> tuple[Registry, list[Finding]]:
    """The server registry, or an empty one with the finding that keeps it from being read."""
    if registry.FILE_NAME not in texts:
        return Registry(), []
    return registry.read(texts[registry.FILE_NAME])


def _opened(tree: Tree, names: Iterable[str]) -> tuple[Contents, Mapping[str, bytes]]:
    """The entries of a tree by folder, and the bytes of the files of these names."""
    contents, wanted = Contents(), frozenset(names)
    files = tree.files(*FOLDERS)
    for entry in files:
        contents.entries.setdefault("/".join(entry.path.split("/")[:2]), []).append(entry)
    texts = tree.read(entry for entry in files if _is_read(entry, wanted))
    contents.findings += [unreadable_finding(path, reason) for path, reason in tree.unreadable.items()]
    return contents, texts


def _is_read(entry: TreeFile, names: frozenset[str]) -> bool:
    if entry.mode not in FILE_MODES:
        return False
    parts = entry.path.split("/")
    if parts[0] in ("skills", "evals"):
        return len(parts) == 3 and parts[2] in names
    if parts[0] == "approvals":
        return parts[-1] in (approval.FILE_NAME, serving.FILE_NAME)
    return True


def _is_folder(folder: str, entries: Sequence[TreeFile]) -> bool:
    return any(entry.path.startswith(folder + "/") for entry in entries)


def _take_record(unit: Unit, texts: Mapping[str, bytes]) -> None:
    record = read_record(unit.name, texts)
    unit.serving, unit.approvals = record.serving, record.approvals
    unit.findings += record.findings
