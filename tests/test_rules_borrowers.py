"""FB-01, FB-02, FB-03 and FB-05: borrowers who are not valid, share an account, are shells, or pledge one thing twice."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, said, subjects


def loan(platform: str, borrower: str | None, on: str | None = "2017-03-01", yuan: str = "10000", **more: Any) -> Row:
    row = {"loan_id": f"{platform}-{borrower}", "institution_id": platform, "borrower_id": borrower, "signed_on": on}
    row |= {"principal_yuan": yuan} | more
    return {name: value for name, value in row.items() if value is not None}


# -- FB-01 ------------------------------------------------------------------------------------------------------------------

NUMBER, CODE = "11010519491231002X", "91350100M000100Y43"  # valid: published examples of GB 11643 and GB 32100
PERSON = {"kind": "person", "id_number": NUMBER, "born_on": "1990-01-01"}
BODY = {"kind": "company", "uscc": CODE, "registered_on": "2010-01-01", "status": "active"}
# platform → borrower, day of signing, outcome, tested
VALID: dict[str, tuple[Row, str | None, str, int]] = {
    "good-person": (PERSON, "2017-03-01", "clear", 1),
    "good-body": (BODY, "2017-03-01", "clear", 1),
    "eighteen": (PERSON | {"born_on": "1999-03-01"}, "2017-03-01", "clear", 1),
    "a-day-younger": (PERSON | {"born_on": "1999-03-02"}, "2017-03-01", "hit", 1),
    "seventy-five": (PERSON | {"born_on": "1941-03-02"}, "2017-03-01", "clear", 1),
    "seventy-six": (PERSON | {"born_on": "1941-03-01"}, "2017-03-01", "hit", 1),
    "born-by-number": (PERSON | {"born_on": None, "id_number": "110105200012310025"}, "2017-03-01", "hit", 1),
    "born-by-old-number": (PERSON | {"born_on": None, "id_number": "110105491231002"}, "2017-03-01", "clear", 1),
    "registered-that-day": (BODY | {"registered_on": "2017-03-01"}, "2017-03-01", "clear", 1),
    "registered-next-day": (BODY | {"registered_on": "2017-03-02"}, "2017-03-01", "hit", 1),
    "gone-that-day": (BODY | {"status": "注销"}, "2017-03-01", "clear", 1),
    "gone-before": (BODY | {"status": "cancelled"}, "2017-03-01", "hit", 1),
    "restored": (BODY, "2017-03-01", "clear", 1),
    "announced": (BODY, "2017-03-01", "clear", 1),
    "gone-undated": (BODY | {"status": "吊销"}, "2017-03-01", "not_testable", 0),
    "wrong-number": (PERSON | {"id_number": "110105194912310029"}, "2017-03-01", "hit", 1),
    "wrong-of-another": (PERSON, "2017-03-01", "clear", 1),
    "cut-number": (PERSON | {"id_number": "110105194912310000"}, "2017-03-01", "not_testable", 0),
    "masked-number": (PERSON | {"id_number": "1101**********002X"}, "2017-03-01", "not_testable", 0),
    "no-number": (PERSON | {"id_number": None}, "2017-03-01", "not_testable", 0),
    "no-code": (BODY | {"uscc": None}, "2017-03-01", "not_testable", 0),
    "no-birth": (PERSON | {"born_on": None, "id_number": "H10101"}, "2017-03-01", "not_testable", 0),
    "no-registration": (BODY | {"registered_on": None}, "2017-03-01", "not_testable", 0),
    "no-status": (BODY | {"status": None}, "2017-03-01", "not_testable", 0),
    "no-kind": ({"id_number": NUMBER}, "2017-03-01", "not_testable", 0),
    "no-day": (PERSON, None, "not_testable", 0),
    "legacy": (PERSON | {"born_on": "2015-01-01"}, "2016-08-23", "clear", 0),
    "first-day": (PERSON | {"born_on": "2015-01-01"}, "2016-08-24", "hit", 1),
    "later": (PERSON | {"born_on": "2015-01-01"}, "2018-10-01", "clear", 0),
}


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Found:
    tables = joined(platforms(*VALID), {"loans": [loan(i, f"B-{i}", on) for i, (_, on, _, _) in VALID.items()]})
    for i, (party, *_) in VALID.items():
        row = {"party_id": f"B-{i}", "name": i} | party
        tables["parties"].append({name: value for name, value in row.items() if value is not None})

    def change(i: str, on: str, after: str, item: str = "登记状态变更") -> Row:
        return {"change_id": f"X-{i}-{on}", "entity_id": f"B-{i}", "changed_on": on, "item": item, "after_text": after}

    def flag(i: str, reason: str, written: str) -> Row:
        number = {"table_name": "parties", "row_id": f"B-{i}", "column_name": "id_number"}
        return number | {"reason": reason, "written": written}

    tables["registry_changes"] = [
        change("gone-that-day", "2017-03-01", "注销"),
        change("gone-before", "2017-02-28", "注销"),
        change("restored", "2017-01-01", "吊销"),
        change("restored", "2017-02-01", "存续"),
        change("announced", "2017-02-01", "拟注销公告", "简易注销公告"),
    ]
    tables["flags"] = [
        flag("wrong-number", "bad_check_digit", "110105194912310029"),
        flag("wrong-of-another", "bad_check_digit", "110105194912310029"),  # another id's number, which the party does not bear
        flag("cut-number", "digits_lost", "110105194912310000"),
    ]
    return judged(tmp_path_factory, tables, ["FB-01"])


@pytest.mark.parametrize("platform", VALID)
def test_whether_a_borrower_is_valid_on_the_day_of_signing(valid: Found, platform: str):
    _, _, outcome, tested = VALID[platform]
    population = 0 if platform in ("legacy", "later") else 1
    assert said(valid, platform, "FB-01") == (outcome, population, tested)


def test_an_invalid_borrower_is_told_with_every_reason(valid: Found):
    (hit,) = valid["gone-before"]["FB-01"]
    assert (hit["subject_id"], hit["amount_yuan"], hit["first_on"]) == ("gone-before-B-gone-before", 10000, date(2017, 3, 1))
    assert [item["table"] for item in hit["evidence"]] == ["loans", "parties", "registry_changes"]
    assert hit["detail"] == "签约前已注销或吊销 (2017-02-28)"
    assert "校验位不符" in valid["wrong-number"]["FB-01"][0]["detail"]
    assert valid["a-day-younger"]["FB-01"][0]["detail"] == "签约时 17 周岁, 年龄过小"
    assert valid["seventy-six"]["FB-01"][0]["detail"] == "签约时 76 周岁, 年龄过大"


# -- FB-02 ------------------------------------------------------------------------------------------------------------------


def shared(i: str, names: list[str | None], **more: Any) -> Tables:
    """Let the borrowers of a platform name one account, A-i, for the payout."""
    loans = [loan(i, n and f"{i}{n}", loan_id=f"{i}-{k}", disbursement_account=f"A-{i}", **more) for k, n in enumerate(names)]
    return {"loans": loans, "parties": [{"party_id": f"{i}{n}", "kind": "person", "name": n} for n in set(names) if n]}


def account(i: str, **more: Any) -> Row:
    return {"account_id": f"A-{i}", "holder_id": f"H-{i}", "purpose": "own"} | more


def sharing() -> Iterator[Tables]:
    yield shared("three", ["a", "b", "c"]) | {"accounts": [account("three")]}
    yield shared("two", ["a", "b", "b"])
    yield shared("custody", ["a", "b", "c"]) | {"accounts": [account("custody", purpose="custody_total")]}
    kin = [{"link_id": "1", "kind": "kin", "a_id": "kina", "b_id": "kinb"}]
    yield shared("kin", ["a", "b", "c"]) | {"links": kin}
    roles = [{"role_id": "1", "person_id": "officea", "entity_id": "officed", "role": "director"}]
    yield shared("office", ["a", "b", "c", "d"]) | {"roles": roles}
    for i, name, purpose in (
        ("dealer", "某汽车销售公司", "购买汽车"),
        ("stray", "某汽车销售公司", "房屋装修"),
        ("wide", "某商贸公司", "经营周转"),
        ("ours", "某汽车销售公司", "购买汽车"),
    ):
        tables = shared(i, ["a", "b", "c"], purpose=purpose) | {"accounts": [account(i)]}
        tables["parties"].append({"party_id": f"H-{i}", "kind": "company", "name": name})
        yield tables
    yield {"holdings": [{"holding_id": "1", "holder_id": "C-ours", "held_id": "H-ours", "share": 0.9}]}
    yield shared("nameless", ["a", "b", "c", None])
    yield shared("one", ["x", "y"]) | {"parties": []}
    yield {"loans": [loan("none", "z", disbursement_account="A-one"), loan("none", "w")]}


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Found:
    parts = list(sharing())
    names = dict.fromkeys(row["institution_id"] for part in parts for row in part.get("loans", []))
    paid = {"transfer_id": "T1", "flow_ids": [], "payer_account": "K", "payee_account": "A-two", "at": "2017-03-02T09:00"}
    paid |= {"amount_yuan": "10000", "kind": "disbursement", "loan_id": "paid-c", "file_order": 1, "day_only": False}
    late = {"loans": [loan("paid", "two-p", loan_id="paid-c")], "transfers": [paid]}
    more = {"loans": [loan("paid", f"two-{n}", loan_id=f"paid-{n}", disbursement_account="A-two") for n in "qr"]}
    return judged(tmp_path_factory, joined(platforms(*names, "paid"), *parts, late, more), ["FB-02"])


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("three", ("hit", 3, 3)),
        ("two", ("clear", 3, 3)),
        ("custody", ("clear", 3, 3)),
        ("kin", ("clear", 3, 3)),
        ("office", ("hit", 4, 4)),  # four borrowers, of whom two are one
        ("dealer", ("clear", 3, 3)),
        ("stray", ("hit", 3, 3)),
        ("wide", ("hit", 3, 3)),
        ("ours", ("hit", 3, 3)),
        ("nameless", ("hit", 4, 3)),
        ("one", ("clear", 2, 2)),  # the third is another platform's
        ("none", ("not_testable", 2, 1)),
        ("paid", ("hit", 3, 3)),
    ],
)
def test_how_many_borrowers_share_an_account(accounts: Found, platform: str, expected: tuple[str, int, int]):
    assert said(accounts, platform, "FB-02") == expected


def test_a_shared_account_is_told_with_its_contracts_and_payouts(accounts: Found):
    (hit,) = accounts["three"]["FB-02"]
    assert (hit["subject_id"], hit["amount_yuan"], hit["detail"]) == ("A-three", 30000, "3 名互不相关的借款人")
    assert ids(hit) == ["three-0", "three-1", "three-2", "A-three"]
    (paid,) = accounts["paid"]["FB-02"]
    assert ids(paid, "transfers") == ["T1"]
    assert "账户的资料未提供" in paid["detail"]
    assert "3 份合同受托支付" in accounts["dealer"]["FB-02"][0]["note"]
    assert "没有约定收款账户" in accounts["none"]["FB-02"][0]["why_not"]


# -- FB-03 ------------------------------------------------------------------------------------------------------------------

# Of a company of which everything is known and nothing is wrong: registered for years, 50,000 paid in, statements of 90 days
# with wages, an address and a head of its own.
YOUNG = {"registered_on": "2016-12-02"}  # 89 days before 2017-03-01
POOR = {"paid_in_yuan": "1999.99"}  # five times that is less than 10,000
IDLE = {"wages": False}


def company(i: str, yuan: str = "10000", **changed: Any) -> Tables:
    told = {
        "registered_on": "2010-01-01",
        "paid_in_yuan": "50000",
        "wages": True,
        "until": "2017-05-30",
        "address": f"{i}路1号",
    }
    told |= {"offices": 1, "gone_on": None, "status": "active", "kind": "company"} | changed
    party = {"party_id": f"B-{i}", "name": i, **{n: told[n] for n in ("kind", "registered_on", "status", "address")}}
    made: Tables = {"loans": [loan(i, f"B-{i}", yuan=yuan)], "parties": [{n: v for n, v in party.items() if v is not None}]}
    if told["paid_in_yuan"] is not None:
        made["holdings"] = [
            {"holding_id": f"H-{i}", "holder_id": "S", "held_id": f"B-{i}", "share": 1.0, "paid_in_yuan": told["paid_in_yuan"]}
        ]
    if told["until"]:
        days = {"statement_from": "2017-03-02", "statement_to": told["until"]}
        made["accounts"] = [{"account_id": f"A-{i}", "holder_id": f"B-{i}", "purpose": "own"} | days]
    if told["wages"]:
        moved = {"transfer_id": f"T-{i}", "flow_ids": [], "payer_account": f"A-{i}", "at": "2017-04-01T09:00"}
        made["transfers"] = [moved | {"amount_yuan": "1", "memo": "代发工资", "file_order": 1, "day_only": False}]
    led = [f"B-{i}", *(f"O-{i}-{n}" for n in range(1, told["offices"]))]
    office = {"role": "legal_representative", "person_id": f"P-{i}"}
    made["roles"] = [office | {"role_id": f"R-{i}-{n}", "entity_id": entity} for n, entity in enumerate(led)] if led[0] else []
    if told["gone_on"]:
        gone = {"changed_on": told["gone_on"], "item": "登记状态变更", "after_text": "注销"}
        made["registry_changes"] = [{"change_id": f"X-{i}", "entity_id": f"B-{i}"} | gone]
    return made


SHELLS: dict[str, tuple[Row, str]] = {
    "sound": ({}, "clear"),
    "two-signs": (YOUNG | POOR, "clear"),
    "three-signs": (YOUNG | POOR | IDLE, "hit"),
    "ninety-days": (POOR | IDLE | {"registered_on": "2016-12-01"}, "clear"),
    "five-times": (YOUNG | IDLE | {"paid_in_yuan": "2000"}, "clear"),
    "nothing-paid-in": (YOUNG | {"paid_in_yuan": "0"}, "hit"),
    "watched-a-day-less": (YOUNG | POOR | IDLE | {"until": "2017-05-29"}, "not_testable"),
    "unwatched": (YOUNG | POOR | IDLE | {"until": None}, "not_testable"),
    "unwatched-and-sound": (IDLE | {"until": None}, "clear"),
    "five-offices": (YOUNG | POOR | {"offices": 5}, "hit"),
    "four-offices": (YOUNG | POOR | {"offices": 4}, "clear"),
    "gone-in-179-days": (YOUNG | POOR | {"gone_on": "2017-08-27", "status": "注销"}, "hit"),
    "gone-in-180-days": (YOUNG | POOR | {"gone_on": "2017-08-28", "status": "注销"}, "clear"),
    "gone-some-day": (YOUNG | POOR | {"status": "注销"}, "not_testable"),
    "capital-unknown": (YOUNG | {"paid_in_yuan": None}, "not_testable"),
    "a-state-body": (YOUNG | POOR | IDLE | {"kind": "state"}, "clear"),
    "kind-unknown": (YOUNG | POOR | IDLE | {"kind": None}, "not_testable"),
    **{f"house-{n}": (YOUNG | POOR | {"address": "合租 路8号" if n else "合租路 8号"}, "hit") for n in range(5)},
    **{f"flat-{n}": (YOUNG | POOR | {"address": "四家路8号"}, "clear") for n in range(4)},
}


@pytest.fixture(scope="module")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Found:
    tables = joined(platforms(*SHELLS, "untouched"), *(company(i, **changed) for i, (changed, _) in SHELLS.items()))
    return judged(tmp_path_factory, tables, ["FB-03"])


@pytest.mark.parametrize("platform", SHELLS)
def test_how_many_signs_of_a_shell_a_company_has(shells: Found, platform: str):
    outcome = SHELLS[platform][1]
    population = 0 if platform == "a-state-body" else 1
    assert said(shells, platform, "FB-03") == (outcome, population, population if outcome != "not_testable" else 0)


def test_a_shell_is_told_with_its_signs_and_what_shows_them(shells: Found):
    (hit,) = shells["gone-in-179-days"]["FB-03"]
    assert hit["detail"] == "新设 (成立于 2016-12-02)；借款超过实缴倍数 (实缴 1,999.99 元)；放款后不久注销 (2017-08-27)"
    assert [item["table"] for item in hit["evidence"]] == ["loans", "parties", "holdings", "registry_changes"]
    assert len(ids(shells["five-offices"]["FB-03"][0], "roles")) == 5
    assert "未知的特征可能改变结果" in shells["unwatched"]["FB-03"][0]["why_not"]


# -- FB-05 ------------------------------------------------------------------------------------------------------------------

VIN = "LSVAG2180E2100001"


def pledged(i: str, texts: list[str | None], starts: list[str], ends: list[str | None], **more: Any) -> Tables:
    loans, back = [], [{"repayment_id": f"R-{i}", "loan_id": f"{i}-0", "paid_on": "2017-01-01", "principal_yuan": "0"}]
    for n, (text, start, end) in enumerate(zip(texts, starts, ends, strict=True)):
        loans.append(loan(i, f"B{n}", start, loan_id=f"{i}-{n}", purpose=text, **more))
        if end:
            back.append({"repayment_id": f"R-{i}-{n}", "loan_id": f"{i}-{n}", "paid_on": end, "principal_yuan": "10000"})
    return {"loans": loans, "repayments": back}


MARCH, JUNE = "2017-03-01", "2017-06-01"
PLEDGES: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "twice": (
        pledged("twice", [f"周转 (车架号{VIN})", f"抵押: 车架号 {VIN}"], [MARCH, JUNE], ["2017-06-02", None]),
        ("hit", 2, 2),
    ),
    "again": (pledged("again", ["车架号LSVAG2180E2100002"] * 2, [MARCH, JUNE], [JUNE, None]), ("clear", 2, 2)),
    "deed": (pledged("deed", ["（抵押物: 豫不动产权第0001234号）"] * 2, [MARCH, JUNE], [None, None]), ("hit", 2, 2)),
    "plate": (pledged("plate", ["质押豫A12345", "豫A12346 质押"], [MARCH, JUNE], [None, None]), ("clear", 2, 2)),
    "bill": (pledged("bill", ["发票号码：01234567", "发票号01234567"], [MARCH, JUNE], [None, None]), ("hit", 2, 2)),
    "listed": (
        pledged("listed", ["车架号LSVAG2180E2100003"] * 2, [MARCH, MARCH], [None, None], project_id="J1"),
        ("clear", 2, 2),
    ),
    "vague": (pledged("vague", ["房产抵押", "装修"], [MARCH, JUNE], [None, None]), ("not_testable", 1, 0)),
    "silent": (pledged("silent", [None, "装修"], [MARCH, JUNE], [None, None]), ("not_testable", 1, 0)),
    "plain": (pledged("plain", ["装修", "婚庆"], [MARCH, JUNE], [None, None]), ("clear", 0, 0)),
    "old": (
        pledged("old", ["车架号LSVAG2180E2100004"] * 2, ["2016-03-01", "2016-08-23"], [None, None]),
        ("clear", 0, 0),
    ),
    "new": (
        pledged("new", ["车架号LSVAG2180E2100005"] * 2, ["2016-03-01", "2016-08-24"], [None, None]),
        ("hit", 1, 1),
    ),
    "here": (pledged("here", ["车架号LSVAG2180E2100006"], [MARCH], [None]), ("hit", 1, 1)),
    "there": (pledged("there", ["车架号LSVAG2180E2100006"], [JUNE], [None]), ("hit", 1, 1)),
    "undated": (pledged("undated", ["车架号LSVAG2180E2100007"] * 2, [MARCH, None], [None, None]), ("not_testable", 2, 0)),
}


@pytest.fixture(scope="module")
def pledges(tmp_path_factory: pytest.TempPathFactory) -> Found:
    vague = pledged("unclear", ["车架号LSVAG2180E2100008"] * 2, [MARCH, JUNE], [None, None])
    vague["repayments"].append(
        {"repayment_id": "R-unclear-x", "loan_id": "unclear-0", "paid_on": "2017-05-01", "amount_yuan": "1e4"}
    )
    silent = {"loans": pledged("unheard", ["车架号LSVAG2180E2100009"] * 2, [MARCH, JUNE], [None, None])["loans"]}
    listing = {"projects": [{"project_id": "J1", "title": "某标的"}]}
    parts = [tables for tables, _ in PLEDGES.values()]
    return judged(
        tmp_path_factory, joined(platforms(*PLEDGES, "unclear", "unheard"), listing, vague, silent, *parts), ["FB-05"]
    )


@pytest.mark.parametrize("platform", PLEDGES)
def test_what_is_pledged_for_two_listings_at_once(pledges: Found, platform: str):
    assert said(pledges, platform, "FB-05") == PLEDGES[platform][1]


def test_a_pledge_is_told_with_its_loans_and_the_days_on_which_two_are_open(pledges: Found):
    (hit,) = pledges["twice"]["FB-05"]
    assert (hit["subject_id"], hit["amount_yuan"]) == (VIN, Decimal("20000.00"))
    assert (hit["first_on"], hit["last_on"], ids(hit)) == (date(2017, 6, 1), date(2017, 6, 1), ["twice-0", "twice-1"])
    assert subjects(pledges, "here", "FB-05") == subjects(pledges, "there", "FB-05") == ["LSVAG2180E2100006"]
    assert "涉及 2 家平台" in pledges["here"]["FB-05"][0]["detail"]
    assert "没有可识别的号码" in pledges["vague"]["FB-05"][0]["why_not"]
    assert "没有用途" in pledges["silent"]["FB-05"][0]["why_not"]


@pytest.mark.parametrize("platform", ["unclear", "unheard"])
def test_an_overlap_that_only_missing_repayments_leave_open_is_untested(pledges: Found, platform: str):
    assert said(pledges, platform, "FB-05") == ("not_testable", 2, 0)
