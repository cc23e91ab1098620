"""Rollback: another approved version is served; nothing else changes."""

from msgspec import Struct

from skillctl.domain import serving
from skillctl.domain import version as versions
from skillctl.domain.serving import Serving
from skillctl.errors import UsageError
from skillctl.workflows.landing import Landed, Landing, land
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import read, refuse_unreadable


class RolledBack(Struct, frozen=True):
    """The version that is served now, what was served before, and where that was written; nowhere if it was so."""

    skill: str
    version: str
    was_serving: str | None
    state: str
    landed: Landed


def rollback(repository: Repository, name: str, version: str, reason: str | None, landing: Landing) -> RolledBack:
    """Serve this version; UsageError if it was never approved, or is withdrawn or revoked."""
    with repository.lock():
        contents = read(repository.tree(repository.head()))
        contents.known(name)
        refuse_unreadable(contents, name)
        offered = contents.servings.get(name, Serving())
        able = [known for known in contents.approved(name) if _is_offered(offered, known)]
        hint = f"versions that can be served: {', '.join(versions.ordered(able)) or 'none'}"
        if version not in contents.approved(name):
            raise UsageError(f"{name}@{version} was never approved, so it cannot be served", hint=hint)
        state = offered.state(version)[0]
        if version not in able:
            raise UsageError(f"{name}@{version} is {state}, so it cannot be served", hint=hint)
        if offered.serving == version:
            return RolledBack(name, version, version, state, Landed())
        message = f"roll {name} back to {version}\n\n" + (f"{reason}\n\n" if reason else "")
        message += f"Skill: {name}@{version}\nServing: {offered.serving or 'nothing'} -> {version}\n"
        files = {serving.path_of(name): serving.write(offered.offers(version))}
        return RolledBack(name, version, offered.serving, state, land(repository, files, message, landing))


def _is_offered(offered: Serving, version: str) -> bool:
    return offered.state(version)[0] not in ("withdrawn", "revoked")
