"""A real n8n takes the rollout workflow, and a release is rolled out once, whatever is sent how often."""

import json
import signal
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from skillctl.adapters.n8n import N8n, signature
from skillctl.domain.delivery import Job
from skillctl.domain.rollout import Accepted, Answer, Refused
from tests.n8n.conftest import HOOK_SECRET, PUBLISHABLE_KEY
from tests.n8n.flows import Flow, filled, node
from tests.n8n.receiver import Call, Receiver, Reply, in_turn
from tests.n8n.running import START_SECONDS, N8nServer, until

pytestmark = pytest.mark.n8n
ROLLOUT, ANSWER = "/rollout", "/rest/v1/rpc/acknowledge_rollout"
DOWN = (503, {"message": "down"})


def with_step(flow: Flow, url: str) -> Flow:
    """As docs/n8n.md says how: an HTTP Request in the place of the step that does nothing."""
    step = node(flow, "Rollout step")
    step["type"], step["typeVersion"] = "n8n-nodes-base.httpRequest", 4.2
    step["parameters"] = {
        "method": "POST", "url": url, "sendBody": True, "specifyBody": "json",
        "jsonBody": "={{ JSON.stringify($json) }}", "options": {"timeout": 10000},
    }  # fmt: skip
    return flow


def at_path(flow: Flow, path: str) -> Flow:
    """Beside others of its kind."""
    hook = node(flow, "Webhook")
    hook["parameters"]["path"], hook["webhookId"] = path, str(uuid.uuid4())
    return flow


class Rollout:
    """A published rollout workflow."""

    def __init__(self, server: N8nServer, flow: Flow) -> None:
        self.server, self.id = server, server.publish(flow)
        self.url = f"{server.url}/webhook/{node(flow, 'Webhook')['parameters']['path']}"

    def deliver(self, job: Job, secret: str = HOOK_SECRET, late: int = 0) -> Answer:
        """By the adapter that `jobs work` uses."""
        return N8n(self.url, secret, lambda: int(time.time()) - late).trigger(job, "in the payload here")

    def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """By hand."""
        return httpx.post(self.url, content=body, headers={"Content-Type": "application/json", **headers}, timeout=60)

    def refused(self, body: bytes, headers: dict[str, str]) -> None:
        """401 in JSON, and an execution that ended as an error and went no further."""
        known = self._newest()
        answer = self.post(body, headers)
        assert (answer.status_code, answer.json()) == (401, {"error": REASON})
        execution = self.server.ended(str(until(lambda: newest if (newest := self._newest()) > known else None)))
        assert (execution["status"], failure(execution)) == ("error", REASON)
        assert "Ledger" not in execution["data"]["resultData"]["runData"]

    def _newest(self) -> int:
        # A list without a state leaves out what is running.
        found = [*self.server.executions(self.id), *self.server.executions(self.id, "running")]
        return max((int(one["id"]) for one in found), default=0)


REASON = "the signature is not ours, or older than five minutes"


def failure(execution: dict[str, Any]) -> str:
    return str(execution["data"]["resultData"]["error"]["message"])


@pytest.fixture(scope="session")
def rollout(n8n: N8nServer, credentials: dict[str, str], shared_receiver: Any) -> Rollout:
    return Rollout(n8n, with_step(filled("skill-rollout", credentials), shared_receiver.url + ROLLOUT))


@pytest.fixture
def job(receiver: Receiver) -> Callable[..., Job]:
    """A job of a release of its own."""

    def made(acknowledged: bool = True, **more: Any) -> Job:
        release = str(uuid.uuid4())
        wanted = {"acknowledge": {"url": receiver.url + ANSWER, "token": "once-" + release}} if acknowledged else {}
        payload = {"release": release, "environment": "prod", "kind": "sync", "changes": [], **wanted, **more}
        return Job("1", "rollout", payload, 1, f"{release}:n8n")

    return made


def execution_of(answer: Answer) -> str:
    assert isinstance(answer, Accepted), answer
    return answer.execution


def answered(call: Call) -> tuple[Any, ...]:
    """What an acknowledgement says, but for its detail."""
    return tuple(call.body[name] for name in ("p_release", "p_token", "p_outcome", "p_execution"))


