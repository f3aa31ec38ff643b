"""Traced money followed forward where each account is a line of lots, the oldest first: fifo and lifo.

Arrays in, arrays out, amounts in int64 fen. A payment cuts the oldest (fifo) or the newest (lifo) stretch from the payer's
line, and the stretch is laid, in its order, at the end of the payee's line. Nothing is divided, so nothing is rounded.

Only accounts that hold traced money have a line. What came to an account unseen since its line was last touched is clean, and
is laid down then: the difference to the balance that is known.

`lots` holds a lot a row: fen, its mark (_CLEAN: not traced; else hops made, and from 2**32 on the colour of the source that it
came from), the next older and the next newer lot (row 0: none). Row 0 holds how many rows were ever used and the first that is
free again.
"""

from heapq import heappop

import numpy as np
from numba import njit

from lib.kernels.tracing import await_payment, next_place

_CLEAN = -1
_FEN, _MARK, _OLDER, _NEWER = 0, 1, 2, 3
_OLDEST, _NEWEST = 0, 1  # columns of `ends`
_TRACED, _LAID = 0, 1  # columns of `sums`
_USED, _FREE = 0, 3  # of row 0
_PER_TRANSFER = 5  # most lots that one transfer can make
COLOUR = 2**32  # what a mark rises by from one colour to the next
SILENT = 2**30  # a colour of which no rows are written


@njit(cache=True)
def _lot(lots, fen, mark):  # type: ignore[no-untyped-def]
    """Return the row of a new lot that has no neighbours."""
    row = lots[0, _FREE]
    if row > 0:
        lots[0, _FREE] = lots[row, _NEWER]
    else:
        row = lots[0, _USED]
        lots[0, _USED] += 1
    lots[row, _FEN], lots[row, _MARK], lots[row, _OLDER], lots[row, _NEWER] = fen, mark, 0, 0
    return row


@njit(cache=True)
def _drop(lots, row):  # type: ignore[no-untyped-def]
    """Give a lot's row back."""
    lots[row, _NEWER] = lots[0, _FREE]
    lots[0, _FREE] = row


@njit(cache=True)
def _lay(account, fen, mark, lots, ends, sums):  # type: ignore[no-untyped-def]
    """Lay money at the end of an account's line, joined with the last lot if that is marked alike."""
    if fen == 0:
        return
    sums[account, _LAID] += fen
    if mark != _CLEAN:
        sums[account, _TRACED] += fen
    last = ends[account, _NEWEST]
    if last > 0 and lots[last, _MARK] == mark:
        lots[last, _FEN] += fen
        return
    row = _lot(lots, fen, mark)
    lots[row, _OLDER] = last
    if last > 0:
        lots[last, _NEWER] = row
    else:
        ends[account, _OLDEST] = row
    ends[account, _NEWEST] = row


@njit(cache=True)
def _cut(account, fen, newest, lots, ends):  # type: ignore[no-untyped-def]
    """Cut a stretch of so many fen from the oldest or the newest end of a line; return its oldest lot (0: nothing to cut)."""
    near, inward, outward = (_NEWEST, _OLDER, _NEWER) if newest else (_OLDEST, _NEWER, _OLDER)
    row, last, left = ends[account, near], np.int64(0), fen
    first = row
    while left > 0 and left >= lots[row, _FEN]:
        left -= lots[row, _FEN]
        last, row = row, lots[row, inward]
    if left > 0:  # the last lot goes in part
        lots[row, _FEN] -= left
        part = _lot(lots, left, lots[row, _MARK])
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
def _traced_in(row, lots):  # type: ignore[no-untyped-def]
    """Return how much of a stretch is traced, and all of it."""
    traced, whole = np.int64(0), np.int64(0)
    while row > 0:
        whole += lots[row, _FEN]
        if lots[row, _MARK] != _CLEAN:
            traced += lots[row, _FEN]
        row = lots[row, _NEWER]
    return traced, whole


@njit(cache=True)
def _age(pos, oldest, hops, fresh_mark, lots, rows, count):  # type: ignore[no-untyped-def]
    """Make a stretch one hop older and write its rows, one per colour; in a source transfer clean money starts to be traced.

    `fresh_mark` is the mark of that, _CLEAN where there is none. Returns the fen followed further, the rows, and their number.
    """
    further, row, first = np.int64(0), oldest, count
    while row > 0:
        fen, mark = lots[row, _FEN], lots[row, _MARK]
        if mark != _CLEAN:
            made, colour, ended = mark % COLOUR + 1, mark // COLOUR, np.int64(0)
            lots[row, _MARK] = mark + 1
            if 0 <= hops <= made:
                ended = fen
                lots[row, _MARK] = _CLEAN
            rows, count = _add(rows, first, count, pos, fen, made, ended, colour)
        elif hops != 0:
            lots[row, _MARK] = fresh_mark
        if lots[row, _MARK] != _CLEAN:
            further += fen
        row = lots[row, _NEWER]
    return further, rows, count


