"""JSON Schemas of the plain kind, accepted at once: what is valid by this is valid by the 2020-12 metaschema.

What is not accepted here may well be valid; the metaschema itself, walked by `jsonschema`, takes some milliseconds to
say so, and is asked about those alone.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError


def _distinct(words: list[str]) -> list[str]:
    if len(set(words)) != len(words):
        raise ValueError("a word is there twice")
    return words


_Kind = Literal["array", "boolean", "integer", "null", "number", "object", "string"]
_Kinds = Annotated[list[_Kind], Field(min_length=1), AfterValidator(_distinct)]
_Count = Annotated[int, Field(ge=0)]
_Words = Annotated[list[str], AfterValidator(_distinct)]
_Schemas = Annotated[list["bool | _Plain"], Field(min_length=1)]


class _Plain(BaseModel):
    """The keywords that most schemas are written with; each value is of the kind that the metaschema wants."""

    model_config = ConfigDict(
        strict=True, extra="forbid", defer_build=True, alias_generator=lambda name: name.rstrip("_")
    )

    type: _Kind | _Kinds = "object"
    title: str = ""
    description: str = ""
    default: Any = None
    examples: list[Any] = []
    enum: list[Any] = []
    const: Any = None
    format: str = ""
    properties: dict[str, "bool | _Plain"] = {}
    required: _Words = []
    additionalProperties: "bool | _Plain" = True
    items: "bool | _Plain" = True
    minItems: _Count = 0
    maxItems: _Count = 0
    uniqueItems: bool = False
    minLength: _Count = 0
    maxLength: _Count = 0
    minProperties: _Count = 0
    maxProperties: _Count = 0
    minimum: int | float = 0
    maximum: int | float = 0
    exclusiveMinimum: int | float = 0
    exclusiveMaximum: int | float = 0
    anyOf: _Schemas = []
    oneOf: _Schemas = []
    allOf: _Schemas = []
    not_: "bool | _Plain" = True
    deprecated: bool = False


def is_plain_schema(schema: Any) -> bool:
    """Whether a declared schema is surely valid."""
    try:
        _Plain.model_validate(schema)
    except (ValidationError, RecursionError):
        return False
    return True
