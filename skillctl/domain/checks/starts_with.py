"""`starts_with`: the text, or one of the texts at a path, begins with this text."""

from typing import Any

from skillctl.domain.checks.produced import shown


def failure(expected: str, text: str) -> str | None:
    """Why the text does not begin as expected."""
    return None if text.startswith(expected) else f"{shown(text)} does not start with {shown(expected)}"


def values_failure(expected: str, values: list[Any], path: str) -> str | None:
    """Why no text at the path begins as expected."""
    if any(value.startswith(expected) for value in values if isinstance(value, str)):
        return None
    return f"no value at `{path}` starts with {shown(expected)}: {shown(values)}"
