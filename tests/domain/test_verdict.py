"""What an evaluation says: each rule alone, and that nothing worse ever says more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import statistics
from skillctl.domain.evidence import CaseResult, EvidenceClass, Lost, Outcome, Verdict
from skillctl.domain.statistics import Interval, Standing
from skillctl.domain.verdict import against_baseline, ask_rate, rate_of, split, verdict_of
from tests.domain.made import answered, answers, case, gate

P, F, E = Outcome
D, R, L, X = EvidenceClass
LOST = [Lost(skill="subtracter", case="fires")]


@pytest.mark.parametrize(
    ("outcomes", "rate", "verdict"),
    [
        ([], 0.0, Verdict.ERRORED),
        ([P], 1.0, Verdict.PASSED),
        ([P, P], 1.0, Verdict.PASSED),
        ([F], 1.0, Verdict.FAILED),
        ([P, F], 1.0, Verdict.FAILED),
        ([P, F], 0.5, Verdict.PASSED),
        ([P, F], 0.51, Verdict.FAILED),
        ([P] * 9 + [F], 0.9, Verdict.PASSED),
        ([F], 0.0, Verdict.PASSED),
        ([E], 0.0, Verdict.ERRORED),
        ([P, E], 0.0, Verdict.ERRORED),
        ([F, E], 1.0, Verdict.ERRORED),
        ([P, F, E, P], 0.5, Verdict.ERRORED),
    ],
)
def test_what_a_machine_does_is_counted_as_it_is(outcomes: list[Outcome], rate: float, verdict: Verdict) -> None:
    assert verdict_of([case(one) for one in outcomes], [], gate(pass_rate=rate)) is verdict


@pytest.mark.parametrize(
    ("cases", "asked", "verdict"),
    [
        # The fewest that reach 0.6 with the lower bound, and one less.
        (answers(*[1] * 6), None, Verdict.PASSED),
        (answers(*[1] * 5), None, Verdict.FAILED),
        (answers(*[1] * 5), 0.5, Verdict.PASSED),
        (answers(*[1] * 6), 0.61, Verdict.FAILED),
        (answers(*[1] * 9, 0), None, Verdict.FAILED),
        (answers(*[1] * 10, 0), None, Verdict.PASSED),
        (answers(*[1] * 19, 0), 0.76, Verdict.PASSED),
        (answers(*[1] * 19, 0), 0.77, Verdict.FAILED),
        (answers(0), 0.0, Verdict.PASSED),
        # A case counts once, by its share: a hundred trials of it are no hundred cases.
        (answers(100, trials=100), None, Verdict.FAILED),
        (answers(*[5] * 6, trials=5), None, Verdict.PASSED),
        (answers(*[3] * 6, trials=5), None, Verdict.FAILED),
        (answers(*[5] * 10, 4, trials=5), None, Verdict.PASSED),
    ],
)
def test_what_is_asked_must_surely_reach_its_rate(
    cases: list[CaseResult], asked: float | None, verdict: Verdict
) -> None:
    assert verdict_of(cases, [], gate(ask_rate=asked)) is verdict


def test_neither_kind_makes_up_for_the_other() -> None:
    good = [case(name=f"r{number}") for number in range(50)]
    assert verdict_of([*good, *answers(1, 1, 1)], [], gate()) is Verdict.FAILED
    assert verdict_of([*good, *answers(*[1] * 6)], [], gate()) is Verdict.PASSED
    assert verdict_of([*answers(*[1] * 50), case(F)], [], gate()) is Verdict.FAILED
    # A failed answer is within the rate of the answers, and no failed script.
    assert verdict_of([*good, *answers(*[1] * 10, 0)], [], gate()) is Verdict.PASSED


@pytest.mark.parametrize(
    ("kind", "evidence_class", "asked"),
    [
        ("run", D, False), ("run", None, False), ("run", L, False), ("run", R, False),
        ("tool", L, False), ("tool", R, False), ("tool", D, False),
        ("ask", R, True), ("ask", L, True), ("ask", X, True),
        # However the record came about: nobody but a model answers an `ask`.
        ("ask", D, True), ("ask", None, True),
        ("trigger", D, False), ("trigger", None, False),
        ("trigger", R, True), ("trigger", L, True), ("trigger", X, True),
        (None, None, False), (None, D, False), (None, R, True), (None, L, True), (None, X, True),
    ],
)  # fmt: skip
def test_no_kind_and_class_lead_around_the_bound(kind: Any, evidence_class: EvidenceClass | None, asked: bool) -> None:
    one = case(kind=kind, evidence_class=evidence_class)
    assert one.is_asked is asked
    assert split([one]) == (([], [one]) if asked else ([one], []))
    assert verdict_of([one], [], gate()) is (Verdict.FAILED if asked else Verdict.PASSED)


def test_what_is_taken_from_a_neighbour_fails_whatever_passed() -> None:
    assert verdict_of([case()], LOST, gate(pass_rate=0.0)) is Verdict.FAILED
    assert verdict_of(answers(*[1] * 50), LOST, gate(ask_rate=0.0)) is Verdict.FAILED
    assert verdict_of([case(E)], LOST, gate()) is Verdict.ERRORED
    assert verdict_of([], LOST, gate()) is Verdict.ERRORED


def beside(number: int, passed: int, baseline: float, trials: int = 10) -> list[CaseResult]:
    return answers(*[passed] * number, trials=trials, baseline=baseline)


@pytest.mark.parametrize(
    ("cases", "margin", "verdict"),
    [
        (beside(40, 10, 1.0), 0.2, Verdict.PASSED),
        (beside(40, 10, 0.2), 0.2, Verdict.PASSED),
        (beside(40, 10, 1.0), 0.02, Verdict.UNDERPOWERED),
        (beside(6, 10, 1.0), 0.2, Verdict.UNDERPOWERED),
        (beside(40, 9, 1.0), 0.2, Verdict.PASSED),
        (beside(40, 9, 1.0), None, Verdict.PASSED),
        (beside(200, 7, 1.0), 0.1, Verdict.REGRESSED),
        (beside(200, 7, 1.0), None, Verdict.PASSED),
        # Nothing is served: there is nothing to be worse than.
        (answers(*[1] * 6), 0.2, Verdict.PASSED),
        # What falls short by itself is no question of comparison.
        (beside(40, 5, 1.0), 0.2, Verdict.FAILED),
    ],
)
def test_beside_what_is_served(cases: list[CaseResult], margin: float | None, verdict: Verdict) -> None:
    assert verdict_of(cases, [], gate(margin=margin)) is verdict


def test_only_what_was_measured_in_both_arms_is_compared() -> None:
    cases = [*beside(30, 10, 0.5), *answers(*[0] * 3)]
    compared = against_baseline(cases, gate(margin=0.2))
    assert compared is not None
    assert (compared.delta, compared.finding) == (0.5, Standing.NO_WORSE)
    assert against_baseline(cases, gate()) is None
    assert against_baseline([], gate(margin=0.2)) is None


def test_rates() -> None:
    assert rate_of([]) == Interval(0.0, 1.0)
    assert rate_of(answers(5, 0, trials=10)) == statistics.wilson(0.25, 2)
    assert (ask_rate(gate()), ask_rate(gate(ask_rate=0.0)), ask_rate(gate(ask_rate=0.9))) == (0.6, 0.0, 0.9)


_CASES = st.lists(
    st.builds(
        lambda asked, outcome: answered(int(outcome is P)) if asked else case(outcome),
        st.booleans(),
        st.sampled_from([P, F]),
    ),
    max_size=30,
)


@given(cases=_CASES, at=st.integers(0, 30))
def test_one_more_failure_opens_no_gate(cases: list[CaseResult], at: int) -> None:
    before = verdict_of(cases, [], gate())
    for worse in (answered(0), case(F), case(E), answered(0).model_copy(update={"outcome": E})):
        after = verdict_of([*cases[:at], worse, *cases[at:]], [], gate())
        assert after is not Verdict.PASSED or before is Verdict.PASSED


@given(cases=_CASES)
def test_a_passed_verdict_is_one_of_every_looser_gate(cases: list[CaseResult]) -> None:
    strict = verdict_of(cases, [], gate(pass_rate=0.9, ask_rate=0.7))
    if strict is Verdict.PASSED:
        assert verdict_of(cases, [], gate(pass_rate=0.8, ask_rate=0.6)) is Verdict.PASSED
