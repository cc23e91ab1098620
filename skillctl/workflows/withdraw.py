"""Withdraw: a version is no longer offered to anybody; its approval stays, for an approval is never deleted."""

from msgspec import Struct

from skillctl.domain import serving
from skillctl.domain.serving import Retirement, Serving
from skillctl.errors import UsageError
from skillctl.workflows.deprecate import approved_version
from skillctl.workflows.landing import Landed, Landing, land
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import read, refuse_unreadable


class Withdrawn(Struct, frozen=True):
    """The version that is withdrawn now, what is served now, and where that was written; nowhere if it was so."""

    skill: str
    version: str
    retirement: Retirement
    was_serving: str | None
    serving: str | None
    landed: Landed


def withdraw(
    repository: Repository, name: str, version: str | None, retirement: Retirement, landing: Landing
) -> Withdrawn:
    """Withdraw a version, by default the one that is served; UsageError if it was never approved, or is revoked."""
    with repository.lock():
        contents = read(repository.tree(repository.head()))
        # A skill whose folder is gone can still be withdrawn: that is how it leaves production.
        if name not in contents.approvals:
            contents.known(name)
        refuse_unreadable(contents, name)
        offered = contents.servings.get(name, Serving())
        if version is None and offered.serving is None and (before := _same(offered, retirement)) is not None:
            return Withdrawn(name, before, retirement, None, None, Landed())
        wanted = approved_version(contents, name, version, "withdrawn")
        if wanted in offered.revoked:
            hint = "a revoked version is offered to nobody, for ever"
            raise UsageError(f"{name}@{wanted} is revoked already, which is harder than withdrawn", hint=hint)
        now = offered.withdraws(wanted, retirement)
        message = f"withdraw {name} {wanted}\n\n{retirement.reason}\n\nSkill: {name}@{wanted}\n"
        landed = land(repository, {serving.path_of(name): serving.write(now)}, message, landing)
        return Withdrawn(name, wanted, retirement, offered.serving, now.serving, landed)


def _same(offered: Serving, retirement: Retirement) -> str | None:
    """The version that was withdrawn for this very reason, as this command run before left it."""
    return next((version for version, why in offered.withdrawn.items() if why == retirement), None)
