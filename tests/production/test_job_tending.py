"""What a person does to jobs, and what a worker's lease is: each step leaves its trace, and the metrics add up."""

import contextlib
from collections import Counter
from random import Random
from typing import Any

import pytest

from skillctl.errors import StoreRefused
from tests.production.conftest import Database, Transport
from tests.production.test_jobs import claim, enqueue, events
from tests.production.world import Version, publish

UNKNOWN = "00000000-0000-0000-0000-000000000000"


def refused(transport: Transport, function: str, **arguments: Any) -> str:
    with pytest.raises(StoreRefused) as caught:
        transport.call(function, **arguments)
    assert caught.value.hint
    return caught.value.name


def die(transport: Transport, **more: Any) -> str:
    """A job that is a dead letter."""
    job = enqueue(transport, **more)
    taken = claim(transport, source="odoo")
    assert taken["id"] == job
    transport.call("fail_job", job=job, worker="w1", error="404", retry=False)
    return job


def test_a_sign_of_life_keeps_the_job(transport: Transport, database: Database) -> None:
    job = enqueue(transport)
    claim(transport, "w1", lease_seconds=1)
    transport.call("extend_lease", job=job, worker="w1", lease_seconds=600)
    assert database.value("select lease_until > now() + interval '9 minutes' from mcp_jobs.jobs") is True
    database.run("update mcp_jobs.jobs set lease_until = now() - interval '1 second'")
    assert claim(transport, "w2")["id"] == job
    assert refused(transport, "extend_lease", job=job, worker="w1") == "lease-lost"
    assert refused(transport, "extend_lease", job=UNKNOWN, worker="w1") == "lease-lost"


def test_the_maximum_of_attempts_is_set_with_the_job(transport: Transport) -> None:
    job = enqueue(transport, max_attempts=1)
    claim(transport)
    assert transport.call("fail_job", job=job, worker="w1", error="x") == {
        "status": "failed", "run_at": transport.call("job_detail", id=job)["job"]["run_at"],  # type: ignore[index,call-overload]
    }  # fmt: skip


def test_what_waits_for_later_and_what_nobody_can_do_is_passed_over(transport: Transport) -> None:
    for priority in (1, 2):
        enqueue(transport, run_at="2999-01-01T00:00:00Z", priority=priority)
    enqueue(transport, job_type="other", priority=3)
    job = enqueue(transport, priority=7)
    for source in ("odoo", None):
        more = {"source": source} if source else {}
        assert claim(transport, job_types=["none"], **more) is None
    assert claim(transport, job_types=["sync"])["id"] == job
    job = enqueue(transport, priority=7)
    assert claim(transport, job_types=["sync"], source="odoo")["id"] == job


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_cancelled_job_is_nobodys_and_its_workers_answer_is_refused(
    transport: Transport, database: Database, is_claimed: bool
) -> None:
    job = enqueue(transport)
    if is_claimed:
        claim(transport)
    was = "processing" if is_claimed else "queued"
    answer = {"status": "cancelled", "was": was}
    assert transport.call("cancel_job", job=job, reason="not wanted") == answer
    assert transport.call("cancel_job", job=job) == answer | {"was": "cancelled"}
    assert claim(transport, "w2") is None
    for function, more in (("complete_job", {}), ("fail_job", {"error": "x"}), ("extend_lease", {})):
        assert refused(transport, function, job=job, worker="w1", **more) == "lease-lost"
    assert events(database, job)[-1] == "cancelled"
    runs = database.run("select outcome, error from mcp_jobs.job_runs")
    assert runs == ([("cancelled", "not wanted")] if is_claimed else [])


def test_what_ended_is_not_cancelled(transport: Transport) -> None:
    job = enqueue(transport)
    claim(transport)
    transport.call("complete_job", job=job, worker="w1")
    assert refused(transport, "cancel_job", job=job) == "job-ended"
    assert refused(transport, "requeue_job", job=job) == "job-not-waiting"
    assert refused(transport, "resolve_dead", job=job) == "no-dead-letter"
    for function in ("cancel_job", "requeue_job", "resolve_dead"):
        assert refused(transport, function, job=UNKNOWN) == "job-unknown"


