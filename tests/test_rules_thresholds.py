"""GR-02: lenders paid on time whatever borrowers do; PT-04 and ST-01: large payments, and those just below."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_store
from tests.rule_districts import District, one

DUE = "2018-03-10"


def record(paid_on: str | None, lender_on: str | None, principal: str | None = "100", **more: Any) -> dict[str, Any]:
    return {"paid_on": paid_on, "lender_paid_on": lender_on, "principal_yuan": principal, "interest_yuan": "1"} | more


ON_TIME, AHEAD, LATE = record(DUE, DUE), record("2018-03-11", DUE), record("2018-03-11", "2018-03-11")
# institution → records of instalments of 100 that were due on DUE; None: no record
DUES: dict[str, list[dict[str, Any] | None]] = {
    "ahead": [AHEAD] + [ON_TIME] * 9,  # borrowers 90 %, lenders all
    "better": [AHEAD] + [ON_TIME] * 10,  # borrowers 10 of 11
    "lenders_line": [LATE] + [AHEAD] * 199,  # lenders 199 of 200: 99.5 % exactly
    "lenders_late": [LATE] + [AHEAD] * 198,
    "unrecorded": [None] + [AHEAD] * 9,  # whether one lender was paid decides
    "unrecorded_late": [None, LATE, ON_TIME],
    "no_day": [record("2018-03-11", None)] + [AHEAD] * 9,
    "part": [record(DUE, DUE, "99.99")] + [ON_TIME] * 9,  # a fen short: the borrower is late, and nothing was paid ahead
    "vague": [record(DUE, DUE, None)] + [AHEAD] * 9,
    "unsure_line": [LATE, None, *[AHEAD] * 198],  # 199 of 200 lenders may have been paid on time
    "unsure_borrowers": [record("2018-03-11", None), *[ON_TIME] * 9],  # 90 % of the borrowers
    "old": [],
}


@pytest.fixture(scope="module")
def due(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = District()
    made.tables["schedules"] = []
    for name, records in DUES.items():
        made.found(name)
        made.loan(name, f"L-{name}", "A", "1000", "2017-01-01")
        for period, row in enumerate(records, start=1):
            made.add("schedules", loan_id=f"L-{name}", period=period, due_on=DUE, principal_yuan="100")
            if row:
                made.add("repayments", repayment_id=f"{name}-{period:03d}", loan_id=f"L-{name}", period=period, **row)
        made.add("schedules", loan_id=f"L-{name}", period=900, due_on="2016-08-23", principal_yuan="100")  # before the measures
        made.add("schedules", loan_id=f"L-{name}", period=901, due_on="2019-02-01", principal_yuan="100")  # not due yet
    return write_store(tmp_path_factory.mktemp("due") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("ahead", "hit", "出借人按期 100.00%；借款人按期 90.00%；到期 10 期"),
        ("better", "clear", ""),
        ("lenders_line", "hit", "出借人按期 99.50%；借款人按期 0.00%；到期 200 期"),
        ("lenders_late", "clear", ""),
        ("unrecorded", "not_testable", "1 期的出借人到账日未知"),
        ("unrecorded_late", "clear", ""),
        ("no_day", "not_testable", "1 期的出借人到账日未知"),
        ("unsure_line", "not_testable", "1 期的出借人到账日未知"),
        ("unsure_borrowers", "not_testable", "1 期的出借人到账日未知"),
        ("part", "hit", "出借人按期 100.00%；借款人按期 90.00%；到期 10 期"),
        ("vague", "not_testable", "1 期缺应还本金、还款日或归还本金"),
        ("old", "not_testable", "没有依据施行后到期的还款计划"),
    ],
)
def test_lenders_on_time_while_borrowers_are_late_are_a_lead(name: str, outcome: str, said: str, due: Path):
    row = one(due, "GR-02", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_what_lenders_got_ahead_is_the_amount(due: Path):
    row = one(due, "GR-02", "lenders_line")
    assert (row["subject_id"], row["amount_yuan"]) == ("lenders_line", Decimal("20099.00"))  # 199 of 101
    assert len(row["evidence"]) == 199
    assert one(due, "GR-02", "ahead")["evidence"] == [{"table": "repayments", "id": "ahead-001"}]


def line(yuan: str, on: str = "2018-03-01", **more: Any) -> dict[str, Any]:
    return {"amount_yuan": yuan, "at": f"{on}T10:00", "direction": "out"} | more


CASH = {"channel": "柜面现金"}
# institution → kind of the holder of its one account, and the lines on it
LINES: dict[str, tuple[str | None, list[dict[str, Any]]]] = {
    "person": ("person", [line("250000"), line("250000")]),
    "person_below": ("person", [line("499999.99"), line("400000", "2018-03-02"), line("499999", direction="in")]),
    "company": ("company", [line("2000000")]),
    "company_below": ("company", [line("1999999.99")]),
    "cash": ("person", [line("50000", **CASH)]),
    "cash_below": ("person", [line("49999.99", **CASH), line("499999.99")]),
    "unknown": (None, [line("500000")]),
    "unknown_large": (None, [line("2000000")]),
    "unknown_small": (None, [line("499999.99")]),
    "custody": ("company", [line("9000000")]),
    "early": ("person", [line("9000000", "2017-06-30")]),
    "blank": ("person", [line("1"), line("9000000", direction=None)]),
    # ST-01: from 400,000 to below 500,000, three of them in five days
    "below": ("person", [line("400000", f"2018-03-0{n}") for n in (1, 3, 5)]),
    "below_six": ("person", [line("400000", f"2018-03-0{n}") for n in (1, 3, 6)]),
    "below_two": ("person", [line("499999.99", f"2018-03-0{n}") for n in (1, 2)]),
    "below_band": ("person", [line("399999.99", f"2018-03-0{n}") for n in (1, 2, 3)]),
    "at_line": ("person", [line("500000", f"2018-03-0{n}") for n in (1, 2, 3)]),
    "both_ways": ("person", [line("400000"), line("400000", direction="in"), line("400000", "2018-03-02")]),
    "corp": ("company", [line("1600000", f"2018-03-0{n}") for n in (1, 2, 3)]),
    "corp_as_person": ("company", [line("450000", f"2018-03-0{n}") for n in (1, 2, 3)]),
    "unknown_near": (None, [line("450000", f"2018-03-0{n}") for n in (1, 2, 3)]),
    "new_cash": ("person", [line("40000", f"2017-07-0{n}", **CASH) for n in (1, 2, 3)]),
    "old_cash": ("person", [line("160000", f"2017-06-{n}", **CASH) for n in (28, 29, 30)]),
    "old_new_cash": ("person", [line("40000", on, **CASH) for on in ("2017-06-29", "2017-06-30", "2017-07-01")]),
    "silent": ("person", []),
}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = District()
    made.tables["flows"] = []
    for name, (kind, rows) in LINES.items():
        made.found(name)
        made.account(f"B-{name}", f"B-{name}", bank="甲银行", purpose="custody_total" if name == "custody" else "personal")
        made.add("parties", party_id=f"B-{name}", kind=kind, name=name)
        made.loan(name, f"L-{name}", "A", "1000", "2018-01-01")
        made.tables["loans"][-1]["borrower_id"] = f"B-{name}"
        for n, row in enumerate(rows):
            made.add("flows", flow_id=f"{name}-{n}", account_id=f"B-{name}", **row)
    return write_store(tmp_path_factory.mktemp("lines") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "outcome", "amount", "why_not"),
    [
        ("person", "hit", "500000.00", ""),
        ("person_below", "clear", None, ""),
        ("company", "hit", "2000000.00", ""),
        ("company_below", "clear", None, ""),
        ("cash", "hit", "50000.00", ""),
        ("cash_below", "clear", None, ""),
        ("unknown", "not_testable", None, "1 个户主的主体类型未知, 金额介于两条标准之间"),
        ("unknown_large", "hit", "2000000.00", ""),
        ("unknown_small", "clear", None, ""),
        ("custody", "not_testable", None, "没有本案账户的流水"),
        ("early", "not_testable", None, "没有本案账户的流水"),
        ("blank", "not_testable", None, "1 行流水缺时间、方向或金额"),
        ("silent", "not_testable", None, "没有本案账户的流水"),
    ],
)
def test_what_is_large_by_holder_and_day_is_listed(name: str, outcome: str, amount: str | None, why_not: str, lines: Path):
    row = one(lines, "PT-04", name)
    assert (row["outcome"], row["why_not"]) == (outcome, why_not)
    assert amount is None or (row["subject_id"], row["amount_yuan"]) == (f"B-{name}", Decimal(amount))


def test_the_list_names_the_lines_and_the_largest_day(lines: Path):
    row = one(lines, "PT-04", "person")
    assert [i["id"] for i in row["evidence"]] == ["person-0", "person-1"]
    assert (row["first_on"], row["detail"]) == (date(2018, 3, 1), "1 个大额日 (按方向和方式分计)；最大一日 2018-03-01")
    assert one(lines, "PT-04", "at_line")["detail"].startswith("3 个大额日")


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("below", "hit", "3 笔略低于大额标准；自然人转账, 标准 500,000.00 元"),
        ("below_six", "clear", ""),
        ("below_two", "clear", ""),
        ("below_band", "clear", ""),
        ("at_line", "clear", ""),
        ("both_ways", "clear", ""),
        ("corp", "hit", "3 笔略低于大额标准；非自然人转账, 标准 2,000,000.00 元"),
        ("corp_as_person", "clear", ""),
        ("unknown_near", "not_testable", "1 个户主的主体类型未知, 金额介于两条标准之间"),
        ("new_cash", "hit", "3 笔略低于大额标准；现金, 标准 50,000.00 元"),
        ("old_cash", "hit", "3 笔略低于大额标准；现金, 标准 200,000.00 元"),
        ("old_new_cash", "clear", ""),
        ("blank", "not_testable", "1 行流水缺时间、方向或金额"),
        ("silent", "not_testable", "没有本案账户的流水"),
    ],
)
def test_three_payments_just_below_the_line_in_five_days_are_a_lead(name: str, outcome: str, said: str, lines: Path):
    row = one(lines, "ST-01", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_payments_just_below_add_up_and_are_shown(lines: Path):
    row = one(lines, "ST-01", "below")
    assert (row["amount_yuan"], row["first_on"], row["last_on"]) == (Decimal("1200000.00"), date(2018, 3, 1), date(2018, 3, 5))
    assert [i["id"] for i in row["evidence"]] == ["below-0", "below-1", "below-2"]
    assert one(lines, "ST-01", "below_six", ST_01={"window_days": 6})["outcome"] == "hit"
    assert one(lines, "ST-01", "below_two", ST_01={"min_count": 2})["outcome"] == "hit"
