"""Rollouts in the database: written with the release, changed by functions only, and settled once by whoever may."""

import hashlib
import json
import shutil
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from skillctl.adapters import migrations
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.errors import StoreRefused
from tests.production.conftest import MIGRATIONS, Database, Transport, opened
from tests.production.cutting import Cut, When
from tests.production.stage import staged
from tests.production.world import Version, publish
from tests.standin import data_api

TOKEN = "one-time-hunter2"
ROLLOUT = {"destination": "n8n", "job_type": "rollout"}
FUNCTIONS = [
    "mcp.open_rollout(gen_random_uuid(), 'w', repeat('0', 64))",
    "mcp.close_rollout(gen_random_uuid(), 'w', repeat('0', 64))",
    "mcp.rollout_delivered(gen_random_uuid(), 'w', '1')",
    "mcp.postpone_job(gen_random_uuid(), 'w', 1)",
    "mcp.settle_rollout('r', 'rolled_out')",
    "mcp.rollout_standing('r')",
    "mcp.rollout_states()",
]
INNER = [
    "mcp.settle(null, 'rolled_out', null, null, 'follower')",
    "mcp.failed_rollout(null, null)",
    "mcp.leased_rollout(gen_random_uuid(), 'w')",
    "mcp.rollout_answer(gen_random_uuid())",
    "mcp.rollout_of_job(null)",
    "mcp.plain_line('x', 1)",
    "mcp.is_settled('x')",
]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Rolling:
    """A release whose rollout was written, with its job taken by worker `w`."""

    def __init__(self, transport: Transport, database: Database, version: Version | None = None) -> None:
        self.call, self.database, self.id = transport.call, database, str(uuid.uuid4())
        payload = {"release": self.id, "environment": "prod", "changes": [], "skills": 1}
        publish(transport, version or Version(), id=self.id, jobs=[{**ROLLOUT, "payload": payload}])
        self.job: Any = self.take()

    def take(self, worker: str = "w") -> Any:
        return self.call("claim_next_job", worker=worker, source="skillctl", job_types=["rollout"])

    def open(self, token: str = TOKEN, worker: str = "w", **more: Any) -> Any:
        return self.call("open_rollout", job=self.job["id"], worker=worker, token_sha256=sha256(token), **more)

    def delivered(self, execution: str = "231", **more: Any) -> Any:
        return self.call("rollout_delivered", job=self.job["id"], worker="w", execution=execution, **more)

    def acknowledge(self, outcome: str = "rolled_out", token: str = TOKEN, **more: Any) -> Any:
        return self.call("acknowledge_rollout", release=self.id, token=token, outcome=outcome, **more)

    def row(self) -> dict[str, Any]:
        return dict(self.database.value("select to_jsonb(o) from mcp.rollouts o where release::text = %s", self.id))

    def jobs(self, job_type: str) -> list[Any]:
        rows = self.database.run("select payload from mcp_jobs.jobs where job_type = %s", job_type)
        return [payload for (payload,) in rows]


@pytest.fixture
def rolling(transport: Transport, database: Database) -> Rolling:
    return Rolling(transport, database)


def refused(name: str, call: Any, *arguments: Any, **more: Any) -> StoreRefused:
    with pytest.raises(StoreRefused) as caught:
        call(*arguments, **more)
    assert caught.value.name == name, caught.value.message
    return caught.value


def test_a_rollout_is_written_with_the_release_that_asks_for_one(rolling: Rolling, transport: Transport) -> None:
    assert {key: rolling.row()[key] for key in ("state", "destination", "environment", "job")} == {
        "state": "pending", "destination": "n8n", "environment": "prod", "job": rolling.job["id"],
    }  # fmt: skip
    publish(transport, Version("odoo-developer"))
    assert rolling.database.value("select count(*) from mcp.rollouts") == 1, "only n8n is rolled out to"


def test_a_rollout_of_no_release_is_none(transport: Transport, database: Database) -> None:
    database.run(
        "insert into mcp_jobs.jobs (source, job_type, idempotency_key) values ('skillctl', 'rollout', %s)",
        f"{uuid.uuid4()}:n8n",
    )
    assert database.value("select count(*) from mcp.rollouts") == 0
    job: Any = transport.call("claim_next_job", worker="w", source="skillctl")
    opening = {"job": job["id"], "worker": "w", "token_sha256": sha256("x")}
    refused("not-a-rollout", transport.call, "open_rollout", **opening)


