"""Which of two checks is stricter, as far as that can be said for whatever is produced.

A check holds, does not hold, or is broken. What surely follows from the form of two checks is asked in two directions:
where the one holds the other does, and where the one does not hold, and is not broken, the other does not either. The
second is what `not` turns around.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from skillctl.domain.checks import COMBINED, Check, ToolCall
from skillctl.domain.checks.number import read
from skillctl.domain.checks.tool_called import Called
from skillctl.domain.weakening.change import meaning

#: Checks that cannot be carried out on what is nested too deep, or not in time, or where nobody knows the cost.
_BREAKABLE = frozenset({"regex", "json_schema", "contains_json", "cost", "rubric", "tool_called", "tool_order"})


class Order:
    """Compares checks; what it found it knows by their identity, so it must not outlive them."""

    def __init__(self) -> None:
        self._meanings: dict[int, Hashable] = {}
        self._holding: dict[tuple[int, int], bool] = {}
        self._failing: dict[tuple[int, int], bool] = {}

    def meaning(self, check: Check) -> Hashable:
        """Something that is equal for two checks only if they always say the same."""
        if id(check) not in self._meanings:
            self._meanings[id(check)] = self._meaning(check)
        return self._meanings[id(check)]

    def holds_with(self, one: Check, other: Check) -> bool:
        """Whether the other check surely holds wherever the one holds."""
        key = (id(one), id(other))
        if key not in self._holding:
            self._holding[key] = self.meaning(one) == self.meaning(other) or self._holds_with(one, other)
        return self._holding[key]

    def fails_with(self, one: Check, other: Check) -> bool:
        """Whether the other check surely does not hold, and is not broken, wherever that is so of the one."""
        key = (id(one), id(other))
        if key not in self._failing:
            self._failing[key] = self.meaning(one) == self.meaning(other) or self._fails_with(one, other)
        return self._failing[key]

    def _meaning(self, check: Check) -> Hashable:
        if check.kind == "not":
            return ("not", self.meaning(check.asked))
        if check.kind in COMBINED:
            parts = frozenset(map(self.meaning, check.asked))
            return next(iter(parts)) if len(parts) == 1 else (check.kind, parts)
        return (check.kind, *_looked_at(check), _asked(check))

    def _holds_with(self, one: Check, other: Check) -> bool:
        if one.kind == "any_of":
            return all(self.holds_with(part, other) for part in one.asked)
        if other.kind == "all_of":
            return all(self.holds_with(one, part) for part in other.asked)
        if one.kind == other.kind == "not":
            return self.fails_with(one.asked, other.asked)
        if one.kind == "all_of" and any(self.holds_with(part, other) for part in one.asked):
            return True
        if other.kind == "any_of":
            return any(self.holds_with(one, part) for part in other.asked)
        return _is_narrower(one, other)

    def _fails_with(self, one: Check, other: Check) -> bool:
        if one.kind == "all_of":
            return all(self.fails_with(part, other) for part in one.asked)
        if other.kind == "any_of":
            return all(self.fails_with(one, part) for part in other.asked)
        if one.kind == other.kind == "not":
            return self.holds_with(one.asked, other.asked)
        if one.kind == "any_of" and any(self.fails_with(part, other) for part in one.asked):
            return True
        if other.kind == "all_of":
            # One broken part would break the whole, which is then not one that does not hold.
            unbroken = all(self.fails_with(one, part) or _never_breaks(part) for part in other.asked)
            return unbroken and any(self.fails_with(one, part) for part in other.asked)
        return _is_narrower(other, one)


def _never_breaks(check: Check) -> bool:
    return all(part.kind not in _BREAKABLE and part.json_path is None for _, part in check.parts())


def _looked_at(check: Check) -> tuple[str | None, ...]:
    return (check.stream, check.file, check.json_path)


def _asked(check: Check) -> Hashable:
    asked = check.asked
    if check.kind == "number":
        return (read(asked.number), asked.tolerance)
    if check.kind == "tool_called":
        return (asked.name, meaning(asked.arguments), asked.bounds)
    if check.kind == "tool_order":
        return tuple((one.name, meaning(one.arguments)) for one in asked)
    return frozenset(asked) if check.kind == "rubric" else meaning(asked)


def _is_narrower(one: Check, other: Check) -> bool:
    """Whether two checks that combine nothing look at the same in the same way, and the one asks more of it."""
    if one.kind != other.kind or one.kind not in _NARROWER or _looked_at(one) != _looked_at(other):
        return False
    if one.kind in ("contains", "not_contains") and one.json_path is not None:
        # At a path, any value may be looked for, and what is nested too deep breaks the one and not the other.
        return False
    return _NARROWER[one.kind](one.asked, other.asked)


def _calls_more(one: Called, other: Called) -> bool:
    (least, most), (other_least, other_most) = one.bounds, other.bounds
    if meaning(one.arguments) == meaning(other.arguments) and one.name == other.name:
        return least >= other_least and (other_most is None or (most is not None and most <= other_most))
    # With more arguments fewer calls are meant, so that only how few there may be can be said.
    return other.is_(ToolCall(one.name, one.arguments)) and least >= other_least and other_most is None


def _has_in_order(one: Any, other: Any) -> bool:
    calls = iter([ToolCall(call.name, call.arguments) for call in one])
    return all(any(wanted.is_(call) for call in calls) for wanted in other)


#: By kind: whether what the first test asks is more than what the second one asks.
_NARROWER: Mapping[str, Callable[[Any, Any], bool]] = {
    "contains": lambda one, other: other in one,
    "not_contains": lambda one, other: one in other,
    "icontains": lambda one, other: other.casefold() in one.casefold(),
    "starts_with": lambda one, other: one.startswith(other),
    "number": lambda one, other: read(one.number) == read(other.number) and one.tolerance <= other.tolerance,
    "latency": lambda one, other: one <= other,
    "cost": lambda one, other: one <= other,
    "rubric": lambda one, other: set(other) <= set(one),
    "tool_called": _calls_more,
    "tool_order": _has_in_order,
}
