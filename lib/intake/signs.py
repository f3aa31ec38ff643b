"""Directions that a file tells by a column that its layout does not use, where the layout goes by the sign of the amount.

An amount without a minus is an incoming one there. If a column says 支出 beside it, that is not so: the row is set apart, for
the layout is not the file's own.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lib.intake.profiles import Layout, codes

_LIKE_DIRECTIONS = 0.9  # of the filled cells of a column, from which it is one of directions
_NEGATIVE = r"^[¥￥]?\s*[-−－(（]"
_AMOUNTS = ("amount", "amount_wan")


def gainsaid(cells: dict[int, pa.Array], layout: Layout) -> tuple[NDArray[np.bool_], str]:
    """Tell which rows say that money went out beside an amount that has no minus, and the name of the column that says so.

    Parameters
    ----------
    cells
        All columns of the file, by place.
    """
    n = len(next(iter(cells.values())))
    words, none = codes()["flows.direction"], np.zeros(n, np.bool_)
    amounts = [cells[layout.place[name]].cast(pa.string()) for name in _AMOUNTS if name in layout.place]
    if not n or not amounts:
        return none, ""
    negative = np.zeros(n, np.bool_)
    for amount in amounts:
        negative |= np.asarray(pc.fill_null(pc.match_substring_regex(amount, _NEGATIVE), False))
    out = pa.array([word for word, code in words.items() if code == "out"])
    for at, column in sorted(cells.items()):
        said = pc.utf8_lower(pc.replace_substring_regex(column.cast(pa.string()), r"[\s（(].*$", ""))
        filled = n - said.null_count
        known = pc.sum(pc.is_in(said, pa.array([*words]))).as_py() or 0
        if filled and known >= _LIKE_DIRECTIONS * filled:
            found = np.asarray(pc.is_in(said, out)) & ~negative
            if found.any():
                return found, re.sub(r"\s+", " ", layout.header[at].strip())
    return none, ""
