"""`skillctl jobs stats --alert`: who is told that the queue needs a look, once, and what is said where nobody is."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from skillctl.adapters.clock import SystemClock
from skillctl.domain.chat_text import LONGEST_POST
from tests.production.conftest import Database
from tests.shop import Shop
from tests.standin.mattermost_server import CHANNEL, HOOK, TOKEN, MattermostServer, hangs_up, mattermost_server, once

POLICY = "environments:\n  prod: {{store: supabase{}}}\n"
BOT = f", mattermost: {{channel: {CHANNEL}}}"
HOOKED = ", mattermost: {webhook: THE_HOOK}"
SAID = "**warning** odoo: 51 jobs wait or are being done, more than 50"


@pytest.fixture
def server() -> Iterator[MattermostServer]:
    # Each request a minute after the last one: what the server itself still knows of it is of no help.
    with mattermost_server(clock=itertools.count(0, 60).__next__) as made:
        yield made


@pytest.fixture
def shop(direct: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A company whose queue is too long."""
    for name in ("MATTERMOST_WEBHOOK_URL", "MATTERMOST_URL", "MATTERMOST_TOKEN", "THE_HOOK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(SystemClock, "now", lambda _clock: "2026-11-29T10:59:00Z")
    waits(direct, "odoo")
    return Shop.opened(tmp_path / "shop")


@pytest.fixture
def bot(shop: Shop, server: MattermostServer, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop.write("skillctl.yaml", POLICY.format(BOT))
    monkeypatch.setenv("MATTERMOST_URL", server.url)
    monkeypatch.setenv("MATTERMOST_TOKEN", TOKEN)
    return shop


def waits(database: Database, source: str) -> None:
    database.run("insert into mcp_jobs.jobs (source, job_type) select %s, 'sync' from generate_series(1, 51)", source)


def alert(shop: Shop) -> int:
    return shop.typed("jobs", "stats", "--alert").exit_code


@pytest.mark.parametrize("has_hook_too", [False, True])
def test_a_bot_posts_to_its_channel(
    bot: Shop, server: MattermostServer, monkeypatch: pytest.MonkeyPatch, has_hook_too: bool
) -> None:
    if has_hook_too:
        monkeypatch.setenv("MATTERMOST_WEBHOOK_URL", server.hook)
    assert alert(bot) == 0
    (post,) = server.roots()
    assert post.message.splitlines()[1:] == [SAID]
    assert server.bodies[0]["channel_id"] == CHANNEL


def test_a_hook_is_told_where_there_is_no_bot(
    shop: Shop, server: MattermostServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("skillctl.yaml", POLICY.format(HOOKED))
    monkeypatch.setenv("THE_HOOK", server.hook)
    assert alert(shop) == 0
    assert [post.message.splitlines()[1:] for post in server.posts] == [[SAID]]


def test_an_alert_whose_answer_was_lost_is_not_posted_again(bot: Shop, server: MattermostServer) -> None:
    server.lost = once(1, hangs_up)
    lost = bot.typed("jobs", "stats", "--alert")
    assert (lost.exit_code, "Mattermost was not told" in lost.err, TOKEN in lost.err) == (3, True, False)
    assert [alert(bot), alert(bot)] == [0, 0]
    assert len(server.posts) == 1


def test_what_is_new_and_what_still_holds_an_hour_later_is_posted(
    bot: Shop, server: MattermostServer, direct: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alert(bot) == 0
    waits(direct, "n8n")
    assert alert(bot) == 0
    monkeypatch.setattr(SystemClock, "now", lambda _clock: "2026-11-29T11:00:00Z")
    assert alert(bot) == 0
    assert [post.message.count("**warning**") for post in server.posts] == [1, 2, 2]


def test_an_alert_longer_than_a_post_is_several(bot: Shop, server: MattermostServer, direct: Database) -> None:
    for number in range(LONGEST_POST // 100):
        direct.run(
            "insert into mcp_jobs.dead_letter_queue (job_id, source, job_type, payload, error)"
            " select id, %s, 'sync', '{}', 'x' from mcp_jobs.jobs limit 6",
            f"source-{number}-{'x' * 60}",
        )
    assert alert(bot) == 0
    assert len(server.posts) > 1
    assert sum(post.message.count("**warning**") for post in server.posts) == LONGEST_POST // 100 + 1


@pytest.mark.parametrize(
    ("named", "said"),
    [("", "`mattermost` to `environments.prod` in `skillctl.yaml`"), (BOT, "`MATTERMOST_URL` and `MATTERMOST_TOKEN`"),
     (HOOKED, "`THE_HOOK`")],
)  # fmt: skip
def test_where_nobody_can_be_told_it_is_said_what_is_missing(shop: Shop, named: str, said: str) -> None:
    shop.write("skillctl.yaml", POLICY.format(named))
    answer = shop.typed("jobs", "stats", "--alert")
    assert answer.exit_code == 2
    for part in ("`prod`", said, "`skillctl jobs stats --check`"):
        assert part in answer.err


def test_a_refusal_says_no_secret(bot: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTERMOST_TOKEN", "another-token")
    refused = bot.typed("jobs", "stats", "--alert")
    assert (refused.exit_code, "401" in refused.err) == (3, True)
    assert not any(secret in refused.err for secret in ("another-token", HOOK))
