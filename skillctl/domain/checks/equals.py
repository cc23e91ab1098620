"""`equals`: the whole text, or the value at a path, is exactly this one."""

from typing import Any

from skillctl.domain.checks.produced import shown


def failure(expected: str, text: str) -> str | None:
    """Why the text differs; one final line break is left out of the comparison."""
    actual = text.removesuffix("\n").removesuffix("\r")
    return None if actual == expected else f"{shown(actual)} is not {shown(expected)}"


def values_failure(expected: Any, values: list[Any], path: str) -> str | None:
    """Why the first value at the path differs."""
    if same(values[0], expected):
        return None
    return f"`{path}` is {shown(values[0])}, expected {shown(expected)}"


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; `1`, `1.0`, `true` and `"1"` are four different values."""
    return bool(_typed(one) == _typed(other))


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return (type(value), value)
