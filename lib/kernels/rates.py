"""Internal rates of return of many series of payments at once, and how many there are.

With x = −ln(1 + r) a series is the exponential sum Σ c·exp(t·x). It has at most as many zeros as its amounts change sign
(Descartes' rule), so one change means exactly one rate. Where there are more, all zeros are found and none is guessed: between
two neighbouring zeros of its derivative (which has one term less) a sum is monotone and has at most one (Rolle's theorem).
"""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_FURTHEST = 1e5  # |x| up to which a zero is looked for
_ZERO = 1e-13  # part of the sum of absolute terms below which a sum touches zero


@njit(cache=True)
def rates(starts: Ints, time: Floats, amount: Floats) -> tuple[Floats, Ints]:
    """Find the rate per unit of time that makes the amounts of each series worth nothing at their beginning.

    Parameters
    ----------
    starts
        Where each series begins in `time` and `amount`, and the end: n + 1 numbers.
    time, amount
        Times ascending within a series, no two alike, and amounts other than 0, received or (negative) paid.

    Returns
    -------
    rate, roots
        The only rate above −1 (−100 %), NaN if there is none or are several · how many there are.
    """
    count = len(starts) - 1
    rate, roots = np.full(count, np.nan), np.zeros(count, np.int64)
    for k in range(count):
        t, c = time[starts[k] : starts[k + 1]], amount[starts[k] : starts[k + 1]]
        changes = _changes(c)
        if changes == 0:
            continue
        found = _all_zeros(t - t[0], c) if changes > 1 else _zeros_between(t - t[0], c, np.zeros(0))
        roots[k] = len(found)
        if len(found) == 1:
            rate[k] = np.expm1(-found[0])
    return rate, roots


@njit(cache=True)
def _changes(c: Floats) -> int:
    """Count the changes of sign."""
    changes = 0
    for k in range(1, len(c)):
        if (c[k] > 0) != (c[k - 1] > 0):
            changes += 1
    return changes


@njit(cache=True)
def _all_zeros(t: Floats, c: Floats) -> Floats:
    """Return all zeros, ascending: those of the last derivative with one change of sign first, then of those before it."""
    levels = [c.copy()]
    while _changes(levels[-1]) > 1:
        begin = len(levels)
        made = levels[-1][1:] * (t[begin:] - t[begin - 1])
        levels.append(made / np.abs(made).max())
    zeros = np.zeros(0)
    for begin in range(len(levels) - 1, -1, -1):
        zeros = _zeros_between(t[begin:] - t[begin], levels[begin], zeros)
    return zeros


@njit(cache=True)
def _zeros_between(t: Floats, c: Floats, turns: Floats) -> Floats:
    """Return the zeros of a sum that turns nowhere but at `turns`; one at a turn counts once."""
    found = [0.0 for _ in range(0)]
    left, at_left = -np.inf, np.sign(c[0])
    for k in range(len(turns) + 1):
        right = turns[k] if k < len(turns) else np.inf
        at_right = _sign(t, c, right) if k < len(turns) else np.sign(c[-1])
        if at_left * at_right < 0:
            zero = _zero(t, c, left, right, at_left)
            if not np.isnan(zero):
                found.append(zero)
        if at_right == 0:
            found.append(right)
        left, at_left = right, at_right
    return np.array(found, dtype=np.float64)


@njit(cache=True)
def _zero(t: Floats, c: Floats, left: float, right: float, at_left: float) -> float:
    """Return the only zero between two places, by Newton's steps kept inside the bracket."""
    step = 0.01
    while left == -np.inf:  # only the outermost brackets are open: find a place with the sign of that end
        place = (right if right < np.inf else 0.0) - step
        left = place if _sign(t, c, place) == at_left or step > _FURTHEST else left
        step *= 2
    step = 0.01
    while right == np.inf:
        place = left + step
        right = place if _sign(t, c, place) == -at_left or step > _FURTHEST else right
        step *= 2
    if _sign(t, c, left) != at_left or _sign(t, c, right) != -at_left:
        return np.nan
    x = 0.0 if left < 0.0 < right else (left + right) / 2
    for _ in range(300):
        value, slope, _ = _sum(t, c, x)
        if value == 0:
            return x
        if (value > 0) == (at_left > 0):
            left = x
        else:
            right = x
        nearer = x - value / slope if slope != 0 else left
        nearer = nearer if left < nearer < right else (left + right) / 2
        if abs(nearer - x) <= 1e-15 * (1 + abs(x)) or right - left <= 1e-16 * (1 + abs(x)):
            return nearer
        x = nearer
    return x


@njit(cache=True)
def _sum(t: Floats, c: Floats, x: float) -> tuple[float, float, float]:
    """Return the sum, its slope and the sum of absolute terms, all by one factor smaller where they would overflow."""
    shift = t[-1] * x if x > 0 else 0.0
    value = slope = size = 0.0
    for k in range(len(t)):
        term = c[k] * np.exp(t[k] * x - shift)
        value += term
        slope += term * t[k]
        size += abs(term)
    return value, slope, size


@njit(cache=True)
def _sign(t: Floats, c: Floats, x: float) -> float:
    """Return the sign of the sum; 0 where it cannot be told from nothing."""
    value, _, size = _sum(t, c, x)
    return 0.0 if abs(value) <= _ZERO * size else np.sign(value)
