"""LU-01 to LU-04: what loans were used for, by whom they were taken, and loans for nothing in particular."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, said

COVERED = {"statement_from": "2015-01-01", "statement_to": "2022-12-31"}
SHOPS = {
    "BUILD": "某装饰工程公司",
    "CARS": "某汽车销售公司",
    "TRADE": "某供应链服务公司",
    "STOCK": "某证券公司",
    "HOUSE": "某置业公司",
    "FRIEND": "王某",
}
COMMON: Tables = {
    "parties": [{"party_id": f"P-{i}", "kind": "company", "name": name} for i, name in SHOPS.items()],
    "accounts": [
        {"account_id": "K", "purpose": "custody_total"} | COVERED,
        *(
            {"account_id": i, "holder_id": f"P-{i}", "holder_name": name, "purpose": "own"} | COVERED
            for i, name in SHOPS.items()
        ),
    ],
}


def spent(i: str, purpose: str | None, *uses: tuple[str | None, str], on: str = "2017-03-01", **more: Any) -> Tables:
    """Lend 10,000 on a platform of its own, pay it out, and let the borrower spend it."""
    loan = {"loan_id": i, "institution_id": i, "borrower_id": f"B-{i}", "principal_yuan": 10000, "signed_on": on} | more
    paid = {"flow_ids": [], "day_only": False, "file_order": 0, "payer_account": "K", "payee_account": f"A-{i}"}
    moves = [paid | {"transfer_id": f"{i}-0", "at": f"{on}T10:00", "amount_yuan": 10000, "kind": "disbursement", "loan_id": i}]
    for n, (payee, yuan) in enumerate(uses, start=1):
        moved = paid | {"payer_account": f"A-{i}", "payee_account": payee, "transfer_id": f"{i}-{n}", "file_order": n}
        moves.append(
            moved | {"at": f"{date.fromisoformat(on) + timedelta(9 + n)}T10:00", "amount_yuan": yuan, "kind": "transfer"}
        )
    return {
        "parties": [{"party_id": f"B-{i}", "kind": "person", "name": f"借款人{i}"}],
        "loans": [loan | ({"purpose": purpose} if purpose else {})],
        "accounts": [{"account_id": f"A-{i}", "holder_id": f"B-{i}", "purpose": "own"} | COVERED],
        "transfers": moves,
    }


# id → tables, LU-01, LU-02
USES: dict[str, tuple[Tables, str, str]] = {
    "as-agreed": (spent("as-agreed", "房屋装修", ("BUILD", "10000")), "clear", "clear"),
    "three-tenths": (spent("three-tenths", "房屋装修", ("CARS", "3000"), ("BUILD", "7000")), "hit", "clear"),
    "a-fen-less": (spent("a-fen-less", "房屋装修", ("CARS", "2999.99"), ("BUILD", "7000")), "clear", "clear"),
    "dealer-of-all": (spent("dealer-of-all", "房屋装修", ("TRADE", "10000")), "not_testable", "clear"),
    "to-a-friend": (spent("to-a-friend", "房屋装修", ("FRIEND", "3000")), "not_testable", "clear"),
    "to-a-friend-little": (spent("to-a-friend-little", "房屋装修", ("FRIEND", "2999.99")), "clear", "clear"),
    "business": (spent("business", "经营周转", ("CARS", "9000")), "clear", "clear"),
    "shares": (spent("shares", "房屋装修", ("STOCK", "1000")), "clear", "hit"),
    "shares-less": (spent("shares-less", "房屋装修", ("STOCK", "999.99")), "clear", "clear"),
    "house": (spent("house", "经营周转", ("HOUSE", "5000")), "hit", "hit"),
    "nobody": (spent("nobody", "房屋装修", (None, "1000")), "clear", "not_testable"),
    "nobody-less": (spent("nobody-less", "房屋装修", (None, "999.99")), "clear", "clear"),
    "nobody-much": (spent("nobody-much", "房屋装修", (None, "3000")), "not_testable", "not_testable"),
    "no-purpose": (spent("no-purpose", None, ("CARS", "10000")), "not_testable", "clear"),
    "no-words": (spent("no-words", "某事", ("CARS", "10000")), "not_testable", "clear"),
    "says-shares": (spent("says-shares", "股票配资", ("BUILD", "10000")), "hit", "hit"),
    "kept": (spent("kept", "房屋装修"), "clear", "clear"),
    "legacy": (spent("legacy", "房屋装修", ("STOCK", "10000"), on="2016-08-23"), "none", "none"),
    "first-day": (spent("first-day", "房屋装修", ("STOCK", "10000"), on="2016-08-24"), "hit", "hit"),
}


@pytest.fixture(scope="module")
def uses(tmp_path_factory: pytest.TempPathFactory) -> Found:
    # 10,000 of his own came before: pro rata 3,000 of the 6,000 are the loan's, first in first out none
    mixed = [spent(f"mixed-{payee.lower()}", "房屋装修", (payee, "6000")) for payee in ("CARS", "STOCK")]
    for tables in mixed:
        first = tables["transfers"][0] | {"transfer_id": f"{tables['loans'][0]['loan_id']}-own", "at": "2017-02-01T10:00"}
        tables["transfers"].insert(0, first | {"payer_account": None, "kind": "transfer", "loan_id": None, "file_order": -1})
    unpaid: Row = {"loan_id": "unpaid", "institution_id": "unpaid", "purpose": "装修", "signed_on": "2017-03-01"}
    parts = [tables for tables, *_ in USES.values()]
    tables = joined(platforms(*USES, "unpaid", "mixed-cars", "mixed-stock"), COMMON, *mixed, {"loans": [unpaid]}, *parts)
    return judged(tmp_path_factory, tables, ["LU-01", "LU-02"])


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("rule", ["LU-01", "LU-02"])
def test_what_a_loan_was_used_for(uses: Found, name: str, rule: str):
    expected = USES[name][1 if rule == "LU-01" else 2]
    tested = 0 if expected in ("none", "not_testable") else 1
    assert said(uses, name, rule) == ({"none": "clear"}.get(expected, expected), 0 if expected == "none" else 1, tested)


def test_a_stray_use_is_told_with_its_merchant_amount_and_transfers(uses: Found):
    (hit,) = uses["three-tenths"]["LU-01"]
    assert (hit["amount_yuan"], hit["first_on"], hit["last_on"]) == (Decimal("3000.00"), date(2017, 3, 1), date(2017, 3, 11))
    assert hit["detail"] == "约定用途: 房屋装修；流向: 某汽车销售公司；按先进先出法为 3,000.00 元"
    assert ids(hit) == ["three-tenths", "three-tenths-0", "three-tenths-1"]
    (shares,) = uses["shares"]["LU-02"]
    assert (shares["amount_yuan"], ids(shares, "transfers")) == (Decimal("1000.00"), ["shares-0", "shares-1"])
    (says,) = uses["says-shares"]["LU-02"]
    assert (says["amount_yuan"], says["detail"]) == (Decimal("10000.00"), "文本写明: 股票")


@pytest.mark.parametrize(
    ("name", "rule", "word"),
    [
        ("unpaid", "LU-01", "未找到放款"),
        ("unpaid", "LU-02", "未找到放款"),
        ("mixed-cars", "LU-01", "取决于追踪方法"),
        ("mixed-stock", "LU-02", "取决于追踪方法"),
        ("no-purpose", "LU-01", "没有约定用途"),
        ("no-words", "LU-01", "用途不能识别"),
        ("nobody-much", "LU-02", "用途不明"),
    ],
)
def test_why_a_use_is_not_known(uses: Found, name: str, rule: str, word: str):
    assert said(uses, name, rule) == ("not_testable", 1, 0)
    assert word in uses[name][rule][0]["why_not"]


# -- LU-03 ------------------------------------------------------------------------------------------------------------------

SCHOOL = {"address": "某学院学生公寓"}
YOUNG = {"born_on": "1997-06-01"}
# id → borrower, loan, outcome, tested
STUDENTS: dict[str, tuple[Row, Row, str, int]] = {
    "marked": ({"student": True} | YOUNG, {}, "hit", 1),
    "marked-no-age": ({"student": True}, {}, "hit", 1),
    "marked-at-24": ({"student": True, "born_on": "1992-06-02"}, {}, "hit", 1),
    "marked-at-25": ({"student": True, "born_on": "1992-06-01"}, {}, "clear", 1),
    "none": ({"student": False} | YOUNG | SCHOOL, {}, "clear", 1),
    "address": (YOUNG | SCHOOL, {}, "hit", 1),
    "teacher": (SCHOOL | {"born_on": "1977-06-01"}, {}, "clear", 1),
    "at-16": (SCHOOL | {"born_on": "2001-06-01"}, {}, "hit", 1),
    "at-15": (SCHOOL | {"born_on": "2001-06-02"}, {}, "clear", 1),
    "at-24": (SCHOOL | {"born_on": "1992-06-02"}, {}, "hit", 1),
    "at-25": (SCHOOL | {"born_on": "1992-06-01"}, {}, "clear", 1),
    "mail": (YOUNG | {"email": "x@stu.edu.cn"}, {}, "hit", 1),
    "other-mail": (YOUNG | {"email": "x@edu.cn.com"}, {}, "not_testable", 0),
    "words": (YOUNG, {"purpose": "培训贷"}, "hit", 1),
    "by-number": ({"id_number": "110105199706010018"}, {"purpose": "学生分期"}, "hit", 1),
    "young": (YOUNG, {"purpose": "装修"}, "not_testable", 0),
    "no-age": (SCHOOL, {}, "not_testable", 0),
    "no-kind": ({"student": True, "kind": None}, {}, "not_testable", 0),
    "company": ({"kind": "company"}, {}, "clear", 0),
    "before": ({"student": True}, {"signed_on": "2017-05-26"}, "clear", 0),
    "since": ({"student": True}, {"signed_on": "2017-05-27"}, "hit", 1),
    "undated": ({"student": True}, {"signed_on": None}, "not_testable", 0),
}


def persons(cases: dict[str, tuple[Row, Row, str, int]]) -> Tables:
    """Give every borrower a platform and a loan."""
    made = platforms(*cases)
    made["loans"] = []
    for i, (party, loan, *_) in cases.items():
        row = {"party_id": f"B-{i}", "name": i, "kind": "person"} | party
        made["parties"].append({name: value for name, value in row.items() if value is not None})
        lent = {"loan_id": i, "institution_id": i, "borrower_id": f"B-{i}", "principal_yuan": 8000, "signed_on": "2017-06-01"}
        made["loans"].append({name: value for name, value in (lent | loan).items() if value is not None})
    return made


@pytest.fixture(scope="module")
def students(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return judged(tmp_path_factory, persons(STUDENTS), ["LU-03"])


@pytest.mark.parametrize("name", STUDENTS)
def test_who_is_a_student_on_the_day_of_signing(students: Found, name: str):
    _, _, outcome, tested = STUDENTS[name]
    assert said(students, name, "LU-03") == (outcome, 0 if name in ("company", "before") else 1, tested)


def test_a_student_is_told_with_what_tells_of_it(students: Found):
    assert students["address"]["LU-03"][0]["detail"] == "签约时 20 周岁；地址为学校"
    assert ids(students["words"]["LU-03"][0]) == ["words", "B-words"]
    assert "是否学生未知" in students["young"]["LU-03"][0]["why_not"]


# -- LU-04 ------------------------------------------------------------------------------------------------------------------

SMALL: Row = {"purpose": "资金周转", "principal_yuan": "5000.00", "term_days": 90}
CASH: dict[str, tuple[Row, Row, str, int]] = {
    "small": ({}, SMALL, "hit", 1),
    "a-fen-more": ({}, SMALL | {"principal_yuan": "5000.01"}, "clear", 1),
    "short": ({}, SMALL | {"principal_yuan": "90000", "term_days": 30}, "hit", 1),
    "a-day-more": ({}, SMALL | {"principal_yuan": "90000", "term_days": 31}, "clear", 1),
    "by-due-day": (
        {},
        SMALL | {"principal_yuan": "9e4", "term_days": None, "due_on": "2018-07-01", "signed_on": "2018-06-01"},
        "hit",
        1,
    ),
    "vague": ({}, SMALL | {"purpose": "个人消费"}, "hit", 1),
    "purposeful": ({}, SMALL | {"purpose": "房屋装修"}, "clear", 1),
    "pledged": ({}, SMALL | {"purpose": "周转 (抵押)"}, "clear", 1),
    "scene": ({}, SMALL | {"disbursement_account": "CARS"}, "clear", 1),
    "own-account": ({}, SMALL | {"disbursement_account": "MINE"}, "hit", 1),
    "to-custody": ({}, SMALL | {"disbursement_account": "K"}, "hit", 1),
    "no-term": ({}, SMALL | {"principal_yuan": "90000", "term_days": None}, "not_testable", 0),
    "no-term-small": ({}, SMALL | {"term_days": None}, "hit", 1),
    "no-principal": ({}, SMALL | {"principal_yuan": None}, "not_testable", 0),
    "no-kind": ({"kind": None}, SMALL, "not_testable", 0),
    "company": ({"kind": "company"}, SMALL, "clear", 0),
    "no-purposes": ({}, SMALL | {"purpose": None}, "not_testable", 0),
}


@pytest.fixture(scope="module")
def cash(tmp_path_factory: pytest.TempPathFactory) -> Found:
    mine = {"accounts": [{"account_id": "MINE", "holder_id": "B-own-account", "purpose": "own"}]}
    # of a platform that has purposes, a contract without one
    left_out = platforms("left-out") | {
        "loans": [
            {"loan_id": f"left-out-{n}", "institution_id": "left-out", "borrower_id": "B-small", "signed_on": "2018-01-01"}
            | {"principal_yuan": 2000, "term_days": 30}
            | ({"purpose": "装修"} if n else {})
            for n in range(2)
        ]
    }
    return judged(tmp_path_factory, joined(persons(CASH), COMMON, mine, left_out), ["LU-04"])


@pytest.mark.parametrize("name", CASH)
def test_what_makes_a_cash_loan(cash: Found, name: str):
    _, _, outcome, tested = CASH[name]
    assert said(cash, name, "LU-04") == (outcome, 0 if name == "company" else 1, tested)


def test_a_contract_without_a_purpose_among_others_that_have_one_is_a_lead(cash: Found):
    (hit,) = cash["left-out"]["LU-04"]
    assert (hit["subject_id"], hit["population"], hit["tested"]) == ("left-out-0", 2, 2)
    assert hit["detail"] == "约定用途: -；本金 2,000.00 元；期限 30 天"
    assert "签约早于141号文" in cash["small"]["LU-04"][0]["detail"]
    assert "没有提供用途" in cash["no-purposes"]["LU-04"][0]["why_not"]
