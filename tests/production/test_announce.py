"""What a release tells: from a real commit, through a real production, to a channel."""

from typing import Any

import pytest

from skillctl.domain.release_payload import Origin
from tests.production.conftest import Database
from tests.shop import Shop
from tests.standin.mattermost_server import CHANNEL, HOOK, TOKEN, mattermost_server

POLICY = f"""\
people:
  ana: {{mattermost: ana.a, emails: [ana@example.test]}}
  ben: {{mattermost: here}}
groups: {{sums: [ana, ben]}}
gates:
  - {{to: candidate, min_cases: 1}}
  - {{to: approved, evidence: [deterministic], pass_rate: 1.0}}
environments:
  prod: {{store: supabase, mattermost: {{channel: {CHANNEL}, dashboard: "https://dash.test/d"}}, n8n: {{}}}}
"""


@pytest.fixture
def released(shop: Shop, direct: Database) -> Shop:
    """A repository of a forge whose skill was merged by a pull request, and released."""
    shop.git("remote", "add", "origin", "https://ana:ghp_hunter2@github.com/org/skills.git")
    shop.write("skillctl.yaml", POLICY)
    shop.commit("Tell the chat (#7)")
    assert shop.skillctl("sync").exit_code == 0
    return shop


def payloads(database: Database) -> list[dict[str, Any]]:
    return [said for (said,) in database.run("select payload from mcp_jobs.jobs order by created_at desc, job_type")]


def test_every_destination_is_told_the_same_and_no_secret(released: Shop, database: Database) -> None:
    notice, rollout, *_ = payloads(database)
    assert notice == rollout
    base = "https://github.com/org/skills"
    assert notice["links"] == {
        "commit": f"{base}/commit/{released.head()}", "pull_request": f"{base}/pull/7", "dashboard": "https://dash.test/d",
    }  # fmt: skip
    assert notice["owners"] == {"adder": ["ana.a"]}
    assert "hunter2" not in str(notice)


def test_an_act_is_announced_too(released: Shop, database: Database) -> None:
    assert released.skillctl("hold", "set", "adder", "--reason", "it leaks").exit_code == 0
    told = payloads(database)[0]
    assert (told["kind"], told["owners"], told["links"]["dashboard"]) == (
        "hold", {"adder": ["ana.a"]}, "https://dash.test/d",
    )  # fmt: skip


def test_what_is_announced_makes_no_other_release(released: Shop, database: Database) -> None:
    known = database.value("select id::text from mcp.releases order by seq desc limit 1")
    assert payloads(database)[0]["release"] == known
    assert released.skillctl("sync").data["release"] is None
    assert Origin("prod", [], "m", "t").announce("c", ["adder"]).facts == {}


def test_a_bot_is_preferred_to_a_webhook(released: Shop, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with mattermost_server() as server:
        monkeypatch.setenv("MATTERMOST_WEBHOOK_URL", server.hook)
        monkeypatch.setenv("MATTERMOST_URL", server.url)
        monkeypatch.setenv("MATTERMOST_TOKEN", TOKEN)
        done = released.skillctl("jobs", "work", "--drain")
        (delivery,) = [one for one in done.data["deliveries"] if one["type"] == "notice"]
        assert (delivery["status"], delivery["receipt"]) == ("completed", {"posts": 2})
        (root,) = server.roots()
        assert server.thread(root)[1].endswith("\nowners: @ana.a")
        assert server.requests[0] == "POST /api/v4/posts"

        monkeypatch.delenv("MATTERMOST_TOKEN")
        assert released.skillctl("hold", "set", "adder", "--reason", "it leaks").exit_code == 0
        assert released.skillctl("jobs", "work", "--drain").data["deliveries"][-1]["receipt"] == {"status": 200}
        assert server.requests[-1] == f"POST /hooks/{HOOK}"


def test_what_a_bot_lacks_is_named(released: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTERMOST_TOKEN", TOKEN)
    waiting = released.skillctl("jobs", "work", "--drain").data["waiting"]
    assert {one["type"]: one["settings"] for one in waiting}["notice"] == ["MATTERMOST_URL"]
    monkeypatch.delenv("MATTERMOST_TOKEN")
    waiting = released.skillctl("jobs", "work", "--drain").data["waiting"]
    assert {one["type"]: one["settings"] for one in waiting}["notice"] == ["MATTERMOST_URL", "MATTERMOST_TOKEN"]
