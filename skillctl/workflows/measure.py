"""Measure: the digests of a skill and its suite in a tree."""

from collections.abc import Sequence

from skillctl.domain import digest
from skillctl.domain.digest import Content, Unmeasurable
from skillctl.domain.tree import TreeFile
from skillctl.errors import UsageError
from skillctl.workflows.ports import Tree


def skill_content(tree: Tree, name: str, listed: Sequence[TreeFile] | None = None) -> Content:
    """The content of a skill's folder, whose files may be listed; UsageError where it holds what cannot be measured."""
    entries = tree.files(f"skills/{name}") if listed is None else listed
    try:
        return digest.measure_skill(f"skills/{name}", entries, tree.read(entries))
    except Unmeasurable as problem:
        raise UsageError(str(problem)) from None


def suite_content(tree: Tree, name: str, listed: Sequence[TreeFile] | None = None) -> Content:
    """The content of a suite's folder, whose files may be listed; UsageError where it holds what cannot be measured."""
    entries = tree.files(f"evals/{name}") if listed is None else listed
    try:
        return digest.measure_suite(f"evals/{name}", entries, tree.read(entries))
    except Unmeasurable as problem:
        raise UsageError(str(problem)) from None
