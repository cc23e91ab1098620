"""What measured rates prove. The unit is the case: its trials are correlated, so it counts once, by its score.

The score of a case is the share of its trials that passed, 0 to 1. Limits are those of two-sided 95 % intervals: each
is wrong once in forty, or less often. Numbers that cannot be are a ValueError.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from math import ceil, comb, exp, fsum, log, log1p, sqrt

from msgspec import Struct

_CONFIDENCE = 0.95
#: Asked of the formula of `needed`, which is right to about one point: 0.80 is what is promised.
_POWER = 0.85
#: Of trials or cases: as many trials leave nothing to chance, and nobody runs more of either.
UNLIMITED = 1_000_000
#: Finer margins need hundreds of cases at least, wider ones are none.
_MARGINS = (0.01, 0.5)


class Interval(Struct, frozen=True):
    """From `low` to `high`, both included."""

    low: float
    high: float


class Standing(StrEnum):
    """What a candidate is against its baseline, as far as the cases prove it."""

    NO_WORSE = "no_worse"  # by less than the margin, if at all
    REGRESSED = "regressed"
    UNDERPOWERED = "underpowered"  # either may be true


class Comparison(Struct, frozen=True):
    """Candidate less baseline: the mean difference of the scores, its limits, and what they prove."""

    delta: float
    low: float
    high: float
    finding: Standing


class Need(Struct, frozen=True):
    """What a comparison needs to be able to answer.

    `trials` of each case in each arm are enough; None where no number is, as there are fewer than `least_cases`.
    """

    trials: int | None
    least_cases: int


def wilson(rate: float, n: int, confidence: float = _CONFIDENCE) -> Interval:
    """What the true rate may be, where `n` cases have the mean score `rate`; all of 0 to 1 where there is none.

    Scores between 0 and 1 vary less than the passes and failures the interval is made for, so it is never too narrow
    for them. Source: Wilson (1927), JASA 22, 209-212.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"{rate} is no rate")
    if n == 0:
        return Interval(0.0, 1.0)
    share = _quantile((1 + confidence) / 2) ** 2 / n
    centre = rate + share / 2
    reach = sqrt(share * (rate * (1 - rate) + share / 4))
    # Rounding may not put a limit on the wrong side of what was measured.
    return Interval(
        max(0.0, min(rate, (centre - reach) / (1 + share))), min(1.0, max(rate, (centre + reach) / (1 + share)))
    )


def least_cases(rate: float) -> int:
    """The fewest cases that, when all pass, put the lower Wilson limit at `rate` (below 1) or above."""
    if not 0 <= rate < 1:
        raise ValueError(f"no number of cases proves a rate of {rate}")
    return max(1, ceil(_quantile((1 + _CONFIDENCE) / 2) ** 2 * rate / (1 - rate)))


def pass_at_k(trials: int, passed: int, k: int) -> float:
    """The chance that one or more of `k` trials pass, estimated without bias from `passed` of `trials`.

    Source: Chen et al. (2021), arXiv:2107.03374.
    """
    return 1 - pass_hat_k(trials, trials - passed, k)


def pass_hat_k(trials: int, passed: int, k: int) -> float:
    """The chance that all of `k` trials pass, estimated without bias from `passed` of `trials`.

    Source: Yao et al. (2024), arXiv:2406.12045.
    """
    if not (0 <= passed <= trials and 1 <= k <= trials):
        raise ValueError(f"{k} of {trials} trials, of which {passed} passed")
    return comb(passed, k) / comb(trials, k)


def compare(differences: Sequence[float], margin: float) -> Comparison:
    """Whether a candidate is worse than its baseline by `margin` or more.

    `differences` has one number for each case, the candidate's score less the baseline's, from -1 to 1.
    """
    if any(not -1 <= difference <= 1 for difference in differences):
        raise ValueError("a difference of two scores lies between -1 and 1")
    counts = Counter(differences)
    delta = fsum(differences) / max(1, len(differences))
    low, high = _lower_limit(counts), -_lower_limit({-difference: number for difference, number in counts.items()})
    if low > -margin:
        return Comparison(delta, low, high, Standing.NO_WORSE)
    return Comparison(delta, low, high, Standing.REGRESSED if high < 0 else Standing.UNDERPOWERED)


def needed(cases: int, margin: float) -> Need:
    """How many trials let `compare` find, four times in five, that nothing changed where nothing did.

    That holds whatever the pass rates of the cases are, for trials that are independent once the case is given.
    """
    least = least_cases_for(margin)
    if cases < least:
        return Need(None, least)
    return Need(_first(lambda trials: _is_enough(cases, trials, margin)), least)


