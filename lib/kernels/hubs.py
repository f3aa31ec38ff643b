"""Round trips through busy accounts (hubs), counted per ring of accounts instead of listed. Arrays in, arrays out.

A trip is a simple cycle of transfers whose order is proven: each is over, at the latest, before the next can begin. It is
looked for from the hub's payment onwards; somewhere on the way round, or not at all, the times start anew: there the trip truly
begins.
"""

import numpy as np
from numba import njit

_EMPTY = -1
TRIPS, FIRST, LAST, PAID, SEEN, EXAMPLE = 0, 1, 2, 3, 4, 5  # columns of `notes`; EXAMPLE and on: transfers of one trip


@njit(cache=True)
def _slot(ring, hops, rings, slots):  # type: ignore[no-untyped-def]
    """Return the place in the table where a ring stands or would stand."""
    key = np.uint64(1469598103934665603)
    for step in range(hops):
        key = (key ^ np.uint64(ring[step])) * np.uint64(1099511628211)
    key ^= key >> np.uint64(29)
    place = np.int64(key % np.uint64(len(slots)))
    while slots[place] != _EMPTY:
        known, same = slots[place], True
        for step in range(rings.shape[1]):
            same &= rings[known, step] == (ring[step] if step < hops else _EMPTY)
        if same:
            break
        place = (place + np.int64(1)) % np.int64(len(slots))
    return place


@njit(cache=True)
def _first_after(keys, lower, upper, moment):  # type: ignore[no-untyped-def]
    """Return the first place from lower to upper whose ascending key is above the moment."""
    while lower < upper:
        middle = (lower + upper) // 2
        if keys[middle] <= moment:
            lower = middle + 1
        else:
            upper = middle
    return lower


@njit(cache=True)
def _note(ring, hops, count, first, last, path, closing, amount, found):  # type: ignore[no-untyped-def]
    """Add trips that differ in their last transfer alone to their ring; return the trips that found no room."""
    rings, notes, slots, total = found
    place = _slot(ring, hops, rings, slots)
    known = slots[place]
    if known == _EMPTY:
        if total[0] == len(rings):
            return count
        known = total[0]
        slots[place] = known
        total[0] += 1
        for step in range(rings.shape[1]):
            rings[known, step] = ring[step] if step < hops else _EMPTY
            notes[known, EXAMPLE + step] = path[step] if step < hops - 1 else _EMPTY
        notes[known, EXAMPLE + hops - 1] = closing
        notes[known, TRIPS], notes[known, FIRST], notes[known, LAST] = 0, first, last
        notes[known, PAID], notes[known, SEEN] = 0, _EMPTY
    notes[known, TRIPS] += count
    notes[known, FIRST] = min(notes[known, FIRST], first)
    notes[known, LAST] = max(notes[known, LAST], last)
    if notes[known, SEEN] != path[0]:
        notes[known, SEEN] = path[0]
        notes[known, PAID] += amount[path[0]]
    return np.int64(0)


@njit(cache=True)
def _close(ring, hops, path, begun, wish, window, low, high, amount, inward, found):  # type: ignore[no-untyped-def]
    """Note the trips that a payment from the last account of a way to the hub completes; return those without room.

    `begun`: step at which the times of the way started anew, 0 if they have not; `wish`: whether the ring is asked for.
    """
    hub, out, before, lost = ring[0], path[0], path[hops - 2], np.int64(0)
    in_start, in_key, in_rows, in_low, in_high = inward
    for kind in range(2 if wish else 0):
        key = 2 * ring[hops - 1] + kind
        a = _first_after(in_key, in_start[hub], in_start[hub + 1], key - 1)
        b = _first_after(in_key, a, in_start[hub + 1], key)
        after = _first_after(in_low, a, b, high[before])  # certainly later than what came before
        if begun > 0:  # and earlier than the hub's payment, which comes next
            end = max(after, _first_after(in_high, a, b, low[out] - 1))
            if end > after:
                first, last = low[path[begun]], low[path[begun - 1]]
                lost += _note(ring, hops, end - after, first, last, path, in_rows[after], amount, found)
            continue
        end = _first_after(in_low, a, b, high[out] + window)
        if end > after:
            lost += _note(ring, hops, end - after, low[out], in_low[end - 1], path, in_rows[after], amount, found)
        start = _first_after(in_high, a, b, low[before] - window - 1)  # this payment is the first of the trip
        end = _first_after(in_high, a, b, low[out] - 1)
        if end > start:
            lost += _note(ring, hops, end - start, in_low[start], low[before], path, in_rows[start], amount, found)
    return lost


