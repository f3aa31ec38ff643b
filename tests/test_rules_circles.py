"""CF-02: money that goes round in a circle. Each ring begins at a borrower's account of one platform."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, said, subjects

COVERED = {"statement_from": "2016-01-01", "statement_to": "2018-12-31"}
Step = tuple[str, str, float, str]  # payer, payee, yuan, when


def ring(name: str, *steps: Step, institution: str = "P", **more: Any) -> Tables:
    """Return a borrower B of the institution with an account, others X, Y, …, and transfers among them."""
    accounts = sorted({a for step in steps for a in step[:2]} | {"B"})
    return {
        "accounts": [{"account_id": f"{a}-{name}", "holder_id": f"{a}-{name}", **COVERED} for a in accounts],
        "loans": [{"loan_id": f"K-{name}", "institution_id": institution, "borrower_id": f"B-{name}"}],
        "transfers": [
            {"transfer_id": f"T{n}-{name}", "payer_account": f"{a}-{name}", "payee_account": f"{b}-{name}", "at": at}
            | {"amount_yuan": Decimal(str(yuan)), "flow_ids": [], "kind": "transfer", **more}
            for n, (a, b, yuan, at) in enumerate(steps)
        ],
    }


def pair(out: float, back: float, on: str = "2018-03-11T09:00", start: str = "2018-03-01T09:00") -> list[Step]:
    return [("B", "X", out, start), ("X", "B", back, on)]


def chain(count: int) -> list[Step]:
    stops = ["B", *(f"X{n}" for n in range(1, count)), "B"]
    return [(a, b, 60_000, f"2018-03-0{n}T09:00") for n, (a, b) in enumerate(pairwise(stops), 1)]


# ring → transfers, and whether it is a lead: 50,000 yuan, 80 %, ten days, six transfers
RINGS: dict[str, tuple[list[Step], bool]] = {
    "exact": (pair(62_500, 50_000), True),  # four fifths, back after exactly ten days
    "less": (pair(62_500.02, 50_000.01), False),  # 50,000.01 of 62,500.02 is less than four fifths
    "small": (pair(60_000, 49_999.99), False),
    "late": (pair(60_000, 60_000, "2018-03-11T09:01"), False),
    "six": (chain(6), True),
    "seven": (chain(7), False),
    "backwards": ([(a, b, 60_000, f"2018-03-0{n}T09:00") for a, b, n in (("B", "X", 3), ("X", "Y", 2), ("Y", "B", 1))], False),
    "future": (pair(60_000, 60_000, "2018-10-01T09:00", "2018-09-29T09:00"), False),
    "today": (pair(60_000, 60_000, "2018-09-30T09:00", "2018-09-29T09:00"), True),
    "twice": (pair(60_000, 60_000) + pair(70_000, 65_000, "2018-05-02T09:00", "2018-05-01T09:00"), True),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    rows = [ring(name, *steps) for name, (steps, _) in RINGS.items()]
    refund = ring("refund", *pair(60_000, 60_000), kind="refund")
    other = ring("other", *pair(90_000, 90_000), institution="Q")
    hub = {"accounts": [{"account_id": "CUST", "holder_id": "C-Q", "purpose": "custody_total"}]}
    day_only = ring("tied", *pair(60_000, 60_000, "2018-03-01", "2018-03-01"), institution="T", day_only=True)
    dark = ring("dark", institution="D")
    dark["accounts"] = [row | {"statement_from": None} for row in dark["accounts"]]
    flows: Tables = {"flows": [{"flow_id": "F"}]}
    parts = joined(platforms("P", "Q", "T", "D", "E"), *rows, refund, other, hub, day_only, dark, flows)
    return judged(tmp_path_factory, parts, ["CF-02"])


def by_subject(found: Found, institution: str) -> dict[str, Row]:
    return {row["subject_id"]: row for row in found[institution]["CF-02"] if row["outcome"] == "hit"}


def test_money_that_comes_back_nearly_whole_within_ten_days_is_a_lead(found: Found):
    assert sorted(by_subject(found, "P")) == sorted(f"B-{name}" for name, (_, lead) in RINGS.items() if lead)
    assert said(found, "P", "CF-02") == ("hit", len(RINGS) + 1, len(RINGS) + 1)


def test_turns_of_one_ring_are_one_lead_with_the_largest_turn_as_amount(found: Found):
    row = by_subject(found, "P")["B-twice"]
    assert (row["amount_yuan"], row["confidence"]) == (Decimal(65_000), 1)
    assert ids(row, "transfers") == ["T0-twice", "T1-twice", "T2-twice", "T3-twice"]
    assert row["detail"] == "经过账户: B-twice、X-twice；循环 2 次；适用公司法 (2018修正) 第35条"
    assert (str(row["first_on"]), str(row["last_on"])) == ("2018-03-01", "2018-05-02")


def test_a_ring_of_another_platforms_borrower_is_that_platforms_and_custody_is_not_asked(found: Found):
    assert subjects(found, "Q", "CF-02") == ["B-other"]
    row = found["Q"]["CF-02"][0]
    assert (row["population"], row["tested"], row["note"]) == (1, 1, "1 个存管、支付、税务或清算账户不追踪")


def test_an_order_that_nobody_states_makes_a_lead_half_as_sure(found: Found):
    row = by_subject(found, "T")["B-tied"]
    assert (row["confidence"], "先后次序未载明" in row["detail"]) == (0.5, True)


def test_accounts_without_statements_and_a_platform_without_accounts_are_untested(found: Found):
    (row,) = found["D"]["CF-02"]
    assert (said(found, "D", "CF-02"), row["why_not"]) == (("not_testable", 1, 0), "1 个账户没有银行流水")
    (row,) = found["E"]["CF-02"]
    assert (row["outcome"], row["why_not"]) == ("not_testable", "没有该主体的账户")


def test_the_company_law_in_force_on_the_last_day_is_named(tmp_path):
    steps = {"eve": ("2024-06-29", "2024-06-30"), "day": ("2024-06-30", "2024-07-01")}
    rows = [ring(name, *pair(60_000, 60_000, f"{b}T09:00", f"{a}T09:00")) for name, (a, b) in steps.items()]
    given = joined(platforms("P"), *rows, {"flows": [{"flow_id": "F"}]})
    told = judged(tmp_path, given, ["CF-02"], "2024-09-30")["P"]["CF-02"]
    laws = {row["subject_id"]: row["detail"].rsplit("；", 1)[1] for row in told}
    assert laws == {"B-eve": "适用公司法 (2018修正) 第35条", "B-day": "适用公司法 (2023修订) 第53条"}


def test_an_account_with_more_transfers_than_are_followed_is_untested(tmp_path):
    given = joined(platforms("P"), ring("one", *pair(60_000, 10), *pair(60_000, 10)), {"flows": [{"flow_id": "F"}]})
    for busy, outcome in ((4, "clear"), (3, "not_testable")):
        (tmp_path / str(busy)).mkdir()
        (row,) = judged(tmp_path / str(busy), given, ["CF-02"], CF_02={"busy": busy})["P"]["CF-02"]
        assert (row["outcome"], row["why_not"]) == (outcome, "1 个账户往来过多, 未追踪" if busy == 3 else "")
