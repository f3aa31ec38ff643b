"""What is doubtful about a trail: the order that nobody stated, movements that a statement lacks, transfers without a time."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.case import Case
from lib.money.ledger import Ledger
from lib.money.ordering import DAY_US
from lib.money.statements import unshown

Ints = npt.NDArray[np.int64]


def doubts(case: Case, book: Ledger, places: Ints, reached: Ints) -> dict[str, Any]:
    """Return ties, tie_loops, unshown and undated (as in `trace`) of the transfers of a trail, given by position.

    `reached` is, of every transfer of the ledger, the account that a trail reaches by it: the payee, or backward the payer.
    """
    return {
        "ties": int(book.tied[places].sum()),
        "tie_loops": _loops(book, places),
        "unshown": _unshown(case, book, places, reached),
        "undated": book.undated,
    }


def _unshown(case: Case, book: Ledger, places: Ints, by: Ints) -> list[str]:
    """Return the accounts that money of a trail reaches and whose statement lacks a movement on a day of the trail."""
    lacking = unshown(case.store)
    days, day = book.moves.at[places] // DAY_US, lacking["day_on"].cast(pa.int32()).to_numpy()
    doubtful = book.codes(lacking["account_id"])[(day >= days.min(initial=2**40)) & (day <= days.max(initial=-1))]
    reached = np.intersect1d(by[places], doubtful[doubtful >= 0])
    return list(map(str, book.accounts.take(pa.array(reached)).to_pylist()))


def _loops(book: Ledger, places: Ints) -> int:
    """Count the loops of ties that touch an account of the trail on a day on which it has a transfer of the trail."""
    broken = np.flatnonzero(book.looped)
    day, accounts = book.moves.at // DAY_US, len(book.accounts) + 1
    ours = np.concatenate([day[places] * accounts + side[places] for side in (book.moves.payer, book.moves.payee)])
    hit = [
        np.isin(day[broken] * accounts + side[broken], ours) & (side[broken] >= 0)
        for side in (book.moves.payer, book.moves.payee)
    ]
    return int((hit[0] | hit[1]).sum())
