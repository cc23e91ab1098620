"""`contains_json`: an object or a list stands somewhere in the text, as JSON, and is valid by this JSON Schema."""

from typing import Any

from skillctl.domain.checks import json_schema
from skillctl.domain.checks.json_value import within
from skillctl.domain.checks.produced import shown

_STEPS = 10_000_000


def is_quick(schema: Any, length: int) -> bool:
    """Whether judging a text of this length surely ends soon, though each bracket may begin what never ends."""
    return length**2 <= _STEPS and json_schema.is_quick(schema, length)


def failure(schema: Any, text: str) -> str | None:
    """Why no JSON in the text is valid; of several that are not, the reason of the first."""
    wrong = None
    for value in within(text):
        invalid = json_schema.invalidity(schema, value)
        if invalid is None:
            return None
        wrong = wrong or f"no JSON in {shown(text)} is valid by the schema: {invalid}"
    return wrong or f"{shown(text)} holds no JSON object or list"


def values_failure(schema: Any, values: list[Any], path: str) -> str | None:
    """Why no text at the path holds JSON that is valid."""
    if any(failure(schema, value) is None for value in values if isinstance(value, str)):
        return None
    return f"no value at `{path}` holds JSON that is valid by the schema: {shown(values)}"
