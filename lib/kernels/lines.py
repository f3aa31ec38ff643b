"""Traced money followed forward where each account is a line of lots, the oldest first: fifo and lifo.

Arrays in, arrays out, amounts in int64 fen. A payment cuts the oldest (fifo) or the newest (lifo) stretch from the payer's
line, and the stretch is laid, in its order, at the end of the payee's line. Nothing is divided, so nothing is rounded.

Only accounts that hold traced money have a line. What came to an account unseen since its line was last touched is clean, and
is laid down then: the difference to the balance that is known.

`lots` holds a lot a row: fen, hops made (_CLEAN: not traced), the next older and the next newer lot (row 0: none). Row 0 holds
how many rows were ever used and the first that is free again.
"""

from heapq import heappop

import numpy as np
from numba import njit

from lib.kernels.tracing import FAR, await_payment, next_place

_CLEAN = -1
_FEN, _HOPS, _OLDER, _NEWER = 0, 1, 2, 3
_OLDEST, _NEWEST = 0, 1  # columns of `ends`
_TRACED, _LAID = 0, 1  # columns of `sums`
_USED, _FREE = 0, 3  # of row 0
_PER_TRANSFER = 5  # most lots that one transfer can make


@njit(cache=True)
def _lot(lots, fen, hops):  # type: ignore[no-untyped-def]
    """Return the row of a new lot that has no neighbours."""
    row = lots[0, _FREE]
    if row > 0:
        lots[0, _FREE] = lots[row, _NEWER]
    else:
        row = lots[0, _USED]
        lots[0, _USED] += 1
    lots[row, _FEN], lots[row, _HOPS], lots[row, _OLDER], lots[row, _NEWER] = fen, hops, 0, 0
    return row


@njit(cache=True)
def _drop(lots, row):  # type: ignore[no-untyped-def]
    """Give a lot's row back."""
    lots[row, _NEWER] = lots[0, _FREE]
    lots[0, _FREE] = row


@njit(cache=True)
def lay(account, fen, hops, lots, ends, sums):  # type: ignore[no-untyped-def]
    """Lay money at the end of an account's line, joined with the last lot if that has made as many hops."""
    if fen == 0:
        return
    sums[account, _LAID] += fen
    if hops != _CLEAN:
        sums[account, _TRACED] += fen
    last = ends[account, _NEWEST]
    if last > 0 and lots[last, _HOPS] == hops:
        lots[last, _FEN] += fen
        return
    row = _lot(lots, fen, hops)
    lots[row, _OLDER] = last
    if last > 0:
        lots[last, _NEWER] = row
    else:
        ends[account, _OLDEST] = row
    ends[account, _NEWEST] = row


@njit(cache=True)
def cut(account, fen, newest, lots, ends):  # type: ignore[no-untyped-def]
    """Cut a stretch of so many fen from the oldest or the newest end of a line; return its oldest lot (0: nothing to cut)."""
    near, inward, outward = (_NEWEST, _OLDER, _NEWER) if newest else (_OLDEST, _NEWER, _OLDER)
    row, last, left = ends[account, near], np.int64(0), fen
    first = row
    while left > 0 and left >= lots[row, _FEN]:
        left -= lots[row, _FEN]
        last, row = row, lots[row, inward]
    if left > 0:  # the last lot goes in part
        lots[row, _FEN] -= left
        part = _lot(lots, left, lots[row, _HOPS])
        lots[part, outward] = last
        if last > 0:
            lots[last, inward] = part
        else:
            first = part
        last = part
    if last == 0:
        return last
    lots[last, inward] = 0
    ends[account, near] = row
    if row > 0:
        lots[row, outward] = 0
    else:
        ends[account, 1 - near] = 0
    return last if newest else first


@njit(cache=True)
def _age(oldest, hops, source, lots):  # type: ignore[no-untyped-def]
    """Make a stretch one hop older; in a source transfer its clean money starts to be traced.

    Returns fen: traced, of it with all hops made, traced and followed further, all; and the fewest hops made (FAR: none).
    """
    traced, ended, further, whole, fewest, row = np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(FAR), oldest
    while row > 0:
        fen, made = lots[row, _FEN], lots[row, _HOPS]
        whole += fen
        if made != _CLEAN:
            traced += fen
            fewest = min(fewest, made + 1)
            lots[row, _HOPS] = made + 1
            if hops >= 0 and made + 1 >= hops:
                ended += fen
                lots[row, _HOPS] = _CLEAN
        elif source and hops != 0:
            lots[row, _HOPS] = 0
        if lots[row, _HOPS] != _CLEAN:
            further += fen
        row = lots[row, _NEWER]
    return traced, ended, further, whole, fewest


@njit(cache=True)
def _clear_line(account, lots, ends, sums):  # type: ignore[no-untyped-def]
    """Forget an account's line."""
    drop_all(ends[account, _OLDEST], lots)
    ends[account, _OLDEST] = ends[account, _NEWEST] = 0
    sums[account, _TRACED] = sums[account, _LAID] = 0


