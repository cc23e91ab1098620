"""`contains`: the text holds this text; or one of the values at a path is this value, or is text that holds it."""

from typing import Any

from skillctl.domain.checks.equals import same
from skillctl.domain.checks.produced import shown


def failure(expected: str, text: str) -> str | None:
    """Why the text does not hold the expected one."""
    return None if expected in text else f"{shown(expected)} is not in {shown(text)}"


def values_failure(expected: Any, values: list[Any], path: str) -> str | None:
    """Why no value at the path is the expected one, or is text that holds it."""
    if any(same(value, expected) for value in values):
        return None
    if isinstance(expected, str) and any(expected in value for value in values if isinstance(value, str)):
        return None
    return f"no value at `{path}` holds {shown(expected)}: {shown(values)}"
