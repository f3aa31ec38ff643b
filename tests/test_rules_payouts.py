"""RC-03: payouts that differ from their contract in amount, day or payee."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.rule_cases import Found, Tables, ids, joined, judged, platforms, said

COVERED = {"statement_from": "2015-01-01", "statement_to": "2022-12-31"}
START = date(2017, 3, 1)
SHARED: Tables = {
    "accounts": [
        {"account_id": "K", "purpose": "custody_total"} | COVERED,
        {"account_id": "SHOP", "holder_id": "P-SHOP", "purpose": "own"} | COVERED,
        {"account_id": "NAMED", "holder_name": "借款人named", "purpose": "own"} | COVERED,
        {"account_id": "MISNAMED", "holder_name": "他人", "purpose": "own"} | COVERED,
        {"account_id": "NAMELESS", "purpose": "own"} | COVERED,
    ],
    "parties": [{"party_id": "P-SHOP", "kind": "company", "name": "某装饰工程公司"}],
}


def paid(i: str, yuan: str = "10000", days: int = 0, to: str | None = None, **more: Any) -> Tables:
    """Lend 10,000 on a platform of its own and pay it out by number."""
    loan = {"loan_id": i, "institution_id": i, "borrower_id": f"B-{i}", "principal_yuan": 10000, "started_on": START}
    move = {"transfer_id": f"T-{i}", "flow_ids": [], "payer_account": "K", "payee_account": to or f"A-{i}", "loan_id": i}
    move |= {"at": f"{START + timedelta(days)}T10:00", "amount_yuan": yuan, "kind": "disbursement", "day_only": False}
    return {
        "loans": [{name: value for name, value in (loan | more).items() if value is not None}],
        "parties": [{"party_id": f"B-{i}", "kind": "person", "name": f"借款人{i}"}],
        "accounts": [{"account_id": f"A-{i}", "holder_id": f"B-{i}", "purpose": "own"} | COVERED],
        "transfers": [move | {"file_order": 1}],
    }


# id → tables, outcome, amount
PAYOUTS: dict[str, tuple[Tables, str, str | None]] = {
    "as-agreed": (paid("as-agreed"), "clear", None),
    "a-yuan-more": (paid("a-yuan-more", "10001"), "clear", None),
    "more": (paid("more", "10001.01"), "hit", "1.01"),
    "less": (paid("less", "9998.99"), "hit", "1.01"),
    "less-the-fee": (paid("less-the-fee", "9500", upfront_fee_yuan=500), "clear", None),
    "three-days": (paid("three-days", days=3), "clear", None),
    "four-days": (paid("four-days", days=4), "hit", None),
    "four-before": (paid("four-before", days=-4), "hit", None),
    "to-another": (paid("to-another", to="A-as-agreed"), "hit", "10000.00"),
    "to-the-agreed": (paid("to-the-agreed", to="A-as-agreed", disbursement_account="A-as-agreed"), "clear", None),
    "to-the-shop": (paid("to-the-shop", to="SHOP", purpose="房屋装修"), "clear", None),
    "to-a-stray-shop": (paid("to-a-stray-shop", to="SHOP", purpose="购买汽车"), "hit", "10000.00"),
    "named": (paid("named", to="NAMED"), "clear", None),
    "misnamed": (paid("misnamed", to="MISNAMED"), "hit", "10000.00"),
    "nameless": (paid("nameless", to="NAMELESS"), "not_testable", None),
    "unheard-of": (paid("unheard-of", to="?"), "not_testable", None),
    "into-custody": (paid("into-custody", "20000", to="K2"), "not_testable", None),
    "nobody": (paid("nobody", borrower_id=None), "not_testable", None),
    "dateless": (paid("dateless", started_on=None), "not_testable", None),
    "amountless": (paid("amountless", principal_yuan=None), "not_testable", None),
}


@pytest.fixture(scope="module")
def payouts(tmp_path_factory: pytest.TempPathFactory) -> Found:
    custody = {"accounts": [{"account_id": "K2", "holder_id": "B-into-custody", "purpose": "custody_total"} | COVERED]}
    lost = paid("lost")
    lost["transfers"] = []
    uncovered = {"loans": [{"loan_id": "dark", "institution_id": "dark", "borrower_id": "B-dark", "principal_yuan": 5}]}
    uncovered["loans"][0]["started_on"] = START
    parts = [tables for tables, *_ in PAYOUTS.values()]
    tables = joined(platforms(*PAYOUTS, "lost", "dark"), SHARED, custody, lost, uncovered, *parts)
    return judged(tmp_path_factory, tables, ["RC-03"])


@pytest.mark.parametrize("name", PAYOUTS)
def test_how_a_payout_differs_from_its_contract(payouts: Found, name: str):
    _, outcome, yuan = PAYOUTS[name]
    assert said(payouts, name, "RC-03") == (outcome, 1, 0 if outcome == "not_testable" else 1)
    assert payouts[name]["RC-03"][0]["amount_yuan"] == (Decimal(yuan) if yuan else None)


@pytest.mark.parametrize(("name", "word"), [("lost", "未找到放款流水"), ("dark", "没有流水覆盖"), ("nameless", "户主未知")])
def test_why_a_payout_cannot_be_compared(payouts: Found, name: str, word: str):
    assert said(payouts, name, "RC-03") == ("not_testable", 1, 0)
    assert word in payouts[name]["RC-03"][0]["why_not"]


def test_a_differing_payout_is_told_with_what_differs(payouts: Found):
    assert payouts["more"]["RC-03"][0]["detail"] == "实际放款 10,001.01 元"
    assert payouts["four-days"]["RC-03"][0]["detail"] == "放款与起息相差 4 天"
    assert payouts["to-another"]["RC-03"][0]["detail"] == "10,000.00 元付给他人账户"
    assert ids(payouts["more"]["RC-03"][0]) == ["more", "T-more"]
