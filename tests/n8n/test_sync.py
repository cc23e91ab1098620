"""A real n8n starts the repository's sync workflow on GitHub, waits for it, and posts what became of it."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.n8n.conftest import BOT_TOKEN, COMMAND_TOKEN, GITHUB_TOKEN
from tests.n8n.flows import Flow, filled, node
from tests.n8n.receiver import Call, Receiver, Reply
from tests.n8n.running import N8nServer, until

pytestmark = pytest.mark.n8n
REPOSITORY, CHANNEL = "octo/skills", "4xp9fdt77pncbef59f4k1qe83o"
ACTIONS = f"/repos/{REPOSITORY}/actions/workflows/release.yml"
DISPATCHES, RUNS, POSTS = f"{ACTIONS}/dispatches", f"{ACTIONS}/runs", "/api/v4/posts"


def settle(flow: Flow, **values: Any) -> Flow:
    """What the importer fills in on *Settings*, and a path of its own."""
    for one in node(flow, "Settings")["parameters"]["assignments"]["assignments"]:
        if one["name"] in values:
            one["value"] = values[one["name"]]
    hook = node(flow, "Slash command")
    hook["parameters"]["path"], hook["webhookId"] = str(uuid.uuid4()), str(uuid.uuid4())
    return flow


class GitHub:
    """A stand-in of three calls of its API; a run takes a few polls from its dispatch to its end."""

    def __init__(self, receiver: Receiver, polls: int = 2, conclusion: str = "success", dispatch: Reply = (204, None)):
        self.receiver, self.polls, self.conclusion, self.dispatch = receiver, polls, conclusion, dispatch
        self.requests: list[str] = []
        receiver.replies[DISPATCHES] = self._dispatched
        receiver.replies[RUNS] = self._listed
        receiver.replies[POSTS] = lambda call: (201, {"id": "post1", **call.body})

    def _dispatched(self, call: Call) -> Reply:
        if self.dispatch[0] < 400 or self.dispatch[0] >= 500:
            self.requests.append(call.body["inputs"]["request_id"])
        return self.dispatch

    def _listed(self, _call: Call) -> Reply:
        self.polls -= 1
        stranger = self._run(1, "sync on request n8n-0-0", "completed", "failure")
        mine = [self._run(2, f"sync on request {name}", *self._state()) for name in self.requests if self.polls < 1]
        return 200, {"total_count": 1 + len(mine), "workflow_runs": [stranger, *mine]}

    def _state(self) -> tuple[str, str | None]:
        return ("completed", self.conclusion) if self.polls < 0 else ("in_progress", None)

    @staticmethod
    def _run(number: int, title: str, status: str, conclusion: str | None) -> dict[str, Any]:
        page = f"https://github.com/{REPOSITORY}/actions/runs/{number}"
        return {
            "id": number, "name": "release", "display_title": title, "event": "workflow_dispatch",
            "head_branch": "main", "status": status, "conclusion": conclusion, "html_url": page,
        }  # fmt: skip


@pytest.fixture
def asked(n8n: N8nServer, credentials: dict[str, str], receiver: Receiver) -> Callable[..., tuple[str, dict[str, Any]]]:
    """What is posted, and the execution, of a slash command."""

    def ask(**more: Any) -> tuple[str, dict[str, Any]]:
        told = {"github_api": receiver.url, "repository": REPOSITORY, "channel": CHANNEL, "poll_seconds": 1, **more}
        flow = settle(filled("skill-sync", credentials), **told)
        made = n8n.publish(flow)
        answer = command(n8n, flow)
        assert (answer.status_code, answer.json()["response_type"]) == (200, "ephemeral")
        (execution,) = until(lambda: n8n.executions(made))
        ended = n8n.ended(execution["id"])
        return posted(receiver, ended), ended

    return ask


def command(n8n: N8nServer, flow: Flow, token: str = COMMAND_TOKEN) -> httpx.Response:
    """A slash command as Mattermost sends it."""
    path = node(flow, "Slash command")["parameters"]["path"]
    form = {"token": token, "command": "/sync", "text": "", "user_name": "maria", "channel_id": CHANNEL}
    return httpx.post(f"{n8n.url}/webhook/{path}", data=form, headers={"Authorization": f"Token {token}"}, timeout=60)


def posted(receiver: Receiver, ended: dict[str, Any]) -> str:
    """The one message; an execution that ended as an error failed with it, and with nothing else."""
    (post,) = receiver.at(POSTS)
    assert (post.body["channel_id"], post.headers["authorization"]) == (CHANNEL, f"Bearer {BOT_TOKEN}")
    text = str(post.body["message"])
    if ended["status"] == "error":
        assert ended["data"]["resultData"]["error"]["message"] == text
    return text


Asked = Callable[..., tuple[str, dict[str, Any]]]


def test_a_run_is_started_once_followed_to_its_end_and_told(asked: Asked, receiver: Receiver) -> None:
    github = GitHub(receiver)
    text, ended = asked()
    page = f"https://github.com/{REPOSITORY}/actions/runs/2"
    assert text == f":white_check_mark: sync of `{REPOSITORY}`: success ([run 2]({page}))"
    assert ended["status"] == "success"

    (dispatch,) = receiver.at(DISPATCHES)
    (request,) = github.requests
    assert dispatch.body == {"ref": "main", "inputs": {"request_id": request}}
    polls = receiver.at(RUNS)
    assert len(polls) == 3
    assert polls[0].query == {"event": "workflow_dispatch", "per_page": "100"}
    for call in (dispatch, *polls):
        assert (call.headers["authorization"], call.headers["accept"], call.headers["x-github-api-version"]) == (
            f"Bearer {GITHUB_TOKEN}", "application/vnd.github+json", "2022-11-28",
        )  # fmt: skip


@pytest.mark.parametrize("conclusion", ["failure", "cancelled"])
def test_another_end_than_success_is_told_as_it_is(asked: Asked, receiver: Receiver, conclusion: str) -> None:
    GitHub(receiver, polls=0, conclusion=conclusion)
    text, ended = asked()
    assert text.startswith(f":x: sync of `{REPOSITORY}`: {conclusion} ([run 2](")
    assert ended["status"] == "error"


@pytest.mark.parametrize("status", [401, 422])
def test_a_refused_start_is_told_and_not_waited_for(asked: Asked, receiver: Receiver, status: int) -> None:
    GitHub(receiver, dispatch=(status, {"message": "Unexpected inputs provided"}))
    text, ended = asked()
    assert text == f":x: GitHub refused to start the sync of `{REPOSITORY}`: {status}"
    assert (ended["status"], receiver.at(RUNS)) == ("error", [])


def test_a_start_that_nobody_knows_of_is_looked_up_and_not_made_again(asked: Asked, receiver: Receiver) -> None:
    GitHub(receiver, polls=0, dispatch=(502, {"message": "Server Error"}))
    text, ended = asked()
    assert ": success ([run 2](" in text
    assert (ended["status"], len(receiver.at(DISPATCHES))) == ("success", 1)


def test_what_is_not_seen_to_end_is_unknown(asked: Asked, receiver: Receiver) -> None:
    GitHub(receiver, polls=1000)
    text, ended = asked(give_up_minutes=0.02)
    assert text.startswith(f":grey_question: sync of `{REPOSITORY}`: unknown, ")
    assert ended["status"] == "error"


@pytest.mark.parametrize("name", ["skill-sync", "skill-sync-ssh"])
def test_a_command_without_the_token_starts_nothing(
    n8n: N8nServer, credentials: dict[str, str], receiver: Receiver, name: str
) -> None:
    flow = settle(filled(name, credentials))
    made = n8n.publish(flow)
    assert command(n8n, flow, "another").status_code == 403
    assert (n8n.executions(made), n8n.executions(made, "running"), receiver.calls) == ([], [], [])
