"""Cutting records into cells: trimmed texts as Arrow's string views, which point into the text and copy nothing.

A view is 16 bytes: the length; then the text itself if it has up to 12 bytes, else its first four, the number of its buffer (0
the text, 1 what was unquoted) and its place there.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lib.kernels.shapes import FILLED, LETTERS, MOMENT, MONEY

_QUOTE, _BLANK, _EQUALS, _DASH, _COLON, _POINT = 34, 32, 61, 45, 58, 46
_LETTER = np.array([chr(c).isascii() and chr(c).isalnum() for c in range(256)], np.uint8)


@njit(cache=True, nogil=True)
def _blank_before(text: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return how many bytes the blank at the end of a text has, 0 if there is none."""
    last = text[end - 1]
    if last == _BLANK or 9 <= last <= 13:
        return 1
    if last == 0xA0 and end - begin >= 2 and text[end - 2] == 0xC2:
        return 2
    if end - begin >= 3:
        first, second = text[end - 3], text[end - 2]
        if (
            (last == 0x8B and second == 0x80 and first == 0xE2)
            or (last == 0x80 and second == 0x80 and first == 0xE3)
            or (last == 0xBF and second == 0xBB and first == 0xEF)
        ):
            return 3
    return 0


@njit(cache=True, nogil=True)
def _blank_at(text: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return how many bytes the blank at the beginning of a text has, 0 if there is none."""
    first = text[begin]
    if first == _BLANK or 9 <= first <= 13:
        return 1
    if first == 0xC2 and end - begin >= 2 and text[begin + 1] == 0xA0:
        return 2
    if end - begin >= 3 and (first == 0xE2 or first == 0xE3 or first == 0xEF):
        return _blank_before(text, begin, begin + 3) if _blank_before(text, begin, begin + 3) == 3 else 0
    return 0


@njit(cache=True, nogil=True)
def _trimmed(text: NDArray[np.uint8], begin: int, end: int) -> tuple[int, int]:
    """Take blanks off both ends."""
    while begin < end:
        size = _blank_at(text, begin, end)
        if size == 0:
            break
        begin += size
    while begin < end:
        size = _blank_before(text, begin, end)
        if size == 0:
            break
        end -= size
    return begin, end


@njit(cache=True, nogil=True)
def _bare(text: NDArray[np.uint8], begin: int, end: int) -> tuple[int, int]:
    """Trim a cell, and take it out of ="…"."""
    begin, end = _trimmed(text, begin, end)
    if end - begin >= 3 and text[begin] == _EQUALS and text[begin + 1] == _QUOTE and text[end - 1] == _QUOTE:
        for i in range(begin + 2, end - 1):
            if text[i] == _QUOTE:
                return begin, end
        begin, end = _trimmed(text, begin + 2, end - 1)
    return begin, end


@njit(cache=True, nogil=True)
def _digits(text: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Tell whether a text is digits alone, and not empty."""
    for i in range(begin, end):
        if text[i] < 48 or text[i] > 57:
            return False
    return end > begin


@njit(cache=True, nogil=True)
def _is_moment(text: NDArray[np.uint8], begin: int) -> bool:
    """Tell whether 19 bytes are written like 2018-09-03 08:05:06, and the year is 1900 or later."""
    for k in range(19):
        c = text[begin + k]
        if k == 4 or k == 7:
            if c != _DASH:
                return False
        elif k == 10:
            if c != _BLANK:
                return False
        elif k == 13 or k == 16:
            if c != _COLON:
                return False
        elif c < 48 or c > 57:
            return False
    hour = 10 * text[begin + 11] + text[begin + 12]
    if hour > 10 * 50 + 51 or text[begin + 14] > 53 or text[begin + 17] > 53:  # 23:59:59 is the last
        return False
    return bool(text[begin] > 49 or (text[begin] == 49 and text[begin + 1] == 57))


@njit(cache=True, nogil=True)
def _shape(text: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return what a text is, as bits (kernels.shapes)."""
    size = end - begin
    if size == 19 and text[begin + 4] == _DASH:
        return FILLED | MOMENT if _is_moment(text, begin) else FILLED
    if size >= 4 and text[end - 3] == _POINT:
        first = begin + 1 if text[begin] == _DASH else begin
        money = end - 3 - first <= 15 and _digits(text, first, end - 3) and _digits(text, end - 2, end)
        return FILLED | MONEY if money else FILLED
    letters, digits = 0, 0
    for i in range(begin, end):
        letters += _LETTER[text[i]]
        digits += 48 <= text[i] <= 57
    return FILLED | LETTERS if letters == size and digits else FILLED


@njit(cache=True, nogil=True)
def _word(text: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return up to four bytes of a text as a number, the first one lowest."""
    word = np.int64(0)
    for k in range(min(end - begin, 4)):
        word |= np.int64(text[begin + k]) << (8 * k)
    return int(word)


@njit(cache=True, nogil=True)
def _put(text: NDArray[np.uint8], buffer: int, begin: int, end: int, views: NDArray[np.uint32], at: int) -> int:
    """Write the view of a cell, trimmed; return its shape, 0 for an empty one."""
    if begin < end and not (_LETTER[text[begin]] and _LETTER[text[end - 1]]):
        begin, end = _bare(text, begin, end)
    size = end - begin
    if size <= 0:
        return 0
    views[at] = size
    views[at + 1] = _word(text, begin, end)
    if size > 12:
        views[at + 2] = buffer
        views[at + 3] = begin
    else:
        if size > 4:
            views[at + 2] = _word(text, begin + 4, end)
        if size > 8:
            views[at + 3] = _word(text, begin + 8, end)
    return _shape(text, begin, end)


@njit(cache=True, nogil=True)
def _unquoted(text: NDArray[np.uint8], i: int, end: int, spare: NDArray[np.uint8], used: int) -> tuple[int, int, int]:
    """Read a quoted field: where its text begins and ends, and how much is used of spare.

    A text with doubled quotes is written to spare without them: it lies there where more is used after than before.
    """
    begin = i + 1
    i = begin
    doubled = 0
    while i < end:
        if text[i] == _QUOTE:
            if i + 1 >= end or text[i + 1] != _QUOTE:
                break
            doubled += 1
            i += 1
        i += 1
    if doubled == 0:
        return begin, i, used
    k, after = begin, used
    while k < i:
        spare[after] = text[k]
        after += 1
        k += 2 if text[k] == _QUOTE else 1
    return used, after, after


@njit(cache=True, nogil=True)
def cut(
    text: NDArray[np.uint8],
    start: NDArray[np.int64],
    fields: NDArray[np.int64],
    cut_at: NDArray[np.int64],
    cuts: NDArray[np.int32],
    column_of: NDArray[np.int64],
    views: NDArray[np.uint32],
    filled: NDArray[np.uint8],
    spare: NDArray[np.uint8],
    shapes: NDArray[np.uint8],
    overfull: NDArray[np.uint8],
) -> None:
    """Cut well-formed records into cells.

    Parameters
    ----------
    text
        Bytes in UTF-8.
    start, fields, cut_at
        Where each record begins, how many fields it has, and the place in `cuts` of its first.
    cuts
        Where each field ends (kernels.records).
    column_of
        For each field of the header the column that it goes to, -1 for none.
    views
        Out, zeros: four words a cell, column by column.
    filled
        Out: 1 where a cell is not empty (columns, records).
    spare
        Out: the second buffer, for cells with doubled quotes; as long as the text.
    shapes
        In and out, `EVERY` for each column: the bits that all its filled cells have (kernels.shapes).
    overfull
        Out, zeros: 1 for records with something in a field beyond the header's last.
    """
    used, expected, records = 0, len(column_of), len(start)
    for r in range(records):
        begin = start[r]
        for field in range(fields[r]):
            end = cuts[cut_at[r] + field]
            column = column_of[field] if field < expected else -1
            if column >= 0 or field >= expected:
                first, close, after = begin, end, used
                if begin < end and text[begin] == _QUOTE:
                    first, close, after = _unquoted(text, begin, end, spare, used)
                if column >= 0:
                    at = 4 * (column * records + r)
                    kind = _put(spare, 1, first, close, views, at) if after > used else _put(text, 0, first, close, views, at)
                    if kind:
                        filled[column, r] = 1
                        shapes[column] &= kind
                else:
                    first, close = _bare(spare, first, close) if after > used else _bare(text, first, close)
                    overfull[r] |= close > first
                used = after
            begin = end + 1
