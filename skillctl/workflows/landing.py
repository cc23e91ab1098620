"""Landing: where what a command changes goes: a commit here, a commit on another branch, or files to commit oneself."""

from collections.abc import Mapping

from msgspec import Struct

from skillctl.domain.policy import Policy
from skillctl.errors import UsageError
from skillctl.workflows.ports import Repository


class Landing(Struct, frozen=True):
    """What the caller chose: by default a commit on what is checked out.

    With `branch` the commit is made on that branch, which begins at HEAD; without `commits` files are only written.
    """

    branch: str | None = None
    commits: bool = True

    def releases(self, repository: Repository, policy: Policy) -> bool:
        """Whether the change would lie on the branch that production is released from."""
        return (self.branch or repository.current_branch()) == policy.release_branch


class Landed(Struct, frozen=True):
    """The commit that was made, with its branch if another one was asked for, or the files that were written.

    Neither where all of it was so before.
    """

    commit: str | None = None
    branch: str | None = None
    written: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether anything was changed."""
        return self.commit is not None or bool(self.written)


def land(repository: Repository, files: Mapping[str, bytes], message: str, landing: Landing) -> Landed:
    """Take these files where they were wanted; UsageError where somebody's work would be lost by it."""
    if landing.branch is not None and not landing.commits:
        raise UsageError("`--branch` makes a commit, and `--no-commit` makes none", hint="leave one of them out")
    if not landing.commits:
        return Landed(written=tuple(repository.write(files)))
    if landing.branch is not None:
        return Landed(repository.commit_on(landing.branch, files, message), landing.branch)
    return Landed(repository.commit(files, message))
