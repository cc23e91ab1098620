"""`contains`: the text, or one of the values at a path, holds this text."""

from typing import Any

from skillctl.domain.checks.produced import shown


def failure(expected: str, text: str) -> str | None:
    """Why the text does not hold the expected one."""
    return None if expected in text else f"{shown(expected)} is not in {shown(text)}"


def values_failure(expected: str, values: list[Any], path: str) -> str | None:
    """Why no value at the path is, or holds, the expected text."""
    if any(expected in value for value in values if isinstance(value, str)):
        return None
    return f"no value at `{path}` holds {shown(expected)}: {shown(values)}"
