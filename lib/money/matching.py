"""Contracts against bank flows: which transfers paid a loan out.

First by the contract's number; then one to one, by payee, amount and day, so that as many loans as possible find a transfer and
the days between are as few as possible.
"""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from lib.case import Case
from lib.money.amounts import as_fen, whole_number
from lib.money.scope import loan_ids
from lib.money.statements import coverage
from lib.store import MONEY, Store, frame

TOL_YUAN, DAYS = 1.00, 3
_COLUMNS = pa.schema(
    [
        ("loan_id", pa.string()),
        ("outcome", pa.string()),
        ("match", pa.string()),
        ("transfer_ids", pa.list_(pa.string())),
        ("contract_yuan", MONEY),
        ("paid_yuan", MONEY),
        ("difference_yuan", MONEY),
        ("first_on", pa.date32()),
        ("last_on", pa.date32()),
    ]
)
Row = dict[str, Any]


def reconcile(case: Case, tol_yuan: float = TOL_YUAN, days: int = DAYS) -> pd.DataFrame:
    """Compare the case's loan contracts with the transfers that paid them out.

    A transfer belongs to a loan if it names the contract: all that do are added up, whatever their day. For a loan that none
    names, a transfer to the borrower or to the agreed account fits if the amount is the principal, or the principal less the
    upfront fee, and the day is near; each transfer is used once, and the assignment with the most pairs and the fewest days
    between is taken. A payout that came back by a reversal (`transfers.reversal_of`) paid nobody and belongs to no loan.

    Parameters
    ----------
    tol_yuan
        Difference of amounts that still agrees, yuan.
    days
        Days before and after the contract's start in which a transfer without a contract number may lie.

    Returns
    -------
    DataFrame, one row per loan
        loan_id · outcome · match (contract_id or amount) · transfer_ids · contract_yuan · paid_yuan · difference_yuan (paid
        less contract; an upfront fee kept back shows here, and agrees) · first_on, last_on (days of the transfers; where there
        are none, the days that were searched).
        `outcome` is matched; mismatched (paid out by number, another amount); missing (nothing found, and the statements cover
        the days searched); not_covered (nothing found where statements are missing, or the contract states no amount or day).

    Raises
    ------
    BadParameter
        If `tol_yuan` or `days` is out of range.
    """
    return frame(of_loans(payouts(case.store, tol_yuan, days), loan_ids(case)))


def of_loans(found: pa.Table, wanted: list[str]) -> pa.Table:
    """Return the rows of some loans."""
    return found.filter(pc.is_in(found["loan_id"], value_set=pa.array(wanted, pa.string())))


def payouts(store: Store, tol_yuan: float = TOL_YUAN, days: int = DAYS) -> pa.Table:
    """Return reconcile's rows for all loans of a Store, sorted by loan_id; worked out once per version and setting."""
    tol_fen = as_fen("tol_yuan", tol_yuan)
    whole_number("days", days, 0, 3650)
    key = ("money.payouts", tol_fen, days)
    if key not in store.memo:
        store.derive("money_coverage", coverage(store))
        loans = store.run("loans_to_match", days=days).to_pylist()
        tol = tol_fen / 100
        candidates = store.run("loan_payouts", days=days, tol_yuan=tol.quantize(Decimal("1e-6"))).to_pylist()
        store.memo[key] = pa.Table.from_pylist(_rows(loans, candidates, tol), schema=_COLUMNS)
    return store.memo[key]


def _rows(loans: list[Row], candidates: list[Row], tol: Decimal) -> list[Row]:
    paid: dict[str, list[Row]] = {}
    for row in (c for c in candidates if c["how"] == "contract_id"):
        paid.setdefault(row["loan_id"], []).append(row)
    principal = {loan["loan_id"]: (loan["principal_yuan"], loan["upfront_fee_yuan"] or Decimal(0)) for loan in loans}
    fitting = [c for c in candidates if c["how"] == "amount"]
    paid |= {row["loan_id"]: [row] for row in _assigned(fitting, principal)}
    return [_row(loan, paid.get(loan["loan_id"], []), tol) for loan in loans]


def _assigned(fitting: list[Row], principal: dict[str, tuple[Decimal, Decimal]]) -> list[Row]:
    """Choose at most one transfer per loan and one loan per transfer: most pairs, then fewest days, then closest amounts."""
    if not fitting:
        return []
    loans = sorted({row["loan_id"] for row in fitting})
    moves = sorted({(row["paid_on"], row["transfer_id"]) for row in fitting})
    loan_at, move_at = {k: i for i, k in enumerate(loans)}, {k: i for i, (_, k) in enumerate(moves)}
    off = np.array([100 * _off(row["amount_yuan"], *principal[row["loan_id"]]) for row in fitting], np.float64)
    apart = np.array([row["days_apart"] for row in fitting], np.float64)
    cost = 1 + apart * (1 + off.max()) + off
    nobody = (cost.max() + 1) * (len(loans) + 1)  # dearer than all pairs together: a loan stays alone only where it must
    rows = [*(loan_at[row["loan_id"]] for row in fitting), *range(len(loans))]
    columns = [*(move_at[row["transfer_id"]] for row in fitting), *range(len(moves), len(moves) + len(loans))]
    weights = np.concatenate((cost, np.full(len(loans), nobody)))
    graph = csr_array((weights, (rows, columns)), shape=(len(loans), len(moves) + len(loans)))
    chosen = set(zip(*(side.tolist() for side in min_weight_full_bipartite_matching(graph)), strict=True))
    return [row for row in fitting if (loan_at[row["loan_id"]], move_at[row["transfer_id"]]) in chosen]


def _off(paid: Decimal, principal: Decimal | None, fee: Decimal) -> Decimal:
    """Return how far a payment is from the principal, or from the principal less the upfront fee if that is nearer."""
    assert principal is not None
    return min(abs(paid - principal), abs(paid - (principal - fee)))


def _row(loan: Row, found: list[Row], tol: Decimal) -> Row:
    contract, fee = loan["principal_yuan"], loan["upfront_fee_yuan"] or Decimal(0)
    paid = sum((row["amount_yuan"] for row in found), Decimal(0)) if found else None
    if contract is None or (paid is None and not loan["covered"]):
        outcome = "not_covered"
    elif paid is None:
        outcome = "missing"
    else:
        outcome = "matched" if _off(paid, contract, fee) <= tol else "mismatched"
    days = [row["paid_on"] for row in found] or [loan["searched_from"], loan["searched_to"]]
    return {
        "loan_id": loan["loan_id"],
        "outcome": outcome,
        "match": found[0]["how"] if found else None,
        "transfer_ids": [row["transfer_id"] for row in found],
        "contract_yuan": contract,
        "paid_yuan": paid,
        "difference_yuan": None if paid is None or contract is None else paid - contract,
        "first_on": min(days) if days[0] else None,
        "last_on": max(days) if days[0] else None,
    }
