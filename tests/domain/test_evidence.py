"""Which evidence counts for what, what it says, and that what was written once keeps its bytes."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from skillctl.domain import approval, canonical
from skillctl.domain.approval import Statement
from skillctl.domain.evidence import (
    CaseResult,
    Evidence,
    EvidenceClass,
    Lost,
    Outcome,
    Stale,
    Subject,
    Verdict,
    find,
    pass_rate_of,
)
from tests.domain.made import OTHER, POLICY, SKILL, SUITE, answered, answers, case, evidence

P, F, E = Outcome
D, R, L, X = EvidenceClass
INPUTS = {"runner live": "r1", "cassette live": "c1"}
SUBJECT = Subject("adder", SKILL, SUITE, POLICY, "script/1", None)


@pytest.mark.parametrize(
    ("outcomes", "rate"), [([], 0.0), ([P], 1.0), ([P, F], 0.5), ([F], 0.0), ([E], 0.0), ([P, E, F, P], 0.5)]
)
def test_the_pass_rate_is_of_all_cases(outcomes: list[Outcome], rate: float) -> None:
    assert pass_rate_of([case(outcome) for outcome in outcomes]) == rate


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("skill", "skill_digest", OTHER),
        ("suite", "suite_digest", OTHER),
        ("policy", "policy_digest", OTHER),
        ("runner", "runner", "script/2"),
        ("model", "model", "opus"),
    ],
)
def test_one_changed_input_is_stale_and_named(part: str, field: str, value: str) -> None:
    record = evidence()
    changed: dict[str, Any] = {field: value}
    found = find([record], replace(SUBJECT, **changed))
    then = getattr(record, field) or "none"
    assert found == Stale(record, ((part, then, value),))
    assert find([record], SUBJECT) is record


@pytest.mark.parametrize(
    ("measured", "now", "differences"),
    [
        (INPUTS, INPUTS, None),
        (INPUTS, INPUTS | {"cassette live": "c2"}, (("cassette live", "c1", "c2"),)),
        (INPUTS, {"runner live": "r1"}, (("cassette live", "c1", "none"),)),
        ({}, {"catalogue": "k"}, (("catalogue", "none", "k"),)),
        # The same answers, but of a runner that the suite does not name.
        (INPUTS, {"runner other": "r1"}, (
            ("cassette live", "c1", "none"), ("runner live", "r1", "none"), ("runner other", "none", "r1"),
        )),
        ({"recorder live": "rehearsal"}, {"recorder live": "recorded"}, (("recorder live", "rehearsal", "recorded"),)),
    ],
)  # fmt: skip
def test_each_input_that_changed_is_named(measured: dict[str, str], now: dict[str, str], differences: Any) -> None:
    record = evidence(inputs=measured)
    found = find([record], replace(SUBJECT, inputs=now))
    assert found == (record if differences is None else Stale(record, differences))


def test_the_key_of_a_subject_is_of_all_of_it() -> None:
    changes: list[dict[str, Any]] = [
        {name: {"x": "y"} if name == "inputs" else "other"} for name in Subject.__struct_fields__
    ]
    others = [replace(SUBJECT, **changed) for changed in changes]
    assert len({SUBJECT.key, *(other.key for other in others)}) == len(others) + 1
    assert SUBJECT.key == replace(SUBJECT).key


def test_evidence_of_another_skill_is_none() -> None:
    assert find([evidence(skill="other")], SUBJECT) is None
    assert find([], SUBJECT) is None


def test_the_newest_fresh_record_counts_even_if_it_failed() -> None:
    passed = evidence(finished_at="2026-11-22T11:00:01Z")
    failed = evidence(finished_at="2026-11-22T11:00:02Z", verdict=Verdict.FAILED, pass_rate=0.0, cases=[case(F)])
    stale = evidence(finished_at="2026-11-22T11:00:03Z", skill_digest=OTHER)
    assert find([passed, stale, failed], SUBJECT) is failed


def test_of_stale_records_the_nearest_explains_and_then_the_newest() -> None:
    near = evidence(skill_digest=OTHER, finished_at="2026-11-22T11:00:01Z")
    newer = evidence(skill_digest=OTHER, finished_at="2026-11-22T11:00:02Z")
    far = evidence(skill_digest=OTHER, suite_digest=OTHER, finished_at="2026-11-22T11:00:09Z")
    found = find([near, newer, far], SUBJECT)
    assert isinstance(found, Stale)
    assert found.evidence is newer


def test_a_record_survives_json_and_keeps_its_name() -> None:
    record = evidence(model="opus")
    again = Evidence.model_validate(record.record())
    assert again == record
    assert again.digest == record.digest
    assert record.record()["class"] == "deterministic"
    assert record.count(Outcome.PASSED) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"pass_rate": float("nan")},
        {"pass_rate": float("inf")},
        {"pass_rate": 1.1},
        {"pass_rate": -0.1},
        {"skill_digest": "sha256:1"},
        {"format": 3},
        {"verdict": "fine"},
        {"unknown": 1},
    ],
)
def test_what_is_no_record(changed: dict[str, Any]) -> None:
    """A pass rate that is not a number would be below no bound."""
    with pytest.raises(ValidationError):
        evidence(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"trials": 3},
        {"passed": 1},
        {"passed": 0},
        # More passes than trials, or a pass without them, would lift the rate that the others must reach.
        {"trials": 1, "passed": 2},
        {"trials": 3, "passed": 2},
        {"outcome": F, "trials": 2, "passed": 2},
        {"outcome": F, "trials": 2, "passed": 3},
        {"outcome": E, "trials": 2, "passed": 3},
        {"trials": 0, "passed": 0},
        {"trials": 1, "passed": -1},
        {"baseline": 1.1},
        {"baseline": float("nan")},
        {"without_skill": -0.1},
        {"seconds": float("inf")},
        {"cost": float("nan")},
        {"kind": "guess"},
        {"class": "best"},
    ],
)
def test_what_is_no_case(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CaseResult.model_validate({"id": "q", "outcome": P, "seconds": 0.1} | changed)


@pytest.mark.parametrize(
    ("said", "score", "flaky"),
    [
        (case(P), 1.0, False),
        (case(F), 0.0, False),
        (case(E), 0.0, False),
        (answered(3, 3), 1.0, False),
        (answered(1, 4), 0.25, True),
        (answered(0, 4), 0.0, False),
        # Errored may be a trial of what is served, or one of its own.
        (case(E, trials=2, passed=2), 1.0, False),
        (case(E, trials=2, passed=1), 0.5, True),
    ],
)
def test_scores(said: CaseResult, score: float, flaky: bool) -> None:
    assert (said.score, said.is_flaky) == (score, flaky)


@pytest.mark.parametrize(
    ("said", "classes", "is_right"),
    [
        (D, [], True), (D, [None], True), (D, [D], True), (R, [D, R], True), (L, [L, R], True), (X, [X, D], True),
        (X, [], True), (X, [R], True), (X, [None], True),
        (D, [R], False), (R, [L], False), (L, [X], False), (L, [R], False),
        (R, [], False), (R, [None], False), (L, [None, None], False), (R, [D], False),
    ],
)  # fmt: skip
def test_the_class_is_that_of_the_cases(said: EvidenceClass, classes: list[EvidenceClass], is_right: bool) -> None:
    cases = [case(name=f"c{number}", evidence_class=one) for number, one in enumerate(classes)]
    refused = nullcontext() if is_right else pytest.raises(ValidationError, match="`class` is")
    with refused:
        assert evidence(evidence_class=said, cases=cases).evidence_class is said


def test_no_case_proves_anything_twice() -> None:
    for fields in ({"cases": [case(), case()]}, {"cases": [case()], "shown": [case()]}):
        with pytest.raises(ValidationError, match="case `adds` is there twice"):
            evidence(**fields)


def test_nothing_measured_is_a_record_too() -> None:
    record = evidence(cases=[], pass_rate=0.0, verdict=Verdict.ERRORED)
    assert Evidence.model_validate(record.record()) == record


def test_what_is_not_said_is_left_out_of_new_fields_alone() -> None:
    record = evidence(cases=[case(trials=1, passed=1), case(F, "none", trials=2, passed=0, baseline=0.0, cost=0.0)])
    said = record.record()
    assert {"inputs", "shown", "lost"}.isdisjoint(said)
    assert said["model"] is None
    assert said["cases"] == [
        {"id": "adds", "outcome": "passed", "seconds": 0.1, "reasons": [], "trials": 1, "passed": 1},
        {
            "id": "none", "outcome": "failed", "seconds": 0.1, "reasons": [],
            "trials": 2, "passed": 0, "baseline": 0.0, "cost": 0.0,
        },
    ]  # fmt: skip
    full = evidence(
        inputs=INPUTS,
        shown=[case(name="shown")],
        lost=[Lost(skill="subtracter", case="fires")],
        evidence_class=R,
        cases=answers(1, kind="trigger"),
    )
    assert full.record()["lost"] == [{"skill": "subtracter", "case": "fires"}]
    assert full.record()["cases"][0]["class"] == "recorded"
    assert Evidence.model_validate(full.record()) == full


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_FORMAT_1 = st.fixed_dictionaries(
    {
        "format": st.just(1),
        "skill": _TEXT,
        "version": _TEXT,
        "skill_digest": st.just(SKILL),
        "suite_digest": st.just(SUITE),
        "policy_digest": st.just(POLICY),
        "runner": _TEXT,
        "model": st.none() | _TEXT,
        "class": st.sampled_from(["deterministic", "rehearsal"]),
        "verdict": st.sampled_from([one.value for one in Verdict]),
        "pass_rate": st.floats(0, 1),
        "cases": st.lists(
            st.fixed_dictionaries(
                {
                    "id": _TEXT,
                    "outcome": st.sampled_from([one.value for one in Outcome]),
                    "seconds": st.floats(0, 1e6),
                    "reasons": st.lists(_TEXT, max_size=2),
                }
            ),
            max_size=3,
            unique_by=lambda one: str(one["id"]),
        ),
        "started_at": _TEXT,
        "finished_at": _TEXT,
        "tool": _TEXT,
        "commit": st.none() | _TEXT,
        "dirty": st.booleans(),
    }
)


@given(data=_FORMAT_1)
def test_a_record_of_the_first_format_keeps_its_bytes(data: dict[str, Any]) -> None:
    read = Evidence.model_validate_json(canonical.text(data))
    assert canonical.text(read.record()) == canonical.text(data)
    assert read.digest == canonical.sha256(data)


#: As the commits name it that brought these approvals in.
APPROVED_ON = {
    "bi-architect": "94ee99caea68958250cb32ed71315b924fa12db6d52259ff99f4bb45dee2d370",
    "finance-ssc": "70682446f3244277bd6c26e6a0b02ef99c6f8c26b9b9417567e6c20594325750",
    "kubernetes-genius": "0761c9dbfaecad662c52835b3601cec4dbf65f0adafef0bd652aeab026276486",
    "odoo-developer": "39bb870cabcd141aa0b61a70bd21147113c5394df56073d9925009c3d613d0db",
}


@pytest.mark.parametrize(("name", "digest"), APPROVED_ON.items())
def test_evidence_of_the_first_format_keeps_its_name(project: Path, name: str, digest: str) -> None:
    """It was written before there were answers of models; with a byte more, its approval would be of nothing."""
    said = approval.read((project / approval.path_of(name, "1.0.0")).read_bytes())
    assert isinstance(said, Statement)
    record = said.predicate.evidence
    assert (record.format, record.digest) == (1, digest)
    assert {(one.kind, one.evidence_class, one.trials, one.passed) for one in record.cases} == {(None,) * 4}


def test_every_approval_of_this_repository_keeps_its_bytes(project: Path) -> None:
    files = sorted(project.glob("approvals/*/*/approval.json"))
    assert len(files) >= len(APPROVED_ON)
    for file in files:
        said = approval.read(file.read_bytes())
        assert isinstance(said, Statement), file
        assert said.text().encode() == file.read_bytes()
