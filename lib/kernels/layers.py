"""Money that runs through layers of accounts: scatter-gather, bipartite groups and stacks. Arrays in, arrays out.

A transfer leaves its payer in a slot from dep_low to dep_high of that account's order, and reaches its payee in a slot from
arr_low to arr_high of that one's (slots of one account compare with each other only). A transfer can follow another at an
account if it may leave in a slot not before the other's.
"""

import numpy as np
from numba import njit


@njit(cache=True)
def _first_from(rows, start, account, moment, high):  # type: ignore[no-untyped-def]
    """Return the place of the account's first row that may happen at the moment or later."""
    lower, upper = start[account], start[account + 1]
    while lower < upper:
        middle = (lower + upper) // 2
        if high[rows[middle]] < moment:
            lower = middle + 1
        else:
            upper = middle
    return lower


@njit(cache=True)
def _goes_on(row, after, source, moves):  # type: ignore[no-untyped-def]
    """Tell whether a transfer out of a middle can carry on what reached it from the source, to somebody else."""
    payee, _, arr_low, dep_high = moves
    return dep_high[after] >= arr_low[row] and payee[after] != source and payee[after] != payee[row]


@njit(cache=True)
def _count_middles(source, start, by_payee, by_day, moves, days, last, count, touched):  # type: ignore[no-untyped-def]
    """Count the middles between a source and each target; the source's rows go payee by payee, so each counts once."""
    payee, day = moves[0], moves[1]
    for at in range(start[source], start[source + 1]):
        row = by_payee[at]
        for onward in range(_first_from(by_day, start, payee[row], day[row], day), start[payee[row] + 1]):
            after = by_day[onward]
            if day[after] >= day[row] + days:
                break
            if last[payee[after]] != payee[row] and _goes_on(row, after, source, moves):
                if count[payee[after]] == 0:
                    touched.append(payee[after])
                last[payee[after]] = payee[row]
                count[payee[after]] += 1


@njit(cache=True)
def _ways(source, start, by_day, moves, days, number, ways):  # type: ignore[no-untyped-def]
    """List the ways from a source to the targets that have a number, by the day of the first transfer: (number, row, after)."""
    payee, day = moves[0], moves[1]
    for at in range(start[source], start[source + 1]):
        row = by_day[at]
        for onward in range(_first_from(by_day, start, payee[row], day[row], day), start[payee[row] + 1]):
            after = by_day[onward]
            if day[after] >= day[row] + days:
                break
            if number[payee[after]] >= 0 and _goes_on(row, after, source, moves):
                ways.append(number[payee[after]])
                ways.append(row)
                ways.append(after)


@njit(cache=True)
def _window(part, begin, moves, sides, days, stamps, stamp):  # type: ignore[no-untyped-def]
    """Count the middles that ways pass within a window, and those that they pass without a tie."""
    payee, day = moves[0], moves[1]
    middles, sure = 0, 0
    for at in range(0, len(part), 2):
        row, after = part[at], part[at + 1]
        if day[row] >= begin and day[after] < begin + days:
            middle = payee[row]
            if stamps[middle] < stamp:
                stamps[middle] = stamp
                middles += 1
            if stamps[middle] == stamp and sides[0][row] < sides[1][after]:
                stamps[middle] = stamp + 1
                sure += 1
    return middles, sure


