"""Threads of a bot: every step is posted once, whatever is lost on the way, and the first post is what holds now."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from skillctl.adapters import mattermost_bot
from skillctl.adapters.mattermost_api import MattermostApi
from skillctl.adapters.mattermost_bot import MattermostBot
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.production_chat import ProductionChat
from skillctl.domain.delivery import Delivered, Job, Later, Retry, Undeliverable
from skillctl.domain.thread_posts import MOST_THREADS
from skillctl.errors import Unreachable
from tests.production.conftest import Database, Transport
from tests.production.world import Version, following, publish
from tests.standin.mattermost_server import (
    CHANNEL,
    TOKEN,
    MattermostServer,
    fails,
    hangs_up,
    limited,
    mattermost_server,
    once,
)


def change(skill: str = "finance-ssc", **changed: Any) -> dict[str, Any]:
    return {"skill": skill, "version": "1.0.0", "action": "publish", "serving": "1.0.0"} | changed


def job(*changes: dict[str, Any], number: int = 1, attempt: int = 1, **facts: Any) -> Job:
    told = {"release": f"r-{number}", "environment": "prod", "commit": "c" * 40, "changes": list(changes)} | facts
    return Job(f"j-{number}", "notice", told, attempt, f"r-{number}:mattermost")


@pytest.fixture
def server() -> Iterator[MattermostServer]:
    with mattermost_server() as made:
        yield made


@pytest.fixture
def bot(server: MattermostServer, database: Database) -> MattermostBot:
    return made(server, database)


def made(server: MattermostServer, database: Database, token: str = TOKEN, channel: str = CHANNEL) -> MattermostBot:
    @contextlib.contextmanager
    def record() -> Iterator[ProductionChat]:
        with PostgresTransport(database.owner_url) as transport:
            yield ProductionChat(transport)

    return MattermostBot(MattermostApi(server.url, token, channel), record, lambda: 0.0)


def published(database: Database, *names: str) -> None:
    with PostgresTransport(database.owner_url) as transport:
        for name in names:
            publish(transport, Version(name))


def test_a_skill_has_one_thread_and_its_first_post_says_what_holds(
    server: MattermostServer, bot: MattermostBot, database: Database
) -> None:
    published(database, "finance-ssc")
    assert bot.deliver(job(change(), owners={"finance-ssc": ["ana"]})) == Delivered({"posts": 2})
    (root,) = server.roots()
    assert root.message.startswith("**finance\\-ssc** serves 1\\.0\\.0 (approved, digest ")
    assert server.thread(root)[1:] == ["1\\.0\\.0 published, serving 1\\.0\\.0\nowners: @ana"]

    with PostgresTransport(database.owner_url) as transport:
        version = Version("finance-ssc")
        states = {"1.0.0": {"state": "revoked", "notice": {"reason": "leaks"}}}
        moved = version.change(
            action="revoke", serving=None, publish=[], states=states, promotions=[version.moved("approved", "revoked")]
        )
        transport.call("apply_release", release=following(transport, [moved]))
    told = job(change(action="revoke", serving=None), number=2, kind="revoke", actor="jun", reason="leaks @all")
    assert bot.deliver(told) == Delivered({"posts": 1})

    assert server.roots() == [root]
    assert root.message == "**finance\\-ssc** serves nothing"
    assert root.props["attachments"][0]["color"] == "danger"
    assert (
        server.thread(root)[2] == "Skills revoked in prod by jun: leaks @\u200ball\n1\\.0\\.0 revoked, serving nothing"
    )
    assert [body["channel_id"] for body in server.bodies] == [CHANNEL] * 3


def test_an_older_notice_that_comes_late_takes_nothing_back(
    server: MattermostServer, bot: MattermostBot, database: Database
) -> None:
    published(database, "finance-ssc")
    bot.deliver(job(change(version="2.0.0", serving="2.0.0"), number=2))
    bot.deliver(job(change(version="0.9.0", serving="0.9.0"), number=1))
    (root,) = server.roots()
    assert "serves 1\\.0\\.0" in root.message


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("lost", [True, False], ids=["answer-lost", "failed"])
def test_no_step_is_posted_twice_wherever_an_attempt_ends(
    server: MattermostServer, bot: MattermostBot, database: Database, number: int, lost: bool
) -> None:
    published(database, "a", "b")
    if lost:
        server.lost = once(number, hangs_up)
    else:
        server.trouble = once(number, fails(500))
    told = job(change("a"), change("b"))
    # After the server has forgotten what it could have known again.
    server.clock = iter(range(0, 10_000, 31)).__next__
    first = bot.deliver(told)
    assert first == Delivered({"posts": 4}) if number > 5 else isinstance(first, Retry)
    assert isinstance(bot.deliver(replace(told, attempt=2)), Delivered)
    assert [len(server.thread(root)) for root in server.roots()] == [2, 2]
    assert all("serves 1\\.0\\.0" in root.message for root in server.roots())
    before = len(server.posts)
    assert bot.deliver(replace(told, attempt=3)) == Delivered({"posts": 0})
    assert len(server.posts) == before


def test_a_post_whose_record_is_lost_is_found_again_in_the_channel(
    server: MattermostServer, bot: MattermostBot, database: Database
) -> None:
    told = job(change())
    bot.deliver(told)
    database.run("delete from mcp.posts; delete from mcp.threads")
    server.clock = lambda: 1e9
    server.posts += [dataclasses.replace(server.posts[0], id=f"stranger{number}", props={}) for number in range(450)]
    assert bot.deliver(replace(told, attempt=2)) == Delivered({"posts": 0})
    assert sum(bool(post.props) for post in server.posts) == 2
    assert server.requests.count(f"GET /api/v4/channels/{CHANNEL}/posts") == 3


def test_a_bot_that_may_not_read_posts_again_rather_than_never(
    server: MattermostServer, bot: MattermostBot, database: Database
) -> None:
    server.may_read = False
    told = job(change())
    assert bot.deliver(replace(told, attempt=2)) == Delivered({"posts": 2})


def test_a_thread_that_somebody_deleted_begins_anew(
    server: MattermostServer, bot: MattermostBot, database: Database
) -> None:
    bot.deliver(job(change()))
    server.posts[0].delete_at = 1
    assert bot.deliver(job(change(), number=2)) == Delivered({"posts": 2})
    (root,) = server.roots()
    assert len(server.thread(root)) == 2
    assert database.value("select root_post from mcp.threads") == root.id
    assert bot.deliver(job(change(), number=3)) == Delivered({"posts": 1})


def test_a_first_post_that_may_not_be_changed_any_more_is_said(
    server: MattermostServer, bot: MattermostBot, database: Database
) -> None:
    server.may_edit = False
    assert bot.deliver(job(change())) == Delivered({"posts": 2, "stale_roots": 1})


def test_too_many_requests_are_waited_for(server: MattermostServer, bot: MattermostBot, database: Database) -> None:
    server.trouble = limited(17)
    assert bot.deliver(job(change())) == Retry("the server answered 429", 17)
    assert bot.deliver(job(change(), attempt=2)) == Delivered({"posts": 2})


@pytest.mark.parametrize(
    ("options", "token", "channel", "reason"),
    [
        ({"archived": True}, TOKEN, CHANNEL, "the server answered 400"),
        ({}, "wrong", CHANNEL, "the server answered 401"),
        ({}, TOKEN, "another", "the server answered 403"),
    ],
)
def test_what_no_retry_mends_is_said_without_a_secret(
    database: Database, options: dict[str, Any], token: str, channel: str, reason: str
) -> None:
    with mattermost_server(**options) as server:
        found = made(server, database, token, channel).deliver(job(change()))
    assert found == Undeliverable(reason)
    assert server.posts == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"<html>", "text/html"), (b"[]", "application/json"), (b"{}", "application/json"),
     (b'{"id": "a/../b"}', "application/json"), (b"[" * 100_000, "application/json")],
)  # fmt: skip
def test_what_is_no_answer_of_mattermost_is_asked_again(
    server: MattermostServer, bot: MattermostBot, database: Database, body: bytes, kind: str
) -> None:
    server.trouble = once(0, lambda handler: handler.whole(201, body, kind))
    assert bot.deliver(job(change())) == Retry("the server answered, but not as Mattermost does")


def test_a_record_that_cannot_be_reached_is_no_end(server: MattermostServer) -> None:
    def record() -> Any:
        raise Unreachable("no answer from db.secret.test")

    found = MattermostBot(MattermostApi(server.url, TOKEN, CHANNEL), record, lambda: 0.0).deliver(job(change()))
    assert isinstance(found, Retry)
    assert "secret" not in found.reason
    assert server.requests == []


def test_a_release_of_many_opens_no_threads_and_goes_on_in_those_there_are(
    server: MattermostServer, bot: MattermostBot, database: Database
) -> None:
    bot.deliver(job(change("s-0")))
    (known,) = server.roots()
    many = job(*(change(f"s-{number}") for number in range(MOST_THREADS + 1)), number=2)
    assert bot.deliver(many) == Delivered({"posts": 2})
    assert len(server.thread(known)) == 3
    assert [root.message for root in server.roots()[1:]] == ["Skills released to prod: 21 changes"]
    rebuilt = job(number=3, kind="rebuild", skills=10_000)
    assert bot.deliver(rebuilt) == Delivered({"posts": 1})
    assert server.posts[-1].message == "Skills of prod filled from Git: 10,000 skills"


def test_a_long_reason_is_told_in_posts_that_are_short_enough(
    server: MattermostServer, bot: MattermostBot, database: Database
) -> None:
    told = job(change(action="revoke"), kind="revoke", actor="jun", reason="# because " * 5_000)
    assert bot.deliver(told) == Delivered({"posts": 4})
    assert all(len(post.message) <= 16_383 for post in server.posts)


def test_an_attempt_ends_before_its_lease_and_the_next_goes_on(
    server: MattermostServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = made(server, database)
    moments = iter([0.0, 1.0, mattermost_bot._LONGEST + 1, 0.0, 1.0, 1.0])
    monkeypatch.setattr(bot, "_seconds", lambda: next(moments))
    told = job(change("a"), change("b"))
    assert bot.deliver(told) == Later(1, {"posts": 2}), "what takes its time costs no attempt"
    assert len(server.posts) == 2
    assert bot.deliver(told) == Delivered({"posts": 2})


@pytest.mark.parametrize("payload", [{}, {"changes": None}, {"changes": [{}]}, {"changes": ["x"]}])
def test_what_is_no_notice_is_undeliverable(bot: MattermostBot, payload: dict[str, Any]) -> None:
    found = bot.deliver(replace(job(), payload=payload))
    assert isinstance(found, Undeliverable)
    assert "no notice" in found.reason


def test_what_a_chat_asks_is_the_same_over_every_transport(transport: Transport) -> None:
    publish(transport, Version())
    chat = ProductionChat(transport)
    assert (chat.standing(None)["served"], chat.standing("finance-ssc")["skill"]["proof"]["passed"]) == (1, 2)
    assert (chat.standing("other")["skill"], chat.standing("other")["names"]) == (None, ["finance-ssc"])
    assert [row["action"] for row in chat.history("finance-ssc", 5)] == ["publish"]
    assert chat.current("finance-ssc").skills["finance-ssc"].serving == "1.0.0"

    assert [chat.keep_post("k", "step", post) for post in ("p1", "p1", "p2")] == ["p1"] * 3
    assert chat.keep_thread("c", "s", "p1", None) == "p1"
    assert chat.keep_thread("c", "s", "p2", None) == "p1"
    assert [chat.keep_thread("c", "s", "p2", "p1") for _ in range(2)] == ["p2"] * 2
    assert chat.keep_thread("other", "s", "p3", "p1") == "p3"
    found = chat.posted("c", "k", ["s", "t"])
    assert (found.roots, found.made) == ({"s": "p2"}, {"step": "p1"})


def test_posts_are_forgotten_when_nobody_sends_their_job_again(bot: MattermostBot, database: Database) -> None:
    database.run("insert into mcp.posts values ('old', 's', 'p', now() - interval '91 days')")
    database.run("insert into mcp.posts values ('new', 's', 'p', now() - interval '89 days')")
    bot.deliver(job(change()))
    assert database.run("select distinct job_key from mcp.posts order by 1") == [("new",), ("r-1:mattermost",)]
