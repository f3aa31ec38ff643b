"""IR-01, IR-03, IR-04 and IR-05: what loans cost, by which law, and what was deducted up front."""

from decimal import Decimal
from typing import Any

import pytest

from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, said

YUAN = 10000
COVERED = {"statement_from": "2015-01-01", "statement_to": "2022-12-31"}


def move(at: str, payer: str, payee: str, yuan: str | float, **more: Any) -> Row:
    row = {"flow_ids": [], "payer_account": payer, "payee_account": payee, "at": f"{at}T10:00", "day_only": False}
    return row | {"amount_yuan": str(yuan), "file_order": 1} | more


def priced(
    i: str, on: str | None, paid_on: str, back_on: str, back: float, *, net: float = YUAN, bank: bool = True, **more: Any
) -> Tables:
    """Lend 10,000 on a platform of its own: paid out, and paid back at once with what it costs, by ledger and bank."""
    loan = {"loan_id": i, "institution_id": i, "borrower_id": f"B-{i}", "principal_yuan": YUAN, "rate": 0.1} | more
    loan |= {"signed_on": on, "started_on": paid_on if on else None}
    entry = {"repayment_id": f"R-{i}", "loan_id": i, "paid_on": back_on, "amount_yuan": back, "principal_yuan": YUAN}
    moves = [move(paid_on, "K", f"A-{i}", net, transfer_id=f"P-{i}", kind="disbursement", loan_id=i)]
    if bank:
        moves.append(move(back_on, f"A-{i}", "K", back, transfer_id=f"T-{i}", kind="repayment", loan_id=i))
    return {
        "loans": [{name: value for name, value in loan.items() if value is not None}],
        "repayments": [entry | {"interest_yuan": back - YUAN, "fee_yuan": 0}],
        "accounts": [{"account_id": f"A-{i}", "holder_id": f"B-{i}", "purpose": "own"} | COVERED],
        "transfers": moves,
    }


def year(i: str, back: float, on: str | None = "2017-03-01", **more: Any) -> Tables:
    """Lend for 365 days: the simple rate is what is paid above what was received, of that."""
    start = on or "2017-03-01"
    return priced(i, on, start, f"{int(start[:4]) + 1}{start[4:]}", back, **more)


CUSTODY: Tables = {"accounts": [{"account_id": "K", "purpose": "custody_total"} | COVERED]}


def schedule(i: str, on: str, interest: float, principal: float = YUAN) -> Row:
    return {"loan_id": i, "period": 1, "due_on": on, "principal_yuan": principal, "interest_yuan": interest, "fee_yuan": 0}


# -- IR-01, IR-05 -----------------------------------------------------------------------------------------------------------

# id → tables, IR-01, IR-05; IR-01: above 36 % + 0.05 %; IR-05: more than 2 % above the 10 % that is stated
COSTS: dict[str, tuple[Tables, str, str]] = {
    "cap": (year("cap", 13600), "clear", "hit"),
    "tolerated": (year("tolerated", 13605), "clear", "hit"),
    "above": (year("above", 13605.01), "hit", "hit"),
    "fair": (year("fair", 11000), "clear", "clear"),
    "two-more": (year("two-more", 11200), "clear", "clear"),
    "over-two": (year("over-two", 11200.01), "clear", "hit"),
    "unstated": (year("unstated", 11000, rate=None), "clear", "not_testable"),
    "deducted": (year("deducted", 10000, net=7300), "hit", "hit"),  # 2,700 of 7,300 are 36.99 %
    "first-day": (year("first-day", 15000, "2015-09-01"), "hit", "hit"),
    "too-old": (year("too-old", 15000, "2015-08-31"), "none", "hit"),
    "last-day": (year("last-day", 15000, "2020-08-19"), "hit", "hit"),
    "next-law": (year("next-law", 15000, "2020-08-20"), "none", "hit"),
    "undated": (year("undated", 15000, None), "not_testable", "hit"),
    "ledger-only": (year("ledger-only", 11000, bank=False), "not_testable", "not_testable"),
    "ledger-dear": (year("ledger-dear", 15000, bank=False), "hit", "hit"),
}


