"""What is owed to lenders day by day: one purse per lender, so that nobody's money pays another's claim.

Money of a stated loan is in the purse of the loan's lender; of a loan without a stated lender, in one of the loan's own. What
is paid out of a purse beyond what is in it was paid with the money of others, or the institution's: an advance.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
# Kinds of purses. What borrowers repaid for no stated loan belongs to a lender whom nobody knows; what was lent on no stated
# loan, or on one without a stated lender, was paid with deposits that name no loan.
LENDER, LOAN, COLLECTED, LENT = 0, 1, 2, 3


@dataclass(frozen=True)
class Entries:
    """What changes purses: day, purse, kind of the purse, fen (in or out); as many of each."""

    day: Ints
    purse: Ints
    kind: Ints
    fen: Ints


def owed(entries: Entries, days: Ints) -> tuple[Ints, Ints]:
    """Return at the end of each day what lies in the purses for lenders, and what they were paid in advance, fen.

    `days` ascend without a gap and hold those of all entries. What is owed less what was advanced is the sum of all entries so
    far. Purses of one kind are set against another only where nobody knows whose money it is: what was collected for an unknown
    lender covers advances; deposits of lenders cover what was lent on loans without a stated lender.
    """
    full = [_sides(entries, kind, days) for kind in (LENDER, LOAN, COLLECTED, LENT)]
    positive, negative = (np.array([side[n] for side in full]) for n in (0, 1))
    _cover(positive, negative, COLLECTED, (LENDER, LOAN, LENT))
    for short in (LENT, LOAN):
        _cover(positive, negative, LENDER, (short,))
    _cover(positive, negative, LOAN, (LENT,))
    return positive.sum(axis=0), negative.sum(axis=0)


def _cover(positive: Ints, negative: Ints, payer: int, kinds: tuple[int, ...]) -> None:
    for kind in kinds:
        part = np.minimum(positive[payer], negative[kind])
        positive[payer] -= part
        negative[kind] -= part


def _sides(entries: Entries, kind: int, days: Ints) -> tuple[Ints, Ints]:
    """Return by day the sum of the purses above 0 and of those below, of one kind."""
    mine = np.flatnonzero(entries.kind == kind)
    if not len(mine):
        return np.zeros(len(days), np.int64), np.zeros(len(days), np.int64)
    order = mine[np.lexsort((entries.day[mine], entries.purse[mine]))]
    purse, day, total = entries.purse[order], entries.day[order], np.cumsum(entries.fen[order])
    ends = np.append((purse[1:] != purse[:-1]) | (day[1:] != day[:-1]), True)  # the last entry of a purse and day
    purse, day, total = purse[ends], day[ends], total[ends]
    new = np.append(True, purse[1:] != purse[:-1])
    base = np.append(0, total[:-1])[np.maximum.accumulate(np.where(new, np.arange(len(purse)), 0))]  # of the purses before
    after = total - base
    before = np.where(new, 0, np.append(0, after[:-1]))
    sides = []
    for sign in (1, -1):
        change = np.zeros(len(days), np.int64)
        np.add.at(change, day - days[0], np.maximum(sign * after, 0) - np.maximum(sign * before, 0))
        sides.append(np.cumsum(change))
    return sides[0], sides[1]
