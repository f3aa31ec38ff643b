"""FP-01, FP-02: lenders' money on the institution's own accounts and on those of its circle. One Store, a platform a case."""

from decimal import Decimal
from typing import Any

import pytest

from tests.pool_cases import move, platform
from tests.rule_cases import Found, Row, Tables, ids, joined, judged, said, subjects

Moves = list[Row]


def paid(*amounts: float | str, to: str = "OWN", on: str = "2018-03-01", **more: Any) -> Moves:
    """Let lenders L1, L2, … pay in, one each."""
    return [move(f"L{n}", to, amount, on, **more) for n, amount in enumerate(amounts, 1)]


def strangers(count: int, amount: float, to: str = "OWN", **more: Any) -> Moves:
    return [move(None, to, amount, **more) for _ in range(count)]


# account → transfers and whether FP-01 has a lead on it: 3 payments, 1,000 yuan; all of one platform, and all of it tested
OWN: dict[str, tuple[Moves, bool]] = {
    "exact": (paid(400, 300, 300), True),
    "less": (paid(400, 300, "299.99"), False),
    "two": (paid(5000, 5000), False),
    "same": (paid(400) * 3, True),  # three payments of one lender
    "refund": ([*paid(400, 400, 400), move("OWN", "L1", 400, "2018-03-05", kind="refund")], False),
    "partly": ([*paid(400, 400, 400), move("OWN", "L1", 200, "2018-03-05", kind="refund")], True),
    "fees": (paid(400, 400, 400, kind="fee"), False),
    "eve": (paid(400, 400, 400, on="2016-08-23"), False),
    "first": (paid(400, 400, 400, on="2016-08-24"), True),
    "future": (paid(400, 400, 400, on="2018-10-01"), False),
    "today": (paid(400, 400, 400, on="2018-09-30"), True),
    "not_enough": ([*paid(400), *strangers(1, 2000)], False),
    "small": ([*paid(400, 400), *strangers(1, "199.99")], False),
    "bank": ([*paid(400, 400), *strangers(1, 900, kind="interest")], False),
    "contract": (paid(400, 400, 400, loan_id="K4"), False),  # of which the company is the borrower
    "opened": ([], False),
    "closed": ([], False),
}
SEEN = {"statement_from": "2017-01-02", "statement_to": "2018-06-01"}
OPENED = {"statement_from": "2017-01-03", "opened_on": "2017-01-03"}
CLOSED = {"statement_to": "2018-05-31", "closed_on": "2018-05-31"}
# platform → transfers, columns of its account, why its account is not tested
UNTESTED: dict[str, tuple[Moves, Row, str]] = {
    "perhaps": ([*paid(400, 400), *strangers(1, 200)], {}, "1 个账户: 付款人不明的款项可能改变结果"),
    "unseen": ([], {"statement_from": None, "statement_to": None}, "1 个账户的流水未覆盖所需期间"),
    "late": ([], {"statement_from": "2017-01-03"}, "1 个账户的流水未覆盖所需期间"),
    "short": ([], {"statement_to": "2018-05-31"}, "1 个账户的流水未覆盖所需期间"),
    "undated": ([move("L1", "OWN", 400, at=None)], {}, "1 个账户有缺少时间或金额的划转"),
}
# director → transfers and whether FP-02 has a lead: 3 lenders, 50,000 yuan, 30 days; all of one platform, and all of it tested
CIRCLE: dict[str, tuple[Moves, bool]] = {
    "three": (paid(20_000, 20_000, 10_000), True),
    "poor": (paid(20_000, 20_000, "9999.99"), False),
    "friends": (paid(60_000, 60_000) * 2, False),
    "month": ([*paid(30_000, 10_000), move("L3", "OWN", 10_000, "2018-03-30")], True),  # the 30th day
    "longer": ([*paid(30_000, 10_000), move("L3", "OWN", 10_000, "2018-03-31")], False),
    "early": (paid(20_000, 20_000, 20_000, on="2016-08-23"), False),
    "begun": (paid(20_000, 20_000, 20_000, on="2016-08-24"), True),
    "future": (paid(20_000, 20_000, 20_000, on="2018-10-01"), False),
    "fees": (paid(20_000, 20_000, 20_000, kind="fee"), False),
    "cheap": ([*paid(20_000, 20_000), *strangers(1, "9999.99")], False),
    "bank": ([*paid(20_000, 20_000), *strangers(1, 90_000, kind="interest")], False),
    "borrows": (paid(20_000, 20_000, 20_000, loan_id="K4"), False),
}


