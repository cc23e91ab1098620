"""A job is done by one worker, comes back from a dead one, and ends in sight: completed, or a dead letter."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.errors import StoreRefused
from tests.production.conftest import Database, Transport
from tests.production.world import Version, publish, release
from tests.standin import data_api


def enqueue(transport: Transport, source: str = "odoo", job_type: str = "sync", **more: Any) -> str:
    return str(transport.call("enqueue_job", source=source, job_type=job_type, payload={"n": 1}, **more))


def claim(transport: Transport, worker: str = "w1", **more: Any) -> Any:
    return transport.call("claim_next_job", worker=worker, **more)


def events(database: Database, job: str) -> list[str]:
    rows = database.run("select event from mcp_jobs.job_events where job_id = %s order by at, step", job)
    return [event for (event,) in rows]


def test_a_job_is_completed(transport: Transport, database: Database) -> None:
    job = enqueue(transport)
    claimed = claim(transport)

    assert (claimed["id"], claimed["status"], claimed["attempts"]) == (job, "processing", 1)
    assert (claimed["payload"], claimed["worker"]) == ({"n": 1}, "w1")
    assert claim(transport, "w2") is None
    assert transport.call("complete_job", job=job, worker="w1", result={"ok": True}) == {"status": "completed"}
    assert transport.call("complete_job", job=job, worker="w1", result={"ok": True}) == {"status": "completed"}
    assert transport.call("job_counts", source="odoo") == {"completed": 1}
    assert transport.call("job_counts", source="other") == {}
    assert events(database, job) == ["queued", "started", "completed"]
    assert database.run("select worker, outcome, result from mcp_jobs.job_runs") == [("w1", "completed", {"ok": True})]
    assert database.run("select source, job_type, completed, retried, failed from mcp_jobs.metrics") == [
        ("odoo", "sync", 1, 0, 0)
    ]


def test_the_more_urgent_job_is_first_and_the_older_of_equals(transport: Transport) -> None:
    usual = [enqueue(transport), enqueue(transport)]
    urgent = enqueue(transport, priority=1)
    enqueue(transport, run_at="2999-01-01T00:00:00Z")

    assert [claim(transport)["id"] for _ in range(3)] == [urgent, *usual]
    assert claim(transport) is None


def test_a_worker_may_ask_for_one_source(transport: Transport) -> None:
    enqueue(transport, "odoo")
    mine = enqueue(transport, "n8n")
    assert claim(transport, source="n8n")["id"] == mine
    assert claim(transport, source="n8n") is None


def test_a_worker_takes_only_the_types_it_can_do(transport: Transport, database: Database) -> None:
    enqueue(transport, job_type="rollout")
    mine = enqueue(transport, job_type="notice")
    assert claim(transport, job_types=[]) is None
    assert claim(transport, job_types=["notice", "other"])["id"] == mine
    assert claim(transport, job_types=["notice", "other"]) is None
    assert database.run("select attempts, status from mcp_jobs.jobs where job_type = 'rollout'") == [(0, "queued")]
    assert claim(transport, job_types=None)["job_type"] == "rollout"


def test_the_backlog_counts_by_type_what_waits_and_what_is_dead(transport: Transport, database: Database) -> None:
    assert transport.call("job_backlog", source="odoo") == {"due": {}, "later": {}, "dead": {}}
    for kind in ("a", "a", "b"):
        enqueue(transport, job_type=kind)
    enqueue(transport, job_type="b", run_at="2999-01-01T00:00:00Z")
    dead = [enqueue(transport, job_type="c") for _ in range(2)]
    for _ in dead:
        job = claim(transport, job_types=["c"])
        transport.call("fail_job", job=job["id"], worker="w1", error="x", retry=False)
    enqueue(transport, "other", job_type="a")
    database.run("update mcp_jobs.dead_letter_queue set resolved = true where job_id = %s", dead[0])

    expected = {"due": {"a": 2, "b": 1}, "later": {"b": 1}, "dead": {"c": 1}}
    assert transport.call("job_backlog", source="odoo") == expected
    assert transport.call("job_backlog") == expected | {"due": {"a": 3, "b": 1}}


def test_only_a_release_writes_jobs_of_its_source(transport: Transport, database: Database) -> None:
    with pytest.raises(StoreRefused) as caught:
        enqueue(transport, "skillctl", "notice")
    assert caught.value.name == "source-reserved"
    with pytest.raises(psycopg.Error) as refused:
        database.run("select public.enqueue_job('skillctl', 'notice', '{}')", role="service_role")
    assert (refused.value.sqlstate, refused.value.diag.message_detail) == ("PT422", "source-reserved")
    assert database.value("select count(*) from mcp_jobs.jobs") == 0


def test_a_key_of_one_source_is_not_in_the_way_of_another(transport: Transport) -> None:
    wanted = release([], id=str(uuid.uuid4()))
    key = f"{wanted['id']}:mattermost"
    assert enqueue(transport, idempotency_key=key) != enqueue(transport, "n8n", idempotency_key=key)
    answer = publish(transport, Version(), id=wanted["id"])
    assert [job["destination"] for job in answer["jobs"]] == ["mattermost"]


def test_a_job_with_a_known_key_is_not_added_again(transport: Transport) -> None:
    assert enqueue(transport, idempotency_key="a") == enqueue(transport, idempotency_key="a")
    assert enqueue(transport) != enqueue(transport)
    assert transport.call("job_counts") == {"queued": 3}


def test_eight_workers_never_take_the_same_job(database: Database) -> None:
    with PostgresTransport(database.owner_url) as transport:
        for _ in range(80):
            enqueue(transport)

    def work(number: int) -> list[str]:
        done = []
        with PostgresTransport(database.owner_url) as transport:
            while (job := claim(transport, f"w{number}")) is not None:
                transport.call("complete_job", job=job["id"], worker=f"w{number}")
                done.append(job["id"])
        return done

    with ThreadPoolExecutor(8) as pool:
        taken = Counter(job for done in pool.map(work, range(8)) for job in done)

    assert len(taken) == 80
    assert set(taken.values()) == {1}
    assert database.value("select count(*) from mcp_jobs.job_runs") == 80
    assert database.value("select sum(completed) from mcp_jobs.metrics") == 80


def test_a_dead_workers_job_comes_back_and_the_dead_one_is_too_late(transport: Transport, database: Database) -> None:
    job = enqueue(transport)
    claim(transport, "dead", lease_seconds=60)
    database.run("update mcp_jobs.jobs set lease_until = now() - interval '1 second'")

    again = claim(transport, "alive")

    assert (again["id"], again["attempts"], again["worker"]) == (job, 2, "alive")
    for name, arguments in (("complete_job", {}), ("fail_job", {"error": "x"})):
        with pytest.raises(StoreRefused) as caught:
            transport.call(name, job=job, worker="dead", **arguments)
        assert caught.value.name == "lease-lost"
    assert events(database, job) == ["queued", "started", "lost", "started"]
    assert database.run("select worker, outcome from mcp_jobs.job_runs order by id") == [
        ("dead", "lost"), ("alive", None),
    ]  # fmt: skip


def test_nobody_finishes_a_job_that_is_not_his(transport: Transport) -> None:
    job = enqueue(transport)
    for worker in ("w1", "w2"):
        with pytest.raises(StoreRefused) as caught:
            transport.call("complete_job", job=job, worker=worker)
        assert caught.value.name == "lease-lost"
    with pytest.raises(StoreRefused):
        transport.call("complete_job", job="00000000-0000-0000-0000-000000000000", worker="w1")


def test_a_failed_job_waits_and_is_tried_again(transport: Transport, database: Database) -> None:
    job = enqueue(transport)
    claim(transport)

    answer: Any = transport.call("fail_job", job=job, worker="w1", error="503", retry=True, delay_seconds=3600)

    assert answer["status"] == "queued"
    assert transport.call("fail_job", job=job, worker="w1", error="503", retry=True, delay_seconds=3600) == answer
    assert claim(transport) is None
    database.run("update mcp_jobs.jobs set run_at = now()")
    assert claim(transport)["attempts"] == 2
    assert events(database, job) == ["queued", "started", "retried", "started"]


@pytest.mark.parametrize("retry", [True, False])
def test_a_job_that_cannot_be_done_is_a_dead_letter(transport: Transport, database: Database, retry: bool) -> None:
    job = enqueue(transport)
    if retry:
        database.run("update mcp_jobs.jobs set max_attempts = 1")
    claim(transport)

    answer: Any = transport.call("fail_job", job=job, worker="w1", error="404", retry=retry, delay_seconds=0)

    assert answer["status"] == "failed"
    assert transport.call("job_counts") == {"failed": 1}
    assert database.run("select job_id::text, source, payload, error, resolved from mcp_jobs.dead_letter_queue") == [
        (job, "odoo", {"n": 1}, "404", False)
    ]
    assert claim(transport) is None


def test_a_job_that_kills_its_workers_is_a_dead_letter(transport: Transport, database: Database) -> None:
    enqueue(transport)
    database.run("update mcp_jobs.jobs set max_attempts = 2")
    for worker in ("w1", "w2"):
        assert claim(transport, worker)
        database.run("update mcp_jobs.jobs set lease_until = now() - interval '1 second'")

    assert claim(transport, "w3") is None
    assert transport.call("job_counts") == {"failed": 1}
    assert (
        database.value("select error from mcp_jobs.dead_letter_queue") == "no worker came back from any of 2 attempts"
    )


def test_jobs_are_listed_the_newest_first(transport: Transport) -> None:
    jobs = [enqueue(transport) for _ in range(3)]
    enqueue(transport, "other")
    listed: Any = transport.call("list_jobs", source="odoo", limit=2)
    assert [job["id"] for job in listed] == [jobs[2], jobs[1]]


def test_the_callers_of_the_seed_enqueue_as_they_do(database: Database) -> None:
    """The request of the Odoo integration, header by header: no profile, no API key header, public.enqueue_job."""
    body = {"p_source": "odoo", "p_job_type": "discovery", "p_payload": {"host": "a"}, "p_priority": 5}
    with data_api.data_api(database.authenticator_url) as api:
        response = httpx.post(
            f"{database.gateway or api.url}/rest/v1/rpc/enqueue_job",
            headers={
                "Authorization": f"Bearer {database.key if database.gateway else data_api.make_jwt('service_role')}",
                "Content-Type": "application/json",
                "Prefer": "return=representation",
            },
            json=body,
        )
        from_n8n = httpx.post(
            f"{database.gateway or api.url}/rest/v1/rpc/enqueue_job",
            headers={"Authorization": f"Bearer {database.key}", "apikey": database.key},
            json={"p_source": "n8n", "p_job_type": "sync", "p_payload": {"any": ["json"]}},
        )
    assert response.raise_for_status().status_code == from_n8n.raise_for_status().status_code == 200
    rows = database.run("select id::text, source, payload, priority from mcp_jobs.jobs order by created_at")
    assert rows == [
        (response.json(), "odoo", {"host": "a"}, 5),
        (from_n8n.json(), "n8n", {"any": ["json"]}, 5),
    ]