def test_a_release_is_rolled_out_and_acknowledged(
    rollout: Rollout, receiver: Receiver, job: Callable[..., Job]
) -> None:
    sent = job(reason='Grüße, 統一 🚀 \u2028 {{ 7 * 7 }} \\ "quoted"')
    execution = execution_of(rollout.deliver(sent))
    assert rollout.server.ended(execution)["status"] == "success"

    (step,) = receiver.at(ROLLOUT)
    told = dict(sent.payload)
    token = told.pop("acknowledge")["token"]
    assert step.body == told
    (answer,) = receiver.at(ANSWER)
    assert answered(answer) == (sent.payload["release"], token, "rolled_out", execution)
    assert set(answer.body) == {"p_release", "p_token", "p_outcome", "p_detail", "p_execution"}
    assert (answer.headers["apikey"], answer.headers["content-profile"]) == (PUBLISHABLE_KEY, "mcp")


def test_as_it_comes_it_does_nothing_and_says_so(
    n8n: N8nServer, credentials: dict[str, str], receiver: Receiver, job: Callable[..., Job]
) -> None:
    shipped = Rollout(n8n, at_path(filled("skill-rollout", credentials), "as-shipped"))
    sent = job()
    execution = execution_of(shipped.deliver(sent))
    assert n8n.ended(execution)["status"] == "success"
    (answer,) = receiver.calls
    assert (answer.path, answer.body["p_outcome"]) == (ANSWER, "rolled_out")


def test_no_acknowledgement_is_made_where_none_is_wished(
    rollout: Rollout, receiver: Receiver, job: Callable[..., Job]
) -> None:
    execution = execution_of(rollout.deliver(job(acknowledged=False)))
    assert rollout.server.ended(execution)["status"] == "success"
    assert [call.path for call in receiver.calls] == [ROLLOUT]


@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_step_that_fails_is_a_rollout_that_failed(
    rollout: Rollout, receiver: Receiver, job: Callable[..., Job], acknowledged: bool
) -> None:
    receiver.replies[ROLLOUT] = in_turn((500, {"message": "no room"}))
    sent = job(acknowledged)
    execution = execution_of(rollout.deliver(sent))
    ended = rollout.server.ended(execution)
    assert ended["status"] == "error"
    assert failure(ended).startswith(f"rollout of {sent.payload['release']} failed: ")
    assert [(call.body["p_outcome"], call.body["p_execution"]) for call in receiver.at(ANSWER)] == (
        [("rollout_failed", execution)] if acknowledged else []
    )
    for call in receiver.at(ANSWER):
        assert failure(ended).endswith(call.body["p_detail"])
        assert "500" in call.body["p_detail"]


def test_an_acknowledgement_is_made_again_until_it_arrives(
    rollout: Rollout, receiver: Receiver, job: Callable[..., Job]
) -> None:
    receiver.replies[ANSWER] = in_turn(DOWN, (200, {"state": "rolled_out"}))
    execution = execution_of(rollout.deliver(job()))
    assert rollout.server.ended(execution)["status"] == "success"
    first, second = receiver.at(ANSWER)
    assert first.body == second.body
    assert len(receiver.at(ROLLOUT)) == 1


def test_an_acknowledgement_that_never_arrives_makes_no_failure_of_a_rollout(
    n8n: N8nServer, credentials: dict[str, str], receiver: Receiver, job: Callable[..., Job]
) -> None:
    flow = at_path(filled("skill-rollout", credentials), "unheard")
    node(flow, "Acknowledge")["waitBetweenTries"] = 10
    receiver.replies[ANSWER] = in_turn(DOWN)
    execution = execution_of(Rollout(n8n, flow).deliver(job()))
    assert n8n.ended(execution)["status"] == "success"
    assert len(receiver.at(ANSWER)) == 5


def signed(identity: str, body: bytes, *, late: float = 0, secret: str = HOOK_SECRET) -> dict[str, str]:
    """The three headers, made some seconds ago."""
    stamp = str(int(time.time() - late))
    made = signature(secret, identity, stamp, body)
    return {"webhook-id": identity, "webhook-timestamp": stamp, "webhook-signature": made}


ODD = (
    b'{"type":"skills.released",  "data" :\n\t{"release":"ODD",'
    b'"reason":"\xc3\xa9\xf0\x9f\x9a\x80 \\u0041\xe2\x80\xa8 {{ 1 }}"}}\r\n '
)


