"""flows.client_money: what is owed to lenders in cash, day by day, against what the accounts hold."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import flows
from lib.errors import DataGap
from lib.money import purses
from tests.client_cases import DAY, lends, loan, pays_out, platform, repays, returns, statement
from tests.money_cases import move

CLEAN = [lends("T1", "K1", "L1", 0), pays_out("T2", "K1", 1), repays("T3", "K1", 3), returns("T4", "K1", "L1", 4)]


def column(found, name):
    return [int(value) for value in found[f"{name}_yuan"]]


def reconciles(found):
    """Tell whether owed less advanced moves from day to day as the movements say, from nothing before the first day."""
    net = (found["owed_yuan"] - found["advanced_yuan"]).tolist()
    moved = found["deposited_yuan"] + found["collected_yuan"] - found["lent_yuan"] - found["returned_yuan"] - found["kept_yuan"]
    return [Decimal(0), *net[:-1]] == [after - step for after, step in zip(net, moved, strict=True)]


def test_what_waits_to_be_lent_and_what_was_collected_is_owed(make_case):
    found = flows.client_money(make_case("I", **platform(CLEAN, balances=statement("CUST", CLEAN))))
    assert [d.isoformat() for d in found["day"]] == [f"2018-01-0{n}" for n in range(1, 6)]
    assert column(found, "owed") == [100, 0, 0, 100, 0]
    assert column(found, "balance") == [100, 0, 0, 100, 0]
    assert column(found, "shortfall_high") == [0] * 5
    assert found["transfer_ids"].tolist() == [["T1"], ["T2"], [], ["T3"], ["T4"]]
    assert reconciles(found)


def test_money_that_the_platform_takes_is_a_shortfall(make_case):
    moves = [CLEAN[0], move("X", "CUST", "SHOP", 30, 2 * DAY), *CLEAN[2:3]]
    found = flows.client_money(make_case("I", **platform(moves, balances=statement("CUST", moves))))
    assert column(found, "owed") == [100, 100, 100, 200]
    assert column(found, "shortfall_low") == column(found, "shortfall_high") == [0, 0, 30, 30]


def test_paying_one_lender_with_the_money_of_another_lowers_nobodys_claim(make_case):
    # l2's 100 wait to be lent; l1, whose borrower has not repaid, is paid with them
    moves = [*CLEAN[:2], lends("T5", "K2", "L2", 2), returns("T6", "K1", "L1", 3)]
    found = flows.client_money(make_case("I", **platform(moves, balances=statement("CUST", moves))))
    assert column(found, "owed") == [100, 0, 100, 100]
    assert column(found, "advanced") == [0, 0, 0, 100]
    assert column(found, "shortfall_low") == [0, 0, 0, 100]
    assert reconciles(found)


def test_fees_of_the_ledger_may_be_kept_but_no_more_than_was_collected(make_case):
    both = {"paid_on": dt.date(2018, 1, 3), "amount_yuan": Decimal(100)}
    ledger = [
        {"repayment_id": "R1", "loan_id": "K1", "fee_yuan": Decimal(4), **both},
        {"repayment_id": "R2", "loan_id": "K2", "fee_yuan": Decimal(9), **both},
    ]
    moves = [*CLEAN[:3], move("F", "CUST", "OWN", 6, 4 * DAY, kind="fee"), returns("T4", "K1", "L1", 5, 94)]
    case = make_case("I", **platform(moves, balances=statement("CUST", moves), repayments=ledger))
    found = flows.client_money(case, accounts=["CUST"])
    # the ledger books the fee of K1 a day before the bank shows its repayment; K2's was never collected
    assert column(found, "kept") == [0, 0, 0, 4, 0, 0]
    assert column(found, "owed") == [100, 0, 0, 96, 96, 2]
    assert column(found, "shortfall_low") == [0, 0, 0, 0, 2, 2]
    assert reconciles(found)


def test_without_a_stated_fee_what_was_taken_as_one_is_a_shortfall_only_at_most(make_case):
    moves = [*CLEAN[:3], move("F", "CUST", "OWN", 6, 4 * DAY, kind="fee")]
    found = flows.client_money(make_case("I", **platform(moves, balances=statement("CUST", moves))), accounts=["CUST"])
    assert column(found, "shortfall_low") == [0] * 5
    assert column(found, "shortfall_high") == [0, 0, 0, 0, 6]


def test_an_upfront_fee_that_the_payout_keeps_back_is_not_owed(make_case):
    moves = [lends("T1", "K1", "L1", 0), pays_out("T2", "K1", 1, 95)]
    loans = [loan("K1", upfront_fee_yuan=Decimal(4))]
    found = flows.client_money(make_case("I", **platform(moves, loans=loans)))
    assert column(found, "kept") == [0, 4]
    assert column(found, "owed") == [100, 1]


def test_unknown_payments_and_openings_widen_the_shortfall_and_are_stated(make_case):
    moves = [
        *(CLEAN[0], move("U1", "x", "CUST", 7, DAY), move("U2", "CUST", None, 20, 2 * DAY)),
        move("U3", "CUST", "SHOP", 40, 3 * DAY),
    ]
    found = flows.client_money(make_case("I", **platform(moves, balances=statement("CUST", moves, opening=5))))
    assert found.attrs["opening_yuan"] == Decimal(5)
    assert column(found, "balance") == [105, 112, 92, 52]
    assert column(found, "unknown_in") == [0, 7, 7, 7]
    assert column(found, "unknown_out") == [0, 0, 20, 20]
    # low: 100 − 20 − 52; high: 100 + 7 + 5 − 52
    assert column(found, "shortfall_low") == [0, 0, 0, 28]
    assert column(found, "shortfall_high") == [0, 0, 20, 60]


def test_a_day_without_statements_has_no_certain_shortfall(make_case):
    moves = [*CLEAN[:2], lends("T5", "K2", "L2", 2), returns("T6", "K1", "L1", 3)]
    found = flows.client_money(make_case("I", **platform(moves, balances=statement("CUST", moves[:2]))))
    assert found["unknown_accounts"].tolist() == [0, 0, 1, 1]
    assert found["balance_yuan"].isna().tolist() == [False, False, True, True]
    assert found["shortfall_low_yuan"].isna().tolist() == [False, False, True, True]
    assert column(found, "owed") == [100, 0, 100, 100]


def test_deposits_that_name_no_loan_cover_loans_without_a_stated_lender(make_case):
    moves = [
        *(move("T1", "L1", "CUST", 60, 0), move("T2", "L2", "CUST", 60, 1), pays_out("T3", "K9", 1)),
        *(repays("T4", "K9", 5), move("T5", "CUST", "L1", 70, 6 * DAY)),
    ]
    loans = [loan("K9", None), loan("K1"), loan("K2", "l2")]
    found = flows.client_money(make_case("I", **platform(moves, loans=loans)))
    assert column(found, "owed")[0] == 120
    assert column(found, "owed")[1] == 20
    # after the payout: l1 has 60 − 70, l2 60, the loan without a lender 0: who of them lent the 100 is unknown
    assert column(found, "owed")[-1] - column(found, "advanced")[-1] == 50
    assert reconciles(found)


def test_without_transfers_of_these_accounts_nothing_is_told(make_case):
    with pytest.raises(DataGap, match="CUST"):
        flows.client_money(make_case("I", **platform([move("T1", "x", "y", 1)])))


@st.composite
def changes(draw):
    count = draw(st.integers(1, 16))
    row = st.tuples(st.integers(3, 7), st.integers(0, 2), st.integers(0, 3), st.integers(-50, 50))
    return [draw(row) for _ in range(count)]


@given(changes())
def test_purses_are_those_of_a_plain_ledger(rows):
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)]
    entries = purses.Entries(*columns)
    days = np.arange(3, 9)
    owed, advanced = purses.owed(entries, days)
    held = defaultdict(int)
    for day, found_owed, found_advanced in zip(days.tolist(), owed.tolist(), advanced.tolist(), strict=True):
        for when, purse, kind, fen in rows:
            if when == day:
                held[kind, purse] += fen
        above = {k: sum(max(f, 0) for (kind, _), f in held.items() if kind == k) for k in range(4)}
        below = {k: sum(max(-f, 0) for (kind, _), f in held.items() if kind == k) for k in range(4)}
        for payer, short in ((2, 0), (2, 1), (2, 3), (0, 3), (0, 1), (1, 3)):
            part = min(above[payer], below[short])
            above[payer] -= part
            below[short] -= part
        assert (found_owed, found_advanced) == (sum(above.values()), sum(below.values()))
        assert found_owed - found_advanced == sum(held.values())


def test_whoever_pays_for_a_loan_without_a_stated_lender_lends(make_case):
    moves = [
        *(move("T1", "SHOP", "CUST", 60, 0, loan_id="K9"), pays_out("T2", "K9", 1, 60), repays("T3", "K9", 3, 63)),
        *(move("T4", "CUST", "SHOP", 61, 4 * DAY, loan_id="K9"), move("T5", "SHOP", "CUST", 5, 5 * DAY)),
    ]
    found = flows.client_money(make_case("I", **platform(moves, loans=[loan("K9", None)])))
    assert column(found, "deposited") == [60, 0, 0, 0, 0, 0]
    assert column(found, "owed") == [60, 0, 0, 63, 2, 2]


def test_a_custody_account_of_the_bank_counts_if_money_of_the_loans_ran_over_it(make_case):
    rows = platform(CLEAN)
    rows["accounts"] = [{**row, "holder_id": "bank"} if row["account_id"] == "CUST" else row for row in rows["accounts"]]
    rows["accounts"].append({"account_id": "CUST2", "holder_id": "bank", "purpose": "custody_total"})
    assert flows.client_money(make_case("I", **rows)).attrs["accounts"] == ["CUST"]


def test_another_platforms_loans_and_custody_are_not_the_cases(make_case):
    rows = platform(CLEAN, loans=[loan("K1"), loan("X1", "l2", institution_id="J")])
    rows["accounts"] = [*rows["accounts"], {"account_id": "CUSTJ", "holder_id": "j", "purpose": "custody_total"}]
    rows["transfers"].append(move("X", "CUSTJ", "B1", 100, 2 * DAY, loan_id="X1", kind="disbursement"))
    assert flows.client_money(make_case("I", **rows)).attrs["accounts"] == ["CUST"]
