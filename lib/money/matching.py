"""Contracts against bank flows: which transfers paid a loan out, and which payouts belong to no contract.

First by the contract's number; then one to one, by payee, amount and day; then several to one; last, payouts from which more
was kept back than agreed. Each step takes the best choice of all, and only what the steps before it left.
"""

from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import scope
from lib.money.amounts import as_fen, whole_number
from lib.money.settling import COLUMNS, Payouts
from lib.money.statements import coverage
from lib.store import Store, frame

TOL_YUAN, DAYS = 1.00, 3


def reconcile(case: Case, tol_yuan: float = TOL_YUAN, days: int = DAYS) -> pd.DataFrame:
    """Compare the case's loan contracts with the transfers that paid them out.

    A transfer belongs to a loan if it names the contract: all that do are added up, whatever their day. For loans that none
    names, transfers to the borrower or to the agreed account on near days are looked at, each used once, in three steps.
    One to one: the amount is the principal, or the principal less the stated upfront fee. Several to one: up to four transfers
    of one payer that add up to this, or one transfer that is the sum of up to four loans, all whole or all less their fees.
    Deducted: a transfer marked as a payout that lacks up to 30 % of the principal (砍头息). Every step takes the choice that
    settles most loans, then has the fewest days between, then the closest amounts. A payout that came back by a reversal
    (`transfers.reversal_of`) paid nobody and belongs to no loan.

    Parameters
    ----------
    tol_yuan
        Difference of amounts that still agrees, yuan.
    days
        Days before and after the contract's start in which a transfer without a contract number may lie.

    Returns
    -------
    DataFrame, one row per loan, then one per payout without a contract
        loan_id · outcome · match (contract_id, amount, split, batch or deducted) · transfer_ids · contract_yuan · paid_yuan
        (of a batch: this loan's part) · difference_yuan (paid less contract; an upfront fee kept back shows here, and agrees) ·
        first_on, last_on (days of the transfers; where there are none, the days that were searched) · fee_yuan (stated fee that
        was kept back) · off_yuan (paid less contract and fee: what was tolerated, or does not agree) · off_days (from the
        contract's start to the first transfer) · candidates (transfers that named or fitted the loan).
        `outcome` is matched; mismatched (paid out by number or as deducted, another amount); missing (nothing found, and the
        statements cover the days searched); not_covered (nothing found where statements are missing, or the contract states no
        amount or day); unclear (more sums fit than can be chosen among); no_contract (a payout that no contract explains;
        `loan_id` is the number that it names, if any).
        `attrs` holds tol_yuan and days.

    Raises
    ------
    BadParameter
        If `tol_yuan` or `days` is out of range.
    """
    made = of_loans(payouts(case.store, tol_yuan, days), scope.loan_ids(case))
    found = frame(pa.concat_tables([made, _unexplained(case, tol_yuan, days)]))
    found.attrs |= {"tol_yuan": str(tol_yuan), "days": days}
    return found


def of_loans(found: pa.Table, wanted: list[str]) -> pa.Table:
    """Return the rows of some loans."""
    return found.filter(pc.is_in(found["loan_id"], value_set=pa.array(wanted, pa.string())))


def own_payouts(store: Store) -> pa.Table:
    """Return `payouts` without loans that one transfer pays together with others: whose money went where is not told apart."""
    found = payouts(store)
    return found.filter(pc.not_equal(pc.fill_null(found["match"], ""), "batch"))


def payouts(store: Store, tol_yuan: float = TOL_YUAN, days: int = DAYS) -> pa.Table:
    """Return reconcile's rows for all loans of a Store, sorted by loan_id; worked out once per version and setting."""
    tol_fen = as_fen("tol_yuan", tol_yuan)
    whole_number("days", days, 0, 3650)
    key = ("money.payouts", tol_fen, days)
    if key not in store.memo:
        store.derive("money_coverage", coverage(store))
        tol = tol_fen / 100
        candidates = store.run("loan_payouts", days=days, tol_yuan=tol.quantize(Decimal("1e-6")))
        book = Payouts(store.run("loans_to_match", days=days), int(tol_fen))
        by_number = pc.equal(candidates["how"], "contract_id")
        book.named(candidates.filter(by_number))
        book.fitting(candidates.filter(pc.invert(by_number)))
        book.near(_near(store, book, days))
        store.memo[key] = book.table()
    return store.memo[key]


def _near(store: Store, book: Payouts, days: int) -> pa.Table:
    """Return the free transfers near loans that have no payout yet."""
    store.derive("money_open_loans", pa.table({"loan_id": book.open()}))
    store.derive("money_used", pa.table({"transfer_id": book.used()}))
    return store.run("near_payouts", days=days)


def _unexplained(case: Case, tol_yuan: float, days: int) -> pa.Table:
    """Return a row for each payout without a contract that touches an account of the case."""
    key = ("money.unexplained", as_fen("tol_yuan", tol_yuan), days)
    if key not in case.store.memo:
        used = payouts(case.store, tol_yuan, days)["transfer_ids"].combine_chunks().flatten()
        case.store.derive("money_used", pa.table({"transfer_id": used.cast(pa.string())}))
        case.store.memo[key] = case.store.run("payouts_without_contract")
    rows = case.store.memo[key]
    if not case.is_district:
        ours = scope.account_ids(case)["account_id"]
        touched = [pc.is_in(rows[side], value_set=ours.combine_chunks()) for side in ("payer_account", "payee_account")]
        rows = rows.filter(pc.or_(*touched))
    made = [
        {
            "loan_id": row["loan_id"],
            "outcome": "no_contract",
            "transfer_ids": [row["transfer_id"]],
            "paid_yuan": row["amount_yuan"],
            "first_on": row["paid_on"],
            "last_on": row["paid_on"],
        }
        for row in rows.to_pylist()
    ]
    return pa.Table.from_pylist(made, schema=COLUMNS)
