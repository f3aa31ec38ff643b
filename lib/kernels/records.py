"""Where the records of a delimited text begin and end: arrays in, arrays out.

Quotes as in RFC 4180: they open a field only at its start, are doubled inside, and may hold line breaks. A record that is
malformed is cut off after its first line, so that an unclosed quote cannot swallow the rows below it. Blanks between a closing
quote and the end of its field are let pass.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

WELL_FORMED, OPEN_QUOTE, TEXT_AFTER_QUOTE = 0, 1, 2
_QUOTE, _LF, _CR, _BLANK, _TAB = 34, 10, 13, 32, 9


@njit(cache=True, nogil=True)
def _closed(text: NDArray[np.uint8], i: int, stop: int) -> int:
    """Return the place after the closing quote of a field that was opened before i, or -1 if it is not closed."""
    while i < stop:
        if text[i] == _QUOTE:
            if i + 1 < stop and text[i + 1] == _QUOTE:
                i += 1
            else:
                return i + 1
        i += 1
    return -1


@njit(cache=True, nogil=True)
def _record(
    text: NDArray[np.uint8], i: int, stop: int, delimiter: int, ends: NDArray[np.int32], at: int
) -> tuple[int, int, int]:
    """Read one record from i: where it ends (its line break), how many fields it has, and its state.

    Where its fields end goes into `ends` from `at` on.
    """
    fields = 1
    while True:
        if i < stop and text[i] == _QUOTE:
            after = _closed(text, i + 1, stop)
            if after < 0:
                return i, fields, OPEN_QUOTE
            i = after
            while i < stop and (text[i] == _BLANK or text[i] == _TAB) and text[i] != delimiter:
                i += 1  # exports pad what they have quoted
            if i < stop and text[i] != delimiter and text[i] != _LF and text[i] != _CR:
                return i, fields, TEXT_AFTER_QUOTE
        while i < stop and text[i] != delimiter and text[i] != _LF and text[i] != _CR:
            i += 1
        ends[at + fields - 1] = i
        if i >= stop or text[i] != delimiter:
            return i, fields, WELL_FORMED
        fields += 1
        i += 1


@njit(cache=True, nogil=True)
def split_records(
    text: NDArray[np.uint8], starts: NDArray[np.int64], delimiter: int, max_lines: int, ends: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8], NDArray[np.int64]]:
    """Join the lines of a text into records.

    Parameters
    ----------
    text
        Bytes in UTF-8.
    starts
        Offset of each line, and the length of the text as the last one.
    delimiter
        Byte between fields.
    max_lines
        Lines that a quoted field may span; one that is not closed within them counts as unclosed.
    ends
        Out: where each field of the well-formed records ends, one after the other. It has to hold one for each delimiter of
        the text and for each line.

    Returns
    -------
    first, fields, state, at
        Index of the first line of each record (and the number of lines as the last one); its number of fields; its state; the
        place in `ends` of its first field.
    """
    lines = len(starts) - 1
    first = np.empty(lines + 1, np.int64)
    fields = np.empty(lines, np.int64)
    state = np.empty(lines, np.int8)
    at = np.empty(lines, np.int64)
    made = 0
    line = 0
    used = 0
    while line < lines:
        first[made] = line
        stop = starts[min(line + max_lines, lines)]
        end, fields[made], state[made] = _record(text, starts[line], stop, delimiter, ends, used)
        at[made] = used
        if state[made] == WELL_FORMED:
            used += fields[made]
            while line + 1 < lines and starts[line + 1] <= end:
                line += 1
        made += 1
        line += 1
    first[made] = lines
    return first[: made + 1].copy(), fields[:made].copy(), state[:made].copy(), at[:made].copy()


@njit(cache=True, nogil=True)
def line_starts(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the offset of each line of a text and its length as the last one; a line ends with LF, CR LF or a lone CR."""
    size = len(text)
    starts = np.empty(size + 2, np.int64)  # what is not written to takes no memory
    starts[0] = 0
    at = 1
    for i in range(size):
        if text[i] == _LF or (text[i] == _CR and (i + 1 == size or text[i + 1] != _LF)):
            starts[at] = i + 1
            at += 1
    if starts[at - 1] != size or at == 1:
        starts[at] = size
        at += 1
    return starts[:at].copy()


@njit(cache=True, nogil=True)
def like_utf8(raw: NDArray[np.uint8], starts: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Tell which lines (by their offsets, and the end) hold other than ASCII, and which leave ASCII as UTF-8 does, always.

    A character of UTF-8 begins with 0xC2 to 0xF4, and as many bytes as that says follow, of 0x80 to 0xBF (here: up to two).
    """
    lines = len(starts) - 1
    beyond = np.zeros(lines, np.uint8)
    maybe = np.zeros(lines, np.uint8)
    size = len(raw)
    for line in range(lines):
        before = 0
        fits = 1
        for i in range(starts[line], starts[line + 1]):
            c = raw[i]
            if c >= 0x80 and before < 0x80:
                beyond[line] = 1
                second = raw[i + 1] if i + 1 < size else 0
                third = raw[i + 2] if i + 2 < size else 0
                if c < 0xC2 or c > 0xF4 or second & 0xC0 != 0x80 or (c >= 0xE0 and third & 0xC0 != 0x80):
                    fits = 0
                    break
            before = c
        maybe[line] = beyond[line] & fits
    return beyond, maybe
