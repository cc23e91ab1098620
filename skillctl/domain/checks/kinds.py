"""The kinds of check there are: what each looks at, how it is judged, and what it can be asked of."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from skillctl.domain.checks import (
    all_of,
    any_of,
    contains,
    contains_json,
    cost,
    equals,
    exit_code,
    file_produced,
    icontains,
    json_schema,
    latency,
    negation,
    not_contains,
    number,
    regex,
    starts_with,
    tool_called,
    tool_not_called,
    tool_order,
)
from skillctl.domain.checks.produced import Produced


def _none(_asked: Any) -> None:
    """Nothing is wrong with what was asked."""


def _always(_asked: Any, _length: int) -> bool:
    return True


class OnText(Struct, frozen=True):
    """A test of a text, or of the values at a JSON path in it; each function takes first what the test is asked.

    `problem` says why nothing can be asked with the value of the key, and `is_quick` of a length of text whether one
    is surely judged soon.
    """

    failure: Callable[[Any, str], str | None]
    values_failure: Callable[[Any, list[Any], str], str | None]
    problem: Callable[[Any], str | None] = _none
    is_quick: Callable[[Any, int], bool] = _always


ON_TEXT: Mapping[str, OnText] = {
    "equals": OnText(equals.failure, equals.values_failure),
    "contains": OnText(contains.failure, contains.values_failure),
    "not_contains": OnText(not_contains.failure, not_contains.values_failure),
    "icontains": OnText(icontains.failure, icontains.values_failure),
    "starts_with": OnText(starts_with.failure, starts_with.values_failure),
    "regex": OnText(regex.failure, regex.values_failure, regex.problem, regex.is_quick),
    "number": OnText(number.failure, number.values_failure, number.problem),
    "json_schema": OnText(json_schema.failure, json_schema.values_failure, json_schema.problem, json_schema.is_quick),
    "contains_json": OnText(
        contains_json.failure, contains_json.values_failure, json_schema.problem, contains_json.is_quick
    ),
}

#: Tests of something else than a text.
ON_PRODUCED: Mapping[str, Callable[[Any, Produced], str | None]] = {
    "exit_code": exit_code.failure,
    "file_produced": file_produced.failure,
    "tool_called": tool_called.failure,
    "tool_not_called": tool_not_called.failure,
    "tool_order": tool_order.failure,
    "latency": latency.failure,
    "cost": cost.failure,
}

#: Tests of other checks, which the second argument judges.
COMBINED: Mapping[str, Callable[[Any, Callable[[Any], str | None]], str | None]] = {
    "all_of": all_of.failure,
    "any_of": any_of.failure,
    "not": negation.failure,
}

#: Sentences that a model judges; nothing here does.
RUBRIC = "rubric"

KINDS = (*ON_TEXT, *ON_PRODUCED, RUBRIC, *COMBINED)

_EVERYWHERE = frozenset({*ON_TEXT, *COMBINED, "latency"})
#: What can be asked of a script, of an answer to `ask`, and of the result of a tool: kinds, and `stderr` and `file`.
OF_SCRIPTS = _EVERYWHERE | {"exit_code", "file_produced", "stderr", "file"}
OF_ANSWERS = _EVERYWHERE | {"tool_called", "tool_not_called", "tool_order", "cost", RUBRIC}
OF_TOOLS = _EVERYWHERE | {"exit_code", "stderr"}
