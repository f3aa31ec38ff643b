"""Sizes of samples: the fewest items that keep the risk, if as many deviate as expected.

Conventions, with x the deviations expected in the sample (checked against tables of the AICPA guide and jfa):

* `poisson`: the smallest n at which the Poisson distribution of mean n · tolerable gives x or fewer with at most the risk; x
  = rate · n is not rounded (a gamma distribution, as in jfa and AICPA table C-1).
* `binomial`: the same of the binomial distribution, x = rate · n rounded up (AICPA table A-1).
* `hypergeometric`: the same without return from N items of which tolerable · N, rounded up, deviate; x rounded up.

Two stages of equal size: none deviates in the first, or so few that a second is drawn, in which no more than agreed deviate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc
from scipy.stats import binom, hypergeom
from scipy.stats import poisson as poisson_distribution

from lib.errors import BadParameter

CONVENTIONS = ("poisson", "binomial", "hypergeometric")
LARGEST = 1_000_000
_AT_ONCE = 512
Enough = Callable[[int], bool]


@dataclass(frozen=True)
class Aim:
    """What a sample must show: tolerable rate, risk, convention and, for the hypergeometric, the number of items."""

    tolerable: Fraction
    risk: Fraction
    convention: str
    items: int | None = None

    @property
    def most(self) -> int:
        """The largest sample that is looked at."""
        return self.items if self.convention == "hypergeometric" and self.items else LARGEST

    def chance(self, x: npt.ArrayLike, n: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the probability of `x` or fewer deviations in `n` items, were the rate the tolerable one."""
        if self.convention == "poisson":
            return np.asarray(gammaincc(np.asarray(x, float) + 1, np.asarray(n, float) * float(self.tolerable)))
        if self.convention == "binomial":
            return np.asarray(binom.cdf(np.asarray(x), np.asarray(n), float(self.tolerable)))
        return np.asarray(hypergeom.cdf(np.asarray(x), self.items or 0, self.deviating, np.asarray(n)))

    @property
    def deviating(self) -> int:
        """How many of the items deviate at the tolerable rate, rounded up."""
        assert self.items is not None
        return _up(self.tolerable * self.items)


def size_of_rate(aim: Aim, expected: Fraction) -> tuple[int, Fraction]:
    """Return the size and the deviations expected in it, for an expected rate (a whole number but for `poisson`).

    Raises
    ------
    BadParameter
        If more than LARGEST would be needed.
    """
    if expected == 0:
        return size_of_items(aim, 0), Fraction(0)
    if aim.convention == "poisson":
        n = _first(lambda n: bool(aim.chance(float(expected * n), n) <= float(aim.risk)), 1, aim.most)
        return _within_reach(n), expected * (n or 0)
    for start in range(0, _up(expected * aim.most) + 1, _AT_ONCE):
        xs = np.arange(start, start + _AT_ONCE)
        ends = np.array([min(int(x / expected), aim.most) for x in map(Fraction, xs.tolist())], np.int64)
        # within the sizes that expect x, the chance falls: the last of them tells whether any will do
        good = np.flatnonzero((ends > 0) & (aim.chance(xs, ends) <= float(aim.risk)))
        if len(good):
            x = int(xs[good[0]])
            return size_of_items(aim, x, int((x - 1) / expected) + 1 if x else 1), Fraction(x)
    return _within_reach(None), Fraction(0)


def size_of_items(aim: Aim, deviations: int, least: int = 1) -> int:
    """Return the size, from `least`, for a number of deviations that may be found (errors as in size_of_rate)."""
    low = max(least, deviations + 1)
    return _within_reach(_first(lambda n: bool(aim.chance(deviations, n) <= float(aim.risk)), low, aim.most))


def size_of_stages(aim: Aim, first: int, second: int) -> int:
    """Return the size of each of two equal stages (errors as in size_of_rate)."""
    most = aim.most // 2 if aim.items else aim.most
    return _within_reach(_first(lambda n: chance_of_stages(aim, n, first, second) <= float(aim.risk), 1, most))


def chance_of_stages(aim: Aim, n: int, first: int, second: int) -> float:
    """Return the probability that two stages of `n` items accept a population that deviates at the tolerable rate."""
    ks = np.arange(1, first + 1)
    if aim.convention == "hypergeometric":
        assert aim.items is not None
        one = hypergeom.pmf(np.arange(first + 1), aim.items, aim.deviating, n)
        left = np.maximum(aim.deviating - ks, 0)
        return float(one[0] + (one[1:] * hypergeom.cdf(second, aim.items - n, left, n)).sum())
    if aim.convention == "binomial":
        one = binom.pmf(np.arange(first + 1), n, float(aim.tolerable))
    else:
        one = poisson_distribution.pmf(np.arange(first + 1), n * float(aim.tolerable))
    return float(one[0] + one[1:].sum() * aim.chance(second, n))


def _first(enough: Enough, low: int, most: int) -> int | None:
    """Return the smallest number from `low` to `most` that is enough, given that all above it are."""
    if low > most or not enough(most):
        return None
    high = low
    while high < most and not enough(high):
        low, high = high + 1, min(high * 2, most)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _within_reach(n: int | None) -> int:
    if n is None:
        raise BadParameter(
            f"预期偏差太接近可容忍偏差: {LARGEST:,} 项以内 (或总体之内) 没有足够的样本量。请提高可容忍偏差或检查全部",
            f"Expected is too close to tolerable: no sample of up to {LARGEST:,} items (or of the population) is enough. "
            "Tolerate more, or examine all",
        )
    return n


def _up(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)