def test_only_whoever_holds_the_lease_may_ask_n8n(rolling: Rolling) -> None:
    refused("lease-lost", rolling.open, worker="another")
    refused("invalid-token", rolling.call, "open_rollout", job=rolling.job["id"], worker="w", token_sha256=TOKEN)
    rolling.database.run("update mcp_jobs.jobs set lease_until = now() - interval '1 second'")
    assert rolling.take("another")["id"] == rolling.job["id"]
    for call in (rolling.open, rolling.delivered):
        refused("lease-lost", call)
    assert rolling.row()["state"] == "pending"
    assert rolling.database.value("select count(*) from mcp.rollout_tokens") == 0


def test_it_is_asked_again_only_when_somebody_has_looked(rolling: Rolling) -> None:
    first = rolling.open()
    assert (first["state"], first["sends"], first["open"]) == ("pending", 0, True)
    assert rolling.open()["open"], "the answer was lost, and the same token asks again"
    assert rolling.open("another")["open"] is False
    assert rolling.open("another", again=True)["open"]
    assert rolling.database.value("select count(*) from mcp.rollout_tokens") == 2


def test_what_was_surely_not_heard_was_not_sent(rolling: Rolling) -> None:
    rolling.open()
    for _ in range(2):
        closed: Any = rolling.call("close_rollout", job=rolling.job["id"], worker="w", token_sha256=sha256(TOKEN))
        assert closed["sends"] == 0
    refused("token-refused", rolling.acknowledge)
    assert rolling.open("another")["open"]


def test_a_person_who_has_it_tried_again_has_looked(rolling: Rolling) -> None:
    assert rolling.open()["cleared"] is False
    rolling.call("fail_job", job=rolling.job["id"], worker="w", error="not known", retry=False)
    rolling.database.run("update mcp_jobs.jobs set status = 'queued', finished_at = null")
    rolling.job = rolling.take()
    told = rolling.open("another")
    assert (told["open"], told["cleared"], told["sends"], told["first"]) == (False, True, 1, None)
    assert rolling.open("another", again=True)["open"]
    after = rolling.open("third")
    assert (after["cleared"], after["sends"], after["first"] is None) == (False, 2, False)
    assert rolling.acknowledge()["state"] == "rolled_out", "and what was sent before may still be acknowledged"


def test_it_is_delivered_once_and_followed_once(rolling: Rolling) -> None:
    rolling.open()
    for execution in ("231", "231", "999"):
        told = rolling.delivered(execution, follow=True, acknowledged=True)
        assert (told["state"], told["execution"]) == ("delivered", "231")
    assert rolling.jobs("rollout-follow") == [
        {"release": rolling.id, "environment": "prod", "execution": "231", "acknowledged": True}
    ]
    key = rolling.database.value("select idempotency_key from mcp_jobs.jobs where job_type = 'rollout-follow'")
    assert key == f"{rolling.id}:n8n:follow"
    assert rolling.open("another")["open"] is False


def test_nothing_is_followed_that_cannot_be(rolling: Rolling) -> None:
    rolling.open()
    rolling.delivered(follow=False)
    assert (rolling.row()["state"], rolling.jobs("rollout-follow")) == ("delivered", [])


@pytest.mark.parametrize("outcome", ["rolled_out", "rollout_failed"])
@pytest.mark.parametrize("before", [True, False])
def test_it_is_acknowledged_once_also_before_the_answer_came(rolling: Rolling, outcome: str, before: bool) -> None:
    rolling.open()
    if not before:
        rolling.delivered(follow=True)
    for _ in range(2):
        assert rolling.acknowledge(outcome, detail="done", execution="231") == {"release": rolling.id, "state": outcome}
    other = "rolled_out" if outcome == "rollout_failed" else "rollout_failed"
    assert outcome in refused("rollout-settled", rolling.acknowledge, other).message
    row = rolling.row()
    assert (row["state"], row["detail"], row["settled_by"]) == (outcome, "done", "acknowledgement")
    assert row["execution"] == "231"
    assert rolling.delivered("231", follow=True)["state"] == outcome
    assert len(rolling.jobs("rollout-follow")) == (0 if before else 1)
    assert len(rolling.jobs("rollout-failed")) == (outcome == "rollout_failed")
    assert rolling.database.value("select count(*) from mcp.rollout_tokens where used_at is not null") == 1


def test_any_token_of_the_release_settles_it(rolling: Rolling) -> None:
    rolling.open()
    rolling.open("second", again=True)
    assert rolling.acknowledge(token="second")["state"] == "rolled_out"
    assert rolling.acknowledge()["state"] == "rolled_out"
    refused("rollout-settled", rolling.acknowledge, "rollout_failed")


