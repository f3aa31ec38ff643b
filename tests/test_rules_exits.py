"""EX-01 to EX-07: platforms that leave the business. Every institution of one Store is a case of its own."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib import checks, open_case
from lib.findings.rules import all_rules
from tests.conftest import write_store
from tests.rule_districts import START, District, one, run

Rows = list[dict[str, Any]]
REQUIRED = all_rules()["EX-03"].params["required"].split(";")
SHORT = ("借款人清单", "审计报告或三年报表")  # what the plan of "approved" has, the second by one of its two names


# -- EX-01, EX-02, EX-03: the plan and the end -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = District()
    plans: dict[str, dict[str, Any]] = {
        "on_time": {"submitted_on": "2018-09-30", "sections": ";".join(REQUIRED)},
        "late": {"submitted_on": "2018-10-01", "sections": "；".join(REQUIRED[1:])},
        "draft": {"submitted_on": None, "sections": None},
        "approved": {"submitted_on": None, "approved_on": "2018-09-30", "sections": "三年报表、借款人清单"},
        "approved_late": {"submitted_on": None, "approved_on": "2018-10-01", "sections": " ; "},
    }
    for name, plan in plans.items():
        made.found(name)
        made.plan(name, **plan)
    made.plan(
        "late", submitted_on="2018-12-01", plan_version="2", sections=";".join(f"附件{s}" for s in REQUIRED if s != "工作组")
    )
    made.found("none")
    made.found("rectify", disposal_class="rectify")
    made.found("micro", business_types="网络小额贷款")
    made.found("payment", business_types="第三方支付")
    made.found("unclassed", disposal_class=None)
    made.found("untyped", business_types=None)
    # what is owed: on_time all repaid, late a fen, draft unknown, approved without records
    for name, paid in (("on_time", "100000.00"), ("late", "99999.99"), ("draft", None)):
        made.loan(name, f"L-{name}", "A", "100000.00", "2017-05-01")
        row = {"repayment_id": name, "loan_id": f"L-{name}", "paid_on": "2018-12-31", "principal_yuan": paid}
        made.add("repayments", **row | ({"amount_yuan": "50000.00"} if paid is None else {}))
    made.loan("approved", "L-approved", "A", "100000.00", "2017-05-01")
    made.loan("on_time", "L-off", "A", "5000", "2017-05-01", status="已流标")  # never paid out: nobody is owed anything
    looks: Rows = [
        {"institution_id": "on_time", "site_checked_on": "2019-01-10", "site_alive": False},
        {"institution_id": "late", "site_checked_on": "2018-12-31", "site_alive": True},  # not after the deadline
        {"institution_id": "C-draft", "site_checked_on": "2019-01-01", "site_alive": True},
        {"institution_id": "approved", "site_checked_on": "2019-01-01", "site_alive": True},
        {"institution_id": "approved", "kind": "site_notice", "valid_from": "2019-01-01", "valid_to": "2019-01-02"},
        {"institution_id": "none", "site_checked_on": "2019-01-01", "site_alive": True},
        {"institution_id": "none", "kind": "site_notice", "valid_to": "2019-01-01"},
    ]
    for n, look in enumerate(looks):
        made.add("licences", **{"licence_id": f"W{n}", "kind": "icp"} | look)
    return write_store(tmp_path_factory.mktemp("leaving") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("on_time", "clear", ""),
        ("late", "hit", "2018-10-01 提交"),
        ("draft", "hit", "退出方案没有提交日期"),
        ("approved", "clear", ""),
        ("approved_late", "not_testable", "退出方案已批准而没有提交日期"),
        ("none", "hit", "没有退出方案"),
        ("micro", "hit", "没有退出方案"),
        ("rectify", "not_testable", "属整改类, 不须退出, 不适用"),
        ("payment", "not_testable", "不是 P2P 或网络小额贷款平台, 不适用"),
        ("unclassed", "not_testable", "没有处置类别, 不知是否须退出"),
        ("untyped", "not_testable", "没有业务类型"),
    ],
)
def test_a_plan_is_due_by_the_end_of_september(name: str, outcome: str, said: str, leaving: Path):
    row = one(leaving, "EX-01", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_a_late_plan_is_a_lead_for_the_days_without_one(leaving: Path):
    row = one(leaving, "EX-01", "late")
    assert (row["first_on"], row["last_on"]) == (date(2018, 10, 1), date(2018, 10, 1))
    assert [i["id"] for i in row["evidence"]] == ["late", "late|1", "late|2"]
    assert checks.evidence(open_case(None, "2019-01-31", leaving), row).id.tolist() == ["late", "late|1", "late|2"]


@pytest.mark.parametrize(("as_of", "outcome"), [("2018-09-30", "not_testable"), ("2018-10-01", "hit")])
def test_before_the_end_of_september_no_plan_is_late(as_of: str, outcome: str, leaving: Path):
    assert one(leaving, "EX-01", "none", as_of)["outcome"] == outcome
    assert one(leaving, "EX-01", "on_time", "2018-09-30")["outcome"] == "clear"


def test_without_a_table_of_plans_no_plan_is_missing(tmp_path: Path):
    made = District()
    made.found("I")
    path = write_store(tmp_path / "s.duckdb", made.tables)
    assert run(path, "EX-01").outcome.tolist() == ["not_testable"]
    assert "退出方案" in run(path, "EX-01").why_not[0]


@pytest.mark.parametrize(
    ("name", "outcome", "amount", "tested", "said"),
    [
        ("on_time", "clear", None, 2, ""),
        ("late", "hit", "0.01", 1, "1 份合同尚有待还本金"),
        # of 50,000 repaid an unknown part was principal: at least 50,000 are owed
        ("draft", "hit", "50000.00", 2, "2019-01-01 核查时网站可访问；1 份合同尚有待还本金"),
        ("approved", "not_testable", None, 1, "待还本金无法确定"),
        ("none", "hit", None, 1, "2019-01-01 核查时网站可访问"),
        ("micro", "not_testable", None, 0, "没有本平台的借款合同；期限之后没有网站核查记录"),
        ("rectify", "not_testable", None, 0, "属整改类, 不须退出, 不适用"),
        ("payment", "not_testable", None, 0, "不是 P2P 或网络小额贷款平台, 不适用"),
        ("unclassed", "not_testable", None, 0, "没有处置类别, 不知是否须退出"),
        ("untyped", "not_testable", None, 0, "没有业务类型"),
    ],
)
def test_the_exit_is_due_by_the_end_of_the_year(name: str, outcome: str, amount, tested: int, said: str, leaving: Path):
    row = one(leaving, "EX-02", name)
    assert (row["outcome"], row["tested"], row["detail"] or row["why_not"]) == (outcome, tested, said)
    assert pd.isna(row["amount_yuan"]) if amount is None else row["amount_yuan"] == Decimal(amount)


def test_a_consent_excuses_the_site_on_its_days_alone(leaving: Path):
    assert one(leaving, "EX-02", "approved")["note"] == "网站经书面同意保留"
    assert [i["id"] for i in one(leaving, "EX-02", "none")["evidence"]] == ["W5"]


@pytest.mark.parametrize(("as_of", "outcome"), [("2018-12-31", "not_testable"), ("2019-01-01", "hit")])
def test_until_the_end_of_the_year_nobody_is_late(as_of: str, outcome: str, leaving: Path):
    assert one(leaving, "EX-02", "late", as_of)["outcome"] == outcome


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("on_time", "clear", ""),
        ("late", "hit", "方案版本 2；缺少: 工作组"),
        (
            "approved",
            "hit",
            f"方案版本 1；缺少: {'、'.join(s for s in REQUIRED if s not in ('借款人清单', '审计报告或三年报表'))}",
        ),
        ("draft", "not_testable", "退出方案没有载明已有章节"),
        ("approved_late", "not_testable", "退出方案没有载明已有章节"),
        ("none", "not_testable", "没有退出方案"),
    ],
)
def test_the_latest_plan_must_have_every_section(name: str, outcome: str, said: str, leaving: Path):
    row = one(leaving, "EX-03", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_a_version_submitted_after_the_day_asked_is_not_seen(leaving: Path):
    assert one(leaving, "EX-03", "late", "2018-11-30")["detail"] == f"方案版本 1；缺少: {REQUIRED[0]}"
    assert one(leaving, "EX-03", "late", "2018-12-01", EX_03={"required": "审计报告或还款计划"})["outcome"] == "clear"


# -- EX-04, EX-06: what lenders got ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paying(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each plan gives 10,000 to each of two lenders by the end of October and of November; each had lent 40,000."""
    made = District()
    paid: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
        "full": (("10000", "10000"), ("10000", "10000")),
        "line": (("9500", "9500"), ("9500", "9500")),  # 95 % exactly
        "short": (("9500", "9499.99"), ("9500", "9500")),
        "made_up": (("9500", "9499.99"), ("10000", "10000")),  # behind on the first day alone
        "unequal": (("10000", "9000"), ("10000", "9000")),  # CV = (1 - 0.9) / (1 + 0.9) = 0.0526
        "even": (("10000", "9048"), ("10000", "9048")),  # CV = 952 / 19048 = 0.04998
        "uncovered": (("9000", "9000"), ("9000", "9000")),
        "reported": (("9000", "9000"), ("9000", "9000")),
        "reported_line": (("9000", "9000"), ("9000", "9000")),  # said to be 95 % exactly, and no statement tells
        "startless": (("10000", "10000"), ("10000", "10000")),
        "tiers": (("10000", "5000"), ("10000", "5000")),
        "bought": (("10000", "10000"), ("10000", "10000")),
        "unplanned": (("10000", "10000"), ("10000", "10000")),
    }
    for name, months in paid.items():
        made.found(name, covered=name not in ("uncovered", "reported", "reported_line"))
        made.plan(name, starts_on=None if name == "startless" else START)
        for n, (due, amounts) in enumerate(zip(("2018-10-31", "2018-11-30"), months, strict=True), start=1):
            reported = {"reported": "18999.99", "reported_line": "19000"}.get(name, "20000")
            more = {"tier": f"第{n}层" if name == "tiers" else "全部"}
            made.step(name, n, due, None if name == "unplanned" and n == 2 else "20000", reported, **more)
            for lender, yuan in zip("ab", amounts, strict=True):
                made.pay(f"K-{name}", f"K-{name}-{lender}", f"{due}T23:59", yuan)
        for lender in "ab":
            made.account(f"K-{name}-{lender}", f"{name}-{lender}")
            made.loan(name, f"L-{name}-{lender}", f"{name}-{lender}", "40000", "2017-05-01")
            made.pay(f"K-{name}", f"K-{name}-{lender}", "2018-10-07T23:00", "4000")  # before the exit: interest
    sold = {"from_lender_id": "bought-a", "to_lender_id": "bought-c", "assigned_on": "2018-01-05"}  # nobody knows for how much
    made.add("assignments", assignment_id="1", loan_id="L-bought-a", **sold)
    # somebody whose account nobody knows got the rest; and a third lender who had long been paid out
    made.found("unknown_payee")
    made.plan("unknown_payee")
    made.step("unknown_payee", 1, "2018-10-31", "20000", "20000")
    made.pay("K-unknown_payee", None, "2018-10-31T10:00", "20000")
    made.loan("unknown_payee", "L-unknown", "nobody", "40000", "2017-05-01")
    made.found("lenders_unknown")  # somebody who stands in no contract got it all
    made.plan("lenders_unknown")
    made.step("lenders_unknown", 1, "2018-10-31", "20000", "20000")
    made.account("K-somebody", "somebody")
    made.pay("K-lenders_unknown", "K-somebody", "2018-10-31T10:00", "20000")
    made.found("early")
    made.plan("early")
    made.step("early", 1, "2019-02-01", "20000", "0")
    made.loan("unequal", "L-unequal-d", "unequal-d", "1000", "2017-05-01")
    made.account("K-unequal-d", "unequal-d")
    made.pay("K-unequal", "K-unequal-d", "2017-09-01T10:00", "1000")
    made.loan("unequal", "L-unequal-e", "unequal-e", "1000", START)  # lent in the exit: no claim that the plan knows
    made.pay("K-unequal", "K-unequal-f", "2018-11-01T10:00", "1000")
    made.account("K-unequal-f", "stranger")  # no lender
    return write_store(tmp_path_factory.mktemp("paying") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "outcome", "amount", "tested"),
    [
        ("full", "clear", None, 2),
        ("line", "clear", None, 2),
        ("short", "hit", "2000.01", 2),  # 40,000 planned, 37,999.99 paid
        ("made_up", "hit", "1000.01", 2),
        # covered up to the 29th of November: the first due day alone, on which 18,000 is below 19,000
        ("uncovered", "hit", "2000.00", 1),
        ("reported", "hit", "2000.02", 2),
        ("reported_line", "hit", "2000.00", 1),  # by the statements of October; November is not covered
        ("startless", "not_testable", None, 0),
        ("unplanned", "not_testable", None, 1),
        ("unknown_payee", "not_testable", None, 0),
        ("lenders_unknown", "not_testable", None, 0),
        ("early", "not_testable", None, 0),
    ],
)
def test_lenders_get_what_was_planned(name: str, outcome: str, amount: str | None, tested: int, paying: Path):
    row = one(paying, "EX-04", name)
    assert (row["outcome"], row["tested"]) == (outcome, tested)
    assert amount is None or row["amount_yuan"] == Decimal(amount)