@njit(cache=True)
def _clear_line(account, lots, ends, sums):  # type: ignore[no-untyped-def]
    """Forget an account's line."""
    _drop_all(ends[account, _OLDEST], lots)
    ends[account, _OLDEST] = ends[account, _NEWEST] = 0
    sums[account, _TRACED] = sums[account, _LAID] = 0


@njit(cache=True)
def _drop_all(row, lots):  # type: ignore[no-untyped-def]
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
    _lay(account, before[pos] - sums[account, _LAID], _CLEAN, lots, ends, sums)
    paid = min(amount[pos], before[pos])
    oldest = _cut(account, paid, newest, lots, ends)
    row = oldest
    while row > 0:
        if lots[row, _MARK] != _CLEAN:
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
def _arrive(account, pos, oldest, fresh, fresh_mark, book, state, lots):  # type: ignore[no-untyped-def]
    """Lay a stretch, and then what is traced from here on, at the end of the payee's line."""
    ends, sums, _ = state
    _lay(account, book[4][pos] - sums[account, _LAID], _CLEAN, lots, ends, sums)
    row = oldest
    while row > 0:
        newer, fen, mark = lots[row, _NEWER], lots[row, _FEN], lots[row, _MARK]
        _drop(lots, row)
        _lay(account, fen, mark, lots, ends, sums)
        row = newer
    _lay(account, fresh, fresh_mark, lots, ends, sums)


@njit(cache=True)
def _add(rows, first, count, pos, fen, hop, ended, colour):  # type: ignore[no-untyped-def]
    """Add to the row of a colour among those from `first` on, or write one, if it carries anything; return rows and number."""
    if fen == 0 or colour == SILENT:
        return rows, count
    for row in range(first, count):
        if rows[row, 5] == colour:
            rows[row, 1] += fen
            rows[row, 2] = min(rows[row, 2], hop)
            rows[row, 3] += ended
            return rows, count
    if count == len(rows):
        larger = np.empty((2 * len(rows), 6), np.int64)
        larger[:count] = rows
        rows = larger
    rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3], rows[count, 4] = pos, fen, hop, ended, 0
    rows[count, 5] = colour
    return rows, count + 1


@njit(cache=True)
def _roomy(lots):  # type: ignore[no-untyped-def]
    """Return the lots with room for those of one more transfer."""
    if lots[0, _USED] + _PER_TRANSFER <= len(lots):
        return lots
    larger = np.empty((2 * len(lots), 4), np.int64)
    larger[: len(lots)] = lots
    return larger


@njit(cache=True)
def follow(newest, sources, colours, stop, hops, crowd, book, sink, state, rows):  # type: ignore[no-untyped-def]
    """Follow the money of some transfers forward, the oldest money of an account leaving first, or the newest.

    Parameters as in `pools.follow`, but for: newest, whether the newest leaves first; colours of the sources: money keeps the
    colour of the first source that it was in, and a transfer has a row per colour (column 5); book = (payer, payee, amount,
    before, there, out_start, out_pos), `there` being what the payee is known to hold before it is paid; state = (ends[account,
    2], sums[account, 2], queued[account]), scratch, all zero and left so. Returns the rows (another array where there was no
    room), and as there; no clean money turns.
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
        lots = _roomy(lots)
        oldest, unseen, mark = np.int64(0), np.int64(0), np.int64(_CLEAN)
        if payer[pos] >= 0 and queued[payer[pos]]:
            oldest = _leave(pos, newest, scanning, ways, book, state, lots)
        moved, whole = _traced_in(oldest, lots)
        if moved > 0:
            clean += max(0, amount[pos] - before[pos])
        if s < len(sources) and sources[s] == pos:
            mark, fresh = colours[s] * COLOUR, amount[pos] - moved
            unseen = amount[pos] - whole if hops != 0 else np.int64(0)
            rows, count = _add(rows, count, count, pos, fresh, np.int64(0), fresh if hops == 0 else np.int64(0), colours[s])
            s += 1
        further, rows, count = _age(pos, oldest, hops, mark, lots, rows, count)
        account = payee[pos]
        if account >= 0 and not sink[account] and further + unseen > 0:
            _arrive(account, pos, oldest, unseen, mark, book, state, lots)
            if not queued[account]:
                await_payment(account, pos, scanning, ways, out_start, out_pos, queued)
        else:
            _drop_all(oldest, lots)
    _clear(rows, count, payee, state)
    return rows, count, clean


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
