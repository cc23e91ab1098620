"""Whether a value is a JSON Schema, as the metaschema of 2020-12 has it, in time that grows as the value does."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012


def problems(value: Any) -> Iterator[ValidationError]:
    """What the metaschema says no to."""
    found: Iterator[ValidationError] = _validator().iter_errors(value)
    return found


@cache
def _validator() -> Any:
    parts = {address: REGISTRY.contents(address) for address in REGISTRY if "2020-12" in address}
    # One that names its dialect would be looked at with the library's own keywords again.
    bare = {address: {key: said for key, said in part.items() if key != "$schema"} for address, part in parts.items()}
    resources = ((address, DRAFT202012.create_resource(part)) for address, part in bare.items())
    kind: Any = extend(Draft202012Validator, {"uniqueItems": _words_stand_once})  # type: ignore[no-untyped-call]
    # Crawled, or the library would go to its own by their anchors.
    registry = Registry().with_resources(resources).crawl()
    return kind(bare[Draft202012Validator.META_SCHEMA["$id"]], registry=registry)


def _words_stand_once(_validator: Any, _wanted: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """The library compares each with each where they cannot be sorted; what is no word is wrong in all these lists."""
    words = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if len(set(words)) < len(words):
        yield ValidationError(f"{value!r} has non-unique elements")
