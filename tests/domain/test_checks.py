"""Checks as they are written: one test each, what it looks at, what it combines, and what is no check."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from skillctl.domain import suite
from skillctl.domain.checks import (
    KINDS,
    OF_ANSWERS,
    OF_SCRIPTS,
    OF_TOOLS,
    BrokenCheck,
    Check,
    Produced,
    failure_of,
    json_path,
    may_take_for_ever,
)
from skillctl.domain.checks.produced import printable, shown
from skillctl.domain.finding import Finding
from skillctl.domain.rules import cases_can_pass

ONE_OF_EACH: dict[str, Any] = {
    "equals": "x",
    "contains": "x",
    "not_contains": "x",
    "icontains": "x",
    "starts_with": "x",
    "regex": "x",
    "number": 1,
    "json_schema": True,
    "contains_json": True,
    "exit_code": 0,
    "file_produced": "x",
    "tool_called": "x",
    "tool_not_called": "x",
    "tool_order": ["x"],
    "latency": 1,
    "cost": 1,
    "rubric": ["x"],
    "all_of": [{"contains": "x"}],
    "any_of": [{"contains": "x"}],
    "not": {"contains": "x"},
}


def made(check: dict[str, Any]) -> Check:
    return Check.model_validate(check)


def findings(check: str) -> list[Finding]:
    text = f"skill: adder\ncases:\n  - id: a\n    run: {{script: a.py}}\n    expect:\n      - {check}\n"
    return suite.read("evals/adder", text.encode())[1]


def test_each_kind_is_known_by_its_name() -> None:
    assert tuple(ONE_OF_EACH) == KINDS
    for kind, asked in ONE_OF_EACH.items():
        check = made({kind: asked})
        assert check.kind == kind
        assert made(check.model_dump(exclude_unset=True, by_alias=True)) == check


@pytest.mark.parametrize(
    ("check", "uses"),
    [
        ({"contains": "a"}, {"contains"}),
        ({"contains": "a", "stream": "stdout"}, {"contains"}),
        ({"contains": "a", "stream": "stderr"}, {"contains", "stderr"}),
        ({"contains": "a", "file": "a.txt"}, {"contains", "file"}),
        ({"not": {"file": "a", "equals": ""}}, {"not", "equals", "file"}),
        (
            {"all_of": [{"exit_code": 0}, {"any_of": [{"regex": "a", "stream": "stderr"}]}]},
            {"all_of", "any_of", "exit_code", "regex", "stderr"},
        ),
    ],
)
def test_what_a_check_uses(check: dict[str, Any], uses: set[str]) -> None:
    assert made(check).uses() == uses


def test_what_can_be_asked_of_what() -> None:
    assert OF_TOOLS < OF_SCRIPTS
    assert {"file_produced", "file"} == OF_SCRIPTS - OF_TOOLS
    assert {"exit_code", "stderr"} == OF_TOOLS - OF_ANSWERS
    assert {"tool_called", "tool_not_called", "tool_order", "cost", "rubric"} == OF_ANSWERS - OF_TOOLS
    assert {*KINDS, "stderr", "file"} == OF_SCRIPTS | OF_ANSWERS


def test_the_parts_stand_where_they_are_written() -> None:
    check = made({"all_of": [{"exit_code": 0}, {"not": {"any_of": [{"contains": "a"}]}}]})
    assert [(path, part.kind) for path, part in check.parts()] == [
        ((), "all_of"),
        (("all_of", 0), "exit_code"),
        (("all_of", 1), "not"),
        (("all_of", 1, "not"), "any_of"),
        (("all_of", 1, "not", "any_of", 0), "contains"),
    ]


HOLDS: dict[str, Any] = {"contains": "a"}
FAILS: dict[str, Any] = {"contains": "z"}
BROKEN: dict[str, Any] = {"json_path": "$.a", "equals": 1}
ODD = "`$.a` needs JSON, which `abc` is not"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"all_of": [HOLDS, HOLDS]}, None),
        ({"all_of": [FAILS, HOLDS, {"equals": "b"}]}, "`z` is not in `abc`; `abc` is not `b`"),
        ({"any_of": [FAILS, HOLDS]}, None),
        ({"any_of": [FAILS, {"equals": "b"}]}, "none of 2 checks holds: `z` is not in `abc`; `abc` is not `b`"),
        ({"any_of": [BROKEN, HOLDS]}, None),
        ({"not": FAILS}, None),
        ({"not": HOLDS}, "`{'contains': 'a'}` holds, and must not"),
        ({"not": {"not": HOLDS}}, None),
        ({"not": {"not": FAILS}}, "`{'not': {'contains': 'z'}}` holds, and must not"),
    ],
)
def test_what_combines_others(check: dict[str, Any], said: str | None) -> None:
    assert failure_of(made(check), Produced(0, "abc")) == said


@pytest.mark.parametrize(
    "check",
    [
        {"all_of": [FAILS, BROKEN]},
        {"any_of": [BROKEN, FAILS]},
        {"any_of": [FAILS, BROKEN, {"cost": 1}]},
        {"not": BROKEN},
        {"any_of": [{"not": {"all_of": [BROKEN]}}]},
    ],
)
def test_what_is_broken_within_is_broken_without(check: dict[str, Any]) -> None:
    with pytest.raises(BrokenCheck) as caught:
        failure_of(made(check), Produced(0, "abc"))
    assert str(caught.value) == ODD


@given(some.recursive(some.booleans(), lambda inner: some.lists(inner, min_size=1, max_size=3), max_leaves=12))
def test_checks_combine_as_truth_does(tree: Any) -> None:
    def check(node: Any, kind: str) -> dict[str, Any]:
        if isinstance(node, bool):
            return HOLDS if node else FAILS
        parts = [check(inner, "any_of" if kind == "all_of" else "all_of") for inner in node]
        return {"not": {kind: parts}} if len(parts) == 1 else {kind: parts}

    def truth(node: dict[str, Any]) -> bool:
        ((kind, asked),) = node.items()
        if kind == "not":
            return not truth(asked)
        return bool(node == HOLDS) if kind == "contains" else (all if kind == "all_of" else any)(map(truth, asked))

    written = check(tree, "all_of")
    assert (failure_of(made(written), Produced(0, "abc")) is None) is truth(written)


def test_a_rubric_is_judged_elsewhere() -> None:
    with pytest.raises(BrokenCheck, match="`rubric` is judged by a model"):
        failure_of(made({"rubric": ["says why"]}), Produced(0, "x"))


@pytest.mark.parametrize(
    ("check", "length", "expected"),
    [
        ({"exit_code": 0}, 10**6, False),
        ({"equals": "x"}, 10**6, False),
        ({"contains": "x"}, 10**6, False),
        ({"number": 1}, 10**6, False),
        ({"rubric": ["x"]}, 10**6, False),
        ({"regex": "^error: x|y"}, 10**4, False),
        ({"regex": "^error: .*x"}, 500, False),
        ({"regex": "^error: .*x"}, 10**4, True),
        ({"regex": ".*x.*y"}, 10, True),
        ({"regex": "(a|a)(a|a)"}, 10, True),
        ({"regex": "(a|a)", "stream": "stderr"}, 0, True),
        ({"regex": "(a|a)", "file": "a.txt"}, 0, True),
        ({"regex": "(a|a)", "file": "other.txt"}, 0, False),
        ({"regex": "x" * 1000}, 10**5, True),
        ({"json_path": "$", "equals": 1}, 10**6, False),
        ({"json_path": "$.a-b['c d'][\"e\"][0][*].*", "equals": 1}, 10**6, False),
        ({"json_path": "$.a", "regex": "a+b+"}, 10, True),
        ({"json_path": "$..a", "equals": 1}, 10, True),
        ({"json_path": "$[?@.a]", "equals": 1}, 10, True),
        ({"json_path": "$[0,1]", "equals": 1}, 10, True),
        ({"json_path": "$[0:1]", "equals": 1}, 10, True),
        ({"json_path": "$['a\\'b']", "equals": 1}, 10, True),
        ({"json_schema": {"type": "integer"}}, 100, False),
        ({"json_schema": {"type": "integer"}}, 10**6, True),
        ({"json_schema": {"pattern": "(a+)+$"}}, 10, True),
        ({"json_schema": {"uniqueItems": True}}, 10, True),
        ({"json_schema": {"$ref": "#"}}, 10, True),
        ({"contains_json": True}, 1000, False),
        ({"contains_json": True}, 10**4, True),
        ({"contains_json": {"pattern": "a"}}, 10, True),
        ({"not": {"regex": "x"}}, 10, False),
        ({"not": {"regex": "(a+)+"}}, 10, True),
        ({"any_of": [{"regex": "x"}, {"all_of": [{"exit_code": 0}, {"regex": "(a+)+"}]}]}, 10, True),
    ],
)
def test_what_may_take_for_ever(check: dict[str, Any], length: int, expected: bool) -> None:
    produced = Produced(0, "x" * length, "", files={"a.txt": "x"})
    assert may_take_for_ever(made(check), produced) is expected


def test_what_is_shown_can_be_printed_and_stored() -> None:
    assert shown("a\nb\tc\0") == r"`a⏎b\tc\x00`"
    assert shown("\x1b[2J\ud800\u202e größe") == r"`\x1b[2J\ud800\u202e größe`"
    assert printable(printable("\x1b\n")) == r"\x1b\n"


def test_long_values_are_cut() -> None:
    assert shown("x" * 80) == f"`{'x' * 80}`"
    assert shown("x" * 81) == f"`{'x' * 79}…`"


EXPECT = "cases.0.expect.0"


@pytest.mark.parametrize(
    ("check", "place", "sentence"),
    [
        ("{}", (6, 9), f"`{EXPECT}`: a check has one test: `equals`, `contains`, `not_contains`, `icontains`"),
        ("{stream: stderr}", (6, 9), f"`{EXPECT}`: a check has one test: `equals`, "),
        ("{exit_code: 0, equals: a}", (6, 9), f"`{EXPECT}`: a check has one test, not `equals` and `exit_code`"),
        ("{exit_code: 0, stream: stdout}", (6, 9), f"`{EXPECT}`: `stream` says nothing beside `exit_code`, which"),
        ("{exit_code: 0, json_path: $}", (6, 9), f"`{EXPECT}`: `json_path` says nothing beside `exit_code`, which"),
        ("{latency: 1, file: a}", (6, 9), f"`{EXPECT}`: `file` says nothing beside `latency`, which looks at no text"),
        ("{equals: a, stream: stdout, file: a}", (6, 9), f"`{EXPECT}`: `stream` and `file` are two texts; a check"),
        ("{equals: a, contains: b}", (6, 9), f"`{EXPECT}`: a check has one test, not `equals` and `contains`: make a"),
        ("{equals: 5}", (6, 9), f"`{EXPECT}`: `equals` without `json_path` looks at text, so its value must be quoted"),
        ("{contains: }", (6, 9), f"`{EXPECT}`: `contains` without `json_path` looks at text, so its value must be"),
        ("{contains: ''}", (6, 9), f"`{EXPECT}`: `contains` is empty, which every text contains"),
        ("{not_contains: ''}", (6, 9), f"`{EXPECT}`: `not_contains` is empty, which every text contains"),
        ("{icontains: ''}", (6, 21), f"`{EXPECT}.icontains` is empty"),
        ("{exit_code: }", (6, 9), f"`{EXPECT}`: `exit_code` is empty"),
        ("{not: }", (6, 9), f"`{EXPECT}`: `not` is empty"),
        (
            "{regex: '('}",
            (6, 9),
            f"`{EXPECT}`: `regex` is not a regular expression: missing ), unterminated subpattern",
        ),
        ("{regex: 'a{99999999999999999999}'}", (6, 9), f"`{EXPECT}`: `regex` is not a regular expression: the repetit"),
        (f"{{regex: '{'(' * 5000}{')' * 5000}'}}", (6, 9), f"`{EXPECT}`: `regex` is not a regular expression: maximum"),
        ("{number: 1000 PHP}", (6, 9), f"`{EXPECT}`: `number` is `1000 PHP`, which is not a number"),
        ("{number: true}", (6, 9), f"`{EXPECT}`: `number` is `True`, which is not a number"),
        ("{number: 1, tolerance: -1}", (6, 32), f"`{EXPECT}.tolerance` is the number `-1`; it must be at least 0"),
        ("{equals: a, tolerance: 1}", (6, 9), f"`{EXPECT}`: `tolerance` says nothing without `number`"),
        ("{latency: 0}", (6, 19), f"`{EXPECT}.latency` is the number `0`; it must be greater than 0"),
        ("{file: ../a, equals: a}", (6, 16), f"`{EXPECT}.file`: `../a` is not a path within the folder"),
        ("{file_produced: /a/*}", (6, 25), f"`{EXPECT}.file_produced`: `/a/*` is not a path within the folder"),
        ("{tool_called: 5}", (6, 23), f"`{EXPECT}.tool_called` must be a mapping, not the number `5`"),
        ("{tool_called: {name: a, times: 1, at_most: 2}}", (6, 23), f"`{EXPECT}.tool_called`: `times` says how often"),
        ("{tool_called: {name: a, at_least: 3, at_most: 2}}", (6, 23), f"`{EXPECT}.tool_called`: `at_least` is more"),
        ("{tool_called: {name: a, at_least: 0}}", (6, 23), f"`{EXPECT}.tool_called`: `at_least: 0` holds for whatever"),
        ("{tool_order: []}", (6, 22), f"`{EXPECT}.tool_order` is empty"),
        ("{rubric: says why}", (6, 18), f"`{EXPECT}.rubric` must be a list, not `says why`"),
        ("{all_of: []}", (6, 18), f"`{EXPECT}.all_of` is empty"),
        (
            "{any_of: [{exit_code: 0}, {rubric: [a]}]}",
            (6, 9),
            f"`{EXPECT}`: `rubric` stands alone, not within `any_of`",
        ),
        ("{not: {all_of: [{rubric: [a]}]}}", (6, 15), f"`{EXPECT}.not`: `rubric` stands alone, not within `all_of`"),
    ],
)
def test_what_is_no_check(check: str, place: tuple[int, int], sentence: str) -> None:
    """Said where it stands, and never raised: a suite is somebody else's input."""
    (finding,) = findings(check)
    assert ((finding.line, finding.column), finding.code[:4]) == (place, "SK10")
    assert finding.message.startswith(sentence)


