"""The callers that the operators' page shows work as they are written there, and so do its queries."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.production.conftest import Database
from tests.standin import data_api

PAGE = (Path(__file__).parent / "seed_callers.md").read_text()


def block(language: str, holding: str) -> str:
    """The one block of the page in a language that holds this."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    (text,) = [one for one in found if holding in one]
    return str(text)


MONITORING = [one for one in block("sql", "Job queue depth").split(";") if one.strip()]


@pytest.fixture
def gateway(database: Database) -> Iterator[tuple[str, str]]:
    """The address of a Data API, and a service-role key."""
    if database.gateway:
        yield database.gateway, database.key
        return
    with data_api.data_api(database.authenticator_url) as api:
        yield api.url, data_api.make_jwt("service_role")


def test_the_python_snippet_runs_unchanged(
    database: Database, gateway: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPABASE_URL", gateway[0])
    monkeypatch.setenv("SUPABASE_SERVICE_ROLE_KEY", gateway[1])
    module: dict[str, Any] = {}
    exec(compile(block("python", "enqueue_discovery_job"), "snippet", "exec"), module)

    job = module["enqueue_discovery_job"]("odoo", {"host": "a"})

    rows = database.run("select id::text, source, job_type, payload, priority, status from mcp_jobs.jobs")
    assert rows == [(job, "odoo", "discovery", {"host": "a"}, 5, "queued")]


def test_the_request_of_the_n8n_node_is_answered_unchanged(database: Database, gateway: tuple[str, str]) -> None:
    node = json.loads(block("json", "Enqueue Job"))["nodes"][0]["parameters"]
    item = {"any": ["json", 1]}
    values = {"={{ $json }}": item}
    # As n8n sends it: what the expressions say, and the header of its credential.
    url = node["url"].removeprefix("=").replace("{{ $env.SUPABASE_URL }}", gateway[0])
    body = {one["name"]: values.get(one["value"], one["value"]) for one in node["bodyParameters"]["parameters"]}
    for headers in ({"Authorization": f"Bearer {gateway[1]}"}, {"apikey": gateway[1]}):
        answer = httpx.post(url, json=body, headers=headers)
        assert answer.raise_for_status().status_code == 200
    rows = database.run("select source, job_type, payload, priority from mcp_jobs.jobs")
    assert rows == [("n8n", "sync", item, 5)] * 2


def test_the_queries_run_as_they_are_written_and_the_depth_has_one_that_finds_all(database: Database) -> None:
    for _ in range(3):
        database.run("select public.enqueue_job('odoo', 'sync', '{}')", role="service_role")
    database.run("select mcp.claim_next_job('w')")
    done = database.value("select mcp.claim_next_job('w') ->> 'id'")
    database.run("select mcp.fail_job(%s, 'w', 'no', false)", done)

    depth, success, dead = [database.run(query) for query in MONITORING]

    # Theirs asks for `running`, which no job ever is; ours for what is being done.
    assert depth == [("odoo", "queued", 1)]
    assert sorted(database.run("select * from mcp_jobs.queue_depth")) == [
        ("odoo", "processing", 1), ("odoo", "queued", 1),
    ]  # fmt: skip
    assert success == [("odoo", "sync", 0, 1)]
    assert dead == [("odoo", "sync", 1)]
