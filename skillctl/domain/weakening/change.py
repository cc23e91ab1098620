"""One thing that is other than before, and what that does to the strictness of the whole."""

from collections.abc import Hashable
from typing import Any, Literal

from msgspec import Struct

from skillctl.domain.checks.produced import short
from skillctl.domain.secrets import masked

#: Stands for what is not there.
NOTHING = "nothing"
_LONGEST = 120

Kind = Literal["weakened", "stricter", "changed"]


class Change(Struct, frozen=True):
    """One difference: `what` names the item in words that go on a sentence, both sides are short texts of one line."""

    kind: Kind
    what: str
    before: str
    after: str


def told(value: Any) -> str:
    """A value of a suite or a policy for a reader: one line, no secrets, nothing that moves a cursor."""
    text = value if isinstance(value, str) else _written(value)
    return short(masked(text), _LONGEST)


def direction(before: float, after: float) -> Kind:
    """What a greater number than before is: the limit of something is wider."""
    return "weakened" if after > before else "stricter"


def meaning(value: Any) -> Hashable:
    """Something that is equal for equal JSON values alone; `1`, `1.0`, `true` and `"1"` are four different values."""
    if isinstance(value, dict):
        return ("mapping", frozenset((key, meaning(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("list", tuple(meaning(item) for item in value))
    # By its text: what is no number is not equal to itself.
    return (type(value).__name__, repr(value))


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_quoted(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_quoted, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else _written(value)
