"""Judge: the files of one skill → what they show by themselves."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from skillctl.domain import registry, rules, secrets, serving, suppression
from skillctl.domain.card import Card
from skillctl.domain.conflicts import folder_is_gone, other_content
from skillctl.domain.digest import Unmeasurable, measure_skill
from skillctl.domain.finding import Finding, Place, Severity
from skillctl.domain.judgement import Judgement
from skillctl.domain.position import Position
from skillctl.domain.registry import Registry
from skillctl.domain.rules.subject import Subject, World
from skillctl.domain.tree import FILE_MODES, MAX_BYTES, POLICY_FILE, TreeFile, folders_of, name_in
from skillctl.workflows.ports import NearNames, Tree
from skillctl.workflows.read import Contents, Unit, judged_policy, read_registry, read_unit, unreadable_finding


def judge_files(tree: Tree, name: str, known: str | None = None) -> Judgement | None:
    """What the files of a skill show; None where they have the digest that is `known` already."""
    before = set(tree.unreadable)
    entries = {folder: files for folder in folders_of(name) if (files := tree.files(folder))}
    raw = tree.read(_wanted(entries.values()))
    unreadable = {path: why for path, why in tree.unreadable.items() if path not in before}
    digest = _digest(entries.values(), raw, unreadable)
    if digest == known:
        return None
    unit = read_unit(name, entries, raw, tree.unreadable)
    unit.findings += [unreadable_finding(path, why) for path, why in unreadable.items()]
    return judge(unit, raw, digest)


def judge(unit: Unit, raw: Mapping[str, bytes], digest: str = "") -> Judgement:
    """What a skill shows that was read; `raw` are the bytes of all its files."""
    if unit.skill is None:
        return Judgement(digest, tuple(secrets.without((*unit.findings, *_strays(unit)))), (), None)
    subject = subject_of(unit, raw)
    ignores, findings = suppression.read(unit.skill.document, unit.name, rules.SUPPRESSIBLE)
    findings += [*rules.judge(subject), *_changed_after_approval(unit, raw)]
    return Judgement(
        digest, tuple(secrets.without((*unit.findings, *findings))), ignores, subject.card, _position(unit)
    )


def _position(unit: Unit) -> Position:
    assert unit.skill is not None
    definition = unit.skill.definition
    return Position(
        version=definition.version,
        status=definition.status,
        serving=unit.serving.serving if unit.serving else None,
        approved=tuple(unit.approvals),
        tags=tuple(definition.tags),
        cases=len(unit.suite.suite.counted) if unit.suite else 0,
        is_whole=unit.is_whole,
    )


def subject_of(unit: Unit, raw: Mapping[str, bytes]) -> Subject:
    """What the rules look at; the unit has a skill."""
    assert unit.skill is not None
    told = frozenset((one.file, Place(one.line, one.column)) for one in unit.findings)
    entries = unit.entries.get(unit.skill.folder, ())
    return Subject(unit.skill, unit.suite, unit.serving, unit.approved, entries, texts_in(raw), told)


def texts_in(raw: Mapping[str, bytes]) -> dict[str, str]:
    """All that people and agents may read or run; a byte-order mark stays in it, as one of the things looked for.

    What is no text is looked at too, with a surrogate in the place of each byte that is none: a shell runs it all the
    same.
    """
    return {
        path: content[:MAX_BYTES].decode("utf-8", "surrogateescape")
        for path, content in raw.items()
        if not path.startswith("approvals/") or path.endswith(serving.FILE_NAME)
    }


def judged(tree: Tree, contents: Contents, name: str) -> tuple[Judgement, list[Finding]]:
    """The judgement of one skill of what was read of a tree, and what else concerns it: the catalogue, the policy."""
    unit = contents.units[name]
    before = set(tree.unreadable)
    judgement = judge(unit, tree.read(_wanted(unit.entries.values())))
    more = [unreadable_finding(path, why) for path, why in tree.unreadable.items() if path not in before]
    more += [one for one in contents.findings if one.skill in (name, None) and one not in judgement.findings]
    cards = {other: subject_of(one, {}).card for other, one in contents.units.items() if one.skill is not None}
    return judgement, more + [one for one in across(cards, contents.registry)[0] if one.skill == name]


def shared(tree: Tree, own: Sequence[Finding] | None) -> tuple[Registry, list[Finding]]:
    """The server registry, and the findings on what belongs to no skill; `own` are these where they are known."""
    texts = tree.read(tree.files(registry.FILE_NAME))
    servers, findings = read_registry(texts)
    if own is not None:
        return servers, list(own)
    findings += judged_policy(tree.read(tree.files(POLICY_FILE)))[1]
    findings += [unreadable_finding(path, why) for path, why in tree.unreadable.items() if not name_in(path)]
    return servers, secrets.without(findings)


def across(
    cards: Mapping[str, Card], servers: Registry, near: NearNames | None = None
) -> tuple[list[Finding], NearNames]:
    """The findings that need the whole catalogue, and the names that are nearly alike, which may be `near` already."""
    world = World(frozenset(cards), servers.servers, servers.groups, cards, near)
    if cards:
        return secrets.without(rules.judge_all(world)), world.near_names
    hint = "write `skills/<name>/skill.yaml` and `SKILL.md`"
    return [Finding("SK010", "there are no skills here", "skills", hint=hint, severity=Severity.WARNING)], {}


def _wanted(folders: Iterable[Sequence[TreeFile]]) -> Iterator[TreeFile]:
    return (entry for entries in folders for entry in entries if entry.mode in FILE_MODES)


def _digest(folders: Iterable[Sequence[TreeFile]], raw: Mapping[str, bytes], unreadable: Mapping[str, str]) -> str:
    """Over the names, modes and bytes of all files, each with its length, so that no two lists give one text."""
    digest = hashlib.blake2b(digest_size=16)
    for entries in folders:
        for entry in entries:
            content = raw.get(entry.path)
            head = f"{entry.path}\0{entry.mode}\0{-1 if content is None else len(content)}\0"
            digest.update(head.encode("utf-8", "surrogateescape"))
            digest.update(content or b"")
    for path, why in unreadable.items():
        digest.update(f"{path}\0{why}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _changed_after_approval(unit: Unit, raw: Mapping[str, bytes]) -> Iterator[Finding]:
    """The working version is approved, but with other content than lies here."""
    found = unit.skill
    statement = unit.approvals.get(found.definition.version) if found is not None and unit.is_whole else None
    if found is None or statement is None:
        return
    entries = unit.entries[found.folder]
    here = {entry.path: (entry.mode, hashlib.sha256(raw.get(entry.path, b"")).hexdigest()) for entry in entries}
    if here == {f"{found.folder}/{one.name}": (one.annotations.mode, one.digest.sha256) for one in statement.subject}:
        return
    try:
        content = measure_skill(found.folder, entries, raw)
    except Unmeasurable:
        # Whatever has no identity has a finding of its own.
        return
    if content.digest != statement.predicate.digest:
        yield other_content(unit.name, found.definition.version, found.document.file)


def _strays(unit: Unit) -> Iterator[Finding]:
    """A suite or an approval whose skill is gone."""
    if f"evals/{unit.name}" in unit.entries:
        message = f"there is a suite for `{unit.name}`, but no `skills/{unit.name}`"
        yield Finding("SK305", message, f"evals/{unit.name}", skill=unit.name, hint="remove it, or restore the skill")
    if unit.approvals:
        yield folder_is_gone(unit.name)
