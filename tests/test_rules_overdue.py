"""OV-01: what is published as overdue, against schedules and the repayments that statements show."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, said

COVERED = {"statement_from": "2015-01-01", "statement_to": "2022-12-31"}
FIGURE, OLD_FIGURE = "逾期金额", "逾期90天（不含）以上金额"


def overdue(
    i: str,
    stated: str,
    *paid: tuple[str, int],
    metric: str = FIGURE,
    on: str = "2018-06-30",
    bank: bool = True,
    due: str | None = "2018-03-01",
    watched: bool = True,
    **more: Any,
) -> Tables:
    """Lend 10,000, due in one sum on the first of March 2018, let some of it be repaid, and publish a figure."""
    loan = {"loan_id": i, "institution_id": i, "borrower_id": f"B-{i}", "principal_yuan": 10000, "signed_on": "2017-09-01"}
    plan = {"loan_id": i, "period": 1, "due_on": due, "principal_yuan": 10000, "interest_yuan": 0, "fee_yuan": 0}
    rows: list[Row] = [{"repayment_id": f"R-{i}", "loan_id": i, "paid_on": "2017-09-02", "period": 9, "amount_yuan": 0}]
    rows[0] |= {"principal_yuan": 0}
    moves: list[Row] = []
    for n, (day, yuan) in enumerate(paid):
        row = {"repayment_id": f"R-{i}-{n}", "loan_id": i, "period": n + 1, "paid_on": day, "amount_yuan": yuan}
        rows.append(row | {"principal_yuan": yuan, "payer_account": f"A-{i}"} | more)
        move = {"transfer_id": f"T-{i}-{n}", "flow_ids": [], "payer_account": f"A-{i}", "payee_account": f"K-{i}", "loan_id": i}
        move |= {"at": f"{day}T10:00", "amount_yuan": yuan, "kind": "repayment", "file_order": n, "day_only": False}
        moves += [move] if bank else []
    own = {"account_id": f"K-{i}", "holder_id": f"C-{i}", "purpose": "custody_total"}
    figure = {"disclosure_id": f"F-{i}", "institution_id": i, "as_of_on": on, "metric": metric, "value_text": stated}
    return {
        "loans": [loan],
        "schedules": [plan] if due else [],
        "repayments": rows,
        "transfers": moves,
        "accounts": [
            own | (COVERED if watched else {}),
            {"account_id": f"A-{i}", "holder_id": f"B-{i}", "purpose": "own"} | COVERED,
        ],
        "disclosures": [figure],
    }


# id → tables, outcome, amount; 10,000 are overdue where nothing was repaid, and 9,500 may be published
FIGURES: dict[str, tuple[Tables, str, str | None]] = {
    "all": (overdue("all", "10000"), "clear", None),
    "five-percent": (overdue("five-percent", "9500.00"), "clear", None),
    "a-fen-less": (overdue("a-fen-less", "9499.99"), "hit", "500.01"),
    "in-ten-thousands": (overdue("in-ten-thousands", "0.95万元"), "clear", None),
    "with-commas": (overdue("with-commas", "9,499.99元"), "hit", "500.01"),
    "unreadable": (overdue("unreadable", "约一万"), "not_testable", None),
    "repaid": (overdue("repaid", "0", ("2018-03-01", 10000)), "clear", None),
    "repaid-later": (overdue("repaid-later", "0", ("2018-07-01", 10000)), "hit", "10000.00"),
    "repaid-that-day": (overdue("repaid-that-day", "0", ("2018-06-30", 10000)), "clear", None),
    # the bank shows half of the instalment: at least the other half is overdue
    "in-part": (overdue("in-part", "4000", ("2018-03-01", 5000)), "hit", "1000.00"),
    "in-part-as-stated": (overdue("in-part-as-stated", "5000", ("2018-03-01", 5000)), "not_testable", None),
    "not-in-bank": (overdue("not-in-bank", "0", ("2018-03-01", 10000), bank=False), "hit", "10000.00"),
    "not-watched": (overdue("not-watched", "0", ("2018-03-01", 10000), bank=False, watched=False), "not_testable", None),
    "by-another": (overdue("by-another", "0", ("2018-03-01", 10000), payer_id="HELPER"), "not_testable", None),
    "due-that-day": (overdue("due-that-day", "0", due="2018-06-30"), "clear", None),
    "due-the-day-before": (overdue("due-the-day-before", "0", due="2018-06-29"), "hit", "10000.00"),
    "ninety-days": (overdue("ninety-days", "0", metric=OLD_FIGURE, due="2018-04-01"), "clear", None),
    "ninety-one-days": (overdue("ninety-one-days", "0", metric=OLD_FIGURE, due="2018-03-31"), "hit", "10000.00"),
    "no-schedule": (overdue("no-schedule", "0", due=None), "not_testable", None),
    "before": (overdue("before", "0", on="2017-08-22", due="2017-01-01"), "none", None),
    "first-day": (overdue("first-day", "0", on="2017-08-23", due="2017-01-01"), "hit", "10000.00"),
}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Found:
    silent = overdue("silent", "0")
    silent["repayments"] = []
    parts = [tables for tables, *_ in FIGURES.values()]
    return judged(tmp_path_factory, joined(platforms(*FIGURES, "silent", "mute"), silent, *parts), ["OV-01"], "2018-12-31")


@pytest.mark.parametrize("name", FIGURES)
def test_a_published_figure_against_what_was_overdue(figures: Found, name: str):
    _, outcome, yuan = FIGURES[name]
    expected = ("not_testable", 0, 0) if outcome == "none" else (outcome, 1, 0 if outcome == "not_testable" else 1)
    assert said(figures, name, "OV-01") == expected
    assert figures[name]["OV-01"][0]["amount_yuan"] == (Decimal(yuan) if yuan else None)


def test_an_understated_figure_is_told_with_both_figures_and_the_loans_behind_it(figures: Found):
    (hit,) = figures["a-fen-less"]["OV-01"]
    assert (hit["subject_id"], hit["first_on"], ids(hit)) == ("a-fen-less", date(2018, 6, 30), ["F-a-fen-less", "a-fen-less"])
    assert hit["detail"] == "逾期金额；披露 9,499.99 元；重算至少 10,000.00 元"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("unreadable", "无法识别"),
        ("no-schedule", "缺少还款计划"),
        ("by-another", "由他人支付"),
        ("mute", "没有本平台的逾期披露数据"),
    ],
)
def test_why_a_figure_cannot_be_judged(figures: Found, name: str, word: str):
    assert word in figures[name]["OV-01"][0]["why_not"]


def test_without_any_repayment_of_the_platform_nothing_is_certain(figures: Found):
    assert said(figures, "silent", "OV-01") == ("not_testable", 1, 0)