def least_cases_for(margin: float, trials: int = UNLIMITED) -> int:
    """The fewest cases with which so many trials are enough; if not said, with which any number of trials is.

    The latter is also what answers need that never vary, those of scripts, as more trials tell nothing of them.
    """
    low, high = _MARGINS
    if not low <= margin <= high:
        raise ValueError(f"a margin lies between {low} and {high}, {margin} does not")
    return _first(lambda cases: _is_enough(cases, trials, margin))


def _is_enough(cases: int, trials: int, margin: float) -> bool:
    """Whether `compare` sees no change in the unluckiest sample it has to stand.

    Differences vary most where each trial passes with 0.5: by 1/(2 trials). The sample has that variance, as two
    halves a deviation above and below its mean, and a mean that only 1 - _POWER of all samples fall below.
    """
    deviation = sqrt(1 / (2 * trials))
    mean = -_quantile(_POWER) * deviation / sqrt(cases)
    # No margin that is allowed asks for samples so small that this would reach beyond -1.
    return _lower_limit({mean - deviation: cases / 2, mean + deviation: cases / 2}) > -margin


def _first(is_enough: Callable[[int], bool]) -> int:
    """The smallest number that is enough, where every greater one is too."""
    return bisect_left(range(UNLIMITED + 1), True, lo=1, key=is_enough)


def _lower_limit(counts: Mapping[float, float]) -> float:
    """What the mean of differences is not below, at 97.5 %; `counts` says how often each of them was seen.

    The limit of Gaffke (2005), Math. Methods Statist. 14, 451-467; Learned-Miller and Thomas (2019), arXiv:1905.06208:
    one more case is taken to be at the bound, -1, all are weighed at random (uniformly, as in a Bayesian bootstrap),
    and the limit is the 2.5 % quantile of the mean. It assumes no form, so a few cases that break cannot hide in a
    sample too small to meet them. For passes and failures it is Clopper and Pearson's limit, which is never wrong more
    often than it says; that the same holds for all bounded numbers is a conjecture without a counterexample.

    The quantile is where r + log(u/r)/r = z, the saddlepoint approximation of Lugannani and Rice (1980) in the form of
    Barndorff-Nielsen (1991), Biometrika 78, 557-563: what it takes for 2.5 % is 2.2 to 2.6 %. Its r is the signed root
    of Owen's (1988) empirical likelihood ratio. With w the likeliest weights times their number: r² = -2 Σ log w,
    u² = Σ (w - 1)².
    """
    top = max(counts, default=-1.0) + 1
    if top == 0:
        return -1.0
    heights = defaultdict(float, {0.0: 1.0})  # above the bound, as parts of the greatest
    for difference, number in counts.items():
        heights[(difference + 1) / top] += number
    total = sum(heights.values())

    def excess(place: float) -> float:
        """By how much the limit that belongs to weights 1/(exp(place) + height) is beyond the one sought."""
        shift = exp(place)
        weights = [(number, 1 / (shift + height)) for height, number in heights.items()]
        mean = sum(number * weight for number, weight in weights) / total
        half = square = 0.0
        for number, weight in weights:
            off = weight / mean - 1
            half += number * (off - log1p(off))  # Σ off is 0, and this way nothing cancels
            square += number * off * off
        root = sqrt(2 * half)
        return root + log(sqrt(square) / root) / root - _quantile((1 + _CONFIDENCE) / 2)

    # So near to 0 one case proves the limit wrong; so far the weights are nearly equal, and none would.
    shift = exp(_zero(excess, log(1e-4), log(2 * sqrt(total))))
    return top * (total / sum(number / (shift + height) for height, number in heights.items()) - shift) - 1


def _zero(function: Callable[[float], float], low: float, high: float) -> float:
    """Where the function is 0; it is positive at `low` and negative at `high`. The Illinois form of regula falsi."""
    at_low, at_high = function(low), function(high)
    while True:
        place = (low * at_high - high * at_low) / (at_high - at_low)
        value = function(place)
        if abs(value) < 1e-9:
            return place
        if (value > 0) == (at_high > 0):
            at_low /= 2
        else:
            low, at_low = high, at_high
        high, at_high = place, value


@cache
def _quantile(share: float) -> float:
    """Below which lies that share of the standard normal distribution."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)
