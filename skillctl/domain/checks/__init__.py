"""Checks: one expectation on what a case produced; each kind in a file of its own.

A check that cannot be carried out (a path into what is not JSON) raises `BrokenCheck`: the case is *errored*,
which is evidence for nothing, and never *failed* or *passed*.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from skillctl.domain.checks import contains, equals, exit_code, json_path, regex
from skillctl.domain.checks.produced import BrokenCheck, Produced
from skillctl.domain.schema import Model, NonEmpty

__all__ = ["BrokenCheck", "Check", "Produced", "failure_of", "may_take_for_ever"]

_TESTS = ("equals", "contains", "regex")


class Check(Model):
    """One expectation; `stream` says which text is looked at, `json_path` which values of it (RFC 9535)."""

    exit_code: Annotated[int, Field(ge=-64, le=255)] | None = None
    json_path: Annotated[str, Field(pattern=r"^\$")] | None = None
    equals: JsonValue = None
    contains: JsonValue = None
    regex: NonEmpty | None = None
    stream: Literal["stdout", "stderr"] = "stdout"

    @model_validator(mode="after")
    def _asks_exactly_one_thing(self) -> Self:
        tests = [name for name in _TESTS if name in self.model_fields_set]
        if self.exit_code is not None:
            sound = not tests and self.json_path is None and "stream" not in self.model_fields_set
        else:
            sound = len(tests) == 1
        if not sound:
            raise PydanticCustomError("check", "a check is `exit_code`, or one of `equals`, `contains`, `regex`")
        value = self.equals if "equals" in tests else self.contains
        if self.json_path is None and "regex" not in tests and self.exit_code is None and not isinstance(value, str):
            message = "`{test}` without `json_path` looks at text, so its value must be quoted"
            raise PydanticCustomError("check", message, {"test": tests[0]})
        if self.contains == "":
            raise PydanticCustomError("check", "`contains` is empty, which every text contains")
        problem = regex.problem(self.regex) if self.regex else None
        if problem:
            raise PydanticCustomError("check", "{problem}", {"problem": problem})
        return self


def may_take_for_ever(check: Check, produced: Produced) -> bool:
    """Whether a suite could have written this check so that judging it never ends; simple checks never do."""
    if check.json_path is not None and not json_path.is_plain(check.json_path):
        return True
    if check.regex is None:
        return False
    text = produced.stdout if check.stream == "stdout" else produced.stderr
    return not regex.is_quick(check.regex, len(text))


def failure_of(check: Check, produced: Produced) -> str | None:
    """Why the check does not hold, or None if it holds; raises BrokenCheck if that cannot be said."""
    if check.exit_code is not None:
        return exit_code.failure(check.exit_code, produced)
    text = produced.stdout if check.stream == "stdout" else produced.stderr
    if check.json_path is None:
        return _text_failure(check, text)
    values = json_path.matches(check.json_path, text)
    if not values:
        return f"`{check.json_path}` matches nothing in {check.stream}"
    try:
        return _values_failure(check, values)
    except RecursionError:
        raise BrokenCheck(f"`{check.json_path}` selects what is nested too deep to be compared") from None


def _text_failure(check: Check, text: str) -> str | None:
    if check.regex is not None:
        return regex.failure(check.regex, text)
    if "contains" in check.model_fields_set:
        return contains.failure(str(check.contains), text)
    return equals.text_failure(str(check.equals), text)


def _values_failure(check: Check, values: list[Any]) -> str | None:
    if "contains" in check.model_fields_set:
        return contains.values_failure(check.contains, values, str(check.json_path))
    if check.regex is not None:
        return regex.values_failure(check.regex, values, str(check.json_path))
    return equals.value_failure(check.equals, values[0], str(check.json_path))
