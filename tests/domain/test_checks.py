"""Checks: when each kind holds, what it says when it does not, and when it cannot be carried out."""

from typing import Any

import pytest
from pydantic import ValidationError

from skillctl.domain import suite
from skillctl.domain.checks import BrokenCheck, Check, Produced, failure_of, json_path, may_take_for_ever
from skillctl.domain.checks.produced import printable, shown

DATA = '{"tax": "1000.00", "count": 2, "share": 0.5, "ok": true, "none": null, "tags": ["a", "b"], "rows": [{"n": 1}]}'


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
        ({"regex": r"^b$"}, "a\nb\nc"),
        ({"json_path": "$.tax", "equals": "1000.00"}, DATA),
        ({"json_path": "$.count", "equals": 2}, DATA),
        ({"json_path": "$.ok", "equals": True}, DATA),
        ({"json_path": "$.none", "equals": None}, DATA),
        ({"json_path": "$.rows", "equals": [{"n": 1}]}, DATA),
        ({"json_path": "$.tags[*]", "contains": "b"}, DATA),
        ({"json_path": "$.tax", "contains": "1000"}, DATA),
        ({"json_path": "$.rows[*].n", "contains": 1}, DATA),
        ({"json_path": "$.tags[*]", "regex": "^b"}, DATA),
        ({"json_path": "$.count", "regex": r"^\d$"}, DATA),
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
        ({"regex": "^a$"}, "ab", "`^a$` does not match `ab`"),
        ({"json_path": "$.tax", "equals": "1"}, DATA, "`$.tax` is `1000.00`, expected `1`"),
        ({"json_path": "$.count", "equals": "2"}, DATA, "`$.count` is `2`, expected `2`"),
        ({"json_path": "$.count", "equals": 2.0}, DATA, "`$.count` is `2`, expected `2.0`"),
        ({"json_path": "$.ok", "equals": 1}, DATA, "`$.ok` is `True`, expected `1`"),
        ({"json_path": "$.rows", "equals": [{"n": True}]}, DATA, "`$.rows` is `[{'n': 1}]`, expected `[{'n': True}]`"),
        ({"json_path": "$.tags[*]", "contains": "c"}, DATA, "no value at `$.tags[*]` holds `c`: `['a', 'b']`"),
        ({"json_path": "$.count", "contains": 3}, DATA, "no value at `$.count` holds `3`: `[2]`"),
        ({"json_path": "$.tags[*]", "regex": "^c"}, DATA, "no value at `$.tags[*]` matches `^c`: `['a', 'b']`"),
        ({"json_path": "$.missing", "equals": 1}, DATA, "`$.missing` matches nothing in stdout"),
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


DEEP = "[" * 900 + "1" + "]" * 900


