"""`icontains`: the text, or one of the texts at a path, holds this text, whatever the case of the letters."""

from typing import Any

from skillctl.domain.checks.produced import shown


def failure(expected: str, text: str) -> str | None:
    """Why the text does not hold the expected one."""
    if expected.casefold() in text.casefold():
        return None
    return f"{shown(expected)}, in whatever case, is not in {shown(text)}"


def values_failure(expected: str, values: list[Any], path: str) -> str | None:
    """Why no text at the path holds the expected one."""
    if any(failure(expected, value) is None for value in values if isinstance(value, str)):
        return None
    return f"no value at `{path}` holds {shown(expected)}, in whatever case: {shown(values)}"
