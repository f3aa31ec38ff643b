"""Cutting records into cells: trimmed texts as Arrow's string views, which point into the text and copy nothing.

A view is 16 bytes: the length; then the text itself if it has up to 12 bytes, else its first four, the number of its buffer (0
the text, 1 what was unquoted) and its place there.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lib.kernels.shapes import FILLED, LETTERS, MOMENT, MONEY
from lib.kernels.words import is_like, of_first, pattern, word

_QUOTE, _BLANK, _EQUALS, _DASH, _POINT = 34, 32, 61, 45, 46
_NO_LETTER = np.array([not (chr(c).isascii() and chr(c).isalnum()) for c in range(256)], np.uint8)
_NO_DIGIT = np.array([chr(c) not in "0123456789" for c in range(256)], np.uint8)
# bytes with which quotes, ="…" or a blank may begin, and a blank end
_MAY_BEGIN = np.array([c in (32, 34, 61, 0xC2, 0xE2, 0xE3, 0xEF) or 9 <= c <= 13 for c in range(256)], np.uint8)
_MAY_END = np.array([c in (32, 0xA0, 0x8B, 0x80, 0xBF) or 9 <= c <= 13 for c in range(256)], np.uint8)
_RUN = 64  # records cut column by column: what is written lies together, and what is read is still near
_YEAR_MONTH, _DAY_HOUR, _CLOCK = pattern("0000-00-"), pattern("00 00:00"), pattern("00:00:00")


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
def _is_moment(text: NDArray[np.uint8], begin: int) -> bool:
    """Tell whether 19 bytes are written like 2018-09-03 08:05:06, and the year is 1900 or later."""
    if not (
        is_like(word(text, begin), *_YEAR_MONTH)
        and is_like(word(text, begin + 8), *_DAY_HOUR)
        and is_like(word(text, begin + 11), *_CLOCK)
    ):
        return False
    hour = 10 * text[begin + 11] + text[begin + 12]
    if hour > 10 * 50 + 51 or text[begin + 14] > 53 or text[begin + 17] > 53:  # 23:59:59 is the last
        return False
    return bool(text[begin] > 49 or (text[begin] == 49 and text[begin + 1] == 57))


@njit(cache=True, nogil=True, forceinline=True)
def _is_money(text: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Tell whether a text is up to 15 digits, a point and two digits, a minus before them or not."""
    if end - begin < 4 or text[end - 3] != _POINT:
        return False
    first = begin + 1 if text[begin] == _DASH else begin
    if end - 3 - first > 15 or end - 3 == first:
        return False
    odd = _NO_DIGIT[text[end - 2]] | _NO_DIGIT[text[end - 1]]
    for i in range(first, end - 3):
        odd |= _NO_DIGIT[text[i]]
    return bool(odd == 0)


