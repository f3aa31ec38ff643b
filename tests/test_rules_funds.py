"""SF-03, RC-01 and RC-05 on derived tables made by hand: what each rule makes of what flows derives."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lib import Case, checks
from lib.findings import derived
from lib.store import MONEY

MakeCase = Callable[..., Case]
Given = Callable[..., None]
TEXT, TEXTS, AT = pa.string(), pa.list_(pa.string()), pa.timestamp("us")
TABLES = {
    "uses_of_funds": {"case_id": TEXT, "loan_id": TEXT, "disbursed_yuan": MONEY, "related_yuan": MONEY, "unknown_yuan": MONEY}
    | {"hops": pa.int64(), "first_at": AT, "last_at": AT, "transfer_ids": TEXTS},
    "disbursements": {"case_id": TEXT, "loan_id": TEXT, "outcome": TEXT, "match": TEXT, "transfer_ids": TEXTS}
    | {"contract_yuan": MONEY, "paid_yuan": MONEY, "first_on": pa.date32(), "last_on": pa.date32()},
    "case_loans": {"case_id": TEXT, "loan_id": TEXT, "position": TEXT},
    "balance_breaks": {"case_id": TEXT, "account_id": TEXT, "flow_id": TEXT, "previous_flow_id": TEXT}
    | {"expected_yuan": MONEY, "found_yuan": MONEY, "missing_yuan": MONEY, "at": AT},
    "balance_coverage": {"case_id": TEXT, "account_id": TEXT, "lines": pa.int64(), "lines_with_balance": pa.int64()},
    "case_accounts": {"case_id": TEXT, "account_id": TEXT, "why": TEXT},
}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Give a function that sets what graph and flows derive, each row of case P: `given(case_loans=[{…}])`."""

    def make(**tables: list[dict[str, Any]]) -> None:
        def maker(name: str) -> Callable[..., pa.Table]:
            rows = [{"case_id": "P"} | row for row in tables.get(name, [])]
            return lambda case, scope, **settings: pa.Table.from_pylist(rows, schema=pa.schema(TABLES[name]))

        monkeypatch.setattr(derived, "maker", maker)

    return make


def platform(make_case: MakeCase, *loans: dict[str, Any], held: bool = True, **tables: Any) -> Case:
    """Open the platform P, run by the company C of which H holds all (or nobody known)."""
    base = {"institution_id": "P", "principal_yuan": 250000, "signed_on": "2017-03-01"}
    holdings = [{"holding_id": "H1", "holder_id": "H", "held_id": "C", "share": 1.0}] if held else []
    return make_case(
        "P",
        institutions=[{"institution_id": "P", "name": "某平台", "party_id": "C"}],
        parties=[{"party_id": "C", "kind": "company", "name": "某公司"}],
        holdings=holdings,
        loans=[base | row for row in loans],
        **tables,
    )


def use(loan_id: str, disbursed: str, related: str, unknown: str = "0") -> dict[str, Any]:
    amounts = {"disbursed_yuan": disbursed, "related_yuan": related, "unknown_yuan": unknown}
    first, last = datetime.fromisoformat("2017-03-02T09:00"), datetime.fromisoformat("2017-03-05T16:00")
    row = {"loan_id": loan_id, "hops": 2, "first_at": first, "last_at": last, "transfer_ids": ["T1", "T2"]}
    return row | {name: Decimal(text) for name, text in amounts.items()}


def outcome(found: Any) -> list[Any]:
    return found[["outcome", "population", "tested"]].values.tolist()


# 20 % of 250,000 and of 300,000.05; the smallest amount is 50,000
@pytest.mark.parametrize(
    ("disbursed", "related", "expected"),
    [
        ("250000.00", "50000.00", "hit"),
        ("250000.00", "49999.99", "clear"),
        ("300000.05", "60000.01", "hit"),
        ("300000.05", "60000.00", "clear"),
        ("100000.00", "49999.99", "clear"),
    ],
)
def test_a_fifth_of_the_payout_with_related_parties_is_a_lead(disbursed, related, expected, given: Given, make_case):
    given(uses_of_funds=[use("L1", disbursed, related)])
    found = checks.run(platform(make_case, {"loan_id": "L1"}), rules=["SF-03"])
    assert outcome(found) == [[expected, 1, 1]]