def test_a_plan_behind_says_by_when_and_what_was_reported(paying: Path):
    row = one(paying, "EX-04", "made_up")
    assert (row["first_on"], row["last_on"]) == (date(2018, 10, 31), date(2018, 10, 31))
    assert "其时累计计划 20,000.00 元；上报兑付 20,000.00 元" in row["detail"]
    assert [i["id"] for i in row["evidence"]] == ["made_up|1|1", "made_up|1|2"]
    assert "以机构上报金额认定" in one(paying, "EX-04", "reported")["detail"]
    assert one(paying, "EX-04", "made_up", "2018-10-31")["population"] == 1
    assert one(paying, "EX-04", "made_up", "2018-10-30")["why_not"] == "没有已到期的退出步骤"
    # from 10-08: 53 days for 37,999.99 of 40,000 makes 56 days
    assert "2018-12-03" in one(paying, "EX-04", "short")["detail"]


@pytest.mark.parametrize(
    ("name", "outcome", "tested", "said"),
    [
        ("full", "clear", 2, ""),
        ("even", "clear", 2, ""),
        ("unequal", "hit", 3, "比较 2 名出借人；变异系数 0.0526；最低兑付 50.00%；最高兑付 55.56%"),
        ("tiers", "not_testable", 0, "方案有多个兑付层级, 出借人所属层级没有数据"),
        ("startless", "not_testable", 0, "退出方案没有开始日期"),
        ("uncovered", "not_testable", 0, "2 名出借人: 机构账户的流水未覆盖其出借以来的全部期间"),
        ("unknown_payee", "not_testable", 0, "1 名出借人没有已知账户"),
        ("bought", "not_testable", 1, "1 名出借人的合同缺本金或日期；1 名出借人有债权转让, 净本金无法确定"),
        ("early", "not_testable", 0, "没有已到期的退出步骤"),
    ],
)
def test_lenders_of_one_tier_are_paid_alike(name: str, outcome: str, tested: int, said: str, paying: Path):
    row = one(paying, "EX-06", name)
    assert (row["outcome"], row["tested"], row["detail"] or row["why_not"]) == (outcome, tested, said)