@njit(cache=True, nogil=True, forceinline=True)
def _is_letters(text: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Tell whether a text is digits and letters of ASCII, one digit at least."""
    odd, letters_alone = np.uint8(0), np.uint8(1)
    for i in range(begin, end):
        odd |= _NO_LETTER[text[i]]
        letters_alone &= _NO_DIGIT[text[i]]
    return bool(odd == 0 and letters_alone == 0)


@njit(cache=True, nogil=True, forceinline=True)
def _shape(text: NDArray[np.uint8], begin: int, end: int, asked: int) -> int:
    """Return what a text is, as bits (kernels.shapes), of those that are asked for: no others are looked for."""
    if asked & MOMENT and end - begin == 19 and _is_moment(text, begin):
        return FILLED | MOMENT
    if asked & MONEY and _is_money(text, begin, end):
        return FILLED | MONEY
    return FILLED | LETTERS if asked & LETTERS and _is_letters(text, begin, end) else FILLED


# (Where an inner function writes to an array, or gets several, numba counts references for each cell: three times the time.)
@njit(cache=True, nogil=True, forceinline=True)
def _head(text: NDArray[np.uint8], begin: int, size: int) -> np.uint64:
    """Return the first word of the view of a cell that is not empty."""
    return np.uint64(size) | ((word(text, begin) & of_first(min(size, 4))) << np.uint64(32))


@njit(cache=True, nogil=True, forceinline=True)
def _tail(text: NDArray[np.uint8], buffer: int, begin: int, size: int) -> np.uint64:
    """Return the second word of the view of a cell of more than four bytes."""
    if size > 12:
        return np.uint64(buffer) | (np.uint64(begin) << np.uint64(32))
    return word(text, begin + 4) & of_first(size - 4)


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
def _odd_cell(
    text: NDArray[np.uint8],
    begin: int,
    end: int,
    spare: NDArray[np.uint8],
    used: int,
    views: NDArray[np.uint64],
    at: int,
    asked: int,
) -> tuple[int, int]:
    """Write the view of a cell in quotes, blanks or ="…"; return its shape, 0 for an empty one, and how much of spare is used.

    With no place for a view (`at` -1) only that is returned.
    """
    after = used
    if begin < end and text[begin] == _QUOTE:
        begin, end, after = _unquoted(text, begin, end, spare, used)
    source, buffer = (spare, 1) if after > used else (text, 0)
    begin, end = _bare(source, begin, end)
    if begin >= end:
        return 0, after
    if at >= 0:
        views[at] = _head(source, begin, end - begin)
        views[at + 1] = _tail(source, buffer, begin, end - begin)
    return _shape(source, begin, end, asked), after


@njit(cache=True, nogil=True)
def _cut_field(
    text: NDArray[np.uint8],
    of_records: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    cuts: NDArray[np.int32],
    field: int,
    low: int,
    high: int,
    places: tuple[NDArray[np.uint64], NDArray[np.uint8]],
    spare: NDArray[np.uint8],
    used: int,
    asked: int,
) -> tuple[int, int]:
    """Cut one field out of some records; return the shapes of those asked for that are left, and how much of spare is used."""
    start, fields, cut_at = of_records
    views, filled = places
    for r in range(low, high):
        if field >= fields[r]:
            continue
        begin, end = cuts[cut_at[r] + field - 1] + 1 if field else start[r], cuts[cut_at[r] + field]
        if begin >= end:
            continue
        if _MAY_BEGIN[text[begin]] or _MAY_END[text[end - 1]]:
            kind, used = _odd_cell(text, begin, end, spare, used, views, 2 * r, asked)
        else:
            views[2 * r] = _head(text, begin, end - begin)
            views[2 * r + 1] = _tail(text, 0, begin, end - begin)
            kind = _shape(text, begin, end, asked) if asked else FILLED
        if kind:
            filled[r] = 1
            asked &= kind
    return asked, used


@njit(cache=True, nogil=True)
def _holds_more(
    text: NDArray[np.uint8], cuts: NDArray[np.int32], first: int, last: int, spare: NDArray[np.uint8], used: int
) -> bool:
    """Tell whether there is anything in the fields whose ends have these places in `cuts`."""
    nowhere, found = np.empty(0, np.uint64), 0
    for k in range(first, last):
        found |= _odd_cell(text, cuts[k - 1] + 1, cuts[k], spare, used, nowhere, -1, 0)[0]
    return found != 0


@njit(cache=True, nogil=True)
def cut(
    text: NDArray[np.uint8],
    start: NDArray[np.int64],
    fields: NDArray[np.int64],
    cut_at: NDArray[np.int64],
    cuts: NDArray[np.int32],
    column_of: NDArray[np.int64],
    views: NDArray[np.uint64],
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
        Out, zeros: two words a cell, column by column.
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
    of_records = start, fields, cut_at
    for low in range(0, records, _RUN):
        high = min(low + _RUN, records)
        for field in range(expected):
            column = column_of[field]
            if column >= 0:
                places = views[2 * column * records : 2 * (column + 1) * records], filled[column]
                shapes[column], used = _cut_field(text, of_records, cuts, field, low, high, places, spare, used, shapes[column])
    for r in range(records):
        if fields[r] > expected:
            overfull[r] = _holds_more(text, cuts, cut_at[r] + expected, cut_at[r] + fields[r], spare, used)
