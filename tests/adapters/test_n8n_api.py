"""n8n's API: which run was started by us, and how one stands; whatever else it says is no answer."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from skillctl.adapters import n8n_api, webhook
from skillctl.adapters.n8n import N8n
from skillctl.adapters.n8n_api import N8nApi, origin_of
from skillctl.adapters.production_jobs import LEASE_SECONDS
from skillctl.domain.delivery import Job
from skillctl.domain.rollout import Accepted, Forbidden, Looked, NoRun, Run, Unclear
from tests.adapters.answering import answering, refusing
from tests.standin import n8n_server
from tests.standin.n8n_server import API_KEY, Execution, N8nServer

SECRET, KEY = "s3cret", "release-1:n8n"
JSON = {"Content-Type": "application/json; charset=utf-8"}
JOB = Job(
    "j", "rollout", {"release": "release-1", "text": "größe 😀", "n": 1, "none": None, "rows": [{"a": "b"}]}, 1, KEY
)
MAY_NOT = "`N8N_API_KEY` may not read executions"
DOUBTFUL = Unclear("a run cannot be told from ours: without data, or without our signature")


@pytest.fixture
def n8n() -> Iterator[N8nServer]:
    with n8n_server.n8n_server(SECRET) as made:
        yield made


def hook(n8n: N8nServer, secret: str = SECRET) -> N8n:
    return N8n(n8n.webhook_url, secret, lambda: int(time.time()), "https://x.test")


def api(n8n: N8nServer, key: str = API_KEY) -> N8nApi:
    return N8nApi(n8n.url, key, time.time)


def look_up(n8n: N8nServer, seconds: int = 60) -> Looked:
    return api(n8n).look_up(KEY, seconds, hook(n8n))


def others(count: int, status: str = "success", **more: Any) -> list[Execution]:
    """Runs of other workflows."""
    return [Execution(str(9000 + number), status, {"headers": {"host": "x"}}, **more) for number in range(count)]


@pytest.mark.parametrize("status", ["new", "running", "waiting", "success", "error", "canceled", "crashed"])
def test_a_run_of_ours_is_found_in_whatever_state(n8n: N8nServer, status: str) -> None:
    n8n.executions += others(3)
    n8n.script[:] = [n8n_server.loses_the_answer]
    assert isinstance(hook(n8n).trigger(JOB, "token"), Unclear)
    n8n.executions[-1].status = status
    n8n.executions += others(3, "running")
    assert look_up(n8n) == Run("234", status)


def test_of_several_the_first_is_found(n8n: N8nServer) -> None:
    assert [hook(n8n).trigger(JOB, "t") for _ in range(3)] == [Accepted("231"), Accepted("232"), Accepted("233")]
    n8n.executions[0].id, n8n.executions[2].id = "999", "1000"
    n8n.executions[1].id = "1001"
    assert look_up(n8n) == Run("999", "running")


def test_no_run_of_ours_is_none(n8n: N8nServer) -> None:
    assert look_up(n8n) == NoRun()
    hook(n8n).trigger(Job("j", "rollout", {}, 1, "release-2:n8n"), "t")
    n8n.executions += others(2, "new")
    assert look_up(n8n) == NoRun()


def test_what_is_not_signed_by_us_is_doubtful_and_ours_goes_before_it(n8n: N8nServer) -> None:
    hook(n8n, "another").trigger(JOB, "t")
    assert n8n.executions[0].status == "error"
    assert look_up(n8n) == DOUBTFUL
    hook(n8n).trigger(JOB, "t")
    assert look_up(n8n) == Run("232", "running")


def test_what_ran_long_before_is_not_looked_at(n8n: N8nServer) -> None:
    hook(n8n).trigger(JOB, "t")
    n8n.executions[0].started_at = datetime.now(UTC) - timedelta(hours=1)
    assert look_up(n8n) == NoRun()
    assert not [path for path in n8n.asked if "/231" in path]
    assert look_up(n8n, 3600) == Run("231", "running")


def test_pages_are_turned_as_far_as_needed_and_no_further(n8n: N8nServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(n8n_api, "_PAGE", 2)
    monkeypatch.setattr(n8n_api, "_PAGES", 3)
    n8n.executions += others(9, started_at=datetime.now(UTC) - timedelta(days=1))
    hook(n8n).trigger(JOB, "t")
    n8n.end(n8n.executions[-1], "success")
    n8n.executions += others(3)
    found = look_up(n8n)
    assert isinstance(found, Run)
    assert found.id == "240"
    pages = [parse_qs(urlsplit(path).query) for path in n8n.asked if "status" not in path and "limit" in path]
    assert [page.get("cursor") for page in pages] == [None, ["2"], ["4"]]
    n8n.executions += others(3)
    assert look_up(n8n) == Unclear("n8n has run more than 6 workflows since")
    monkeypatch.setattr(n8n_api, "_PAGES", 30)
    monkeypatch.setattr(n8n_api, "_CANDIDATES", 3)
    n8n.executions[-1].id = "8000"
    assert look_up(n8n) == Unclear("n8n has run more than 3 workflows since")


def test_a_search_ends_before_the_lease_does(n8n: N8nServer) -> None:
    n8n.executions += others(9)
    clock = iter(range(int(time.time()), 2**40, 10))
    slow = N8nApi(n8n.url, API_KEY, lambda: next(clock))
    assert slow.look_up(KEY, 600, hook(n8n)) == Unclear("to look through n8n's runs takes more than 40 s")
    assert webhook._LONGEST + n8n_api._LONGEST < LEASE_SECONDS


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (401, {"message": "Unauthorized"}, JSON, Forbidden(f"n8n's API answered 401: {MAY_NOT}")),
        (403, {"message": "Forbidden"}, JSON, Forbidden(f"n8n's API answered 403: {MAY_NOT}")),
        (404, {"message": "Not Found"}, JSON, NoRun()),
        (404, b"<html>", {"Content-Type": "text/html"}, Unclear("n8n's API answered 404")),
        (403, b"<html>", {"Content-Type": "text/html"}, Unclear("n8n's API answered 403")),
        (200, b"n8n is starting up. Please wait", {"Content-Type": "text/html"}, Unclear("n8n's API answered 200")),
        (200, b"{", JSON, Unclear("n8n's API answered what is no JSON, or too much of it")),
        (200, b"[" * 100_000, JSON, Unclear("n8n's API answered what is no JSON, or too much of it")),
        (200, [], JSON, Unclear("n8n's API answered no object")),
        (429, b"", JSON, Unclear("n8n's API answered 429")),
        (500, b"", JSON, Unclear("n8n's API answered 500")),
        (302, b"", {"Location": "http://127.0.0.1:1/"}, Unclear("n8n's API answered 302")),
        (0, b"", {}, Unclear("n8n's API: no answer: RemoteProtocolError")),
        (200, {}, JSON, Run("", "unknown")),
        (200, {"id": 7, "status": "error", "stoppedAt": "soon", "data": "x"}, JSON, Run("7", "error")),
        (200, {"id": "7", "status": "error", "data": {"resultData": {"error": {"message": 7}}}}, JSON,
         Run("7", "error")),
    ],
)  # fmt: skip
def test_what_an_answer_of_the_api_means(status: int, body: Any, headers: dict[str, str], expected: Looked) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with answering(status, raw, headers) as server:
        found = N8nApi(server.url, API_KEY, time.time).run("7")
    assert found == expected
    assert server.headers[0]["x-n8n-api-key"] == API_KEY
    for secret in (API_KEY, "127.0.0.1", "http:"):
        assert secret not in repr(found)


def test_where_nobody_answers_nothing_is_known(n8n: N8nServer) -> None:
    nobody = N8nApi(refusing(), API_KEY, time.time)
    assert nobody.run("7") == Unclear("n8n's API: no answer: ConnectError")
    assert nobody.look_up(KEY, 1, hook(n8n)) == Unclear("n8n's API: no answer: ConnectError")
    assert N8nApi("hunter2", API_KEY, time.time).run("7") == Forbidden("the address of n8n's API is not a URL")
    assert isinstance(api(n8n, "wrong").look_up(KEY, 1, hook(n8n)), Forbidden)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"data": []}', NoRun()),
        (b'{"data": [7, null, {}], "nextCursor": ""}', NoRun()),
        (b'{"data": {}, "nextCursor": 7}', NoRun()),
        (b'{"data": [{"id": "7", "startedAt": null}], "nextCursor": null}', DOUBTFUL),
    ],
)
def test_a_list_of_another_form_holds_nothing(n8n: N8nServer, body: bytes, expected: Looked) -> None:
    with answering(200, body, JSON) as server:
        assert N8nApi(server.url, API_KEY, time.time).look_up(KEY, 1, hook(n8n)) == expected


@pytest.mark.parametrize(("status", "expected"), [(404, "n8n's API is not there"), (400, "n8n's API answered 400")])
def test_a_list_that_is_not_given_says_nothing(n8n: N8nServer, status: int, expected: str) -> None:
    with answering(status, b"{}", JSON) as server:
        assert N8nApi(server.url, API_KEY, time.time).look_up(KEY, 1, hook(n8n)) == Unclear(expected)


def test_the_words_of_a_failure_are_short_and_hold_no_key(n8n: N8nServer) -> None:
    hook(n8n).trigger(JOB, "t")
    leaked = "sb_secret_" + "Zk3xQ9vB7mN2pL5w"
    n8n.end(n8n.executions[0], "error", f"401 from {leaked}\nat x" + "x" * 5000, ago=7)
    found = api(n8n).run("231")
    assert isinstance(found, Run)
    assert (found.status, found.ended in (7, 8)) == ("error", True)
    said = str(found.error)
    assert said.startswith("401 from sb_s")
    assert said.endswith("(in Roll out)")
    assert leaked not in said
    assert len(said) < 600
    assert "\n" not in said


def test_a_run_is_asked_for_by_its_id_and_nothing_else(n8n: N8nServer) -> None:
    assert api(n8n).run("../workflows?x=1#") == NoRun()
    assert n8n.asked == ["/api/v1/executions/..%2Fworkflows%3Fx%3D1%23?includeData=true"]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://n8n.example.test/webhook/rollout", "https://n8n.example.test"),
        ("http://user:pw@127.0.0.1:5678/webhook/x?y", "http://127.0.0.1:5678"),
    ],
)
def test_the_api_is_where_the_webhook_is(url: str, origin: str) -> None:
    assert origin_of(url) == origin