def _on(cases: dict[str, tuple[Moves, bool]]) -> Moves:
    """Let each case's transfers run over the account that bears its name."""
    names = ("payer_account", "payee_account")
    return [row | {s: name for s in names if row[s] == "OWN"} for name, (moves, _) in cases.items() for row in moves]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    covered = {"opened": OPENED, "closed": CLOSED}
    sure = platform("sure", _on(OWN), own=OWN, insiders=(), covered=covered, loans={"borrower_id": "C-sure"})
    circle = platform("circle", _on(CIRCLE), insiders=CIRCLE, loans={"borrower_id": "borrows-circle"})
    untested = [platform(name, moves, covered={"OWN": days}) for name, (moves, days, _) in UNTESTED.items()]
    foreign = [
        {"transfer_id": f"X{n}", "payer_account": f"L{n}-sure", "payee_account": "OWN-circle", "amount_yuan": 900}
        | {"at": "2018-03-01T10:00", "file_order": 900 + n, "kind": "transfer"}
        for n in (1, 2, 3)
    ]
    maybe = platform("maybe", [*paid(20_000, 20_000, to="D"), *strangers(1, 10_000, "D")])
    dark = platform("dark", [], covered={"D": {"statement_to": "2018-05-31"}})
    custody = platform("custody", paid(400, 400, 400, to="CUST"))
    staff = platform("clerk", paid(20_000, 20_000, 20_000, to="S"), insiders=(), extra=_clerk("clerk"))
    left = platform("left", paid(20_000, 20_000, 20_000, to="S"), insiders=(), extra=_clerk("left", "2018-09-30"))
    alone = platform("alone", [])
    alone["holdings"] = []
    headless = platform("headless", [], extra={"accounts": [{"account_id": "H", "holder_id": "H-headless", **SEEN}]})
    headless["roles"], headless["holdings"][0]["share"] = [], 0.9
    bare = {name: rows for name, rows in platform("bare", []).items() if name in ("institutions", "parties", "accounts")}
    hidden = platform("hidden", [])
    hidden["accounts"] = [row for row in hidden["accounts"] if row["account_id"] not in ("OWN-hidden", "D-hidden")]
    many = joined(
        sure, circle, *untested, {"transfers": foreign}, maybe, dark, custody, staff, left, alone, headless, bare, hidden
    )
    return judged(tmp_path_factory, many, ["FP-01", "FP-02"])


def _clerk(name: str, end: str | None = None) -> Tables:
    role = {"role_id": f"RS-{name}", "person_id": f"S-{name}", "entity_id": name, "role": "staff", "valid_from": "2017-01-01"}
    return {
        "parties": [{"party_id": f"S-{name}", "kind": "person", "name": "职员"}],
        "accounts": [{"account_id": f"S-{name}", "holder_id": f"S-{name}", **SEEN}],
        "roles": [role | {"valid_to": end}],
    }


def by_account(found: Found, name: str, rule: str) -> dict[str, Row]:
    return {row["subject_id"].removesuffix(f"-{name}"): row for row in found[name][rule] if row["outcome"] == "hit"}


def test_lenders_money_on_an_account_of_its_own_is_a_lead_from_three_payments_and_a_thousand_yuan(found: Found):
    assert sorted(by_account(found, "sure", "FP-01")) == sorted(name for name, (_, lead) in OWN.items() if lead)
    assert said(found, "sure", "FP-01") == ("hit", len(OWN), len(OWN))


def test_the_amount_is_what_lenders_paid_in_less_refunds_and_every_payment_is_evidence(found: Found):
    rows = by_account(found, "sure", "FP-01")
    row = rows["partly"]
    assert (row["amount_yuan"], row["detail"]) == (Decimal("1000.00"), "3 名出借人；已扣除退款 200.00 元")
    assert (ids(row, "accounts"), len(ids(row, "transfers"))) == (["partly-sure"], 3)
    assert (str(row["first_on"]), str(row["last_on"])) == ("2018-03-01", "2018-03-01")
    assert rows["same"]["detail"] == "1 名出借人"
    assert len({i for row in rows.values() for i in ids(row, "transfers")}) == 5 * 3


def test_money_in_custody_is_no_lead(found: Found):
    assert said(found, "custody", "FP-01") == ("clear", 1, 1)


def test_lenders_of_another_platform_are_no_lenders_of_this_one(found: Found):
    assert said(found, "circle", "FP-01") == ("clear", 1, 1)


@pytest.mark.parametrize("name", UNTESTED)
def test_an_account_of_which_something_is_missing_is_untested_and_what_is_said(name: str, found: Found):
    (row,) = found[name]["FP-01"]
    assert (said(found, name, "FP-01"), row["why_not"]) == (("not_testable", 1, 0), UNTESTED[name][2])


def test_without_loans_or_an_account_of_its_own_nothing_is_clear(found: Found):
    for name, text in (("bare", "没有本机构的借款合同或资金划转, 无法辨认出借人"), ("hidden", "没有该机构的账户")):
        (row,) = found[name]["FP-01"]
        assert (row["outcome"], row["why_not"]) == ("not_testable", text)


def test_three_lenders_within_thirty_days_on_an_insiders_account_are_a_lead(found: Found):
    assert sorted(by_account(found, "circle", "FP-02")) == sorted(name for name, (_, lead) in CIRCLE.items() if lead)
    assert said(found, "circle", "FP-02") == ("hit", len(CIRCLE), len(CIRCLE))


def test_a_lead_about_an_insider_names_the_holder_and_each_payment_in_the_window(found: Found):
    row = by_account(found, "circle", "FP-02")["month"]
    assert (row["amount_yuan"], row["detail"]) == (Decimal("50000.00"), "户主: month；3 名出借人")
    assert len(ids(row, "transfers")) == 3
    assert (str(row["first_on"]), str(row["last_on"])) == ("2018-03-01", "2018-03-30")


def test_staff_is_looked_at_while_it_is_staff(found: Found):
    assert (subjects(found, "clerk", "FP-02"), said(found, "clerk", "FP-02")) == (["S-clerk"], ("hit", 1, 1))
    assert subjects(found, "left", "FP-02") == []


def test_an_insider_without_an_account_or_a_platform_without_holders_is_untested_for_its_circle(found: Found):
    for name, text in (
        ("maybe", "1 名关联方或员工: 付款人不明的款项可能改变结果"),
        ("dark", "1 名关联方或员工的账户流水未覆盖放贷期间"),
        ("hidden", "1 名关联方或员工的账户未提供"),
        ("alone", "没有基准日的股东记录"),
        ("headless", "没有基准日的董监高记录"),
    ):
        (row,) = found[name]["FP-02"]
        assert (row["outcome"], row["population"], row["tested"], row["why_not"]) == ("not_testable", 1, 0, text)
    assert "无法辨认出借人" in found["bare"]["FP-02"][0]["why_not"]
