"""Mattermost: what each of its answers means for a delivery, and that no secret is ever told; and the local sink."""

import json
import socket
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from skillctl.adapters import webhook
from skillctl.adapters.local_sink import local_sink
from skillctl.adapters.mattermost import Mattermost
from skillctl.adapters.n8n import N8n, signature
from skillctl.domain import notice
from skillctl.domain.delivery import Attempt, Delivered, Job, Retry, Undeliverable
from skillctl.domain.rollout import Accepted, Refused
from tests.adapters.answering import answering, refusing

HOOK, SECRET = "/hooks/xerhd6k1ibgjjfso7dixhqpeqa", "n8n-hunter2"
CHANGE = {"skill": "größe", "version": "1.0.0", "action": "publish", "serving": "1.0.0"}
FACTS: dict[str, Any] = {"release": "r-1", "environment": "prod", "commit": "c" * 40, "changes": [CHANGE]}
JOB = Job("j-1", "notice", FACTS, 1, "release-1:n8n")
PLAIN, JSON, HTML = ({"Content-Type": kind} for kind in ("text/plain", "application/json; charset=utf-8", "text/html"))


def mattermost(url: str) -> Attempt:
    return Mattermost(url + HOOK).deliver(JOB)


def wrapped(status: int) -> bytes:
    """Mattermost's error as newer servers wrap it: the text holds the hook."""
    message = f"Failed to handle the payload of media type application/json for incoming webhook {HOOK[7:]}."
    return json.dumps(
        {"id": "web.incoming_webhook.general.app_error", "message": message, "status_code": status}
    ).encode()


EVERYBODY = [
    (408, b"", PLAIN, Retry("the server answered 408")),
    (413, wrapped(413), JSON, Undeliverable("the server answered 413")),
    (425, b"", PLAIN, Retry("the server answered 425")),
    (429, b"limit exceeded", PLAIN | {"Retry-After": "17"}, Retry("the server answered 429", 17)),
    (429, b"limit exceeded", PLAIN, Retry("the server answered 429")),
    (429, b"", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, Retry("the server answered 429")),
    (429, b"", {"Retry-After": "-5"}, Retry("the server answered 429")),
    (429, b"", {"Retry-After": "9" * 5000}, Retry("the server answered 429", webhook.LONGEST_WISH)),
    (429, b"", {"Retry-After": "99999"}, Retry("the server answered 429", webhook.LONGEST_WISH)),
    (500, wrapped(500), JSON, Retry("the server answered 500")),
    (501, wrapped(501), JSON, Undeliverable("the server answered 501")),
    (502, b"<html>bad gateway", HTML, Retry("the server answered 502")),
    (503, b"", {"Retry-After": "120"}, Retry("the server answered 503", 120)),
    (302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}, Undeliverable("the server answered 302")),
    (200, b"no gzip", {"Content-Encoding": "gzip"}, Retry("no answer: DecodingError")),
    (0, b"", {}, Retry("no answer: RemoteProtocolError")),
]
OF_MATTERMOST = [
    (200, b"ok", PLAIN, Delivered({"status": 200})),
    (200, b"<!doctype html><html>", HTML, Retry("the server answered 200, but not as Mattermost does")),
    (200, b"", PLAIN, Retry("the server answered 200, but not as Mattermost does")),
    (
        200,
        b"\xff\xfe",
        {"Content-Type": "text/plain; charset=none-such"},
        Retry("the server answered 200, but not as Mattermost does"),
    ),
    (400, wrapped(400), JSON, Undeliverable("the server answered 400")),
    (403, wrapped(403), JSON, Undeliverable("the server answered 403")),
    (404, wrapped(404), JSON, Undeliverable("the server answered 404")),
    (404, b"<html>", HTML, Undeliverable("the server answered 404")),
]


@pytest.mark.parametrize(("status", "body", "headers", "expected"), EVERYBODY + OF_MATTERMOST)
def test_what_each_answer_means(status: int, body: bytes, headers: Mapping[str, str], expected: Attempt) -> None:
    with answering(status, body, headers) as server:
        found = mattermost(server.url)
    assert found == expected
    assert len(server.bodies) == 1
    for secret in (HOOK[7:], "127.0.0.1", "http:"):
        assert secret not in repr(found)


def test_nobody_listens() -> None:
    assert mattermost(refusing()) == Retry("no answer: ConnectError")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "does not begin with `https://` or `http://`"),
        ("hunter2", "does not begin with `https://` or `http://`"),
        ("ftp://hunter2/x", "does not begin with `https://` or `http://`"),
        ("http://hunter2:abc/", "is not a URL"),
        ("http://[::1/hunter2", "is not a URL"),
        ("http://hunter2\n/", "is not a URL"),
        (f"http://{'hunter2' * 12}.test/", "is not a URL"),
    ],
)
def test_an_address_that_is_none_is_not_told(address: str, sentence: str) -> None:
    found = webhook.post(address, b"{}")
    assert found == Undeliverable(f"the webhook's address {sentence}")


def test_a_server_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_TIMEOUT", httpx.Timeout(5, read=0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = webhook.post(f"http://127.0.0.1:{silent.getsockname()[1]}{HOOK}", b"{}")
    assert found == Retry("no answer: ReadTimeout")


def test_what_mattermost_gets() -> None:
    with answering(200, b"ok") as server:
        mattermost(server.url)
    assert server.headers[0]["content-type"] == "application/json"
    assert json.loads(server.bodies[0]) == notice.mattermost(FACTS)
    assert "größe".encode() in server.bodies[0]


def test_the_local_sink_answers_as_they_do() -> None:
    with local_sink(SECRET) as sink:
        assert Mattermost(sink.mattermost_url).deliver(JOB) == Delivered({"status": 200})
        now = lambda: 1_700_000_000  # noqa: E731 - the port is a callable
        assert N8n(sink.n8n_url, SECRET, now).trigger(JOB, "t") == Accepted("1")
        assert N8n(sink.n8n_url, SECRET, now).trigger(JOB, "t") == Accepted("2")
        assert isinstance(N8n(sink.n8n_url, "wrong", now).trigger(JOB, "t"), Refused)
        assert Mattermost(sink.n8n_url + "x").deliver(JOB) == Undeliverable("the server answered 404")
    assert sink.arrived["mattermost"] == [notice.mattermost(FACTS)]
    assert [said["data"] for said in sink.arrived["n8n"]] == [FACTS, FACTS]
    assert Mattermost(sink.mattermost_url).deliver(JOB) == Retry("no answer: ConnectError")


def test_the_local_sink_checks_the_signature_of_the_very_bytes() -> None:
    def posted(body: bytes, signed: bytes) -> int:
        headers = {
            "webhook-id": "i",
            "webhook-timestamp": "1",
            "webhook-signature": signature(SECRET, "i", "1", signed),
        }
        return httpx.post(sink.n8n_url, content=body, headers=headers).status_code

    with local_sink(SECRET) as sink:
        assert (posted(b'{"a": 1}', b'{"a": 1}'), posted(b'{"a": 1}', b'{"a":1}')) == (200, 401)
        assert httpx.post(sink.n8n_url, content=b"{}").status_code == 401