@pytest.mark.parametrize(
    ("check", "stdout", "sentence"),
    [
        ({"json_path": "$.a", "equals": 1}, "no JSON", "`$.a` needs JSON, but the script printed `no JSON`"),
        ({"json_path": "$.a", "equals": 1}, "", "`$.a` needs JSON, but the script printed ``"),
        ({"json_path": "$.a", "equals": 1}, "[" * 100_000, "`$.a` needs JSON, but the script printed `[["),
        ({"json_path": "$.a", "equals": 1}, "1" * 5000, "`$.a` needs JSON, but the script printed `11"),
        ({"json_path": "$..a", "equals": 1}, DEEP, "`$..a` cannot be looked up in `[["),
        ({"json_path": "$", "equals": 1}, DEEP, "`$` selects what is nested too deep to be compared"),
        ({"json_path": "$[", "equals": 1}, "{}", "`json_path` is not a JSON path: unexpected end of query"),
        ({"json_path": "$", "contains": "x"}, DEEP, "`$` selects what is nested too deep to be compared"),
    ],
)
def test_what_cannot_be_carried_out_is_neither_passed_nor_failed(
    check: dict[str, Any], stdout: str, sentence: str
) -> None:
    with pytest.raises(BrokenCheck) as caught:
        failure(check, stdout)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("check", "length", "expected"),
    [
        ({"exit_code": 0}, 10**6, False),
        ({"equals": "x"}, 10**6, False),
        ({"contains": "x"}, 10**6, False),
        ({"regex": "^error: x|y"}, 10**4, False),
        ({"regex": "^error: .*x"}, 500, False),
        ({"regex": "^error: .*x"}, 10**4, True),
        ({"regex": ".*x.*y"}, 10, True),
        ({"regex": "(a|a)(a|a)"}, 10, True),
        ({"regex": "(a|a)", "stream": "stderr"}, 0, True),
        ({"regex": "x" * 1000}, 10**5, True),
        ({"json_path": "$", "equals": 1}, 10**6, False),
        ({"json_path": "$.a-b['c d'][\"e\"][0][*].*", "equals": 1}, 10**6, False),
        ({"json_path": "$.a", "regex": "a+b+"}, 10, True),
        ({"json_path": "$..a", "equals": 1}, 10, True),
        ({"json_path": "$[?@.a]", "equals": 1}, 10, True),
        ({"json_path": "$[0,1]", "equals": 1}, 10, True),
        ({"json_path": "$[0:1]", "equals": 1}, 10, True),
        ({"json_path": "$['a\\'b']", "equals": 1}, 10, True),
    ],
)
def test_what_may_take_for_ever(check: dict[str, Any], length: int, expected: bool) -> None:
    assert may_take_for_ever(Check.model_validate(check), Produced(0, "x" * length, "")) is expected


def test_what_is_shown_can_be_printed_and_stored() -> None:
    assert shown("a\nb\tc\0") == r"`a⏎b\tc\x00`"
    assert shown("\x1b[2J\ud800\u202e größe") == r"`\x1b[2J\ud800\u202e größe`"
    assert printable(printable("\x1b\n")) == r"\x1b\n"


def test_long_values_are_cut() -> None:
    assert shown("x" * 80) == f"`{'x' * 80}`"
    assert shown("x" * 81) == f"`{'x' * 79}…`"


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        ("{}", "a check is `exit_code`, or one of `equals`, `contains`, `regex`"),
        ("{stream: stderr}", "a check is `exit_code`, or one of `equals`, `contains`, `regex`"),
        ("{exit_code: 0, equals: a}", "a check is `exit_code`, or one of `equals`, `contains`, `regex`"),
        ("{exit_code: 0, stream: stdout}", "a check is `exit_code`, or one of `equals`, `contains`, `regex`"),
        ("{exit_code: 0, json_path: $}", "a check is `exit_code`, or one of `equals`, `contains`, `regex`"),
        ("{equals: a, contains: b}", "a check is `exit_code`, or one of `equals`, `contains`, `regex`"),
        ("{equals: 5}", "`equals` without `json_path` looks at text, so its value must be quoted"),
        ("{contains: }", "`contains` without `json_path` looks at text, so its value must be quoted"),
        ("{contains: ''}", "`contains` is empty, which every text contains"),
        ("{regex: '('}", "`regex` is not a regular expression: missing ), unterminated subpattern at position 0"),
        (
            "{regex: 'a{99999999999999999999}'}",
            "`regex` is not a regular expression: the repetition number is too large",
        ),
        (f"{{regex: '{'(' * 5000}{')' * 5000}'}}", "`regex` is not a regular expression: maximum recursion"),
    ],
)
def test_what_is_no_check(check: str, sentence: str) -> None:
    """Said at the check, and never raised: a suite is somebody else's input."""
    text = f"skill: adder\ncases:\n  - id: a\n    run: {{script: a.py}}\n    expect:\n      - {check}\n"
    read, findings = suite.read("evals/adder", text.encode())
    assert read is None
    (finding,) = findings
    assert (finding.code, finding.line, finding.column) == ("SK105", 6, 9)
    assert finding.message.startswith(f"`cases.0.expect.0`: {sentence}")


def test_a_check_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError):
        Check.model_validate({"exit_code": 0, "unknown": 1})


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
