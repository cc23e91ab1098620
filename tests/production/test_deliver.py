"""Delivery: what cannot be delivered loses nothing, holds up nobody, and is said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters import production_jobs, webhook
from skillctl.adapters.local_sink import Sink, local_sink
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.production_catalogue import ProductionCatalogue
from skillctl.domain.delivery import Attempt, Delivered, Job, Retry
from skillctl.errors import StoreRefused
from skillctl.workflows.deliver import drain
from tests.production.conftest import Database, Transport
from tests.production.world import Version, following, publish, upload
from tests.shop import Shop

SECRET = "s3cret-of-the-hook"
CHANGE = {"skill": "finance-ssc", "version": "1.0.0", "action": "publish", "serving": "1.0.0"}
FACTS: dict[str, Any] = {"release": "r-1", "environment": "prod", "commit": "c" * 40, "changes": [CHANGE]}
VARIABLES = ["MATTERMOST_WEBHOOK_URL", "N8N_WEBHOOK_URL", "N8N_WEBHOOK_SECRET"]


def queued(database: Database, *job_types: str, payload: dict[str, Any] | None = None) -> None:
    """One release with a job of each type."""
    jobs = [{"destination": kind, "job_type": kind, "payload": payload or FACTS} for kind in job_types]
    with PostgresTransport(database.owner_url) as transport:
        publish(transport, Version(), jobs=jobs)


def states(database: Database) -> dict[str, tuple[str, int]]:
    return {
        kind: (status, n) for kind, status, n in database.run("select job_type, status, attempts from mcp_jobs.jobs")
    }


@pytest.fixture
def shop(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A repository whose production is the database, with every destination named and none given."""
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return Shop.opened(tmp_path / "shop")


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with local_sink(SECRET) as made:
        values = (made.mattermost_url, made.n8n_url, SECRET)
        for name, value in zip(VARIABLES, values, strict=True):
            monkeypatch.setenv(name, value)
        yield made


def test_a_job_without_a_destination_is_not_touched_and_names_what_is_missing(
    shop: Shop, database: Database, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(database, "notice", "rollout", "fax")
    monkeypatch.delenv("N8N_WEBHOOK_SECRET")

    answer = shop.skillctl("jobs", "work", "--drain")

    assert answer.exit_code == 1
    assert [one["status"] for one in answer.data["deliveries"]] == ["completed"]
    assert answer.data["waiting"] == [
        {"type": "fax", "jobs": 1, "settings": []},
        {"type": "rollout", "jobs": 1, "settings": ["N8N_WEBHOOK_SECRET"]},
    ]
    assert states(database) == {"notice": ("completed", 1), "rollout": ("queued", 0), "fax": ("queued", 0)}
    said = shop.typed("jobs", "work", "--drain")
    assert (said.exit_code, "no job is due" in said.out) == (1, False)
    assert "not delivered: rollout: 1 job waits; set `N8N_WEBHOOK_SECRET`" in said.out


def test_an_environment_without_destinations_says_where_they_are_named(shop: Shop, database: Database) -> None:
    policy = (shop.root / "skillctl.yaml").read_text()
    shop.write("skillctl.yaml", policy.replace(", mattermost: {}, n8n: {}", ", mattermost: {}"))
    queued(database, "notice", "rollout")
    answer = shop.skillctl("jobs", "work", "--drain")
    assert answer.exit_code == 1
    assert {one["type"]: one["settings"] for one in answer.data["waiting"]} == {
        "notice": ["MATTERMOST_WEBHOOK_URL"],
        "rollout": ["environments.prod.n8n"],
    }


def test_nothing_due_is_nothing_missing(shop: Shop, database: Database) -> None:
    answer = shop.skillctl("jobs", "work", "--drain")
    assert (answer.exit_code, answer.data["waiting"], answer.data["dead"]) == (0, [], {})


@pytest.mark.parametrize(
    "payload",
    [
        {},
        FACTS | {"changes": None},
        FACTS | {"changes": [{}]},
        FACTS | {"changes": ["finance-ssc"]},
        FACTS | {"changes": [CHANGE | {"action": "explode"}]},
        FACTS | {"environment": 7},
        FACTS | {"commit": 7},
    ],
)
def test_a_payload_that_cannot_be_read_is_a_dead_letter_and_the_next_job_is_done(
    shop: Shop, database: Database, sink: Sink, payload: dict[str, Any]
) -> None:
    queued(database, "notice", "rollout", payload=payload | {"x": 1})

    answer = shop.skillctl("jobs", "work", "--drain")

    assert (answer.exit_code, answer.data["dead"]) == (1, {"notice": 1})
    assert {one["type"]: one["status"] for one in answer.data["deliveries"]} == {
        "notice": "failed",
        "rollout": "completed",
    }
    assert "no notice of a release" in database.value("select error from mcp_jobs.dead_letter_queue")
    later = shop.typed("jobs", "work", "--drain")
    assert later.exit_code == 0
    assert "in the dead-letter queue: 1 notice" in later.out


class Thief:
    """A destination during whose attempt another worker takes the first job over."""

    def __init__(self, database: Database, attempt: Attempt) -> None:
        self._database, self._attempt, self.keys = database, attempt, list[str]()

    def deliver(self, job: Job) -> Attempt:
        if not self.keys:
            self._database.run("update mcp_jobs.jobs set worker = 'another' where id::text = %s", job.id)
        self.keys.append(job.key)
        return self._attempt


@pytest.mark.parametrize(("attempt", "after"), [(Delivered({}), "completed"), (Retry("no answer"), "queued")])
def test_a_lost_lease_is_noted_and_the_next_job_is_done(
    transport: Transport, database: Database, attempt: Attempt, after: str
) -> None:
    queued(database, "notice", "rollout")
    thief = Thief(database, attempt)

    done = drain(ProductionCatalogue(transport), {"notice": thief, "rollout": thief}, "w1")

    assert [one.status for one in done.deliveries] == ["lost", after]
    assert not done.is_done
    assert len(set(thief.keys)) == 2


def test_a_lost_lease_is_shown(shop: Shop, database: Database, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    queued(database, "notice")
    thief = Thief(database, Delivered({"status": 200}))
    monkeypatch.setattr("skillctl.wiring.destinations", lambda _target: {"notice": thief})
    said = shop.typed("jobs", "work", "--drain")
    assert said.exit_code == 1
    assert "delivered notice (status 200) too late" in said.out


def test_the_lease_is_longer_than_an_attempt_may_take() -> None:
    assert production_jobs.LEASE_SECONDS >= 2 * webhook._LONGEST


@pytest.mark.parametrize("text", ["a\0b", "half \ud83d", "\\\\\0"])
def test_text_that_production_cannot_keep_is_refused_with_the_skill(transport: Transport, text: str) -> None:
    good, bad = Version("odoo-developer"), Version(description=text)
    upload(transport, good.blobs | bad.blobs)
    with pytest.raises(StoreRefused) as caught:
        ProductionCatalogue(transport).apply(following(transport, [good.change(), bad.change()]))
    assert caught.value.name == "invalid-release"
    assert caught.value.message.startswith("finance-ssc@1.0.0 ")


@pytest.mark.parametrize("text", [r"write \u0000 as such", r"\\u0000", "größe 😀", "tab\tand\x01"])
def test_text_that_only_looks_so_is_kept(transport: Transport, text: str) -> None:
    version = Version(description=text)
    upload(transport, version.blobs)
    production = ProductionCatalogue(transport)
    production.apply(following(transport, [version.change()]))
    assert production.served()["skills"][0]["description"] == text
