"""Many banks' and payment companies' layouts, each with the header of its source, and that none is read with a wrong sign.

Every file holds the same four lines of one account: 100.00 + 1,000.00 − 250.50 − 0.01 + 1,234.56 = 2,084.05.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from lib.intake import matching, profiles
from tests.bank_layouts import COMPANIES
from tests.card_layouts import CARDS, INQUIRIES, PAYMENTS
from tests.deliveries import Delivery
from tests.statements import ACCOUNT, ENTRIES, OPENING, Statement

D = Decimal

ALL = [*COMPANIES, *CARDS, *INQUIRIES, *PAYMENTS]


@dataclass(frozen=True)
class Brought:
    """A statement and the delivery that holds it, imported."""

    statement: Statement
    made: Delivery

    def lines(self, columns: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.made.rows(f"select {columns} from flows order by line")]


@pytest.fixture(scope="module", params=ALL, ids=lambda s: s.bank)
def brought(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    """Import each statement once for all tests."""
    made = Delivery(tmp_path_factory.mktemp("statement"))
    request.param.write(made.raw)
    made.bring()
    return Brought(request.param, made)


def test_a_statement_is_read_row_by_row_as_its_layout_has_it(brought: Brought) -> None:
    made, lines, lost = brought.made, brought.lines, brought.statement.lost
    assert made.reasons() == {}
    assert made.column("select profile_id from sources") == [brought.statement.profile]
    assert made.column("select distinct account_id from flows") == [ACCOUNT]
    assert lines('cast("at" as date), direction, amount_yuan') == [
        (e.at.date(), "in" if e.change > 0 else "out", abs(e.change)) for e in ENTRIES
    ]
    assert lines("day_only") == [("time" in lost,)] * 4
    told = {
        "time": ('"at"', [e.at for e in ENTRIES]),
        "other": ("coalesce(counterparty_account, '')", [e.account for e in ENTRIES]),
        "name": ("coalesce(counterparty_name, '')", [e.name for e in ENTRIES]),
        "ref": ("bank_ref", [e.ref for e in ENTRIES]),
    }
    for part in told.keys() - lost:
        assert [value for (value,) in lines(told[part][0])] == told[part][1]
    if "memo" not in lost:
        assert all(e.memo in memo for e, (memo,) in zip(ENTRIES, lines("memo"), strict=True))


def test_the_balances_prove_the_signs(brought: Brought) -> None:
    balance = OPENING
    for way, amount, stated in brought.lines("direction, amount_yuan, balance_yuan"):
        balance += amount if way == "in" else -amount
        assert stated == (None if "balance" in brought.statement.lost else balance)
    assert balance == D("2084.05")


def test_sums_in_and_out_agree_and_footers_are_no_rows(brought: Brought) -> None:
    made, stated = brought.made, brought.statement.stated
    sums = made.rows("select direction, count(*) as n, sum(amount_yuan) as yuan from flows group by all order by direction")
    assert [tuple(row.values()) for row in sums] == [("in", 2, D("2234.56")), ("out", 2, D("250.51"))]
    totals = {r["side"]: r["stated_total"] for r in made.rows("select * from control_totals where column_name = 'amount_yuan'")}
    assert {side: totals[side] for side in stated} == stated
    assert made.column("select rows_read from sources") == [4]


def layout(statement: Statement) -> profiles.Layout:
    rows = [",".join(f'"{c}"' if "," in c or "\n" in c else c for c in cells) for cells in statement.lines()]
    return matching.match(statement.name, "utf-8", {",": list(enumerate(rows, 1))})


@pytest.mark.parametrize("statement", ALL, ids=lambda s: s.bank)
def test_each_header_has_one_layout_whatever_the_order_of_its_columns(statement: Statement) -> None:
    header, row = statement.header.split(","), statement.row.split("|")
    turned = replace(statement, header=",".join(header[::-1]), row="|".join(row[::-1]))
    assert layout(statement).profile.id == layout(turned).profile.id == statement.profile


def test_every_profile_of_a_bank_or_payment_company_has_a_file_that_is_recognised_as_its_own() -> None:
    tried = {s.profile for s in ALL}
    elsewhere = {  # in test_intake_banks, _police and _payments
        "banks.abc", "banks.boc", "banks.icbc",
        "payments.alipay", "payments.alipay_web", "payments.jd", "payments.meituan", "payments.oklink",
        "payments.wechat", "payments.wechat_fund", "payments.wechat_proof",
        "police.accounts", "police.flows", "police.people", "police.tenpay", "police.alipay_transfers",
    }  # fmt: skip
    families = ("banks.", "payments.", "police.")
    assert {p for p in profiles.load() if p.startswith(families)} == tried | elsewhere
