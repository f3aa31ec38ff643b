"""Balances of statements by period: before the first and after the last line of a day or a month of an account."""

import numpy as np
import numpy.typing as npt

from lib.money.statements import Statements

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def balances(lines: Statements, period: Ints) -> tuple[Ints, Ints, Ints, Flags]:
    """Return for each account and period with lines: its first line, opening and closing fen, and whether they are known.

    They are known where a line of the period states a balance; the others are counted on from it.
    """
    account: Ints = np.cumsum(lines.first)
    moved = np.cumsum(lines.signed)  # by the line and all before it, whatever the account: only differences are used
    heads, tails = ends(account, period, np.ones(len(period), np.bool_))
    first, last = ends(account, period, lines.stated)  # the same periods, -1 where none is stated
    opening = lines.balance[first] - (moved[first] - moved[heads] + lines.signed[heads])
    closing = lines.balance[last] + (moved[tails] - moved[last])
    return heads, opening, closing, first >= 0


def ends(account: Ints, period: Ints, marked: Flags) -> tuple[Ints, Ints]:
    """Return for each account and period the first and the last of the marked lines, -1 where none is."""
    order = np.lexsort((period, account))  # stable: lines of a period stay in the order in which they were read
    new = np.append(True, (np.diff(account[order]) != 0) | (np.diff(period[order]) != 0))[: len(order)]
    group = np.cumsum(new) - 1
    first, last = np.full(int(new.sum()), -1, np.int64), np.full(int(new.sum()), -1, np.int64)
    kept = marked[order]
    rows, groups = order[kept], group[kept]
    last[groups] = rows  # the last one written stays
    first[groups[::-1]] = rows[::-1]
    return first, last