def test_a_lead_names_the_loan_and_every_transfer(given: Given, make_case: MakeCase):
    given(uses_of_funds=[use("L1", "250000", "200000", "25000")])
    (hit,) = checks.run(platform(make_case, {"loan_id": "L1"}), rules=["SF-03"]).to_dict("records")
    assert (hit["subject_id"], hit["amount_yuan"]) == ("L1", Decimal("200000.00"))
    assert (hit["first_on"], hit["last_on"]) == (date(2017, 3, 2), date(2017, 3, 5))
    assert hit["detail"] == "放款 250,000.00 元；另有 25,000.00 元去向不明, 流入关联方的金额是下限"
    assert hit["confidence"] == pytest.approx(0.9)  # 25,000 of 250,000 cannot be followed
    assert hit["evidence"] == [{"table": t, "id": i} for t, i in [("loans", "L1"), ("transfers", "T1"), ("transfers", "T2")]]


def test_money_that_leaves_the_data_is_untested_where_it_could_change_the_answer(given: Given, make_case: MakeCase):
    given(uses_of_funds=[use("L1", "250000", "40000", "10000"), use("L2", "250000", "40000", "9999.99")])
    found = checks.run(platform(make_case, {"loan_id": "L1"}, {"loan_id": "L2"}), rules=["SF-03"])
    assert outcome(found) == [["not_testable", 2, 1]]
    assert "1 份合同的部分资金流出已有数据" in found.why_not[0]


def test_a_lead_and_an_untested_loan_stand_side_by_side(given: Given, make_case: MakeCase):
    given(uses_of_funds=[use("L1", "250000", "100000")])
    found = checks.run(platform(make_case, {"loan_id": "L1"}, {"loan_id": "L2"}), rules=["SF-03"])
    assert outcome(found) == [["hit", 2, 1]]
    assert "1 份合同未找到放款流水" in found.why_not[0]


def test_without_a_known_holder_no_loan_is_clear(given: Given, make_case: MakeCase):
    given(uses_of_funds=[use("L1", "250000", "0")])
    found = checks.run(platform(make_case, {"loan_id": "L1"}, held=False), rules=["SF-03"])
    assert outcome(found) == [["not_testable", 1, 0]]
    assert "关联方不全" in found.why_not[0]


def test_a_party_that_is_no_platform_is_not_tested_for_self_financing(given: Given, make_case: MakeCase):
    given()
    found = checks.run(make_case("C", parties=[{"party_id": "C", "kind": "company", "name": "某公司"}]), rules=["SF-03"])
    assert found.outcome.tolist() == ["not_testable"]
    assert "该主体不是网贷平台" in found.why_not[0]


def test_a_what_if_changes_the_outcome_for_its_call_only(given: Given, make_case: MakeCase):
    given(uses_of_funds=[use("L1", "250000", "60000")])
    case = platform(make_case, {"loan_id": "L1"})
    assert checks.run(case, rules=["SF-03"]).outcome.tolist() == ["hit"]
    what_if = checks.run(case, rules=["SF-03"], SF_03={"share": 0.3})
    assert what_if.outcome.tolist() == ["clear"]
    assert "30%" in checks.explain(what_if.iloc[0])["logic"]
    assert checks.run(case, rules=["SF-03"]).outcome.tolist() == ["hit"]


def test_a_what_if_on_a_derived_table_derives_it_anew(monkeypatch: pytest.MonkeyPatch, make_case: MakeCase):
    asked: list[dict[str, Any]] = []

    def maker(name: str) -> Callable[..., pa.Table]:
        def derive(case: Case, scope: Any, **settings: Any) -> pa.Table:
            asked.append(settings)
            return pa.Table.from_pylist([], schema=pa.schema(TABLES[name]))

        return derive

    monkeypatch.setattr(derived, "maker", maker)
    case = platform(make_case, {"loan_id": "L1"})
    for options in ({}, {}, {"SF_03": {"share": 0.5}}, {"SF-03": {"days": 5}}):
        checks.run(case, rules=["SF-03"], **options)
    assert asked == [{"hops": 4, "days": 30}, {"hops": 4, "days": 5}]


def paid(loan_id: str, how: str) -> dict[str, Any]:
    return {"loan_id": loan_id, "outcome": how}


def contracts(*loan_ids: str) -> list[dict[str, Any]]:
    return [{"loan_id": loan_id, "position": "platform"} for loan_id in loan_ids]


@pytest.mark.parametrize(
    ("how", "expected"), [("matched", "clear"), ("mismatched", "clear"), ("missing", "hit"), ("not_covered", "not_testable")]
)
def test_a_contract_without_a_payout_is_a_lead_only_where_statements_cover_it(how, expected, given: Given, make_case):
    given(case_loans=contracts("L1"), disbursements=[paid("L1", how)])
    found = checks.run(platform(make_case, {"loan_id": "L1"}), rules=["RC-01"])
    assert outcome(found) == [[expected, 1, 0 if expected == "not_testable" else 1]]


