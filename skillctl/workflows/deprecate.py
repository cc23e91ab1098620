"""Deprecate: an approved version is kept for those who use it and hidden from the others."""

from dataclasses import dataclass

from skillctl.domain import serving
from skillctl.domain.definition_text import rewritten
from skillctl.domain.lifecycle import Status
from skillctl.domain.serving import Retirement, Serving
from skillctl.errors import UsageError
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import read, refuse_unreadable


@dataclass(frozen=True)
class Deprecated:
    """The version that is deprecated now, and the commit that did it; None if it was so before."""

    skill: str
    version: str
    retirement: Retirement
    commit: str | None


def deprecate(repository: Repository, name: str, version: str | None, retirement: Retirement) -> Deprecated:
    """Deprecate a version, by default the one that is served; UsageError if it was never approved."""
    with repository.lock():
        tree = repository.tree(repository.head())
        contents = read(tree)
        contents.known(name)
        refuse_unreadable(contents, name)
        offered = contents.servings.get(name, Serving())
        wanted = version or offered.serving
        approved = contents.approved(name)
        if wanted is None or wanted not in approved:
            known = ", ".join(approved) or "none"
            what = f"{name}@{wanted} was never approved" if wanted else f"nothing of `{name}` is served"
            raise UsageError(f"{what}, so it cannot be deprecated", hint=f"approved versions: {known}")
        files = {serving.path_of(name): serving.write(offered.deprecates(wanted, retirement))}
        skill = contents.skills.get(name)
        if skill is not None and skill.definition.version == wanted and skill.definition.status is Status.APPROVED:
            path = skill.document.file
            raw = tree.read(entry for entry in contents.entries[skill.folder] if entry.path == path)[path]
            files[path] = rewritten(raw, {"status": Status.DEPRECATED.value}, path)
        message = (
            f"deprecate {name} {wanted}\n\n{retirement.reason}\n\n"
            f"Skill: {name}@{wanted}\nPromotion: approved -> deprecated\n"
        )
        return Deprecated(name, wanted, retirement, repository.commit(files, message))
