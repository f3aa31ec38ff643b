"""LM-02 to LM-05: what companies owe on one platform, persons and companies on all of them, and groups on one."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.rule_cases import Found, Row, ids, joined, judged, platforms, said, subjects

WHO = {
    "parties": [
        *({"party_id": f"B{n}", "kind": "company", "name": f"借款公司{n}", "uscc": f"U{n}"} for n in range(20)),
        *({"party_id": f"N{n}", "kind": "person", "name": f"借款人{n}", "id_number": f"I{n}"} for n in range(20)),
        {"party_id": "LP", "kind": "partnership", "name": "合伙", "uscc": "U-LP"},
        {"party_id": "X", "name": "某某", "uscc": "U-X"},
        *({"party_id": i, "kind": "person", "name": "无号"} for i in ("NONE", "NIL")),
        {"party_id": "STAR", "kind": "person", "name": "星号", "id_number": "4101**********1234"},
    ]
}


def loan(platform: str, borrower: str | None, yuan: str | None, signed_on: str | None = "2017-03-01", **more: Any) -> Row:
    row = {"loan_id": f"{platform}:{borrower}:{signed_on}:{yuan}", "institution_id": platform, "borrower_id": borrower}
    row |= {"principal_yuan": yuan, "signed_on": signed_on} | more
    return {name: value for name, value in row.items() if value is not None}


def repaid(of: Row, paid_on: str, yuan: str | None, **more: Any) -> Row:
    row = {"repayment_id": f"R:{of['loan_id']}:{paid_on}", "loan_id": of["loan_id"], "paid_on": paid_on} | more
    return row if yuan is None else row | {"principal_yuan": yuan}


def district(loans: list[Row], paid: list[Row], *more: str) -> dict[str, list[Row]]:
    """Put the loans on platforms, each of which records repayments (a loan of one yuan that came back)."""
    names = sorted({row["institution_id"] for row in loans} | set(more))
    heard = [loan(name, "B19", "1", "2017-02-01") for name in names if name not in more]
    tables = {"loans": loans + heard, "repayments": [*paid, *(repaid(row, "2017-02-02", "1") for row in heard)]}
    return joined(platforms(*names), WHO, tables)


# -- LM-02 ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Found:
    first = loan("PEAK", "B1", "900000", "2017-03-01")
    open_end = loan("OPEN", "B1", "1000000", "2017-03-01")
    loans = [
        loan("AT", "B1", "1000000.00"),
        loan("OVER", "B1", "1000000.01"),
        loan("BODY", "LP", "1000000.01"),
        loan("MAN", "N1", "9000000"),
        loan("KIND", "X", "9000000"),
        loan("SUM", None, "9000000"),
        loan("YUAN", "B1", None),
        loan("DAY", "B1", "9000000", None),
        loan("OLD", "B1", "9000000", "2016-08-23"),
        loan("NEW", "B1", "9000000", "2016-08-24"),
        loan("LATER", "B1", "9000000", "2018-10-01"),
        *(first, loan("PEAK", "B1", "300000", "2017-05-01"), loan("PEAK", "B1", "5", "2017-12-01")),
        *(open_end, loan("OPEN", "B1", "600000", "2017-05-01")),
        *(loan("ONE", "B2", "600000"), loan("TWO", "B2", "600000")),
    ]
    paid = [repaid(first, "2017-04-01", "100000"), repaid(first, "2017-08-01", "800000")]
    paid.append(repaid(open_end, "2017-04-01", None, amount_yuan="700000"))
    return judged(tmp_path_factory, district(loans, paid), ["LM-02"])


# Source: Interim Measures 2016, Art. 17: not more than 1,000,000 yuan (limits_edge of the researched tests)
@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("AT", ("clear", 2, 2)),
        ("OVER", ("hit", 2, 2)),
        ("BODY", ("hit", 2, 2)),
        ("MAN", ("clear", 1, 1)),
        ("KIND", ("not_testable", 2, 1)),
        ("SUM", ("not_testable", 2, 1)),
        ("YUAN", ("not_testable", 2, 1)),
        ("DAY", ("not_testable", 2, 1)),
        ("OLD", ("clear", 1, 1)),
        ("NEW", ("hit", 2, 2)),
        ("LATER", ("clear", 1, 1)),
        ("ONE", ("clear", 2, 2)),
        ("TWO", ("clear", 2, 2)),
        ("OPEN", ("not_testable", 3, 1)),
    ],
)
def test_what_a_company_owes_on_one_platform(one: Found, platform: str, expected: tuple[str, int, int]):
    assert said(one, platform, "LM-02") == expected


def test_the_peak_of_a_company_its_days_and_its_loans(one: Found):
    (hit,) = one["PEAK"]["LM-02"]
    assert (hit["subject_id"], hit["amount_yuan"]) == ("B1", Decimal("1100000.00"))  # 900,000 − 100,000 + 300,000
    assert (hit["first_on"], hit["last_on"]) == (date(2017, 5, 1), date(2017, 7, 31))
    assert ids(hit, "loans") == ["PEAK:B1:2017-03-01:900000", "PEAK:B1:2017-05-01:300000"]
    assert one["OVER"]["LM-02"][0]["last_on"] == date(2018, 9, 30)  # still open on the day asked


@pytest.mark.parametrize(
    ("platform", "word"),
    [("KIND", "类型未知"), ("SUM", "没有借款人"), ("YUAN", "没有本金"), ("DAY", "没有日期"), ("OPEN", "还款本金不明")],
)
def test_why_a_company_could_not_be_judged(one: Found, platform: str, word: str):
    assert word in one[platform]["LM-02"][0]["why_not"]


def test_old_contracts_are_mentioned(one: Found):
    assert "1 份合同签订于依据施行之前" in one["OLD"]["LM-02"][0]["note"]


# -- LM-03, LM-04 -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Found:
    done = loan("C", "N2", "300000", "2017-01-01")
    in_turn = loan("D", "N3", "600000", "2017-01-01")
    vague = loan("H", "N5", "600000", "2017-03-01")
    loans = [
        *(loan("A", "N1", "500000.00"), loan("B", "N1", "500000.00")),
        # known by two ids, which a person has found to be one man's
        *(loan("A", "N2", "500000.00"), loan("B", "N12", "500000.01"), done),
        *(in_turn, loan("E", "N3", "600000", "2017-06-01")),
        *(loan("F", "B1", "2500000"), loan("G", "B1", "2500000.00")),
        *(loan("F", "B2", "2500000"), loan("G", "B2", "2500000.01")),
        *(loan("F", "N4", "5000000", "2016-08-23"), loan("G", "N4", "10")),
        *(vague, loan("I", "N5", "600000", "2017-05-01")),
        *(loan("J", "NONE", "5"), loan("K", "STAR", "5"), loan("J", "X", "5"), loan("L", None, "5")),
        loan("M", "NIL", "1000000.01"),
    ]
    paid = [repaid(done, "2017-02-28", "300000"), repaid(in_turn, "2017-06-01", "600000")]
    paid.append(repaid(vague, "2017-04-01", None, amount_yuan="500000"))
    one_man = {"party_ids": [{"party_id": "N12", "resolved_id": "N2", "joined_by": "decision", "confidence": 0.9}]}
    return judged(tmp_path_factory, joined(district(loans, paid), one_man), ["LM-03", "LM-04"])


def test_a_million_in_all_is_allowed_and_a_fen_more_is_a_lead_for_both_platforms(everywhere: Found):
    for platform in ("A", "B"):
        assert subjects(everywhere, platform, "LM-03") == ["N2"]
        (hit,) = everywhere[platform]["LM-03"]
        assert (hit["amount_yuan"], hit["confidence"]) == (Decimal("1000000.01"), 0.9)
        assert ids(hit) == ["A:N2:2017-03-01:500000.00", "B:N12:2017-03-01:500000.01"]
        assert "涉及 2 家平台" in hit["detail"]


def test_a_platform_that_was_repaid_before_the_cap_was_passed_has_no_lead(everywhere: Found):
    assert said(everywhere, "C", "LM-03") == ("clear", 1, 1)


def test_loans_one_after_the_other_do_not_add_up(everywhere: Found):
    assert said(everywhere, "D", "LM-03")[0] == said(everywhere, "E", "LM-03")[0] == "clear"


def test_five_million_of_a_company_in_all_is_allowed_and_a_fen_more_is_not(everywhere: Found):
    assert subjects(everywhere, "F", "LM-04") == subjects(everywhere, "G", "LM-04") == ["B2"]
    assert everywhere["G"]["LM-04"][0]["amount_yuan"] == Decimal("5000000.01")


def test_a_person_is_none_of_the_companies_and_what_is_from_before_the_measures_does_not_count(everywhere: Found):
    assert said(everywhere, "F", "LM-03") == ("clear", 0, 0)
    assert said(everywhere, "G", "LM-03") == ("clear", 1, 1)
    assert said(everywhere, "A", "LM-04") == ("clear", 1, 1)


@pytest.mark.parametrize(
    ("platform", "rule", "expected", "word"),
    [
        ("H", "LM-03", ("not_testable", 1, 0), "还款本金不明"),
        ("I", "LM-03", ("not_testable", 1, 0), "还款本金不明"),
        ("J", "LM-03", ("not_testable", 2, 0), "1 份合同的借款人没有完整证件号"),
        ("J", "LM-04", ("not_testable", 2, 1), "类型未知"),
        ("K", "LM-03", ("not_testable", 1, 0), "没有完整证件号"),
        ("L", "LM-03", ("not_testable", 1, 0), "没有借款人"),
        ("M", "LM-03", ("hit", 1, 1), ""),
    ],
)
def test_who_cannot_be_told_apart_or_added_up_is_untested(everywhere: Found, platform, rule, expected, word):
    assert said(everywhere, platform, rule) == expected
    assert word in everywhere[platform][rule][0]["why_not"]


def test_a_platform_whose_contracts_are_not_held_leaves_every_sum_open(tmp_path):
    tables = district([loan("A", "N1", "5"), loan("A", "N2", "1000000.01")], [], "Z")
    tables["institutions"].append({"institution_id": "Q", "name": "众筹", "business_types": "股权众筹"})
    found = judged(tmp_path, tables, ["LM-03", "LM-04"])
    assert said(found, "A", "LM-03") == ("hit", 2, 1)
    assert said(found, "A", "LM-04") == ("not_testable", 1, 0)
    assert found["A"]["LM-04"][0]["why_not"] == "1 家平台的借款合同未提供, 其借款无法合计"
    assert found["Z"]["LM-03"][0]["why_not"] == "没有本平台的借款合同"


# -- LM-05 ------------------------------------------------------------------------------------------------------------------


def group(platform: str, *owed: tuple[str, str], share: float = 0.51, owner: str = "N9") -> dict[str, list[Row]]:
    """Lend to borrowers of a platform, companies of which one person holds a share through a company of his own."""
    held = [("TOP", owner, 1.0)] + [(f"{n}", "TOP", share) for n, _ in owed if n.startswith("B")]
    rows = [
        {"holding_id": f"{platform}:{b}:{a}", "holder_id": f"{a}-{platform}" if a == "TOP" else a, "share": part}
        | {"held_id": f"{b}-{platform}"}
        for b, a, part in held
    ]
    loans = [loan(platform, f"{n}-{platform}" if n.startswith("B") else n, yuan) for n, yuan in owed]
    firms = [{"party_id": f"{n}-{platform}", "kind": "company", "name": n} for n, _ in owed if n.startswith("B")]
    return {
        "loans": loans,
        "holdings": rows,
        "parties": [*firms, {"party_id": f"TOP-{platform}", "kind": "company", "name": "控股"}],
    }


GROUPS = {
    "at": (group("at", ("B1", "500000"), ("B2", "500000")), "clear", 3),
    "over": (group("over", ("B1", "500000"), ("B2", "500000.01")), "hit", 3),
    "half": (group("half", ("B1", "900000"), ("B2", "900000"), share=0.5), "clear", 3),
    "owner": (group("owner", ("B1", "900000"), ("N8", "100000.01"), owner="N8"), "hit", 3),
    "one-above": (group("one-above", ("B1", "1000000.01"), ("B2", "5")), "clear", 3),
    "owner-above": (group("owner-above", ("B1", "900000"), ("N7", "200000.01"), owner="N7"), "clear", 3),
    "alone": (group("alone", ("B1", "1000000")), "clear", 2),
}


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Found:
    parts = [tables for tables, *_ in GROUPS.values()]
    mixed = joined(*parts)
    unheld = [loan("unheld", "B3", "5")]
    tables = district(mixed.pop("loans") + unheld, [])
    tables["holdings"] = [{"holding_id": "19", "holder_id": "N18", "held_id": "B19", "share": 1.0}]  # the loan of one yuan
    return judged(tmp_path_factory, joined(tables, mixed), ["LM-05"])


@pytest.mark.parametrize("platform", GROUPS)
def test_what_a_group_under_one_controller_owes_on_one_platform(groups: Found, platform: str):
    _, outcome, loans = GROUPS[platform]
    assert said(groups, platform, "LM-05") == (outcome, loans, loans)


def test_a_group_is_told_by_its_controller_and_a_company_without_holders_is_untested(groups: Found):
    (hit,) = groups["over"]["LM-05"]
    assert (hit["subject_id"], hit["amount_yuan"]) == ("N9", Decimal("1000000.01"))
    assert ids(hit, "loans") == ["over:B1-over:2017-03-01:500000", "over:B2-over:2017-03-01:500000.01"]
    assert "2 名借款人在同一控制人之下" in hit["detail"]
    assert said(groups, "unheld", "LM-05") == ("not_testable", 2, 1)
    assert "没有股东记录" in groups["unheld"]["LM-05"][0]["why_not"]
