"""Checks that could run for ever: judged in bounded time, and like the others where they end."""

from typing import Any

import pytest

from skillctl.adapters import check_worker
from skillctl.adapters.bounded_checks import BoundedChecks
from skillctl.domain.checks import BrokenCheck, Check, Produced
from skillctl.domain.evidence import Outcome
from skillctl.workflows.evaluate import judge


@pytest.fixture(scope="module")
def checks() -> BoundedChecks:
    return BoundedChecks(0.5)


def failure(checks: BoundedChecks, check: dict[str, Any], stdout: str) -> str | None:
    return checks.failure(Check.model_validate(check), Produced(0, stdout, ""))


def twice(number: int) -> dict[str, Any]:
    return {"allOf": [{"$ref": f"#/$defs/d{number}"}] * 2}


SLOW: list[tuple[dict[str, Any], str]] = [
    ({"regex": "(a+)+$"}, "a" * 40 + "b"),
    ({"regex": "(a|a)" * 40 + "$"}, "a" * 40 + "b"),
    ({"regex": r"\s+$"}, " " * 1_000_000 + "b"),
    ({"json_path": "$[?match(@.a, '(a+)+')]", "equals": 1}, '[{"a": "' + "a" * 40 + 'b"}]'),
    ({"json_path": "$[?search(@.a, '(a+)+$')]", "equals": 1}, '[{"a": "' + "a" * 40 + 'b"}]'),
    ({"json_path": "$.a", "regex": "(a+)+$"}, '{"a": "' + "a" * 40 + 'b"}'),
    ({"json_path": "$" + "..*" * 20, "equals": 1}, "[" * 40 + "]" * 40),
    ({"json_path": "$" + "[*,*]" * 40, "equals": 1}, "[" * 60 + "]" * 60),
    ({"json_schema": {"pattern": "(a+)+$"}}, '"' + "a" * 40 + 'b"'),
    (
        {"json_schema": {"$ref": "#/$defs/d0", "$defs": {**{f"d{n}": twice(n + 1) for n in range(40)}, "d40": True}}},
        "1",
    ),
    ({"contains_json": True}, ("[" + "1," * 500) * 900),
    ({"any_of": [{"equals": "a"}, {"regex": "(a+)+$"}]}, "a" * 40 + "b"),
]


@pytest.mark.parametrize(("check", "stdout"), SLOW)
def test_a_check_without_end_is_errored(checks: BoundedChecks, check: dict[str, Any], stdout: str) -> None:
    outcome, reasons = judge([Check.model_validate(check)], Produced(0, stdout, ""), checks.failure)
    assert (outcome, reasons) == (Outcome.ERRORED, ["check took longer than 0.5 s"])


def test_one_that_was_ended_does_not_spoil_the_next(checks: BoundedChecks) -> None:
    with pytest.raises(BrokenCheck):
        failure(checks, *SLOW[0])
    assert failure(checks, {"regex": "(a+)b"}, "aab") is None
    assert failure(checks, {"regex": "(a+)b"}, "c") == "`(a+)b` does not match `c`"
    assert failure(checks, {"json_path": "$..a", "equals": [1, 2.0, None, "ü"]}, '{"a": [1, 2.0, null, "ü"]}') is None
    assert failure(checks, {"json_path": "$..a", "equals": 2.0}, '{"a": 2}') == "`$..a` is `2`, expected `2.0`"
    assert failure(checks, {"json_path": "$..a", "regex": "^x"}, '{"a": "x"}') is None
    with pytest.raises(BrokenCheck, match="needs JSON, which `no` is not"):
        failure(checks, {"json_path": "$..a", "equals": 2}, "no")


def test_one_without_end_does_not_keep_another_from_holding(checks: BoundedChecks) -> None:
    assert failure(checks, {"any_of": [{"regex": "(a+)+$"}, {"contains": "b"}]}, "a" * 40 + "b") is None


def test_what_the_process_is_told(checks: BoundedChecks) -> None:
    """The same answers as in this process: of files, decimals and schemas too."""
    produced = Produced(0, "", files={"a.json": '{"a": "1000.00"}', "b.txt": "b"})
    told: list[tuple[dict[str, Any], str | None]] = [
        ({"file": "a.json", "json_path": "$..a", "number": "1000", "tolerance": 0.5}, None),
        ({"file": "a.json", "json_path": "$..a", "number": 1}, "`$..a` is `1000.00`, which is not `1`"),
        ({"file": "a.json", "json_schema": {"properties": {"a": {"pattern": "^1(0+)"}}}}, None),
        ({"file": "b.txt", "regex": "(b+)+"}, None),
        ({"type": "not-regex", "value": "(x+)+"}, None),
    ]
    for check, said in told:
        assert checks.failure(Check.model_validate(check), produced) == said


def test_one_that_eats_memory_is_errored(monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(_check: Check, _produced: Produced) -> None:
        raise MemoryError

    monkeypatch.setattr("skillctl.adapters.check_worker.failure_of", hungry)
    said = check_worker._answer(b'{"check": {"exit_code": 0}, "produced": [0, "", ""]}')
    assert said == {"failure": None, "broken": "check needs more than 1,073,741,824 bytes of memory"}


def test_a_process_that_somebody_ended_is_named(checks: BoundedChecks) -> None:
    failure(checks, {"regex": "(a+)b"}, "aab")
    assert checks._worker is not None
    checks._worker.kill()
    checks._worker.wait()
    with pytest.raises(BrokenCheck, match="check ended the process that judges"):
        failure(checks, {"regex": "(a+)b"}, "aab")
    assert failure(checks, {"regex": "(a+)b"}, "aab") is None


def test_simple_checks_need_no_process() -> None:
    checks = BoundedChecks()
    assert failure(checks, {"all_of": [{"contains": "a"}, {"not": {"json_schema": {"type": "string"}}}]}, "a") is None
    assert failure(checks, {"regex": "^error: .*x"}, "error: x") is None
    assert failure(checks, {"json_path": "$.a[0]['b'].*", "equals": 1}, '{"a": [{"b": [1]}]}') is None
    assert checks._worker is None


def test_reasons_hold_nothing_that_steers_a_terminal_or_stops_a_store() -> None:
    check = Check.model_validate({"json_path": "$.a", "equals": "x"})
    produced = Produced(0, r'{"a": "\u0000\ud800\u001b[2J\u202e"}', "")
    outcome, (reason,) = judge([check], produced, BoundedChecks().failure)
    assert outcome is Outcome.FAILED
    assert reason == r"`$.a` is `\x00\ud800\x1b[2J\u202e`, expected `x`"
    reason.encode()
    assert judge([check], "a\x1b\ud800", BoundedChecks().failure) == (Outcome.ERRORED, [r"a\x1b\ud800"])
