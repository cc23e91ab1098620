"""Sides: a tree → the skills of these names in it, as the gate compares them."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct, field

from skillctl.domain.approval import Statement
from skillctl.domain.digest import Content, Unmeasurable, measure_skill
from skillctl.domain.finding import Finding, errors_in
from skillctl.domain.gate.side import Side
from skillctl.domain.serving import Serving, path_of
from skillctl.domain.skill import Skill
from skillctl.domain.suite import ReadSuite
from skillctl.domain.tree import FILE_MODES, OF_SKILLS, TreeFile, folders_for, is_of_skill, name_in
from skillctl.workflows.ports import Tree
from skillctl.workflows.read import Unit, by_name, read_unit, unreadable_finding


class Seen(Struct, frozen=True):
    """One skill in one tree: what was read of it, the bytes of all its files by path, and the side the gate compares.

    `content` is None where the folder has no identity; `problems` are the errors that keep anything from being read.
    """

    unit: Unit
    side: Side
    content: Content | None = None
    raw: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[Finding, ...] = ()

    @property
    def skill(self) -> Skill | None:
        """The skill, if it can be relied on."""
        return self.unit.skill if self.unit.is_whole else None

    @property
    def suite(self) -> ReadSuite | None:
        """The suite, if it can be relied on."""
        found = self.unit.suite
        broken = found is None or any(one.file == found.document.file for one in self.unit.findings)
        return None if broken else found

    @property
    def statements(self) -> Mapping[str, Statement]:
        """The approvals, by version."""
        return self.unit.approvals

    def files(self) -> dict[str, tuple[str, bytes]]:
        """The files of the skill by path within its folder: mode and bytes."""
        folder = f"skills/{self.unit.name}"
        return {
            entry.path[len(folder) + 1 :]: (entry.mode, self.raw[entry.path])
            for entry in self.unit.entries.get(folder, ())
            if entry.path in self.raw
        }


def seen(tree: Tree, names: Collection[str]) -> dict[str, Seen]:
    """Each of these skills as a tree has it; one that it has not is there with nothing in it."""
    wanted = frozenset(names)
    files = (
        (entry for entry in tree.files(*folders_for(wanted, *OF_SKILLS)) if is_of_skill(entry.path)) if wanted else ()
    )
    listed = [entry for entry in files if name_in(entry.path) in wanted]
    entries: dict[str, dict[str, list[TreeFile]]] = {name: {} for name in names}
    for entry in listed:
        kind, name, _ = entry.path.split("/", 2)
        entries[name].setdefault(f"{kind}/{name}", []).append(entry)
    raw = by_name(tree.read(entry for entry in listed if entry.mode in FILE_MODES))
    return {name: _one(tree, name, found, raw.get(name, {})) for name, found in entries.items()}


def _one(tree: Tree, name: str, entries: Mapping[str, list[TreeFile]], raw: Mapping[str, bytes]) -> Seen:
    unit = read_unit(name, entries, raw, tree.unreadable)
    problems = [*errors_in(unit.findings), *_lacking(unit, raw)]
    content = None
    if unit.is_whole:
        try:
            content = measure_skill(f"skills/{name}", entries[f"skills/{name}"], raw)
        except Unmeasurable as problem:
            hint = "only plain files of bounded size, with the bytes that were committed, have an identity"
            problems.append(Finding("SK009", str(problem), f"skills/{name}", skill=name, hint=hint))
    return Seen(unit, _side(unit, content), content, raw, tuple(problems))


def _lacking(unit: Unit, raw: Mapping[str, bytes]) -> Iterable[Finding]:
    """What is listed as a plain file, and has no bytes in this clone."""
    listed = (entry for entries in unit.entries.values() for entry in entries)
    for entry in listed:
        if entry.mode in FILE_MODES and entry.path not in raw:
            yield unreadable_finding(entry.path, "its bytes are not in this clone")


def _side(unit: Unit, content: Content | None) -> Side:
    found = unit.skill if unit.is_whole else None
    beside = unit.entries.get(f"approvals/{unit.name}", ())
    return Side(
        name=unit.name,
        definition=found.definition if found else None,
        file=found.document.file if found else "",
        place=found.document.place(("status",)) if found else Side(unit.name).place,
        digest=content.digest if content else None,
        has_folder=bool(unit.entries.get(f"skills/{unit.name}")),
        serving=unit.serving or Serving(),
        approved=unit.approved,
        records={one.path: f"{one.mode} {one.blob}" for one in beside if one.path != path_of(unit.name)},
    )
