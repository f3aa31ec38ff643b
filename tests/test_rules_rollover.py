"""FP-06, PZ-02 on derived tables made by hand: a shortfall of clients' money, and payouts with new lenders' money."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lib.findings import derived
from lib.money import keeping
from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, said, subjects

SCHEMAS = {
    "client_accounts": keeping.ACCOUNTS,
    "client_payments": keeping.PAYMENTS,
    "client_days": keeping.DAYS,
    "payout_months": keeping.MONTHS,
}
MONDAY = dt.date(2018, 3, 5)
Day = tuple[float | str | None, float | str | None]  # shortfall, low and high


def account(name: str, account_id: str, **more: Any) -> Row:
    days = {"covered_from": MONDAY, "covered_to": MONDAY, "lent_from": MONDAY, "lent_to": MONDAY}
    known = {"case_id": name, "account_id": account_id, "holds_clients": True, "is_custody": True, "role": "own", "undated": 0}
    return known | days | more


def shortfalls(
    name: str, *gaps: Day, owed: float = 0, start: dt.date = MONDAY, lent_from: dt.date | None = None, undated: int = 0
) -> Tables:
    """Return the days of a platform; a day without a shortfall ends them."""
    rows = [
        {"case_id": name, "day": start + dt.timedelta(n), "owed_yuan": Decimal(owed), "transfer_ids": [f"T{n}-{name}"]}
        | {
            f"shortfall_{side}_yuan": None if v is None else Decimal(str(v))
            for side, v in zip(("low", "high"), gap, strict=True)
        }
        for n, gap in enumerate([*gaps, (0, 0)])
    ]
    last = start + dt.timedelta(len(gaps))
    known = account(name, f"CUST-{name}", lent_from=lent_from or start, lent_to=last, undated=undated)
    return {"client_days": rows, "client_accounts": [known]}


def sure(amount: float | str) -> Day:
    return amount, amount


# platform → its days, and what FP-06 says: outcome, days, days tested; 1,000 yuan and 0.1 %, two working days
SHORT: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "two": (shortfalls("two", sure("1000.01"), sure("1000.01")), ("hit", 3, 3)),
    "equal": (shortfalls("equal", sure(1000), sure(1000)), ("clear", 3, 3)),
    "share": (shortfalls("share", sure(2000), sure(2000), owed=2_000_000), ("clear", 3, 3)),
    "above": (shortfalls("above", sure("2000.01"), sure("2000.01"), owed=2_000_000), ("hit", 3, 3)),
    "one": (shortfalls("one", sure(9000)), ("clear", 2, 2)),
    "apart": (shortfalls("apart", sure(9000), sure(0), sure(9000)), ("clear", 4, 4)),
    "weekend": (shortfalls("weekend", *[sure(9000)] * 3, start=dt.date(2018, 3, 9)), ("clear", 4, 4)),  # from a Friday
    "monday": (shortfalls("monday", *[sure(9000)] * 4, start=dt.date(2018, 3, 9)), ("hit", 5, 5)),
    "holiday": (shortfalls("holiday", *[sure(9000)] * 2, start=dt.date(2018, 4, 5)), ("clear", 3, 3)),
    "perhaps": (shortfalls("perhaps", (0, 9000), (0, 9000)), ("not_testable", 3, 1)),
    "perhaps_equal": (shortfalls("perhaps_equal", (0, 1000), (0, 1000)), ("clear", 3, 3)),
    "perhaps_share": (shortfalls("perhaps_share", *[(0, 2000)] * 2, owed=2_000_000), ("clear", 3, 3)),
    "perhaps_once": (shortfalls("perhaps_once", (0, 9000)), ("clear", 2, 2)),
    "unknown": (shortfalls("unknown", (None, None), (None, None)), ("not_testable", 3, 1)),
    "undated": (shortfalls("undated", sure(0), sure(0), undated=1), ("not_testable", 3, 0)),
    "before": (shortfalls("before", *[sure(9000)] * 2, start=dt.date(2017, 2, 20)), ("clear", 1, 1)),
    "since": (shortfalls("since", *[sure(9000)] * 2, start=dt.date(2017, 2, 22)), ("hit", 3, 3)),
    "unseen": (shortfalls("unseen", sure(0), lent_from=MONDAY - dt.timedelta(3)), ("not_testable", 5, 2)),
    "later": (shortfalls("later", *[sure(9000)] * 2, start=dt.date(2018, 10, 1)), ("not_testable", 0, 0)),
    "books": (shortfalls("books", sure(0)), ("hit", 2, 2)),
    "books_share": (shortfalls("books_share", sure(0)), ("clear", 2, 2)),
    "transit": (shortfalls("transit", sure(0)), ("clear", 2, 2)),
    "nothing": ({}, ("not_testable", 0, 0)),
}


def cut(name: str) -> Tables:
    """Let the days of a platform end with a shortfall: whether it goes on is not known."""
    made = shortfalls(name, sure(0), sure(9000))
    return made | {
        "client_days": made["client_days"][:2],
        "client_accounts": [made["client_accounts"][0] | {"lent_to": MONDAY}],
    }


SHORT["cut"] = (cut("cut"), ("not_testable", 2, 1))


def custody(name: str, *gaps: float, books: float = 50_000) -> list[Row]:
    return [
        {"institution_id": name, "day_on": str(MONDAY + dt.timedelta(n)), "bank_balance_yuan": books - gap}
        | {"ledger_balance_yuan": books, "sub_accounts_yuan": books - 1000}
        for n, gap in enumerate(gaps)
    ]


def month(account_id: str, on: str = "2018-03-01", ids: list[str] | None = None, **sources: float | str) -> list[Row]:
    """Return what an account paid to lenders in a month, by source."""
    known = {
        "case_id": "PZ",
        "account": account_id,
        "month": dt.date.fromisoformat(on),
        "transfer_ids": ids or [f"P-{account_id}"],
    }
    amounts = [(source, Decimal(str(amount))) for source, amount in sources.items()]
    return [known | {"funded_by": s, "pro_rata_yuan": a, "fifo_yuan": round(a / 2, 2)} for s, a in amounts]


def went(account_id: str, amount: float, on: str = "2018-03-20", what: str = "unknown", comes: bool = False) -> Row:
    known = {"case_id": "PZ", "account_id": account_id, "transfer_id": f"U-{account_id}", "what": what, "comes": comes}
    return known | {"amount_yuan": Decimal(amount), "at": dt.datetime.fromisoformat(f"{on}T12:00"), "has_contract": False}


# account → what it paid, payments of which it is unknown to whom, and what PZ-02 says: 30 % of 100,000 yuan in a month
PAID: dict[str, tuple[list[Row], list[Row], str]] = {
    "exact": (month("exact", lender=30_000, borrower=70_000), [], "hit"),
    "below": (month("below", lender="29999.99", borrower="70000.01"), [], "clear"),
    "little": (month("little", lender=90_000, borrower="9999.99"), [], "clear"),
    "spread": (month("spread", lender=60_000) + month("spread", "2018-04-01", lender=60_000), [], "clear"),
    "ended": (month("ended", "2018-09-01", lender=60_000, own=60_000), [], "hit"),
    "running": (month("running", "2018-10-01", lender=60_000, own=60_000), [], "clear"),
    "old": (month("old", "2014-01-01", lender=60_000, own=60_000), [], "hit"),
    "perhaps": (month("perhaps", lender=20_000, unknown=10_000, borrower=70_000), [], "open"),
    "opening": (month("opening", lender=20_000, opening=10_000, borrower=70_000), [], "open"),
    "not_even": (month("not_even", lender=20_000, unknown="9999.99", borrower="70000.01"), [], "clear"),
    "unclear": (month("unclear", lender=20_000, borrower=70_000), [went("unclear", 10_000)], "open"),
    "unclear_little": (month("unclear_little", lender=20_000, borrower=70_000), [went("unclear_little", 9_999)], "clear"),
    "unclear_less": (month("unclear_less", borrower=350_001), [went("unclear_less", 150_000)], "clear"),
    "unclear_only": ([], [went("unclear_only", 100_000)], "open"),
    "idle": ([], [went("idle", 100_000, what="own")], "clear"),
    "sure": (month("sure", lender=40_000, unknown=20_000, borrower=40_000), [], "hit"),
}
UNSEEN = {"undated": {"undated": 1}, "dark": {"covered_to": None}, "late": {"covered_from": MONDAY + dt.timedelta(1)}}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    payouts = {
        "payout_months": [row for rows, _, _ in PAID.values() for row in rows],
        "client_payments": [row for _, rows, _ in PAID.values() for row in rows]
        + [went(name, 1, what="lender") | {"transfer_id": f"P-{name}"} for name in PAID]
        + [went("exact", 500, "2018-03-02", "lender", comes=True) | {"transfer_id": "IN"}]
        + [went("exact", 500, "2018-02-28", "lender", comes=True) | {"transfer_id": "EARLIER"}],
        "client_accounts": [account("PZ", name) for name in PAID],
    }
    unseen = [{"client_accounts": [account(f"PZ-{name}", "A", **columns)]} for name, columns in UNSEEN.items()]
    tables = joined(*[made for made, _ in SHORT.values()], payouts, *unseen)

    def maker(name: str) -> Any:
        return lambda case, scope, **settings: pa.Table.from_pylist(tables.get(name, []), schema=SCHEMAS[name])

    store = platforms(*SHORT, "PZ", *(f"PZ-{name}" for name in UNSEEN))
    store["custody_days"] = custody("books", 1000.01, 1000.01, 0) + custody("transit", 5000, 0, 1000, 1000)
    store["custody_days"] += custody("books_share", 2000, 2000, 0, books=2_000_000)
    store |= {"loans": [{"loan_id": "K"}], "flows": [{"flow_id": "F"}], "accounts": [{"account_id": "A"}]}
    store["workdays"] = [{"day_on": "2018-04-05", "working": False}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derived, "maker", maker)
        yield judged(tmp_path_factory, store, ["FP-06", "PZ-02"])


@pytest.mark.parametrize("name", SHORT)
def test_a_shortfall_above_both_limits_on_two_working_days_is_a_lead(name: str, found: Found):
    assert said(found, name, "FP-06") == SHORT[name][1]
    assert subjects(found, name, "FP-06") == ([name] if SHORT[name][1][0] == "hit" else [])


def test_a_shortfall_says_when_it_was_largest_and_points_to_the_days_on_which_it_grew(found: Found):
    (row,) = found["monday"]["FP-06"]
    assert (row["amount_yuan"], ids(row, "transfers")) == (Decimal(9000), ["T0-monday"])
    assert row["detail"] == "按银行流水, 4 天少于应付出借人的现金；缺口最大日 2018-03-09"
    assert (str(row["first_on"]), str(row["last_on"])) == ("2018-03-09", "2018-03-12")
    (row,) = found["books"]["FP-06"]
    assert (row["amount_yuan"], ids(row)) == (Decimal("1000.01"), ["books|2018-03-05", "books|2018-03-06"])
    assert row["detail"] == "按存管日终数据, 2 天低于台账；缺口最大日 2018-03-05"


def test_days_of_lending_without_a_transfer_and_missing_clients_are_said(found: Found):
    assert found["unseen"]["FP-06"][0]["why_not"] == "3 天没有客户资金账户的划转"
    assert "无法辨认出借人" in found["nothing"]["FP-06"][0]["why_not"]
    assert found["later"]["FP-06"][0]["why_not"] == "依据施行后没有放贷或划转"


def test_a_month_of_payouts_with_three_tenths_of_new_lenders_money_is_a_lead(found: Found):
    assert subjects(found, "PZ", "PZ-02") == sorted(name for name, (_, _, what) in PAID.items() if what == "hit")
    untested = [name for name, (_, _, what) in PAID.items() if what == "open"]
    assert said(found, "PZ", "PZ-02") == ("hit", len(PAID), len(PAID) - len(untested))
    assert found["PZ"]["PZ-02"][0]["why_not"] == f"{len(untested)} 个账户: 来源或收款人不明的款项可能改变结果"


def test_a_lead_about_payouts_shows_both_conventions_and_what_is_unknown(found: Found):
    rows = {row["subject_id"]: row for row in found["PZ"]["PZ-02"]}
    assert (rows["exact"]["amount_yuan"], rows["exact"]["confidence"]) == (Decimal(30_000), 1)
    assert rows["exact"]["detail"] == "1 个月；当月共兑付 100,000.00 元；按先进先出法为 15,000.00 元"
    assert ids(rows["exact"], "transfers") == ["IN", "P-exact"]
    assert (str(rows["exact"]["first_on"]), str(rows["exact"]["last_on"])) == ("2018-03-02", "2018-03-20")
    assert rows["sure"]["confidence"] == pytest.approx(0.8)
    assert rows["sure"]["detail"].endswith("另有 20,000.00 元来源不明")


@pytest.mark.parametrize(
    ("name", "text"),
    [("undated", "有缺少时间或金额的划转"), ("dark", "流水未覆盖所需期间"), ("late", "流水未覆盖所需期间")],
)
def test_a_paying_account_that_is_not_wholly_seen_is_untested(name: str, text: str, found: Found):
    assert said(found, f"PZ-{name}", "PZ-02") == ("not_testable", 1, 0)
    assert text in found[f"PZ-{name}"]["PZ-02"][0]["why_not"]
