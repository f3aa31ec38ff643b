"""flows.trace: money followed pro rata, conserved to the fen."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import BadParameter, DataGap
from lib.money.tracing import Walk, _trail
from tests.money_cases import ledger_of, line, move, shown
from tests.oracles import tracing as slow
from tests.trials import trials


def traced(trail):
    """Return transfer → traced yuan beyond the source."""
    rows = trail[trail["hop"] > 0]
    return dict(zip(rows["transfer_id"], rows["traced_yuan"], strict=True))


def rest(trail):
    """Return account → traced yuan at rest; None is what left the data."""
    found = flows.at_rest(trail)
    return {a if isinstance(a, str) else None: y for a, y in zip(found["account"], found["traced_yuan"], strict=True)}


# Source: events and pro-rata results of T1 to T3 as in the published worked examples of tracing; in fen, half to even:
# T1: 200 * 150/300 = 100; 100 * 120/200 = 60; 40 stay. T2: 200 * 280/300 = 186.666… -> 186.67; 13.33 stay.
# T3: 500 * 400/800 = 250; 450 * 300/600 = 225; 225 * 250/400 = 140.625 -> 140.62 (even); 84.38 stay.
@pytest.mark.parametrize(
    ("events", "expected", "stays"),
    [
        ([("C", 100), ("T", 200), (None, 150), ("C", 50), (None, 120)], ["100.00", "60.00"], "40.00"),
        ([("C", 100), ("T", 200), (None, 280), ("C", 500)], ["186.67"], "13.33"),
        (
            [("T", 500), ("C", 300), (None, 400), ("T", 200), (None, 300), ("C", 100), (None, 250)],
            ["250.00", "225.00", "140.62"],
            "84.38",
        ),
    ],
)
def test_worked_examples_come_out_pro_rata(make_case, events, expected, stays):
    rows = [
        move(f"W{i}", "P", "W", amount, i) if origin is None else move(f"{origin}{i}", None, "P", amount, i)
        for i, (origin, amount) in enumerate(events)
    ]
    case = make_case(transfers=rows)
    trail = flows.trace(case, transfers=[r["transfer_id"] for r in rows if r["transfer_id"].startswith("T")])
    assert list(traced(trail).values()) == [Decimal(e) for e in expected]
    assert rest(trail) == {"W": sum(map(Decimal, expected)), "P": Decimal(stays)}
    assert trail.attrs["unknown_clean_yuan"] == 0


def chain(make_case):
    """P gets 1000 traced, then 500 clean; P pays A 900, then B 600; A held 100; A pays R 500."""
    return make_case(
        **shown(
            line("in_T", "P", 1000, None, 0),
            line("in_C", "P", 500, None, 1),
            line("P_A", "P", -900, None, 2, counterparty_account="A"),
            line("P_B", "P", -600, None, 3, counterparty_account="B"),
            line("A_R", "A", -500, 500, 4, counterparty_account="R"),
        )
    )


def test_transfers_that_no_trail_can_carry_are_stated_with_reason_and_amount(make_case):
    rows = [
        move("T", None, "P", 100, 0),
        {**move("a", "P", "Q", 30, 1), "at": None},
        {**move("b", "P", "Q", 20, 2), "at": None},
        move("c", "P", "Q", -7, 3),
        {**move("d", "P", "Q", 1, 4), "amount_yuan": None},
    ]
    trail = flows.trace(make_case(transfers=rows), transfers=["T"])
    assert trail.attrs["undated"] == 4
    assert trail.attrs["not_traceable"] == [
        {"reason": "amount_missing", "transfers": 1, "amount_yuan": None},
        {"reason": "amount_negative", "transfers": 1, "amount_yuan": -7},
        {"reason": "time_missing", "transfers": 2, "amount_yuan": 50},
    ]


def test_a_chain_of_accounts_carries_the_mix_of_each(make_case):
    # 1000 * 900/1500 = 600; 400 * 600/600 = 400; A states 500 after paying 500, so it held 1000 before: 100 of its own
    trail = flows.trace(chain(make_case), transfers=["in_T"])
    assert traced(trail) == {"P_A": Decimal(600), "P_B": Decimal(400), "A_R": Decimal(300)}
    assert trail["hop"].tolist() == [0, 1, 1, 2]
    assert rest(trail) == {"B": Decimal(400), "A": Decimal(300), "R": Decimal(300)}


def test_money_that_made_the_hops_asked_for_is_not_followed_further(make_case):
    case = chain(make_case)
    assert rest(flows.trace(case, transfers=["in_T"], hops=1)) == {"A": Decimal(600), "B": Decimal(400)}
    assert rest(flows.trace(case, transfers=["in_T"], hops=0)) == {"P": Decimal(1000)}
    assert traced(flows.trace(case, transfers=["in_T"], hops=2)) == traced(flows.trace(case, transfers=["in_T"]))


def test_a_payment_beyond_the_known_balance_takes_all_traced_money_and_shows_the_rest(make_case):
    case = make_case(transfers=[move("T", None, "P", 100, 0), move("W", "P", "Q", 250, 1), move("X", "Q", "R", 50, 2)])
    trail = flows.trace(case, transfers=["T"])
    # 100 of 250 are known; Q passes on 100 * 50/250 = 20
    assert traced(trail) == {"W": Decimal(100), "X": Decimal(20)}
    assert trail.attrs["unknown_clean_yuan"] == Decimal(150)


def test_a_later_clean_deposit_never_refills_the_traced_money(make_case):
    rows = [
        move("T", None, "P", 100, 0),
        move("W", "P", "Q", 100, 1),
        move("C", None, "P", 900, 2),
        move("X", "P", "R", 500, 3),
    ]
    trail = flows.trace(make_case(transfers=rows), transfers=["T"])
    assert traced(trail) == {"W": Decimal(100)}
    assert rest(trail) == {"Q": Decimal(100)}


def test_a_statement_that_lacks_a_movement_of_the_trail_is_named(make_case):
    # B's statement shows 100 from nobody stated where A's names B: B seems to hold 200, and half of what goes on is A's.
    rows = shown(
        line("S", "A", 100, 100, 0),
        line("O", "A", -100, 0, 1, counterparty_account="B"),
        line("I", "B", 100, 100, 1),
        line("T", "B", -100, 0, 2, counterparty_account="C"),
    )
    trail = flows.trace(make_case(**rows), transfers=["S"])
    assert trail["traced_yuan"].tolist() == [100, 100, 50]
    assert trail.attrs["unshown"] == ["B"]
    assert "1 个账户" in trail.attrs["caption"]
    whole = [row | ({"flow_ids": ["O", "I"]} if row["transfer_id"] == "O" else {}) for row in rows["transfers"]]
    trail = flows.trace(
        make_case(flows=rows["flows"], transfers=[r for r in whole if r["transfer_id"] != "I"]), transfers=["S"]
    )
    assert (trail["traced_yuan"].tolist(), trail.attrs["unshown"]) == ([100, 100, 100], [])


def test_what_is_paid_to_nobody_known_left_the_data(make_case):
    case = make_case(transfers=[move("T", None, "P", 100, 0), move("W", "P", None, 30, 1)])
    assert rest(flows.trace(case, transfers=["T"])) == {"P": Decimal(70), None: Decimal(30)}


def test_the_balance_on_the_first_line_is_what_the_account_held_before(make_case):
    # the statement begins with a payment of 50 that leaves 250: 300 were there, so a third of the payment is traced
    case = make_case(
        **shown(
            line("T", "P", 100, None, 0), line("A", "Q", 100, 400, 0), line("W", "Q", -50, 350, 2, counterparty_account="R")
        )
    )
    trail = flows.trace(case, account="Q")
    # Q held 300 and got 100: 100 * 50/400 = 12.50
    assert traced(trail) == {"W": Decimal("12.50")}


def test_an_overdraft_at_the_start_counts_as_nothing_held(make_case):
    case = make_case(**shown(line("A", "Q", 100, -200, 0), line("W", "Q", -50, -250, 1, counterparty_account="R")))
    assert traced(flows.trace(case, account="Q")) == {"W": Decimal(50)}


def test_a_window_ends_the_days_after_the_source(make_case):
    day = 24 * 60
    rows = [move("T", None, "P", 100, 0), move("W", "P", "Q", 10, 5 * day), move("X", "P", "R", 10, 5 * day + 1)]
    trail = flows.trace(make_case(transfers=rows), transfers=["T"], days=5)
    assert list(trail["transfer_id"]) == ["T", "W"]


def test_each_tranche_opens_the_window_anew(make_case):
    day = 24 * 60
    rows = [
        move("T1", None, "P", 100, 0),
        move("W1", "P", "Q", 50, 4 * day),
        move("W2", "P", "Q", 25, 8 * day),  # more than 5 days after the first tranche, and before the second
        move("T2", None, "P", 100, 9 * day),
        move("W3", "P", "Q", 125, 10 * day),
    ]
    case = make_case(transfers=rows)
    apart = flows.trace(case, transfers=["T1", "T2"], days=5)
    assert list(apart["transfer_id"]) == ["T1", "W1", "T2", "W3"]
    assert traced(apart) == {"W1": Decimal(50), "W3": Decimal(100)}  # 25 of the first are left in P and not followed again
    joined = flows.trace(case, transfers=["T1", "T2"], days=9)
    assert traced(joined) == {"W1": Decimal(50), "W2": Decimal(25), "W3": Decimal(125)}


def test_hubs_are_where_money_rests_unless_the_caller_says_otherwise(make_case):
    rows = [move("T", None, "P", 100, 0), move("W", "P", "Custody", 100, 1), move("X", "Custody", "Q", 100, 2)]
    case = make_case(transfers=rows, accounts=[{"account_id": "Custody", "purpose": "custody_total"}])
    trail = flows.trace(case, transfers=["T"])
    assert rest(trail) == {"Custody": Decimal(100)}
    assert trail.attrs["hubs"] == ["Custody"]
    assert rest(flows.trace(case, transfers=["T"], hubs=[])) == {"Q": Decimal(100)}
    assert rest(flows.trace(case, transfers=["T"], hubs=["P"])) == {"P": Decimal(100)}
    assert rest(flows.trace(case, account="Custody")) == {"Q": Decimal(100)}  # a source account is no hub


def test_a_loan_is_followed_from_its_payout(make_case):
    rows = [
        move("D", None, "P", 100, 0, kind="disbursement", loan_id="L1"),
        move("E", None, "P", 300, 0, kind="disbursement", loan_id="L2"),
        move("W", "P", "Q", 200, 1),
    ]
    case = make_case(transfers=rows, loans=[{"loan_id": "L1"}, {"loan_id": "L2"}, {"loan_id": "L3"}])
    assert traced(flows.trace(case, loan="L1")) == {"W": Decimal(50)}
    with pytest.raises(DataGap, match="L3"):
        flows.trace(case, loan="L3")


def test_a_party_is_followed_from_what_others_pay_into_its_accounts(make_case):
    rows = [move("T", "X", "P1", 100, 0), move("I", "P1", "P2", 60, 1), move("W", "P2", "Q", 60, 2)]
    accounts = [{"account_id": a, "holder_id": "party"} for a in ("P1", "P2")]
    case = make_case(transfers=rows, accounts=accounts, parties=[{"party_id": "party", "name": "甲公司", "kind": "company"}])
    trail = flows.trace(case, party="甲公司")
    assert trail[trail["hop"] == 0]["transfer_id"].tolist() == ["T"]
    assert rest(trail) == {"Q": Decimal(60), "P1": Decimal(40)}


def test_a_source_that_brings_traced_money_back_does_not_count_it_twice(make_case):
    # A gets 100, lends X 100, gets 150 back: 100 of them are the old ones, 50 are new
    rows = [
        move("T1", None, "A", 100, 0),
        move("W", "A", "X", 100, 1),
        move("C", None, "X", 50, 2),
        move("T2", "X", "A", 150, 3),
    ]
    trail = flows.trace(make_case(transfers=rows), account="A")
    assert list(zip(trail["transfer_id"], trail["hop"], trail["traced_yuan"], strict=True)) == [
        ("T1", 0, Decimal(100)),
        ("W", 1, Decimal(100)),
        ("T2", 0, Decimal(50)),
        ("T2", 2, Decimal(100)),
    ]
    assert rest(trail) == {"A": Decimal(150)}


def test_ties_go_credits_first_and_are_counted(make_case):
    rows = [move("W", "P", "Q", 100, 0, file_order=1), move("T", None, "P", 100, 0, file_order=2)]
    trail = flows.trace(make_case(transfers=rows), transfers=["T"])
    assert list(trail["transfer_id"]) == ["T", "W"]
    assert (trail.attrs["ties"], trail.attrs["tie_loops"]) == (2, 0)


def test_the_banks_sequence_goes_before_credits_first(make_case):
    lines = [line("W", "P", -100, None, 0, seq=1, counterparty_account="Q"), line("T", "P", 100, None, 0, seq=2)]
    trail = flows.trace(make_case(**shown(*lines)), transfers=["T"])
    assert list(trail["transfer_id"]) == ["T"]
    assert trail.attrs["ties"] == 0


@pytest.mark.parametrize(("days_later", "followed"), [(0, {"W": Decimal(100)}), (1, {})])
def test_a_day_without_a_time_ties_with_all_of_its_day(make_case, days_later, followed):
    midnight = -9 * 60 + days_later * 24 * 60
    rows = [move("W", "P", "Q", 100, 60), move("T", None, "P", 100, midnight, day_only=True)]
    assert traced(flows.trace(make_case(transfers=rows), transfers=["T"])) == followed


def test_a_loop_of_ties_goes_in_file_order_and_is_counted(make_case):
    rows = [move("T", None, "A", 100, 0), move("X", "B", "A", 50, 5, file_order=1), move("Y", "A", "B", 50, 5, file_order=2)]
    trail = flows.trace(make_case(transfers=rows), transfers=["T"])
    # X is first in the file: B had nothing, so 50 unknown yuan reach A; Y carries 100 * 50/150 = 33.33
    assert traced(trail) == {"Y": Decimal("33.33")}
    assert trail.attrs["tie_loops"] == 1


def test_a_transfer_without_a_time_is_in_no_trail_and_is_counted(make_case):
    rows = [move("T", None, "P", 100, 0), {**move("W", "P", "Q", 100), "at": None}]
    trail = flows.trace(make_case(transfers=rows), transfers=["T"])
    assert rest(trail) == {"P": Decimal(100)}
    assert trail.attrs["undated"] == 1


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "loan"),
        ({"loan": "L1", "account": "P"}, "loan"),
        ({"account": "nobody"}, "nobody"),
        ({"party": "nobody"}, "nobody"),
        ({"loan": "nobody"}, "nobody"),
        ({"transfers": ["T", "nobody"]}, "nobody"),
        ({"transfers": "T"}, "transfers"),
        ({"account": "P", "method": "fifa"}, "clean_first"),
        ({"account": "P", "days": -1}, "days"),
        ({"account": "P", "hops": 1.5}, "hops"),
        ({"account": "P", "hubs": "P"}, "hubs"),
        ({"account": "P", "hubs": ["nobody"]}, "nobody"),
    ],
)
def test_a_wrong_argument_is_one_line_that_says_what_is_right(make_case, monkeypatch, language, wrong, said):
    monkeypatch.setenv("LOOKTHROUGH_LANG", language)
    case = make_case(transfers=[move("T", None, "P", 100, 0)], loans=[{"loan_id": "L1"}])
    with pytest.raises(BadParameter) as error:
        flows.trace(case, **wrong)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_at_rest_wants_a_trail(make_case):
    with pytest.raises(BadParameter, match="traced_yuan"):
        flows.at_rest(flows.transfers(make_case(transfers=[move("T", None, "P", 1)])))


def test_a_frame_of_nothing_keeps_its_columns(make_case):
    case = make_case(transfers=[move("T", None, "P", 0, 0)])
    trail = flows.trace(case, transfers=["T"])
    assert len(trail) == 0
    assert len(flows.at_rest(trail)) == 0


ACCOUNTS = ["A", "B", "C", "D"]
SIDE = st.one_of(st.none(), st.sampled_from(ACCOUNTS))
FEN = st.one_of(st.integers(1, 12), st.integers(1, 10**6), st.integers(10**16 - 9, 10**16))


@st.composite
def ledgers(draw):
    moves = draw(st.lists(st.tuples(SIDE, SIDE, FEN).filter(lambda m: m[0] or m[1]), min_size=1, max_size=14))
    opening = draw(st.dictionaries(st.sampled_from(ACCOUNTS), st.integers(0, 10**6)))
    sources = draw(st.sets(st.integers(0, len(moves) - 1), min_size=1, max_size=4))
    return moves, opening, sources


@settings(max_examples=trials(600), deadline=None)
@given(ledgers(), st.one_of(st.none(), st.integers(0, 4)), st.sets(st.sampled_from(ACCOUNTS), max_size=1))
def test_the_kernel_agrees_with_plain_python_fen_by_fen(ledger, hops, sink):
    moves, opening, sources = ledger
    book = ledger_of(moves, opening)
    walk = Walk(book, book.flags(sorted(sink)), hops=hops, days=None)
    expected, clean = slow.follow(moves, sources, opening, hops, frozenset(sink))
    for _ in range(2):  # the scratch memory is left as it was found
        rows, beyond = walk.follow(np.array(sorted(sources)))
        assert [tuple(row) for row in rows[:, :3].tolist()] == expected
        assert beyond == clean


@settings(max_examples=trials(300), deadline=None)
@given(ledgers(), st.one_of(st.none(), st.integers(0, 4)), st.one_of(st.none(), st.just(0)))
def test_every_fen_of_the_source_is_somewhere(ledger, hops, days):
    moves, opening, sources = ledger
    book = ledger_of(moves, opening, minutes=[600 * i for i in range(len(moves))])
    sink = np.zeros(len(book.accounts), np.bool_)
    rows, clean = Walk(book, sink, hops=hops, days=days).follow(np.array(sorted(sources)))
    trail = _trail(book, rows, clean, "pro_rata", sink)
    assert (trail["traced_yuan"] <= trail["amount_yuan"]).all()
    resting = flows.at_rest(trail)["traced_yuan"]
    assert (resting > 0).all()
    assert sum(resting) == sum(trail[trail["hop"] == 0]["traced_yuan"])


@settings(max_examples=trials(200), deadline=None)
@given(ledgers(), st.randoms())
def test_the_order_of_rows_does_not_matter_when_times_differ(ledger, random):
    moves, opening, sources = ledger
    shuffled = list(range(len(moves)))
    random.shuffle(shuffled)
    straight, turned = ledger_of(moves, opening), ledger_of([moves[i] for i in shuffled], opening, minutes=shuffled)
    none = np.zeros(len(straight.accounts), np.bool_)
    found = [Walk(book, none, hops=None, days=None).follow(np.array(sorted(sources)))[0] for book in (straight, turned)]
    assert found[0].tolist() == found[1].tolist()