@njit(cache=True)
def drop_all(row, lots):  # type: ignore[no-untyped-def]
    """Give back the rows of a lot and all newer ones."""
    while row > 0:
        newer = lots[row, _NEWER]
        _drop(lots, row)
        row = newer


@njit(cache=True)
def _leave(pos, newest, scanning, ways, book, state, lots):  # type: ignore[no-untyped-def]
    """Cut a payment from its payer's line; return the oldest lot of the stretch."""
    payer, _, amount, before, _, out_start, out_pos = book
    ends, sums, queued = state
    account = payer[pos]
    if not scanning:
        heappop(ways)
    lay(account, before[pos] - sums[account, _LAID], _CLEAN, lots, ends, sums)
    paid = min(amount[pos], before[pos])
    oldest = cut(account, paid, newest, lots, ends)
    row = oldest
    while row > 0:
        if lots[row, _HOPS] != _CLEAN:
            sums[account, _TRACED] -= lots[row, _FEN]
        row = lots[row, _NEWER]
    sums[account, _LAID] -= paid
    queued[account] = False
    if sums[account, _TRACED] > 0:
        await_payment(account, pos, scanning, ways, out_start, out_pos, queued)
    else:
        _clear_line(account, lots, ends, sums)
    return oldest


@njit(cache=True)
def _arrive(account, pos, oldest, fresh, book, state, lots):  # type: ignore[no-untyped-def]
    """Lay a stretch, and then what is traced from here on, at the end of the payee's line."""
    ends, sums, _ = state
    lay(account, book[4][pos] - sums[account, _LAID], _CLEAN, lots, ends, sums)
    row = oldest
    while row > 0:
        newer, fen, hops = lots[row, _NEWER], lots[row, _FEN], lots[row, _HOPS]
        _drop(lots, row)
        lay(account, fen, hops, lots, ends, sums)
        row = newer
    lay(account, fresh, 0, lots, ends, sums)


@njit(cache=True)
def _note(rows, count, pos, fen, hop, ended):  # type: ignore[no-untyped-def]
    """Write a row, if it carries anything; return the number of rows."""
    if fen == 0:
        return count
    rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3], rows[count, 4] = pos, fen, hop, ended, 0
    return count + 1


@njit(cache=True)
def roomy(lots):  # type: ignore[no-untyped-def]
    """Return the lots with room for those of one more transfer."""
    if lots[0, _USED] + _PER_TRANSFER <= len(lots):
        return lots
    larger = np.empty((2 * len(lots), 4), np.int64)
    larger[: len(lots)] = lots
    return larger


@njit(cache=True)
def follow(newest, sources, stop, hops, crowd, book, sink, state, rows):  # type: ignore[no-untyped-def]
    """Follow the money of some transfers forward, the oldest money of an account leaving first, or the newest.

    Parameters as in `pools.follow`, but for: newest, whether the newest leaves first; book = (payer, payee, amount, before,
    there, out_start, out_pos), `there` being what the payee is known to hold before it is paid; state = (ends[account, 2],
    sums[account, 2], queued[account]), scratch, all zero and left so. Returns as there; no clean money turns.
    """
    payer, payee, amount, before, _, out_start, out_pos = book
    _, _, queued = state
    lots = np.empty((256, 4), np.int64)
    lots[0, _USED], lots[0, _FREE] = 1, 0
    ways, count, clean, s = [np.int64(0) for _ in range(0)], 0, np.int64(0), 0
    pos, scanning = np.int64(-1), False
    while True:
        pos = next_place(pos, sources[s] if s < len(sources) else stop, scanning, ways, payer, queued)
        if pos >= stop:
            break
        scanning = scanning or len(ways) * crowd > stop - pos
        lots = roomy(lots)
        source, oldest = s < len(sources) and sources[s] == pos, np.int64(0)
        if payer[pos] >= 0 and queued[payer[pos]]:
            oldest = _leave(pos, newest, scanning, ways, book, state, lots)
        moved, ended, further, whole, hop = _age(oldest, hops, source, lots)
        fresh, unseen = np.int64(0), np.int64(0)
        if moved > 0:
            clean += max(0, amount[pos] - before[pos])
        if source:
            s += 1
            fresh = amount[pos] - moved
            unseen = amount[pos] - whole if hops != 0 else np.int64(0)
        count = _note(rows, count, pos, fresh, np.int64(0), fresh if hops == 0 else np.int64(0))
        count = _note(rows, count, pos, moved, hop, ended)
        account = payee[pos]
        if account >= 0 and not sink[account] and further + unseen > 0:
            _arrive(account, pos, oldest, unseen, book, state, lots)
            if not queued[account]:
                await_payment(account, pos, scanning, ways, out_start, out_pos, queued)
        else:
            drop_all(oldest, lots)
    _clear(rows, count, payee, state)
    return count, clean


@njit(cache=True)
def _clear(rows, count, payee, state):  # type: ignore[no-untyped-def]
    """Leave the scratch arrays as they were found: only payees have held anything."""
    ends, sums, queued = state
    for row in range(count):
        account = payee[rows[row, 0]]
        if account >= 0:
            for side in range(2):
                ends[account, side] = sums[account, side] = 0
            queued[account] = False