def test_who_has_no_token_of_it_learns_nothing(rolling: Rolling, transport: Transport) -> None:
    rolling.open()
    other = Rolling(transport, rolling.database, Version("odoo-developer"))
    other.open("of-another-release")
    rolling.database.run(
        "update mcp.rollout_tokens set expires_at = now() where sha256 = %s", sha256("of-another-release")
    )
    said = {
        refused("token-refused", call, **arguments).message
        for call, arguments in [
            (rolling.acknowledge, {"token": "guess"}),
            (rolling.acknowledge, {"token": ""}),
            (rolling.acknowledge, {"token": sha256(TOKEN)}),
            (rolling.acknowledge, {"token": TOKEN + "x" * 1_000_000}),
            (rolling.acknowledge, {"token": "of-another-release"}),
            (rolling.acknowledge, {"token": "guess", "outcome": "nonsense"}),
            (other.acknowledge, {"token": "of-another-release"}),
            (other.acknowledge, {"token": TOKEN}),
        ]
    }
    unknown = {"token": TOKEN, "outcome": "rolled_out"}
    for release in (str(uuid.uuid4()), "no uuid", "", rolling.id.upper(), f"{rolling.id} ", "%"):
        said.add(refused("token-refused", transport.call, "acknowledge_rollout", release=release, **unknown).message)
    assert len(said) == 1
    assert {rolling.row()["state"], other.row()["state"]} == {"pending"}
    refused("invalid-outcome", rolling.acknowledge, "pending")


@pytest.mark.parametrize(
    ("detail", "kept"),
    [
        ("no disk", "no disk"),
        ("a\nb\r\n\tc\x1b[31md", "a b c [31md"),
        ("turn \u202e around \u200b\u2066x\ufeff", "turn around x"),
        (" ", None),
        (None, None),
        ("x" * 1_000_000, "x" * 1000),
        ("'; drop table mcp.rollouts; --", "'; drop table mcp.rollouts; --"),
        ('{"a": [1]}', '{"a": [1]}'),
    ],
)
def test_what_n8n_says_is_one_short_line(rolling: Rolling, detail: str | None, kept: str | None) -> None:
    rolling.open()
    rolling.acknowledge("rollout_failed", detail=detail, execution=f"231{detail}" if detail else None)
    row = rolling.row()
    assert row["detail"] == kept
    assert len(row["execution"] or "") <= 200
    assert rolling.jobs("rollout-failed")[0]["reason"] == (kept or "no reason given")


def test_a_failed_rollout_is_told_of_once_with_what_the_release_changed(
    transport: Transport, database: Database
) -> None:
    rolling = Rolling(transport, database)
    rolling.open()
    rolling.delivered()
    for _ in range(2):
        said = transport.call("settle_rollout", release=rolling.id, state="rollout_failed", detail="no disk")
        assert said == {"release": rolling.id, "state": "rollout_failed"}
    assert transport.call("settle_rollout", release=rolling.id, state="rolled_out") == said, "what is settled stands"
    assert rolling.row()["settled_by"] == "follower"
    [told] = rolling.jobs("rollout-failed")
    assert (told["kind"], told["reason"], told["actor"], told["execution"]) == (
        "rollout-failed",
        "no disk",
        "n8n",
        "231",
    )
    assert told["changes"] == []
    # The job of a release that is long over may be gone.
    database.run("delete from mcp_jobs.jobs where job_type in ('rollout', 'rollout-failed')")
    row = database.value("select mcp.failed_rollout(o, 'x') from mcp.rollouts o where release::text = %s", rolling.id)
    assert row["changes"] == [{"skill": "finance-ssc", "version": "1.0.0", "action": "publish", "serving": "1.0.0"}]
    refused("not-a-rollout", transport.call, "settle_rollout", release="none", state="rolled_out")
    refused("invalid-outcome", transport.call, "settle_rollout", release=rolling.id, state="pending")
    assert transport.call("rollout_standing", release="none") is None


def test_a_state_is_never_left_for_an_earlier_one_even_by_the_owner(rolling: Rolling) -> None:
    rolling.open()
    rolling.delivered()
    rolling.acknowledge()
    for change in (
        "state = 'pending'", "state = 'rollout_failed'", "state = 'delivered', settled_at = null", "detail = 'x'",
        "settled_at = now() + interval '1 day'", "delivered_at = null", "execution = '7'",
        "release = gen_random_uuid()",
        "queued_at = now()", "settled_by = null", "environment = 'x'",
    ):  # fmt: skip
        with pytest.raises(psycopg.Error) as caught:
            rolling.database.run(f"update mcp.rollouts set {change}")
        assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT409", "append-only"), change
    for statement in ("delete from mcp.rollouts", "truncate mcp.rollouts cascade"):
        with pytest.raises(psycopg.Error) as caught:
            rolling.database.run(statement)
        assert caught.value.diag.message_detail == "append-only"


