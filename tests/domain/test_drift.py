"""Drift: each thing that production may hold otherwise than a commit says has its words."""

from copy import deepcopy
from typing import Any

import pytest

from skillctl.domain.drift import FIXED, drifts, expected
from skillctl.domain.production import SkillState, VersionState

WANTED = SkillState("1.0.0", {"1.0.0": VersionState("d", "approved", None)})
FACTS = {"1.0.0": {**{key: key for key in FIXED}, "files": [["a", "100644", "1"], ["b", "100644", "2"]]}}
HELD = {
    "serving": "1.0.0",
    "versions": {"1.0.0": {**FACTS["1.0.0"], "state": "approved", "notice": None, "lost": [], "evidence_fits": True}},
}


def found(change: dict[str, Any], *, is_free: bool = True, **more: Any) -> list[tuple[str, str]]:
    held: Any = deepcopy(HELD) | more
    held["versions"]["1.0.0"] |= change
    return [(one.what, one.kind) for one in drifts("adder", WANTED, FACTS, held, is_free=is_free)]


def test_nothing_is_found_in_what_is_as_it_should_be() -> None:
    assert found({}) == []


@pytest.mark.parametrize("key", FIXED)
def test_another_value_that_was_published(key: str) -> None:
    assert found({key: "other"}) == [(f"has another `{key}`", "altered")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"state": "deprecated"}, ("is deprecated, not approved", "said")),
        ({"notice": {"reason": "x"}}, ("is noticed otherwise", "said")),
        ({"files": [["a", "100644", "1"]]}, ("lacks the row of `b`", "missing")),
        ({"files": [["a", "100644", "1"], ["b", "100755", "2"]]}, ("has another row of `b`", "altered")),
        (
            {"files": [*FACTS["1.0.0"]["files"], ["c", "100644", "3"]]},
            ("has a row of `c`, which was never approved", "altered"),
        ),
        ({"lost": ["f" * 64]}, ("has lost the content ffffffffffff", "missing")),
        ({"evidence_fits": None}, ("has lost its row of evidence", "missing")),
        ({"evidence_fits": False}, ("has a row of evidence that does not say what its bytes say", "altered")),
    ],
)
def test_each_difference(change: dict[str, Any], expected: tuple[str, str]) -> None:
    assert found(change) == [expected]


def test_what_is_served() -> None:
    assert found({}, serving=None) == [("serves nothing, not 1.0.0", "said")]
    assert found({"state": "deprecated"}, serving=None, is_free=False) == [], "a person stopped it"


def test_a_version_that_could_not_be_proved_is_not_compared() -> None:
    assert list(drifts("adder", WANTED, {}, HELD, is_free=True)) == []


def test_a_version_that_is_not_there_or_should_not_be() -> None:
    (gone,) = drifts("adder", SkillState(None, WANTED.versions), FACTS, {}, is_free=True)
    assert (gone.place, gone.what, gone.kind) == ("adder@1.0.0", "is not there", "missing")
    assert list(drifts("adder", SkillState(None, WANTED.versions), FACTS, {}, is_free=False)) == []
    (more,) = drifts("adder", SkillState("1.0.0", {}), {}, HELD, is_free=True)
    assert more.what == "has no approval in the commit"
    (served,) = drifts("adder", SkillState("2.0.0", {}), {}, {"serving": None}, is_free=True)
    assert served.place == "adder"


def test_what_is_expected_of_a_version_lists_its_files_by_their_bytes() -> None:
    files = [("b", "100644", "1" * 64), ("a", "100644", "2" * 64)]
    publish = {**{key: key for key in FIXED}, "definition": {"path": "skill.json"}}
    found = expected(files, publish)
    assert found["files"] == [["a", "100644", "2" * 64], ["b", "100644", "1" * 64]]
    assert (found["definition_path"], found["digest"]) == ("skill.json", "digest")
