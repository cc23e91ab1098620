"""How often a comparison is wrong, at the size the tool itself asks for: seeded evals of arms that are known.

The suites have cases that pass at the rates below. In the candidate either nothing changed, or the mean rate fell: a
little in every case, or because whole cases broke, some that are chosen or any of them by chance.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import accumulate, chain, product
from math import comb, factorial, prod
from random import Random

import pytest

from skillctl.domain.statistics import Standing, compare, needed

RUNS = 1000
RATES = {
    "half": [0.5],
    "most": [0.7],
    "nearly all": [0.9],
    "all": [1.0],
    "mixed": [1.0, 0.9, 0.7, 0.5, 0.3],
}
SIZES = [(0.2, 20), (0.2, 30), (0.2, 60), (0.1, 50), (0.1, 100), (0.1, 300)]
#: By 20 points, and with the finer margin once by no more than that.
FALLS = [*((margin, cases, 0.2) for margin, cases in SIZES[:-1]), (0.1, 100, 0.1)]

#: How likely each difference of passes is, from -trials to trials.
Chances = tuple[float, ...]
Candidate = Callable[[Sequence[float], int, float], list[Chances]]


@cache
def _differences(trials: int, before: float, after: float, broken: float = 0.0) -> Chances:
    """Of a case whose trials pass at these rates, or in the candidate never, with the chance `broken`."""
    old, new = ([comb(trials, n) * p**n * (1 - p) ** (trials - n) for n in range(trials + 1)] for p in (before, after))
    chances = [0.0] * (2 * trials + 1)
    for one, other in product(range(trials + 1), repeat=2):
        chances[other - one + trials] += old[one] * (broken * (other == 0) + (1 - broken) * new[other])
    return tuple(chances)


def _unchanged(rates: Sequence[float], trials: int, fall: float) -> list[Chances]:
    return [_differences(trials, rate, rate) for rate in rates]


def _worse_everywhere(rates: Sequence[float], trials: int, fall: float) -> list[Chances]:
    return [_differences(trials, rate, rate - fall) for rate in rates]


def _chosen_broken(rates: Sequence[float], trials: int, fall: float) -> list[Chances]:
    """The first cases drop to 0, the last of them only as far as the mean has to fall."""
    cases, left = [], fall * len(rates)
    for rate in rates:
        lost = min(rate, left)
        left -= lost
        cases.append(_differences(trials, rate, rate - lost))
    return cases


def _any_broken(rates: Sequence[float], trials: int, fall: float) -> list[Chances]:
    """Each case is drawn from a world in which so many are broken that its mean fell so far."""
    return [_differences(trials, rate, rate, fall * len(rates) / sum(rates)) for rate in rates]


def _simulated(
    candidate: Candidate, rates: str, margin: float, cases: int, fall: float = 0.0
) -> Mapping[Standing, float]:
    """The share of the runs that ended so."""
    trials = needed(cases, margin).trials
    assert trials is not None
    alike = Counter(candidate([RATES[rates][at % len(RATES[rates])] for at in range(cases)], trials, fall))
    drawing = [(list(accumulate(chances)), number) for chances, number in alike.items()]
    values = [difference / trials for difference in range(-trials, trials + 1)]
    random, found = Random(f"{rates} {margin} {cases}"), Counter[Standing]()
    for _ in range(RUNS):
        drawn = chain.from_iterable(
            random.choices(values, cum_weights=chances, k=number) for chances, number in drawing
        )
        found[compare(tuple(drawn), margin).finding] += 1
    return {standing: found[standing] / RUNS for standing in Standing}


@pytest.mark.parametrize(("margin", "cases", "fall"), FALLS)
@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("candidate", [_worse_everywhere, _chosen_broken, _any_broken])
def test_a_regression_hardly_ever_passes(
    candidate: Candidate, rates: str, margin: float, cases: int, fall: float
) -> None:
    assert _simulated(candidate, rates, margin, cases, fall)[Standing.NO_WORSE] <= 0.05


@pytest.mark.parametrize(("margin", "cases"), SIZES)
@pytest.mark.parametrize("rates", RATES)
def test_what_did_not_change_mostly_passes(rates: str, margin: float, cases: int) -> None:
    found = _simulated(_unchanged, rates, margin, cases)
    assert found[Standing.REGRESSED] <= 0.05
    assert found[Standing.UNDERPOWERED] <= 0.20


@pytest.mark.parametrize("cases", [6, 20])
def test_no_population_of_breaking_mending_and_unmoved_cases_passes_often(cases: int) -> None:
    """Counted out, not drawn: populations whose mean fell by the margin, 0.2, in steps of a twentieth."""
    samples = [(down, up, cases - down - up) for down in range(cases + 1) for up in range(cases + 1 - down)]
    passing = [
        sample
        for sample in samples
        if compare([-1.0] * sample[0] + [1.0] * sample[1] + [0.0] * sample[2], 0.2).finding is Standing.NO_WORSE
    ]
    for up in range(9):
        shares = ((up + 4) / 20, up / 20, (16 - 2 * up) / 20)
        chance = sum(
            factorial(cases)
            * prod(share**number / factorial(number) for share, number in zip(shares, sample, strict=True))
            for sample in passing
        )
        assert chance <= 0.025
