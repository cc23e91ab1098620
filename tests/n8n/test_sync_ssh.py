"""A real n8n runs `sync` on another machine by SSH, and its exit code and JSON decide what is posted."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.n8n.flows import filled
from tests.n8n.machine import SSHD, Machine, machine
from tests.n8n.receiver import Receiver
from tests.n8n.running import N8nServer, until
from tests.n8n.test_sync import CHANNEL, POSTS, command, posted, settle

pytestmark = pytest.mark.n8n
GOLDEN = Path(__file__).parents[1] / "cli" / "golden"
Told = Callable[..., tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if SSHD is None:
        pytest.skip("no sshd: sync over SSH in a real n8n NOT TESTED")
    with machine(tmp_path_factory.mktemp("machine"), SSHD) as found:
        yield found


@pytest.fixture(scope="module")
def key(n8n: N8nServer, host: Machine) -> str:
    return n8n.credential("skillctl ssh of a machine", "sshPrivateKey", host.credential)


@pytest.fixture
def told(n8n: N8nServer, credentials: dict[str, str], key: str, host: Machine, receiver: Receiver) -> Told:
    """What is posted, and the execution, of a slash command."""

    def ask(**more: Any) -> tuple[str, dict[str, Any]]:
        receiver.replies[POSTS] = lambda call: (201, {"id": "post1", **call.body})
        flow = filled("skill-sync-ssh", {**credentials, "skillctl ssh": key})
        flow = settle(flow, **{"folder": str(host.clone), "channel": CHANNEL, **more})
        made = n8n.publish(flow)
        assert command(n8n, flow).status_code == 200
        (execution,) = until(lambda: n8n.executions(made))
        ended = n8n.ended(execution["id"])
        return posted(receiver, ended), ended

    return ask


@pytest.mark.parametrize(
    ("golden", "code", "text", "status"),
    [
        ("released", 0, r":white_check_mark: sync: released `UUID`", "success"),
        ("blocked", 1, r":x: sync: blocked `adder`", "error"),
        ("unconfigured", 2, r":grey_question: sync could not be done: `nothing says where .*'prod'.*`", "error"),
        ("released", 4, r":grey_question: sync could not be done: `exit code 4`", "error"),
    ],
)
def test_the_exit_code_and_the_answer_decide(
    told: Told, host: Machine, golden: str, code: int, text: str, status: str
) -> None:
    host.answers((GOLDEN / f"sync.{golden}.json").read_text(encoding="utf-8"), code)
    said, ended = told()
    assert re.fullmatch(text, said), said
    assert ended["status"] == status
    assert host.called() == ["sync --format json", "jobs work --drain"]


@pytest.mark.parametrize("answer", ["Traceback (most recent call last):", '{"command": "plan", "ok": true}'])
def test_what_is_no_answer_of_sync_is_never_success(told: Told, host: Machine, answer: str) -> None:
    host.answers(answer, 0)
    said, ended = told()
    assert (said, ended["status"]) == (":grey_question: sync could not be done: `exit code 0`", "error")


def test_a_clone_that_cannot_be_brought_up_to_date_is_not_synced(told: Told, host: Machine, tmp_path: Path) -> None:
    host.answers("", 0)
    said, ended = told(folder=str(tmp_path))
    assert (said, ended["status"]) == (":grey_question: sync could not be done: `exit code 3`", "error")
    assert host.called() == []
