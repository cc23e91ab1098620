"""Evidence is of the cases that its suite counts, and of no others."""

from typing import Any

import pytest

from skillctl.domain.evidence import CaseResult, EvidenceClass
from skillctl.domain.gate.measured import other_cases
from skillctl.domain.suite import Suite

SUITE = Suite.model_validate(
    {
        "skill": "adder",
        "trials": 2,
        "cases": [
            {"id": "adds", "run": {"script": "scripts/add.py"}, "expect": [{"equals": "42"}]},
            {"id": "says", "ask": {"prompt": "6 times 7?"}, "expect": [{"contains": "42"}]},
            {"id": "tries", "rehearsal": True, "run": {"script": "scripts/add.py"}, "expect": [{"equals": "42"}]},
        ],
    }
)
CLASSES = {"adds": EvidenceClass.DETERMINISTIC, "says": EvidenceClass.RECORDED}
ADDS = {"id": "adds", "outcome": "passed", "seconds": 1.0}
SAYS = {**ADDS, "id": "says", "kind": "ask", "class": "recorded", "trials": 2, "passed": 2, "baseline": 1.0}


def results(*cases: dict[str, Any]) -> list[CaseResult]:
    return [CaseResult.model_validate(case) for case in cases]


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ([ADDS, SAYS], []),
        ([ADDS, {**SAYS, "class": "rehearsal"}], []),
        ([ADDS], ["says nothing of case `says`"]),
        ([ADDS, SAYS, {**ADDS, "id": "tries"}], ["a case `tries`, which counts for nothing"]),
        ([ADDS, {**SAYS, "class": "live"}], ["calls case `says` `live`, which is `recorded`"]),
        ([ADDS, {**SAYS, "trials": 1, "passed": 1}], ["1 of 2 trials of case `says`"]),
        ([ADDS, {**SAYS, "kind": "run", "class": "deterministic"}], ["`run`, which is `ask`", "`deterministic`"]),
        ([{**ADDS, "kind": "tool"}, SAYS], ["`tool`, which is `run`"]),
        ([ADDS, {**SAYS, "baseline": None}], ["does not compare case `says`"]),
    ],
)
def test_of_other_cases(cases: list[dict[str, Any]], words: list[str]) -> None:
    found = list(other_cases(results(*cases), SUITE, CLASSES, {"says"}))
    assert len(found) == len(words), found
    assert all(word in said for word, said in zip(words, found, strict=True))


def test_where_nothing_is_compared() -> None:
    assert list(other_cases(results(ADDS, {**SAYS, "baseline": None}), SUITE, CLASSES, ())) == []
