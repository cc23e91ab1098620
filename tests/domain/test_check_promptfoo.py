"""Assertions of promptfoo: which check each one is, and why some are none."""

import re
from typing import Any

import jsonschema
import pytest

from skillctl.domain.checks import Check, Produced, ToolCall, failure_of
from skillctl.domain.checks.promptfoo import translated
from tests.domain.test_checks import findings

#: All names of promptfoo 0.123.1, without `not-`.
NAMES = re.findall(
    r"\S+",
    """
contains contains-all contains-any icontains icontains-all icontains-any equals starts-with regex is-json
contains-json is-xml contains-xml is-html contains-html is-sql contains-sql is-valid-function-call
is-valid-openai-function-call is-valid-openai-tools-call tool-call-f1 javascript python ruby webhook levenshtein
rouge-n bleu gleu meteor word-count latency cost perplexity perplexity-score finish-reason is-refusal similar
similar:cosine similar:dot similar:euclidean classifier moderation guardrails llm-rubric agent-rubric
search-rubric g-eval pi factuality model-graded-closedqa model-graded-factuality answer-relevance
context-faithfulness context-recall context-relevance conversation-relevance skill-used trajectory:tool-used
trajectory:tool-args-match trajectory:tool-sequence trajectory:step-count trajectory:goal-success
trace-span-count trace-span-duration trace-error-spans select-best human max-score assert-set
""",
)
OBJECT = {"type": "object"}


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("contains", "a", {"contains": "a"}),
        ("not-contains", "a", {"not_contains": "a"}),
        ("icontains", "a", {"icontains": "a"}),
        ("not-icontains", "a", {"not": {"icontains": "a"}}),
        ("contains-all", ["a", "b"], {"all_of": [{"contains": "a"}, {"contains": "b"}]}),
        ("contains-any", ["a", "b"], {"any_of": [{"contains": "a"}, {"contains": "b"}]}),
        ("icontains-all", ["a"], {"all_of": [{"icontains": "a"}]}),
        ("icontains-any", ["a"], {"any_of": [{"icontains": "a"}]}),
        ("not-contains-any", ["a"], {"not": {"any_of": [{"contains": "a"}]}}),
        ("equals", "a", {"equals": "a"}),
        ("equals", {"a": 1}, {"json_schema": {"const": {"a": 1}}}),
        ("not-equals", "a", {"not": {"equals": "a"}}),
        ("starts-with", "a", {"starts_with": "a"}),
        ("regex", "^a", {"regex": "^a"}),
        ("not-regex", "^a", {"not": {"regex": "^a"}}),
        ("is-json", None, {"json_schema": True}),
        ("is-json", OBJECT, {"json_schema": OBJECT}),
        ("not-is-json", None, {"not": {"json_schema": True}}),
        ("contains-json", None, {"contains_json": True}),
        ("contains-json", OBJECT, {"contains_json": OBJECT}),
        ("llm-rubric", "says why", {"rubric": ["says why"]}),
        ("llm-rubric", ["says why", "names it"], {"rubric": ["says why", "names it"]}),
        ("trajectory:tool-used", "a", {"tool_called": "a"}),
        ("trajectory:tool-used", ["a", "b"], {"all_of": [{"tool_called": "a"}, {"tool_called": "b"}]}),
        ("trajectory:tool-used", {"name": "a", "min": 2}, {"tool_called": {"name": "a", "at_least": 2}}),
        ("trajectory:tool-used", {"name": "a", "max": 2}, {"tool_called": {"name": "a", "at_most": 2}}),
        ("not-trajectory:tool-used", "a", {"tool_not_called": "a"}),
        ("not-trajectory:tool-used", ["a", "b"], {"all_of": [{"tool_not_called": "a"}, {"tool_not_called": "b"}]}),
        ("not-trajectory:tool-used", {"name": "a"}, {"not": {"tool_called": {"name": "a"}}}),
    ],
)
def test_what_an_assertion_is(kind: str, given: Any, expected: dict[str, Any]) -> None:
    assertion = {"type": kind} | ({} if given is None else {"value": given})
    assert translated(assertion) == expected
    assert Check.model_validate(assertion) == Check.model_validate(expected)


@pytest.mark.parametrize(
    ("kind", "threshold", "expected"),
    [
        ("latency", 1500, {"latency": 1.5}),
        ("cost", 0.01, {"cost": 0.01}),
        ("not-latency", 500, {"not": {"latency": 0.5}}),
        ("not-cost", 1, {"not": {"cost": 1}}),
    ],
)
def test_a_threshold(kind: str, threshold: float, expected: dict[str, Any]) -> None:
    assert translated({"type": kind, "threshold": threshold}) == expected


def test_it_is_judged_like_ours() -> None:
    produced = Produced(0, "Use odoo_erp", calls=(ToolCall("search", {}),), seconds=2.0)
    assertions: list[tuple[dict[str, Any], bool]] = [
        ({"type": "contains-all", "value": ["Use", "lab"]}, False),
        ({"type": "contains-any", "value": ["Use", "lab"]}, True),
        ({"type": "not-is-json"}, True),
        ({"type": "latency", "threshold": 1999}, False),
        ({"type": "trajectory:tool-used", "value": {"name": "search", "max": 1}}, True),
        ({"type": "not-trajectory:tool-used", "value": ["create", "search"]}, False),
    ]
    for assertion, holds in assertions:
        assert (failure_of(Check.model_validate(assertion), produced) is None) is holds, assertion


