"""Cells as they are compared and cast: without the blanks around them, empty ones as null."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# What nobody sees and means nothing in a number or a name: soft hyphens, widths of nothing, marks of direction and byte order.
UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"
BLANKS = " \t\n\v\f\r\u00a0\u200b\u3000\ufeff"
_NARROW = np.isin(np.arange(256), [ord(c) for c in BLANKS if c < "\x80"])
_WIDE = [tuple(c.encode()) for c in BLANKS if c >= "\x80"]


def clean(cells: pa.Table, nothing: str | None = None) -> pa.Table:
    """Trim all text columns: blanks, line breaks, marks and wide spaces at either end; what is empty then is null.

    A cell ="…" holds its text: exports write it so that a spreadsheet leaves a number as it is. What the regular expression
    `nothing` matches whole stands for no value.
    """
    columns = {}
    for name in cells.column_names:
        column = cells[name]
        if pa.types.is_string(column.type):
            column = pa.chunked_array([_clean(chunk, nothing) for chunk in column.chunks], pa.string())
        columns[name] = column
    return pa.table(columns)


def _clean(column: pa.StringArray, nothing: str | None) -> pa.StringArray:
    padded, formula = _edges(column)
    if padded:
        column = pc.utf8_trim(column, characters=BLANKS)
    if (padded or formula) and pc.any(pc.starts_with(column, '="')).as_py():
        column = pc.replace_substring_regex(column, r'^(?s)="([^"]*)"$', r"\1")
        column = pc.utf8_trim(column, characters=BLANKS)
    void = pc.equal(column, "")
    if nothing is not None:
        void = pc.or_(void, pc.match_substring_regex(column, f"^(?:{nothing})$"))
    return pc.if_else(void, pa.scalar(None, pa.string()), column) if pc.any(void).as_py() else column


def _edges(column: pa.StringArray) -> tuple[bool, bool]:
    """Tell whether any text of a column has a blank at either end, and whether any begins with =.

    Most columns have neither, which their first and last bytes tell in a fraction of the time that trimming takes.
    """
    _, offsets, data = column.buffers()
    if offsets is None or data is None or not len(column):
        return False, False
    at = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    filled = at[1:] > at[:-1]
    begin, end = at[:-1][filled], at[1:][filled]
    units = np.frombuffer(data, np.uint8)
    first, last = units[begin], units[end - 1]
    padded = _NARROW[first].any() or _NARROW[last].any() or any(_has(units, begin, end, blank) for blank in _WIDE)
    return bool(padded), bool((first == ord("=")).any())


def _has(units: NDArray[np.uint8], begin: NDArray[np.int32], end: NDArray[np.int32], blank: tuple[int, ...]) -> bool:
    """Tell whether any of the texts begins or ends with a character of several bytes."""
    size = len(blank)
    long = end - begin >= size
    for at in (begin, end - size):
        found = at[long]
        for i, byte in enumerate(blank):
            found = found[units[found + i] == byte]
        if len(found):
            return True
    return False
