"""What measured rates prove: each formula beside its definition, counted out by hand."""

from fractions import Fraction
from itertools import combinations
from math import comb, prod, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import statistics
from skillctl.domain.statistics import (
    Comparison,
    Interval,
    Need,
    Standing,
    compare,
    least_cases,
    least_cases_for,
    needed,
    pass_at_k,
    pass_hat_k,
    wilson,
)

Z = 1.959963984540054
rates = st.floats(0, 1)
samples = st.lists(st.integers(-12, 12).map(lambda twelfth: twelfth / 12), max_size=40)
margins = st.floats(0.05, 0.5)


@pytest.mark.parametrize(
    ("passed", "cases", "low", "high"),
    [
        (3, 3, 0.44, 1),
        (5, 5, 0.57, 1),
        (10, 10, 0.72, 1),
        (20, 20, 0.84, 1),
        (30, 30, 0.89, 1),
        (9, 10, 0.60, 0.98),
        (0, 10, 0, 0.28),
        (2.5, 5, 0.17, 0.83),
    ],
)
def test_what_a_rate_may_be(passed: float, cases: int, low: float, high: float) -> None:
    found = wilson(passed / cases, cases)
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)


def test_no_case_says_nothing() -> None:
    assert wilson(0.0, 0) == wilson(1.0, 0) == Interval(0.0, 1.0)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_what_is_no_rate(rate: float) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        wilson(rate, 3)


@given(rates, st.integers(1, 10_000))
def test_a_wilson_limit_is_as_unlikely_as_it_says(rate: float, n: int) -> None:
    found = wilson(rate, n)
    assert 0 <= found.low <= rate <= found.high <= 1
    for limit in {found.low, found.high} - {0.0, 1.0}:
        assert abs(rate - limit) == pytest.approx(Z * sqrt(limit * (1 - limit) / n), rel=1e-6, abs=1e-9)


@given(rates, st.integers(1, 1000), st.integers(1, 1000))
def test_more_cases_and_less_confidence_say_more(rate: float, n: int, more: int) -> None:
    wide, narrow, bold = wilson(rate, n), wilson(rate, n + more), wilson(rate, n, 0.5)
    assert wide.low <= narrow.low <= narrow.high <= wide.high
    assert wide.low <= bold.low <= bold.high <= wide.high
    mirrored = wilson(1 - rate, n)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((wide.low, wide.high))


@pytest.mark.parametrize(("rate", "cases"), [(0, 1), (0.44, 4), (0.5, 4), (0.7, 9), (0.9, 35), (0.95, 73), (0.99, 381)])
def test_cases_that_prove_a_rate(rate: float, cases: int) -> None:
    assert least_cases(rate) == cases


@given(st.floats(0, 0.999))
def test_one_case_less_does_not_prove_it(rate: float) -> None:
    cases = least_cases(rate)
    assert wilson(1.0, cases).low >= rate - 1e-12
    assert cases == 1 or wilson(1.0, cases - 1).low < rate + 1e-12


@pytest.mark.parametrize("rate", [1, 1.5, -0.1])
def test_no_number_of_cases_proves_certainty(rate: float) -> None:
    with pytest.raises(ValueError, match="no number of cases"):
        least_cases(rate)


@pytest.mark.parametrize("trials", range(1, 8))
def test_passes_of_some_trials_are_those_of_all_choices(trials: int) -> None:
    for passed in range(trials + 1):
        outcomes = [True] * passed + [False] * (trials - passed)
        for k in range(1, trials + 1):
            choices = list(combinations(outcomes, k))
            assert pass_at_k(trials, passed, k) == pytest.approx(sum(map(any, choices)) / len(choices))
            assert pass_hat_k(trials, passed, k) == pytest.approx(sum(map(all, choices)) / len(choices))


@pytest.mark.parametrize(("trials", "passed", "k"), [(3, 4, 1), (3, -1, 1), (3, 2, 0), (3, 2, 4), (0, 0, 1)])
def test_trials_that_were_not(trials: int, passed: int, k: int) -> None:
    for estimate in (pass_at_k, pass_hat_k):
        with pytest.raises(ValueError, match="trials, of which"):
            estimate(trials, passed, k)


@pytest.mark.parametrize(
    ("differences", "margin", "expected"),
    [
        ([0.0] * 17, 0.2, Standing.NO_WORSE),
        ([0.0] * 16, 0.2, Standing.UNDERPOWERED),
        ([0.0] * 17, 0.1, Standing.UNDERPOWERED),
        ([1.0] * 5, 0.2, Standing.NO_WORSE),
        ([1.0] * 4, 0.2, Standing.UNDERPOWERED),
        ([-1.0] * 6, 0.2, Standing.REGRESSED),
        ([-1.0] * 5, 0.2, Standing.UNDERPOWERED),
        # Some cases broke totally, the others did not move.
        ([0.0] * 14 + [-1.0] * 6, 0.2, Standing.REGRESSED),
        ([0.0] * 15 + [-1.0] * 5, 0.2, Standing.UNDERPOWERED),
        ([0.0] * 19 + [-1.0] * 1, 0.2, Standing.UNDERPOWERED),
        ([0.0] * 39 + [-1.0] * 1, 0.2, Standing.NO_WORSE),
        # It is worse, and for sure, but by less than the margin.
        ([-0.05] * 200, 0.2, Standing.NO_WORSE),
        ([], 0.2, Standing.UNDERPOWERED),
    ],
)
def test_what_differences_prove(differences: list[float], margin: float, expected: Standing) -> None:
    assert compare(differences, margin).finding is expected


