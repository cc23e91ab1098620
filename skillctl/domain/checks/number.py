"""`number`: the text, or the value at a path, is this number, or no farther from it than `tolerance`.

Numbers are compared as decimals, as they are written: `"1000.00"` is `1000`, and `0.1` is no binary fraction.
"""

import re
from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

from msgspec import Struct

from skillctl.domain.checks.produced import shown

_WRITTEN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
#: So many digits that rounding the difference changes no answer, and no trap: what overflows is infinite.
_EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


class Near(Struct, frozen=True):
    """A number as it is written (a JSON number, or text), and how far from it another may be, absolutely."""

    number: Any
    tolerance: float = 0.0


def read(value: Any) -> Decimal | None:
    """The number that a JSON number, or a text, says; None for anything else (`true`, `1,000`, `NaN`)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value.strip() if isinstance(value, str) else repr(value)
    return Decimal(text) if _WRITTEN.fullmatch(text) else None


def problem(wanted: Any) -> str | None:
    """Why nothing can be compared with what was written, or None."""
    return None if read(wanted) is not None else f"`number` is {shown(wanted)}, which is not a number"


def failure(near: Near, text: str) -> str | None:
    """Why the text is not the number; white space around it is left out."""
    return _failure(near, text, shown(text.strip()))


def values_failure(near: Near, values: Sequence[Any], path: str) -> str | None:
    """Why the first value at the path is not the number."""
    return _failure(near, values[0], f"`{path}` is {shown(values[0])}, which")


def _failure(near: Near, value: Any, told: str) -> str | None:
    wanted, actual = read(near.number), read(value)
    if actual is None:
        return f"{told} is not a number"
    if wanted is not None and _distance(actual, wanted) <= Decimal(repr(near.tolerance)):
        return None
    within = f", within {near.tolerance:g}" if near.tolerance else ""
    return f"{told} is not {shown(near.number)}{within}"


def _distance(one: Decimal, other: Decimal) -> Decimal:
    if one == other:
        return Decimal(0)
    return _EXACT.abs(_EXACT.subtract(one, other))
