"""Clients' money day by day: what an institution owes to its lenders in cash, against what its accounts hold."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import due, purses
from lib.money.amounts import as_decimal, yuan
from lib.money.clients import Crossing, clients, crossing, holding_accounts, uncovered, unseen
from lib.money.daily import standing
from lib.money.ledger import ledger
from lib.store import frame

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def client_money(case: Case, accounts: list[str] | None = None) -> pd.DataFrame:
    """Set what is owed to lenders in cash against the balance of the accounts that hold clients' money, day by day.

    Owed is what lenders paid in and is not lent yet, and what was collected from borrowers and is not paid on: not the loans
    that are outstanding, which borrowers owe. Each lender has a purse: what is paid to one lender, or lent, beyond what is in
    the purse was taken from others or from the institution; it is `advanced_yuan`, and lowers nobody else's claim.

    Parameters
    ----------
    accounts
        The accounts that hold clients' money; if omitted, as in `payout_sources`.

    Returns
    -------
    DataFrame, one row per day from the first to the last transfer of the accounts
        day · deposited_yuan (paid in by lenders) · collected_yuan (from borrowers, and from others for them) · lent_yuan (paid
        out on loans) · returned_yuan (to lenders: payouts, refunds, claims sold) · kept_yuan (what the institution may keep:
        fees that its ledger states, at most what was collected on the loan, and the stated upfront fee that a payout kept back)
        · owed_yuan · advanced_yuan · unknown_in_yuan, unknown_out_yuan (since the first day, from payers and to payees who are
        unknown or of whom it is unknown whether they are lenders) · balance_yuan (of the accounts whose balance is known) ·
        unknown_accounts (how many have none on that day) · shortfall_low_yuan, shortfall_high_yuan · transfer_ids.
        Shortfall is owed less balance, above 0. Low: if all unknown payments out went to lenders, and the institution may keep
        as fees what it took as such on loans of which its ledger states none; 0 where an account's balance is unknown. High: if
        all unknown payments in, and what the accounts held at first, are lenders'. Null where no balance is known.
        Owed less advanced moves from one day to the next by deposited + collected − lent − returned − kept, to the fen.
        `attrs`: accounts, uncovered (those without a statement), opening_yuan (held at first: nobody knows whose), undated,
        undated_yuan, reversed (as in `pooling`).

    Raises
    ------
    BadParameter
        If an account is unknown.
    DataGap
        If no loan, no transfer or no account that holds clients' money is known.

    Notes
    -----
    The institution's own money on the same accounts counts as balance: it can be paid to lenders. Rule FP-06 looks at the
    shortfall. Money on the way between two banks at the end of a day may look like a shortfall of one day.
    """
    made = clients(case)
    moved = crossing(case, made, holding_accounts(case, made, accounts))
    case.store.derive("money_loans", made.loans.select(["loan_id"]))
    loans, booked = case.store.run("client_loans"), case.store.run("client_fees")
    sides = due.sides(moved, loans)
    days = np.arange(moved.day.min(), moved.day.max() + 1)
    fees = due.fees_kept(moved, sides, booked, loans)
    book = ledger(case.store)
    opening = int(np.append(book.opening, 0)[book.codes(pa.array(moved.accounts, pa.string()))].sum())
    flows = [_by_day(moved.day[f], moved.fen[f], days) for f in (sides.deposit, sides.repaid, sides.lent, sides.paid)]
    kept = _by_day(fees.day, fees.fen, days)
    owed = purses.owed(due.entries(moved, sides, fees, loans), days)
    unknown = [np.cumsum(_by_day(moved.day[f], moved.fen[f], days)) for f in (sides.unknown_in, sides.unknown_out)]
    held, missing = standing(case.store, moved.accounts, days)
    low = np.where(missing > 0, 0, np.maximum(owed[0] - unknown[1] - _unstated(moved, sides, days, kept, loans) - held, 0))
    high = np.maximum(owed[0] + unknown[0] + opening - held, 0)
    names = ("deposited", "collected", "lent", "returned", "kept", "owed", "advanced", "unknown_in", "unknown_out")
    shown = {f"{n}_yuan": yuan(fen) for n, fen in zip(names, (*flows, kept, *owed, *unknown), strict=True)}
    nowhere = pa.array(missing == len(moved.accounts))
    table = {"day": pa.array(days.astype(np.int32)).cast(pa.date32()), **shown}
    table |= {"balance_yuan": pc.if_else(nowhere, None, yuan(held)), "unknown_accounts": pa.array(missing)}
    for name, fen in (("low", low), ("high", high)):
        table[f"shortfall_{name}_yuan"] = pc.if_else(nowhere, None, yuan(fen))
    found = frame(pa.table({**table, "transfer_ids": _ids(moved, days)}))
    found.attrs |= {
        "accounts": moved.accounts,
        "uncovered": uncovered(case, moved.accounts),
        "opening_yuan": as_decimal(opening),
    }
    found.attrs |= unseen(case, moved.accounts)
    return found


def _by_day(day: Ints, fen: Ints, days: Ints) -> Ints:
    total = np.zeros(len(days), np.int64)
    np.add.at(total, day - days[0], fen)
    return total


def _unstated(moved: Crossing, sides: due.Sides, days: Ints, kept: Ints, loans: pa.Table) -> Ints:
    """Return what the institution took as fees so far beyond what its ledger states, where that states none for the loans.

    At most what was collected on such loans so far.
    """
    stated = np.append(loans["fee_stated"].to_numpy(zero_copy_only=False), False)[sides.loan]
    open_rows = sides.repaid & ~stated
    collected = np.cumsum(_by_day(moved.day[open_rows], moved.fen[open_rows], days))
    taken = np.cumsum(_by_day(moved.day[sides.fee_out], moved.fen[sides.fee_out], days))
    return np.minimum(np.maximum(taken - np.cumsum(kept), 0), collected)


def _ids(moved: Crossing, days: Ints) -> pa.Array:
    order = np.argsort(moved.day, kind="stable")
    offsets = np.searchsorted(moved.day[order], np.append(days, days[-1] + 1))
    ids = moved.table["transfer_id"].combine_chunks().take(pa.array(order))
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), ids)