def test_the_amount_of_a_missing_payout_is_that_of_the_contract(given: Given, make_case: MakeCase):
    given(case_loans=contracts("L1", "L2"), disbursements=[paid("L1", "missing"), paid("L2", "not_covered")])
    loans = [{"loan_id": "L1", "started_on": "2017-03-04"}, {"loan_id": "L2"}]
    (hit,) = checks.run(platform(make_case, *loans), rules=["RC-01"]).to_dict("records")
    assert (hit["subject_id"], hit["amount_yuan"], hit["first_on"]) == ("L1", Decimal("250000.00"), date(2017, 3, 4))
    assert (hit["population"], hit["tested"]) == (2, 1)
    assert "1 份合同的放款期间没有流水覆盖" in hit["why_not"]


def test_a_contract_signed_after_the_day_asked_is_not_missed(given: Given, make_case: MakeCase):
    given(case_loans=contracts("L1", "L2"), disbursements=[paid("L1", "matched"), paid("L2", "missing")])
    loans = [{"loan_id": "L1"}, {"loan_id": "L2", "signed_on": "2018-10-01"}]
    assert outcome(checks.run(platform(make_case, *loans), rules=["RC-01"])) == [["clear", 1, 1]]


def gap(account_id: str, n: int, missing: str, at: datetime) -> dict[str, Any]:
    ids = {"account_id": account_id, "flow_id": f"F{n}", "previous_flow_id": f"F{n - 1}"}
    return ids | {"missing_yuan": Decimal(missing), "at": at}


def lines(account_id: str, count: int, with_balance: int) -> dict[str, Any]:
    return {"account_id": account_id, "lines": count, "lines_with_balance": with_balance}


def accounts(*ids: str) -> list[dict[str, Any]]:
    return [{"account_id": i, "why": "own"} for i in ids]


def test_breaks_of_one_account_are_one_lead_with_the_lines_on_both_sides(given: Given, make_case: MakeCase):
    breaks = [
        gap("A1", 8, "-46.00", datetime.fromisoformat("2017-05-01")),
        gap("A1", 3, "10.50", datetime.fromisoformat("2017-04-01")),
    ]
    given(balance_breaks=breaks, balance_coverage=[lines("A1", 9, 9), lines("A2", 5, 5)], case_accounts=accounts("A1", "A2"))
    (hit,) = checks.run(platform(make_case), rules=["RC-05"]).to_dict("records")
    assert (hit["subject_id"], hit["amount_yuan"]) == ("A1", Decimal("56.50"))  # 46.00 too little, 10.50 too much
    assert (hit["first_on"], hit["last_on"]) == (date(2017, 4, 1), date(2017, 5, 1))
    assert [item["id"] for item in hit["evidence"]] == ["F2", "F3", "F7", "F8"]
    assert (hit["population"], hit["tested"], hit["detail"]) == (2, 2, "2 处不连续")


def test_statements_that_hold_together_are_clear(given: Given, make_case: MakeCase):
    given(balance_coverage=[lines("A1", 9, 9), lines("A2", 1, 1)], case_accounts=accounts("A1", "A2", "A3"))
    found = checks.run(platform(make_case), rules=["RC-05"])
    # an account without statements makes the table's own needs no less delivered, and is mentioned
    assert outcome(found) == [["clear", 2, 2]]
    assert found.note[0] == "另有 1 个账户没有流水"


def test_a_break_after_the_day_asked_is_not_seen(given: Given, make_case: MakeCase):
    given(
        balance_breaks=[gap("A1", 8, "5", datetime.fromisoformat("2018-10-01"))],
        balance_coverage=[lines("A1", 9, 9)],
        case_accounts=accounts("A1"),
    )
    assert outcome(checks.run(platform(make_case), rules=["RC-05"])) == [["clear", 1, 1]]


@pytest.mark.parametrize("with_balance", [0, 1])
def test_lines_without_two_balances_to_compare_are_untested(with_balance: int, given: Given, make_case: MakeCase):
    given(balance_coverage=[lines("A1", 9, 9), lines("A2", 9, with_balance)], case_accounts=accounts("A1", "A2"))
    found = checks.run(platform(make_case), rules=["RC-05"])
    assert outcome(found) == [["not_testable", 2, 1]]
    assert "1 个账户" in found.why_not[0]


def test_an_institution_whose_accounts_have_no_statements_is_not_clear(given: Given, make_case: MakeCase):
    given(case_accounts=accounts("A1"))
    elsewhere = [{"flow_id": "F1", "account_id": "Z", "direction": "in", "amount_yuan": 1}]
    found = checks.run(platform(make_case, flows=elsewhere), rules=["RC-05"])
    assert outcome(found) == [["not_testable", 0, 0]]
    assert found.why_not[0] == "账户没有银行流水"
