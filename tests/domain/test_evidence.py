"""Which evidence counts for what, and what it says."""

import dataclasses
from typing import Any

import pytest
from pydantic import ValidationError

from skillctl.domain.evidence import Evidence, Outcome, Stale, Subject, Verdict, find, pass_rate_of, verdict_of
from tests.domain.made import OTHER, POLICY, SKILL, SUITE, case, evidence

P, F, E = Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED
SUBJECT = Subject("adder", SKILL, SUITE, POLICY, "script/1", None)


@pytest.mark.parametrize(
    ("outcomes", "verdict", "rate"),
    [
        ([], Verdict.ERRORED, 0.0),
        ([P], Verdict.PASSED, 1.0),
        ([P, P], Verdict.PASSED, 1.0),
        ([F], Verdict.FAILED, 0.0),
        ([P, F], Verdict.FAILED, 0.5),
        ([E], Verdict.ERRORED, 0.0),
        ([P, E], Verdict.ERRORED, 0.5),
        ([F, E], Verdict.ERRORED, 0.0),
        ([P, F, E, P], Verdict.ERRORED, 0.5),
    ],
)
def test_verdict_and_pass_rate(outcomes: list[Outcome], verdict: Verdict, rate: float) -> None:
    cases = [case(outcome) for outcome in outcomes]
    assert (verdict_of(cases, 1.0), pass_rate_of(cases)) == (verdict, rate)


def test_the_gate_says_how_many_must_pass() -> None:
    cases = [case(P), case(F)]
    assert verdict_of(cases, 0.5) is Verdict.PASSED
    assert verdict_of(cases, 0.51) is Verdict.FAILED
    assert verdict_of([case(P), case(E)], 0.0) is Verdict.ERRORED


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
    found = find([record], dataclasses.replace(SUBJECT, **{field: value}))
    then = getattr(record, field) or "none"
    assert found == Stale(record, ((part, then, value),))
    assert find([record], SUBJECT) is record


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
        {"cases": []},
        {"skill_digest": "sha256:1"},
        {"format": 2},
        {"verdict": "fine"},
        {"unknown": 1},
    ],
)
def test_what_is_no_record(changed: dict[str, Any]) -> None:
    """A pass rate that is not a number would be below no bound."""
    with pytest.raises(ValidationError):
        evidence(**changed)
