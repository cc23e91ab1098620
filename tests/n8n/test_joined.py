"""A release goes from `sync` through a real n8n and back: a real production is told how its rollout ended."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters import embedded_postgres, migrations
from tests.n8n.conftest import HOOK_SECRET
from tests.n8n.flows import filled, node
from tests.n8n.receiver import Receiver
from tests.n8n.running import N8nServer, until
from tests.n8n.test_rollout import ROLLOUT, at_path, with_step
from tests.production.conftest import MIGRATIONS, Database
from tests.shop import Shop
from tests.standin import data_api

pytestmark = pytest.mark.n8n


class Company:
    """A repository, its production behind the Data API, and a published rollout workflow."""

    def __init__(self, shop: Shop, database: Database, n8n: N8nServer) -> None:
        self.shop, self.database, self.n8n = shop, database, n8n

    def work(self) -> dict[str, Any]:
        """Whatever waits is attempted; the deliveries by the type of their job."""
        self.database.run("update mcp_jobs.jobs set run_at = now() where status = 'queued'")
        done = self.shop.skillctl("jobs", "work", "--drain").data["deliveries"]
        return {one["type"]: one for one in done}

    def state(self) -> tuple[Any, ...]:
        return self.database.run("select state, settled_by, detail from mcp.rollouts order by delivered_at desc")[0]


@pytest.fixture
def company(
    n8n: N8nServer,
    credentials: dict[str, str],
    receiver: Receiver,
    approved_shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Company]:
    flow = at_path(with_step(filled("skill-rollout", credentials), receiver.url + ROLLOUT), f"joined-{uuid.uuid4()}")
    n8n.publish(flow)
    with embedded_postgres.embedded_postgres(tmp_path / "pg", embedded_postgres.find_server()) as server:
        migrations.push(server.owner_url, MIGRATIONS)
        database = Database(server.url, server.owner_url, server.authenticator_url)
        with data_api.data_api(server.authenticator_url) as api:
            for name, value in {
                "SUPABASE_URL": api.url,
                "SUPABASE_SECRET_KEY": data_api.SECRET_KEY,
                "N8N_WEBHOOK_URL": f"{n8n.url}/webhook/{node(flow, 'Webhook')['parameters']['path']}",
                "N8N_WEBHOOK_SECRET": HOOK_SECRET,
                "N8N_API_KEY": n8n.client.headers["X-N8N-API-KEY"],
            }.items():
                monkeypatch.setenv(name, value)
            shop = Shop.copied(approved_shop, tmp_path / "shop")
            # A release of its own: n8n knows one again by its id, which is made of the commit.
            (shop.root / "NOTES.md").write_text(str(uuid.uuid4()), encoding="utf-8")
            shop.commit("notes")
            first = shop.git("rev-list", "--max-parents=0", "HEAD")
            assert shop.skillctl("sync", first, "--rebuild").exit_code == 0
            assert shop.skillctl("sync").exit_code == 0
            yield Company(shop, database, n8n)


def test_a_release_is_rolled_out_and_production_knows_it(company: Company, receiver: Receiver) -> None:
    done = company.work()["rollout"]
    assert done["status"] == "completed", done
    execution = company.n8n.ended(done["receipt"]["execution_id"])
    assert execution["status"] == "success"
    assert company.state()[:2] == ("rolled_out", "acknowledgement")
    assert [call.path for call in receiver.calls] == [ROLLOUT]
    assert company.work()["rollout-follow"]["receipt"]["state"] == "rolled_out"
    shown = company.shop.skillctl("status", "--env", "prod")
    assert shown.data["rollouts"]["releases"][0]["state"] == "rolled_out"


def test_a_step_that_fails_is_known_and_told(company: Company, receiver: Receiver) -> None:
    receiver.replies[ROLLOUT] = lambda _call: (500, {"message": "agents did not reload"})
    done = company.work()["rollout"]
    assert company.n8n.ended(done["receipt"]["execution_id"])["status"] == "error"
    assert company.state()[:2] == ("rollout_failed", "acknowledgement")
    waiting = company.database.value("select count(*) from mcp_jobs.jobs where job_type = 'rollout-failed'")
    assert waiting == 1, "somebody is to be told"


def test_a_run_whose_answer_was_lost_is_found_and_not_begun_again(company: Company, receiver: Receiver) -> None:
    assert company.work()["rollout"]["status"] == "completed"
    until(lambda: company.state()[0] == "rolled_out" or None)
    # As a worker leaves it that died before it heard the answer.
    company.database.tamper(
        "update mcp.rollouts set state = 'pending', execution = null, delivered_at = null, settled_at = null,"
        " settled_by = null, detail = null; update mcp.rollout_tokens set used_at = null;"
        " update mcp_jobs.jobs set status = 'queued', finished_at = null, result = null where job_type = 'rollout'"
    )
    again = company.work()["rollout"]
    assert again["receipt"] is not None, again
    assert company.state()[0] in ("delivered", "rolled_out")
    assert [call.path for call in receiver.calls] == [ROLLOUT]
