"""Base: what a change is compared with, and what it touches."""

from skillctl.domain import registry
from skillctl.domain.tree import FOLDERS, name_in
from skillctl.workflows.ports import Repository, Tree

#: The release branch where nobody says another.
_USUAL = "main"


def base_of(repository: Repository, branch: str, revision: str | None = None) -> str | None:
    """The commit that a change began at: where it left `revision`, else where it left the release branch.

    `branch` is what the policy of the change says, so it is not alone believed: of where the change left that branch,
    and where it left the one that the clone began with, the older is the base. On such a branch itself, or on no
    branch, the change is its last commit with what is not committed yet. None if there is nothing before it, or this
    clone knows none of these branches: then everything is new.
    """
    head = repository.head()
    if revision is not None:
        return repository.merge_base(repository.resolve(revision), head)
    base = None
    for name in dict.fromkeys([repository.default_branch() or _USUAL, branch]):
        found = _left(repository, name, head)
        if found is not None and (base is None or repository.is_ancestor(found, base)):
            base = found
    return base


def _left(repository: Repository, branch: str, head: str) -> str | None:
    """Where a commit left a branch."""
    tips = repository.branch(branch)
    for tip in tips:
        shared = repository.merge_base(tip, head)
        if shared != head or repository.current_branch() not in (branch, None):
            return shared
    return repository.parent(head) if tips else None


def changed_since(repository: Repository, base: str) -> set[str] | None:
    """The skills that differ from a commit, in what committing the folder now would give.

    None means all of them: the server registry differs, which any of them may need.
    """
    before, after = _blobs(repository.tree(base)), _blobs(repository.pending(*FOLDERS))
    paths = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return None if registry.FILE_NAME in paths else {name for path in paths if (name := name_in(path))}


def _blobs(tree: Tree) -> dict[str, tuple[str, str]]:
    return {file.path: (file.mode, file.blob) for file in tree.files(*FOLDERS)}