def test_who_got_less_is_named_by_contract_with_what_is_lacking(paying: Path):
    row = one(paying, "EX-06", "unequal")
    # 38,000 on 72,000: 19,000 each, of which one lacks 1,000
    assert (row["amount_yuan"], row["first_on"]) == (Decimal("1000.00"), date(2018, 10, 8))
    assert row["evidence"] == [{"table": "loans", "id": "L-unequal-b"}]
    assert one(paying, "EX-06", "even", EX_06={"spread_share": 0.0499})["outcome"] == "hit"


# -- EX-05, EX-07: what goes on beside ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = District()
    signed: dict[str, str | None] = {"before": "2018-10-07", "on": START, "undated": None, "future": "2019-02-01"}
    for name, on in signed.items():
        made.found(name)
        made.plan(name)
        made.loan(name, f"L-{name}", "A", "5000", on)
    made.found("revised")  # a first plan from October on, a later one from December on
    made.plan("revised")
    made.plan("revised", "2018-10-20", "2018-12-01", plan_version="2")
    for on in ("2018-10-19", "2018-10-20", "2018-11-30", "2018-12-01"):
        made.loan("revised", f"R-{on}", "A", "5000", on)
    made.found("approved")
    made.plan("approved", None, approved_on="2018-10-01")
    made.loan("approved", "L-approved", "A", "5000", "2018-11-01", purpose="存量债务重组, 经批复同意")
    made.loan("approved", "L-not", "A", "5000", "2018-11-01", status="重组")
    made.loan("approved", "L-neither", "A", "5000", "2018-11-01", purpose="经营周转, 经批准")
    made.found("startless")
    made.plan("startless", starts_on=None)
    made.loan("startless", "L-startless", "A", "5000", "2018-11-01")
    made.found("no_plan")
    made.loan("no_plan", "L-no_plan", "A", "5000", "2018-11-01")
    made.found("contractless")
    made.plan("contractless")
    made.add("projects", project_id="B-contractless", institution_id="contractless", listed_at="2018-01-01T09:00")
    made.found("listed")
    made.plan("listed")
    made.loan("listed", "L-listed", "A", "5000", None, project_id="B-listed")
    made.add("projects", project_id="B-listed", institution_id="listed", listed_at=f"{START}T00:00", amount_yuan="9000")
    made.add("projects", project_id="B-alone", institution_id="listed", listed_at="2018-10-08T09:00", amount_yuan="8000")
    made.add("projects", project_id="B-before", institution_id="listed", listed_at="2018-10-07T23:59", amount_yuan="7000")
    # EX-07: payments of the own account
    for name in ("paid", "little", "wages", "stranger", "unheld", "hidden", "uncovered"):
        made.found(name, held=name != "unheld", covered=name != "uncovered")
        made.plan(name)
        made.account(f"K-H-{name}", f"H-{name}")
    made.pay("K-paid", "K-H-paid", "2018-10-08T00:00", "4000")
    made.pay("K-paid", "K-H-paid", "2018-11-01T10:00", "6000")
    made.pay("K-paid", "K-H-paid", "2018-10-07T23:00", "50000")  # before the exit
    made.pay("K-little", "K-H-little", "2018-11-01T10:00", "9999.99")
    made.pay("K-wages", "K-H-wages", "2018-11-01T10:00", "18000", memo="代发工资")
    made.account("K-X", "X")
    made.pay("K-stranger", "K-X", "2018-11-01T10:00", "90000")
    made.pay("K-stranger", "K-H-stranger", "2018-11-01T10:00", "90000", loan_id="L-stranger")  # a lender's payout
    made.loan("stranger", "L-stranger", "H-stranger", "90000", "2017-01-01")
    made.pay("K-hidden", None, "2018-11-01T10:00", "10000")
    made.pay("K-little", None, "2018-11-01T10:00", "9999.99")
    return write_store(tmp_path_factory.mktemp("beside") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "subjects", "said"),
    [
        ("before", ["clear"], ""),
        ("on", ["L-on"], ""),
        ("revised", ["R-2018-10-19", "R-2018-12-01"], ""),
        ("approved", ["L-neither", "L-not"], ""),
        ("listed", ["B-alone", "L-listed"], ""),
        ("undated", ["not_testable"], "1 项标的或合同没有日期"),
        ("startless", ["not_testable"], "退出方案没有开始日期"),
        ("no_plan", ["not_testable"], "没有退出方案"),
        ("contractless", ["not_testable"], "没有本平台的借款合同"),
        ("future", ["clear"], ""),
    ],
)
def test_what_is_signed_or_listed_in_the_exit_is_a_lead(name: str, subjects: list[str], said: str, beside: Path):
    found = run(beside, "EX-05")
    rows = found[found.institution_id == name]
    assert sorted(rows.subject_id.fillna(rows.outcome)) == subjects
    assert rows.why_not.unique().tolist() == [said]