def test_the_signature_is_of_the_bytes_as_they_came(rollout: Rollout, receiver: Receiver) -> None:
    body = ODD.replace(b"ODD", str(uuid.uuid4()).encode())
    headers = signed(str(uuid.uuid4()), body)
    # A sender that changes its secret signs with both for a while.
    headers["webhook-signature"] = f"v1,{'A' * 43}= {headers['webhook-signature']}"
    answer = rollout.post(body, headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted"), answer.text
    assert rollout.server.ended(answer.json()["execution_id"])["status"] == "success"
    (step,) = receiver.at(ROLLOUT)
    assert step.body == json.loads(body)["data"]


def _without(name: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda headers: {key: value for key, value in headers.items() if key != name}


def _with(name: str, value: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda headers: {**headers, name: value}


FORGED: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "no signature": _without("webhook-signature"),
    "no id": _without("webhook-id"),
    "no timestamp": _without("webhook-timestamp"),
    "no headers": lambda _headers: {},
    "another id": _with("webhook-id", "another"),
    "an empty id": lambda _headers: signed("", ODD),
    "a later timestamp": lambda headers: {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
    "another secret": lambda _headers: signed("forged", ODD, secret="another"),
    "another scheme": lambda headers: {**headers, "webhook-signature": "v2" + headers["webhook-signature"][2:]},
    "an empty signature": _with("webhook-signature", ""),
    "no word of a timestamp": lambda _headers: {
        "webhook-id": "x", "webhook-timestamp": "now", "webhook-signature": signature(HOOK_SECRET, "x", "now", ODD),
    },
    "a stale one": lambda _headers: signed("forged", ODD, late=330),
    "one of the future": lambda _headers: signed("forged", ODD, late=-330),
}  # fmt: skip


@pytest.mark.parametrize("forged", FORGED)
def test_what_is_not_ours_is_refused(rollout: Rollout, receiver: Receiver, forged: str) -> None:
    rollout.refused(ODD, FORGED[forged](signed("forged", ODD)))
    assert receiver.calls == []


@pytest.mark.parametrize("body", [ODD.replace(b"  ", b" "), ODD + b" ", b"\xef\xbb\xbf" + ODD, b""])
def test_other_bytes_under_a_signature_are_refused(rollout: Rollout, receiver: Receiver, body: bytes) -> None:
    rollout.refused(body, signed("forged", ODD))
    assert receiver.calls == []


def test_our_own_adapter_learns_of_a_refusal(rollout: Rollout, receiver: Receiver, job: Callable[..., Job]) -> None:
    for answer in (rollout.deliver(job(), secret="another"), rollout.deliver(job(), late=330)):
        assert isinstance(answer, Refused)
        assert "it does not know the signature" in answer.reason
    assert receiver.calls == []


def test_a_second_delivery_does_nothing_and_names_the_first(
    rollout: Rollout, receiver: Receiver, job: Callable[..., Job]
) -> None:
    sent = job()
    first = execution_of(rollout.deliver(sent))
    rollout.server.ended(first)
    body = json.dumps({"type": "skills.released", "data": dict(sent.payload)}).encode()
    answer = rollout.post(body, signed(sent.key, body))
    assert (answer.status_code, answer.json()) == (200, {"status": "duplicate", "execution_id": first})
    assert [call.path for call in receiver.calls] == [ROLLOUT, ANSWER]


def test_of_many_deliveries_at_once_one_is_rolled_out(
    rollout: Rollout, receiver: Receiver, job: Callable[..., Job]
) -> None:
    for _ in range(3):
        sent = job()
        body = json.dumps({"type": "skills.released", "data": dict(sent.payload)}).encode()
        with ThreadPoolExecutor(8) as pool:
            posts = [pool.submit(rollout.post, body, signed(sent.key, body)) for _ in range(8)]
            said = [post.result().json() for post in posts]
        assert sorted(one["status"] for one in said) == ["accepted", *["duplicate"] * 7]
        (first,) = {one["execution_id"] for one in said}
        assert rollout.server.ended(first)["status"] == "success"
        assert len([call for call in receiver.at(ROLLOUT) if call.body["release"] == sent.payload["release"]]) == 1


def test_what_a_killed_n8n_had_begun_is_not_begun_again(
    rollout: Rollout, receiver: Receiver, job: Callable[..., Job]
) -> None:
    """Whether half a rollout may be done again is not for the workflow to say: it is seen to have crashed."""
    done, half = job(), job()
    first = execution_of(rollout.deliver(done))
    rollout.server.ended(first)
    reached, over = threading.Event(), threading.Event()

    def hang(_call: Call) -> Reply:
        reached.set()
        over.wait(START_SECONDS)
        return 200, {}

    receiver.replies[ROLLOUT] = hang
    second = execution_of(rollout.deliver(half))
    try:
        assert reached.wait(START_SECONDS)
        rollout.server.stop(signal.SIGKILL)
    finally:
        over.set()
    rollout.server.start()
    rollout.server.wait_for_webhook("skillctl-rollout")
    assert rollout.server.ended(second)["status"] == "crashed"
    assert [execution_of(rollout.deliver(sent)) for sent in (done, half)] == [first, second]
    assert [call.path for call in receiver.calls] == [ROLLOUT, ANSWER, ROLLOUT]
