"""Cutting records into cells: trimmed texts as Arrow's string views, which point into the text and copy nothing.

A view is 16 bytes: the length; then the text itself if it has up to 12 bytes, else its first four, the number of its buffer (0
the text, 1 what was unquoted) and its place there.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_QUOTE, _LF, _CR, _BLANK, _TAB, _EQUALS = 34, 10, 13, 32, 9, 61


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
    for i in range(begin, end):
        c = text[i]
        if not (48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122):
            return False
    return True


@njit(cache=True, nogil=True)
def _write(
    views: NDArray[np.int32], inline: NDArray[np.uint8], text: NDArray[np.uint8], buffer: int, begin: int, end: int
) -> None:
    """Write the view of a text."""
    size = end - begin
    views[0] = size
    for i in range(min(size, 12) if size <= 12 else 4):
        inline[4 + i] = text[begin + i]
    if size > 12:
        views[2] = buffer
        views[3] = begin


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
    views: NDArray[np.int32],
    inline: NDArray[np.uint8],
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
    views, inline
        Out, zeros: the views of shape (columns, records, 4), and the same memory as bytes (columns, records, 16).
    filled
        Out: 1 where a cell is not empty (columns, records).
    spare
        Out: the second buffer, for cells with doubled quotes; as long as the text.
    plain
        Out, ones: 0 for columns with any cell that has other characters than digits and letters of ASCII.
    overfull
        Out, zeros: 1 for records with something in a field beyond the header's last.
    """
    used = 0
    expected = len(column_of)
    for r in range(len(start)):
        i, end = start[r], stop[r]
        while end > i and (text[end - 1] == _LF or text[end - 1] == _CR):
            end -= 1
        field = 0
        while field == 0 or i <= end:
            begin, close, i, after = _field(text, i, end, delimiter, spare, used)
            source = spare if after > used else text
            buffer = 1 if after > used else 0
            used = after
            column = column_of[field] if field < expected else -1
            if field >= expected or column >= 0:
                begin, close = _bare(source, begin, close)
            if close > begin and field >= expected:
                overfull[r] = 1
            elif close > begin and column >= 0:
                filled[column, r] = 1
                _write(views[column, r], inline[column, r], source, buffer, begin, close)
                if plain[column] and not _is_plain(source, begin, close):
                    plain[column] = 0
            field += 1
