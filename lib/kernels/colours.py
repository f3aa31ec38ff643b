"""Traced money of accounts that are one pool each, told apart by the colour of its source.

Arrays in, arrays out, amounts in int64 fen. What a payment carries in all is known: the rows of `pools.follow`. Here they are
gone through once more for some colours at a time. The first k colours together have of a payment what is theirs of the traced
money of the balance, rounded half to even; a colour has what that rises by when it joins. So the colours of a payment add up
to what it carries, none is negative or more than is held, and no colour depends on how many are told apart at a time. What
poison turned is of no colour: it stands behind all of them.
"""

import numpy as np
from numba import njit

from lib.kernels.pools import POISON, in_turn, poisoned, take, total_of
from lib.kernels.tracing import FAR, part_of


@njit(cache=True)
def _share_out(held, total, gone, share):  # type: ignore[no-untyped-def]
    """Move each colour's part of `gone` out of `total` from `held` to `share`, both by colour (the first: all before it)."""
    first_k, given = np.int64(0), np.int64(0)
    for k in range(len(held)):
        share[k] = 0
        if held[k] > 0:
            first_k += held[k]
            now = first_k if gone == total else part_of(first_k, gone, total)
            share[k] = now - given
            held[k] -= share[k]
            given = now


@njit(cache=True)
def _write(out, count, r, shares, fewest, first, hops):  # type: ignore[no-untyped-def]
    """Write a row per colour that has a part of row r; return the rows, which may have grown, and their number."""
    levels, colours = shares.shape
    if count + colours > len(out):
        larger = np.empty((2 * len(out) + colours, 5), np.int64)
        larger[:count] = out[:count]
        out = larger
    for k in range(1, colours):
        fen = np.int64(0)
        for level in range(levels):
            fen += shares[level, k]
        if fen > 0:
            ended = shares[hops - 1, k] if hops > 0 else np.int64(0)
            out[count, 0], out[count, 1], out[count, 2], out[count, 3], out[count, 4] = r, fen, fewest[k], ended, first + k - 1
            count += 1
    return out, count


@njit(cache=True)
def _leave(rule, payer, paid, balance, state, fewest):  # type: ignore[no-untyped-def]
    """Take a payment's traced money from its payer: by level into `share`, by level and colour into `shares`."""
    held, share, coloured, shares, least = state
    levels = len(share)
    before = held[payer].copy()
    if rule == POISON:
        lowest = 0
        while before[lowest] == 0:
            lowest += 1
        before[lowest] += balance - total_of(before)  # what turns
        poisoned(held[payer], paid, balance, share)
    else:
        take(rule, held[payer], paid, balance, share)
    for level in range(levels):
        gone = min(share[level], before[level])  # poison also carries what nobody is known to have held: no colour's
        _share_out(coloured[payer, level], before[level], gone, shares[level])
    for k in range(len(fewest)):
        fewest[k] = least[payer, k] + 1
        left = np.int64(0)
        for level in range(levels):
            left += coloured[payer, level, k]
        if left == 0:
            least[payer, k] = FAR


@njit(cache=True)
def _arrive(payee, hop, hops, state, fewest):  # type: ignore[no-untyped-def]
    """Give what a row carries to its payee: what has made all the hops is not held."""
    held, share, coloured, shares, least = state
    step = 0 if hop == 0 or hops < 0 else 1
    for level in range(step, len(share)):
        held[payee, level] += share[level - step]
        for k in range(len(fewest)):
            if shares[level - step, k] > 0:
                coloured[payee, level, k] += shares[level - step, k]
                least[payee, k] = min(least[payee, k], fewest[k])


@njit(cache=True)
def split(rule, rows, of_row, first, hops, sides, state):  # type: ignore[no-untyped-def]
    """Tell the rows of `pools.follow` apart by colour, for the colours from `first` on that `state` has room for.

    Parameters: rule, rows and hops (-1: no limit) as there, rows of one run; of_row: the colour of each row that is new (hop
    0); sides = (payer, payee, amount, before) of each row, accounts numbered by those that rows touch, payee -1 where money is
    not walked through; state = (held[account, level], share[level], coloured[account, level, colour], shares[level, colour],
    least[account, colour]), zero / FAR, colour 0 standing for all before `first`. Returns rows of row, fen, fewest hops, fen
    that have made all the hops, and colour.
    """
    payer, payee, amount, before = sides
    _, share, _, shares, least = state
    out, count, fewest = np.empty((1024, 5), np.int64), 0, np.empty(least.shape[1], np.int64)
    for i in range(len(rows)):
        r = in_turn(i, rows, len(rows))
        if rows[r, 2] > 0:
            _leave(rule, payer[r], amount[r], before[r], state, fewest)
        else:
            share[:], shares[:, :], fewest[:] = 0, 0, 0
            k = of_row[r] - first + 1
            share[0] = rows[r, 1]
            if k < len(fewest):
                shares[0, max(k, 0)] = rows[r, 1]
        made_all = hops if rows[r, 2] > 0 else np.int64(hops == 0)  # what is new is at its end where no hop is asked for
        out, count = _write(out, count, r, shares, fewest, first, made_all)
        if payee[r] >= 0 and (hops != 0 or rows[r, 2] > 0):
            _arrive(payee[r], rows[r, 2], hops, state, fewest)
    return out[:count].copy()
