"""From parsed data to a model, with each schema error as one sentence at its place."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from skillctl.domain import version
from skillctl.domain.document import Document, Path
from skillctl.domain.finding import Finding
from skillctl.domain.naming import nearest
from skillctl.domain.secrets import masked

#: Agent Skills standard: 1 to 64 lower-case letters, digits and single hyphens.
NAME_PATTERN = r"^[a-z0-9](?:-?[a-z0-9])*$"
LONGEST_NAME = 64


class Model(BaseModel):
    """A strict, frozen file model: unknown keys are refused and nothing is converted."""

    # Half of them are only ever parts of others, or not used by a command at all.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True, defer_build=True)
    #: Whether `x-…` keys, and a `$schema` for editors, are anybody's; not so where a standard knows all keys.
    takes_own_keys: ClassVar[bool] = True


def _semantic(text: str) -> str:
    if version.parse(text) is None:
        raise PydanticCustomError(
            "semantic_version", "`{text}` is not a semantic version such as `1.4.0`", {"text": text}
        )
    return text


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=LONGEST_NAME)]
LONGEST_VERSION = 64
VersionText = Annotated[str, StringConstraints(max_length=LONGEST_VERSION), AfterValidator(_semantic)]
NonEmpty = Annotated[str, StringConstraints(min_length=1)]

M = TypeVar("M", bound=Model)

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_CHOICES = frozenset({"enum", "literal_error"})
#: Findings of one file; who has more sees the rest when these are gone.
MOST = 100


def modelled(model: type[M], document: Document, skill: str | None = None) -> tuple[M | None, list[Finding]]:
    """The model of a document's data, or a finding for each thing the schema says no to; `x-…` keys are left out."""
    try:
        return model.model_validate(_governed(model, document)), []
    except ValidationError as problem:
        return None, _findings(problem, model, document, skill)


def mended(
    model: type[M],
    document: Document | None,
    troubles: list[Finding],
    neutral: Mapping[str, Any],
    skill: str | None = None,
) -> tuple[M, list[Finding]]:
    """As `modelled`, but always with a model: what the schema says no to is left out of it, or neutral if it is needed.

    A model with findings is for looking further only, so that one problem does not hide another. `troubles` are those
    of the document; what they stand at is told of once.
    """
    if document is None:
        return model.model_validate(neutral), troubles
    data = _governed(model, document)
    try:
        return model.model_validate(data), troubles
    except ValidationError as problem:
        refused = {str(error["loc"][0]) for error in problem.errors(include_url=False) if error["loc"]}
        findings = _findings(problem, model, document, skill)
    kept = {key: value for key, value in data.items() if key not in refused}
    return model.model_validate({**neutral, **kept}), once(troubles, findings)


def once(troubles: list[Finding], findings: list[Finding]) -> list[Finding]:
    """Both, without those findings that stand where there is a trouble already: of one file."""
    told = {(one.line, one.column) for one in troubles}
    return troubles + [one for one in findings if (one.line, one.column) not in told]


def _governed(model: type[Model], document: Document) -> dict[str, Any]:
    if not model.takes_own_keys:
        return document.data
    return {key: value for key, value in document.data.items() if not key.startswith("x-") and key != "$schema"}


def _findings(problem: ValidationError, model: type[BaseModel], document: Document, skill: str | None) -> list[Finding]:
    errors = problem.errors(include_url=False)
    findings = [_finding(error, model, document, skill) for error in errors[:MOST]]
    if len(errors) > MOST:
        message = f"{len(errors) - MOST:,} more problems of this file are not listed"
        findings.append(Finding("SK107", message, document.file, document.first_line, 1, skill))
    return findings


def sentence(error: ErrorDetails) -> str:
    """What the schema says no to, in words of ours."""
    kind, key = error["type"], ".".join(str(step) for step in error["loc"] if step != "[key]")
    if kind == "missing":
        return f"`{key}` is missing"
    if kind == "extra_forbidden":
        return f"`{key}` is not a known key"
    if kind in _EXPECTED:
        return f"`{key}` must be {_EXPECTED[kind]}, not {_shown(error['input'])}"
    return _value_sentence(error, key)


