"""Where the money of many payouts ends: each followed on its own, and what arrived, rests or left summed up by end.

Arrays in, arrays out, amounts in int64 fen. An end is an account, or nobody who is stated; what arrives where money is not
walked through is told apart by the kind of the transfers that bring it. `ends` has a row per run and end (columns below);
`steps` holds, for each, the transfers of a way to it (the last first), then further transfers that bring money to it.
"""

import numpy as np
from numba import njit

from lib.kernels import lines, pools

KINDS = 8  # of transfers; 0 is none
REPAYMENT, THIS_LOAN, OTHER_LOAN = 4, 5, 6  # a repayment counts as one of the loan that it names
RUN, ACCOUNT, KIND, FEN, ENDED, FIRST, LAST, HOPS, STEPS, WAY, MORE = range(11)  # MORE: steps behind the way
COLUMNS = 11
SOURCE, SOURCE_END, STOP, OPENED, OPENED_END, LOAN = range(6)  # columns of `runs`


@njit(cache=True)
def _larger(array, needed):  # type: ignore[no-untyped-def]
    """Return an array with room for so many rows."""
    if needed <= len(array):
        return array
    made = np.empty((max(needed, 2 * len(array)), array.shape[1]), np.int64)
    made[: len(array)] = array
    return made


@njit(cache=True)
def _kind(pos, loan, kinds, of_loan):  # type: ignore[no-untyped-def]
    """Return the kind of a transfer, seen from a loan."""
    kind = np.int64(kinds[pos])
    if kind == REPAYMENT and of_loan[pos] >= 0:
        return np.int64(THIS_LOAN) if of_loan[pos] == loan else np.int64(OTHER_LOAN)
    return kind


@njit(cache=True)
def _arrived(r, rows, where, ends, count, slot, best, held, stopped):  # type: ignore[no-untyped-def]
    """Add a row's fen to its end, a new one if it is the first to come there; return the number of ends."""
    account, kind = where
    pos, fen, hop, ended = rows[r, 0], rows[r, 1], rows[r, 2], rows[r, 3]
    at = slot[account + 1, kind] - 1
    if at < 0:
        at = count
        slot[account + 1, kind] = at + 1
        for column in range(COLUMNS):
            ends[at, column] = 0
        ends[at, ACCOUNT], ends[at, KIND], ends[at, FIRST], ends[at, WAY] = account, kind, pos, r
        count += 1
    ends[at, FEN] += fen
    ends[at, ENDED] += ended
    ends[at, LAST] = pos
    ends[at, MORE] += 1
    if not stopped and fen > ended:
        if held[account] == 0 or hop < rows[best[account] - 1, 2]:
            best[account] = r + 1
        held[account] += fen - ended
    return count


@njit(cache=True)
def _sum_up(run, loan, rows, count, places, scratch, ends, steps, sizes):  # type: ignore[no-untyped-def]
    """Sum the rows of one run up by end, and write down the ways; return `ends` and `steps`, which may have grown."""
    payer, payee, sink, kinds, of_loan = places
    slot, held, best = scratch
    first = made = sizes[0]
    ends = _larger(ends, made + count)
    way = np.zeros(count, np.int64)  # the row that brought a row's money to its payer, + 1
    for i in range(count):
        r = pools.in_turn(i, rows, count)
        pos, fen = rows[r, 0], rows[r, 1]
        if rows[r, 2] > 0:
            account = payer[pos]
            way[r] = best[account]
            held[account] -= fen
            ends[slot[account + 1, 0] - 1, FEN] -= fen
        account = payee[pos]
        stopped = account < 0 or sink[account]
        kind = _kind(pos, loan, kinds, of_loan) if stopped else np.int64(0)
        made = _arrived(r, rows, (account, kind), ends, made, slot, best, held, stopped)
    kept = first
    for at in range(first, made):
        slot[ends[at, ACCOUNT] + 1, ends[at, KIND]] = 0
        if ends[at, ACCOUNT] >= 0:
            held[ends[at, ACCOUNT]] = best[ends[at, ACCOUNT]] = 0
    for at in range(first, made):
        if ends[at, FEN] == 0:
            continue
        for column in range(COLUMNS):
            ends[kept, column] = ends[at, column]
        slot[ends[kept, ACCOUNT] + 1, ends[kept, KIND]] = kept + 1
        ends[kept, RUN] = run
        steps = _ways(ends[kept], rows, way, steps, sizes)
        kept += 1
    _further(rows, count, loan, places, slot, ends, steps)
    for at in range(first, kept):
        slot[ends[at, ACCOUNT] + 1, ends[at, KIND]] = 0
    sizes[0] = kept
    return ends, steps