def open_loan(i: str, interest: float, paid: float, *, complete: bool = True) -> Tables:
    """Lend for two years, by the schedule; something is paid when half is due."""
    made = year(i, paid, "2020-03-01")
    made["repayments"][0] |= {"principal_yuan": 0, "interest_yuan": paid, "period": 1}
    made["schedules"] = [schedule(i, "2021-03-01", interest, 0), schedule(i, "2022-03-01", interest, YUAN if complete else 1)]
    made["schedules"][1]["period"] = 2
    return made


OPEN: dict[str, tuple[Tables, str, str]] = {
    "open-fair": (open_loan("open-fair", 1000, 1000), "clear", "clear"),
    "open-more": (open_loan("open-more", 1000, 1001), "clear", "clear"),  # a yuan is tolerated
    "open-too-much": (open_loan("open-too-much", 1000, 1001.01), "not_testable", "not_testable"),
    "open-dear": (open_loan("open-dear", 5000, 0.01), "hit", "hit"),
    "open-vague": (open_loan("open-vague", 1000, 1000, complete=False), "not_testable", "not_testable"),
}
EARLY = priced("early", "2017-03-01", "2017-03-01", "2017-04-30", 11000)  # a year's interest after 60 days: 60.83 %
EARLY["schedules"] = [schedule("early", "2018-03-01", 1000)]


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Found:
    parts = [tables for tables, *_ in (COSTS | OPEN).values()]
    unpaid = {"loans": [{"loan_id": "unpaid", "institution_id": "unpaid", "signed_on": "2017-03-01", "rate": 0.1}]}
    names = [*COSTS, *OPEN, "early", "unpaid"]
    return judged(tmp_path_factory, joined(platforms(*names), CUSTODY, EARLY, unpaid, *parts), ["IR-01", "IR-05"], "2022-01-31")


@pytest.mark.parametrize("name", COSTS | OPEN)
@pytest.mark.parametrize("rule", ["IR-01", "IR-05"])
def test_what_a_loan_costs_against_the_cap_and_the_stated_rate(costs: Found, name: str, rule: str):
    expected = (COSTS | OPEN)[name][1 if rule == "IR-01" else 2]
    tested = 0 if expected in ("none", "not_testable") else 1
    assert said(costs, name, rule) == ({"none": "clear"}.get(expected, expected), 0 if expected == "none" else 1, tested)


def test_who_repays_early_pays_a_higher_rate_but_not_one_that_was_misstated(costs: Found):
    assert said(costs, "early", "IR-01")[0] == "hit"
    assert said(costs, "early", "IR-05")[0] == "clear"


def test_a_dear_loan_is_told_with_its_rates_their_source_and_its_payments(costs: Found):
    (hit,) = costs["above"]["IR-01"]
    assert hit["detail"] == "按银行流水年化 36.05%；复利口径 36.05%"
    assert ids(hit) == ["above", "P-above", "T-above"]
    assert "按平台台账年化 50.00%" in costs["ledger-dear"]["IR-01"][0]["detail"]
    # twelve times the twelfth root of 1.5, less 1
    assert "按还款计划年化 41.24%" in costs["open-dear"]["IR-01"][0]["detail"]
    assert "141号文" in costs["last-day"]["IR-01"][0]["detail"]
    assert "合同利率 10.00%" in costs["over-two"]["IR-05"][0]["detail"]


@pytest.mark.parametrize(
    ("name", "rule", "word"),
    [
        ("ledger-only", "IR-01", "部分还款不在银行流水中"),
        ("open-too-much", "IR-01", "尚未还清"),
        ("undated", "IR-01", "没有日期"),
        ("unpaid", "IR-01", "未找到放款"),
        ("unstated", "IR-05", "没有载明利率"),
    ],
)
def test_why_the_cost_is_not_known(costs: Found, name: str, rule: str, word: str):
    assert word in costs[name][rule][0]["why_not"]


