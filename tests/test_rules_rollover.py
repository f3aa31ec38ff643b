"""PZ-01: a borrower repays an older loan with a new one. Each borrower of one platform is a case of its own."""

from decimal import Decimal
from typing import Any

import pytest

from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, subjects

OLD, NEW = "2017-03-01", "2018-03-01"
COVERED = {"statement_from": "2017-01-01", "statement_to": "2018-12-31"}


def borrower(
    name: str,
    *,
    new: Row | None = None,
    old: Row | None = None,
    paid: float | None = 10_000,
    bank: list[tuple[float, str]] = (),  # type: ignore[assignment]
    ledger: list[tuple[float, str | None]] = (),  # type: ignore[assignment]
    institution: str = "P",
    covered: bool = False,
) -> Tables:
    """Return an older loan and a new one of 10,000 yuan, its payout on the day of signing, and repayments of the older one."""
    base = {"institution_id": institution, "borrower_id": name, "lender_id": "L", "principal_yuan": 10_000}
    loans = [base | {"loan_id": f"N-{name}", "signed_on": NEW, "started_on": NEW, "disbursement_account": name} | (new or {})]
    loans += [base | {"loan_id": f"O-{name}", "signed_on": OLD, "started_on": OLD} | (old or {})] if old != {} else []
    transfers = [(f"OUT-{name}", "CUST", name, paid, NEW, f"N-{name}", "disbursement")] if paid else []
    transfers += [(f"IN{n}-{name}", name, "CUST", fen, on, f"O-{name}", "repayment") for n, (fen, on) in enumerate(bank)]
    columns = ("transfer_id", "payer_account", "payee_account", "amount_yuan", "at", "loan_id", "kind")
    return {
        "accounts": [{"account_id": name, "holder_id": name} | (COVERED if covered else {})],
        "loans": loans,
        "transfers": [dict(zip(columns, row, strict=True)) | {"flow_ids": []} for row in transfers],
        "repayments": [
            {"repayment_id": f"R{n}-{name}", "loan_id": f"O-{name}", "paid_on": on, "amount_yuan": fen}
            for n, (fen, on) in enumerate(ledger)
        ],
        "schedules": [
            {"loan_id": f"O-{name}", "period": n, "due_on": on, "principal_yuan": fen} for n, (fen, on) in enumerate(bank)
        ],
    }


# borrower → rows, and what PZ-01 says: hit, clear, open (untested), or out (not asked); 80 % within three days
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "exact": ({"ledger": [(8_000, NEW)]}, "hit"),
    "less": ({"ledger": [(7_999.99, NEW)]}, "clear"),
    "third": ({"ledger": [(8_000, "2018-03-04")]}, "hit"),
    "fourth": ({"ledger": [(8_000, "2018-03-05")]}, "clear"),
    "eve": ({"ledger": [(8_000, "2018-02-28")]}, "clear"),
    "parts": ({"ledger": [(4_000, NEW), (4_000, "2018-03-03")]}, "hit"),
    "bank": ({"bank": [(9_000, "2018-03-02")]}, "hit"),
    "both": ({"bank": [(4_000, "2018-03-02")], "ledger": [(4_000, "2018-03-02")]}, "clear"),  # one payment, seen twice
    "same_day": ({"ledger": [(9_000, NEW)], "old": {"signed_on": NEW}}, "out"),
    "first": ({"old": {}}, "out"),
    "silent": ({}, "open"),
    "undated": ({"ledger": [(8_000, None)]}, "open"),
    "unpaid": ({"paid": None, "ledger": [(8_000, NEW)]}, "open"),
    "refused": ({"paid": None, "covered": True, "ledger": [(8_000, NEW)]}, "clear"),  # statements show no payout
    "later": ({"new": {"signed_on": "2018-10-01"}, "ledger": [(8_000, NEW)]}, "out"),
    "nobody": ({"new": {"borrower_id": None}, "ledger": [(8_000, NEW)]}, "open"),
    "dayless": ({"new": {"signed_on": None, "started_on": None}, "ledger": [(8_000, NEW)]}, "open"),
    "elsewhere": ({"old": {"institution_id": "Q"}, "ledger": [(8_000, NEW)]}, "out"),
}
LAW = {"eve_141": "2017-11-30", "day_141": "2017-12-01"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    rows = [borrower(name, **given) for name, (given, _) in CASES.items()]
    dated = [
        borrower(name, new={"signed_on": on, "started_on": NEW}, ledger=[(9_000, NEW)], institution="S")
        for name, on in LAW.items()
    ]
    custody = {"accounts": [{"account_id": "CUST", "purpose": "custody_total"}], "flows": [{"flow_id": "F"}]}
    return judged(tmp_path_factory, joined(platforms("P", "Q", "S", "T"), custody, *rows, *dated), ["PZ-01"])


def test_four_fifths_of_a_payout_that_repay_an_older_loan_within_three_days_are_a_lead(found: Found):
    assert subjects(found, "P", "PZ-01") == sorted(f"N-{name}" for name, (_, what) in CASES.items() if what == "hit")


def test_what_could_not_be_asked_is_counted_by_reason(found: Found):
    row = found["P"]["PZ-01"][0]
    told = [what for _, what in CASES.values()]
    assert (row["population"], row["tested"]) == (
        len(told) - told.count("out"),
        len(told) - told.count("out") - told.count("open"),
    )
    assert row["why_not"] == ("1 份合同没有日期；1 份合同没有借款人；1 份合同未找到放款流水；2 份合同: 旧借款如何归还没有记录")


def test_a_lead_names_both_loans_the_payout_and_every_repayment(found: Found):
    row = next(row for row in found["P"]["PZ-01"] if row["subject_id"] == "N-parts")
    assert (row["amount_yuan"], str(row["first_on"]), str(row["last_on"])) == (Decimal(8_000), NEW, "2018-03-03")
    assert ids(row) == ["N-parts", "O-parts", "OUT-parts", "R0-parts", "R1-parts"]
    assert row["detail"] == "放款 10,000.00 元；归还的旧借款: O-parts；签约时141号文已施行"
    row = next(row for row in found["P"]["PZ-01"] if row["subject_id"] == "N-bank")
    assert ids(row, "transfers") == ["OUT-bank", "IN0-bank"]


def test_the_notice_in_force_on_the_day_of_signing_is_named(found: Found):
    said = {row["subject_id"]: row["detail"].rsplit("；", 1)[1] for row in found["S"]["PZ-01"]}
    assert said == {"N-eve_141": "签约早于141号文施行", "N-day_141": "签约时141号文已施行"}


def test_a_platform_without_loans_is_untested(found: Found):
    assert (found["T"]["PZ-01"][0]["outcome"], found["T"]["PZ-01"][0]["why_not"]) == ("not_testable", "没有本平台的借款合同")
