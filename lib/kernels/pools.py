"""Traced money followed forward where each account is one pool: pro rata, poison, clean money first, traced money first.

Arrays in, arrays out, amounts in int64 fen. Of an account only its known balance and the traced part of it count, not when
either came. Where hops are limited the traced part is kept by level, the hops that it has made.
"""

from heapq import heappop

import numpy as np
from numba import njit

from lib.kernels.tracing import FAR, await_payment, mul_div, next_place, part_of

PRO_RATA, POISON, CLEAN_FIRST, TAINT_FIRST = 0, 1, 2, 3


@njit(cache=True)
def total_of(levels):  # type: ignore[no-untyped-def]
    """Return the sum of money by level."""
    total = np.int64(0)  # plain loops here and below: each array expression costs a second of compiling
    for level in range(len(levels)):
        total += levels[level]
    return total


@njit(cache=True)
def _leaving(rule, total, paid, balance):  # type: ignore[no-untyped-def]
    """Return the traced part of a payment out of a balance of which `total` is traced."""
    if paid >= balance:
        return total
    if rule == CLEAN_FIRST:
        return max(np.int64(0), paid - (balance - total))
    if rule == TAINT_FIRST:
        return min(total, paid)
    return part_of(total, paid, balance)


@njit(cache=True)
def take(rule, held, paid, balance, share):  # type: ignore[no-untyped-def]
    """Move the traced part of a payment from held[level] to share[level]; return it.

    Each level gives its own part rounded down, and the levels with the largest remainders (the lower first) one fen more, so
    that the levels add up to the whole. Where one kind of money goes first, the levels are parts of the traced money.
    """
    total, rests = total_of(held), np.zeros(len(held), np.int64)
    whole = _leaving(rule, total, paid, balance)
    left = whole
    part, of = (paid, balance) if rule in (PRO_RATA, POISON) else (whole, total)
    for level in range(len(held)):
        if whole == total:
            share[level] = held[level]
        else:
            share[level], rests[level] = mul_div(held[level], part, of)
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
def poisoned(held, paid, balance, share):  # type: ignore[no-untyped-def]
    """Pay out of an account in which one traced fen taints all the rest; return what goes and the clean fen that turned.

    What turns counts with the money that has made the fewest hops. What nobody is known to have held turns too, and goes.
    """
    if paid == 0:
        for level in range(len(share)):
            share[level] = 0
        return paid, np.int64(0)
    turned, beyond, lowest = balance - total_of(held), max(np.int64(0), paid - balance), 0
    while held[lowest] == 0:
        lowest += 1
    held[lowest] += turned
    moved = take(POISON, held, paid - beyond, balance, share)
    share[lowest] += beyond
    return moved + beyond, turned + beyond


@njit(cache=True)
def _leave(rule, pos, scanning, ways, book, state):  # type: ignore[no-untyped-def]
    """Take the traced part of a payment from its payer, by level into `share`; return the part, its hop and what turned."""
    payer, _, amount, before, out_start, out_pos = book
    held, least, queued, share = state
    account, turned = payer[pos], np.int64(0)
    if not scanning:
        heappop(ways)
    hop = least[account] + 1
    if rule == POISON:
        moved, turned = poisoned(held[account], amount[pos], before[pos], share)
    else:
        moved = take(rule, held[account], amount[pos], before[pos], share)
    queued[account] = False
    if total_of(held[account]) > 0:
        await_payment(account, pos, scanning, ways, out_start, out_pos, queued)
    else:
        least[account] = FAR
    return moved, hop, turned


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
def _note(rows, count, pos, fen, hop, ended, turned):  # type: ignore[no-untyped-def]
    """Write a row, if it carries anything; return the number of rows."""
    if fen == 0:
        return count
    rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3], rows[count, 4] = pos, fen, hop, ended, turned
    return count + 1


@njit(cache=True)
def in_turn(r, rows, count):  # type: ignore[no-untyped-def]
    """Return the row to go through at r-th: what a source transfer brings back left its payer before what is new arrives."""
    if rows[r, 2] == 0 and r + 1 < count and rows[r + 1, 0] == rows[r, 0]:
        return r + 1
    if rows[r, 2] > 0 and r > 0 and rows[r - 1, 2] == 0 and rows[r - 1, 0] == rows[r, 0]:
        return r - 1
    return r


@njit(cache=True)
def follow(rule, sources, stop, hops, crowd, book, sink, state, rows):  # type: ignore[no-untyped-def]
    """Follow the money of some transfers forward under one of the rules for pools.

    Parameters: source positions ascending; first position that is not followed; hops that are followed (-1: all); crowd: once
    the accounts that wait for their next payment, times this, are more than the transfers left, these are scanned one by one
    (0: never), which is faster then and finds the same; book = (payer, payee, amount, before, out_start, out_pos), transfers
    in order of replay and each account's payments (CSR); sink: accounts not walked through; state = (held[account, level],
    least[account], queued[account], share[level]), scratch, all zero / FAR and left so; rows (as many as transfers and sources,
    5), filled with position, traced fen, hop, the fen of it that have made all the hops, and the clean fen of the payer that
    poison turned. Returns the number of rows and the fen that known balances could not cover.
    """
    payer, payee, amount, before, out_start, out_pos = book
    held, _, queued, share = state
    ways, count, clean, s = [np.int64(0) for _ in range(0)], 0, np.int64(0), 0
    pos, scanning = np.int64(-1), False
    while True:
        pos = next_place(pos, sources[s] if s < len(sources) else stop, scanning, ways, payer, queued)
        if pos >= stop:
            break
        scanning = scanning or len(ways) * crowd > stop - pos
        moved, fresh, hop, turned = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        if payer[pos] >= 0 and queued[payer[pos]]:
            moved, hop, turned = _leave(rule, pos, scanning, ways, book, state)
            if moved > 0:
                clean += max(0, amount[pos] - before[pos])
        if s < len(sources) and sources[s] == pos:
            fresh = amount[pos] - moved
            s += 1
        count = _note(rows, count, pos, fresh, np.int64(0), fresh if hops == 0 else np.int64(0), np.int64(0))
        count = _note(rows, count, pos, moved, hop, share[hops - 1] if hops > 0 else np.int64(0), turned)
        account = payee[pos]
        if account >= 0 and not sink[account]:
            _arrive(account, moved, fresh, hop, hops, state)
            if not queued[account] and total_of(held[account]) > 0:
                await_payment(account, pos, scanning, ways, out_start, out_pos, queued)
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