@njit(cache=True)
def _stretches(source, part, moves, sides, days, least, stamps, stamp, members, told):  # type: ignore[no-untyped-def]
    """Note the stretches of windows in which the ways from a source to a target pass enough middles, and their rows."""
    payee, day = moves[0], moves[1]
    until, last_begin = np.int64(-(2**62)), np.int64(-(2**62))
    for first in range(0, len(part), 2):
        begin = day[part[first]]
        if begin == last_begin:
            continue
        last_begin, stamp = begin, stamp + 2
        middles, sure = _window(part, begin, moves, sides, days, stamps, stamp)
        if middles < least:
            continue
        if begin >= until:
            for value in (source, payee[part[1]], np.int64(0), np.int64(0), np.int64(0)):
                told.append(value)
        place = len(told) - 5
        told[place + 2] = max(told[place + 2], middles)
        told[place + 3] += 1
        told[place + 4] = max(told[place + 4], np.int64(sure >= least))
        until = begin + days
        for at in range(0, len(part), 2):
            if day[part[at]] >= begin and day[part[at + 1]] < begin + days:
                for row in (part[at], part[at + 1]):
                    members.append(np.int64(place // 5))
                    members.append(row)
    return stamp


@njit(cache=True)
def scatter_gather(start, by_payee, by_day, moves, sides, days, least, most_ways):  # type: ignore[no-untyped-def]
    """Find pairs of a source and a target between which at least so many middles carry money on within some days.

    Parameters: rows by payer (CSR), of a payer by payee, and by day; moves = (payee, day, arr_low, dep_high), sides =
    (arr_high, dep_low); days of a window; middles at least; ways of two transfers after which the search ends. Returns, one
    after the other, (pattern, transfer), with repeats, and (source, target, most middles in a window, windows, sure); and
    whether it ended early.
    """
    accounts = len(start) - 1
    last, count, number = np.full(accounts, -1, np.int64), np.zeros(accounts, np.int64), np.full(accounts, -1, np.int64)
    stamps, stamp, stopped = np.full(accounts, -1, np.int64), np.int64(0), False
    members, told = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for source in range(accounts):
        if start[source + 1] - start[source] < least or stopped:
            continue
        touched, ways = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
        _count_middles(source, start, by_payee, by_day, moves, days, last, count, touched)
        parts = [[np.int64(0) for _ in range(0)] for _ in range(0)]
        for target in touched:
            if count[target] >= least:
                number[target] = len(parts)
                parts.append([np.int64(0) for _ in range(0)])
        if len(parts) > 0:
            _ways(source, start, by_day, moves, days, number, ways)
        stopped = len(ways) + len(members) > 3 * most_ways
        for at in range(0, len(ways), 3):
            parts[ways[at]].append(ways[at + 1])
            parts[ways[at]].append(ways[at + 2])
        for part in parts:
            stamp = _stretches(np.int64(source), part, moves, sides, days, least, stamps, stamp, members, told)
        for target in touched:
            last[target], count[target], number[target] = -1, 0, -1
    return np.array(members, np.int64), np.array(told, np.int64), stopped


@njit(cache=True)
def _root(parent, node):  # type: ignore[no-untyped-def]
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True)
def _join(parent, first, key, node):  # type: ignore[no-untyped-def]
    """Put a node together with the first one that had this key."""
    if first[key] < 0:
        first[key] = node
    else:
        a, b = _root(parent, first[key]), _root(parent, node)
        parent[max(a, b)] = min(a, b)


@njit(cache=True)
def _count_pairs(first, end, kept, pair, side, stamps, stamp, degree):  # type: ignore[no-untyped-def]
    """Count the different pairs of each account on a side, over the kept rows of a window."""
    for row in range(first, end):
        degree[side[row]] = 0
    for row in range(first, end):
        if kept[row] and stamps[pair[row]] != stamp:
            stamps[pair[row]] = stamp
            degree[side[row]] += 1


@njit(cache=True)
def _thin(first, end, payer, payee, pair, payers, payees, kept, paying, paid, stamps, stamp):  # type: ignore[no-untyped-def]
    """Remove the rows of a window whose payer or payee falls short until none does; return the next stamp."""
    for row in range(first, end):
        kept[row] = True
    changed = True
    while changed:
        changed = False
        _count_pairs(first, end, kept, pair, payer, stamps, stamp, paying)
        _count_pairs(first, end, kept, pair, payee, stamps, stamp + 1, paid)
        stamp += 2
        for row in range(first, end):
            if kept[row] and (paying[payer[row]] < payees or paid[payee[row]] < payers):
                kept[row] = False
                changed = True
    return stamp


@njit(cache=True)
def bipartite(payer, payee, accounts, pair, pairs, day, days, payers, payees):  # type: ignore[no-untyped-def]
    """Find groups in which every payer pays `payees` of the payees and every payee is paid by `payers` of the payers.

    Parameters: rows sorted by day; the number of each row's pair of accounts; days of a window. Of each window the largest such
    part is taken (what is left when accounts that fall short are removed until none does). Returns per row the group that it
    belongs to, by the number of the group's first row, -1 if none: groups that share a transfer, in one window or another, are
    one.
    """
    rows = len(payer)
    parent, found, kept = np.arange(rows), np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    paying, paid = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    stamps, stamp = np.full(pairs, -1, np.int64), 0
    first_paying, first_paid = np.full(accounts, -1, np.int64), np.full(accounts, -1, np.int64)
    first, end = 0, 0
    while first < rows:
        while end < rows and day[end] < day[first] + days:
            end += 1
        stamp = _thin(first, end, payer, payee, pair, payers, payees, kept, paying, paid, stamps, stamp)
        for row in range(first, end):
            if kept[row]:
                found[row] = True
                _join(parent, first_paying, payer[row], row)
                _join(parent, first_paid, payee[row], row)
        for row in range(first, end):
            first_paying[payer[row]] = first_paid[payee[row]] = -1
        first = _next_day(day, first)
    return _groups(parent, found)


@njit(cache=True)
def _groups(parent, found):  # type: ignore[no-untyped-def]
    """Give each that was found the number of its group's first, and -1 to the others."""
    group = np.full(len(parent), -1, np.int64)
    for node in range(len(parent)):
        if found[node]:
            group[node] = _root(parent, node)
    return group


@njit(cache=True)
def _next_day(day, row):  # type: ignore[no-untyped-def]
    at = row
    while at < len(day) and day[at] == day[row]:
        at += 1
    return at


@njit(cache=True)
def _carried(first, end, payer, payee, arr_low, dep_high, into, out, soonest, latest):  # type: ignore[no-untyped-def]
    """Say of each account when the first kept row reaches it, and when the last kept one may leave it."""
    for row in range(first, end):
        soonest[payee[row]] = soonest[payer[row]] = 2**62
        latest[payer[row]] = latest[payee[row]] = -1
    for row in range(first, end):
        if into[row]:
            soonest[payee[row]] = min(soonest[payee[row]], arr_low[row])
        if out[row]:
            latest[payer[row]] = max(latest[payer[row]], dep_high[row])


@njit(cache=True)
def _clear(first, end, payer, payee, degrees):  # type: ignore[no-untyped-def]
    for row in range(first, end):
        for side in range(4):
            degrees[side, payer[row]] = degrees[side, payee[row]] = 0


@njit(cache=True)
def _peel(first, end, payer, payee, pair, slots, breadth, into, out, scratch, stamp):  # type: ignore[no-untyped-def]
    """Remove the legs of a window that fall short until none does; return the next stamp."""
    arr_low, dep_high = slots
    stamps, degrees, soonest, latest = scratch
    changed = True
    while changed:
        changed = False
        _clear(first, end, payer, payee, degrees)
        _count_pairs(first, end, into, pair, payer, stamps, stamp, degrees[0])
        _count_pairs(first, end, into, pair, payee, stamps, stamp + 1, degrees[1])
        _count_pairs(first, end, out, pair, payer, stamps, stamp + 2, degrees[2])
        _count_pairs(first, end, out, pair, payee, stamps, stamp + 3, degrees[3])
        stamp += 4
        _carried(first, end, payer, payee, arr_low, dep_high, into, out, soonest, latest)
        for row in range(first, end):
            top, middle = payer[row], payee[row]
            fits = degrees[0, top] >= breadth and degrees[1, middle] >= breadth and degrees[2, middle] >= breadth
            if into[row] and not (fits and arr_low[row] <= latest[middle]):
                into[row] = False
                changed = True
            middle, bottom = payer[row], payee[row]
            fits = degrees[1, middle] >= breadth and degrees[2, middle] >= breadth and degrees[3, bottom] >= breadth
            if out[row] and not (fits and dep_high[row] >= soonest[middle]):
                out[row] = False
                changed = True
    return stamp


@njit(cache=True)
def stacks(payer, payee, accounts, pair, pairs, day, arr_low, dep_high, days, breadth):  # type: ignore[no-untyped-def]
    """Find three layers of accounts: tops pay middles, which after that pay bottoms, each `breadth` of the other at least.

    Parameters as in `bipartite`; of each window the largest such part is taken. A transfer may be a leg into the middle (first
    half of the answer) and a leg out of it (second half). Returns per leg the group that it belongs to, -1 if none.
    """
    rows = len(payer)
    parent, found = np.arange(2 * rows), np.zeros(2 * rows, np.bool_)
    into, out = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    far = np.zeros(accounts, np.int64)
    scratch = (np.full(pairs, -1, np.int64), np.zeros((4, accounts), np.int64), far, far.copy())
    heads, stamp = np.full((3, accounts), -1, np.int64), 0
    first, end = 0, 0
    while first < rows:
        while end < rows and day[end] < day[first] + days:
            end += 1
        for row in range(first, end):
            into[row] = out[row] = True
        stamp = _peel(first, end, payer, payee, pair, (arr_low, dep_high), breadth, into, out, scratch, stamp)
        for row in range(first, end):
            if into[row]:
                found[row] = True
                _join(parent, heads[0], payer[row], row)
                _join(parent, heads[1], payee[row], row)
            if out[row]:
                found[rows + row] = True
                _join(parent, heads[1], payer[row], rows + row)
                _join(parent, heads[2], payee[row], rows + row)
        for row in range(first, end):
            for layer in range(3):
                heads[layer, payer[row]] = heads[layer, payee[row]] = -1
        first = _next_day(day, first)
    return _groups(parent, found)
