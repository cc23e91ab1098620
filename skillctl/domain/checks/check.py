"""The model of a check: one flat mapping, with exactly one test."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from skillctl.domain.checks import number, promptfoo
from skillctl.domain.checks.calls import WantedOrName
from skillctl.domain.checks.kinds import COMBINED, KINDS, ON_TEXT, RUBRIC
from skillctl.domain.checks.tool_called import CalledOrName
from skillctl.domain.relative import FilePath
from skillctl.domain.schema import Model, NonEmpty

_Path = tuple[str | int, ...]
#: The field of each kind; `not` is a word of Python.
_FIELDS = {kind: "not_" if kind == "not" else kind for kind in KINDS}
_TESTS = {field: kind for kind, field in _FIELDS.items()}
#: Tests that look at text without a JSON path and at any value with one, `null` included.
_OF_VALUES = ("equals", "contains", "not_contains")

_Number = Annotated[JsonValue, WithJsonSchema({"type": ["number", "string"]})]
_Schema = Annotated[JsonValue, WithJsonSchema({"type": ["object", "boolean"]})]
_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Check(Model):
    """One expectation: what is looked at, which `stream` or `file` and `json_path` say, and its one test.

    `stream` is standard output unless it is said, which an answer of a model and the result of a tool are too; `file`
    is a text file that the script made or changed; `json_path` selects values of it (RFC 9535). `latency` is in
    seconds, `cost` in US dollars, both at most. An assertion of promptfoo (`type`, `value`, `threshold`) is read as
    the check that says the same.
    """

    model_config = ConfigDict(populate_by_name=False, json_schema_extra=promptfoo.described)

    stream: Literal["stdout", "stderr"] = "stdout"
    file: FilePath | None = None
    json_path: Annotated[str, Field(pattern=r"^\$")] | None = None
    equals: JsonValue = None
    contains: JsonValue = None
    not_contains: JsonValue = None
    icontains: NonEmpty | None = None
    starts_with: NonEmpty | None = None
    regex: NonEmpty | None = None
    number: _Number = None
    tolerance: _Amount | None = None
    json_schema: _Schema = None
    contains_json: _Schema = None
    exit_code: Annotated[int, Field(ge=-64, le=255)] | None = None
    file_produced: FilePath | None = None
    tool_called: CalledOrName | None = None
    tool_not_called: NonEmpty | None = None
    tool_order: Annotated[list[WantedOrName], Field(min_length=1)] | None = None
    latency: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    cost: _Amount | None = None
    rubric: Annotated[list[NonEmpty], Field(min_length=1)] | None = None
    all_of: Annotated[list["Check"], Field(min_length=1)] | None = None
    any_of: Annotated[list["Check"], Field(min_length=1)] | None = None
    not_: Annotated["Check | None", Field(alias="not")] = None

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, data: Any) -> Any:
        return promptfoo.translated(data) if isinstance(data, dict) and "type" in data else data

    @model_validator(mode="after")
    def _has_one_test_that_can_be_carried_out(self) -> Self:
        problem = _problem(self)
        if problem is not None:
            raise PydanticCustomError("check", "{problem}", {"problem": problem})
        return self

    @cached_property
    def kind(self) -> str:
        """The name of its one test."""
        (field,) = _tests(self)
        return _TESTS[field]

    @property
    def asked(self) -> Any:
        """What its test is asked: the value of its key, of `number` with the tolerance."""
        asked = getattr(self, _FIELDS[self.kind])
        return number.Near(asked, self.tolerance or 0.0) if self.kind == "number" else asked

    @property
    def nested(self) -> list[tuple[_Path, "Check"]]:
        """The checks that it combines, each with where it stands in this one."""
        if self.kind == "not":
            return [(("not",), self.asked)]
        return [((self.kind, place), part) for place, part in enumerate(self.asked)] if self.kind in COMBINED else []

    def parts(self) -> Iterator[tuple[_Path, "Check"]]:
        """The check itself and all within it, each with where it stands in this one."""
        yield (), self
        for path, part in self.nested:
            yield from (((*path, *rest), inner) for rest, inner in part.parts())

    def uses(self) -> frozenset[str]:
        """All kinds in it, with `stderr` and `file` where one looks there."""
        return frozenset(word for _, part in self.parts() for word in (part.kind, *part._looked_at()))

    def _looked_at(self) -> Iterator[str]:
        if self.stream == "stderr":
            yield "stderr"
        if self.file is not None:
            yield "file"


def _tests(check: Check) -> list[str]:
    return [field for field in check.model_fields_set if field in _TESTS]


def _problem(check: Check) -> str | None:
    fields = _tests(check)
    if not fields:
        return f"a check has one test: {', '.join(f'`{kind}`' for kind in KINDS)}"
    if len(fields) > 1:
        kinds = " and ".join(f"`{kind}`" for kind, field in _FIELDS.items() if field in fields)
        return f"a check has one test, not {kinds}: make a check of each"
    kind, asked = _TESTS[fields[0]], getattr(check, fields[0])
    if asked is None and kind not in _OF_VALUES:
        return f"`{kind}` is empty"
    # Most checks say nothing beside their test.
    return (_looks_problem(check, kind) if len(check.model_fields_set) > 1 else None) or _asked_problem(
        check, kind, asked
    )


def _looks_problem(check: Check, kind: str) -> str | None:
    looks = [key for key in ("stream", "file", "json_path") if key in check.model_fields_set]
    if looks and kind not in ON_TEXT:
        return f"`{looks[0]}` says nothing beside `{kind}`, which looks at no text"
    if looks[:2] == ["stream", "file"]:
        return "`stream` and `file` are two texts; a check looks at one"
    if "tolerance" in check.model_fields_set and kind != "number":
        return "`tolerance` says nothing without `number`"
    return None


def _asked_problem(check: Check, kind: str, asked: Any) -> str | None:
    if kind in _OF_VALUES:
        if check.json_path is None and not isinstance(asked, str):
            return f"`{kind}` without `json_path` looks at text, so its value must be quoted"
        return f"`{kind}` is empty, which every text contains" if asked == "" and kind != "equals" else None
    if kind in ON_TEXT:
        return ON_TEXT[kind].problem(asked)
    if kind in COMBINED and any(part.kind == RUBRIC for _, part in check.nested):
        return f"`rubric` stands alone, not within `{kind}`"
    return None
