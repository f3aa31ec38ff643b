"""Sliding windows of whole days over rows of groups: how many different others are met in one. Arrays in, arrays out.

Rows are sorted by group and then by day. A window is so many days in a row, and begins on a day that has a row. Windows of
one group that qualify and share a row are one stretch.
"""

import numpy as np
from numba import njit


@njit(cache=True)
def stretches(group, day, other, others, days, least):  # type: ignore[no-untyped-def]
    """Find the stretches of windows in which a group meets at least so many different others.

    Parameters: group, day, other (0 <= other < others) per row; days of a window; how many others at least. Returns where each
    stretch begins and ends, the most others met in one window, and how many windows qualify.
    """
    starts, ends = [0 for _ in range(0)], [0 for _ in range(0)]
    most, windows = [0 for _ in range(0)], [0 for _ in range(0)]
    met, distinct = np.zeros(others, np.int64), 0
    first, end, rows = 0, 0, len(group)
    while first < rows:
        while end < rows and group[end] == group[first] and day[end] < day[first] + days:
            distinct += met[other[end]] == 0
            met[other[end]] += 1
            end += 1
        if distinct >= least:
            if len(ends) > 0 and first < ends[-1]:
                ends[-1], most[-1], windows[-1] = end, max(most[-1], distinct), windows[-1] + 1
            else:
                starts.append(first)
                ends.append(end)
                most.append(distinct)
                windows.append(1)
        row = first
        while row < end and group[row] == group[first] and day[row] == day[first]:
            met[other[row]] -= 1
            distinct -= met[other[row]] == 0
            row += 1
        first = row
    return np.array(starts, np.int64), np.array(ends, np.int64), np.array(most, np.int64), np.array(windows, np.int64)


@njit(cache=True)
def by_key(keys, count):  # type: ignore[no-untyped-def]
    """Return the order of rows by a key from 0 to below `count`; rows of one key stay as they are."""
    start = np.zeros(count + 1, np.int64)
    for row in range(len(keys)):
        start[keys[row] + 1] += 1
    for key in range(count):
        start[key + 1] += start[key]
    order = np.empty(len(keys), np.int64)
    for row in range(len(keys)):
        order[start[keys[row]]] = row
        start[keys[row]] += 1
    return order


@njit(cache=True)
def distinct(of, what, count, values):  # type: ignore[no-untyped-def]
    """Count by group how many different values (from 0 to below `values`) it has; the rows of a group stand together."""
    found, last = np.zeros(count, np.int64), np.full(values, -1, np.int64)
    for row in range(len(of)):
        if last[what[row]] != of[row]:
            last[what[row]] = of[row]
            found[of[row]] += 1
    return found


@njit(cache=True)
def largest(starts, ends, other, others, amount):  # type: ignore[no-untyped-def]
    """Add up slices of rows: the whole of each, and what the one other that has most of it has (other -1 is nobody)."""
    whole, top = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    sums = np.zeros(others, np.int64)
    for s in range(len(starts)):
        for row in range(starts[s], ends[s]):
            whole[s] += amount[row]
            if other[row] >= 0:
                sums[other[row]] += amount[row]
                top[s] = max(top[s], sums[other[row]])
        for row in range(starts[s], ends[s]):
            if other[row] >= 0:
                sums[other[row]] = 0
    return whole, top


@njit(cache=True)
def _crossing(first, end, arrives, other, low, high, least, met, place, stamp):  # type: ignore[no-untyped-def]
    """Find the moments between gathering and scattering in a window of rows ascending in `low`.

    Returns the earliest moment by which `least` payers may have paid, the latest from which on `least` payees may be paid
    (earliest > latest where there is none), and whether at the earliest the order needs no tie.
    """
    earliest, latest = np.int64(2**62), np.int64(-(2**62))
    count = 0
    for row in range(first, end):
        if arrives[row] and met[other[row]] != stamp:
            met[other[row]] = stamp
            count += 1
            if count == least:
                earliest = low[row]
                break
    count = 0
    for row in range(first, end):  # payees that may be paid from the earliest moment on
        if not arrives[row] and high[row] >= earliest and met[other[row]] != stamp + 1:
            met[other[row]] = stamp + 1
            count += 1
    if count < least:
        return earliest, latest, False
    latest = _last_moment(first, end, arrives, other, high, least, met, place, stamp + 2)
    return earliest, latest, _surely(first, end, arrives, other, low, high, earliest, least, met, stamp + 3)


@njit(cache=True)
def _surely(first, end, arrives, other, low, high, moment, least, met, stamp):  # type: ignore[no-untyped-def]
    """Tell whether enough payers have surely paid by a moment, and enough payees are surely paid after it."""
    came, paid = 0, 0
    for row in range(first, end):
        if arrives[row] and high[row] <= moment and met[other[row]] != stamp:
            met[other[row]] = stamp
            came += 1
    for row in range(first, end):
        if not arrives[row] and low[row] > moment and met[other[row]] != stamp + 1:
            met[other[row]] = stamp + 1
            paid += 1
    return came >= least and paid >= least


@njit(cache=True)
def _last_moment(first, end, arrives, other, high, least, met, place, stamp):  # type: ignore[no-untyped-def]
    """Return the latest moment from which on `least` different others may be paid: the least-th largest of their last ones."""
    lasts = [0 for _ in range(0)]
    for row in range(first, end):
        if not arrives[row]:
            if met[other[row]] != stamp:
                met[other[row]], place[other[row]] = stamp, len(lasts)
                lasts.append(high[row])
            else:
                lasts[place[other[row]]] = max(lasts[place[other[row]]], high[row])
    latest = 0
    for _ in range(least):  # the largest is taken out, again and again: sorting costs seconds to compile
        at = 0
        for i in range(1, len(lasts)):
            if lasts[i] > lasts[at]:
                at = i
        latest, lasts[at] = lasts[at], -1
    return latest


@njit(cache=True)
def crossings(group, day, arrives, other, others, low, high, days, least):  # type: ignore[no-untyped-def]
    """Find the stretches of windows in which a group is paid by `least` others, and after that pays `least` others.

    Parameters: rows sorted by group and then `low` (days ascend with it); whether a row arrives at the group or leaves it; the
    other side; slots from low to high in which the row may have happened. Returns where each stretch begins and ends, how many
    windows qualify, whether one of them does without a tie, and per row whether it is part of one.
    """
    starts, ends = [0 for _ in range(0)], [0 for _ in range(0)]
    windows, sures = [0 for _ in range(0)], [False for _ in range(0)]
    kept, met, place = np.zeros(len(group), np.bool_), np.full(others, -1, np.int64), np.zeros(others, np.int64)
    first, end, rows, stamp = 0, 0, len(group), np.int64(0)
    while first < rows:
        while end < rows and group[end] == group[first] and day[end] < day[first] + days:
            end += 1
        if end - first >= 2 * least:
            earliest, latest, sure = _crossing(first, end, arrives, other, low, high, least, met, place, stamp)
            stamp += 5
            if earliest <= latest:
                for row in range(first, end):
                    kept[row] |= low[row] <= latest if arrives[row] else high[row] >= earliest
                if len(ends) > 0 and first < ends[-1]:
                    ends[-1], windows[-1], sures[-1] = end, windows[-1] + 1, sures[-1] or sure
                else:
                    starts.append(first)
                    ends.append(end)
                    windows.append(1)
                    sures.append(sure)
        row = first
        while row < end and group[row] == group[first] and day[row] == day[first]:
            row += 1
        first = row
    return np.array(starts, np.int64), np.array(ends, np.int64), np.array(windows, np.int64), np.array(sures, np.bool_), kept
