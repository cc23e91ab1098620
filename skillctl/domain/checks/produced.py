"""What a case produced, as the checks see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct


class BrokenCheck(Exception):
    """The check could not be carried out on what was produced."""


class ToolCall(Struct, frozen=True):
    """One call of a tool that an agent asked for; `arguments` are JSON."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Produced:
    """The end of one trial: the exit code of a script (negative: killed by that signal) and both texts.

    An answer of a model, and the result of a tool, are standard output. `files` are the text files that a script made
    or changed, by path within the skill; `calls` the tools an agent called, in order; `cost` is in US dollars, None
    where nobody knows it.
    """

    exit_code: int
    stdout: str
    stderr: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[ToolCall, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    cost: float | None = field(default=None, compare=False)


def shown(value: Any, limit: int = 80) -> str:
    """A value in backticks, short enough for a message of one line."""
    return f"`{short(value if isinstance(value, str) else repr(value), limit)}`"


def short(text: str, limit: int) -> str:
    """The text in one line, cut where it is longer than `limit` characters."""
    text = text.replace("\n", "⏎")
    return printable(text if len(text) <= limit else text[: limit - 1] + "…")


def printable(text: str) -> str:
    """The text with everything escaped that steers a terminal or that a store refuses (control, half a character)."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
