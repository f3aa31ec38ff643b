"""Tables that rules read: for every case of a scope at once, made for the day asked, registered by checks."""

import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import balances, instalments, matching, repaying, scope, statements
from lib.money.amounts import yuan

_DISBURSEMENTS = ["loan_id", "outcome", "match", "transfer_ids", "contract_yuan", "paid_yuan", "first_on", "last_on"]


def derive_case_accounts(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return case_id · account_id · why (own, related, loan): one row per case and account, the first reason that fits."""
    return scope.case_accounts(case, scope_rows)


def derive_case_loans(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return case_id · loan_id · position (platform, borrower, lender): one row per case and loan, the first that fits."""
    return scope.case_loans(case, scope_rows)


def derive_disbursements(
    case: Case, scope_rows: scope.Scope, *, tol_yuan: float = matching.TOL_YUAN, days: int = matching.DAYS
) -> pa.Table:
    """Return `reconcile` for the loans of every case.

    case_id · loan_id · outcome · match · transfer_ids · contract_yuan · paid_yuan · first_on · last_on.
    """
    found = matching.payouts(case.store, tol_yuan, days).select(_DISBURSEMENTS)
    return of_cases(scope.case_loans(case, scope_rows), found, "loan_id")


def derive_instalment_rows(
    case: Case, scope_rows: scope.Scope, *, tol_yuan: float = matching.TOL_YUAN, days: int = matching.DAYS
) -> pa.Table:
    """Return which repayments of the ledger the bank shows, for the loans of every case: see `instalments`.

    case_id · loan_id · period · outcome · due_on · repayment_ids.
    """
    found = instalments.rows_of(case.store, tol_yuan, days)
    found = found.select(["loan_id", "period", "outcome", "due_on", "repayment_ids"])
    return of_cases(scope.case_loans(case, scope_rows), found, "loan_id")


def derive_loan_payments(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return which transfers paid for which loans, as `instalments` matches them; the same for every scope.

    loan_id · transfer_id · paid_on · amount_yuan (the part of the transfer that is the loan's).
    """
    made = repaying.payments(case.store, matching.TOL_YUAN, matching.DAYS)
    settled = made.table()
    rows = {name: made.moves[name].take(settled["move"]) for name in ("transfer_id", "paid_on")}
    loan_id = made.claims["loan_id"].take(settled["claim"])
    return pa.table({"loan_id": loan_id, **rows, "amount_yuan": yuan(settled["fen"].to_numpy())})


def derive_balance_breaks(case: Case, scope_rows: scope.Scope, *, tol_yuan: float = balances.TOL_YUAN) -> pa.Table:
    """Return `balance_breaks` for the accounts of every case.

    case_id · account_id · flow_id · previous_flow_id · expected_yuan · found_yuan · missing_yuan · at.
    """
    return of_cases(scope.case_accounts(case, scope_rows), balances.all_breaks(case.store, tol_yuan), "account_id")


def derive_covered_days(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return account_id · covered_from · covered_to: the days that statements cover; the same for every scope."""
    return statements.coverage(case.store).select(["account_id", "covered_from", "covered_to"])


def derive_balance_coverage(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return case_id · account_id · lines · lines_with_balance for the accounts of every case that have statement lines."""
    days = statements.coverage(case.store).select(["account_id", "lines", "lines_with_balance"])
    return of_cases(scope.case_accounts(case, scope_rows), days.filter(pc.greater(days["lines"], 0)), "account_id")


def derive_account_coverage(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return account_id · covered_from · covered_to · lines · lines_with_balance; the same for every scope."""
    return statements.coverage(case.store)


def derive_owed_by_loan(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return what every loan owes at the end of the case's day; the same for every scope.

    loan_id · institution_id · start_on · owed_low_yuan · owed_high_yuan.
    """
    return case.store.run("owed", as_of=case.as_of)


def of_cases(members: pa.Table, rows: pa.Table, key: str) -> pa.Table:
    """Repeat rows for every case that has their key; Arrow's own join refuses columns that are lists."""
    numbered = pa.table({key: rows[key], "row": pa.array(range(rows.num_rows), pa.int64())})
    pairs = (
        members.select(["case_id", key])
        .join(numbered, key, join_type="inner")
        .sort_by([("case_id", "ascending"), ("row", "ascending")])
    )
    return rows.take(pairs["row"]).add_column(0, "case_id", pairs["case_id"])
