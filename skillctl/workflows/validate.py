"""Validate: every problem of every skill, in one run."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from skillctl.domain import policy, rules
from skillctl.domain.digest import FILE_MODES, TreeFile
from skillctl.domain.finding import Finding, Place, Severity
from skillctl.domain.release import folder_is_gone
from skillctl.domain.rules.subject import Card, Subject, World
from skillctl.workflows.ports import Tree
from skillctl.workflows.read import (
    OF_SKILLS,
    SERVERS_FILE,
    Contents,
    Unit,
    known,
    read_policy,
    read_registry,
    read_unit,
    unreadable_finding,
)

#: A larger file is data, not text that anybody reads.
LARGEST_TEXT = 256 * 1024


@dataclass(frozen=True)
class Validation:
    """The skills that were looked at, and all findings, sorted by place."""

    skills: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Judged:
    """What the files of one skill show by themselves; `card` is None where there is no such skill."""

    findings: tuple[Finding, ...]
    card: Card | None


def validate(tree: Tree, names: Sequence[str] = ()) -> Validation:
    """Judge the skills of a tree, or only those named; what belongs to no skill is always judged."""
    units = {name: _judged_files(tree, name) for name in _names(tree)}
    texts = tree.read(tree.files(policy.FILE_NAME, SERVERS_FILE))
    registry, findings = read_registry(texts)
    findings += read_policy(texts)[1]
    findings += [finding for unit in units.values() for finding in unit.findings]
    cards = {name: unit.card for name, unit in units.items() if unit.card is not None}
    findings += rules.judge_all(World(frozenset(cards), registry.servers, registry.groups, cards))
    findings += [unreadable_finding(path, why) for path, why in tree.unreadable.items()]
    findings += _nothing(cards)
    chosen = {known(name, list(cards)) for name in names} or set(cards)
    findings = [one for one in findings if one.skill is None or one.skill in chosen or not names]
    return Validation(tuple(sorted(chosen)), tuple(sorted(findings, key=lambda finding: finding.order)))


def judged(tree: Tree, contents: Contents, name: str) -> list[Finding]:
    """All findings on one skill of what was read of a tree, and those on what belongs to no skill."""
    unit = contents.units[name]
    entries = [entry for folder in unit.entries.values() for entry in folder]
    before = set(tree.unreadable)
    own = judge_unit(unit, tree.read(_wanted(entries)))
    findings = [unreadable_finding(path, why) for path, why in tree.unreadable.items() if path not in before]
    findings += [one for one in contents.findings if one.skill in (name, None) and one not in own.findings]
    findings += own.findings
    findings += [one for one in rules.judge_all(_world(contents)) if one.skill == name]
    return sorted(findings, key=lambda finding: finding.order)


def judge_unit(unit: Unit, raw: Mapping[str, bytes]) -> Judged:
    """What the files of a skill show, one by one and together; `raw` are the bytes of all of them."""
    if unit.skill is None:
        return Judged((*unit.findings, *_strays(unit)), None)
    subject = _subject(unit, raw)
    return Judged((*unit.findings, *rules.judge(subject)), subject.card)


def _judged_files(tree: Tree, name: str) -> Judged:
    entries = {folder: tree.files(folder) for folder in (f"{kind}/{name}" for kind in OF_SKILLS)}
    entries = {folder: files for folder, files in entries.items() if files}
    raw = tree.read(_wanted(entry for files in entries.values() for entry in files))
    return judge_unit(read_unit(name, entries, raw, tree.unreadable), raw)


def _names(tree: Tree) -> list[str]:
    return sorted({name for kind in OF_SKILLS for name in tree.names(kind)})


def _wanted(entries: Iterable[TreeFile]) -> Iterator[TreeFile]:
    return (entry for entry in entries if entry.mode in FILE_MODES)


def _subject(unit: Unit, raw: Mapping[str, bytes]) -> Subject:
    assert unit.skill is not None
    told = frozenset((one.file, Place(one.line, one.column)) for one in unit.findings)
    entries = unit.entries.get(unit.skill.folder, ())
    return Subject(unit.skill, unit.suite, unit.serving, unit.approved, entries, texts_in(raw), told)


def texts_in(raw: Mapping[str, bytes]) -> dict[str, str]:
    """What people and agents read; a byte-order mark stays in it, for it is one of the things that are looked for."""
    texts = {}
    for path, content in raw.items():
        if len(content) <= LARGEST_TEXT and not path.startswith("approvals/"):
            try:
                text = content.decode()
            except UnicodeDecodeError:
                continue
            if "\0" not in text:
                texts[path] = text
    return texts


def _world(contents: Contents) -> World:
    cards = {name: _subject(unit, {}).card for name, unit in contents.units.items() if unit.skill is not None}
    return World(frozenset(cards), contents.registry.servers, contents.registry.groups, cards)


def _nothing(cards: Collection[str]) -> Iterator[Finding]:
    if not cards:
        hint = "write `skills/<name>/skill.yaml` and `SKILL.md`"
        yield Finding("SK010", "there are no skills here", "skills", hint=hint, severity=Severity.WARNING)


def _strays(unit: Unit) -> Iterator[Finding]:
    """A suite or an approval whose skill is gone."""
    if f"evals/{unit.name}" in unit.entries:
        message = f"there is a suite for `{unit.name}`, but no `skills/{unit.name}`"
        yield Finding("SK305", message, f"evals/{unit.name}", skill=unit.name, hint="remove it, or restore the skill")
    if unit.approvals:
        yield folder_is_gone(unit.name)
