"""A real n8n takes the rollout workflow, and a release is rolled out once, whatever is sent how often."""

import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from skillctl.adapters.n8n import N8n, signature
from skillctl.domain.delivery import Attempt, Delivered, Job, Undeliverable
from tests.n8n.conftest import HOOK_SECRET, PUBLISHABLE_KEY
from tests.n8n.flows import Flow, filled, node
from tests.n8n.receiver import Call, Receiver, in_turn
from tests.n8n.running import N8nServer

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

    def deliver(self, job: Job, secret: str = HOOK_SECRET, late: int = 0) -> Attempt:
        """By the adapter that `jobs work` uses."""
        return N8n(self.url, secret, lambda: int(time.time()) - late).deliver(job)

    def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """By hand."""
        return httpx.post(self.url, content=body, headers={"Content-Type": "application/json", **headers}, timeout=60)

    def refused(self, answer: httpx.Response) -> None:
        """401 in JSON, and an execution that ended as an error and went no further."""
        assert (answer.status_code, answer.json()) == (401, {"error": REASON})
        execution = self.server.ended(self.server.executions(self.id)[0]["id"])
        assert (execution["status"], failure(execution)) == ("error", REASON)
        assert "Ledger" not in execution["data"]["resultData"]["runData"]


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


def execution_of(attempt: Attempt) -> str:
    assert isinstance(attempt, Delivered), attempt
    return str(attempt.receipt["execution_id"])


def answered(call: Call) -> tuple[Any, ...]:
    """What an acknowledgement says, but for its detail."""
    return tuple(call.body[name] for name in ("p_release", "p_token", "p_outcome", "p_execution"))


def test_a_release_is_rolled_out_and_acknowledged(rollout: Rollout, receiver: Receiver, job: Callable[..., Job]) -> None:
    sent = job(reason="Grüße, 統一 🚀 \u2028 {{ 7 * 7 }} \\ \"quoted\"")
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