def test_a_dead_letter_is_tried_again_and_settled(transport: Transport, database: Database) -> None:
    job = die(transport)
    assert [one["job_id"] for one in transport.call("dead_letters")] == [job]  # type: ignore[union-attr,index,call-overload]
    assert transport.call("requeue_job", job=job) == {"status": "queued", "was": "failed"}
    assert transport.call("dead_letters") == []
    again = claim(transport)
    assert (again["id"], again["attempts"], again["max_attempts"]) == (job, 2, 9)
    transport.call("fail_job", job=job, worker="w1", error="404", retry=False)
    assert events(database, job) == ["queued", "started", "failed", "requeued", "started", "failed"]
    letters = database.run("select resolved from mcp_jobs.dead_letter_queue order by id")
    assert letters == [(True,), (False,)]


def test_a_dead_letter_is_settled_without_a_run(transport: Transport, database: Database) -> None:
    job = die(transport)
    assert transport.call("resolve_dead", job=job) == {"status": "failed", "resolved": 1}
    assert transport.call("resolve_dead", job=job) == {"status": "failed", "resolved": 0}
    assert transport.call("job_backlog")["dead"] == {}  # type: ignore[index,call-overload]
    assert events(database, job)[-1] == "resolved"


@pytest.mark.parametrize("was", ["queued", "cancelled"])
def test_a_job_that_waits_or_was_cancelled_is_tried_at_once(transport: Transport, was: str) -> None:
    job = enqueue(transport, run_at="2999-01-01T00:00:00Z")
    if was == "cancelled":
        transport.call("cancel_job", job=job)
    assert claim(transport) is None
    assert transport.call("requeue_job", job=job) == {"status": "queued", "was": was}
    assert claim(transport)["id"] == job


def test_a_job_is_found_by_the_beginning_of_its_id(transport: Transport, database: Database) -> None:
    job = die(transport)
    other = job[:-1] + ("0" if job[-1] != "0" else "1")
    database.run("insert into mcp_jobs.jobs (id, source, job_type) values (%s, 'odoo', 'x')", other)
    found: Any = transport.call("job_detail", id=job)
    assert (found["job"]["id"], [run["outcome"] for run in found["runs"]]) == (job, ["failed"])
    assert [event["event"] for event in found["events"]] == ["queued", "started", "failed"]
    assert [letter["error"] for letter in found["letters"]] == ["404"]
    assert transport.call("job_detail", id=job[:13]) == {"ids": sorted([job, other])}
    for nothing in ("zz", "", UNKNOWN, "a" * 40):
        assert transport.call("job_detail", id=nothing) == {"ids": []}


def test_jobs_are_listed_by_type_and_status(transport: Transport) -> None:
    mine = enqueue(transport, job_type="a")
    enqueue(transport, job_type="b")
    claim(transport, job_types=["a"])
    for wanted in ({"job_type": "a"}, {"status": "processing"}, {"source": "odoo", "status": "processing"}):
        assert [job["id"] for job in transport.call("list_jobs", **wanted)] == [mine]  # type: ignore[union-attr,index,call-overload]
    assert transport.call("list_jobs", job_type="a", status="queued") == []


