"""Upper limits of rates and of taints: Clopper–Pearson, hypergeometric, Poisson, Stringer. Floats: these are statistics.

All limits are one-sided. Sources: Clopper & Pearson, Biometrika 26 (1934); Stringer, ASA Proceedings (1963); the confidence
factors are those of the AICPA Audit Guide: Audit Sampling, App. C, printed there rounded up to two places.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from scipy.special import gammaincinv
from scipy.stats import beta, hypergeom


def clopper_pearson(n: int, deviations: int, confidence: Fraction) -> float:
    """Return the highest rate that `deviations` in `n` independent items still agree with; 1 where all deviate."""
    if deviations >= n:
        return 1.0
    return float(beta.ppf(float(confidence), deviations + 1, n - deviations))


def poisson(n: int, deviations: float, confidence: Fraction) -> float:
    """Return the same by the Poisson distribution; at most 1."""
    return min(factor(deviations, confidence) / n, 1.0)


def hypergeometric(items: int, n: int, deviations: int, confidence: Fraction) -> int:
    """Return the largest number of deviating items among all that `deviations` in `n` drawn without return agree with.

    Agree: so few or fewer would be drawn with a probability above 1 - confidence.
    """
    low, high = deviations, items - n + deviations  # low agrees: fewer than found there cannot be
    while low < high:
        middle = (low + high + 1) // 2
        if hypergeom.cdf(deviations, items, middle, n) > float(1 - confidence):
            low = middle
        else:
            high = middle - 1
    return low


def factor(deviations: float, confidence: Fraction, *, published: bool = False) -> float:
    """Return the confidence factor: the Poisson mean at which so few or fewer have the probability 1 - confidence.

    Parameters
    ----------
    published
        As tables print it: rounded up to two places.
    """
    exact = float(gammaincinv(deviations + 1, float(confidence)))
    return math.ceil(round(exact * 100, 9)) / 100 if published else exact


def stringer(n: int, taints: Sequence[Fraction], confidence: Fraction) -> float:
    """Return the Stringer bound of the mean taint of `n` draws, binomial; `taints` are those above 0, each from 0 to 1."""
    steps = [clopper_pearson(n, k, confidence) for k in range(len(taints) + 1)]
    ranked = sorted(taints, reverse=True)
    return steps[0] + sum((steps[k] - steps[k - 1]) * float(taint) for k, taint in enumerate(ranked, 1))


def allowances(
    interval: Fraction, taints: Sequence[Fraction], confidence: Fraction, *, published: bool = False
) -> tuple[float, Fraction, float]:
    """Return basic precision, projection and incremental allowance of a sample by yuan, in the interval's unit.

    Their sum is the upper misstatement limit without the top stratum, whose misstatement is known. The largest taint meets the
    first step of the factors. Projected is exact.
    """
    ranked = sorted(taints, reverse=True)
    steps = [factor(k, confidence, published=published) for k in range(len(ranked) + 1)]
    basic = steps[0] * float(interval)
    projected = sum((taint * interval for taint in ranked), Fraction(0))
    more = sum((steps[k] - steps[k - 1] - 1) * float(taint * interval) for k, taint in enumerate(ranked, 1))
    return basic, projected, more
