"""Assertions of promptfoo under their own names, read as the checks of ours that say the same.

The names are those of promptfoo 0.123.1. Patterns are read as ours are: `^` and `$` at each line.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from skillctl.domain.checks.produced import shown
from skillctl.domain.naming import nearest
from skillctl.domain.secrets import masked

Data = dict[str, Any]


def translated(assertion: Mapping[str, Any]) -> Data:
    """The check that says what an assertion (`type`, and `value` or `threshold`) does.

    Its other keys are left as they are, for the model to refuse. PydanticCustomError says what cannot be translated.
    """
    kind = assertion["type"]
    if not isinstance(kind, str):
        raise _refused("`type` must be text, the name of an assertion of promptfoo")
    key, read = _known(kind)
    given = assertion.get(key)
    if given is None and kind not in _NEED_NO_VALUE:
        raise _refused(f"promptfoo's `{kind}` needs a `{key}`")
    check = read(kind, given)
    rest = {other: value for other, value in assertion.items() if other not in ("type", key)}
    twice = sorted(check.keys() & rest.keys())
    if twice:
        raise _refused(f"a check has one test, not promptfoo's `{kind}` and `{twice[0]}`: make a check of each")
    return {**rest, **check}


def described(schema: Data) -> None:
    """Make the JSON Schema of a check one of it, or of an assertion."""
    own = dict(schema)
    schema.clear()
    assertion = {
        "type": "object",
        "description": "An assertion of promptfoo.",
        "properties": {
            "type": {"enum": sorted(_TYPES)},
            "value": {},
            "threshold": {"type": "number", "minimum": 0},
        },
        "required": ["type"],
        "additionalProperties": False,
    }
    schema["anyOf"] = [own, assertion]


def _known(kind: str) -> tuple[str, Callable[[str, Any], Data]]:
    if kind in _TYPES:
        return _TYPES[kind]
    name = masked(kind)
    if (instead := _INSTEAD.get(kind.removeprefix("not-"))) is not None:
        raise _refused(f"promptfoo's `{kind}` is not supported; {instead}")
    near = nearest(kind, [*_TYPES, *_INSTEAD])
    raise _refused(f"{shown(name)} is no `type` of promptfoo" + (f"; did you mean `{near}`?" if near else ""))


def _refused(problem: str) -> PydanticCustomError:
    return PydanticCustomError("check", "{problem}", {"problem": problem})


def _text(kind: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _refused(f"promptfoo's `{kind}` needs text as its `value`, in quotes")
    if value.startswith("file://") or "{{" in value:
        raise _refused(f"promptfoo would replace {shown(masked(value))}, and nothing here does; write the value itself")
    return value


def _texts(kind: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise _refused(f"promptfoo's `{kind}` needs a list of texts as its `value`")
    return [_text(kind, item) for item in value]


def _of_text(test: str) -> Callable[[str, Any], Data]:
    return lambda kind, value: {test: _text(kind, value)}


def _of_texts(combined: str, test: str) -> Callable[[str, Any], Data]:
    return lambda kind, value: {combined: [{test: text} for text in _texts(kind, value)]}


def _of_schema(test: str) -> Callable[[str, Any], Data]:
    return lambda _kind, value: {test: True if value is None else value}


def _equals(kind: str, value: Any) -> Data:
    # promptfoo compares a mapping or a list with what the text says as JSON.
    return {"json_schema": {"const": value}} if isinstance(value, dict | list) else {"equals": _text(kind, value)}


def _latency(kind: str, threshold: Any) -> Data:
    return {"latency": _amount(kind, threshold) / 1000}


def _cost(kind: str, threshold: Any) -> Data:
    return {"cost": _amount(kind, threshold)}


def _amount(kind: str, threshold: Any) -> float:
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        unit = "milliseconds" if kind.endswith("latency") else "US dollars"
        raise _refused(f"promptfoo's `{kind}` needs a number of {unit} as its `threshold`")
    return threshold


def _rubric(kind: str, value: Any) -> Data:
    return {"rubric": _texts(kind, value if isinstance(value, list) else [value])}


def _used(kind: str, value: Any) -> Data:
    if not isinstance(value, dict):
        names = _texts(kind, value if isinstance(value, list) else [value])
        return {"tool_called": names[0]} if len(names) == 1 else {"all_of": [{"tool_called": name} for name in names]}
    known = {"name": "name", "min": "at_least", "max": "at_most"}
    odd = sorted(map(str, value.keys() - known.keys()))
    if odd:
        raise _refused(f"promptfoo's `{kind}` is read with `name`, `min` and `max`, not with {shown(odd[0])}")
    return {"tool_called": {known[key]: item for key, item in value.items()}}


def _not_used(kind: str, value: Any) -> Data:
    if isinstance(value, dict):
        return {"not": _used(kind, value)}
    names = _texts(kind, value if isinstance(value, list) else [value])
    checks = [{"tool_not_called": name} for name in names]
    return checks[0] if len(checks) == 1 else {"all_of": checks}


def _not(read: Callable[[str, Any], Data]) -> Callable[[str, Any], Data]:
    return lambda kind, value: {"not": read(kind, value)}


_READ: dict[str, tuple[str, Callable[[str, Any], Data]]] = {
    "contains": ("value", _of_text("contains")),
    "contains-all": ("value", _of_texts("all_of", "contains")),
    "contains-any": ("value", _of_texts("any_of", "contains")),
    "icontains": ("value", _of_text("icontains")),
    "icontains-all": ("value", _of_texts("all_of", "icontains")),
    "icontains-any": ("value", _of_texts("any_of", "icontains")),
    "equals": ("value", _equals),
    "starts-with": ("value", _of_text("starts_with")),
    "regex": ("value", _of_text("regex")),
    "is-json": ("value", _of_schema("json_schema")),
    "contains-json": ("value", _of_schema("contains_json")),
    "latency": ("threshold", _latency),
    "cost": ("threshold", _cost),
    "trajectory:tool-used": ("value", _used),
}
_TYPES = {
    **_READ,
    **{f"not-{kind}": (key, _not(read)) for kind, (key, read) in _READ.items()},
    "not-contains": ("value", _of_text("not_contains")),
    "not-trajectory:tool-used": ("value", _not_used),
    "llm-rubric": ("value", _rubric),
}
_NEED_NO_VALUE = {"is-json", "not-is-json", "contains-json", "not-contains-json"}

_OF_A_MODEL = (
    "llm-rubric similar similar:cosine similar:dot similar:euclidean classifier moderation guardrails is-refusal pi "
    "agent-rubric search-rubric g-eval factuality model-graded-closedqa model-graded-factuality answer-relevance "
    "context-faithfulness context-recall context-relevance conversation-relevance trajectory:goal-success select-best "
    "human max-score"
)
_OF_CALLS = (
    "is-valid-function-call is-valid-openai-function-call is-valid-openai-tools-call tool-call-f1 "
    "trajectory:tool-args-match"
)
_UNMEASURED = "perplexity perplexity-score finish-reason trace-span-count trace-span-duration trace-error-spans"
#: What to do where there is a type of promptfoo that we do not have.
_INSTEAD = {
    kind: instead
    for instead, kinds in {
        "write what the answer must say as `rubric`": _OF_A_MODEL,
        "write `contains`, `regex` or `rubric`": "levenshtein rouge-n bleu gleu meteor word-count",
        "write `regex`": "is-xml contains-xml is-html contains-html is-sql contains-sql",
        "write `equals`, `regex`, `number` or `json_schema`": "javascript python ruby webhook",
        "write `tool_called` with `arguments`": _OF_CALLS,
        "write `tool_order`": "trajectory:tool-sequence",
        "write `tool_called` with `at_most`": "trajectory:step-count",
        "write a case with `trigger`": "skill-used",
        "write `all_of`": "assert-set",
        "leave it out, for nothing here measures it": _UNMEASURED,
    }.items()
    for kind in kinds.split()
}
