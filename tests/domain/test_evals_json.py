"""`evals.json` of the Agent Skills convention runs as it is, in both of its spellings."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import suite as suites
from skillctl.domain.suite import ReadSuite
from tests.domain.made import told


def read(data: Any) -> tuple[ReadSuite | None, list[Any]]:
    return suites.read_convention("evals/csv-analyzer", json.dumps(data, indent=1).encode())


GUIDE = {
    "skill_name": "csv-analyzer",
    "evals": [
        {
            "id": 1,
            "prompt": "which month sold most?",
            "expected_output": "a chart, and the month",
            "files": ["evals/files/sales_2025.csv"],
            "assertions": ["The output includes a bar chart image file", "It names May"],
        }
    ],
}


def test_the_guide_of_agent_skills() -> None:
    found, findings = read(GUIDE)
    assert findings == []
    assert found is not None
    (case,) = found.suite.cases
    assert (case.id, case.prompt, case.kind) == ("eval-1", "which month sold most?", "ask")
    assert case.ask is not None
    assert case.ask.attached == ["evals/files/sales_2025.csv"]
    assert [check.rubric for check in case.expect] == [["The output includes a bar chart image file", "It names May"]]
    assert (found.suite.runner, found.suite.judge, found.suite.counted) == ("default", "judge", [])


@pytest.mark.parametrize(
    ("said", "rubric"),
    [
        ({"assertions": ["a"]}, ["a"]),
        ({"expectations": ["b"]}, ["b"]),
        ({"assertions": ["a"], "expected_output": "c"}, ["a"]),
        ({"assertions": [], "expected_output": "c"}, ["c"]),
        ({"assertions": [], "expectations": ["b"]}, ["b"]),
        ({"expected_output": "c"}, ["c"]),
        ({"expected_output": "c", "files": None, "name": "anything", "notes": []}, ["c"]),
    ],
)
def test_what_is_expected(said: dict[str, Any], rubric: list[str]) -> None:
    found, findings = read({"evals": [{"id": "basic", "prompt": "p", **said}]})
    assert findings == []
    assert found is not None
    assert found.suite.skill == "csv-analyzer"
    assert [check.rubric for check in found.suite.cases[0].expect] == [rubric]


@pytest.mark.parametrize(
    ("item", "code", "message"),
    [
        (
            {"id": 2, "prompt": "p", "expected_output": ""},
            "SK105",
            "`cases.1`: a case needs `expect`, with a check at least",
        ),
        ({"id": 2, "prompt": "p"}, "SK105", "`cases.1`: a case needs `expect`, with a check at least"),
        (
            {"id": 2, "prompt": "p", "expected_output": 5},
            "SK104",
            "`cases.1.expect.0.rubric.0` must be text, not the number `5`",
        ),
        ({"id": 2, "prompt": "p", "assertions": "one"}, "SK104", "`cases.1.expect.0.rubric` must be a list, not `one`"),
        ({"id": 2, "expected_output": "c"}, "SK104", "`cases.1.ask.prompt` must be text, not empty"),
        ({"prompt": "p", "expected_output": "c"}, "SK104", "`cases.1.id` must be text, not empty"),
        (
            {"id": 2, "prompt": "p", "expected_output": "c", "files": ["../secret"]},
            "SK105",
            "`cases.1.ask.attached.0`: `../secret` is not a path within the folder",
        ),
        ({"id": 1, "prompt": "p", "expected_output": "c"}, "SK310", "two cases have the id `eval-1`"),
        ("no case", "SK104", "`cases.1` must be a mapping, not `no case`"),
    ],
)
def test_what_cannot_be_read_is_told_where_it_stands(item: Any, code: str, message: str) -> None:
    found, findings = read({**GUIDE, "evals": [*GUIDE["evals"], item]})
    assert [(code, message)] == [(one.code, one.message) for one in findings]
    # The second of the evals begins there, however deep in it the problem is.
    assert findings[0].line >= 14
    assert found is not None
    assert found.suite.cases[0].id == "eval-1"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"skill_name": "csv-analyzer"}, ("SK104", 1, 1, "`cases` must be a list, not empty")),
        ({"evals": {"1": {}}}, ("SK104", 2, 11, "`cases` must be a list, not a mapping")),
        ({"evals": []}, ("SK105", 2, 11, "`cases` is empty")),
        ([], ("SK005", 1, 1, "the document is not a mapping; `key: value` lines are expected")),
    ],
)
def test_what_is_no_convention(data: Any, expected: tuple[str, int, int, str]) -> None:
    found, findings = read(data)
    assert (found, told(findings)) == (None, [expected])


def test_the_suite_of_another_skill() -> None:
    found, findings = read({**GUIDE, "skill_name": "other"})
    assert found is not None
    message = "the suite is of `other` but lies in the folder of `csv-analyzer`"
    assert told(findings) == [("SK301", 2, 16, message)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_ITEM = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("id", "prompt", "expected_output", "files", "assertions", "expectations"), _JSON)
)


@given(data=st.fixed_dictionaries({"evals": _JSON | st.lists(_ITEM, max_size=3)}, optional={"skill_name": _JSON}))
def test_whatever_is_written_there_is_read_or_told_of_and_never_counts(data: Any) -> None:
    found, findings = read(data)
    assert found is not None or findings
    assert found is None or found.suite.counted == []
