"""From trials to cases: one errored trial spoils its case, and rehearsals are shown and never counted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from skillctl.domain import tally
from skillctl.domain.arm import Arm
from skillctl.domain.evidence import CaseResult, EvidenceClass, Outcome, class_of_all
from skillctl.domain.suite import Suite
from skillctl.domain.trial import Trial

P, F, E = Outcome
WITH, WITHOUT, BASE = Arm.WITH_SKILL, Arm.WITHOUT_SKILL, Arm.BASELINE
D, R, L, X = EvidenceClass


def trial(outcome: Outcome = P, number: int = 1, arm: Arm = WITH, case: str = "q", **said: Any) -> Trial:
    reasons = [] if outcome is P else [f"it is {outcome}"]
    fields: dict[str, Any] = {"evidence_class": R, "seconds": 0.25, "reasons": reasons}
    return Trial(case=case, arm=arm, number=number, outcome=outcome, **(fields | said))


def suite(*cases: dict[str, Any]) -> Suite:
    default = {"id": "q", "ask": {"prompt": "?"}, "expect": [{"contains": "42"}]}
    return Suite.model_validate({"skill": "adder", "cases": [default | case for case in cases or ({},)]})


def result(*trials: Trial) -> CaseResult:
    return tally.result(suite().cases[0], tally.by_case(trials))


@pytest.mark.parametrize(
    ("outcomes", "outcome", "passed"),
    [
        ([P], P, 1),
        ([F], F, 0),
        ([E], E, 0),
        ([P, P, P], P, 3),
        ([P, F, P], F, 2),
        ([P, E, P], E, 2),
        ([F, E, P], E, 1),
    ],
)
def test_the_worst_trial_is_how_the_case_ended(outcomes: list[Outcome], outcome: Outcome, passed: int) -> None:
    found = result(*(trial(one, number) for number, one in enumerate(outcomes, 1)))
    assert (found.outcome, found.passed, found.trials) == (outcome, passed, len(outcomes))
    assert (found.id, found.kind, found.evidence_class) == ("q", "ask", R)


@given(outcomes=st.lists(st.sampled_from(Outcome), min_size=1, max_size=6), base=st.lists(st.sampled_from(Outcome)))
def test_nothing_errored_is_ever_hidden(outcomes: list[Outcome], base: list[Outcome]) -> None:
    trials = [trial(one, number) for number, one in enumerate(outcomes, 1)]
    trials += [trial(one, number, BASE) for number, one in enumerate(base, 1)]
    found = result(*trials)
    assert (found.outcome is E) is (E in [*outcomes, *base])
    assert (found.outcome is P) is ({*outcomes, *base} <= {P, F} and set(outcomes) == {P})
    assert found.score == outcomes.count(P) / len(outcomes)
    assert found.baseline == (None if not base or E in base else base.count(P) / len(base))


def test_what_the_other_arms_say() -> None:
    found = result(
        trial(),
        trial(P, 1, BASE), trial(F, 2, BASE),
        trial(P, 1, WITHOUT), trial(F, 2, WITHOUT), trial(F, 3, WITHOUT), trial(F, 4, WITHOUT),
    )  # fmt: skip
    assert (found.outcome, found.trials, found.baseline, found.without_skill, found.reasons) == (P, 1, 0.5, 0.25, [])


def test_an_errored_baseline_is_no_comparison_and_one_without_the_skill_is_none() -> None:
    spoiled = result(trial(), trial(P, 1, BASE), trial(E, 2, BASE))
    assert (spoiled.outcome, spoiled.baseline) == (E, None)
    assert spoiled.reasons == ["baseline: it is errored"]
    several = result(trial(F), trial(E, 1, BASE), trial(E, 2, BASE))
    assert several.reasons == ["it is failed", "baseline: trial 1, 2: it is errored"]
    shown = result(trial(), trial(E, 1, WITHOUT))
    assert (shown.outcome, shown.without_skill, shown.reasons) == (P, None, [])


def test_each_reason_is_told_once_and_of_which_trials() -> None:
    one, both = "`42` is missing", "too slow"
    found = result(
        trial(F, 3, reasons=[both]), trial(F, 1, reasons=[one, both]), trial(P, 2), trial(F, 4, reasons=[one])
    )
    assert found.reasons == ["trial 1, 4: `42` is missing", "trial 1, 3: too slow"]
    assert result(trial(F, reasons=[one, one, both])).reasons == [one, both]


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ([], D), ([None], D), ([D, D], D), ([D, R], R), ([R, L], L), ([L, X], X), ([D, None, X, R], X), ([R, None], R),
    ],
)  # fmt: skip
def test_the_weakest_class_is_that_of_all(classes: list[EvidenceClass | None], expected: EvidenceClass) -> None:
    assert class_of_all(classes) is class_of_all(reversed(classes)) is expected


def test_a_case_is_as_weak_as_its_weakest_trial() -> None:
    assert result(trial(evidence_class=L), trial(number=2, evidence_class=X)).evidence_class is X


def test_sums() -> None:
    found = result(
        trial(seconds=0.1234, cost=0.1, tokens=10), trial(number=2, seconds=0.2, cost=0.2), trial(number=3, seconds=0)
    )
    assert (found.seconds, found.cost, found.tokens) == (0.323, 0.3, 10)
    assert (result(trial()).cost, result(trial()).tokens) == (None, None)
    assert (result(trial(cost=0.0, tokens=0)).cost, result(trial(cost=0.0, tokens=0)).tokens) == (0.0, 0)


RUBRIC = [{"rubric": ["is kind"]}]


def test_rehearsals_and_what_a_judge_alone_decides_are_shown_only() -> None:
    cases = suite(
        {"id": "counts"}, {"id": "marked", "rehearsal": True}, {"id": "graded", "expect": RUBRIC}, {"id": "left"}
    )
    taken = tally.by_case([trial(case=name) for name in ("graded", "marked", "counts", "unknown")])
    counted, shown = tally.results(cases, taken)
    assert ([case.id for case in counted], [case.id for case in shown]) == (["counts"], ["marked", "graded"])


def test_a_case_that_other_arms_alone_answered_is_not_there() -> None:
    assert tally.results(suite(), tally.by_case([trial(arm=BASE)])) == ([], [])


def test_trials_come_in_their_order() -> None:
    taken = tally.by_case([trial(number=2), trial(arm=BASE), trial(number=1)])
    assert [one.number for one in taken["q", WITH]] == [1, 2]
    assert set(taken) == {("q", WITH), ("q", BASE)}


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 0}, {"seconds": -1}, {"seconds": float("inf")}, {"cost": float("nan")}, {"tokens": -1},
        {"outcome": "fine"}, {"class": "best"}, {"arm": "other"}, {"unknown": 1},
    ],
)  # fmt: skip
def test_what_is_no_trial(changed: dict[str, Any]) -> None:
    good = trial(F).model_dump(mode="json", by_alias=True)
    assert Trial.model_validate(good) == trial(F)
    with pytest.raises(ValidationError):
        Trial.model_validate(good | changed)
