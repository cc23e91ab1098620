"""How rollouts stand in production: the functions of schema `mcp` that the worker and `status` call."""

from collections.abc import Mapping
from typing import Any

from skillctl.adapters.lanes import Transport
from skillctl.domain import secrets
from skillctl.domain.delivery import Job
from skillctl.domain.rollout import Outcome, Standing


class ProductionRollouts:
    """Asks and tells; every function knows again what it was told before."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def open(self, job: Job, token_sha256: str, *, again: bool = False) -> Standing:
        """How the rollout of a job stands, and whether n8n may be asked now, with the token of this hash."""
        return _standing(
            self._call("open_rollout", job=job.id, worker=job.worker, token_sha256=token_sha256, again=again)
        )

    def close(self, job: Job, token_sha256: str) -> None:
        """What was sent with this token was surely not heard."""
        self._call("close_rollout", job=job.id, worker=job.worker, token_sha256=token_sha256)

    def delivered(self, job: Job, execution: str | None, *, follow: bool, acknowledged: bool) -> None:
        """n8n has accepted the rollout of a job; `follow` has its run watched."""
        self._call(
            "rollout_delivered",
            job=job.id,
            worker=job.worker,
            execution=execution,
            follow=follow,
            acknowledged=acknowledged,
        )

    def standing(self, release: str) -> Standing | None:
        """How the rollout of a release stands; None where it has none."""
        said = self._call("rollout_standing", release=release)
        return None if said is None else _standing(said)

    def settle(self, release: str, outcome: Outcome, detail: str | None) -> str:
        """It has ended so, unless it was settled before; how it stands now."""
        said = self._call("settle_rollout", release=release, state=outcome, detail=detail)
        return str(said["state"])

    def states(self, limit: int) -> Mapping[str, Any]:
        """The newest `releases` that n8n is told of, and by skill that of its last promotion (`skills`)."""
        said: dict[str, Any] = self._call("rollout_states", limit=limit)
        for one in said["releases"]:
            for key in ("detail", "error"):
                # What n8n said of it: somebody else's words.
                one[key] = None if one[key] is None else secrets.masked(one[key])
        return said


def _standing(said: Mapping[str, Any]) -> Standing:
    return Standing(
        said["release"],
        said["state"],
        said["execution"],
        said.get("open", False),
        since=said["since"] or 0,
        first=said["first"] or 0,
        last=said["seconds"] or 0,
        is_cleared=said["cleared"],
        age=said["age"] or 0,
    )