@njit(cache=True)
def _ways(end, rows, way, steps, sizes):  # type: ignore[no-untyped-def]
    """Write the way to an end, the last transfer first, and leave room for the other transfers that bring money to it."""
    r, size = end[WAY], np.int64(1)
    while way[r] > 0:
        r, size = way[r] - 1, size + 1
    room = size + end[MORE] - 1
    steps = _larger(steps, sizes[1] + room)
    r, hops = end[WAY], np.int64(0)
    end[STEPS] = sizes[1]
    steps[sizes[1], 0] = rows[r, 0]
    while way[r] > 0:
        r, hops = way[r] - 1, hops + 1
        steps[sizes[1] + hops, 0] = rows[r, 0]
    end[HOPS], end[WAY], end[MORE] = hops, size, 0
    sizes[1] += room
    return steps


@njit(cache=True)
def _further(rows, count, loan, places, slot, ends, steps):  # type: ignore[no-untyped-def]
    """Write for each end the transfers that bring money to it, but for the first, behind its way."""
    _, payee, sink, kinds, of_loan = places
    for r in range(count):
        pos = rows[r, 0]
        account = payee[pos]
        kind = _kind(pos, loan, kinds, of_loan) if account < 0 or sink[account] else np.int64(0)
        at = slot[account + 1, kind] - 1
        if at >= 0 and pos != ends[at, FIRST]:
            place = ends[at, STEPS] + ends[at, WAY] + ends[at, MORE]
            if ends[at, MORE] == 0 or steps[place - 1, 0] != pos:  # what is new and what returns of one transfer: two rows
                steps[place, 0] = pos
                ends[at, MORE] += 1


@njit(cache=True)
def _scratch(accounts):  # type: ignore[no-untyped-def]
    return np.zeros((accounts + 1, KINDS), np.int64), np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)


@njit(cache=True)
def _open(run, opened, sink, shut):  # type: ignore[no-untyped-def]
    """Let money be walked through the hubs that are opened for one run, or no more."""
    for place in range(run[OPENED], run[OPENED_END]):
        sink[opened[place]] = shut


@njit(cache=True)
def of_pools(rule, runs, sources, opened, hops, crowd, book, sink, state, rows, kinds, of_loan):  # type: ignore[no-untyped-def]
    """Follow runs one by one under a rule for pools, and sum up where their money ends.

    Parameters: runs (columns above: their part of `sources` and of `opened`, the first position that is not followed, their
    loan's number); opened: hubs that are walked through for a run; hops, crowd, book, sink, state, rows as in `pools.follow`;
    by transfer: kind (below KINDS) and number of the loan that it names (-1: none). Returns `ends` and `steps`.
    """
    ends, steps, sizes = np.empty((1024, COLUMNS), np.int64), np.empty((4096, 1), np.int64), np.zeros(2, np.int64)
    scratch, places = _scratch(len(sink)), (book[0], book[1], sink, kinds, of_loan)
    for run in range(len(runs)):
        one = runs[run]
        _open(one, opened, sink, False)
        chosen = sources[one[SOURCE] : one[SOURCE_END]]
        count, _ = pools.follow(rule, chosen, one[STOP], hops, crowd, book, sink, state, rows)
        ends, steps = _sum_up(run, one[LOAN], rows, count, places, scratch, ends, steps, sizes)
        _open(one, opened, sink, True)
    return ends[: sizes[0]].copy(), steps[: sizes[1], 0].copy()


@njit(cache=True)
def of_lines(newest, runs, sources, opened, hops, crowd, book, sink, state, rows, kinds, of_loan):  # type: ignore[no-untyped-def]
    """Follow runs one by one, the oldest money first, or the newest; else as `of_pools` (`book` as in `lines.follow`)."""
    colours = np.zeros(len(sources), np.int64)
    ends, steps, sizes = np.empty((1024, COLUMNS), np.int64), np.empty((4096, 1), np.int64), np.zeros(2, np.int64)
    scratch, places = _scratch(len(sink)), (book[0], book[1], sink, kinds, of_loan)
    for run in range(len(runs)):
        one = runs[run]
        _open(one, opened, sink, False)
        chosen = sources[one[SOURCE] : one[SOURCE_END]]
        rows, count, _ = lines.follow(newest, chosen, colours[: len(chosen)], one[STOP], hops, crowd, book, sink, state, rows)
        ends, steps = _sum_up(run, one[LOAN], rows, count, places, scratch, ends, steps, sizes)
        _open(one, opened, sink, True)
    return ends[: sizes[0]].copy(), steps[: sizes[1], 0].copy()
