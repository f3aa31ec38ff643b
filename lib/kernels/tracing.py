"""Money in time order: exact products, tied payments put in order, balances replayed, traced money followed pro rata.

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
def _sum(levels):  # type: ignore[no-untyped-def]
    total = np.int64(0)  # plain loops here and below: each array expression costs a second of compiling
    for level in range(len(levels)):
        total += levels[level]
    return total


@njit(cache=True)
def _take(held, paid, balance, share):  # type: ignore[no-untyped-def]
    """Move the traced part of a payment from held[level] to share[level]; return it.

    The whole is the half-even part of what is held; each level gives its own part rounded down, and the levels with the
    largest remainders (the lower first) one fen more, so that the levels add up to the whole.
    """
    total, rests = _sum(held), np.zeros(len(held), np.int64)
    whole = total if paid >= balance else part_of(total, paid, balance)
    left = whole
    for level in range(len(held)):
        if paid >= balance:
            share[level] = held[level]
        else:
            share[level], rests[level] = mul_div(held[level], paid, balance)
        left -= share[level]
    while left > 0:
        best = 0
        for level in range(1, len(held)):
            if rests[level] > rests[best]:
                best = level
        share[best] += 1
        rests[best] = -1
        left -= 1
    for level in range(len(held)):
        held[level] -= share[level]
    return whole


@njit(cache=True)
def _after(out_start, out_pos, account, pos):  # type: ignore[no-untyped-def]
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
def _queue(account, pos, ways, book, state):  # type: ignore[no-untyped-def]
    """Put the account's next payment after a position on the heap, if there is one."""
    following = _after(book[4], book[5], account, pos)
    state[2][account] = following >= 0
    if following >= 0:
        heappush(ways, following)


@njit(cache=True)
def _leave(pos, ways, book, state):  # type: ignore[no-untyped-def]
    """Take the traced part of a payment from its payer, by level into `share`; return the part and its hop."""
    payer, _, amount, before, _, _ = book
    held, least, queued, share = state
    account = payer[pos]
    heappop(ways)
    hop = least[account] + 1
    moved = _take(held[account], amount[pos], before[pos], share)
    queued[account] = False
    if _sum(held[account]) > 0:
        _queue(account, pos, ways, book, state)
    else:
        least[account] = FAR
    return moved, hop


@njit(cache=True)
def _arrive(account, moved, fresh, hop, hops, state):  # type: ignore[no-untyped-def]
    """Give traced money to an account: what has made all the hops is not held, it rests there."""
    held, least, _, share = state
    if fresh > 0 and hops != 0:
        held[account, 0] += fresh
        least[account] = 0
    if moved > 0 and hops < 0:
        held[account, 0] += moved
        least[account] = min(least[account], hop)
    elif moved > 0 and moved > share[hops - 1]:
        for level in range(1, len(share)):
            held[account, level] += share[level - 1]
        least[account] = min(least[account], hop)


@njit(cache=True)
def _note(rows, count, pos, fen, hop, ended):  # type: ignore[no-untyped-def]
    """Write a row, if it carries anything; return the number of rows."""
    if fen == 0:
        return count
    rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = pos, fen, hop, ended
    return count + 1


@njit(cache=True)
def follow(sources, stop, hops, book, sink, state, rows):  # type: ignore[no-untyped-def]
    """Follow the money of some transfers forward, pro rata.

    Parameters: source positions ascending; first position that is not followed; hops that are followed (-1: all); book =
    (payer, payee, amount, before, out_start, out_pos), transfers in order of replay and each account's payments (CSR); sink:
    accounts not walked through; state = (held[account, level], least[account], queued[account], share[level]), scratch, all
    zero / FAR and left so; rows (as many as transfers and sources, 4), filled with position, traced fen, hop and the fen of it
    that have made all the hops. Returns the number of rows and the fen that known balances could not cover.
    """
    _, payee, amount, before, _, _ = book
    held, _, queued, share = state
    ways, count, clean, s = [np.int64(0) for _ in range(0)], 0, np.int64(0), 0
    while True:
        pos = sources[s] if s < len(sources) else stop
        if len(ways) > 0 and ways[0] < pos:
            pos = ways[0]
        if pos >= stop:
            break
        moved, fresh, hop = np.int64(0), np.int64(0), np.int64(0)
        if len(ways) > 0 and ways[0] == pos:
            moved, hop = _leave(pos, ways, book, state)
            if moved > 0:
                clean += max(0, amount[pos] - before[pos])
        if s < len(sources) and sources[s] == pos:
            fresh = amount[pos] - moved
            s += 1
        count = _note(rows, count, pos, fresh, np.int64(0), fresh if hops == 0 else np.int64(0))
        count = _note(rows, count, pos, moved, hop, share[hops - 1] if hops > 0 else np.int64(0))
        account = payee[pos]
        if account >= 0 and not sink[account]:
            _arrive(account, moved, fresh, hop, hops, state)
            if not queued[account] and _sum(held[account]) > 0:
                _queue(account, pos, ways, book, state)
    _clear(rows, count, payee, state)
    return count, clean


@njit(cache=True)
def _clear(rows, count, payee, state):  # type: ignore[no-untyped-def]
    """Leave the scratch arrays as they were found: only payees have held anything."""
    held, least, queued, _ = state
    for row in range(count):
        pos = rows[row, 0]
        if payee[pos] >= 0:
            for level in range(held.shape[1]):
                held[payee[pos], level] = 0
            least[payee[pos]] = FAR
            queued[payee[pos]] = False
