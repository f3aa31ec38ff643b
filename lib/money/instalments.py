"""Instalments three ways: what the schedule says, what the platform's ledger says, and what the bank shows."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import scope
from lib.money.amounts import as_fen, yuan
from lib.money.matching import DAYS, TOL_YUAN, of_loans
from lib.money.repaying import ints, payments
from lib.store import Store, frame

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def instalments(case: Case, tol_yuan: float = TOL_YUAN, days: int = DAYS) -> pd.DataFrame:
    """Compare each instalment of the case's loans in the schedule, in the platform's ledger and at the bank.

    A transfer belongs to a repayment of the ledger if the ledger names its statement line; else if it names the loan and agrees
    in amount on a near day; else if it names no loan, agrees, and was paid by the borrower or from the account that the ledger
    states: one to one, then up to four transfers to one payee for one repayment, or one transfer for up to four repayments.
    Last, what names the loan on a near day counts although the amounts differ. Instalments that the ledger does not have are
    looked for at the bank in the same way, by their due day. Each transfer is used once; payouts, and payments that came back
    by a reversal, are none.

    Parameters
    ----------
    tol_yuan
        Difference of amounts that still agrees, yuan.
    days
        Days before and after in which a transfer may lie.

    Returns
    -------
    DataFrame, one row per loan and period; one per repayment or transfer that belongs to no period
        loan_id · period · outcome · due_on, due_yuan (schedule) · ledger_on, ledger_yuan (ledger: last day, sum) · bank_on,
        bank_yuan (bank: last day, sum) · ledger_fen (ledger less schedule) · bank_fen (bank less ledger; less schedule where
        the ledger has nothing) · ledger_days (days after the due day) · bank_days (days after the ledger's; after the due day
        where it has none) · match (flow_id, loan_id, payer, split, batch; off: amounts differ) · repayment_ids · transfer_ids.
        `outcome` is matched (all three agree in amount); mismatched (amounts differ); not_in_bank (in the ledger, and
        statements that cover the day do not show it); not_in_ledger (the bank shows it, the ledger does not); unscheduled
        (ledger and bank agree, the schedule does not have it); unpaid (neither has it, and statements cover the day); not_due
        (neither has it, and it is due after the case's day); not_covered (statements do not cover the day, or an amount is not
        stated).

    Raises
    ------
    BadParameter
        If `tol_yuan` or `days` is out of range.
    """
    rows = of_loans(rows_of(case.store, tol_yuan, days), scope.loan_ids(case))
    later = pc.fill_null(pc.greater(rows["due_on"], pa.scalar(case.as_of, pa.date32())), False)
    idle = pc.is_in(rows["outcome"], value_set=pa.array(["unpaid", "not_covered"]))
    silent = pc.and_(pc.is_null(rows["ledger_on"]), pc.equal(pc.list_value_length(rows["repayment_ids"]), 0))
    outcome = pc.if_else(pc.and_(pc.and_(later, idle), silent), "not_due", rows["outcome"])
    found = frame(rows.set_column(rows.column_names.index("outcome"), "outcome", outcome))
    found.attrs |= {"tol_yuan": str(tol_yuan), "days": days}
    return found


def rows_of(store: Store, tol_yuan: float, days: int) -> pa.Table:
    """Return `instalments` for all loans of a Store, not cut at a day; worked out once per version and setting."""
    key = ("money.instalments", as_fen("tol_yuan", tol_yuan), days)
    if key not in store.memo:
        payments(store, tol_yuan, days)
        store.memo[key] = _compared(store.run("instalment_rows", days=days), int(as_fen("tol_yuan", tol_yuan)))
    return store.memo[key]


def _compared(rows: pa.Table, tolerance: int) -> pa.Table:
    """Add differences and outcomes to the rows of instalment_rows.sql."""
    due, ledger, bank = (rows[f"{side}_fen"] for side in ("due", "ledger", "bank"))
    said = pc.coalesce(ledger, due)
    ledger_off, bank_off = pc.subtract(ledger, due), pc.subtract(bank, said)
    said_on = pc.coalesce(rows["ledger_on"], rows["due_on"])
    columns = {
        "loan_id": rows["loan_id"],
        "period": rows["period"].cast(pa.int32()),
        "outcome": pa.array(_outcomes(rows, ledger_off, bank_off, tolerance), pa.string()),
        **{
            name: column
            for side in ("due", "ledger", "bank")
            for name, column in ((f"{side}_on", rows[f"{side}_on"]), (f"{side}_yuan", _yuan(rows[f"{side}_fen"])))
        },
        "ledger_fen": ledger_off,
        "bank_fen": bank_off,
        "ledger_days": _days(rows["ledger_on"], rows["due_on"]),
        "bank_days": _days(rows["bank_on"], said_on),
        **{name: rows[name] for name in ("match", "repayment_ids", "transfer_ids")},
    }
    return pa.table(columns)


def _outcomes(rows: pa.Table, ledger_off: pa.ChunkedArray, bank_off: pa.ChunkedArray, tolerance: int) -> list[str]:
    scheduled, paid = _held(rows["due_fen"]), _held(rows["bank_fen"])
    entered = pc.list_value_length(rows["repayment_ids"]).to_numpy() > 0
    covered = rows["covered"].to_numpy()
    differs = (np.abs(ints(ledger_off)) > tolerance) | (np.abs(ints(bank_off)) > tolerance)
    unstated = entered & ~_held(rows["ledger_fen"])
    choices: list[tuple[Flags, str]] = [
        (unstated, "not_covered"),
        (paid & ~entered, "not_in_ledger"),
        (paid & entered & differs, "mismatched"),
        (paid & entered & ~scheduled, "unscheduled"),
        (paid & entered, "matched"),
        (~covered, "not_covered"),
        (entered, "not_in_bank"),
    ]
    return np.select([c for c, _ in choices], [name for _, name in choices], "unpaid").tolist()  # type: ignore[no-any-return]


def _held(column: pa.ChunkedArray) -> Flags:
    flags: Flags = column.is_valid().to_numpy()
    return flags


def _yuan(fen: pa.ChunkedArray) -> pa.Array:
    return pc.if_else(fen.is_valid(), yuan(ints(fen)), None)


def _days(later: pa.ChunkedArray, earlier: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.subtract(later.cast(pa.date32()).cast(pa.int32()), earlier.cast(pa.date32()).cast(pa.int32()))
