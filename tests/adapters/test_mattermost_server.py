"""The incoming webhook against a server that keeps posts: what arrives, and what each of its refusals means."""

from typing import Any

import pytest

from skillctl.adapters.mattermost import Mattermost
from skillctl.domain.delivery import Delivered, Job, Retry, Undeliverable
from tests.standin.mattermost_server import HOOK, TOKEN, fails, hangs_up, limited, mattermost_server, once

CHANGE = {"skill": "adder", "version": "1.0.0", "action": "publish", "serving": "1.0.0"}
FACTS: dict[str, Any] = {"release": "r-1", "environment": "prod", "commit": "c" * 40, "changes": [CHANGE]}


def job(**changed: Any) -> Job:
    return Job("j-1", "notice", FACTS | changed, 1, "r-1:mattermost")


@pytest.mark.parametrize("count", [0, 1, 21, 5_000])
def test_one_release_is_one_post(count: int) -> None:
    with mattermost_server() as server:
        told = job(changes=[CHANGE | {"skill": f"s-{number}"} for number in range(count)], kind="sync", skills=count)
        assert Mattermost(server.hook).deliver(told) == Delivered({"status": 200})
    (post,) = server.posts
    (attachment,) = post.props["attachments"]
    assert attachment["text"].count("| s\\-") == min(count, 20)
    assert ("more" in attachment["text"]) is (count > 20)


def test_the_longest_reason_is_whole_and_in_one_post() -> None:
    with mattermost_server() as server:
        told = job(kind="revoke", actor="jun", reason="word " * 3_000)
        assert Mattermost(server.hook).deliver(told) == Delivered({"status": 200})
    (post,) = server.posts
    texts = [one["text"] for one in post.props["attachments"][1:]]
    assert sum(text.count("word") for text in texts) == 3_000


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize(
    ("options", "path", "status"),
    [({}, "/hooks/unknownunknownunknownunkno", 400), ({"hooks_enabled": False}, f"/hooks/{HOOK}", 501),
     ({}, "/elsewhere", 401)],
)  # fmt: skip
def test_a_refusal_is_said_by_its_status_alone(older: bool, options: dict[str, Any], path: str, status: int) -> None:
    with mattermost_server(older=older, **options) as server:
        found = Mattermost(server.url + path).deliver(job())
    assert found == Undeliverable(f"the server answered {status}")
    assert server.posts == []
    assert not any(secret in repr(found) for secret in (HOOK, TOKEN, "127.0.0.1"))


def test_what_may_pass_is_asked_again() -> None:
    with mattermost_server() as server:
        hook = Mattermost(server.hook)
        server.trouble = limited(9)
        assert hook.deliver(job()) == Retry("the server answered 429", 9)
        server.trouble = once(0, fails(500))
        assert hook.deliver(job()) == Retry("the server answered 500")
        server.trouble = once(0, hangs_up)
        assert isinstance(hook.deliver(job()), Retry)
        assert server.posts == []
        assert hook.deliver(job()) == Delivered({"status": 200})
