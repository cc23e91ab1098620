"""Deprecate: an approved version is kept for those who use it and hidden from the others."""

from collections.abc import Mapping

from msgspec import Struct

from skillctl.domain import serving
from skillctl.domain import version as versions
from skillctl.domain.definition_text import rewritten
from skillctl.domain.lifecycle import Status
from skillctl.domain.serving import Retirement, Serving
from skillctl.errors import UsageError
from skillctl.workflows.landing import Landed, Landing, land
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.read import Contents, read, refuse_unreadable

_HERE = Landing()


class Deprecated(Struct, frozen=True):
    """The version that is deprecated now, and where that was written; nowhere if it was so before."""

    skill: str
    version: str
    retirement: Retirement
    landed: Landed


def deprecate(
    repository: Repository, name: str, version: str | None, retirement: Retirement, landing: Landing = _HERE
) -> Deprecated:
    """Deprecate a version, by default the one that is served; UsageError if it was never approved."""
    with repository.lock():
        tree = repository.tree(repository.head())
        contents = read(tree)
        contents.known(name)
        refuse_unreadable(contents, name)
        offered = contents.servings.get(name, Serving())
        wanted = approved_version(contents, name, version, "deprecated")
        files = {serving.path_of(name): serving.write(offered.deprecates(wanted, retirement))}
        skill = contents.skills.get(name)
        if skill is not None and skill.definition.version == wanted and skill.definition.status is Status.APPROVED:
            files |= restated(tree, contents, name, {"status": Status.DEPRECATED.value})
        message = (
            f"deprecate {name} {wanted}\n\n{retirement.reason}\n\n"
            f"Skill: {name}@{wanted}\nPromotion: approved -> deprecated\n"
        )
        return Deprecated(name, wanted, retirement, land(repository, files, message, landing))


def approved_version(contents: Contents, name: str, version: str | None, wanted: str) -> str:
    """This version, by default the one that is served; UsageError if nothing approved it, so it is not `wanted`."""
    chosen = version or contents.servings.get(name, Serving()).serving
    approved = contents.approved(name)
    if chosen is None or chosen not in approved:
        known = ", ".join(versions.ordered(approved)) or "none"
        what = f"{name}@{chosen} was never approved" if chosen else f"nothing of `{name}` is served"
        raise UsageError(f"{what}, so it cannot be {wanted}", hint=f"approved versions: {known}")
    return chosen


def restated(tree: Tree, contents: Contents, name: str, values: Mapping[str, str]) -> dict[str, bytes]:
    """The definition of a skill with these values in the place of its own, by its path."""
    skill = contents.skills[name]
    path = skill.document.file
    raw = tree.read(entry for entry in contents.entries[skill.folder] if entry.path == path)[path]
    return {path: rewritten(raw, values, path)}
