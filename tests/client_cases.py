"""A small platform for tests of clients' money: two lenders, a borrower, custody and an account of its own."""

import datetime as dt
from decimal import Decimal
from typing import Any

from tests.money_cases import line, move

DAY = 24 * 60
Rows = list[dict[str, Any]]

PARTIES: Rows = [
    {"party_id": party, "name": name, "kind": kind}
    for party, name, kind in (
        ("plat", "平台", "company"),
        ("l1", "出借一", "person"),
        ("l2", "出借二", "person"),
        ("l3", "出借三", "person"),
        ("b1", "借款一", "person"),
        ("shop", "商店", "company"),
    )
]
ACCOUNTS: Rows = [
    {"account_id": "CUST", "holder_id": "plat", "purpose": "custody_total"},
    {"account_id": "OWN", "holder_id": "plat", "purpose": "own"},
    {"account_id": "PAY", "holder_id": "gate", "purpose": "payment"},
    *({"account_id": party.upper(), "holder_id": party, "purpose": "personal"} for party in ("l1", "l2", "l3", "b1", "shop")),
]


def loan(name: str, lender: str | None = "l1", **more: Any) -> dict[str, Any]:
    """Return a loan of 100 yuan to b1."""
    known = {"loan_id": name, "institution_id": "I", "borrower_id": "b1", "lender_id": lender, "principal_yuan": Decimal(100)}
    return {**known, "signed_on": dt.date(2018, 1, 1), "started_on": dt.date(2018, 1, 1), **more}


def platform(moves: Rows, *, loans: Rows | None = None, balances: Rows | None = None, **more: Rows) -> dict[str, Rows]:
    """Return the tables of the platform."""
    return {
        "institutions": [{"institution_id": "I", "name": "平台", "party_id": "plat"}],
        "parties": PARTIES,
        "accounts": ACCOUNTS,
        "loans": loans if loans is not None else [loan("K1"), loan("K2", "l2")],
        "transfers": [{**row, "file_order": n} for n, row in enumerate(moves)],
        "flows": balances or [],
        **more,
    }


def statement(account: str, moves: Rows, opening: int = 0) -> Rows:
    """Return the lines of an account's statement that show its transfers, with running balances."""
    found, balance = [], Decimal(opening)
    for row in moves:
        sign = (row["payee_account"] == account) - (row["payer_account"] == account)
        if sign:
            balance += sign * row["amount_yuan"]
            minutes = (row["at"] - dt.datetime(2018, 1, 1, 9)) / dt.timedelta(minutes=1)
            found.append(line(f"{account}-{row['transfer_id']}", account, sign * row["amount_yuan"], balance, minutes))
    return found


def lends(name: str, number: str, lender: str, day: float, amount: int = 100) -> dict[str, Any]:
    """Return a lender's deposit for a loan."""
    return move(name, lender, "CUST", amount, day * DAY, loan_id=number, kind="transfer")


def pays_out(name: str, number: str, day: float, amount: int = 100) -> dict[str, Any]:
    """Return a payout to the borrower."""
    return move(name, "CUST", "B1", amount, day * DAY, loan_id=number, kind="disbursement")


def repays(name: str, number: str, day: float, amount: int = 100) -> dict[str, Any]:
    """Return a repayment of the borrower."""
    return move(name, "B1", "CUST", amount, day * DAY, loan_id=number, kind="repayment")


def returns(name: str, number: str | None, lender: str, day: float, amount: int = 100) -> dict[str, Any]:
    """Return a payment to a lender."""
    return move(name, "CUST", lender, amount, day * DAY, loan_id=number, kind="transfer")