def test_limits_where_there_is_nothing_or_only_the_bound() -> None:
    assert compare([], 0.1) == Comparison(0.0, -1.0, 1.0, Standing.UNDERPOWERED)
    assert compare([-1.0] * 9, 0.1).low == -1.0
    assert compare([1.0] * 9, 0.1).high == 1.0


@pytest.mark.parametrize("difference", [-1.01, 1.01, float("nan")])
def test_what_is_no_difference_of_scores(difference: float) -> None:
    with pytest.raises(ValueError, match="between -1 and 1"):
        compare([0.0, difference], 0.1)


@pytest.mark.parametrize("cases", [1, 2, 5, 20, 100])
def test_passes_and_failures_have_the_limit_of_clopper_and_pearson(cases: int) -> None:
    for passed in {1, cases // 2, cases - 1, cases} - {0}:
        rate = (compare([1.0] * passed + [-1.0] * (cases - passed), 0.1).low + 1) / 2
        tail = sum(comb(cases, n) * rate**n * (1 - rate) ** (cases - n) for n in range(passed, cases + 1))
        assert 0.0237 < tail < 0.0252


@given(st.sets(st.integers(1, 40), min_size=1, max_size=12))
def test_the_limit_is_the_quantile_of_the_mean_of_random_weights(places: set[int]) -> None:
    points = [Fraction(0), *(Fraction(place, 20) for place in places)]
    limit = Fraction(compare([float(point - 1) for point in points[1:]], 0.1).low) + 1
    # The chance that a mean with uniform weights is beyond the limit: a divided difference of truncated powers.
    beyond = sum(
        (point - limit) ** (len(points) - 1) / prod(point - other for other in points if other != point)
        for point in points
        if point > limit
    )
    assert 0.022 < 1 - beyond < 0.026


@given(samples, margins)
def test_a_comparison_says_one_thing(sample: list[float], margin: float) -> None:
    found = compare(sample, margin)
    assert -1 <= found.low <= found.delta <= found.high <= 1
    assert (found.finding is Standing.NO_WORSE) is (found.low > -margin)
    assert (found.finding is Standing.REGRESSED) is (found.high < 0 and found.low <= -margin)


@given(samples, st.randoms(use_true_random=False))
def test_exchanged_arms_and_another_order_say_the_same(sample: list[float], random: object) -> None:
    found, mirrored = compare(sample, 0.1), compare([-difference for difference in reversed(sample)], 0.1)
    assert (found.delta, found.low, found.high) == pytest.approx((-mirrored.delta, -mirrored.high, -mirrored.low))


@given(samples.filter(bool), st.integers(2, 5))
def test_more_of_the_same_says_more(sample: list[float], times: int) -> None:
    few, many = compare(sample, 0.1), compare(sample * times, 0.1)
    assert few.low <= many.low <= many.high <= few.high
    assert few.delta == pytest.approx(many.delta)


@given(samples.filter(bool), st.floats(0, 1))
def test_a_better_case_raises_both_limits(sample: list[float], share: float) -> None:
    better = [sample[0] + share * (1 - sample[0]), *sample[1:]]
    before, after = compare(sample, 0.1), compare(better, 0.1)
    assert before.low <= after.low + 1e-6
    assert before.high <= after.high + 1e-6


@given(st.lists(st.floats(-1, 1), max_size=30))
def test_any_numbers_have_limits(sample: list[float]) -> None:
    found = compare(sample, 0.1)
    assert -1 <= found.low <= found.delta + 1e-9
    assert found.delta - 1e-9 <= found.high <= 1


@pytest.mark.parametrize(
    ("cases", "margin", "expected"),
    [
        (16, 0.2, Need(None, 17)),
        (20, 0.2, Need(33, 17)),
        (30, 0.2, Need(7, 17)),
        (50, 0.2, Need(3, 17)),
        (35, 0.1, Need(None, 36)),
        (100, 0.1, Need(6, 36)),
        (500, 0.1, Need(1, 36)),
        (0, 0.5, Need(None, 6)),
    ],
)
def test_what_a_comparison_needs(cases: int, margin: float, expected: Need) -> None:
    assert needed(cases, margin) == expected


@given(margins, st.integers(1, 300))
def test_one_trial_or_case_less_is_not_enough(margin: float, cases: int) -> None:
    need = needed(cases, margin)
    assert (need.trials is None) is (cases < need.least_cases)
    if need.trials is not None:
        assert least_cases_for(margin, need.trials) <= cases
        assert need.trials == 1 or least_cases_for(margin, need.trials - 1) > cases


@given(margins, margins, st.integers(1, 300), st.integers(0, 100))
def test_wider_margins_and_more_cases_need_less(one: float, other: float, cases: int, more: int) -> None:
    def trials(cases: int, margin: float) -> int:
        return needed(cases, margin).trials or statistics.UNLIMITED + 1

    assert trials(cases, max(one, other)) <= trials(cases, min(one, other))
    assert trials(cases + more, one) <= trials(cases, one)
    assert least_cases_for(max(one, other)) <= least_cases_for(min(one, other))


@given(margins)
def test_answers_that_never_vary_need_the_least(margin: float) -> None:
    least = least_cases_for(margin)
    assert compare([0.0] * least, margin).finding is Standing.NO_WORSE
    assert compare([0.0] * (least - 1), margin - 1e-4).finding is Standing.UNDERPOWERED


@pytest.mark.parametrize("margin", [0, 0.009, 0.51, -0.1, float("nan")])
def test_what_is_no_margin(margin: float) -> None:
    for ask in (lambda: needed(20, margin), lambda: least_cases_for(margin)):
        with pytest.raises(ValueError, match="a margin lies between"):
            ask()
