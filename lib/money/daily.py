"""What accounts held at the end of each day, as their statements say."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.money.ledger import code
from lib.money.ordering import DAY_US
from lib.money.statements import Statements, coverage, statements
from lib.store import Store

Ints = npt.NDArray[np.int64]


def standing(store: Store, accounts: list[str], days: Ints) -> tuple[Ints, Ints]:
    """Return by day the fen that some accounts held at its end, and of how many of them this is unknown.

    `days` ascend without a gap, since 1970. A line without a stated balance moves the one before it on by arithmetic (before
    the first stated one, backwards). A day is known if the account's statements cover it; before an account was opened it held
    nothing.
    """
    lines, known = statements(store), pa.array(accounts, pa.string())
    number = code(lines.account_id, known)
    covered, opened = _covered(store, known), _opened(store, known)
    held, missing = np.zeros(len(days), np.int64), np.zeros(len(days), np.int64)
    for account in range(len(accounts)):
        rows = np.flatnonzero(number == account)
        first, last = covered[account]
        inside = (days >= first) & (days <= last)
        empty = days < opened[account]
        if lines.stated[rows].any():
            held += np.where(inside & ~empty, _ends(lines, rows, days), 0)
        else:
            inside = np.zeros(len(days), np.bool_)
        missing += ~inside & ~empty
    return held, missing


def _ends(lines: Statements, rows: Ints, days: Ints) -> Ints:
    """Return the balance of one account at the end of each day; before its first line, what that line implies."""
    moved, stated = np.cumsum(lines.signed[rows]), lines.stated[rows]
    place = np.arange(len(rows))
    before = np.maximum.accumulate(np.where(stated, place, -1))
    anchor = np.where(before >= 0, before, np.flatnonzero(stated)[0])
    balance = lines.balance[rows][anchor] + moved - moved[anchor]
    day = lines.at[rows] // DAY_US
    order = np.argsort(day, kind="stable")
    last = np.searchsorted(day[order], days, side="right") - 1
    opening = balance[0] - lines.signed[rows][0]
    return np.where(last >= 0, balance[order][np.maximum(last, 0)], opening)


def _covered(store: Store, known: pa.Array) -> list[tuple[int, int]]:
    """Return the first and last day that statements cover of each account; none where there are none."""
    found = [(1, 0)] * len(known)
    rows = coverage(store)
    rows = rows.filter(pc.is_in(rows["account_id"], value_set=known))
    for place, row in zip(code(rows["account_id"], known).tolist(), rows.to_pylist(), strict=True):
        if row["covered_from"] is not None and row["covered_to"] is not None:
            first, last = (int(np.datetime64(row[name], "D").astype(np.int64)) for name in ("covered_from", "covered_to"))
            found[place] = first, last
    return found


def _opened(store: Store, known: pa.Array) -> Ints:
    """Return the day on which each account was opened; long ago, where nobody says."""
    rows = store.arrow("select account_id, opened_on from accounts where opened_on is not null and account_id is not null")
    rows = rows.filter(pc.is_in(rows["account_id"], value_set=known))
    found = np.full(len(known), np.iinfo(np.int32).min, np.int64)
    found[code(rows["account_id"], known)] = rows["opened_on"].cast(pa.int32()).to_numpy()
    return found
