"""How long money stays in an account, first in first out, and windows in which it only passes through.

Arrays in, arrays out; fen in int64, times in whole seconds. Rows are sorted by account and then in order of replay.
"""

import numpy as np
from numba import njit

DAY_S = 86_400
PARTS = 10_000
_LARGE = 2**62


@njit(cache=True)
def dwell(account, arrives, fen, low, high, opening):  # type: ignore[no-untyped-def]
    """Say of each payment how long its money had been in the account: what came first goes first.

    Parameters: account, whether the row arrives, amount, and the second at the earliest and at the latest, per row; what each
    account held at first, which goes before all else. Returns per row (payments only) the sum over its fen of the whole days
    and of the seconds left over, at least and at most (rows, 4), and the fen that were not seen to come.
    """
    rows = len(account)
    sums, unseen = np.zeros((rows, 4), np.int64), np.zeros(rows, np.int64)
    left = np.zeros(rows, np.int64)
    oldest, held = 0, np.int64(0)
    for row in range(rows):
        if row == 0 or account[row] != account[row - 1]:
            oldest, held = row, opening[account[row]]
        if arrives[row]:
            left[row] = fen[row]
            continue
        unseen[row] = min(held, fen[row])
        held -= unseen[row]
        due = fen[row] - unseen[row]
        while due > 0 and oldest < row:
            part = min(due, left[oldest])
            least, most = max(0, low[row] - high[oldest]), max(0, high[row] - low[oldest])
            sums[row, 0] += part * (least // DAY_S)
            sums[row, 1] += part * (least % DAY_S)
            sums[row, 2] += part * (most // DAY_S)
            sums[row, 3] += part * (most % DAY_S)
            left[oldest] -= part
            due -= part
            if left[oldest] == 0:
                oldest += 1
        unseen[row] += due
    return sums, unseen


@njit(cache=True)
def _no_longer(days, seconds, fen, limit):  # type: ignore[no-untyped-def]
    """Tell whether an average stay is no longer than a limit in seconds: exact, without a product that overflows."""
    whole, rest = days + seconds // DAY_S, seconds % DAY_S
    most, over = fen * (limit // DAY_S), fen * (limit % DAY_S)
    most, over = most + over // DAY_S, over % DAY_S
    return whole < most or (whole == most and rest <= over)


@njit(cache=True)
def _at_most(a, b, c, d):  # type: ignore[no-untyped-def]
    """Tell whether a × b <= c × d; beyond 62 bits by floating point."""
    if abs(float(a) * float(b)) < _LARGE and abs(float(c) * float(d)) < _LARGE:
        return a * b <= c * d
    return float(a) * float(b) <= float(c) * float(d)


@njit(cache=True)
def _held(ends, first, last, day_from, day_to):  # type: ignore[no-untyped-def]
    """Add up an account's balances at the ends of some days; each stays until the next that is known."""
    day, fen = ends
    total = np.int64(0)
    for at in range(first, last):
        begin = max(day[at], day_from)
        end = day_to + 1 if at + 1 == last else min(day[at + 1], day_to + 1)
        if end > begin:
            total += fen[at] * (end - begin)
    return total


@njit(cache=True)
def passing(account, day, arrives, fen, sums, unseen, balances, days, bounds):  # type: ignore[no-untyped-def]
    """Find the windows in which what comes into an account goes on at once; of each stretch of windows the strongest.

    Parameters: rows as in `dwell`, its answer; balances = (start, day, fen, known_from, known_to): known balances at the ends
    of days per account (CSR) and the days for which they are known; days of a window; bounds = (lowest and highest out ÷ in,
    highest resting ÷ throughput, each in ten-thousandths, most seconds of stay, least throughput in fen). Returns, 13 numbers
    after 13: first row, end row, windows of the stretch, in, out, sum of the balances at the ends of the days from the first
    to the last movement (-1, and 0 days, where unknown), those days, sums of the stay (four), fen unseen, state (2: all of it
    holds; 1: nothing known contradicts).
    """
    found = [np.int64(0) for _ in range(0)]
    total, rows = np.zeros(7, np.int64), len(account)  # in, out, four sums, unseen
    first, end, until = 0, 0, -1
    while first < rows:
        while end < rows and account[end] == account[first] and day[end] < day[first] + days:
            _add(total, end, 1, arrives, fen, sums, unseen)
            end += 1
        state, held, span = _judged(first, end, account, day, total, balances, bounds)
        if state > 0:
            _note(found, first < until, first, end, total, held, span, state)
            until = end
        at = first
        while at < end and account[at] == account[first] and day[at] == day[first]:
            _add(total, at, -1, arrives, fen, sums, unseen)
            at += 1
        first = at
    return np.array(found, np.int64)


@njit(cache=True)
def _note(found, again, first, end, total, held, span, state):  # type: ignore[no-untyped-def]
    """Note a window that qualifies; one that shares rows with the last is the same stretch: the stronger is kept."""
    row = (
        *(np.int64(first), np.int64(end), np.int64(1), total[0], total[1], np.int64(held), np.int64(span)),
        *(total[2], total[3], total[4], total[5], total[6], np.int64(state)),
    )
    if not again:
        for value in row:
            found.append(value)
        return
    base = len(found) - 13
    windows = found[base + 2] + 1
    through, before = min(total[0], total[1]), min(found[base + 3], found[base + 4])
    if state > found[base + 12] or (state == found[base + 12] and through > before):
        place = base
        for value in row:
            found[place] = value
            place += 1
    found[base + 2] = windows


@njit(cache=True)
def _add(total, row, sign, arrives, fen, sums, unseen):  # type: ignore[no-untyped-def]
    if arrives[row]:
        total[0] += sign * fen[row]
    else:
        total[1] += sign * fen[row]
        for i in range(4):
            total[2 + i] += sign * sums[row, i]
        total[6] += sign * unseen[row]


@njit(cache=True)
def _judged(first, end, account, day, total, balances, bounds):  # type: ignore[no-untyped-def]
    """Return the state of a window (0: it does not qualify), what rested in it and over how many days (0: unknown)."""
    start, end_day, end_fen, known_from, known_to = balances
    lowest, highest, resting, seconds, least = bounds
    came, went = total[0], total[1]
    through, seen = min(came, went), went - total[6]
    if through < least or through == 0 or not _at_most(lowest, came, went, PARTS) or not _at_most(went, PARTS, highest, came):
        return 0, -1, 0
    if not _no_longer(total[2], total[3], seen, seconds):
        return 0, -1, 0
    sure = total[6] == 0 and _no_longer(total[4], total[5], seen, seconds)
    who, last = account[first], day[end - 1]
    if known_from[who] > day[first] or known_to[who] < last:
        return 1, -1, 0
    span = last - day[first] + 1
    held = _held((end_day, end_fen), start[who], start[who + 1], day[first], last)
    if not _at_most(held, PARTS, through * span, resting):
        return 0, -1, 0
    return (2 if sure else 1), held, span
