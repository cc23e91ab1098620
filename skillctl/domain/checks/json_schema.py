"""`json_schema`: the text is JSON that is valid by this JSON Schema (2020-12), or all values at a path are.

`format` says what a value is for and refuses none, as the standard has it. A schema refers to itself alone.
"""

import json
from collections.abc import Iterator
from typing import Any

from skillctl.domain.checks import regex
from skillctl.domain.checks.json_value import loaded
from skillctl.domain.checks.produced import BrokenCheck, short, shown
from skillctl.domain.plain_schema import is_plain_schema

#: Characters of a schema, as JSON; a larger one takes long to be looked at.
LARGEST = 20_000

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_STEPS = 1_000_000


def problem(schema: Any) -> str | None:
    """Why the value is no JSON Schema that can be relied on, or None."""
    if not isinstance(schema, dict | bool):
        return f"`json_schema` is {shown(schema)}; it must be a mapping, or true or false"
    if _size(schema) > LARGEST:
        return f"`json_schema` is longer than {LARGEST:,} characters"
    if _is_plain(schema):
        return None
    try:
        return _invalid(schema) or _unreliable(schema)
    except (RecursionError, ValueError, TypeError) as wrong:
        return f"`json_schema` cannot be read: {str(wrong).splitlines()[0]}"


def is_quick(schema: Any, length: int) -> bool:
    """Whether judging a text of this length surely ends soon: nothing in the schema takes more than its own size."""
    written = json.dumps(schema)
    return "uniqueItems" not in written and len(written) * length <= _STEPS and _is_plain(schema)


def failure(schema: Any, text: str) -> str | None:
    """Why the text is not valid; what is no JSON is not."""
    try:
        value = loaded(text)
    except json.JSONDecodeError:
        return f"{shown(text)} is not JSON"
    wrong = invalidity(schema, value)
    return wrong and f"{shown(text)} is not valid by the schema: {wrong}"


def values_failure(schema: Any, values: list[Any], path: str) -> str | None:
    """Why one of the values at the path is not valid."""
    for value in values:
        wrong = invalidity(schema, value)
        if wrong is not None:
            return f"a value at `{path}` is not valid by the schema: {wrong}"
    return None


def invalidity(schema: Any, value: Any) -> str | None:
    """What the schema says no to in a JSON value, and where in it; raises BrokenCheck if that cannot be said."""
    # Imported here: the library takes longer to load than most commands take to run.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    # A registry of its own: the library's would fetch what it does not know.
    validator = Draft202012Validator(schema, registry=Registry())
    try:
        error = best_match(validator.iter_errors(value))
    except (ArithmeticError, ValueError, Unresolvable) as wrong:
        raise BrokenCheck(f"`json_schema` cannot be applied to {shown(value)}: {wrong}") from None
    if error is None:
        return None
    return f"`{error.json_path}`: {short(error.message, 160)}"


def _is_plain(schema: Any) -> bool:
    return isinstance(schema, bool) or is_plain_schema(schema)


def _size(schema: Any) -> int:
    try:
        return len(json.dumps(schema))
    except (RecursionError, TypeError):
        return LARGEST + 1


def _invalid(schema: Any) -> str | None:
    from jsonschema.exceptions import best_match

    from skillctl.domain import metaschema

    # The first one alone: some keywords are dear to look at in what is wrong already.
    first = next(metaschema.problems(schema), None)
    if first is None:
        return None
    error = best_match([first])
    name = ".".join(str(step) for step in ("json_schema", *error.absolute_path))
    return f"`{name}` is not valid JSON Schema: {short(error.message, 160)}"


def _unreliable(schema: Any) -> str | None:
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    root = DRAFT202012.create_resource(schema)
    parts = list(_parts(root))
    known = {id(part) for part in parts}
    resolver = Registry().resolver_with_root(root)
    for part in parts:
        wrong = _foreign(part, part is schema) or _pattern_problem(part) or _reference_problem(part, resolver, known)
        if wrong is not None:
            return wrong
    return None


def _parts(root: Any) -> Iterator[dict[str, Any]]:
    """The schema, and each schema within it."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if isinstance(part.contents, dict):
            yield part.contents
            waiting += part.subresources()


def _foreign(part: dict[str, Any], is_root: bool) -> str | None:
    if part.get("$schema", _DIALECT) != _DIALECT:
        return f"`$schema` is {shown(part['$schema'])}; schemas are read as `{_DIALECT}`"
    return None if is_root or "$id" not in part else "`$id` within a schema makes another of it; leave it out"


def _pattern_problem(part: dict[str, Any]) -> str | None:
    patterns = [*part.get("patternProperties", ()), *([part["pattern"]] if "pattern" in part else ())]
    return next(filter(None, (regex.problem(pattern, "pattern") for pattern in patterns)), None)


def _reference_problem(part: dict[str, Any], resolver: Any, known: set[int]) -> str | None:
    from referencing.exceptions import Unresolvable

    for key in ("$ref", "$dynamicRef"):
        target = part.get(key, "#")
        if not target.startswith("#"):
            return f"`{key}` is {shown(target)}; a schema refers to itself alone, as in `#/$defs/name`"
        try:
            found = resolver.lookup(target).contents
        except Unresolvable:
            found = None
        # What stands elsewhere, as in an example, was not looked at and may be anything.
        if not isinstance(found, bool) and id(found) not in known:
            return f"`{key}` is {shown(target)}, where there is no schema"
    return None
