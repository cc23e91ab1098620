"""Validate: every problem of every skill, in one run."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from skillctl.domain import rules
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.release import folder_is_gone
from skillctl.domain.rules.subject import Card, Subject, World
from skillctl.workflows.ports import Tree
from skillctl.workflows.read import Contents, read, read_texts


@dataclass(frozen=True)
class Validation:
    """The skills that were looked at, and all findings, sorted by place."""

    skills: tuple[str, ...]
    findings: tuple[Finding, ...]


def validate(tree: Tree, names: Sequence[str] = ()) -> Validation:
    """Judge the skills of a tree, or only those named; what belongs to no skill is always judged."""
    contents = read(tree)
    chosen = {contents.known(name) for name in names} or set(contents.names)
    read_texts(tree, contents, chosen)
    findings = [
        finding for finding in judged(contents, chosen) if finding.skill is None or finding.skill in chosen or not names
    ]
    return Validation(tuple(sorted(chosen)), tuple(findings))


def judged(contents: Contents, names: Collection[str]) -> list[Finding]:
    """What could not be read, of any skill, and what the rules find in those named."""
    world = _world(contents)
    texts = _texts_by_name(contents)
    findings = [*contents.findings, *_strays(contents)]
    for name, skill in contents.skills.items():
        if name not in names:
            continue
        subject = Subject(
            skill,
            contents.suites.get(name),
            contents.servings.get(name),
            contents.approved(name),
            contents.entries[skill.folder],
            texts.get(name, {}),
        )
        findings += rules.judge(subject, world)
    return sorted(findings, key=lambda finding: finding.order)


def _world(contents: Contents) -> World:
    cards = {
        name: Card(
            skill.definition.version,
            skill.definition.status,
            skill.description,
            skill.definition.requires,
            tuple(contents.approvals.get(name, ())),
        )
        for name, skill in contents.skills.items()
    }
    return World(frozenset(contents.names), contents.servers, contents.groups, cards)


def _texts_by_name(contents: Contents) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for path, text in contents.texts.items():
        texts.setdefault(path.split("/", 2)[1], {})[path] = text
    return texts


def _strays(contents: Contents) -> Iterator[Finding]:
    """What belongs to no skill: nothing at all, a suite or an approval whose skill is gone."""
    if not contents.names:
        hint = "write `skills/<name>/skill.yaml` and `SKILL.md`"
        yield Finding("SK010", "there are no skills here", "skills", hint=hint, severity=Severity.WARNING)
    known = set(contents.names)
    for folder in contents.entries:
        kind, _, name = folder.partition("/")
        if name in known or not name:
            continue
        if kind == "evals":
            message = f"there is a suite for `{name}`, but no `skills/{name}`"
            yield Finding("SK305", message, folder, skill=name, hint="remove it, or restore the skill")
        elif kind == "approvals" and name in contents.approvals:
            yield folder_is_gone(name)