def _finding(error: ErrorDetails, model: type[BaseModel], document: Document, skill: str | None) -> Finding:
    path: Path = tuple(step for step in error["loc"] if step != "[key]")
    kind, hint = error["type"], None
    if kind == "missing":
        code, place = "SK102", document.place(path[:-1])
    elif kind == "extra_forbidden":
        code, place = "SK103", document.key_place(path)
        near = nearest(str(path[-1]), _keys(model, path[:-1]))
        hint = f"did you mean `{near}`?" if near else _own_key(model, path)
    elif kind in _EXPECTED:
        code, place = "SK104", document.place(path)
        hint = _quoting(kind, document, path)
        if isinstance(error["input"], int | float) and not isinstance(error["input"], bool):
            # As it is written: `1.10` is what its author sees, not the `1.1` that YAML makes of it.
            error["input"] = _Written(document.source(path) or str(error["input"]))
    else:
        code, place = "SK105", document.place(path)
        if kind in _CHOICES:
            near = nearest(str(error["input"]), _expected_values(error))
            hint = f"did you mean `{near}`?" if near else None
    return Finding(code, sentence(error), document.file, place.line, place.column, skill, hint)


def _own_key(model: type[BaseModel], path: Path) -> str | None:
    is_open = len(path) == 1 and getattr(model, "takes_own_keys", False)
    return "a key of your own begins with `x-`" if is_open else None


def _quoting(kind: str, document: Document, path: Path) -> str | None:
    source = document.source(path)
    return f'quote it: "{source}"' if kind == "string_type" and source is not None else None


def _value_sentence(error: ErrorDetails, key: str) -> str:
    kind, context = error["type"], error.get("ctx", {})
    shown = _shown(error["input"])
    if kind in _CHOICES:
        return f"`{key}` is {shown}; it must be one of {', '.join(f'`{value}`' for value in _expected_values(error))}"
    if kind == "string_pattern_mismatch":
        if context.get("pattern") == NAME_PATTERN:
            return f"`{key}` is {shown}; lower-case letters, digits and single hyphens between them are allowed"
        return f"`{key}` is {shown}, which does not match `{context.get('pattern')}`"
    if kind in ("string_too_long", "too_long"):
        return f"`{key}` is longer than {context.get('max_length')}"
    if kind in ("string_too_short", "too_short"):
        return f"`{key}` is empty" if context.get("min_length") == 1 else f"`{key}` is too short"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"`{key}` is {shown}; it must be {words} {context.get(bound):g}"
    text = error["msg"]
    return f"`{key}`: {text}" if key else text


def _expected_values(error: ErrorDetails) -> list[str]:
    return [word.strip("' ") for word in str(error.get("ctx", {}).get("expected", "")).replace(" or ", ",").split(",")]


class _Written(str):
    """A number as its file has it."""


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return f"the truth value `{str(value).lower()}`"
    if isinstance(value, _Written):
        return f"the number `{value}`"
    if isinstance(value, str):
        # Masked before it is cut: half a key has no shape to know it by.
        value = masked(value)
        return f"`{value if len(value) <= 60 else value[:57] + '…'}`"
    return f"the number `{value}`"


def _keys(model: Any, path: Path) -> list[str]:
    """The keys known at `path` below a model, aliases preferred; empty where there is no model."""
    current: Any = model
    for step in path:
        # A field of a model; else an item of a list or mapping, whose model is the one inside.
        is_model = isinstance(current, type) and issubclass(current, BaseModel)
        current = _annotation(current, str(step)) if is_model else _inner_model(current)
    return [field.alias or name for name, field in _inner_model(current).model_fields.items()]


def _annotation(model: type[BaseModel], key: str) -> Any:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    return (fields.get(key) or model.model_fields[key]).annotation


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return annotation
