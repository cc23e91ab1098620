"""`not_contains`: the text does not hold this text; or no value at a path is this value, or is text that holds it.

As with every test, a path that selects nothing fails.
"""

from typing import Any

from skillctl.domain.checks import contains
from skillctl.domain.checks.produced import shown


def failure(unwanted: str, text: str) -> str | None:
    """Why the text is wrong: it holds the unwanted one."""
    return f"{shown(unwanted)} is in {shown(text)}" if unwanted in text else None


def values_failure(unwanted: Any, values: list[Any], path: str) -> str | None:
    """Why a value at the path is wrong: it is the unwanted one, or is text that holds it."""
    if contains.values_failure(unwanted, values, path) is not None:
        return None
    return f"a value at `{path}` holds {shown(unwanted)}: {shown(values)}"
