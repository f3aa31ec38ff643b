"""Where the money that leaves some accounts came from: each account holds money of several classes, mixed or in line.

Arrays in, arrays out, amounts in int64 fen. Transfers are in order of replay; accounts are numbers, -1 is any other account.
Money for a purpose (`key`: a place in `purses`, -1 for none) lies apart, goes first where it is meant to, and elsewhere last.
"""

import numpy as np
from numba import njit

from lib.kernels.lines import cut, drop_all, lay, roomy
from lib.kernels.pools import PRO_RATA, take

APART = 0  # class of the money that lies apart for a purpose


@njit(cache=True)
def _from_purse(account, key, left, purses, apart):  # type: ignore[no-untyped-def]
    """Take what lies apart for the purpose; return it. What went elsewhere before is not there any more."""
    fen = min(purses[key], apart[account], left) if key >= 0 else np.int64(0)
    if key >= 0:
        purses[key] -= fen
    apart[account] -= fen
    return fen


@njit(cache=True)
def _rest(account, left, unknown, apart, share):  # type: ignore[no-untyped-def]
    """Take from all that lies apart, and what even that does not cover from the unknown."""
    fen = min(apart[account], left)
    apart[account] -= fen
    share[APART] += fen
    share[unknown] += left - fen


@njit(cache=True)
def pro_rata(payer, payee, fen, come, key, opening, start, unknown, keys):  # type: ignore[no-untyped-def]
    """Say of what classes each payment of the accounts was, every class going in proportion to what lies on the account.

    Parameters: payer, payee, fen, key of each transfer; come, the class of money that comes from elsewhere; opening, what each
    account held at first, of the class `start`; unknown, the class (the last) of what is paid beyond what an account is known
    to hold; number of keys. A product is exact and rounded down, and the classes with the largest remainders get one fen more.
    Returns fen by transfer and class, all 0 for those that no account pays.
    """
    count, classes = len(fen), unknown + 1
    held, apart, purses = (
        np.zeros((len(opening), classes), np.int64),
        np.zeros(len(opening), np.int64),
        np.zeros(keys, np.int64),
    )
    held[:, start] = opening
    shares, part = np.zeros((count, classes), np.int64), np.zeros(classes, np.int64)
    for i in range(count):
        if payer[i] >= 0:
            known, share = np.int64(0), shares[i]
            own = _from_purse(payer[i], key[i], fen[i], purses, apart)
            for c in range(classes):
                known += held[payer[i], c]
            mixed = min(known, fen[i] - own)
            if mixed > 0:
                take(PRO_RATA, held[payer[i]], mixed, known, part)
                for c in range(classes):
                    share[c] = part[c]
            share[APART] += own
            _rest(payer[i], fen[i] - own - mixed, unknown, apart, share)
            if payee[i] >= 0:
                for c in range(classes):
                    held[payee[i], c] += share[c]
        elif payee[i] >= 0 and key[i] >= 0:
            purses[key[i]] += fen[i]
            apart[payee[i]] += fen[i]
        elif payee[i] >= 0:
            held[payee[i], come[i]] += fen[i]
    return shares


@njit(cache=True)
def fifo(payer, payee, fen, come, key, opening, start, unknown, keys):  # type: ignore[no-untyped-def]
    """Say of what classes each payment of the accounts was, the oldest money of an account going first (as `pro_rata`)."""
    count, classes = len(fen), unknown + 1
    apart, purses = np.zeros(len(opening), np.int64), np.zeros(keys, np.int64)
    ends, sums = np.zeros((len(opening), 2), np.int64), np.zeros((len(opening), 2), np.int64)
    lots = np.empty((256 + 2 * len(opening), 4), np.int64)
    lots[0, 0], lots[0, 3] = 1, 0
    for account in range(len(opening)):
        lay(account, opening[account], start, lots, ends, sums)
    shares = np.zeros((count, classes), np.int64)
    for i in range(count):
        lots = roomy(lots)
        if payer[i] >= 0:
            share = shares[i]
            own = _from_purse(payer[i], key[i], fen[i], purses, apart)
            known = sums[payer[i], 0]
            mixed = min(known, fen[i] - own)
            oldest = cut(payer[i], mixed, False, lots, ends) if mixed > 0 else np.int64(0)
            sums[payer[i], 0] -= mixed
            lots = _carry(oldest, payee[i], share, lots, ends, sums)
            laid = share.copy()
            share[APART] += own
            _rest(payer[i], fen[i] - own - mixed, unknown, apart, share)
            for c in range(classes):
                if payee[i] >= 0:
                    lots = roomy(lots)
                    lay(payee[i], share[c] - laid[c], c, lots, ends, sums)
        elif payee[i] >= 0 and key[i] >= 0:
            purses[key[i]] += fen[i]
            apart[payee[i]] += fen[i]
        elif payee[i] >= 0:
            lay(payee[i], fen[i], come[i], lots, ends, sums)
    return shares


@njit(cache=True)
def _carry(oldest, account, share, lots, ends, sums):  # type: ignore[no-untyped-def]
    """Add a stretch of lots to the shares of its classes and lay it, in its order, on the account that is paid (-1: none)."""
    row = oldest
    while row > 0:
        newer, fen, kind = lots[row, 3], lots[row, 0], lots[row, 1]
        share[kind] += fen
        if account >= 0:
            lots = roomy(lots)
            lay(account, fen, kind, lots, ends, sums)
        row = newer
    drop_all(oldest, lots)
    return lots