def test_they_stand_within_others_and_beside_what_is_looked_at() -> None:
    check = Check.model_validate({"any_of": [{"type": "contains", "value": "a", "stream": "stderr"}]})
    assert check == Check.model_validate({"any_of": [{"contains": "a", "stream": "stderr"}]})


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_read_or_refused_by_name(name: str) -> None:
    for kind in (name, f"not-{name}"):
        said = [finding.message for finding in findings(f"{{type: '{kind}'}}")]
        refused = said and said[0].startswith(f"`cases.0.expect.0`: promptfoo's `{kind}` is not supported; ")
        asked = said and said[0].startswith(f"`cases.0.expect.0`: promptfoo's `{kind}` needs a ")
        assert refused or asked or (not said and kind.endswith("-json"))


CHECK = "`cases.0.expect.0`: "


@pytest.mark.parametrize(
    ("assertion", "said"),
    [
        ("{type: containz, value: a}", "`containz` is no `type` of promptfoo; did you mean `contains`?"),
        ("{type: not-containz, value: a}", "`not-containz` is no `type` of promptfoo; did you mean `not-contains`?"),
        ("{type: zzz, value: a}", "`zzz` is no `type` of promptfoo"),
        ("{type: 5, value: a}", "`type` must be text, the name of an assertion of promptfoo"),
        ("{type: similar, value: a}", "promptfoo's `similar` is not supported; write what the answer must say as"),
        ("{type: not-llm-rubric, value: a}", "promptfoo's `not-llm-rubric` is not supported; write what the answer"),
        ("{type: javascript, value: a}", "promptfoo's `javascript` is not supported; write `equals`, `regex`,"),
        ("{type: skill-used, value: a}", "promptfoo's `skill-used` is not supported; write a case with `trigger`"),
        ("{type: contains}", "promptfoo's `contains` needs a `value`"),
        ("{type: contains, value: 5}", "promptfoo's `contains` needs text as its `value`, in quotes"),
        ("{type: contains, value: 'file://a'}", "promptfoo would replace `file://a`, and nothing here does; write the"),
        ("{type: equals, value: 'a {{b}}'}", "promptfoo would replace `a {{b}}`, and nothing here does"),
        ("{type: contains-all, value: 'a, b'}", "promptfoo's `contains-all` needs a list of texts as its `value`"),
        ("{type: contains-any, value: []}", "promptfoo's `contains-any` needs a list of texts as its `value`"),
        ("{type: latency, value: 5}", "promptfoo's `latency` needs a `threshold`"),
        ("{type: latency, threshold: true}", "promptfoo's `latency` needs a number of milliseconds as its `threshold`"),
        ("{type: not-cost, threshold: a}", "promptfoo's `not-cost` needs a number of US dollars as its `threshold`"),
        (
            "{type: 'trajectory:tool-used', value: {pattern: a}}",
            "promptfoo's `trajectory:tool-used` is read with `name`",
        ),
        ("{type: contains, value: a, contains: b}", "a check has one test, not promptfoo's `contains` and `contains`"),
        ("{type: contains, value: a, equals: b}", "a check has one test, not `equals` and `contains`: make a check of"),
        ("{type: not-regex, value: a, stream: stderr}", "`stream` says nothing beside `not`, which looks at no text"),
    ],
)
def test_what_cannot_be_read(assertion: str, said: str) -> None:
    (finding,) = findings(assertion)
    assert (finding.code, finding.line, finding.column) == ("SK105", 6, 9)
    assert finding.message.startswith(CHECK + said)


@pytest.mark.parametrize("key", ["weight", "metric", "threshold", "transform", "provider", "rubricPrompt", "config"])
def test_its_other_keys_are_not_known(key: str) -> None:
    (finding,) = findings(f"{{type: contains, value: a, {key}: 1}}")
    assert (finding.code, finding.column) == ("SK103", 36)
    assert finding.message == f"`cases.0.expect.0.{key}` is not a known key"


def test_editors_know_both_forms() -> None:
    validator = jsonschema.Draft202012Validator(Check.model_json_schema(by_alias=True))
    for good in (
        {"contains": "a"},
        {"not": {"any_of": [{"contains": "a"}, {"type": "contains", "value": "a"}]}},
        {"tool_called": "a"},
        {"tool_order": ["a", {"name": "b"}]},
        {"number": "1.00", "tolerance": 1},
        {"json_schema": True},
        {"type": "is-json"},
    ):
        assert validator.is_valid(good), good
        Check.model_validate(good)
    for bad in ({"containz": "a"}, {"not": {"containz": "a"}}, {"type": "containz", "value": "a"}, {"number": [1]}):
        assert not validator.is_valid(bad), bad
