"""flows.payout_sources: whose money lenders were paid with, against slow references."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import BadParameter, DataGap
from lib.kernels import mixing
from tests.client_cases import ACCOUNTS, DAY, lends, loan, pays_out, platform, repays, returns
from tests.money_cases import line, move

APART, START, UNKNOWN = 0, 1, 2  # classes of the kernel's tests; come is one of 0..2


def shares(found, method="pro_rata"):
    """Return source → yuan, all months and accounts together."""
    total = defaultdict(Decimal)
    for source, fen in zip(found["funded_by"], found[f"{method}_yuan"], strict=True):
        total[source] += fen
    return {source: fen for source, fen in total.items() if fen}


def test_a_clean_loan_pays_its_lender_with_the_borrowers_money(make_case):
    # K2's deposit lies in custody when L1 is paid: it is meant for K2, and goes there
    moves = [
        *(lends("T1", "K1", "L1", 0), pays_out("T2", "K1", 1), repays("T3", "K1", 20)),
        *(lends("T4", "K2", "L2", 20), returns("T5", "K1", "L1", 21), pays_out("T6", "K2", 22)),
    ]
    case = make_case("I", **platform(moves))
    found = flows.payout_sources(case)
    assert shares(found) == shares(found, "fifo") == {"borrower": Decimal(100)}
    assert found["transfer_ids"].tolist() == [["T5"]]
    assert found.attrs["paid_yuan"] == Decimal(100)
    # without purposes the account mixes 100 repaid with 100 paid in: half and half; the repayment came first
    mixed = flows.payout_sources(case, apart=False)
    assert shares(mixed) == {"borrower": Decimal(50), "lender": Decimal(50)}
    assert shares(mixed, "fifo") == {"borrower": Decimal(100)}


def test_new_lenders_pay_the_old_and_the_conventions_stand_side_by_side(make_case):
    # 60 repaid, then 40 of a new lender; 50 paid out: 30 + 20 pro rata, 50 + 0 by fifo; then 50 more: 30 + 20, 10 + 40
    moves = [
        *(move("T1", "B1", "OWN", 60, 0, kind="repayment"), move("T2", "L2", "OWN", 40, DAY)),
        *(move("T3", "OWN", "L1", 50, 2 * DAY), move("T4", "OWN", "L1", 50, 40 * DAY)),
    ]
    found = flows.payout_sources(make_case("I", **platform(moves)))
    assert found[["funded_by", "pro_rata_yuan", "fifo_yuan", "pro_rata_share", "fifo_share"]].values.tolist() == [
        ["lender", Decimal(20), Decimal(0), 0.4, 0.0],
        ["borrower", Decimal(30), Decimal(50), 0.6, 1.0],
        ["lender", Decimal(20), Decimal(40), 0.4, 0.8],
        ["borrower", Decimal(30), Decimal(10), 0.6, 0.2],
    ]
    assert [str(m)[:7] for m in found["month"]] == ["2018-01", "2018-01", "2018-02", "2018-02"]
    assert "40.0%" in found.attrs["caption"]
    assert "80.0%" in found.attrs["caption"]


def test_what_lies_apart_is_used_for_others_only_when_nothing_else_is_left(make_case):
    # 100 for K1 never reach the borrower; 30 are repaid on K2, and 80 paid to its lender
    moves = [lends("T1", "K1", "L1", 0), repays("T2", "K2", 1, 30), returns("T3", "K2", "L2", 2, 80)]
    found = flows.payout_sources(make_case("I", **platform(moves)))
    assert shares(found) == shares(found, "fifo") == {"borrower": Decimal(30), "lender": Decimal(50)}


def test_a_sold_claim_and_a_refund_are_no_payouts(make_case):
    sale = {"assignment_id": "Z1", "loan_id": "K1", "from_lender_id": "l1", "to_lender_id": "l2"}
    sale |= {"assigned_on": lends("x", "K1", "L2", 5)["at"].date(), "principal_yuan": Decimal(100)}
    moves = [
        *(lends("T1", "K1", "L1", 0), pays_out("T2", "K1", 1), lends("T3", "K1", "L2", 5), returns("T4", "K1", "L1", 5.1)),
        *(move("T5", "L3", "CUST", 9, 6 * DAY), move("T6", "CUST", "L3", 9, 7 * DAY, kind="refund")),
        *(repays("T7", "K1", 20), returns("T8", "K1", "L2", 21)),
    ]
    loans = [loan("K1"), loan("K2", "l3")]
    found = flows.payout_sources(make_case("I", **platform(moves, loans=loans, assignments=[sale])))
    assert shares(found) == {"borrower": Decimal(100)}
    assert (found.attrs["sold_yuan"], found.attrs["refunded_yuan"]) == (Decimal(100), Decimal(9))


def test_own_capital_other_parties_openings_and_the_unknown_are_each_stated(make_case):
    lines = [line("c0", "CUST", 10, 15, 0)]  # held 5 before its first line
    moves = [
        *(
            move("T1", "SHOP", "CUST", 10, 0, flow_ids=["c0"]),
            move("T2", "OWN", "CUST", 20, 1),
            move("T3", None, "CUST", 30, 2),
        ),
        returns("T4", "K1", "L1", 3, 70),
    ]
    found = flows.payout_sources(make_case("I", **platform(moves, balances=lines)), accounts=["CUST"])
    # 65 were known to be there: 30 from nobody known, and 5 more than there were
    assert shares(found) == {"own": Decimal(20), "other": Decimal(10), "opening": Decimal(5), "unknown": Decimal(35)}
    assert shares(found, "fifo") == shares(found)


def test_payments_to_nobody_known_are_said_and_not_counted(make_case):
    moves = [lends("T1", "K1", "L1", 0), move("T2", "CUST", None, 30, DAY), move("T3", "CUST", "x", 20, 2 * DAY)]
    found = flows.payout_sources(make_case("I", **platform(moves)))
    assert len(found) == 0
    assert found.attrs["unclear_yuan"] == Decimal(50)
    assert found.attrs["uncovered"] == ["CUST"]
    assert "1 个账户没有流水" in found.attrs["caption"]


def test_money_keeps_its_source_on_the_way_from_one_account_to_another(make_case):
    moves = [
        *(move("T1", "L2", "OWN", 60, 0), move("T2", "OWN", "CUST", 60, DAY)),
        *(repays("T3", "K1", 2, 40), returns("T4", "K1", "L1", 3)),
    ]
    found = flows.payout_sources(make_case("I", **platform(moves)))
    assert shares(found) == shares(found, "fifo") == {"lender": Decimal(60), "borrower": Decimal(40)}


def test_an_account_that_is_not_known_or_no_list_is_refused(make_case):
    case = make_case("I", **platform([lends("T1", "K1", "L1", 0)]))
    for wrong in (["nobody"], "CUST", []):
        with pytest.raises(BadParameter):
            flows.payout_sources(case, accounts=wrong)


def test_without_accounts_that_hold_clients_money_nothing_is_told(make_case):
    rows = platform([move("T1", "x", "y", 1)])
    rows["accounts"] = [row for row in ACCOUNTS if row["account_id"] != "CUST"]
    with pytest.raises(DataGap, match="存管账户"):
        flows.payout_sources(make_case("I", **rows))


@st.composite
def payments(draw):
    """Draw transfers over three accounts: (payer, payee, fen, come, key); opening."""
    opening = draw(st.lists(st.integers(0, 50), min_size=3, max_size=3))
    rows = []
    for _ in range(draw(st.integers(1, 14))):
        payer, payee = draw(st.integers(-1, 2)), draw(st.integers(-1, 2))
        if payer == payee == -1:
            payee = 0
        fen, come = draw(st.integers(1, 60)), draw(st.integers(0, 2))
        purpose = draw(st.integers(-1, 1))  # a purpose belongs to one account: the one that is paid, else the one that pays
        fits = (payer < 0 and come == APART) or (payer >= 0 and payee < 0)
        key = (payee if payer < 0 else payer) * 2 + purpose if purpose >= 0 and fits else -1
        rows.append((payer, payee, fen, come, key))
    return rows, opening


def slow(method, rows, opening):
    """Replay with lists of (class, fen); money apart in a dict by key."""
    held = [[[START, fen]] if fen else [] for fen in opening]
    purses, apart, found = defaultdict(int), [0, 0, 0], []
    for payer, payee, fen, come, key in rows:
        share = [0, 0, 0]
        if payer < 0:
            if key >= 0:
                purses[key] += fen
                apart[payee] += fen
            else:
                held[payee].append([come, fen])
            found.append(share)
            continue
        left = fen
        own = min(purses[key], apart[payer], left) if key >= 0 else 0
        purses[key] -= own
        apart[payer] -= own
        left -= own
        mixed, lots = split(method, held[payer], min(left, sum(f for _, f in held[payer])))
        held[payer] = lots
        left -= sum(f for _, f in mixed)
        more = min(apart[payer], left)
        apart[payer] -= more
        moved = [*mixed, [APART, own + more], [UNKNOWN, left - more]]
        for kind, part in moved:
            share[kind] += part
        if payee >= 0:
            held[payee] += [lot for lot in moved if lot[1]]
        found.append(share)
    return found


def split(method, lots, fen):
    """Return what goes and what stays."""
    if method == "fifo":
        gone, rest = [], [list(lot) for lot in lots]
        while fen > 0:
            part = min(rest[0][1], fen)
            gone.append([rest[0][0], part])
            rest[0][1] -= part
            fen -= part
            rest = rest[1:] if rest[0][1] == 0 else rest
        return gone, rest
    sums = [sum(f for kind, f in lots if kind == c) for c in range(3)]
    if not fen:
        return [], lots
    exact = [Fraction(s * fen, sum(sums)) for s in sums]
    parts = [int(e) for e in exact]
    for c in sorted(range(3), key=lambda c: (parts[c] - exact[c], c))[: fen - sum(parts)]:
        parts[c] += 1
    return [[c, parts[c]] for c in range(3)], [[c, sums[c] - parts[c]] for c in range(3)]


@settings(max_examples=200)
@given(payments())
def test_both_conventions_are_those_of_a_slow_replay_and_lose_no_fen(drawn):
    rows, opening = drawn
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)]
    for method, work in (("pro_rata", mixing.pro_rata), ("fifo", mixing.fifo)):
        found = work(*columns, np.array(opening, np.int64), START, UNKNOWN, 6)
        assert found.tolist() == slow(method, rows, opening)
        paid = columns[0] >= 0
        assert found.sum(axis=1)[paid].tolist() == columns[2][paid].tolist()
        assert not found[~paid].any()
