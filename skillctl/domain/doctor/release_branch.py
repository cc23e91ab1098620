"""The branch that production is released from is there, and is the one that others have."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok, skipped, warning
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    found = facts.repository
    if found is None:
        return skipped(facts.trouble or "this folder is in no repository")
    branch = f"`{found.release_branch}`"
    if not found.tips:
        fix = "name it as `release_branch` in `skillctl.yaml`, or make it: " + f"`git branch {found.release_branch}`"
        return failed(f"there is no release branch {branch}, here or at a remote", fix)
    if not found.remotes:
        return ok(f"{branch} is here, and there is no remote")
    remote = found.remotes[0]
    if remote not in found.tips:
        return warning(
            f"{branch} is not at `{remote}`, as it was last fetched", f"run `git fetch {remote}`, or push it"
        )
    if "" not in found.tips:
        return ok(f"{branch} is at `{remote}`, and not here")
    if found.behind:
        said = f"{branch} here lacks {found.behind} commits of `{remote}`, as it was last fetched"
        return warning(said, f"run `git fetch {remote}`, and release what is there")
    if found.ahead:
        said = f"{branch} here has {found.ahead} commits that `{remote}` has not"
        return warning(said, "have them reviewed and merged; whether they may be pushed is for the host to say")
    return ok(f"{branch} is the same here and at `{remote}`; whether it is protected, only the host knows")


CHECK = Check("release branch", _look)