@pytest.mark.parametrize("role", ["anon", "authenticated", "mcp_agent"])
def test_only_the_service_role_says_how_a_rollout_stands(filled: Database, role: str) -> None:
    filled.run("grant mcp_agent to authenticator")
    for call in [*FUNCTIONS, *INNER]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.run(f"select {call}", role=role)
    filled.run("revoke mcp_agent from authenticator")


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_nobody_reads_a_token_or_writes_a_state(filled: Database, role: str) -> None:
    for statement in (
        "select * from mcp.rollout_tokens", "insert into mcp.rollout_tokens values (repeat('0', 64))",
        "update mcp.rollouts set state = 'rolled_out'", "delete from mcp.rollout_tokens", "select * from mcp.rollouts",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.run(statement, role=role)
    for call in INNER:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.run(f"select {call}", role=role)


def test_the_publishable_key_acknowledges_and_calls_nothing_else(database: Database) -> None:
    with data_api.data_api(database.authenticator_url) as api, opened(database, "postgres") as transport:
        rolling = Rolling(transport, database)
        rolling.open()
        headers = {"Content-Profile": "mcp", "apikey": data_api.PUBLISHABLE_KEY}

        def post(function: str, body: Any) -> httpx.Response:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            return httpx.post(f"{api.url}/rest/v1/rpc/{function}", content=raw, headers=headers)

        body = {
            "p_release": rolling.id,
            "p_token": TOKEN,
            "p_outcome": "rolled_out",
            "p_detail": "ok",
            "p_execution": "7",
        }
        for broken in (b"{", b"[]", b'{"p_release": "\\u0000"}', b"\xff", b"null"):
            assert 400 <= post("acknowledge_rollout", broken).status_code < 500
        wrong = post("acknowledge_rollout", body | {"p_token": "guess"})
        assert (wrong.status_code, wrong.json()["details"]) == (403, "token-refused")
        mistyped: list[dict[str, Any]] = [{"p_token": 7}, {"p_release": []}, {"p_detail": {"a": 1}, "p_token": "guess"}]
        for types in mistyped:
            assert post("acknowledge_rollout", body | types).status_code in (400, 403)
        assert rolling.row()["state"] == "pending"
        good = post("acknowledge_rollout", body)
        assert (good.status_code, good.json()) == (200, {"release": rolling.id, "state": "rolled_out"})
        again = post("acknowledge_rollout", body | {"p_outcome": "rollout_failed"})
        assert (again.status_code, again.json()["details"]) == (409, "rollout-settled")
        for function, arguments in [
            ("current_release", {}), ("list_skills", {}), ("rollout_states", {}), ("job_counts", {}),
            ("rollout_standing", {"p_release": rolling.id}),
            ("settle_rollout", {"p_release": rolling.id, "p_state": "rolled_out"}),
        ]:  # fmt: skip
            assert post(function, arguments).status_code == 401, function


def test_a_postponed_job_was_not_attempted(transport: Transport, database: Database) -> None:
    job = transport.call("enqueue_job", source="odoo", job_type="watch", payload={})
    for _ in range(3):
        database.run("update mcp_jobs.jobs set run_at = now()")
        claimed: Any = transport.call("claim_next_job", worker="w")
        assert claimed["attempts"] == 1
        for _ in range(2):
            said: Any = transport.call(
                "postpone_job", job=job, worker="w", delay_seconds=60, result={"seen": "running"}
            )
            assert said["status"] == "queued"
    refused("lease-lost", transport.call, "postpone_job", job=job, worker="another", delay_seconds=1)
    assert transport.call("claim_next_job", worker="w") is None, "it is not due yet"
    assert database.run("select attempts, status, result from mcp_jobs.jobs") == [(0, "queued", {"seen": "running"})]
    assert database.value("select count(*) from mcp_jobs.job_runs") == 0
    assert database.value("select count(*) from mcp_jobs.metrics") == 0


def test_how_rollouts_stand_is_listed_by_release_and_by_skill(transport: Transport, database: Database) -> None:
    first = Rolling(transport, database)
    first.open()
    first.acknowledge("rollout_failed", detail="no disk")
    transport.call("complete_job", job=first.job["id"], worker="w")
    second = Rolling(transport, database, Version("odoo-developer"))
    publish(transport, Version("bi-architect"))
    said: Any = transport.call("rollout_states")
    assert [(one["release"], one["state"], one["job"]) for one in said["releases"]] == [
        (second.id, "pending", "processing"), (first.id, "rollout_failed", "completed"),
    ]  # fmt: skip
    assert said["releases"][1]["promotions"] == [{"skill": "finance-ssc", "version": "1.0.0", "action": "publish"}]
    assert {skill: one["state"] for skill, one in said["skills"].items()} == {
        "finance-ssc": "rollout_failed", "odoo-developer": "pending",
    }  # fmt: skip
    assert len(transport.call("rollout_states", limit=1)["releases"]) == 1  # type: ignore[index, call-overload, arg-type]


@pytest.mark.parametrize("kind", ["postgres", "https"])
def test_what_was_told_and_never_answered_is_told_again_once(database: Database, kind: str) -> None:
    """The line is cut after each function has done its work, and the same call is made again by itself."""
    with staged(database, kind) as stage, stage.transport() as line, opened(database, "postgres") as direct:
        rolling = Rolling(direct, database)
        job, token = rolling.job["id"], sha256(TOKEN)
        held = {"job": job, "worker": "w"}

        def told(function: str, **arguments: Any) -> Any:
            stage.line.cuts.append(Cut(b"COMMIT" if kind == "postgres" else b"p_", When.AFTER))
            answer = line.call(function, **arguments)
            assert not stage.line.cuts, "the line was cut"
            return answer

        assert told("open_rollout", **held, token_sha256=token)["open"] is True
        assert told("close_rollout", **held, token_sha256=token)["sends"] == 0
        rolling.open()
        assert told("rollout_delivered", **held, execution="231", follow=True)["state"] == "delivered"
        assert told("postpone_job", **held, delay_seconds=60, result={})["status"] == "queued"
        assert told("settle_rollout", release=rolling.id, state="rollout_failed")["state"] == "rollout_failed"
        told("acknowledge_rollout", release=rolling.id, token=TOKEN, outcome="rollout_failed")
        told("rollout_standing", release=rolling.id)
        told("rollout_states", limit=1)
    assert (len(rolling.jobs("rollout-follow")), len(rolling.jobs("rollout-failed"))) == (1, 1)
    assert database.value("select attempts from mcp_jobs.jobs where job_type = 'rollout'") == 0
    assert database.value("select count(*) from mcp.rollout_tokens") == 1


def test_two_answers_at_once_settle_it_once(database: Database) -> None:
    outcomes = ["rolled_out", "rollout_failed"] * 4
    with opened(database, "postgres") as transport:
        rolling = Rolling(transport, database)
        rolling.open()

    def answer(outcome: str) -> str:
        with opened(database, "postgres") as own:
            arguments = {"release": rolling.id, "token": TOKEN, "outcome": outcome}
            try:
                said: Any = own.call("acknowledge_rollout", **arguments)
            except StoreRefused as refusal:
                return refusal.name
            return str(said["state"])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answer, outcomes))
    state = rolling.row()["state"]
    assert sorted(answers) == sorted([state] * 4 + ["rollout-settled"] * 4)
    assert len(rolling.jobs("rollout-failed")) == (state == "rollout_failed")


def test_releases_from_before_are_known_as_far_as_they_were(bare: Database, tmp_path: Path) -> None:
    before = tmp_path / "migrations"
    before.mkdir()
    for path in MIGRATIONS.glob("*.sql"):
        if path.name < "20261129210000":
            shutil.copy(path, before)
    migrations.push(bare.owner_url, before)
    with PostgresTransport(bare.owner_url) as transport:
        for version in (Version("arrived"), Version("waits")):
            told = {"destination": "mattermost", "job_type": "notice", "payload": {}}
            jobs = [{**ROLLOUT, "payload": {"environment": "prod"}}, told]
            publish(transport, version, jobs=jobs)
        job: Any = transport.call("claim_next_job", worker="w", source="skillctl", job_types=["rollout"])
        transport.call("complete_job", job=job["id"], worker="w", result={"execution_id": "231"})
        migrations.push(bare.owner_url, MIGRATIONS)
        said: Any = transport.call("rollout_states")
    assert {skill: one["state"] for skill, one in said["skills"].items()} == {
        "arrived": "delivered",
        "waits": "pending",
    }
    assert bare.run("select execution from mcp.rollouts order by execution") == [("231",), (None,)]