# -- IR-03 ------------------------------------------------------------------------------------------------------------------

LPR: Tables = {
    "lpr_rates": [{"published_on": day, "one_year": rate} for day, rate in (("2020-07-20", 0.04), ("2020-08-20", 0.0385))]
}
# Four times 3.85 % is 15.4 %; of what was published a month before, 16 %.
BY_LPR: dict[str, tuple[Tables, tuple[str, int, int], str]] = {
    "four": (year("four", 11540, "2020-08-20"), ("clear", 1, 1), ""),
    "tolerated": (year("tolerated", 11540.50, "2020-08-20"), ("clear", 1, 1), ""),
    "above": (year("above", 11540.51, "2020-08-20"), ("hit", 1, 1), ""),
    "stale": (year("stale", 11540.51, "2020-09-29"), ("hit", 1, 1), ""),  # 40 days after
    "too-stale": (year("too-stale", 11540.51, "2020-09-30"), ("not_testable", 1, 0), "没有一年期 LPR"),
    "before": (year("before", 13000, "2020-08-19"), ("not_testable", 1, 0), "取决于起诉日"),
    "repaid-before": (
        priced("repaid-before", "2019-01-01", "2019-01-01", "2020-01-01", 13000),
        ("clear", 0, 0),
        "",
    ),
    "licensed": (year("licensed", 13000, "2020-08-20", lender_id="BANK"), ("clear", 0, 0), ""),
    "expired": (year("expired", 13000, "2020-08-21", lender_id="BANK"), ("hit", 1, 1), ""),
    "unshown": (year("unshown", 11000, "2020-08-20", bank=False), ("not_testable", 1, 0), "不在银行流水中"),
}


@pytest.fixture(scope="module")
def by_lpr(tmp_path_factory: pytest.TempPathFactory) -> Found:
    licence = {"licence_id": "1", "institution_id": "BANK", "kind": "financial", "valid_to": "2020-08-21"}
    parts = [tables for tables, *_ in BY_LPR.values()]
    tables = joined(platforms(*BY_LPR), CUSTODY, LPR, {"licences": [licence]}, *parts)
    return judged(tmp_path_factory, tables, ["IR-03"], "2022-01-31")


@pytest.mark.parametrize("name", BY_LPR)
def test_four_times_the_rate_published_last_before_signing(by_lpr: Found, name: str):
    _, expected, word = BY_LPR[name]
    assert said(by_lpr, name, "IR-03") == expected
    assert word in by_lpr[name]["IR-03"][0]["why_not"]


def test_the_rate_that_was_compared_is_told(by_lpr: Found):
    assert "一年期 LPR 3.85% (2020-08-20)" in by_lpr["above"]["IR-03"][0]["detail"]
    assert "持牌金融机构" in by_lpr["licensed"]["IR-03"][0]["note"]


def test_without_any_published_rate_nothing_is_clear(tmp_path):
    found = judged(tmp_path, joined(platforms("four"), CUSTODY, BY_LPR["four"][0]), ["IR-03"], "2022-01-31")
    assert said(found, "four", "IR-03") == ("not_testable", 1, 0)
    assert "缺少数据表" in found["four"]["IR-03"][0]["why_not"]


# -- IR-04 ------------------------------------------------------------------------------------------------------------------


def back(i: str, at: str, yuan: str, to: str = "own", **more: Any) -> Tables:
    """Pay the loan out in full and something back."""
    made = year(i, 11000)
    made["transfers"].append(move(at, f"A-{i}", f"{to}-{i}", yuan, transfer_id=f"X-{i}", **({"kind": "transfer"} | more)))
    made["accounts"].append({"account_id": f"own-{i}", "holder_id": f"C-{i}", "purpose": "own"} | COVERED)
    made["accounts"].append({"account_id": f"kin-{i}", "holder_id": f"D-{i}", "purpose": "own"} | COVERED)
    made["accounts"].append({"account_id": f"odd-{i}", "holder_id": "STRANGER", "purpose": "own"} | COVERED)
    made["holdings"] = [{"holding_id": f"H-{i}", "holder_id": f"C-{i}", "held_id": f"D-{i}", "share": 0.9}]
    return made


