"""n8n: what each of its answers means, what it gets, and that no secret is ever told."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from skillctl.adapters import webhook
from skillctl.adapters.n8n import N8n, signature
from skillctl.domain.delivery import Job
from skillctl.domain.rollout import Accepted, Answer, Refused, Unclear, Unheard
from tests.adapters.answering import answering, refusing
from tests.adapters.test_webhook_bounds import sending

HOOK, SECRET, TOKEN = "/webhook/xerhd6k1ibgjjfso7dixhqpeqa", "n8n-hunter2", "one-time-hunter2"
ACKNOWLEDGE = "https://project.example.test/rest/v1/rpc/acknowledge_rollout"
CHANGE = {"skill": "größe", "version": "1.0.0", "action": "publish", "serving": "1.0.0"}
FACTS: dict[str, Any] = {"release": "r-1", "environment": "prod", "commit": "c" * 40, "changes": [CHANGE]}
JOB = Job("j-1", "rollout", FACTS, 1, "release-1:n8n")
PLAIN, JSON, HTML = ({"Content-Type": kind} for kind in ("text/plain", "application/json; charset=utf-8", "text/html"))
NOT_PUBLISHED = b'{"code":404,"message":"The requested webhook \\"POST x\\" is not registered.","hint":"..."}'
NOT_GET = (
    b'{"code":404,"message":"This webhook is not registered for GET requests. Did you mean to make a POST request?"}'
)
STARTING = b"n8n is starting up. Please wait"
NO_EXECUTION = Unclear("the server answered 200, but named no execution")
UNPUBLISHED = Refused("the server answered 404: the workflow is not published")
UNSIGNED = Refused(
    "the server answered 401: it does not know the signature; is `N8N_WEBHOOK_SECRET` that of its credential?"
)
TOO_LARGE = Refused("the server answered 413: the release is too large for it; raise `N8N_PAYLOAD_SIZE_MAX`")
ERROR = Unclear("the server answered 500")
#: As n8n 2.41 and 2.8 answer, and what stands before them.
ANSWERS: list[tuple[int, bytes, Mapping[str, str], Answer]] = [
    (200, b'{"status":"accepted","execution_id":"231"}', JSON, Accepted("231")),
    (200, b'{"status":"duplicate","execution_id":"230"}', JSON, Accepted("230")),
    (200, b'{"execution_id":231}', JSON, Accepted("231")),
    (200, STARTING, HTML, Unheard("the server is starting")),
    (200, STARTING, JSON, NO_EXECUTION),
    (200, b'{"execution_id":"231"}', HTML, NO_EXECUTION),
    (200, b"<p>Thank you</p>", HTML, NO_EXECUTION),
    (200, b'{"message":"Workflow was started"}', JSON, NO_EXECUTION),
    (200, b"", JSON, NO_EXECUTION),
    (200, b"[]", JSON, NO_EXECUTION),
    (200, b'{"execution_id":null}', JSON, NO_EXECUTION),
    (200, b'{"execution_id":""}', JSON, NO_EXECUTION),
    (200, b'{"execution_id":{}}', JSON, NO_EXECUTION),
    (200, b"[" * 100_000, JSON, NO_EXECUTION),
    (404, b"<pre>Cannot POST /webhook/x</pre>", HTML, Unheard("the server is starting")),
    (404, NOT_PUBLISHED, JSON, UNPUBLISHED),
    (404, NOT_GET, JSON, UNPUBLISHED),
    (401, b'{"error":"bad signature"}', JSON, UNSIGNED),
    (403, b"Authorization data is wrong!", {}, Refused("the server answered 403")),
    (422, b'{"code":422,"message":"Failed to parse request body"}', JSON, Refused("the server answered 422")),
    (413, b"", PLAIN, TOO_LARGE),
    (425, b"", PLAIN, Unheard("the server answered 425")),
    (429, b"limit exceeded", PLAIN | {"Retry-After": "17"}, Unheard("the server answered 429", 17)),
    (429, b"", {"Retry-After": "99999"}, Unheard("the server answered 429", webhook.LONGEST_WISH)),
    (302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}, Refused("the server answered 302")),
    (501, b"", PLAIN, Refused("the server answered 501")),
    (500, b'{"message":"Error in workflow"}', JSON, ERROR),
    (500, b'{"code":0,"message":"There was a problem executing the workflow"}', JSON, ERROR),
    (500, b'{"code":0,"message":"No Respond to Webhook node found in the workflow"}', JSON, ERROR),
    (502, b"<html>bad gateway", HTML, Unclear("the server answered 502")),
    (503, b"", {"Retry-After": "120"}, Unclear("the server answered 503")),
    (408, b"", PLAIN, Unclear("the server answered 408")),
    (200, b"no gzip", {"Content-Encoding": "gzip"}, Unclear("no answer: DecodingError")),
    (0, b"", {}, Unclear("no answer: RemoteProtocolError")),
]  # fmt: skip


def n8n(url: str, acknowledge_url: str | None = ACKNOWLEDGE) -> Answer:
    return N8n(url + HOOK, SECRET, lambda: 1_700_000_000, acknowledge_url).trigger(JOB, TOKEN)


@pytest.mark.parametrize(("status", "body", "headers", "expected"), ANSWERS)
def test_what_each_answer_means(status: int, body: bytes, headers: Mapping[str, str], expected: Answer) -> None:
    with answering(status, body, headers) as server:
        found = n8n(server.url)
    assert found == expected
    assert len(server.bodies) == 1, "n8n is asked once, whatever it says"
    for secret in (HOOK[9:], SECRET, TOKEN, "127.0.0.1", "http:"):
        assert secret not in repr(found)


def test_where_nobody_listens_nothing_was_heard() -> None:
    assert n8n(refusing()) == Unheard("no answer: ConnectError")
    assert N8n("hunter2", SECRET, lambda: 1).trigger(JOB, TOKEN) == Refused(
        "the webhook's address does not begin with `https://` or `http://`"
    )


def test_what_is_not_answered_in_time_may_have_been_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_LONGEST", 0.2)
    with sending(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.02) as url:
        assert n8n(url) == Unclear("no complete answer within 0.2 s")
    monkeypatch.setattr(webhook, "_TIMEOUT", httpx.Timeout(5, read=0.05))
    with sending(b"", b"", 0.02) as url:
        assert n8n(url) == Unclear("no answer: ReadTimeout")


def test_what_it_gets_is_signed_as_standard_webhooks_says() -> None:
    """Computed anew: HMAC by its definition (RFC 2104), over `id.timestamp.body`."""
    with answering(200, b"{}", JSON) as server:
        n8n(server.url)
        n8n(server.url)
    headers, body = server.headers[0], server.bodies[0]
    acknowledge = {"url": ACKNOWLEDGE, "token": TOKEN}
    assert json.loads(body) == {
        "type": "skills.released",
        "timestamp": "2023-11-14T22:13:20Z",
        "data": FACTS | {"acknowledge": acknowledge},
    }
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("release-1:n8n", "1700000000")
    key = SECRET.encode().ljust(64, b"\0")
    signed = b"release-1:n8n.1700000000." + body
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + signed).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(outer).decode()
    assert (server.headers[1]["webhook-id"], server.bodies[1]) == (headers["webhook-id"], body)


def test_without_an_address_nothing_is_said_of_an_acknowledgement() -> None:
    with answering(200, b"{}", JSON) as server:
        n8n(server.url, None)
    assert json.loads(server.bodies[0])["data"] == FACTS
    assert TOKEN.encode() not in server.bodies[0]


def test_the_signature_of_a_known_message() -> None:
    # printf 'msg_1.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac secret -binary | base64
    expected = "v1,T49pOLi9Y59Pd0W8q5zvP9qTIc61pr4XaCUOi3i6Wj4="
    assert signature("secret", "msg_1", "1614265330", b'{"test": 2432232314}') == expected


def test_what_we_sent_is_known_again_after_it_was_parsed() -> None:
    with answering(200, b"{}", JSON) as server:
        n8n(server.url)
    hook, parsed = N8n(HOOK, SECRET, lambda: 1), json.loads(server.bodies[0])
    assert hook.is_ours(server.headers[0], parsed)
    assert not N8n(HOOK, "another", lambda: 1).is_ours(server.headers[0], parsed)
    assert not hook.is_ours(server.headers[0], parsed | {"type": "x"})
    assert not hook.is_ours(server.headers[0] | {"webhook-signature": "v1,ü"}, parsed)
    assert not hook.is_ours({}, None)
