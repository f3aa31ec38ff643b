"""flows.held_balances, and the picture of balances with the traced money in them."""

from decimal import Decimal

import pytest

from lib import BadParameter, draw, flows
from tests.money_cases import line, move, shown


def test_a_balance_runs_from_what_the_first_line_implies(make_case):
    # 500 after 200 came: 300 lay there before
    case = make_case(**shown(line("a", "P", 200, 500, 0), line("b", "P", -120, None, 1), line("c", "P", 50, None, 2)))
    held = flows.held_balances(case, "P")
    assert held.attrs["opening_yuan"] == Decimal("300.00")
    assert held["change_yuan"].tolist() == [Decimal(200), Decimal(-120), Decimal(50)]
    assert held["balance_yuan"].tolist() == [Decimal(500), Decimal(380), Decimal(430)]
    assert held["unseen_yuan"].tolist() == [0, 0, 0]


def test_what_is_paid_beyond_what_is_known_came_unseen_and_nothing_is_below_zero(make_case):
    case = make_case(transfers=[move("a", "X", "P", 100, 0), move("b", "P", "Y", 150, 1), move("c", "P", "P", 10, 2)])
    held = flows.held_balances(case, "P")
    assert held["balance_yuan"].tolist() == [100, 0, 10]
    assert held["unseen_yuan"].tolist() == [0, 50, 10]
    running = held.attrs["opening_yuan"]
    for row in held.itertuples():
        running += row.change_yuan + row.unseen_yuan
        assert running == row.balance_yuan


def test_an_account_without_transfers_is_named(make_case):
    case = make_case(accounts=[{"account_id": "Q"}], transfers=[move("a", "X", "P", 100, 0)])
    for account in ("Q", "nobody"):
        with pytest.raises(BadParameter, match=account):
            flows.held_balances(case, account)


def test_the_picture_names_the_accounts_that_held_most_and_says_their_part(make_case):
    case = make_case(
        transfers=[
            move("T", "S", "A", 100, 0),
            move("c", "Z", "B", 300, 1),
            move("t", "A", "B", 100, 2),
            move("u", "B", "C", 200, 3),
        ]
    )
    trail = flows.trace(case, transfers=["T"])
    piece = draw.balances(trail, case=case)
    assert piece.html.count("追踪资金最多时") == 3  # A, B and C; S is no account that traced money came to
    assert "追踪资金最多时 100元，占当时余额 400元 的 25%" in piece.html  # B: 100 of 300 + 100
    assert "追踪资金最多时 50元，占当时余额 200元 的 25%" in piece.html  # C: 200 x 100 / 400
    one = draw.balances(trail, ["C"], case)
    assert one.html.count("追踪资金最多时") == 1
    with pytest.raises(BadParameter, match="Z"):
        draw.balances(trail, ["Z"], case)
    with pytest.raises(BadParameter, match="4"):
        draw.balances(trail, ["A", "B", "C", "S", "Z"], case)
