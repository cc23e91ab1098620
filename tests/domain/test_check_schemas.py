"""`json_schema` and `contains_json`: by which schemas, what is valid, and what cannot be told."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from skillctl.domain.checks import BrokenCheck, Check, Produced, contains_json, failure_of, json_schema

OBJECT = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


@pytest.mark.parametrize(
    "schema",
    [
        True,
        False,
        {},
        OBJECT,
        {"pattern": "^a+$", "patternProperties": {"^x-": {"type": "string"}}},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.test/a", "minimum": 1},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": True}},
        {"$ref": "#here", "$defs": {"a": {"$anchor": "here"}}},
        {"properties": {"next": {"$ref": "#"}}},
        {"properties": {"next": {"$dynamicRef": "#node"}}, "$dynamicAnchor": "node"},
        {"properties": {"$ref": {"type": "string"}}, "const": {"$ref": "https://example.test/"}},
        {"properties": {"pattern": {"pattern": "a"}}, "examples": [{"pattern": "("}]},
    ],
)
def test_what_is_a_schema(schema: Any) -> None:
    assert json_schema.problem(schema) is None


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        (5, "`json_schema` is `5`; it must be a mapping, or true or false"),
        ("string", "`json_schema` is `string`; it must be a mapping"),
        ({"type": "objekt"}, "`json_schema.type` is not valid JSON Schema: 'objekt' is not "),
        ({"properties": {"a": {"minimum": "1"}}}, "`json_schema.properties.a.minimum` is not valid JSON Schema: '1'"),
        ({"required": ["a", 1]}, "`json_schema.required.1` is not valid JSON Schema: 1 is not of type 'string'"),
        ({"properties": {"a": {"pattern": "("}}}, "`pattern` is not a regular expression: missing )"),
        ({"patternProperties": {"(": True}}, "`pattern` is not a regular expression: missing )"),
        ({"$ref": "https://example.test/a"}, "`$ref` is `https://example.test/a`; a schema refers to itself alone, as"),
        ({"not": {"$ref": "other.json"}}, "`$ref` is `other.json`; a schema refers to itself alone"),
        ({"$dynamicRef": "file:///etc/passwd"}, "`$dynamicRef` is `file:///etc/passwd`; a schema refers to itself"),
        ({"$ref": "#/$defs/b", "$defs": {"a": {}}}, "`$ref` is `#/$defs/b`, where there is no schema"),
        ({"$ref": "#nowhere"}, "`$ref` is `#nowhere`, where there is no schema"),
        ({"$ref": "#/x-hidden", "x-hidden": {"type": 5}}, "`$ref` is `#/x-hidden`, where there is no schema"),
        ({"$ref": "#/allOf/x", "allOf": [True]}, "`json_schema` cannot be read: invalid literal"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "`$schema` is `http://json-schema.org/draft-07/schem"),
        ({"$defs": {"a": {"$id": "a"}}}, "`$id` within a schema makes another of it; leave it out"),
        ({"enum": ["x" * 20_000]}, "`json_schema` is longer than 20,000 characters"),
        ({"const": object()}, "`json_schema` is longer than 20,000 characters"),
    ],
)
def test_what_is_no_schema(schema: Any, sentence: str) -> None:
    said = json_schema.problem(schema)
    assert said is not None
    assert said.startswith(sentence)


def failure(check: dict[str, Any], stdout: str) -> str | None:
    return failure_of(Check.model_validate(check), Produced(0, stdout))


@pytest.mark.parametrize(
    ("check", "stdout", "said"),
    [
        ({"json_schema": True}, "[1, 2]\n", None),
        ({"json_schema": OBJECT}, '{"n": 1}', None),
        ({"json_schema": {"format": "date"}}, '"today"', None),
        ({"json_schema": OBJECT}, '{"n": "1"}', '`{"n": "1"}` is not valid by the schema: `$.n`: \'1\' is not of type'),
        ({"json_schema": OBJECT}, "{}", "`{}` is not valid by the schema: `$`: 'n' is a required property"),
        ({"json_schema": True}, "Done: {}", "`Done: {}` is not JSON"),
        ({"json_schema": True}, "", "`` is not JSON"),
        ({"json_schema": True}, "NaN", "`NaN` is not JSON"),
        ({"not": {"json_schema": True}}, "plain text", None),
        ({"json_schema": {"$ref": "#/$defs/a", "$defs": {"a": {"pattern": "^a+$"}}}}, '"aaa"', None),
        ({"json_path": "$[*]", "json_schema": {"type": "integer"}}, "[1, 2]", None),
        (
            {"json_path": "$[*]", "json_schema": {"type": "integer"}},
            '[1, "2"]',
            "a value at `$[*]` is not valid by the schema: `$`: '2' is not of type 'integer'",
        ),
        ({"json_path": "$[*]", "json_schema": True}, "[]", "`$[*]` matches nothing in stdout"),
        ({"contains_json": True}, 'Here it is:\n```json\n{"n": 1}\n```\n', None),
        ({"contains_json": OBJECT}, 'See [1], and {"n": "x"}; then {not} {"n": 2}', None),
        ({"contains_json": True}, "Just {text} [with brackets", "`Just {text} [with brackets` holds no JSON object or"),
        ({"contains_json": True}, "42", "`42` holds no JSON object or list"),
        (
            {"contains_json": OBJECT},
            'a {"n": "1"} b {}',
            "no JSON in `a {\"n\": \"1\"} b {}` is valid by the schema: `$.n`: '1' is not of type 'integer'",
        ),
        ({"json_path": "$.said", "contains_json": OBJECT}, '{"said": "so: {\\"n\\": 1}"}', None),
        (
            {"json_path": "$.*", "contains_json": OBJECT},
            '{"said": "so: {}", "n": {"n": 1}}',
            "no value at `$.*` holds JSON that is valid by the schema: `['so: {}', {'n': 1}]`",
        ),
    ],
)
def test_what_is_valid(check: dict[str, Any], stdout: str, said: str | None) -> None:
    found = failure(check, stdout)
    assert found == said if said is None else str(found).startswith(said)


@pytest.mark.parametrize(
    ("check", "stdout", "sentence"),
    [
        ({"json_schema": {"$ref": "#"}}, "1", "`json_schema` meets what is nested too deep to be compared"),
        ({"json_schema": {"multipleOf": 0.1}}, "1e999", "`json_schema` cannot be applied to `inf`"),
        ({"json_schema": True}, "[" * 100_000, "`json_schema` meets what is nested too deep to be compared"),
        ({"json_schema": True}, "1" * 5000, "`1111111"),
        ({"contains_json": True}, "[" * 100_000, "`contains_json` meets what is nested too deep to be compared"),
        ({"contains_json": True}, f"n: [{'1' * 5000}]", "`n: [1111"),
        ({"json_path": "$.a", "json_schema": True}, "no JSON", "`$.a` needs JSON, which `no JSON` is not"),
    ],
)
def test_what_cannot_be_told(check: dict[str, Any], stdout: str, sentence: str) -> None:
    with pytest.raises(BrokenCheck) as caught:
        failure(check, stdout)
    assert str(caught.value).startswith(sentence)


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though a schema got past its own check: the registry knows nothing else."""
    asked: list[Any] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda *words, **_named: asked.append(words))
    with pytest.raises(BrokenCheck, match="cannot be applied to `1`"):
        json_schema.invalidity({"$ref": "https://example.test/a"}, 1)
    assert asked == []


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_every_value_is_valid_by_the_schema_that_it_is(value: Any) -> None:
    assert json_schema.failure({"const": value}, json.dumps(value)) is None


@given(JSON.filter(lambda value: isinstance(value, dict | list)), some.text(some.characters(exclude_characters="[{")))
def test_json_is_found_in_whatever_stands_around_it(value: Any, around: str) -> None:
    assert contains_json.failure({"const": value}, around + json.dumps(value) + around) is None


@given(some.text(some.sampled_from('{}[],:"1 a\\')))
def test_no_text_upsets_the_search(text: str) -> None:
    assert isinstance(contains_json.failure(False, text), str)


@given(JSON)
def test_no_value_upsets_the_reading_of_schemas(value: Any) -> None:
    problem = json_schema.problem(value)
    if problem is None:
        json_schema.failure(value, "{}")


def test_a_hostile_list_of_words_takes_its_length_and_no_more() -> None:
    begun = time.monotonic()
    assert "is not valid JSON Schema" in str(json_schema.problem({"type": [{"": n} for n in range(1700)]}))
    assert time.monotonic() - begun < 2
