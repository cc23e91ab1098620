"""What production knows for a chat: which posts were made there, and how a skill stands."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from skillctl.adapters.lanes import Transport
from skillctl.adapters.production_catalogue import ProductionCatalogue
from skillctl.domain.production import Current


class Posted(Struct, frozen=True):
    """The first post of each thread by skill, and the posts that a job has made by step."""

    roots: Mapping[str, str]
    made: Mapping[str, str]


class ProductionChat:
    """The functions of production that a chat needs."""

    def __init__(self, transport: Transport) -> None:
        self._call, self._catalogue = transport.call, ProductionCatalogue(transport)

    def current(self, skill: str) -> Current:
        """What production holds of one skill now."""
        return self._catalogue.current(only=[skill])

    def posted(self, channel: str, key: str, skills: Sequence[str]) -> Posted:
        """The threads of these skills, and what the job has posted."""
        said = self._call("chat_posts", channel=channel, key=key, skills=list(skills))
        return Posted(said["roots"], said["made"])

    def keep_post(self, key: str, step: str, post: str) -> str:
        """Record what a job posted at one step; the post that is on record."""
        return str(self._call("keep_post", key=key, step=step, post=post)["post"])

    def keep_thread(self, channel: str, skill: str, post: str, replaces: str | None) -> str:
        """Record where the thread of a skill begins, in the place of one that is gone; where it does begin."""
        said = self._call("keep_thread", channel=channel, skill=skill, post=post, replaces=replaces)
        return str(said["root"])

    def standing(self, skill: str | None) -> Mapping[str, Any]:
        """How a skill stands and why, or all of production without one."""
        answer: Mapping[str, Any] = self._call("skill_standing", name=skill)
        return answer

    def history(self, skill: str, limit: int) -> list[Mapping[str, Any]]:
        """The newest rows of the ledger for a skill."""
        answer: list[Mapping[str, Any]] = self._call("skill_history", name=skill, limit=limit)
        return answer
