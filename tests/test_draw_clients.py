"""Pictures of clients' money, of payouts' sources and of the uses of loans."""

import pandas as pd
import pytest

from lib import draw, flows
from lib.draw import people
from tests.client_cases import DAY, lends, pays_out, platform, repays, returns, statement
from tests.money_cases import move

CLEAN = [lends("T1", "K1", "L1", 0), pays_out("T2", "K1", 1), repays("T3", "K1", 3), returns("T4", "K1", "L1", 4)]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(people, "_drawn", [])


def test_a_certain_shortfall_is_named_with_its_amount_and_day(make_case):
    moves = [CLEAN[0], move("X", "CUST", "SHOP", 30, 2 * DAY), *CLEAN[2:3]]
    case = make_case("I", **platform(moves, balances=statement("CUST", moves)))
    piece = draw.client_money(case)
    assert "确定的缺口最大为 30.00 元" in piece.text
    assert "确定的缺口" in piece.html
    clean = draw.client_money(make_case("I", **platform(CLEAN, balances=statement("CUST", CLEAN))))
    assert "缺口" not in clean.text
    assert "应付出借人" in clean.html


def test_without_statements_a_box_says_what_is_missing(make_case):
    case = make_case("I", institutions=[{"institution_id": "I", "name": "平台"}])
    for piece in (draw.client_money(case), draw.payout_sources(case), draw.uses(case), draw.pooling(case)):
        assert "lt-absent" in piece.html
        assert "<svg" not in piece.html


def test_the_lenders_part_of_the_payouts_is_written(make_case):
    # 60 repaid, then 40 of a new lender; 50 paid out: 20 of the lender's, pro rata; 50 more: 20 again
    moves = [
        *(move("T1", "B1", "OWN", 60, 0, kind="repayment"), move("T2", "L2", "OWN", 40, DAY)),
        *(move("T3", "OWN", "L1", 50, 2 * DAY), move("T4", "OWN", "L1", 50, 40 * DAY)),
    ]
    case = make_case("I", **platform(moves))
    total = flows.payout_sources(case)["pro_rata_yuan"].sum()
    piece = draw.payout_sources(case)
    assert total == 100
    assert "共 100元，其中出借人资金占 40%" in piece.text


def test_uses_are_summed_by_category_and_contradictions_listed_largest_first(make_case):
    case = make_case(parties=[{"party_id": "B", "name": "某公司", "kind": "company"}])
    made = pd.DataFrame(
        {
            "loan_id": ["L1", "L1", "L2", "L3"],
            "borrower_id": ["B"] * 4,
            "purpose": ["采购"] * 4,
            "category": ["related_party", "other", "related_party", "securities"],
            "purpose_check": ["contradicts", "not_judged", "contradicts", "agrees"],
            "holder_id": ["R"] * 4,
            "relation": ["same_controller"] * 4,
            "days": [1, 2, 3, 4],
            "contract_yuan": [100] * 4,
            "pro_rata_yuan": [10, 20, 30, 40],
            "fifo_yuan": [11, 21, 31, 41],
        }
    )
    piece = draw.uses(case, made)
    assert "2 笔" in piece.text
    assert "40.00 元" in piece.text  # 10 + 30
    assert piece.html.index("L2") < piece.html.rindex("L1")
    assert "L3" not in piece.html  # it agrees


def test_a_box_of_a_page_tells_no_account_number(make_case, monkeypatch):
    monkeypatch.setenv("LOOKTHROUGH_PAGE", "1")
    card = "6222021234567890123"
    rows = platform([CLEAN[0]])
    rows["accounts"] = [{**row, "account_id": card} if row["account_id"] == "CUST" else row for row in rows["accounts"]]
    piece = draw.client_money(make_case("I", **rows))
    assert "lt-absent" in piece.html
    assert card not in piece.html + piece.text
