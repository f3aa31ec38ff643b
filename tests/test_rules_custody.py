"""CU-01: one bank custodian; CU-03: custody that does not agree with the books. Every institution is a case of its own."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lib import checks, open_case
from tests.conftest import write_store

P2P = "网络借贷信息中介"
ONE = {"purpose": "custody_total", "bank": "甲银行", "opened_on": "2017-01-01"}
OTHER = {"purpose": "custody_total", "bank": "乙农商银行", "opened_on": "2018-01-01"}
# institution → its accounts; days of two custodians: from 2018-01-01 to the day of closing, which is not counted
ACCOUNTS: dict[str, list[dict[str, Any]]] = {
    "one": [ONE, {"purpose": "own", "bank": "乙银行"}],
    "switch": [ONE | {"closed_on": "2018-03-01"}, OTHER],  # 59 days
    "sixty": [ONE | {"closed_on": "2018-03-02"}, OTHER],
    "both": [ONE, OTHER],
    "same_bank": [ONE, OTHER | {"bank": "甲银行"}],
    "undated": [ONE, OTHER | {"opened_on": None}],
    "future": [ONE, OTHER | {"opened_on": "2018-10-01"}],
    "closed": [ONE | {"closed_on": "2018-09-30"}],
    "none": [{"purpose": "own", "bank": "甲银行"}],
    "purposeless": [{"purpose": None, "bank": "甲银行"}],
    "payment": [ONE | {"bank": "某支付有限公司"}],
    "bankless": [ONE | {"bank": None}],
    "empty": [],
    "other_type": [{"purpose": "own", "bank": "甲银行"}],
}
# institution → bank, books and sub-accounts of days in a row from 2018-01-01 on
DAYS: dict[str, list[tuple[str | None, str, str]]] = {
    "fine": [("100", "100", "100"), ("100.01", "100", "100"), ("100", "100", "100")],
    "cent": [("100.02", "100", "100.02"), ("100.02", "100", "100.02"), ("1", "1", "1")],
    "sub": [("100", "100", "99"), ("100", "100", "50"), ("1", "1", "1")],
    "transit": [("100", "150", "100"), ("150", "150", "150")],
    "last": [("100", "100", "100"), ("100", "150", "100")],
    "twice": [("1", "2", "1"), ("1", "1", "1"), ("1", "3", "1"), ("1", "1", "1")],
    "hole": [("1", "2", "1"), (None, "1", "1"), ("1", "1", "1")],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in ("institutions", "accounts", "custody_days")}
    for name in (*ACCOUNTS, *DAYS, "untyped"):
        row = {"institution_id": name, "name": name, "party_id": f"C-{name}", "business_types": P2P}
        tables["institutions"].append(
            row | {"other_type": {"business_types": "第三方支付"}, "untyped": {"business_types": None}}.get(name, {})
        )
    for name, accounts in ACCOUNTS.items():
        tables["accounts"] += [{"account_id": f"{name}{n}", "holder_id": f"C-{name}"} | a for n, a in enumerate(accounts)]
    for name, days in DAYS.items():
        for n, (bank, books, sub) in enumerate(days, start=1):
            row = {"institution_id": name, "day_on": f"2018-01-0{n}", "bank_balance_yuan": bank}
            tables["custody_days"].append(row | {"ledger_balance_yuan": books, "sub_accounts_yuan": sub})
    tables["custody_days"].append(
        {"institution_id": "sub", "day_on": "2017-02-21", "bank_balance_yuan": "1"}
    )  # before the guide
    return write_store(tmp_path_factory.mktemp("custody") / "s.duckdb", tables)


def one(store: Path, rule: str, name: str, as_of: str = "2018-09-30", **options: Any) -> dict[str, Any]:
    found = checks.run(open_case(None, as_of, store), rules=[rule], **options)
    (row,) = found[found.institution_id == name].to_dict("records")
    return row


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("one", "clear", ""),
        ("switch", "clear", ""),
        ("sixty", "hit", "两家银行的存管总户并存 60 天"),
        ("both", "hit", "两家银行的存管总户并存 273 天"),  # 2018-01-01 to 2018-09-30, both included
        ("same_bank", "clear", ""),
        ("undated", "not_testable", "存管总户没有开户日期, 不知并存多久"),
        ("future", "clear", ""),
        ("closed", "hit", "存管总户均已销户"),
        ("none", "hit", "账户中没有存管总户"),
        ("purposeless", "not_testable", "有账户用途未知, 不知是否为存管户"),
        ("payment", "hit", "存管总户不在银行"),
        ("bankless", "not_testable", "存管总户的开户机构未知"),
        ("empty", "not_testable", "没有该机构的账户"),
        ("other_type", "not_testable", "业务类型不是网络借贷, 不适用"),
        ("untyped", "not_testable", "没有业务类型"),
    ],
)
def test_a_platform_has_one_bank_as_custodian(name: str, outcome: str, said: str, store: Path):
    row = one(store, "CU-01", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_two_custodians_are_shown_by_their_accounts_and_days(store: Path):
    row = one(store, "CU-01", "sixty")
    assert (row["first_on"], row["last_on"]) == (date(2018, 1, 1), date(2018, 3, 1))
    assert [i["id"] for i in row["evidence"]] == ["sixty0", "sixty1"]
    assert [i["id"] for i in one(store, "CU-01", "closed")["evidence"]] == ["closed0", "closed"]
    assert one(store, "CU-01", "both", "2018-02-28")["outcome"] == "clear"  # 59 days
    assert one(store, "CU-01", "both", "2018-03-01")["outcome"] == "hit"


@pytest.mark.parametrize(("as_of", "outcome"), [("2018-06-30", "not_testable"), ("2018-07-01", "hit")])
def test_a_custodian_is_due_by_the_middle_of_2018(as_of: str, outcome: str, store: Path):
    row = one(store, "CU-01", "none", as_of)
    assert row["outcome"] == outcome
    assert outcome == "hit" or row["why_not"] == "基准日未过期限"


@pytest.mark.parametrize(
    ("name", "outcome", "amount", "tested", "said"),
    [
        ("fine", "clear", None, 3, ""),
        ("cent", "hit", "0.02", 3, "不符 2 天；最长连续 2 天"),
        ("sub", "hit", "50.00", 3, "不符 2 天；最长连续 2 天"),
        ("transit", "clear", None, 2, "1 天的差额次日恢复, 视为在途"),
        ("last", "not_testable", None, 1, "1 天的差额, 次日情况未知"),
        ("twice", "clear", None, 4, "2 天的差额次日恢复, 视为在途"),
        ("hole", "not_testable", None, 1, "1 天的余额不全；1 天的差额, 次日情况未知"),
        ("one", "not_testable", None, 0, "没有该机构的存管日终数据"),
    ],
)
def test_custody_agrees_with_the_books_on_two_days_in_a_row(name, outcome, amount, tested, said, store: Path):
    row = one(store, "CU-03", name)
    assert (row["outcome"], row["tested"]) == (outcome, tested)
    assert (row["detail"] or row["why_not"] or row["note"]) == said
    assert amount is None or row["amount_yuan"] == Decimal(amount)


def test_days_that_differ_are_the_evidence(store: Path):
    row = one(store, "CU-03", "sub")
    assert [i["id"] for i in row["evidence"]] == ["sub|2018-01-01", "sub|2018-01-02"]
    assert (row["first_on"], row["last_on"]) == (date(2018, 1, 1), date(2018, 1, 2))
    assert one(store, "CU-03", "sub", "2018-01-01")["outcome"] == "not_testable"
    assert one(store, "CU-03", "twice", CU_03={"min_days": 1})["outcome"] == "hit"
    assert one(store, "CU-03", "fine", CU_03={"tol_yuan": 0.009, "min_days": 1})["outcome"] == "hit"
