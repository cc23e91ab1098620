"""Standard: plain folders of the Agent Skills standard, which nobody governs → findings."""

from collections.abc import Sequence

from skillctl.domain import rules, skill
from skillctl.domain.finding import Finding, Place
from skillctl.domain.rules.subject import Subject
from skillctl.domain.tree import FILE_MODES
from skillctl.workflows.judge import texts_in
from skillctl.workflows.ports import Tree
from skillctl.workflows.read import unreadable_finding
from skillctl.workflows.validate import Validation


def validate_plain(tree: Tree, folders: Sequence[str]) -> Validation:
    """Judge folders by the rules of the standard and of safety alone."""
    findings = [finding for folder in folders for finding in _judged(tree, folder)]
    findings += [unreadable_finding(path, why) for path, why in tree.unreadable.items()]
    names = tuple(folder.rpartition("/")[2] for folder in folders)
    return Validation(names, tuple(sorted(findings, key=lambda finding: finding.order)))


def _judged(tree: Tree, folder: str) -> list[Finding]:
    entries = tree.files(folder)
    raw = tree.read(entry for entry in entries if entry.mode in FILE_MODES)
    own = {path[len(folder) + 1 :]: content for path, content in raw.items()}
    files = frozenset(entry.path[len(folder) + 1 :] for entry in entries)
    found, findings = skill.read_plain(folder, own, files)
    told = frozenset((one.file, Place(one.line, one.column)) for one in findings)
    subject = Subject(found, None, None, {}, entries, texts_in(raw), told)
    return findings + rules.judge(subject, plain=True)
