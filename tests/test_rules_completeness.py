"""DQ-01 to DQ-06: whether the data of a case are whole. Every institution of one Store is a case of its own."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib import checks, open_case
from tests.conftest import write_store

Rows = list[dict[str, Any]]


def run(path: Path, rule: str, name: str, as_of: str = "2018-09-30", **options: Any) -> pd.DataFrame:
    found = checks.run(open_case(None, as_of, path), rules=[rule], **options)
    return found[found.institution_id == name].reset_index(drop=True)


def one(path: Path, rule: str, name: str, **options: Any) -> dict[str, Any]:
    (row,) = run(path, rule, name, **options).to_dict("records")
    return row


def flow(account: str, at: str, yuan: Any = "100", **more: Any) -> dict[str, Any]:
    return {"account_id": account, "at": at, "direction": "in", "amount_yuan": yuan, "counterparty_account": "X"} | more


# 20 contracts of each: one without a rate is 5 %, two are 10 %
FLOWS: dict[str, Rows] = {
    "whole": [
        flow("whole", "2018-01-02T10:00:00", balance_yuan="100"),
        flow("whole", "2018-01-02T10:00:01", balance_yuan="200"),  # the balance moved on: paid twice
        flow("whole", "2018-01-02T10:00:01", balance_yuan="200", counterparty_account="Y", counterparty_name="乙"),
        flow("whole", "2018-01-02T10:00:01", balance_yuan="200", direction="out"),
        flow("whole", "2018-01-02T10:00:03", "100.01", balance_yuan="200"),
        flow("whole", "2018-01-02T10:00:05", bank_ref="1"),
        flow("whole", "2018-01-02T10:00:05", bank_ref="2"),
        flow("whole", "2018-01-02T11:00:00"),  # nothing like it is near
    ],
    "twice": [
        flow("twice", "2018-01-02T10:00:00", balance_yuan="100"),
        flow("twice", "2018-01-02T10:00:01", balance_yuan="100"),
        flow("twice", "2018-01-02T10:00:03", balance_yuan="100"),  # two seconds later: another
        flow("twice", "2018-01-04T00:00:00", "7.50", bank_ref="9", day_only=True),
        flow("twice", "2018-01-04T00:00:00", "7.50", bank_ref="9", day_only=True),
    ],
    "vague": [flow("vague", "2018-01-02T10:00:00"), flow("vague", "2018-01-02T10:00:01"), flow("vague", "2018-02-02T10:00:00")],
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables: dict[str, Rows] = {name: [] for name in ("institutions", "parties", "accounts", "flows", "loans", "repayments")}
    tables |= {"schedules": [], "holdings": [], "flags": []}
    for name in ("whole", "twice", "vague", "bare"):
        tables["institutions"].append({"institution_id": name, "name": name, "party_id": f"C-{name}"})
        tables["parties"].append({"party_id": f"C-{name}", "kind": "company", "name": name, "uscc": f"U-{name}"})
        tables["parties"].append({"party_id": f"B-{name}", "kind": "person", "name": name, "id_number": f"N-{name}"})
        if name == "bare":
            continue
        tables["accounts"].append({"account_id": name, "holder_id": f"C-{name}", "purpose": "own"})
        tables["flows"] += [row | {"flow_id": f"{name}-{n}"} for n, row in enumerate(FLOWS[name])]
        tables["holdings"].append({"holding_id": name, "holder_id": f"B-{name}", "held_id": f"C-{name}", "share": 1.0})
        tables["schedules"].append({"loan_id": f"L-{name}-0", "period": 1, "due_on": "2018-01-01", "principal_yuan": "1"})
        paid = {"paid_on": "2018-01-01", "principal_yuan": "1", "interest_yuan": "0"}  # the amount is the sum of its parts
        tables["repayments"].append({"repayment_id": name, "loan_id": f"L-{name}-0"} | paid)
        for n in range(20):
            lacking = {"whole": 1, "twice": 2, "vague": 0}[name]
            row = {"loan_id": f"L-{name}-{n}", "institution_id": name, "borrower_id": f"B-{name}", "signed_on": "2017-05-01"}
            row |= {"principal_yuan": str(1000 + n), "term_days": 30, "esign_id": f"E-{n}"}
            tables["loans"].append(row | ({} if n < lacking else {"rate": 0.1}))
    twin = {"borrower_id": "B-twice", "principal_yuan": "5000", "signed_on": "2017-06-01", "rate": 0.1, "term_days": 30}
    for name in ("twice", "vague"):
        for n in (1, 2):
            signed = {"esign_id": "E-twin"} if name == "twice" else {}
            tables["loans"].append({"loan_id": f"T-{name}-{n}", "institution_id": name} | twin | signed)
    tables["loans"].append({"loan_id": "T-twice-3", "institution_id": "twice", "esign_id": "E-3"} | twin)
    tables["loans"].append({"loan_id": "L-bare", "institution_id": "bare", "borrower_id": "B-bare", "lender_id": "ghost"})
    flags = [("parties", "B-twice", "id_number", "bad_check_digit"), ("accounts", "twice", "account_id", "digits_lost")]
    flags += [("parties", "C-twice", "uscc", "bad_length"), ("flows", "whole-1", "account_id", "digits_lost")]
    for n, (table, row_id, column, reason) in enumerate(flags):
        flag = {"table_name": table, "row_id": row_id, "column_name": column, "reason": reason, "written": "123"}
        tables["flags"].append({"source_id": "S", "line": n} | flag)
    return write_store(tmp_path_factory.mktemp("rows") / "s.duckdb", tables)


def test_a_column_that_is_empty_in_more_than_five_per_cent_is_a_lead(rows: Path):
    found = run(rows, "DQ-01", "twice").set_index("subject_id")  # 2 of 23 contracts; 3 of 5 lines
    assert found.detail.to_dict() == {
        "loans.rate": "缺失 2 / 23 = 8.70%",
        "flows.balance_yuan": "缺失 2 / 5 = 40.00%",
    }
    assert found.evidence["loans.rate"] == [{"table": "loans", "id": f"L-twice-{n}"} for n in (0, 1)]
    assert found.outcome.unique().tolist() == ["hit"]


def test_five_per_cent_exactly_is_none(rows: Path):
    assert "loans.rate" not in run(rows, "DQ-01", "whole").subject_id.tolist()
    assert "loans.rate" in run(rows, "DQ-01", "whole", DQ_01={"limit_share": 0.0499}).subject_id.tolist()


def test_what_a_case_has_no_rows_of_is_said(rows: Path):
    found = run(rows, "DQ-01", "bare")  # one contract without principal, rate, day and term; nothing else but two parties
    assert sorted(found.subject_id) == ["loans.due_on", "loans.principal_yuan", "loans.rate", "loans.signed_on"]
    assert found[["population", "tested"]].values.tolist() == [[22, 8]] * 4
    assert found.why_not[0] == "缺少数据表: 账户、银行流水、持股、还款、还款计划"


def test_lines_and_contracts_that_stand_twice_are_leads(rows: Path):
    found = run(rows, "DQ-02", "twice").set_index("subject_id")
    assert found.outcome.tolist() == ["hit", "hit"]
    assert found.amount_yuan.to_dict() == {"T-twice-2": Decimal("5000.00"), "twice": Decimal("107.50")}
    assert [i["id"] for i in found.evidence["twice"]] == ["twice-0", "twice-1", "twice-3", "twice-4"]
    assert found.detail["twice"] == "2 行流水重复"
    assert (found.first_on["twice"], found.last_on["twice"]) == (date(2018, 1, 2), date(2018, 1, 4))
    assert [i["id"] for i in found.evidence["T-twice-2"]] == ["T-twice-1", "T-twice-2"]


def test_two_real_payments_are_no_duplicates(rows: Path):
    row = one(rows, "DQ-02", "whole")
    assert (row["outcome"], row["population"], row["tested"]) == ("clear", 28, 28)


def test_a_wider_window_is_a_what_if(rows: Path):
    assert run(rows, "DQ-02", "twice", DQ_02={"within_seconds": 2}).amount_yuan.max() == Decimal("5000.00")
    assert Decimal("207.50") in run(rows, "DQ-02", "twice", DQ_02={"within_seconds": 2}).amount_yuan.tolist()
    assert Decimal("7.50") in run(rows, "DQ-02", "twice", DQ_02={"within_seconds": 0}).amount_yuan.tolist()


def test_like_lines_and_contracts_that_nothing_tells_apart_are_untested(rows: Path):
    row = one(rows, "DQ-02", "vague")
    assert (row["outcome"], row["population"], row["tested"]) == ("not_testable", 25, 21)
    assert row["why_not"].count("2 ") == 2


def test_without_lines_or_contracts_there_is_nothing_clear(rows: Path):
    assert one(rows, "DQ-02", "bare")["why_not"].startswith("没有本案账户的流水")


def test_a_number_that_fails_its_check_is_a_lead_of_its_case_alone(rows: Path):
    found = run(rows, "DQ-03", "twice").set_index("subject_id")
    assert found.detail.to_dict() == {
        "B-twice": "证件号；校验位不符",
        "C-twice": "统一社会信用代码；位数不符",
        "twice": "账号；末位疑被表格软件变为零",
    }
    assert "123" not in " ".join(found.detail)
    assert one(rows, "DQ-03", "whole")["outcome"] == "clear"
    # a contract of vague's has twice's borrower
    assert run(rows, "DQ-03", "vague").subject_id.tolist() == ["B-twice"]


def test_a_party_without_a_number_is_untested(rows: Path):
    row = one(rows, "DQ-03", "bare")
    assert (row["outcome"], row["population"], row["tested"]) == ("not_testable", 3, 2)
    assert row["why_not"] == "1 个主体没有证件号"


# -- DQ-05: statements that do not cover --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    days = {"statement_from": "2018-01-01", "statement_to": "2018-06-30"}
    tables: dict[str, Rows] = {name: [] for name in ("institutions", "accounts", "flows", "loans")}
    # institution → start days of its contracts, and (day, balance) of lines of 100 each
    told: dict[str, tuple[tuple[str | None, ...], tuple[tuple[str, str | None], ...]]] = {
        "whole": (("2018-01-01", "2018-06-30"), (("2018-02-01", "100"), ("2018-05-01", "200"))),
        "outside": (("2017-12-31", "2018-07-01", None), (("2018-02-01", "100"), ("2018-02-02", "200"))),
        "torn": (("2018-02-01",), (("2018-02-01", "100"), ("2018-03-05", "250"))),  # 32 days apart, 50 too much
        "near": (("2018-02-01",), (("2018-02-01", "100"), ("2018-03-04", "250"))),  # 31 days
        "unbalanced": (("2018-02-01",), (("2018-02-01", None), ("2018-03-05", None))),
        "unseen": (("2018-02-01",), (("2018-02-01", "100"), ("2018-02-02", "200"))),
        "silent": (("2018-02-01",), ()),
        "bare": ((), ()),
    }
    for name, (starts, lines) in told.items():
        tables["institutions"].append({"institution_id": name, "name": name})
        account = {"account_id": name, "holder_id": name}
        tables["accounts"] += [account | (days if lines else {})] if name != "bare" else []
        for n, on in enumerate(starts):
            row = {"loan_id": f"{name}-{n}", "institution_id": name, "disbursement_account": name, "started_on": on}
            tables["loans"].append(row)
        for n, (on, balance) in enumerate(lines):
            row = {"flow_id": f"{name}-{n}", "account_id": name, "at": f"{on}T10:00", "direction": "in", "amount_yuan": "100"}
            tables["flows"].append(row | {"balance_yuan": balance, "seq": n})
    tables["loans"].append({"loan_id": "unseen-9", "institution_id": "unseen", "disbursement_account": "GHOST"})
    off = {"institution_id": "whole", "disbursement_account": "GHOST", "status": "已撤销"}
    tables["loans"] += [{"loan_id": "near-9", "institution_id": "near"}, {"loan_id": "whole-9"} | off]
    return write_store(tmp_path_factory.mktemp("covered") / "s.duckdb", tables)


@pytest.mark.parametrize(
    ("name", "outcome", "subject", "said"),
    [
        ("whole", "clear", None, ""),
        ("outside", "hit", "outside", "2 份合同的起息日不在流水期间"),
        ("torn", "hit", "torn", "相隔 32 天, 余额变动而没有流水"),
        ("near", "not_testable", None, "1 份合同没有约定放款账户"),
        ("unbalanced", "not_testable", None, "1 个账户的流水没有可衔接的余额"),
        ("unseen", "hit", "GHOST", "1 份合同指定该账户, 而没有流水"),
        ("silent", "not_testable", None, "账户没有银行流水"),
        ("bare", "not_testable", None, "没有合同指定的账户, 也没有流水"),
    ],
)
def test_statements_cover_the_accounts_of_contracts_and_have_no_hole(
    name: str, outcome: str, subject, said: str, covered: Path
):
    row = one(covered, "DQ-05", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)
    assert row["subject_id"] == subject or subject is None


def test_a_hole_is_shown_by_the_lines_on_both_sides(covered: Path):
    row = one(covered, "DQ-05", "torn")
    assert (row["amount_yuan"], row["first_on"], row["last_on"]) == (Decimal("50.00"), date(2018, 2, 1), date(2018, 3, 5))
    assert [i["id"] for i in row["evidence"]] == ["torn", "torn-0", "torn-1"]
    assert [i["id"] for i in one(covered, "DQ-05", "outside")["evidence"]] == ["outside", "outside-0", "outside-1"]
    assert [i["id"] for i in one(covered, "DQ-05", "unseen")["evidence"]] == ["unseen-9"]
    assert one(covered, "DQ-05", "near", DQ_05={"gap_days": 30})["outcome"] == "hit"


# -- DQ-06 and SH-01: holders that do not add up, chains that end nowhere ----------------------------------------------------


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each institution is held by its own persons and companies, named by its number: (holder, held, share)."""
    chains: dict[str, list[tuple[str, str, float | None]]] = {
        "whole": [("p1", "I", 0.7), ("c1", "I", 0.3), ("p2", "c1", 1.0)],
        "short": [("p1", "I", 0.9995)],  # 0.05 % exactly
        "shorter": [("p1", "I", 0.9994)],
        "over": [("p1", "I", 0.5), ("p2", "I", 0.5006)],
        "above": [("c1", "I", 1.0), ("p1", "c1", 0.9)],
        "listed": [("s1", "I", 1.0), ("p1", "s1", 0.4)],
        "listed_over": [("s1", "I", 1.0), ("p1", "s1", 0.7), ("p2", "s1", 0.7)],
        "missing": [("p1", "I", None), ("p2", "I", 0.4)],
        "missing_over": [("p1", "I", None), ("p2", "I", 0.7), ("p3", "I", 0.7)],
        "nowhere": [("p1", "I", 0.9998), ("c1", "I", 0.0002)],  # 0.02 % end in a company without holders
        "hardly": [("p1", "I", 0.9999), ("c1", "I", 0.0001)],  # 0.01 % exactly
        "far": [("p1", "I", 0.5), ("c1", "I", 0.5), ("p2", "c1", 0.98), ("c2", "c1", 0.02)],
        "unknown": [("p1", "I", 0.5), ("x1", "I", 0.5)],
        "state": [("g1", "I", 1.0)],
        "nobody": [],
    }
    kinds = {"p": "person", "c": "company", "s": "company", "x": None, "g": "state"}
    tables: dict[str, Rows] = {"institutions": [], "parties": [], "holdings": []}
    for name, edges in chains.items():
        tables["institutions"].append({"institution_id": name, "name": name})
        tables["parties"].append({"party_id": name, "kind": "company", "name": name})
        for one_of in sorted({end for edge in edges for end in edge[:2]} - {"I"}):
            row = {"party_id": f"{name}-{one_of}", "name": one_of, "kind": kinds[one_of[0]], "listed": one_of[0] == "s"}
            tables["parties"].append(row)
        for n, (holder, below, share) in enumerate(edges):
            ends = {"holder_id": f"{name}-{holder}", "held_id": name if below == "I" else f"{name}-{below}"}
            tables["holdings"].append({"holding_id": f"{name}{n}", "share": share, "valid_from": f"2016-0{n + 1}-01"} | ends)
    old = {"holder_id": "whole-p1", "held_id": "whole", "share": 0.5, "valid_to": "2016-01-01"}  # sold long since
    tables["holdings"].append({"holding_id": "old"} | old)
    return write_store(tmp_path_factory.mktemp("held") / "s.duckdb", tables)


