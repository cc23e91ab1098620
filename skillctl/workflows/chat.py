"""Chat: a question of a person → the answer in words, from what production says."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from skillctl.domain import chat_answers
from skillctl.domain.chat_answers import HISTORY_ROWS, Question, Surroundings


class Standing(Protocol):
    """What production knows for a chat."""

    def standing(self, skill: str | None) -> Mapping[str, Any]:
        """How a skill stands and why, or all of production without one."""
        ...

    def history(self, skill: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """The newest rows of the ledger for a skill."""
        ...


def answer(production: Standing, asked: Question, around: Surroundings) -> str:
    """The answer to a question."""
    said = production.standing(asked.name)
    rows: Sequence[Mapping[str, Any]] = ()
    if asked.name is not None and said["skill"] is not None and asked.kind != "status":
        rows = production.history(asked.name, HISTORY_ROWS if asked.kind == "history" else 1)
    return chat_answers.answer(asked, said, rows, around)
