"""The release branch as a repository has it, without asking a remote."""

from skillctl.adapters.git_repository import GitRepository
from skillctl.domain.doctor.facts import Repository


def look(repository: GitRepository, branch: str) -> Repository:
    """What is known of the branch that production is released from, here and at each remote as it was last fetched."""
    remotes = repository.git("remote").split()
    refs = [f"refs/heads/{branch}", *(f"refs/remotes/{remote}/{branch}" for remote in remotes)]
    told = repository.git("for-each-ref", "--format=%(refname) %(objectname)", *refs).splitlines()
    found = dict(line.split(" ", 1) for line in told)
    tips = {remote: found[ref] for remote, ref in zip(["", *remotes], refs, strict=True) if ref in found}
    ahead = behind = 0
    if remotes and "" in tips and remotes[0] in tips:
        counted = repository.git("rev-list", "--left-right", "--count", f"{tips['']}...{tips[remotes[0]]}")
        ahead, behind = map(int, counted.split())
    return Repository(branch, remotes, tips, repository.current_branch(), ahead, behind)