def test_only_what_ended_long_ago_is_thrown_away(transport: Transport, database: Database) -> None:
    publish(transport, Version())
    kept = {"dead": die(transport), "waiting": enqueue(transport, run_at="2999-01-01T00:00:00Z")}
    gone = {"settled": die(transport), "cancelled": enqueue(transport)}
    transport.call("resolve_dead", job=gone["settled"])
    transport.call("cancel_job", job=gone["cancelled"])
    database.run("update mcp_jobs.jobs set finished_at = now(), status = 'completed' where source = 'skillctl'")
    hours = "select source, job_type, completed, retried, failed from mcp_jobs.metrics"
    before = database.run(hours)
    assert transport.call("prune_jobs", days=1) == {"pruned": 0}
    database.run("update mcp_jobs.jobs set finished_at = now() - interval '2 days' where finished_at is not null")

    assert transport.call("prune_jobs", days=1, limit=1) == {"pruned": 1}
    assert transport.call("prune_jobs", days=1, source="n8n") == {"pruned": 0}
    assert transport.call("prune_jobs", days=1) == {"pruned": 1}

    assert transport.call("prune_jobs", days=1) == {"pruned": 0}
    left = {str(job) for (job,) in database.run("select id from mcp_jobs.jobs where source <> 'skillctl'")}
    assert left == set(kept.values())
    assert database.value("select count(*) from mcp_jobs.jobs where source = 'skillctl'") == 1
    assert database.run("select job_id::text from mcp_jobs.job_runs") == [(kept["dead"],)]
    assert database.run(hours) == before
    assert refused(transport, "prune_jobs", days=0) == "too-young"


@pytest.mark.parametrize("seed", range(5))
def test_the_metrics_add_up_with_the_jobs_and_their_runs(transport: Transport, database: Database, seed: int) -> None:
    chance = Random(seed)
    alive: list[str] = []
    ended: Counter[str] = Counter()
    for _ in range(120):
        match chance.choice(["add", "add", "done", "retry", "bury", "lose", "cancel", "requeue", "prune"]):
            case "add":
                alive.append(enqueue(transport, chance.choice("ab"), chance.choice("xy"), max_attempts=3))
            case "cancel" | "requeue" as act:
                if alive:
                    with contextlib.suppress(StoreRefused):
                        transport.call(f"{act}_job", job=chance.choice(alive))
            case "prune":
                database.run(
                    "update mcp_jobs.jobs set finished_at = finished_at - interval '2 days'"
                    " where finished_at is not null and random() < 0.3"
                )
                transport.call("prune_jobs", days=1)
                alive = [str(job) for (job,) in database.run("select id from mcp_jobs.jobs")]
            case act:
                if (job := claim(transport)) is not None:
                    ended[_end(transport, database, job, act)] += 1
        _agree(transport, database, ended)
    assert len(ended) == 3


def _end(transport: Transport, database: Database, job: Any, act: str) -> str:
    """Ends a claimed job; how that is counted."""
    if act == "done":
        transport.call("complete_job", job=job["id"], worker="w1")
        return "completed"
    if act == "lose":
        database.run("update mcp_jobs.jobs set lease_until = now() - interval '1 second' where status = 'processing'")
        claim(transport, job_types=[])
    else:
        transport.call("fail_job", job=job["id"], worker="w1", error="x", retry=act == "retry")
    return "failed" if act == "bury" or job["attempts"] >= job["max_attempts"] else "retried"


def _agree(transport: Transport, database: Database, ended: Counter[str]) -> None:
    """The metrics with what was done; each job's state with its runs; burials with dead letters; the stats with all."""
    for kind in ("completed", "retried", "failed"):
        assert database.value(f"select coalesce(sum({kind}), 0)::int from mcp_jobs.metrics") == ended[kind]
    odd = database.run(
        "select id from mcp_jobs.jobs j where (status = 'completed') <> exists ("
        " select from mcp_jobs.job_runs r where r.job_id = j.id and r.outcome = 'completed')"
    )
    assert odd == []
    letters = database.value("select count(*) from mcp_jobs.dead_letter_queue")
    assert letters == database.value("select count(*) from mcp_jobs.job_runs where buried")
    said: Any = transport.call("job_stats")
    for source, status, count in database.run("select source, status, count(*) from mcp_jobs.jobs group by 1, 2"):
        assert status == "cancelled" or said["sources"][source][status] == count
