"""Cutting records into cells: trimmed texts as Arrow's string views, which point into the text and copy nothing.

A view is 16 bytes: the length; then the text itself if it has up to 12 bytes, else its first four, the number of its buffer (0
the text, 1 what was unquoted) and its place there.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_QUOTE, _LF, _CR, _BLANK, _TAB, _EQUALS = 34, 10, 13, 32, 9, 61
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
def _is_plain(text: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Tell whether a text has nothing but digits and letters of ASCII."""
    letters = 0
    for i in range(begin, end):
        letters += _LETTER[text[i]]
    return letters == end - begin


@njit(cache=True, nogil=True)
def _word(text: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return up to four bytes of a text as a number, the first one lowest."""
    word = np.int64(0)
    for k in range(min(end - begin, 4)):
        word |= np.int64(text[begin + k]) << (8 * k)
    return int(word)


@njit(cache=True, nogil=True)
def _put(text: NDArray[np.uint8], buffer: int, begin: int, end: int, views: NDArray[np.uint32], at: int) -> int:
    """Write the view of a cell, trimmed; return 0 for an empty one, 2 if all of it is digits and letters of ASCII, else 1."""
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
    return 2 if _is_plain(text, begin, end) else 1


@njit(cache=True, nogil=True)
def _field(
    text: NDArray[np.uint8], i: int, end: int, delimiter: int, spare: NDArray[np.uint8], used: int
) -> tuple[int, int, int, int]:
    """Read a field of a record from i: where its text begins and ends, where the next field begins, how much is used of spare.

    A text with doubled quotes is written to spare without them: it lies there where more is used after than before.
    """
    begin = i
    if i >= end or text[i] != _QUOTE:
        while i < end and text[i] != delimiter:
            i += 1
        return begin, i, i + 1, used
    i, begin, after = i + 1, i + 1, used
    doubled = 0
    while i < end:
        if text[i] == _QUOTE:
            if i + 1 >= end or text[i + 1] != _QUOTE:
                break
            doubled += 1
            i += 1
        i += 1
    close = i
    while i < end and text[i] != delimiter:
        i += 1
    if doubled == 0:
        return begin, close, i + 1, used
    k = begin
    while k < close:
        spare[after] = text[k]
        after += 1
        k += 2 if text[k] == _QUOTE else 1
    return used, after, i + 1, after


@njit(cache=True, nogil=True)
def cut(
    text: NDArray[np.uint8],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    delimiter: int,
    column_of: NDArray[np.int64],
    views: NDArray[np.uint32],
    filled: NDArray[np.uint8],
    spare: NDArray[np.uint8],
    plain: NDArray[np.uint8],
    overfull: NDArray[np.uint8],
) -> None:
    """Cut well-formed records into cells.

    Parameters
    ----------
    text
        Bytes in UTF-8.
    start, stop
        Where each record begins and ends (its line break may be part of it).
    delimiter
        Byte between fields.
    column_of
        For each field of the header the column that it goes to, -1 for none.
    views
        Out, zeros: four words a cell, column by column.
    filled
        Out: 1 where a cell is not empty (columns, records).
    spare
        Out: the second buffer, for cells with doubled quotes; as long as the text.
    plain
        Out, ones: 0 for columns with any cell that has other characters than digits and letters of ASCII.
    overfull
        Out, zeros: 1 for records with something in a field beyond the header's last.
    """
    used, expected, records = 0, len(column_of), len(start)
    for r in range(records):
        i, end = start[r], stop[r]
        while end > i and (text[end - 1] == _LF or text[end - 1] == _CR):
            end -= 1
        field = 0
        while field == 0 or i <= end:
            begin, close, i, after = _field(text, i, end, delimiter, spare, used)
            column = column_of[field] if field < expected else -1
            if column >= 0:
                at = 4 * (column * records + r)
                kind = _put(spare, 1, begin, close, views, at) if after > used else _put(text, 0, begin, close, views, at)
                if kind:
                    filled[column, r] = 1
                    plain[column] &= kind > 1
            elif field >= expected:
                begin, close = _bare(spare, begin, close) if after > used else _bare(text, begin, close)
                overfull[r] |= close > begin
            used = after
            field += 1
