"""SH-08: capital that goes out again; GR-01: insiders who pay for borrowers. Every institution is a case of its own."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_store
from tests.rule_districts import District, one

IN = "2017-06-01T10:00"  # thirty days after: 2017-07-01T10:00
CAPITAL = "1000000.05"  # of which 80 % are 800,000.04
# institution → payments after the capital: (payer, payee, time, yuan[, memo]); K is its own account, H its holder's
RETURNS: dict[str, list[tuple[str, ...]]] = {
    "back": [("K", "H", "2017-07-01T10:00", "800000.04")],
    "short": [("K", "H", "2017-07-01T10:00", "800000.03")],
    "late": [("K", "H", "2017-07-01T10:01", "1000000.05")],
    "before": [("K", "H", "2017-06-01T09:59", "1000000.05")],
    "wages": [("K", "H", "2017-06-05T10:00", "1000000.05", "代发工资")],
    "twice": [("K", "H", "2017-06-05T10:00", "500000"), ("K", "R", "2017-06-06T10:00", "500000")],  # R is related
    "through": [("K", "S", "2017-06-05T10:00", "1000000"), ("S", "H", "2017-06-06T10:00", "800000.04")],
    "through_less": [("K", "S", "2017-06-05T10:00", "1000000"), ("S", "H", "2017-06-06T10:00", "800000.03")],
    "through_first": [("S", "H", "2017-06-04T10:00", "1000000"), ("K", "S", "2017-06-05T10:00", "1000000")],
    "through_little": [("K", "S", "2017-06-05T10:00", "800000.03"), ("S", "H", "2017-06-06T10:00", "1000000")],
    "nowhere": [("K", "?", "2017-06-05T10:00", "800000.04")],
    "unfollowed": [("K", "U", "2017-06-05T10:00", "800000.04")],  # U's statements are not there
    "little_unknown": [("K", "?", "2017-06-05T10:00", "800000.03")],
    "unheld": [],
    "uncovered": [],
    "stranger": [("K", "S", "2017-06-05T10:00", "1000000")],
    "inside": [("K", "K2", "2017-06-05T10:00", "1000000")],
}


@pytest.fixture(scope="module")
def capital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = District()
    for name, moves in RETURNS.items():
        made.found(name, held=name != "unheld")
        if name == "uncovered":
            made.tables["accounts"][-1]["statement_to"] = "2017-06-30"
        made.account(f"K2-{name}", f"C-{name}")
        for party in "HSRU":
            days = {"statement_from": None, "statement_to": None} if party == "U" else {}
            made.account(f"{party}-{name}", f"{party}-{name}", **days)
        if name != "unheld":
            made.add("holdings", holding_id=f"R-{name}", holder_id=f"H-{name}", held_id=f"R-{name}", share=1.0)
        made.pay(f"H-{name}", f"K-{name}", IN, CAPITAL, kind="capital")
        for payer, payee, at, yuan, *memo in moves:
            given = {"memo": memo[0]} if memo else {}
            made.pay(f"{payer}-{name}", None if payee == "?" else f"{payee}-{name}", at, yuan, **given)
    for name, payer in (("memo", "H"), ("memo_stranger", "S")):  # a bank's statement: no kind, a memo, and a holder or not
        made.found(name)
        made.account(f"{payer}-{name}", f"{payer}-{name}")
        made.pay(f"{payer}-{name}", f"K-{name}", IN, CAPITAL, kind=None, memo="投资款")
        made.pay(f"K-{name}", f"{payer}-{name}", "2017-06-05T10:00", "800000.04", kind=None)
    made.found("none")
    return write_store(tmp_path_factory.mktemp("capital") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "outcome", "amount", "said"),
    [
        ("back", "hit", "800000.04", "该笔出资 1,000,000.05 元"),
        ("short", "clear", None, ""),
        ("late", "clear", None, ""),
        ("before", "clear", None, ""),
        ("wages", "clear", None, ""),
        ("twice", "hit", "1000000.00", "该笔出资 1,000,000.05 元"),
        ("through", "hit", "800000.04", "该笔出资 1,000,000.05 元"),
        ("through_less", "clear", None, ""),
        ("through_first", "clear", None, ""),
        ("through_little", "clear", None, ""),
        ("stranger", "clear", None, ""),
        ("inside", "clear", None, ""),
        ("nowhere", "not_testable", None, "1 笔出资之后的付款去向不明, 可能改变结果"),
        ("unfollowed", "not_testable", None, "1 笔出资之后的付款去向不明, 可能改变结果"),
        ("little_unknown", "clear", None, ""),
        ("unheld", "not_testable", None, "没有股东记录, 关联方不全"),
        ("uncovered", "not_testable", None, "1 笔出资之后的流水未覆盖机构全部账户"),
        ("none", "not_testable", None, "流水中没有出资入账"),
        ("memo", "hit", "800000.04", "该笔出资 1,000,000.05 元"),
        ("memo_stranger", "not_testable", None, "流水中没有出资入账"),
    ],
)
def test_capital_stays_for_thirty_days(name: str, outcome: str, amount: str | None, said: str, capital: Path):
    row = one(capital, "SH-08", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)
    assert amount is None or row["amount_yuan"] == Decimal(amount)


def test_capital_that_went_back_is_shown_payment_by_payment(capital: Path):
    row = one(capital, "SH-08", "through")
    assert (row["subject_id"], row["first_on"], row["last_on"]) == ("H-through", date(2017, 6, 1), date(2017, 6, 6))
    assert len(row["evidence"]) == 3
    assert one(capital, "SH-08", "short", "2017-07-01")["outcome"] == "clear"
    assert one(capital, "SH-08", "short", "2017-06-30")["why_not"] == "1 笔出资至基准日未满期限"
    assert one(capital, "SH-08", "late", SH_08={"days": 31})["outcome"] == "hit"


# institution → repayment: payer's id or account, day (due on 2018-03-01), and more
PAID: dict[str, dict[str, Any]] = {
    "borrower": {"payer_id": "B"},
    "insider": {"payer_id": "H-insider"},
    "company": {"payer_account": "K-company"},
    "early": {"payer_id": "H-early", "paid_on": "2018-02-28"},
    "guarantor": {"payer_id": "G"},
    "insider_guarantor": {"payer_id": "H-insider_guarantor"},
    "stranger": {"payer_id": "X"},
    "unknown": {},
    "undue": {"payer_id": "H-undue", "period": 9},
    "old": {"payer_id": "H-old", "paid_on": "2016-08-23"},
    "future": {"payer_id": "H-future", "paid_on": "2019-02-01"},
    "unheld": {"payer_id": "X"},
    "parts": {"payer_id": "H-parts", "amount_yuan": None},
}
# institution → who took the claim over, when and for how much of 100,000
SOLD: dict[str, tuple[str, str, str]] = {
    "sold": ("H-sold", "2018-03-31", "100000"),
    "sold_late": ("H-sold_late", "2018-04-01", "100000"),
    "sold_before": ("H-sold_before", "2018-02-28", "100000"),
    "sold_below": ("H-sold_below", "2018-03-31", "99999.99"),
    "sold_to_stranger": ("X", "2018-03-31", "100000"),
    "sold_paid": ("H-sold_paid", "2018-03-31", "100000"),
}


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = District()
    made.tables["schedules"] = []
    for name in (*PAID, *SOLD, "empty"):
        made.found(name, held=name != "unheld")
        guarantor = {"guarantor": "G", "insider_guarantor": "H-insider_guarantor"}.get(name)
        made.loan(name, f"L-{name}", "A", "100000", "2018-01-01", guarantor_id=guarantor)
        made.add("schedules", loan_id=f"L-{name}", period=1, due_on="2018-03-01", principal_yuan="100000")
        row = {"repayment_id": f"Q-{name}", "loan_id": f"L-{name}", "period": 1, "paid_on": "2018-03-01"}
        row |= {"amount_yuan": "101000", "principal_yuan": "100000", "interest_yuan": "1000"}
        if name in SOLD:
            day = "2018-03-01" if name == "sold_paid" else "2018-03-02"
            made.add("repayments", **row | {"payer_id": "B", "paid_on": day})
            to, on, price = SOLD[name]
            sale = {"assignment_id": f"V-{name}", "loan_id": f"L-{name}", "to_lender_id": to, "assigned_on": on}
            made.add("assignments", **sale, principal_yuan="100000", price_yuan=price)
        elif name != "empty":
            made.add("repayments", **row | PAID[name])
    return write_store(tmp_path_factory.mktemp("paid") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("borrower", "clear", ""),
        ("insider", "hit", "付款人: H-insider；1 笔"),
        ("company", "hit", "付款人: C-company；1 笔"),
        ("early", "clear", ""),
        ("guarantor", "clear", ""),
        ("insider_guarantor", "clear", ""),
        ("stranger", "clear", ""),
        ("unknown", "not_testable", "1 笔还款的付款人不明"),
        ("undue", "not_testable", "1 笔由关联方支付的还款, 应还日或借款人不明"),
        ("old", "not_testable", "没有依据施行后的还款记录"),
        ("future", "not_testable", "没有依据施行后的还款记录"),
        ("unheld", "not_testable", "没有股东记录, 关联方不全"),
        ("parts", "hit", "付款人: H-parts；1 笔"),
        ("sold", "hit", "付款人: H-sold；1 笔"),
        ("sold_late", "clear", ""),
        ("sold_before", "clear", ""),
        ("sold_below", "clear", ""),
        ("sold_to_stranger", "clear", ""),
        ("sold_paid", "clear", ""),
        ("empty", "not_testable", "没有依据施行后的还款记录"),
    ],
)
def test_an_insider_who_pays_for_a_borrower_is_a_lead(name: str, outcome: str, said: str, paid: Path):
    row = one(paid, "GR-01", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_what_an_insider_paid_is_shown_with_the_contract(paid: Path):
    row = one(paid, "GR-01", "parts")
    assert (row["subject_id"], row["amount_yuan"], row["first_on"]) == ("L-parts", Decimal("101000.00"), date(2018, 3, 1))
    assert [(i["table"], i["id"]) for i in row["evidence"]] == [("loans", "L-parts"), ("repayments", "Q-parts")]
    row = one(paid, "GR-01", "sold")
    assert (row["amount_yuan"], row["evidence"][1]) == (Decimal("100000.00"), {"table": "assignments", "id": "V-sold"})