@njit(cache=True)
def through(moves, amount, outward, inward, hubs, order, wanted, most_hops, window, most, effort):  # type: ignore[no-untyped-def]
    """Count the trips of 2 to most_hops transfers within a window that pass a hub, by ring of accounts.

    Parameters: moves (low, high); amount; outward = (start, rows, payee, low) by payer, ascending in `low`;
    inward = (start, key, rows, low, high) by payee, then key (twice the payer, and one more if only the day is known), then
    `low`: of one key `high` ascends too; hubs, the accounts walked through, and order, each account's place among them or -1;
    wanted: a ring has such an account; most rings that are kept; effort, payments that are looked at, at most, on the ways from
    one payment of a hub. Returns rings (accounts from the hub of the lowest place on, -1 beyond), notes (columns above; first
    and last times of the trips in `low`, fen that the hub paid in them, each transfer once), the trips whose rings found no
    room, and the hubs' payments whose ways were not all looked at.
    """
    low, high = moves
    out_start, out_rows, out_payee, out_low = outward
    rings = np.full((most, most_hops), _EMPTY, np.int64)
    notes = np.empty((most, EXAMPLE + most_hops), np.int64)
    slots, total = np.full(2 * most + 1, _EMPTY, np.int64), np.zeros(1, np.int64)
    found, lost, cut = (rings, notes, slots, total), np.int64(0), np.int64(0)
    seen, slack = np.zeros(len(order), np.bool_), np.max(high - low) if len(low) > 0 else np.int64(0)
    ring, path = np.empty(most_hops, np.int64), np.empty(most_hops, np.int64)
    far, line = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    begun, wish = np.zeros(most_hops, np.int64), np.zeros(most_hops, np.bool_)
    place, end = np.empty(most_hops, np.int64), np.empty(most_hops, np.int64)
    for hub in hubs:
        seen[hub] = True
        _measure(hub, most_hops, inward, far, line)
        for first in range(out_start[hub], out_start[hub + 1]):
            out, account = out_rows[first], out_payee[first]
            if _barred(account, hub, most_hops - 1, seen, order, far):
                continue
            ring[0], ring[1], path[0], begun[1], depth = hub, account, out, 0, 1
            wish[1] = wanted[hub] or wanted[account]
            seen[account], steps = True, effort
            _open(1, ring, path, begun, window, slack, low, high, out_start, out_low, place, end)
            lost += _close(ring, 2, path, 0, wish[1], window, low, high, amount, inward, found)
            while depth > 0:
                if place[depth] >= end[depth] or depth + 1 >= most_hops:
                    seen[ring[depth]] = False
                    depth -= 1
                    continue
                if steps == 0:
                    cut += 1
                    place[1 : depth + 1] = end[1 : depth + 1]
                    continue
                steps -= 1
                at = place[depth]
                place[depth] += 1
                row, account = out_rows[at], out_payee[at]
                if _barred(account, hub, most_hops - depth - 1, seen, order, far):
                    continue
                turn = _turn(row, depth, path, begun[depth], window, low, high)
                if turn < 0:
                    continue
                path[depth], ring[depth + 1] = row, account
                depth += 1
                begun[depth], wish[depth] = turn, wish[depth - 1] or wanted[account]
                seen[account] = True
                _open(depth, ring, path, begun, window, slack, low, high, out_start, out_low, place, end)
                lost += _close(ring, depth + 1, path, turn, wish[depth], window, low, high, amount, inward, found)
        seen[hub] = False
    return rings[: total[0]], notes[: total[0]], lost, cut


@njit(cache=True)
def _barred(account, hub, left, seen, order, far):  # type: ignore[no-untyped-def]
    """Tell whether a way from a hub need not pass an account.

    It did already, it is a hub whose own ways have been looked at, or no so many transfers lead from it to the hub.
    """
    return seen[account] or far[account] > left or (order[account] >= 0 and order[account] < order[hub])


@njit(cache=True)
def _measure(hub, most_hops, inward, far, line):  # type: ignore[no-untyped-def]
    """Fill how few transfers, whenever they were, lead from each account to a hub (most_hops: as many or more)."""
    in_start, in_key = inward[0], inward[1]
    far[:] = most_hops
    far[hub], line[0], first, end = 0, hub, 0, 1
    while first < end:
        account = line[first]
        first += 1
        for i in range(in_start[account], in_start[account + 1]):
            payer = in_key[i] // 2
            if far[payer] == most_hops and far[account] + 1 < most_hops:
                far[payer] = far[account] + 1
                line[end] = payer
                end += 1


@njit(cache=True)
def _open(depth, ring, path, begun, window, slack, low, high, out_start, out_low, place, end):  # type: ignore[no-untyped-def]
    """Set the bounds of the payments of the last account that may go on (by `low`, ascending)."""
    account, out, before = ring[depth], path[0], path[depth - 1]
    lower, upper = out_start[account], out_start[account + 1]
    if begun[depth] > 0:
        place[depth] = _first_after(out_low, lower, upper, high[before])
        end[depth] = _first_after(out_low, lower, upper, low[out] - 1)
    else:
        place[depth] = _first_after(out_low, lower, upper, low[before] - window - slack - 1)
        end[depth] = _first_after(out_low, lower, upper, high[out] + window)


@njit(cache=True)
def _turn(row, depth, path, begun, window, low, high):  # type: ignore[no-untyped-def]
    """Return where the times of the way start anew with this payment added (0: nowhere), or -1 if it cannot be added."""
    out, before = path[0], path[depth - 1]
    if begun > 0:
        return begun if low[row] > high[before] and high[row] < low[out] else -1
    if low[row] > high[before]:
        return 0 if low[row] <= high[out] + window else -1
    return depth if high[row] < low[out] and low[before] - high[row] <= window else -1