@pytest.mark.parametrize(
    ("name", "outcome", "subject", "said"),
    [
        ("whole", "clear", None, ""),
        ("short", "clear", None, ""),
        ("shorter", "hit", "shorter", "合计 99.9400%"),
        ("over", "hit", "over", "合计 100.0600%"),
        ("above", "hit", "above-c1", "合计 90.0000%"),
        ("listed", "clear", None, ""),
        ("listed_over", "hit", "listed_over-s1", "合计 140.0000%"),
        ("missing", "not_testable", None, "1 个主体的持股比例缺失或矛盾"),
        ("missing_over", "hit", "missing_over", "合计 140.0000%"),
        ("nobody", "not_testable", None, "没有基准日的股东记录"),
    ],
)
def test_shares_add_up_on_every_layer(name: str, outcome: str, subject: str | None, said: str, held: Path):
    row = one(held, "DQ-06", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)
    assert row["subject_id"] == subject or subject is None


def test_what_adds_up_wrongly_is_shown_by_its_holdings(held: Path):
    row = one(held, "DQ-06", "over")
    assert (row["evidence"], row["first_on"]) == ([{"table": "holdings", "id": f"over{n}"} for n in (0, 1)], date(2016, 2, 1))
    assert one(held, "DQ-06", "whole")["population"] == 2
    assert one(held, "DQ-06", "whole", as_of="2015-12-31")["detail"] == "合计 50.0000%"  # what the old record says
    assert one(held, "DQ-06", "short", DQ_06={"tol_share": 0.0004})["outcome"] == "hit"


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("whole", "clear", ""),
        ("nowhere", "hit", "未穿透 0.0200%；止于: nowhere-c1"),
        ("hardly", "clear", ""),
        ("far", "hit", "未穿透 1.0000%；止于: far-c2"),
        ("short", "hit", "未穿透 0.0500%；止于: short"),
        ("listed", "clear", ""),
        ("state", "clear", ""),
        ("missing", "not_testable", "有持股没有比例, 可能改变结果"),
        ("unknown", "not_testable", "上层有主体类型未知, 不知是否已穿透到底"),
        ("nobody", "not_testable", "没有基准日的股东记录"),
    ],
)
def test_chains_end_in_persons_the_state_or_listed_companies(name: str, outcome: str, said: str, held: Path):
    row = one(held, "SH-01", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_a_dead_end_is_shown_by_the_holdings_on_the_way(held: Path):
    row = one(held, "SH-01", "far")
    assert [i["id"] for i in row["evidence"]] == ["far", "far1", "far3"]
    assert (row["subject_id"], row["first_on"]) == ("far", date(2016, 4, 1))
    assert one(held, "SH-01", "hardly", SH_01={"untraced_share": 0.00009})["outcome"] == "hit"
