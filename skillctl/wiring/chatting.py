"""What tells a chat of releases is wired of, and what answers it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from skillctl import settings, wiring
from skillctl.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from skillctl.adapters.production_chat import ProductionChat
    from skillctl.domain.chat_answers import Question
    from skillctl.settings import Target
    from skillctl.workflows.store_ports import Chat

_HERE = "`skillctl jobs stats --check` shows it here"


def notices(target: "Target") -> "Chat | None":
    """Where notices go: threads of a bot where it has all it needs, else a webhook; None where there is neither."""
    if target.mattermost_bot is not None:
        from skillctl.adapters.clock import SystemClock
        from skillctl.adapters.mattermost_api import MattermostApi
        from skillctl.adapters.mattermost_bot import MattermostBot

        bot = target.mattermost_bot
        api = MattermostApi(bot.server, bot.token, bot.channel)
        return MattermostBot(api, partial(chat_record, target), SystemClock().seconds)
    if target.mattermost_url:
        from skillctl.adapters.mattermost import Mattermost

        return Mattermost(target.mattermost_url)
    return None


def alert(target: "Target", text: str) -> None:
    """Tell the chat what needs a look, a bot once an hour; UsageError without a chat, Unreachable if it fails."""
    from skillctl.adapters.clock import SystemClock
    from skillctl.domain import canonical
    from skillctl.domain.delivery import Delivered

    chat = notices(target)
    if chat is None:
        raise UsageError(f"nobody in `{target.name}` can be alerted: {_missing(target)}", hint=_HERE)
    hour = SystemClock().now()[: len("2026-11-22T11")]
    said = chat.say(f"alert:{target.name}:{hour}:{canonical.sha256(text)}", text)
    if not isinstance(said, Delivered):
        raise Unreachable(f"Mattermost was not told: {said.reason}", hint=_HERE)


def _missing(target: "Target") -> str:
    named = target.environment.mattermost
    if named is None:
        return f"add `mattermost` to `environments.{target.name}` in `skillctl.yaml`"
    return f"set {' and '.join(f'`{one}`' for one in named.required if one in target.unset)}"


@contextmanager
def chat_record(target: "Target") -> "Iterator[ProductionChat]":
    """What production knows for a chat, over a connection of its own: several may ask at the same time."""
    from skillctl.adapters.production_chat import ProductionChat

    with wiring.transport(target) as connected:
        yield ProductionChat(connected)


def command_token(target: "Target") -> str:
    """What Mattermost proves itself with when it asks; UsageError where it is not set."""
    return settings.command_token(target)


def answering(wired: "wiring.Wiring", target: "Target") -> "Callable[[Question], str]":
    """What answers questions of a chat from the production of an environment."""
    from skillctl.domain.chat_answers import Surroundings
    from skillctl.workflows.chat import answer

    # Asked for now: what is missing is a matter of whoever starts it, not of who asks.
    with wiring.transport(target):
        pass
    chat = target.environment.mattermost
    around = Surroundings(target.name, wired.repository().remote(), chat.dashboard if chat else None)

    def answered(asked: "Question") -> str:
        with chat_record(target) as record:
            return answer(record, asked, around)

    return answered
