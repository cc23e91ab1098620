"""One job: the beginning of an id → the job that is meant."""

from collections.abc import Mapping
from typing import Any, Protocol

from skillctl.errors import UsageError


class Jobs(Protocol):
    """What knows the jobs of production."""

    def job(self, prefix: str) -> Mapping[str, Any]:
        """The one job whose id begins so with its runs, events and letters; else only the `ids` that begin so."""
        ...


def the_one(jobs: Jobs, prefix: str) -> Mapping[str, Any]:
    """The one job whose id begins so; UsageError for none, or several."""
    found = jobs.job(prefix)
    if "job" in found:
        return found
    if found["ids"]:
        listed = ", ".join(found["ids"][:3])
        raise UsageError(f"several jobs begin with `{prefix}`: {listed}", hint="give more of the id")
    raise UsageError(f"no job begins with `{prefix}`", hint="run `skillctl jobs list`")
