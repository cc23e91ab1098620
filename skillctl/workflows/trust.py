"""Trust: what a change may not say of itself comes from its base, and from what was approved before."""

from msgspec import Struct

from skillctl.domain.approval import last_before
from skillctl.domain.policy import Policy
from skillctl.domain.skill import DEFINITION_NAMES
from skillctl.domain.suite import Suite
from skillctl.domain.tree import POLICY_FILE
from skillctl.errors import Unreachable, UsageError
from skillctl.workflows.base import base_of
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import Contents, read_policy
from skillctl.workflows.stated import listed


class Choice(Struct, frozen=True):
    """What the caller chose beside the suite; `scripts` names what runs scripts, `runner` another one for `ask` cases.

    `base` is what the change is compared with; `trusts_change` lets runners and servers be used that are new in it.
    """

    scripts: str
    runner: str | None = None
    trusts_change: bool = False
    base: str | None = None


class Against(Struct, frozen=True):
    """What a change is judged by that lies in Git alone: the policy of its base, that commit, and the tree after it."""

    policy: Policy
    base: str
    head: str


def governing_tags(repository: Repository, contents: Contents, name: str) -> frozenset[str]:
    """The tags that gates select a skill by: its own, and those of the last approved version.

    So a tag that a gate asks for is not lost by taking it out in a change of its own before.
    """
    skill, approvals = contents.skills[name], contents.approvals.get(name, {})
    own = frozenset(skill.definition.tags)
    last = last_before(approvals, skill.definition.version)
    if last is None:
        return own
    blobs = repository.blobs(one.digest.git_blob for one in last.subject if one.name in DEFINITION_NAMES)
    if not blobs:
        message = f"the definition of {name}@{last.predicate.version}, which was approved, is not in this clone"
        raise Unreachable(message, hint="run `git fetch --unshallow`")
    return own | frozenset(listed(last, blobs)[0].definition.tags)


def believed(
    repository: Repository, contents: Contents, chosen: Suite, choice: Choice, against: Against | None
) -> tuple[Policy, str | None]:
    """The policy of the base, and the base: a change names no runner, server or recorder of its own.

    Where nothing is older it is its own. It is looked up only where a case needs it.
    """
    if against is not None:
        return against.policy, against.base
    if all(not chosen.is_asked(case) and case.tool is None for case in chosen.cases):
        return contents.policy, None
    commit = base_of(repository, contents.policy.release_branch, choice.base)
    if commit is None and repository.parent(repository.head()) is not None:
        branch = contents.policy.release_branch
        hint = "fetch it, or name what is trusted: `--base REV`"
        raise UsageError(f"this clone knows no branch `{branch}`, which a change would be of", hint=hint)
    if commit is None:
        return contents.policy, None
    tree = repository.tree(commit)
    return read_policy(tree.read(tree.files(POLICY_FILE)))[0], commit
