"""Validate: every problem of every skill, in one run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from skillctl.domain import rules
from skillctl.domain.finding import Finding
from skillctl.domain.rules.subject import Subject, World
from skillctl.workflows.ports import Tree
from skillctl.workflows.read import Contents, read


@dataclass(frozen=True)
class Validation:
    """The skills that were looked at, and all findings, sorted by place."""

    skills: tuple[str, ...]
    findings: tuple[Finding, ...]


def validate(tree: Tree, names: Sequence[str] = ()) -> Validation:
    """Judge the skills of a tree, or only those named; what belongs to no skill is always judged."""
    contents = read(tree)
    chosen = {contents.known(name) for name in names} or set(contents.names)
    findings = [
        finding for finding in judged(contents, chosen) if finding.skill is None or finding.skill in chosen or not names
    ]
    return Validation(tuple(sorted(chosen)), tuple(findings))


def judged(contents: Contents, names: Collection[str]) -> list[Finding]:
    """What could not be read, of any skill, and what the rules find in those named."""
    world = World(frozenset(contents.names), contents.servers)
    findings = list(contents.findings)
    for name, skill in contents.skills.items():
        if name not in names:
            continue
        subject = Subject(skill, contents.suites.get(name), contents.servings.get(name), contents.approved(name))
        findings += rules.judge(subject, world)
    return sorted(findings, key=lambda finding: finding.order)
