"""JSON that somebody printed, read as strictly as the standard has it: `NaN` is none."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from skillctl.domain.checks.produced import BrokenCheck, shown

_OPENING = re.compile(r"[{\[]")


def _refuse(word: str) -> NoReturn:
    raise json.JSONDecodeError("no JSON value", word, 0)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def loaded(text: str) -> Any:
    """The value that the text is; raises `json.JSONDecodeError`, or BrokenCheck where Python cannot read it."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError as problem:
        raise BrokenCheck(f"{shown(text)} cannot be read: {problem}") from None


def within(text: str) -> Iterator[Any]:
    """Each object and list that stands in the text, outermost first; raises BrokenCheck as `loaded`."""
    place = 0
    while (opening := _OPENING.search(text, place)) is not None:
        try:
            value, place = _DECODER.raw_decode(text, opening.start())
        except json.JSONDecodeError:
            place = opening.end()
        except ValueError as problem:
            raise BrokenCheck(f"{shown(text)} cannot be read: {problem}") from None
        else:
            yield value