DEDUCTED: dict[str, tuple[Tables, str, str | None]] = {
    "whole": (year("whole", 11000), "clear", None),
    "a-yuan": (year("a-yuan", 11000, net=9999), "clear", None),
    "a-fen-more": (year("a-fen-more", 11000, net=9998.99), "hit", "1.01"),
    "a-tenth": (year("a-tenth", 11000, net=9000), "hit", "1000.00"),
    "too-much": (year("too-much", 11000, net=10500), "clear", None),
    "back": (back("back", "2017-03-04", "500"), "hit", "500.00"),
    "back-late": (back("back-late", "2017-03-05", "500"), "clear", None),
    "back-a-yuan": (back("back-a-yuan", "2017-03-02", "1.00"), "clear", None),
    "back-as-repayment": (back("back-as-repayment", "2017-03-02", "500", kind="repayment", loan_id="x"), "clear", None),
    "back-of-another": (back("back-of-another", "2017-03-02", "500", loan_id="another"), "clear", None),
    "fee-to-kin": (back("fee-to-kin", "2017-03-02", "500", "kin", memo="咨询费"), "hit", "500.00"),
    "goods-of-kin": (back("goods-of-kin", "2017-03-02", "500", "kin", memo="货款"), "clear", None),
    "fee-to-stranger": (back("fee-to-stranger", "2017-03-02", "500", "odd", memo="咨询费"), "clear", None),
    "undone": (back("undone", "2017-03-02", "500"), "clear", None),
    "insider": (back("insider", "2017-03-02", "500"), "clear", None),
    "dark": (year("dark", 11000), "not_testable", None),
    "amountless": (year("amountless", 11000, principal_yuan=None), "not_testable", None),
}
DEDUCTED["undone"][0]["transfers"].append(
    move("2017-03-02", "own-undone", "A-undone", 500, transfer_id="Y", kind="refund", reversal_of="X-undone")
)
DEDUCTED["insider"][0]["holdings"].append({"holding_id": "I", "holder_id": "B-insider", "held_id": "C-insider", "share": 1.0})
DEDUCTED["dark"][0]["accounts"][0]["statement_to"] = "2017-03-03"
DEDUCTED["dark"][0]["loans"][0]["loan_id"] = "dark"


@pytest.fixture(scope="module")
def deducted(tmp_path_factory: pytest.TempPathFactory) -> Found:
    parts = [tables for tables, *_ in DEDUCTED.values()]
    missing = {
        "loans": [{"loan_id": "missing", "institution_id": "missing", "principal_yuan": 10000, "signed_on": "2017-03-01"}]
    }
    tables = joined(platforms(*DEDUCTED, "missing"), CUSTODY, missing, *parts)
    return judged(tmp_path_factory, tables, ["IR-04"], "2022-01-31")


@pytest.mark.parametrize("name", DEDUCTED)
def test_what_is_kept_back_of_a_payout_or_goes_back_within_three_days(deducted: Found, name: str):
    _, outcome, yuan = DEDUCTED[name]
    assert said(deducted, name, "IR-04") == (outcome, 1, 0 if outcome == "not_testable" else 1)
    assert deducted[name]["IR-04"][0]["amount_yuan"] == (Decimal(yuan) if yuan else None)


def test_a_deduction_is_told_with_its_law_and_both_transfers(deducted: Found):
    (hit,) = deducted["back"]["IR-04"]
    assert ids(hit, "transfers") == ["P-back", "X-back"]
    assert hit["detail"] == "放款后不久转回 500.00 元；签约于民法典施行之前 (合同法第200条)"
    assert "放款少付 1,000.00 元" in deducted["a-tenth"]["IR-04"][0]["detail"]
    assert "都未覆盖放款后数日" in deducted["dark"]["IR-04"][0]["why_not"]
    assert said(deducted, "missing", "IR-04") == ("not_testable", 1, 0)
