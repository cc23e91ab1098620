"""`skillctl jobs`: what is shown, what is said of an id that is not one job, and what is done."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters.local_sink import Sink
from skillctl.adapters.postgres_transport import PostgresTransport
from tests.production.conftest import Database
from tests.shop import Answer, Shop


@pytest.fixture
def transport(direct: Database) -> Iterator[PostgresTransport]:
    with PostgresTransport(direct.owner_url) as made:
        yield made


@pytest.fixture
def shop(direct: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv("MATTERMOST_WEBHOOK_URL", raising=False)
    return Shop.opened(tmp_path / "shop")


def added(transport: PostgresTransport, source: str = "odoo", **more: Any) -> str:
    return str(transport.call("enqueue_job", source=source, job_type="sync", payload={"host": "a"}, **more))


def died(transport: PostgresTransport, **more: Any) -> str:
    job = added(transport, **more)
    transport.call("claim_next_job", worker="w1", source="odoo")
    transport.call("fail_job", job=job, worker="w1", error="the server answered 404", retry=False)
    return job


def is_readable(answer: Answer) -> bool:
    return answer.exit_code == 0 and all(len(line) <= 80 for line in answer.out.splitlines())


def test_jobs_are_listed_and_narrowed(shop: Shop, transport: PostgresTransport) -> None:
    first, other = added(transport), added(transport, "n8n")
    assert [job["id"] for job in shop.skillctl("jobs", "list").data["jobs"]] == [other, first]
    for words in (("--source", "odoo"), ("--type", "sync", "--source", "odoo"), ("--status", "queued", "--limit", "1")):
        assert len(shop.skillctl("jobs", "list", *words).data["jobs"]) == 1
    said = shop.typed("jobs", "list")
    assert is_readable(said)
    assert first[:13] in said.out
    assert shop.typed("jobs", "list", "--source", "nobody").out == "there is no such job\n"
    wrong = shop.typed("jobs", "list", "--status", "running")
    assert (wrong.exit_code, "processing" in wrong.err) == (2, True)


def test_a_job_is_shown_with_all_that_happened_to_it(shop: Shop, transport: PostgresTransport) -> None:
    job = died(transport)
    said = shop.typed("jobs", "show", job[:13])
    assert is_readable(said)
    for part in (job, "attempts: 1 of 8", '{"host": "a"}', "started", "404", f"`skillctl jobs retry {job[:13]}`"):
        assert part in said.out
    shown = shop.skillctl("jobs", "show", job).data
    assert (shown["job"]["id"], len(shown["runs"]), len(shown["letters"])) == (job, 1, 1)
    held = added(transport)
    transport.call("claim_next_job", worker="w7")
    assert "worker:   w7" in shop.typed("jobs", "show", held).out


@pytest.mark.parametrize("words", [["show"], ["retry"], ["cancel"], ["dead", "--resolve"]])
def test_an_id_that_is_not_one_job_is_said(
    shop: Shop, direct: Database, transport: PostgresTransport, words: list[str]
) -> None:
    job = added(transport)
    direct.run(
        "insert into mcp_jobs.jobs (id, source, job_type) values (%s, 'a', 'b')", f"{job[:-1]}{int(job[-1], 16) ^ 1:x}"
    )
    for prefix in ("zebra", "00000000-0000-4000"):
        none = shop.typed("jobs", *words, prefix)
        assert (none.exit_code, f"no job begins with `{prefix}`" in none.err) == (2, True)
        assert "skillctl jobs list" in none.err
    several = shop.typed("jobs", *words, job[:18])
    assert (several.exit_code, "several jobs begin with" in several.err, job in several.err) == (2, True, True)


def test_a_dead_letter_is_listed_tried_again_and_settled(shop: Shop, transport: PostgresTransport) -> None:
    assert shop.typed("jobs", "dead").out == "there is no dead letter\n"
    job = died(transport)
    listed = shop.typed("jobs", "dead")
    assert is_readable(listed)
    assert job[:13] in listed.out
    assert [one["job_id"] for one in shop.skillctl("jobs", "dead", "--source", "odoo").data["dead"]] == [job]
    assert "was dead, and is due now" in shop.typed("jobs", "retry", job[:13]).out
    assert shop.skillctl("jobs", "retry", job).data == {"job": job, "status": "queued", "was": "queued"}
    transport.call("claim_next_job", worker="w1")
    refused = shop.skillctl("jobs", "retry", job)
    assert (refused.exit_code, refused.envelope["error"]["kind"]) == (1, "job-not-waiting")
    transport.call("fail_job", job=job, worker="w1", error="x", retry=False)
    assert shop.typed("jobs", "dead", "--resolve", job).out == f"{job} is settled\n"
    assert shop.typed("jobs", "dead", "--resolve", job).out == f"{job} was settled before\n"
    assert shop.skillctl("jobs", "dead").data == {"dead": []}


def test_a_job_is_cancelled(shop: Shop, transport: PostgresTransport) -> None:
    job = added(transport)
    transport.call("claim_next_job", worker="w1")
    said = shop.typed("jobs", "cancel", job[:13], "--reason", "not wanted")
    assert said.out == f"{job} is cancelled; its worker may have done it already\n"
    assert shop.typed("jobs", "cancel", job).out == f"{job} is cancelled\n"
    assert shop.skillctl("jobs", "show", job).data["job"]["last_error"] == "not wanted"


def test_what_ended_long_ago_is_thrown_away(shop: Shop, direct: Database, transport: PostgresTransport) -> None:
    for _ in range(3):
        transport.call("cancel_job", job=added(transport))
    direct.run("update mcp_jobs.jobs set finished_at = now() - interval '31 days'")
    assert shop.skillctl("jobs", "prune", "--source", "n8n").data == {"pruned": 0}
    assert shop.typed("jobs", "prune").out == "3 jobs thrown away that ended 30 days ago or earlier\n"


def test_the_queue_is_judged_by_its_thresholds(shop: Shop, direct: Database, transport: PostgresTransport) -> None:
    assert shop.typed("jobs", "stats").out == "there are no jobs\n"
    added(transport)
    well = shop.typed("jobs", "stats", "--check")
    assert is_readable(well)
    assert well.out.endswith("no figure is beyond a threshold\n")
    fill = "insert into mcp_jobs.jobs (source, job_type) select 'odoo', 'sync' from generate_series(1, %s)"
    direct.run(fill, 50)
    warned = shop.typed("jobs", "stats", "--check")
    assert (warned.exit_code, "warning: odoo: 51 jobs wait" in warned.out) == (0, True)
    direct.run(fill, 50)
    judged = shop.skillctl("jobs", "stats", "--check")
    assert (judged.exit_code, judged.data["level"]) == (1, "critical")
    assert [one["source"] for one in judged.data["concerns"]] == ["odoo"]
    assert shop.skillctl("jobs", "stats", "--check", "--source", "n8n").exit_code == 0
    # Without being asked to judge, it only shows.
    assert shop.skillctl("jobs", "stats").exit_code == 0


def test_what_is_beyond_a_threshold_is_told_once(
    shop: Shop, direct: Database, transport: PostgresTransport, sink: Sink
) -> None:
    for _ in range(6):
        died(transport)
    direct.run("update mcp_jobs.jobs set created_at = now() - interval '8 days'")
    assert shop.skillctl("jobs", "stats", "--alert").exit_code == 0
    (told,) = sink.arrived["mattermost"]
    assert told["text"].splitlines()[1:] == ["**warning** odoo: 6 dead letters are not settled, more than 5"]
    transport.call("requeue_job", job=shop.skillctl("jobs", "dead").data["dead"][0]["job_id"])
    assert shop.skillctl("jobs", "stats", "--check", "--alert").exit_code == 0
    assert len(sink.arrived["mattermost"]) == 1


def test_an_alert_that_nobody_can_hear_is_said(
    shop: Shop, transport: PostgresTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        died(transport)
    unset = shop.typed("jobs", "stats", "--alert")
    assert (unset.exit_code, "`MATTERMOST_WEBHOOK_URL`" in unset.err) == (2, True)
    monkeypatch.setenv("MATTERMOST_WEBHOOK_URL", "http://127.0.0.1:9/secret")
    away = shop.typed("jobs", "stats", "--alert")
    assert (away.exit_code, "secret" in away.err) == (3, False)