@pytest.mark.parametrize(
    ("check", "column", "key", "hint"),
    [
        ("{containz: a}", 10, "containz", "did you mean `contains`?"),
        ("{not-contains: a}", 10, "not-contains", "did you mean `not_contains`?"),
        ("{not_: {contains: a}}", 10, "not_", "did you mean `not`?"),
        ("{not: {regexp: a}}", 16, "not.regexp", "did you mean `regex`?"),
        ("{any_of: [{contains: a}, {contian: a}]}", 35, "any_of.1.contian", "did you mean `contains`?"),
        ("{tool_called: {name: a, argumnets: {}}}", 33, "tool_called.argumnets", "did you mean `arguments`?"),
        ("{tool_order: [a, {name: a, argument: {}}]}", 36, "tool_order.1.argument", "did you mean `arguments`?"),
        ("{contains: a, zzz: 1}", 23, "zzz", None),
    ],
)
def test_a_key_that_is_not_known(check: str, column: int, key: str, hint: str | None) -> None:
    (finding,) = findings(check)
    said = (finding.code, finding.column, finding.message, finding.hint)
    assert said == ("SK103", column, f"`{EXPECT}.{key}` is not a known key", hint)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"tool_called": "a"}, {"tool_not_called": "a"}, True),
        ({"tool_called": "a"}, {"tool_not_called": "b"}, False),
        ({"tool_called": {"name": "a", "arguments": {"b": 1}}}, {"tool_not_called": "a"}, True),
        ({"tool_called": {"name": "a", "times": 0}}, {"tool_not_called": "a"}, False),
        ({"tool_not_called": "a"}, {"exit_code": 0}, False),
        ({"tool_order": ["a"]}, {"not": {"tool_order": ["a"]}}, True),
        ({"contains": "a"}, {"not": {"equals": "a"}}, False),
        ({"json_path": "$.a", "equals": None}, {"not": {"json_path": "$.a", "contains": None}}, False),
    ],
)
def test_calls_that_contradict(one: dict[str, Any], other: dict[str, Any], expected: bool) -> None:
    assert cases_can_pass._excludes(made(one), made(other)) is expected
    assert cases_can_pass._excludes(made(other), made(one)) is expected


def test_nesting_ends_before_the_stack_does() -> None:
    assert findings("{not: " * 80 + "{contains: a}" + "}" * 80) == []
    deep: dict[str, Any] = {"contains": "a"}
    for _ in range(80):
        deep = {"not": deep}
    assert failure_of(made(deep), Produced(0, "a")) is None


def test_a_check_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError):
        made({"exit_code": 0, "unknown": 1})


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("$[", "unexpected end of query"),
        ("$[?" + "(" * 3000, "maximum recursion"),
        ("$[" + "1" * 5000 + "]", "Exceeds"),
        ("$[?@.a =~ /(/]", "missing )"),
    ],
)
def test_what_is_no_json_path(path: str, sentence: str) -> None:
    said = json_path.problem(path)
    assert said is not None
    assert said.startswith(f"`json_path` is not a JSON path: {sentence}")
    assert json_path.problem("$.a[0]") is None
