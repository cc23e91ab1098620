"""A release arrives at n8n once, is followed to its end or acknowledged, and its failure holds skills or is told."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from skillctl.adapters.local_sink import Sink
from tests.production.conftest import HOOK_SECRET, Database
from tests.shop import Answer, Shop
from tests.standin import data_api, n8n_server
from tests.standin.n8n_server import API_KEY, Behaviour, Execution, N8nServer

#: What a careless workflow could put into an error text.
LEAKED = "ghp_" + hashlib.sha256(b"leaked").hexdigest()[:36]


class Office:
    """A repository whose release waits for n8n, and all who take part."""

    def __init__(self, shop: Shop, database: Database, n8n: N8nServer) -> None:
        self.shop, self.database, self.n8n = shop, database, n8n
        assert shop.skillctl("sync").exit_code == 0
        self.release = str(database.value("select release from mcp.rollouts"))

    def work(self) -> Answer:
        """Every job that waits is due, and is attempted once."""
        self.database.run("update mcp_jobs.jobs set run_at = now() where status = 'queued'")
        return self.shop.skillctl("jobs", "work", "--drain")

    def outcome(self, kind: str = "rollout") -> dict[str, Any]:
        """What one round of work did with the one job of a type."""
        [found] = [one for one in self.work().data["deliveries"] if one["type"] == kind]
        return dict(found)

    def state(self) -> tuple[Any, ...]:
        """How the rollout stands: its state, the run, and who settled it."""
        wanted = "select state, execution, settled_by from mcp.rollouts where release::text = %s"
        return self.database.run(wanted, self.release)[0]

    def job(self, kind: str) -> tuple[Any, ...]:
        return self.database.run("select status, attempts from mcp_jobs.jobs where job_type = %s", kind)[0]

    def later(self, minutes: int) -> None:
        """So much time goes by since n8n was asked, and since it accepted."""
        gone = f"interval '{minutes} minutes'"
        self.database.tamper(
            f"update mcp.rollout_tokens set made_at = made_at - {gone};"
            f"update mcp.rollouts set delivered_at = delivered_at - {gone}"
        )

    def retry(self) -> None:
        """A person takes the job out of the dead-letter queue."""
        self.database.run("update mcp_jobs.jobs set status = 'queued', finished_at = null where job_type = 'rollout'")

    def says(self, *behaviours: Behaviour) -> None:
        self.n8n.script[:] = behaviours

    @property
    def run(self) -> Execution:
        return self.n8n.executions[0]


@pytest.fixture
def gateway(database: Database) -> Iterator[str]:
    if database.gateway:
        yield database.gateway
        return
    with data_api.data_api(database.authenticator_url) as api:
        yield api.url


@pytest.fixture
def n8n() -> Iterator[N8nServer]:
    with n8n_server.n8n_server(HOOK_SECRET) as made:
        yield made


@pytest.fixture(params=["postgres", "https"])
def office(
    request: pytest.FixtureRequest,
    shop: Shop,
    database: Database,
    sink: Sink,
    gateway: str,
    n8n: N8nServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    """With an API key, and an address for the acknowledgement, over both transports."""
    values = {"N8N_WEBHOOK_URL": n8n.webhook_url, "N8N_API_KEY": API_KEY, "SUPABASE_URL": gateway}
    if request.param == "postgres":
        values["SKILLCTL_DATABASE_URL"] = database.owner_url
    else:
        values["SUPABASE_SECRET_KEY"] = database.key
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Office(shop, database, n8n)


@pytest.fixture
def plain(shop: Shop, database: Database, sink: Sink, n8n: N8nServer, monkeypatch: pytest.MonkeyPatch) -> Office:
    """With neither."""
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
    monkeypatch.setenv("N8N_WEBHOOK_URL", n8n.webhook_url)
    return Office(shop, database, n8n)


def test_a_rollout_is_delivered_followed_and_acknowledged(office: Office) -> None:
    assert office.state() == ("pending", None, None)
    done = office.outcome()
    assert (done["status"], done["receipt"], done["reason"]) == ("completed", {"execution_id": "231"}, None)
    assert office.state() == ("delivered", "231", None)
    seen = office.outcome("rollout-follow")
    assert (seen["status"], seen["receipt"], seen["reason"]) == ("postponed", {"state": "running"}, None)
    assert office.work().exit_code == 0, "that it still runs is no failure"
    assert office.job("rollout-follow") == ("queued", 0)

    answer = office.n8n.acknowledge(office.run, "rolled_out", "12 agents reloaded")
    assert (answer.status_code, answer.json()) == (200, {"release": office.release, "state": "rolled_out"})
    assert office.state() == ("rolled_out", "231", "acknowledgement")
    done = office.outcome("rollout-follow")
    assert (done["status"], done["receipt"]) == ("completed", {"execution_id": "231", "state": "rolled_out"})
    again = office.n8n.acknowledge(office.run, "rolled_out")
    assert again.json() == answer.json()
    other = office.n8n.acknowledge(office.run, "rollout_failed")
    assert (other.status_code, other.json()["details"]) == (409, "rollout-settled")
    assert office.n8n.calls == 1


def test_no_token_is_kept_or_told_anywhere(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    answers = [office.work(), office.work()]
    token = office.run.data["body"]["data"]["acknowledge"]["token"]
    assert len(token) >= 43
    answers += [office.shop.typed("status", "--env", "prod"), office.shop.skillctl("jobs", "list")]
    assert not any(token in answer.out + answer.err for answer in answers)
    assert token not in caplog.text
    for table in ("mcp_jobs.jobs", "mcp_jobs.job_runs", "mcp_jobs.job_events", "mcp.rollout_tokens", "mcp.rollouts"):
        assert token not in str(office.database.run(f"select to_jsonb(t) from {table} t"))


@pytest.mark.parametrize(
    ("status", "error", "ago", "state"),
    [
        ("success", None, 3600, "rolled_out"),
        ("error", "connect ECONNREFUSED", 0, "rollout_failed"),
        ("canceled", None, 0, "rollout_failed"),
        ("crashed", None, 0, "rollout_failed"),
    ],
)
def test_a_run_that_is_not_acknowledged_is_followed_to_its_end(
    office: Office, status: str, error: str | None, ago: float, state: str
) -> None:
    office.work()
    office.n8n.end(office.run, status, error, ago=ago)
    assert office.outcome("rollout-follow")["receipt"]["state"] == state
    assert office.state() == (state, "231", "follower")
    assert (error or "n8n: run 231") in office.database.value("select detail from mcp.rollouts")
    late = office.n8n.acknowledge(office.run, "rolled_out")
    assert late.status_code == (200 if state == "rolled_out" else 409)


def test_a_run_that_ended_well_may_still_be_acknowledged(office: Office) -> None:
    office.work()
    office.n8n.end(office.run, "success")
    assert office.outcome("rollout-follow")["status"] == "postponed"
    assert office.state() == ("delivered", "231", None)
    office.n8n.acknowledge(office.run, "rollout_failed", "agents did not reload")
    assert office.outcome("rollout-follow")["receipt"]["state"] == "rollout_failed"


def test_following_survives_that_n8n_is_away(office: Office) -> None:
    office.work()
    office.n8n.is_away = True
    for _ in range(12):
        seen = office.outcome("rollout-follow")
        assert (seen["status"], seen["reason"]) == ("postponed", "n8n's API answered 502")
    assert office.job("rollout-follow") == ("queued", 0)
    assert office.work().exit_code == 1, "what is not known is no success"
    office.n8n.is_away = False
    office.n8n.end(office.run, "success", ago=3600)
    office.work()
    assert office.state() == ("rolled_out", "231", "follower")


@pytest.mark.parametrize(
    ("behaviour", "execution"),
    [
        (n8n_server.loses_the_answer, "231"),
        (n8n_server.fails_before_it_responds, "231"),
        (n8n_server.responds_at_once, "231"),
    ],
)
def test_a_run_whose_answer_was_not_heard_is_found_and_not_started_again(
    office: Office, behaviour: Behaviour, execution: str
) -> None:
    office.says(behaviour)
    done = office.outcome()
    assert (done["status"], done["receipt"]) == ("completed", {"execution_id": execution})
    office.work()
    assert office.n8n.calls == 1
    if behaviour is n8n_server.fails_before_it_responds:
        assert office.state() == ("rollout_failed", execution, "follower")
    else:
        assert office.state() == ("delivered", execution, None)


@pytest.mark.parametrize("behaviour", [n8n_server.loses_the_request, n8n_server.answers_502])
def test_where_no_run_is_found_n8n_is_asked_again_after_a_while(office: Office, behaviour: Behaviour) -> None:
    office.says(behaviour, n8n_server.accepts)
    for _ in range(3):
        done = office.outcome()
        assert done["status"] == "postponed"
        assert "no run yet" in done["reason"]
    assert (office.n8n.calls, office.job("rollout")) == (1, ("queued", 0))
    office.later(2)
    assert office.outcome()["status"] == "completed"
    assert (office.n8n.calls, office.state()[0]) == (2, "delivered")


@pytest.mark.parametrize("behaviour", [n8n_server.is_starting, n8n_server.is_not_published])
def test_what_was_surely_not_heard_leaves_nothing_behind(office: Office, behaviour: Behaviour) -> None:
    office.says(behaviour, n8n_server.accepts)
    is_dead = behaviour is n8n_server.is_not_published
    assert office.outcome()["status"] == ("failed" if is_dead else "queued")
    assert office.database.value("select count(*) from mcp.rollout_tokens") == 0
    if not is_dead:
        assert office.outcome()["status"] == "completed"
        assert office.n8n.calls == 2


def test_while_n8n_is_away_nothing_is_asked_twice(office: Office) -> None:
    office.says(n8n_server.loses_the_answer)
    office.n8n.is_away = True
    for minutes in (0, 60, 600):
        office.later(minutes)
        done = office.outcome()
        assert done["status"] == "postponed"
        assert "n8n's API answered 502" in done["reason"]
    office.n8n.is_away = False
    assert office.outcome()["receipt"] == {"execution_id": "231"}
    assert office.n8n.calls == 1


@pytest.mark.parametrize("is_away", [True, False], ids=["as a whole", "at its webhook"])
def test_an_n8n_that_fails_for_an_hour_starts_one_run_when_it_is_back(office: Office, is_away: bool) -> None:
    office.says(n8n_server.answers_502)
    office.n8n.is_away = is_away
    for _ in range(20):
        assert office.outcome()["status"] == "postponed"
        office.later(3)
    assert office.job("rollout") == ("queued", 0)
    assert (office.n8n.calls == 1) is is_away, "where its API says that there is no run, it is asked again"
    office.says(n8n_server.accepts)
    office.n8n.is_away = False
    for _ in range(2):
        office.work()
        office.later(3)
    assert (len(office.n8n.executions), office.state()[0], office.job("rollout")[0]) == (1, "delivered", "completed")


def test_what_cannot_be_found_out_in_a_day_is_for_a_person_who_may_have_it_tried_again(office: Office) -> None:
    office.says(n8n_server.loses_the_request, n8n_server.accepts)
    office.n8n.is_away = True
    office.work()
    office.later(24 * 60)
    done = office.outcome()
    assert done["status"] == "failed"
    assert "look at its executions" in done["reason"]
    assert "`skillctl jobs retry`" in done["reason"]
    assert office.shop.skillctl("status", "--env", "prod").data["rollouts"]["releases"][0]["shown"] == "not delivered"
    office.retry()
    office.n8n.is_away = False
    assert office.outcome()["receipt"] == {"execution_id": "231"}
    assert office.n8n.calls == 2


def test_a_worker_that_died_after_it_asked_is_followed_by_one_that_looks(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_arguments: Any, **_more: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("skillctl.adapters.production_rollouts.ProductionRollouts.delivered", die)
        with pytest.raises(Killed):
            office.work()
    assert (office.n8n.calls, office.state()[0]) == (1, "pending")
    office.database.run(
        "update mcp_jobs.jobs set lease_until = now() - interval '1 second' where status = 'processing'"
    )
    assert office.outcome()["receipt"] == {"execution_id": "231"}
    assert (office.n8n.calls, office.state()) == (1, ("delivered", "231", None))


def test_an_acknowledgement_that_comes_before_the_answer_settles_it(office: Office) -> None:
    def acknowledges(handler: n8n_server.Handler, raw: bytes) -> None:
        n8n_server.loses_the_answer(handler, raw)
        assert office.n8n.acknowledge(office.run, "rolled_out").status_code == 200

    office.says(acknowledges)
    office.n8n.is_away = True
    office.work()
    office.n8n.is_away = False
    for _ in range(2):
        office.work()
    assert office.state() == ("rolled_out", "231", "acknowledgement")
    assert (office.n8n.calls, office.job("rollout")[0]) == (1, "completed")


def test_a_run_that_a_stranger_started_is_not_taken_for_ours(office: Office) -> None:
    office.says(n8n_server.loses_the_request)
    office.work()
    forged = {"headers": {"webhook-id": f"{office.release}:n8n", "webhook-signature": "v1,x"}, "body": {}}
    office.n8n.executions += [
        Execution("900", "success", {"headers": {"webhook-id": "another"}}),
        Execution("901", "error", forged),
    ]
    office.later(2)
    done = office.outcome()
    assert done["status"] == "postponed"
    assert "cannot be told from ours" in done["reason"]
    assert office.state()[0] == "pending"


def test_without_an_api_key_it_waits_for_the_acknowledgement_and_never_asks_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("N8N_API_KEY")
    office.says(n8n_server.loses_the_answer)
    done = office.outcome()
    assert done["status"] == "postponed"
    assert "n8n's API key is not set" in done["reason"]
    office.n8n.acknowledge(office.run, "rolled_out")
    assert office.outcome()["receipt"] == {"execution_id": "231", "state": "rolled_out"}
    assert office.n8n.calls == 1


def test_without_an_api_key_and_an_acknowledgement_it_is_a_dead_letter_in_an_hour(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("N8N_API_KEY")
    office.says(n8n_server.loses_the_answer)
    office.work()
    office.later(60)
    done = office.outcome()
    assert (done["status"], office.n8n.calls) == ("failed", 1)
    assert "look at its executions" in done["reason"]
    office.n8n.acknowledge(office.run, "rolled_out")
    assert office.state()[0] == "rolled_out", "it may still be acknowledged"


def test_where_nothing_can_tell_it_is_a_dead_letter_at_once(plain: Office) -> None:
    plain.says(n8n_server.loses_the_answer)
    done = plain.outcome()
    assert (done["status"], plain.n8n.calls) == ("failed", 1)
    assert "acknowledge" not in plain.run.data["body"]["data"]


def test_a_person_who_has_looked_may_have_it_tried_again(plain: Office) -> None:
    plain.says(n8n_server.loses_the_request, n8n_server.accepts)
    assert plain.outcome()["status"] == "failed"
    plain.retry()
    assert plain.outcome()["receipt"] == {"execution_id": "231"}
    assert (plain.n8n.calls, plain.state()[0]) == (2, "delivered")


def test_who_has_it_tried_again_without_looking_starts_no_second_run(
    plain: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.says(n8n_server.loses_the_answer)
    assert plain.outcome()["status"] == "failed"
    monkeypatch.setenv("N8N_API_KEY", API_KEY)
    plain.retry()
    assert plain.outcome()["receipt"] == {"execution_id": "231"}
    assert plain.n8n.calls == 1


def test_what_cannot_be_followed_stays_delivered(plain: Office) -> None:
    assert plain.work().exit_code == 0
    assert plain.state() == ("delivered", "231", None)
    assert plain.work().data["deliveries"] == []


def test_a_key_that_may_not_read_runs_is_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.work()
    monkeypatch.setenv("N8N_API_KEY", "another-hunter2")
    done = office.outcome("rollout-follow")
    assert (done["status"], "`N8N_API_KEY` may not read executions" in done["reason"]) == ("failed", True)
    assert "hunter2" not in str(done)


def test_a_follower_without_its_key_waits_and_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.work()
    monkeypatch.delenv("N8N_API_KEY")
    answer = office.work()
    assert answer.data["waiting"] == [{"type": "rollout-follow", "jobs": 1, "settings": ["N8N_API_KEY"]}]


def policy(shop: Shop, words: str) -> None:
    text = (shop.root / "skillctl.yaml").read_text()
    shop.write("skillctl.yaml", text.replace("mattermost: {}, n8n: {}", words))


def failed(office: Office, detail: str = "no disk") -> None:
    """The rollout is delivered, and fails."""
    office.work()
    office.n8n.acknowledge(office.run, "rollout_failed", detail)


def test_a_failed_rollout_is_told_to_mattermost(office: Office, sink: Sink) -> None:
    failed(office, f"no disk @all [x](http://evil.test) {LEAKED}")
    before = len(sink.arrived["mattermost"])
    assert office.outcome("rollout-failed")["status"] == "completed"
    assert len(sink.arrived["mattermost"]) == before + 1
    notice = sink.arrived["mattermost"][-1]
    assert notice["text"].startswith("Rollout failed in prod by n8n: no disk")
    assert LEAKED[4:] not in str(notice)
    job = office.database.value("select id::text from mcp_jobs.jobs where job_type = 'rollout-failed'")
    for words in (("list", "--format", "json"), ("show", job), ("show", job, "--format", "json")):
        assert LEAKED[4:] not in office.shop.typed("jobs", *words).out
    assert "@all" not in str(notice)
    assert notice["attachments"][0]["color"] == "danger"
    assert "adder" in notice["attachments"][0]["text"]
    assert office.database.value("select count(*) from mcp.holds") == 0
    office.work()
    assert len(sink.arrived["mattermost"]) == before + 1, "it is told once"


def test_where_nobody_is_to_be_told_that_is_said(office: Office) -> None:
    policy(office.shop, "n8n: {}")
    failed(office)
    assert office.outcome("rollout-failed")["receipt"] == {"told": "nobody: the policy names no Mattermost"}


def test_a_job_that_only_says_that_a_rollout_failed_holds_nothing(office: Office) -> None:
    policy(office.shop, "n8n: {}, on_rollout_failed: hold")
    office.database.run(
        "insert into mcp_jobs.jobs (source, job_type, payload) select 'skillctl', 'rollout-failed',"
        " jsonb_build_object('release', %s::text, 'reason', 'x', 'changes', '[{\"skill\": \"adder\"}]'::jsonb)",
        office.release,
    )
    assert office.outcome("rollout-failed")["status"] == "failed"
    assert office.database.value("select count(*) from mcp.holds") == 0


def test_a_failed_rollout_holds_every_skill_that_the_release_changed(office: Office, sink: Sink) -> None:
    policy(office.shop, "mattermost: {}, n8n: {}, on_rollout_failed: hold")
    failed(office)
    done = office.outcome("rollout-failed")
    assert (done["status"], done["receipt"]["held"]) == ("completed", 1)
    [hold] = office.shop.skillctl("hold", "list").data["holds"]
    assert (hold["skill"], hold["kind"], hold["version"], hold["actor"]) == ("adder", "hold", "1.0.0", "n8n rollout")
    assert hold["reason"] == f"the rollout of release {office.release} failed: no disk"
    office.work()
    assert "Skills held in prod by n8n rollout" in sink.arrived["mattermost"][-1]["text"]
    # Set twice is set once.
    releases = office.database.value("select count(*) from mcp.releases")
    office.database.run("update mcp_jobs.jobs set status = 'queued' where job_type = 'rollout-failed'")
    assert office.outcome("rollout-failed")["receipt"] == {"held": 1, "release": None}
    assert office.database.value("select count(*) from mcp.releases") == releases
    # A sync changes nothing of it, and verify finds production as it was left.
    office.shop.skillctl("revise", "adder")
    office.shop.approve()
    assert office.shop.skillctl("sync").data["entries"][0]["action"] == "hold"
    assert office.database.value("select count(*) from mcp_jobs.jobs where job_type = 'rollout-failed'") == 1


def test_status_and_its_json_show_how_each_promotion_arrived(office: Office) -> None:
    shop = office.shop

    def row() -> dict[str, Any]:
        return dict(shop.skillctl("status", "--env", "prod").data["rollouts"]["releases"][0])

    assert shop.skillctl("status").data["rollouts"] is None
    assert (row()["shown"], row()["promotions"]) == (
        "pending", [{"skill": "adder", "version": "1.0.0", "action": "publish"}],
    )  # fmt: skip
    office.work()
    assert (row()["shown"], row()["execution"]) == ("delivered", "231")
    office.n8n.acknowledge(office.run, "rollout_failed", f"no disk, {LEAKED}")
    said = shop.skillctl("status", "--env", "prod")
    assert said.data["rollouts"]["skills"]["adder"] == {
        "version": "1.0.0", "release": office.release, "state": "rollout_failed", "job": "completed",
        "shown": "failed",
    }  # fmt: skip
    shown = shop.typed("status", "--env", "prod").out
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines[:3] == ["skill version status serving", "adder 1.0.0 approved 1.0.0", "rollout: 1.0.0 failed"]
    assert "release kind promotions rollout since" in lines
    assert any(line.startswith(f"{office.release[:8]} sync adder@1.0.0 failed 20") for line in lines)
    assert f"{office.release[:8]} failed: no disk, ghp_" in shown
    assert LEAKED[4:] not in shown + said.out
    assert max(map(len, shown.splitlines())) <= 80


def test_status_of_a_production_without_rollouts(shop: Shop, direct: Database) -> None:
    assert shop.skillctl("status", "--env", "prod").data["rollouts"]["releases"] == []
    assert "n8n was told of no release to prod yet" in shop.typed("status", "--env", "prod").out
    assert shop.skillctl("status", "--env", "nowhere").exit_code == 2


def test_what_is_postponed_is_shown(office: Office) -> None:
    office.work()
    office.database.run("update mcp_jobs.jobs set run_at = now() where status = 'queued'")
    said = office.shop.typed("jobs", "work", "--drain")
    assert (said.exit_code, "not yet: rollout-follow: state running; asked again in 5 s" in said.out) == (0, True)
    office.n8n.is_away = True
    office.database.run("update mcp_jobs.jobs set run_at = now() where status = 'queued'")
    said = office.shop.typed("jobs", "work", "--drain")
    assert (said.exit_code, "not yet: rollout-follow: n8n's API answered 502" in said.out) == (1, True)


def test_the_api_is_where_the_environment_says(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("N8N_API_URL", "http://127.0.0.1:1/")
    office.work()
    assert "n8n's API: no answer: ConnectError" in office.outcome("rollout-follow")["reason"]
