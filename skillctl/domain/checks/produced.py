"""What a case produced, as the checks see it."""

from dataclasses import dataclass
from typing import Any


class BrokenCheck(Exception):
    """The check could not be carried out on what was produced."""


@dataclass(frozen=True)
class Produced:
    """The end of one run: exit code (negative: killed by that signal) and both texts."""

    exit_code: int
    stdout: str
    stderr: str


def shown(value: Any, limit: int = 80) -> str:
    """A value in backticks, short enough for a message of one line."""
    text = value if isinstance(value, str) else repr(value)
    text = text.replace("\n", "⏎")
    return f"`{printable(text if len(text) <= limit else text[: limit - 1] + '…')}`"


def printable(text: str) -> str:
    """The text with everything escaped that steers a terminal or that a store refuses (control, half a character)."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
