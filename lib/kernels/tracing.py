"""Money in time order: exact products, tied payments put in order, balances replayed, an account's next payment.

Arrays in, arrays out, amounts in int64 fen. Transfers are named by their position in the order of replay, accounts by a
number; -1 is an account that nobody stated.
"""

from heapq import heappop, heappush

import numpy as np
from numba import njit

_ROOT = 3_037_000_499  # its square is the largest that fits in 63 bits
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_ONE = np.uint64(1)
_TOP = np.uint64(63)
_NONE = np.uint64(0)
MOST_FEN = 2**62  # balances stay below, so that one more transfer cannot overflow
FAR = 2**31 - 1  # hop of an account that holds no traced money


@njit(cache=True)
def mul_div(a, b, divisor):  # type: ignore[no-untyped-def]
    """Return quotient and remainder of a * b / divisor by a 128-bit product, for 0 <= a, b <= divisor < 2**63."""
    if a <= _ROOT and b <= _ROOT:
        return a * b // divisor, a * b % divisor
    x, y, d = np.uint64(a), np.uint64(b), np.uint64(divisor)
    low, left, right = (x & _LOW) * (y & _LOW), (x & _LOW) * (y >> _HALF), (x >> _HALF) * (y & _LOW)
    middle = (low >> _HALF) + (left & _LOW) + (right & _LOW)
    lower = (low & _LOW) | (middle << _HALF)
    upper = (x >> _HALF) * (y >> _HALF) + (left >> _HALF) + (right >> _HALF) + (middle >> _HALF)
    if upper == _NONE:
        return np.int64(lower // d), np.int64(lower % d)
    for _ in range(64):  # long division by bits: the quotient grows in `lower`, the remainder in `upper`, always below d
        upper = (upper << _ONE) | (lower >> _TOP)
        lower = lower << _ONE
        if upper >= d:
            upper -= d
            lower |= _ONE
    return np.int64(lower), np.int64(upper)


@njit(cache=True)
def part_of(traced, paid, balance):  # type: ignore[no-untyped-def]
    """Return traced * paid / balance, rounded half to even, for 0 <= traced, paid <= balance."""
    quotient, rest = mul_div(traced, paid, balance)
    if rest > balance - rest or (rest == balance - rest and quotient % 2 == 1):
        quotient += 1
    return quotient


@njit(cache=True)
def settle(groups, starts, targets, hard):  # type: ignore[no-untyped-def]
    """Put tied transfers in order: after all that must come before, in file order where nothing says more.

    Nodes below groups[-1] are transfers, numbered in file order group by group; the others only pass an order on. Node u comes
    before targets[starts[u]:starts[u + 1]]. Where the demands form a loop, the first transfer in file order that no hard
    demand holds back goes next. Returns the order and, per transfer, whether a loop was broken at it.
    """
    count, nodes = groups[-1], len(starts) - 1
    waits, waits_hard = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    for edge in range(len(targets)):
        waits[targets[edge]] += 1
        waits_hard[targets[edge]] += hard[edge]
    order, looped, done = np.empty(count, np.int64), np.zeros(count, np.bool_), np.zeros(nodes, np.bool_)
    at = 0
    for group in range(len(groups) - 1):
        first, end = groups[group], groups[group + 1]
        ready = [np.int64(u) for u in range(first, end) if waits[u] == 0]
        while at < end:
            if len(ready) == 0:
                while done[first]:
                    first += 1
                ready.append(_break_loop(first, end, done, waits_hard))
                looped[ready[0]] = True
            node = heappop(ready)
            order[at] = node
            at += 1
            _pass_on(node, count, starts, targets, hard, waits, waits_hard, done, ready)
    return order, looped


@njit(cache=True)
def _break_loop(first, end, done, waits_hard):  # type: ignore[no-untyped-def]
    """Return the first transfer in file order that only soft demands hold back; the first of all, if there is none."""
    for node in range(first, end):
        if not done[node] and waits_hard[node] == 0:
            return np.int64(node)
    return np.int64(first)


@njit(cache=True)
def _pass_on(node, count, starts, targets, hard, waits, waits_hard, done, ready):  # type: ignore[no-untyped-def]
    """Mark a transfer as placed and make ready what waited for it alone, through the nodes that only pass an order on."""
    done[node] = True
    passing = [node]
    while len(passing) > 0:
        u = passing.pop()
        for edge in range(starts[u], starts[u + 1]):
            v = targets[edge]
            waits[v] -= 1
            waits_hard[v] -= hard[edge]
            if waits[v] > 0 or done[v]:
                continue
            if v < count:
                heappush(ready, np.int64(v))
            else:
                done[v] = True
                passing.append(np.int64(v))


@njit(cache=True)
def replay(payer, payee, amount, opening):  # type: ignore[no-untyped-def]
    """Return what each payer is known to hold just before it pays; -1 everywhere after a balance that int64 cannot hold.

    What an account pays beyond that comes from an unknown lot and does not make its balance negative.
    """
    known, before = opening.copy(), np.full(len(payer), -1, np.int64)
    for i in range(len(payer)):
        if payer[i] >= 0:
            before[i] = known[payer[i]]
            known[payer[i]] -= min(before[i], amount[i])
        else:
            before[i] = 0
        if payee[i] >= 0:
            known[payee[i]] += amount[i]
            if known[payee[i]] > MOST_FEN:
                before[i:] = -1
                break
    return before


@njit(cache=True)
def replay_arrivals(payer, payee, amount, opening):  # type: ignore[no-untyped-def]
    """Return what each payee is known to hold just before it is paid (0 where nobody is stated), as `replay` keeps balances."""
    known, there = opening.copy(), np.zeros(len(payer), np.int64)
    for i in range(len(payer)):
        if payer[i] >= 0:
            known[payer[i]] -= min(known[payer[i]], amount[i])
        if payee[i] >= 0:
            there[i] = known[payee[i]]
            known[payee[i]] += amount[i]
    return there


@njit(cache=True)
def with_room(array, needed):  # type: ignore[no-untyped-def]
    """Return a table of int64 with room for so many rows, the same one where it has; rows are kept."""
    if needed <= len(array):
        return array
    larger = np.empty((max(needed, 2 * len(array)), array.shape[1]), np.int64)
    larger[: len(array)] = array
    return larger


@njit(cache=True)
def next_payment(out_start, out_pos, account, pos):  # type: ignore[no-untyped-def]
    """Return the account's first payment after a position, or -1."""
    low, high = out_start[account], out_start[account + 1]
    while low < high:
        middle = (low + high) // 2
        if out_pos[middle] <= pos:
            low = middle + 1
        else:
            high = middle
    return out_pos[low] if low < out_start[account + 1] else -1


@njit(cache=True)
def await_payment(account, pos, scanning, ways, out_start, out_pos, queued):  # type: ignore[no-untyped-def]
    """Mark an account as holding traced money that a later payment may carry on, and put that payment on the heap.

    While transfers are scanned one by one nothing is put there: the mark is enough.
    """
    following = pos + 1 if scanning else next_payment(out_start, out_pos, account, pos)
    queued[account] = following >= 0
    if following >= 0 and not scanning:
        heappush(ways, following)


@njit(cache=True)
def next_place(pos, given, scanning, ways, payer, queued):  # type: ignore[no-untyped-def]
    """Return the next transfer whose payer holds traced money, at `given` (the next source or the end) at the latest."""
    if not scanning:
        return min(ways[0], given) if len(ways) > 0 else given
    place = pos + 1
    while place < given and (payer[place] < 0 or not queued[payer[place]]):
        place += 1
    return place
