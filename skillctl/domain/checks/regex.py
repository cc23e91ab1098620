"""`regex`: the text, or one of the values at a path, matches (Python `re.search`, `^` and `$` at each line)."""

import json
import re
import warnings
from typing import Any

from skillctl.domain.checks.produced import shown

_REPEATS = frozenset("*+?{")
_STEPS = 10_000_000


def is_quick(pattern: str, length: int) -> bool:
    """Whether searching a text of this length surely ends soon: no group, and at most one repetition."""
    repeats = sum(letter in _REPEATS for letter in pattern)
    return "(" not in pattern and repeats <= 1 and len(pattern) * length ** (1 + repeats) <= _STEPS


def problem(pattern: str, key: str = "regex") -> str | None:
    """Why the pattern at this key is no regular expression, or None."""
    try:
        with warnings.catch_warnings():
            # What Python may read otherwise some day is no problem of today, and nobody to tell on standard error.
            warnings.simplefilter("ignore")
            re.compile(pattern, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        return f"`{key}` is not a regular expression: {error}"
    return None


def is_plain(pattern: str) -> bool:
    """Whether the pattern can be tried on a short text without a time limit: few repetitions, none within another."""
    return len(pattern) <= 200 and "{" not in pattern and sum(map(pattern.count, "*+?")) <= 2


def failure(pattern: str, text: str) -> str | None:
    """Why the text does not match."""
    return None if re.search(pattern, text, re.MULTILINE) else f"{shown(pattern)} does not match {shown(text)}"


def values_failure(pattern: str, values: list[Any], path: str) -> str | None:
    """Why no value at the path, as text, matches."""
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    if any(re.search(pattern, text, re.MULTILINE) for text in texts):
        return None
    return f"no value at `{path}` matches {shown(pattern)}: {shown(values)}"
