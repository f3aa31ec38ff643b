"""Running balances that do not hold: a line is missing, doubled or altered between two lines of a statement."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import scope as scopes
from lib.money.amounts import as_fen, yuan
from lib.money.statements import coverage as covered_days
from lib.money.statements import statements
from lib.store import Store, frame

TOL_YUAN = 0.005


def balance_breaks(case: Case, tol_yuan: float = TOL_YUAN) -> pd.DataFrame:
    """Find the lines of the case's statements whose stated balance does not follow from the one before.

    Parameters
    ----------
    tol_yuan
        Difference that is still no break, yuan.

    Returns
    -------
    DataFrame, one row per break, by account and in the statement's order
        account_id · flow_id · previous_flow_id (the last line before it that states a balance) · expected_yuan (that balance
        and all movements since) · found_yuan · missing_yuan (found less expected: the net amount of what is not there) · at.

    Raises
    ------
    BadParameter
        If `tol_yuan` is negative or no number.

    Notes
    -----
    Lines stand in the bank's sequence, else by time. Among lines of the same time every order in which the balances hold is
    accepted (that of the file first, then the reverse); where none does, the one with the fewest breaks is shown. An account
    without a sequence whose balances break by time is also read as its files have it, and from their last line to the first:
    the reading with the fewest breaks counts. `coverage` says which it was.
    """
    found = all_breaks(case.store, tol_yuan)
    mine = scopes.account_ids(case)["account_id"].combine_chunks()
    return frame(found.filter(pc.is_in(found["account_id"], value_set=mine)))


def coverage(case: Case) -> pd.DataFrame:
    """Say which days the statements of the case's accounts cover.

    Returns
    -------
    DataFrame, one row per account with statements
        account_id · covered_from · covered_to (as the delivery states them, else the first and last line) · lines · links
        (pairs of lines that state a balance and follow each other) · links_held (those between which all is there) · reading
        (order of the lines in which that is so: sequence, the bank's; file, as the files have them; reversed, from their last
        line to the first; time, where it is none of these).
        An account that is only seen in the statements of others has no row.
    """
    days = covered_days(case.store).select(["account_id", "covered_from", "covered_to", "lines"])
    read = statements(case.store).readings().select(["account_id", "links", "links_held", "reading"])
    days = days.join(read, "account_id", join_type="left outer").sort_by("account_id")
    mine = scopes.account_ids(case)["account_id"].combine_chunks()
    return frame(days.filter(pc.is_in(days["account_id"], value_set=mine)))


def all_breaks(store: Store, tol_yuan: float = TOL_YUAN) -> pa.Table:
    """Return balance_breaks' rows for all accounts of a Store, worked out once per version and tolerance."""
    tol_fen = as_fen("tol_yuan", tol_yuan)
    key = ("money.breaks", tol_fen)
    if key not in store.memo:
        lines = statements(store)
        rows, previous, missing = lines.breaks()
        over = np.abs(missing) > int(tol_fen)  # whole fen: more than the tolerance is more than its whole part
        rows, previous, missing = rows[over], previous[over], missing[over]
        store.memo[key] = pa.table(
            {
                "account_id": lines.account_id.take(pa.array(rows)),
                "flow_id": lines.flow_id.take(pa.array(rows)),
                "previous_flow_id": lines.flow_id.take(pa.array(previous)),
                "expected_yuan": yuan(lines.balance[rows] - missing),
                "found_yuan": yuan(lines.balance[rows]),
                "missing_yuan": yuan(missing),
                "at": pa.array(lines.at[rows]).cast(pa.timestamp("us")),
            }
        )
    return store.memo[key]