def test_new_business_is_shown_with_its_listing_and_the_plan(beside: Path):
    found = run(beside, "EX-05").set_index("subject_id")
    assert [i["id"] for i in found.evidence["L-listed"]] == ["L-listed", "B-listed", "listed|1"]
    assert [i["id"] for i in found.evidence["R-2018-12-01"]] == ["R-2018-12-01", "revised|2"]
    assert (found.amount_yuan["B-alone"], found.first_on["L-listed"]) == (Decimal("8000.00"), date(2018, 10, 8))
    assert found.note["L-not"] == "1 项写明为经批准的存量债务重组, 请核对批复"


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("paid", "hit", "2 笔付款"),
        ("little", "clear", ""),
        ("wages", "clear", "付给关联人的 1 笔工资社保未计入"),
        ("stranger", "clear", ""),
        ("unheld", "not_testable", "没有股东记录, 关联方不全"),
        ("hidden", "not_testable", "有付款的收款人不明, 可能改变结果"),
        ("uncovered", "not_testable", "1 个账户的流水未覆盖所需期间"),
        ("startless", "not_testable", "退出方案没有开始日期"),
        ("no_plan", "not_testable", "没有退出方案"),
    ],
)
def test_money_to_related_parties_in_the_exit_is_a_lead(name: str, outcome: str, said: str, beside: Path):
    row = one(beside, "EX-07", name)
    assert (row["outcome"], row["detail"] or row["why_not"] or row["note"]) == (outcome, said)


def test_payments_to_one_party_add_up(beside: Path):
    row = one(beside, "EX-07", "paid")
    assert (row["subject_id"], row["amount_yuan"]) == ("H-paid", Decimal("10000.00"))
    assert (row["first_on"], row["last_on"]) == (date(2018, 10, 8), date(2018, 11, 1))
    assert [i["table"] for i in row["evidence"]] == ["transfers", "transfers", "exit_plans"]
    assert one(beside, "EX-07", "paid", "2018-10-07")["why_not"] == "基准日尚未开始退出"
