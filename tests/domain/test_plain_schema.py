"""What is accepted as plain is valid by the metaschema, which is asked about the rest."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from skillctl.domain.metaschema import problems
from skillctl.domain.plain_schema import is_plain_schema

METASCHEMA = Draft202012Validator(Draft202012Validator.META_SCHEMA)
KEYS = st.sampled_from(
    [
        *("type", "title", "description", "default", "examples", "enum", "const", "format", "properties", "required"),
        *("additionalProperties", "items", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "minimum"),
        *("maximum", "exclusiveMinimum", "exclusiveMaximum", "anyOf", "oneOf", "allOf", "not", "not_", "deprecated"),
        *("minProperties", "maxProperties", "pattern", "$ref", "typ", "multipleOf"),
    ]
)
WORDS = st.sampled_from(["string", "number", "integer", "object", "array", "null", "boolean", "strng", "a", "b"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 3), st.floats(-2, 3), WORDS, st.lists(WORDS, max_size=3))
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.booleans(), st.dictionaries(KEYS, LEAVES, max_size=3)),
    lambda inner: st.dictionaries(
        KEYS,
        st.one_of(LEAVES, inner, st.lists(inner, max_size=2), st.dictionaries(WORDS, inner, max_size=2)),
        max_size=3,
    ),
    max_leaves=6,
)


@given(SCHEMAS)
@example({"type": ["string", "string"]})
@example({"items": {"required": ["a", "a"]}})
@example({"required": [1, 1]})
@example({"default": {"required": ["a", "a"]}})
def test_our_metaschema_is_the_library_s(schema: Any) -> None:
    assert (next(problems(schema), None) is None) is METASCHEMA.is_valid(schema)


@given(SCHEMAS)
def test_what_is_plain_is_valid(schema: Any) -> None:
    if is_plain_schema(schema):
        assert METASCHEMA.is_valid(schema)


@pytest.mark.parametrize(
    ("schema", "is_plain"),
    [
        ({}, True),
        (
            {"type": "object", "properties": {"a": {"type": ["string", "null"], "minLength": 1}}, "required": ["a"]},
            True,
        ),
        ({"type": "array", "items": {"anyOf": [{"enum": [1, None]}, True]}, "uniqueItems": True}, True),
        ({"not": {"const": 3}, "minimum": 1.5, "deprecated": True}, True),
        ({"type": "strng"}, False),
        ({"type": ["string", "string"]}, False),
        ({"required": ["a", "a"]}, False),
        ({"minLength": -1}, False),
        ({"minimum": "x"}, False),
        ({"anyOf": []}, False),
        ({"pattern": "^a"}, False),
        ({"properties": {"a": {"typ": "string"}}}, False),
        ("x", False),
    ],
)
def test_what_is_plain(schema: Any, is_plain: bool) -> None:
    assert is_plain_schema(schema) is is_plain
