"""Revise: open the next version of a skill as a draft; what is served is not touched."""

from msgspec import Struct

from skillctl.domain import version as versions
from skillctl.domain.lifecycle import Status
from skillctl.domain.schema import LONGEST_VERSION
from skillctl.errors import UsageError
from skillctl.workflows.deprecate import restated
from skillctl.workflows.landing import Landed, Landing, land
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import read, refuse_unreadable

_HERE = Landing()


class Revised(Struct, frozen=True):
    """The draft that is open now, and where it was written; nowhere if it was open before."""

    skill: str
    version: str
    before: str
    serving: str | None
    landed: Landed


def revise(repository: Repository, name: str, part: str, version: str | None, landing: Landing = _HERE) -> Revised:
    """Open the next version: `part` (major, minor, patch) of the greatest one is raised, or `version` is taken.

    UsageError where there is nothing to revise, or the version asked for is not greater than every approved one.
    """
    with repository.lock():
        tree = repository.tree(repository.head())
        contents = read(tree)
        contents.known(name)
        skill = contents.skills.get(name)
        if skill is None:
            raise UsageError(f"`{name}` cannot be read", hint=f"run `skillctl validate {name}`")
        refuse_unreadable(contents, name)
        definition, served = skill.definition, contents.servings.get(name)
        serving = served.serving if served else None
        if definition.status in (Status.DRAFT, Status.CANDIDATE):
            if version in (None, definition.version):
                return Revised(name, definition.version, definition.version, serving, Landed())
            message = f"{skill.id} is in work already, as {definition.status}"
            raise UsageError(message, hint="change its `version` by hand, or finish it first")
        known = [*contents.approved(name), definition.version]
        greatest = versions.greatest(known) or definition.version
        wanted = version or versions.bumped(greatest, part)
        if versions.parse(wanted) is None or len(wanted) > LONGEST_VERSION or not versions.is_after(wanted, greatest):
            example = versions.bumped(greatest, part)
            hint = f"a semantic version of at most {LONGEST_VERSION} characters is meant, such as `{example}`"
            raise UsageError(f"`{wanted}` is not a version greater than {greatest}", hint=hint)
        draft = restated(tree, contents, name, {"status": Status.DRAFT.value, "version": wanted})
        message = f"revise {name}: open {wanted}\n\nSkill: {name}@{wanted}\n"
        return Revised(name, wanted, definition.version, serving, land(repository, draft, message, landing))
