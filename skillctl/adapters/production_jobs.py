"""The jobs of production: the functions of schema `mcp` that add, lease, end and tend them."""

from collections.abc import Iterable, Mapping
from typing import Any

from skillctl.adapters.lanes import Caller
from skillctl.domain.delivery import Backlog, Job

#: Whose jobs `jobs work` does.
SOURCE = "skillctl"
#: Twice as long as the longest attempt at a delivery, so that its outcome is still ours to tell.
LEASE_SECONDS = 120


class ProductionJobs:
    """The queue: what a worker asks of it, and what a person does to it."""

    def __init__(self, transport: Caller, lease: int = LEASE_SECONDS) -> None:
        self._call, self._lease = transport.call, lease

    def claim(self, worker: str, job_types: Iterable[str]) -> Job | None:
        """The next due job of ours of one of these types, leased to this worker, or None."""
        said = self._call(
            "claim_next_job", worker=worker, source=SOURCE, lease_seconds=self._lease, job_types=sorted(job_types)
        )
        if said is None:
            return None
        key = said["idempotency_key"] or said["id"]
        return Job(said["id"], said["job_type"], said["payload"], said["attempts"], key, worker)

    def extend(self, job: Job, worker: str) -> None:
        """The job stays this worker's for another while."""
        self._call("extend_lease", job=job.id, worker=worker, lease_seconds=self._lease)

    def complete(self, job: Job, worker: str, result: Mapping[str, Any]) -> None:
        """The job's effect is there."""
        self._call("complete_job", job=job.id, worker=worker, result=dict(result))

    def fail(self, job: Job, worker: str, error: str, *, retry_in: int | None) -> str:
        """The job's effect is not there: again in so many seconds, or never (None); its status afterwards."""
        delay = retry_in or 0
        said = self._call(
            "fail_job", job=job.id, worker=worker, error=error, retry=retry_in is not None, delay_seconds=delay
        )
        return str(said["status"])

    def postpone(self, job: Job, worker: str, seconds: int, result: Mapping[str, Any]) -> None:
        """Nothing failed and nothing is done: the job is due again in so many seconds, and this was no attempt."""
        self._call("postpone_job", job=job.id, worker=worker, delay_seconds=seconds, result=dict(result))

    def backlog(self) -> Backlog:
        """Our jobs that are due, and our dead letters."""
        said = self._call("job_backlog", source=SOURCE)
        return Backlog(said["due"], said["dead"])

    def jobs(
        self, limit: int, source: str | None = SOURCE, job_type: str | None = None, status: str | None = None
    ) -> list[Mapping[str, Any]]:
        """The newest jobs, of one source (None: of all), type and status."""
        wanted = {"source": source, "job_type": job_type, "status": status}
        given = {name: value for name, value in wanted.items() if value is not None}
        answer: list[Mapping[str, Any]] = self._call("list_jobs", limit=limit, **given)
        return answer

    def job(self, prefix: str) -> Mapping[str, Any]:
        """The one job whose id begins so with its runs, events and letters; else only the `ids` that begin so."""
        answer: Mapping[str, Any] = self._call("job_detail", id=prefix)
        return answer

    def cancel(self, job: str, reason: str | None) -> Mapping[str, Any]:
        """Nobody takes the job any more, and its worker's answer is refused; what it `was`."""
        answer: Mapping[str, Any] = self._call("cancel_job", job=job, **({"reason": reason} if reason else {}))
        return answer

    def requeue(self, job: str) -> Mapping[str, Any]:
        """The job is tried again from now on; what it `was`."""
        answer: Mapping[str, Any] = self._call("requeue_job", job=job)
        return answer

    def resolve(self, job: str) -> Mapping[str, Any]:
        """The job's dead letter is settled without a run."""
        answer: Mapping[str, Any] = self._call("resolve_dead", job=job)
        return answer

    def dead(self, source: str | None, limit: int) -> list[Mapping[str, Any]]:
        """The newest dead letters that nobody settled."""
        answer: list[Mapping[str, Any]] = self._call("dead_letters", limit=limit, **_of(source))
        return answer

    def stats(self, source: str | None) -> Mapping[str, Any]:
        """Each source's depth, success and dead letters, and the metrics of the last day."""
        answer: Mapping[str, Any] = self._call("job_stats", **_of(source))
        return answer

    def prune(self, days: int, source: str | None) -> int:
        """Throw away what ended so many days ago, batch by batch; how many jobs."""
        pruned = 0
        while count := self._call("prune_jobs", days=days, **_of(source))["pruned"]:
            pruned += count
        return pruned


def _of(source: str | None) -> dict[str, str]:
    return {} if source is None else {"source": source}
