"""The kinds of check: when each holds, what it says when it does not, and when it cannot be carried out."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from skillctl.domain.checks import BrokenCheck, Check, Produced, ToolCall, failure_of, file_produced, number, tool_order
from skillctl.domain.checks.calls import Wanted

DATA = '{"tax": "1000.00", "count": 2, "share": 0.5, "ok": true, "none": null, "tags": ["a", "b"], "rows": [{"n": 1}]}'
DEEP = "[" * 900 + "1" + "]" * 900
FILES = {"out/sum.json": '{"sum": 42}', "log.txt": "Done\n"}
CALLS = (
    ToolCall("search", {"query": "tax", "limit": 5}),
    ToolCall("create", {"model": "invoice", "values": {"amount": "1000.00", "lines": [1, 2]}}),
    ToolCall("search", {"query": "certificate"}),
)
PRODUCED = Produced(0, "", files=FILES, calls=CALLS, seconds=1.5, cost=0.02)


def failure(check: dict[str, Any], stdout: str = "", stderr: str = "", exit_code: int = 0) -> str | None:
    return failure_of(Check.model_validate(check), Produced(exit_code, stdout, stderr))


@pytest.mark.parametrize(
    ("check", "stdout"),
    [
        ({"exit_code": 0}, ""),
        ({"equals": "42"}, "42\n"),
        ({"equals": "42"}, "42\r\n"),
        ({"equals": "42"}, "42"),
        ({"equals": ""}, "\n"),
        ({"contains": "odoo_erp"}, "use odoo_erp, never the lab"),
        ({"not_contains": "lab"}, "use odoo_erp"),
        ({"icontains": "GRÖSSE"}, "die größe"),
        ({"starts_with": "use"}, "use odoo_erp"),
        ({"regex": r"^b$"}, "a\nb\nc"),
        ({"number": 1000}, "1000.00\n"),
        ({"number": "1000.00"}, " 1e3 "),
        ({"number": 0.3}, "0.30"),
        ({"number": 10, "tolerance": 0.1}, "9.9"),
        ({"number": 10, "tolerance": 0.1}, "10.1"),
        ({"number": -1}, "-1."),
        ({"json_path": "$.tax", "equals": "1000.00"}, DATA),
        ({"json_path": "$.count", "equals": 2}, DATA),
        ({"json_path": "$.ok", "equals": True}, DATA),
        ({"json_path": "$.none", "equals": None}, DATA),
        ({"json_path": "$.rows", "equals": [{"n": 1}]}, DATA),
        ({"json_path": "$.tags[*]", "contains": "b"}, DATA),
        ({"json_path": "$.tax", "contains": "1000"}, DATA),
        ({"json_path": "$.rows[*].n", "contains": 1}, DATA),
        ({"json_path": "$.tags[*]", "not_contains": "c"}, DATA),
        ({"json_path": "$.count", "not_contains": "2"}, DATA),
        ({"json_path": "$.tags[*]", "icontains": "B"}, DATA),
        ({"json_path": "$.*", "starts_with": "1000"}, DATA),
        ({"json_path": "$.tags[*]", "regex": "^b"}, DATA),
        ({"json_path": "$.count", "regex": r"^\d$"}, DATA),
        ({"json_path": "$.tax", "number": 1000}, DATA),
        ({"json_path": "$.count", "number": "2.0"}, DATA),
        ({"json_path": "$.share", "number": 0.4, "tolerance": 0.1}, DATA),
        ({"json_path": "$[?@.a > 1].a", "equals": 2}, '[{"a": "x"}, {"a": 2}]'),
    ],
)
def test_what_holds(check: dict[str, Any], stdout: str) -> None:
    assert failure(check, stdout) is None


@pytest.mark.parametrize(
    ("check", "stdout", "sentence"),
    [
        ({"equals": "42"}, "41\n", "`41` is not `42`"),
        ({"equals": "42"}, "42\n\n", "`42⏎` is not `42`"),
        ({"contains": "lab"}, "erp", "`lab` is not in `erp`"),
        ({"not_contains": "lab"}, "the lab", "`lab` is in `the lab`"),
        ({"icontains": "LAB"}, "erp", "`LAB`, in whatever case, is not in `erp`"),
        ({"starts_with": "lab"}, "the lab", "`the lab` does not start with `lab`"),
        ({"regex": "^a$"}, "ab", "`^a$` does not match `ab`"),
        ({"number": 1000}, "1000.01\n", "`1000.01` is not `1000`"),
        ({"number": 10, "tolerance": 0.1}, "10.11", "`10.11` is not `10`, within 0.1"),
        ({"number": 1000}, "PHP 1000", "`PHP 1000` is not a number"),
        ({"number": 1000}, "1,000", "`1,000` is not a number"),
        ({"number": 0}, "", "`` is not a number"),
        ({"number": 0}, "NaN", "`NaN` is not a number"),
        ({"number": 1, "tolerance": 1e300}, "1e999999999", "`1e999999999` is not `1`, within 1e+300"),
        ({"json_path": "$.tax", "equals": "1"}, DATA, "`$.tax` is `1000.00`, expected `1`"),
        ({"json_path": "$.count", "equals": "2"}, DATA, "`$.count` is `2`, expected `2`"),
        ({"json_path": "$.count", "equals": 2.0}, DATA, "`$.count` is `2`, expected `2.0`"),
        ({"json_path": "$.ok", "equals": 1}, DATA, "`$.ok` is `True`, expected `1`"),
        ({"json_path": "$.rows", "equals": [{"n": True}]}, DATA, "`$.rows` is `[{'n': 1}]`, expected `[{'n': True}]`"),
        ({"json_path": "$.tags[*]", "contains": "c"}, DATA, "no value at `$.tags[*]` holds `c`: `['a', 'b']`"),
        ({"json_path": "$.count", "contains": 3}, DATA, "no value at `$.count` holds `3`: `[2]`"),
        ({"json_path": "$.tags[*]", "not_contains": "b"}, DATA, "a value at `$.tags[*]` holds `b`: `['a', 'b']`"),
        ({"json_path": "$.count", "not_contains": 2}, DATA, "a value at `$.count` holds `2`: `[2]`"),
        ({"json_path": "$.count", "icontains": "2"}, DATA, "no value at `$.count` holds `2`, in whatever case: `[2]`"),
        ({"json_path": "$.count", "starts_with": "2"}, DATA, "no value at `$.count` starts with `2`: `[2]`"),
        ({"json_path": "$.tags[*]", "regex": "^c"}, DATA, "no value at `$.tags[*]` matches `^c`: `['a', 'b']`"),
        ({"json_path": "$.tax", "number": 999}, DATA, "`$.tax` is `1000.00`, which is not `999`"),
        ({"json_path": "$.ok", "number": 1}, DATA, "`$.ok` is `True`, which is not a number"),
        ({"json_path": "$.none", "number": 0}, DATA, "`$.none` is `None`, which is not a number"),
        ({"json_path": "$.missing", "equals": 1}, DATA, "`$.missing` matches nothing in stdout"),
        ({"json_path": "$.missing", "not_contains": 1}, DATA, "`$.missing` matches nothing in stdout"),
    ],
)
def test_each_failure_is_one_sentence(check: dict[str, Any], stdout: str, sentence: str) -> None:
    assert failure(check, stdout) == sentence


def test_an_exit_code_tells_what_the_script_said() -> None:
    assert failure({"exit_code": 0}, exit_code=3) == "exit code 3, expected 0"
    assert failure({"exit_code": 0}, exit_code=-9, stderr="no\nmoney\n") == "exit code -9, expected 0: `no⏎money`"


def test_the_other_stream() -> None:
    assert failure({"stream": "stderr", "contains": "x"}, "", "xyz") is None
    assert failure({"stream": "stderr", "json_path": "$.a", "equals": 1}, "", "{}") == "`$.a` matches nothing in stderr"


@pytest.mark.parametrize(
    ("check", "stdout", "sentence"),
    [
        ({"json_path": "$.a", "equals": 1}, "no JSON", "`$.a` needs JSON, which `no JSON` is not"),
        ({"json_path": "$.a", "equals": 1}, "", "`$.a` needs JSON, which `` is not"),
        ({"json_path": "$.a", "equals": 1}, "[" * 100_000, "`$.a` needs JSON, which `[["),
        ({"json_path": "$.a", "equals": 1}, "1" * 5000, "`$.a` needs JSON, which `11"),
        ({"json_path": "$..a", "equals": 1}, DEEP, "`$..a` cannot be looked up in `[["),
        ({"json_path": "$", "equals": 1}, DEEP, "`$` selects what is nested too deep to be compared"),
        ({"json_path": "$[", "equals": 1}, "{}", "`json_path` is not a JSON path: unexpected end of query"),
        ({"json_path": "$", "contains": "x"}, DEEP, "`$` selects what is nested too deep to be compared"),
        ({"cost": 1}, "", "`cost` cannot be judged: nobody knows what this case cost"),
    ],
)
def test_what_cannot_be_carried_out_is_neither_passed_nor_failed(
    check: dict[str, Any], stdout: str, sentence: str
) -> None:
    with pytest.raises(BrokenCheck) as caught:
        failure(check, stdout)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"file": "log.txt", "equals": "Done"}, None),
        ({"file": "log.txt", "contains": "Sum"}, "`Sum` is not in `Done⏎`"),
        ({"file": "out/sum.json", "json_path": "$.sum", "number": 42}, None),
        ({"file": "out/sum.json", "json_path": "$.n", "number": 42}, "`$.n` matches nothing in `out/sum.json`"),
        ({"file": "sum.json", "equals": "x"}, "`sum.json` was not made or changed: those were `log.txt, out/sum.json`"),
        ({"file": "a", "not_contains": "x"}, "`a` was not made or changed: those were `log.txt, out/sum.json`"),
        ({"not": {"file": "a", "contains": "x"}}, None),
        ({"file_produced": "log.txt"}, None),
        ({"file_produced": "out/*.json"}, None),
        ({"file_produced": "*.json"}, "no file `*.json` was made or changed: those were `log.txt, out/sum.json`"),
        ({"latency": 1.5}, None),
        ({"latency": 1}, "took 1.5 s, more than 1 s"),
        ({"cost": 0.02}, None),
        ({"cost": 0.01}, "cost $0.02, more than $0.01"),
    ],
)
def test_what_else_was_produced(check: dict[str, Any], said: str | None) -> None:
    assert failure_of(Check.model_validate(check), PRODUCED) == said


def test_no_file_at_all() -> None:
    assert failure({"file_produced": "a"}) == "no file `a` was made or changed: there was none"
    assert failure({"file": "a", "equals": ""}) == "`a` was not made or changed: there was none"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a.txt", "a.txt", True),
        ("*.txt", "a.txt", True),
        ("*.txt", "b/a.txt", False),
        ("*/a.txt", "b/a.txt", True),
        ("**", "c/b/a.txt", True),
        ("**/a.txt", "a.txt", True),
        ("**/a.txt", "c/b/a.txt", True),
        ("c/**/a.txt", "c/a.txt", True),
        ("c/**/*.txt", "c/d/e/a.txt", True),
        ("c/**/b.txt", "c/d/a.txt", False),
        ("**/**/x/**", "a/x", True),
        ("a?[0-9].csv", "ab7.csv", True),
        ("A.txt", "a.txt", False),
        ("a/b", "a", False),
    ],
)
def test_patterns_of_files(pattern: str, path: str, expected: bool) -> None:
    assert file_produced.matches(pattern, path) is expected


def test_a_path_is_itself_though_it_looks_like_a_pattern() -> None:
    check = Check.model_validate({"file_produced": "report[1].txt"})
    assert failure_of(check, Produced(0, "", files={"report[1].txt": ""})) is None


NAMES = "called were `search, create, search`"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"tool_called": "create"}, None),
        ({"tool_called": {"name": "create", "arguments": {"model": "invoice"}}}, None),
        ({"tool_called": {"name": "create", "arguments": {"values": {"amount": "1000.00"}}}}, None),
        ({"tool_called": {"name": "create", "arguments": {"values": {"lines": [1, 2]}}}}, None),
        ({"tool_called": {"name": "search", "times": 2}}, None),
        ({"tool_called": {"name": "search", "at_least": 2}}, None),
        ({"tool_called": {"name": "search", "at_most": 2}}, None),
        ({"tool_called": {"name": "delete", "at_least": 0, "at_most": 2}}, None),
        ({"tool_called": {"name": "delete", "times": 0}}, None),
        ({"tool_called": "delete"}, f"`delete` was not called, expected at least once: {NAMES}"),
        (
            {"tool_called": {"name": "search", "arguments": {"limit": 5.0}}},
            "`search` with `{'limit': 5.0}` was not called, expected at least once: it was called with `[{'query': 'ta",
        ),
        (
            {"tool_called": {"name": "delete", "arguments": {"id": 5}}},
            f"`delete` with `{{'id': 5}}` was not called, expected at least once: {NAMES}",
        ),
        ({"tool_called": {"name": "search", "times": 1}}, f"`search` was called 2 times, expected once: {NAMES}"),
        (
            {"tool_called": {"name": "search", "at_most": 1, "at_least": 0}},
            f"`search` was called 2 times, expected at most once: {NAMES}",
        ),
        (
            {"tool_called": {"name": "create", "at_least": 2, "at_most": 3}},
            f"`create` was called once, expected 2 to 3 times: {NAMES}",
        ),
        ({"tool_not_called": "delete"}, None),
        ({"tool_not_called": "search"}, "`search` was called with `{'query': 'tax', 'limit': 5}`"),
        ({"tool_order": ["search", "create", "search"]}, None),
        ({"tool_order": ["search", "search"]}, None),
        ({"tool_order": ["create", {"name": "search", "arguments": {"query": "certificate"}}]}, None),
        ({"tool_order": ["delete"]}, f"`delete` was not called: {NAMES}"),
        ({"tool_order": ["create", "search", "search"]}, f"`search` was not called after `search`: {NAMES}"),
        (
            {"tool_order": ["create", {"name": "search", "arguments": {"query": "tax"}}]},
            f"`search` with `{{'query': 'tax'}}` was not called after `create`: {NAMES}",
        ),
    ],
)
def test_the_tools_an_agent_called(check: dict[str, Any], said: str | None) -> None:
    found = failure_of(Check.model_validate(check), PRODUCED)
    assert found == said if said is None else str(found).startswith(said)


@pytest.mark.parametrize(
    "arguments",
    [
        {"model": "partner"},
        {"missing": None},
        {"model": {"name": "invoice"}},
        {"values": {"lines": [1]}},
        {"values": {}, "x": 1},
    ],
)
def test_arguments_that_are_not_there(arguments: dict[str, Any]) -> None:
    assert not Wanted(name="create", arguments=arguments).is_(CALLS[1])


def test_nothing_called() -> None:
    assert failure({"tool_order": ["a"]}) == "`a` was not called: no tool was called"


def test_arguments_without_end_are_broken() -> None:
    deep: Any = 1
    for _ in range(2000):
        deep = [deep]
    check = Check.model_construct(
        _fields_set={"tool_order"}, tool_order=[Wanted.model_construct(name="a", arguments={"x": deep})]
    )
    with pytest.raises(BrokenCheck, match="`tool_order` meets what is nested too deep to be compared"):
        failure_of(check, Produced(0, "", calls=(ToolCall("a", {"x": deep}),)))


@given(some.lists(some.sampled_from("abc"), max_size=8), some.lists(some.sampled_from("abc"), min_size=1, max_size=4))
def test_an_order_holds_if_some_choice_of_calls_is_it(called: list[str], wanted: list[str]) -> None:
    from itertools import combinations

    produced = Produced(0, "", calls=tuple(ToolCall(name, {}) for name in called))
    found = tool_order.failure([Wanted(name=name) for name in wanted], produced) is None
    assert found is (tuple(wanted) in set(combinations(called, len(wanted))))


@given(
    some.decimals(allow_nan=False, allow_infinity=False), some.decimals(allow_nan=False, allow_infinity=False, places=3)
)
def test_numbers_are_read_as_they_are_written(one: Decimal, other: Decimal) -> None:
    assert number.read(str(one)) == one
    assert (number.failure(number.Near(str(other)), f"{one}\n") is None) is (one == other)
    assert number.failure(number.Near(str(one)), str(one)) is None


@given(some.integers(-(10**6), 10**6), some.integers(-(10**6), 10**6), some.integers(0, 1000))
def test_a_tolerance_is_exact(one: int, other: int, tolerance: int) -> None:
    """In hundredths, of which most are no binary fraction."""
    near = number.Near(f"{Decimal(one) / 100}", tolerance / 100)
    assert (number.values_failure(near, [other / 100], "$") is None) is (abs(one - other) <= tolerance)


@given(some.text() | some.floats() | some.integers() | some.none() | some.booleans() | some.lists(some.integers()))
def test_whatever_is_read_as_a_number_is_finite(value: Any) -> None:
    found = number.read(value)
    assert found is None or found.is_finite()
