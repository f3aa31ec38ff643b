"""flows.trace told apart by source: every lender's money has a colour of its own."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import BadParameter
from lib.money import colouring
from lib.money.backward import MIRRORED, mirrored
from lib.money.colouring import collected, coloured
from lib.money.tracing import followed
from lib.money.walking import METHODS, Walk
from tests.money_cases import ledger_of, move
from tests.oracles import conventions as slow
from tests.test_flows_conventions import ACCOUNTS, CONSERVING, ledgers

# Two lenders pay 300 and 100 into P, which pays Q 200 and R 100.
LENT = [
    move("L1", "A", "P", 300, 0),
    move("L2", "B", "P", 100, 1),
    move("Q", "P", "Q1", 200, 2),
    move("R", "P", "R1", 100, 3),
]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("pro_rata", {("L1", "Q"): 150, ("L2", "Q"): 50, ("L1", "R"): 75, ("L2", "R"): 25}),
        ("fifo", {("L1", "Q"): 200, ("L1", "R"): 100}),
        ("lifo", {("L1", "Q"): 100, ("L2", "Q"): 100, ("L1", "R"): 100}),
    ],
)
def test_each_source_has_a_colour_of_its_own(make_case, method, expected):
    trail = flows.trace(make_case(transfers=LENT), account="P", method=method, by="source")
    onward = trail[trail["hop"] > 0]
    found = dict(zip(zip(onward["source_transfer"], onward["transfer_id"], strict=True), onward["traced_yuan"], strict=True))
    assert found == expected
    rest = flows.at_rest(trail)
    assert rest.groupby("source_transfer")["traced_yuan"].sum().to_dict() == {"L1": 300, "L2": 100}


def test_sources_are_put_together_by_the_account_that_paid_them(make_case):
    rows = [*LENT, move("L3", "A", "P", 100, 4), move("L4", None, "P", 50, 5), move("S", "P", "S1", 350, 6)]
    case = make_case(transfers=rows)
    trail = flows.trace(case, account="P", by="account")
    last = trail[trail["transfer_id"] == "S"]
    found = {a if isinstance(a, str) else None: y for a, y in zip(last["source_account"], last["traced_yuan"], strict=True)}
    assert found == {"A": 175, "B": 25, None: 50} | {"A": 75 + 100, "B": 25}  # 300, 100 less three quarters; 100 and 50 more
    back = flows.trace(case, account="P", by="account", direction="backward", method="fifo")
    lenders = back[(back["source_account"] == "Q1") & (back["hop"] == 1)]
    assert dict(zip(lenders["transfer_id"], lenders["traced_yuan"], strict=True)) == {"L1": Decimal(200)}


def test_money_is_of_the_first_source_that_it_was_in(make_case):
    case = make_case(transfers=[move("1", None, "P", 100, 0), move("2", "P", "Q", 150, 1), move("3", "Q", "R", 150, 2)])
    for method in CONSERVING:  # poison makes all of the second one traced, which then brings nothing new
        trail = flows.trace(case, transfers=["1", "2"], method=method, by="source")
        last = trail[trail["transfer_id"] == "3"]
        assert dict(zip(last["source_transfer"], last["traced_yuan"], strict=True)) == {"1": 100, "2": 50}


def test_what_poison_turned_has_no_source(make_case):
    case = make_case(transfers=[move("C", None, "P", 100, 0), *LENT, move("S", "P", "S1", 200, 4)])
    trail = flows.trace(case, transfers=["L1", "L2"], method="poison", by="source")
    rest = flows.at_rest(trail)
    sums = {
        s if isinstance(s, str) else None: y
        for s, y in rest.groupby("source_transfer", dropna=False)["traced_yuan"].sum().items()
    }
    assert sums == {"L1": 300, "L2": 100, None: 100}
    assert trail.attrs["overstated_yuan"] == 100


def test_an_unknown_way_to_tell_apart_is_refused(make_case):
    with pytest.raises(BadParameter, match="source"):
        flows.trace(make_case(transfers=LENT), account="P", by="lender")


def test_more_rows_than_a_table_can_hold_are_refused(make_case, monkeypatch):
    monkeypatch.setattr(colouring, "MOST_ROWS", 3)
    with pytest.raises(BadParameter, match="hops"):
        flows.trace(make_case(transfers=LENT), account="P", by="source")


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=120, deadline=None)
@given(
    ledger=ledgers(),
    hops=st.one_of(st.none(), st.integers(0, 4)),
    sink=st.sets(st.sampled_from(ACCOUNTS), max_size=1),
    room=st.sampled_from([0, colouring.ROOM]),
    at_once=st.sampled_from([1, 64]),
    together=st.booleans(),
)
@example(([(None, "B", 1), ("B", "B", 2)], {}, {0, 1}), None, set(), 0, 1, False)  # a source from an account to itself
def test_colours_agree_with_plain_python_fen_by_fen_and_add_up(method, ledger, hops, sink, room, at_once, together):
    moves, opening, sources = ledger
    book = ledger_of(moves, opening)
    walk = Walk(book, book.flags(sorted(sink)), hops=hops, days=None, method=method)
    starts = np.array(sorted(sources))
    colours = np.arange(len(starts)) // (2 if together else 1)
    of = dict(zip(starts.tolist(), colours.tolist(), strict=True))
    expected = slow.coloured(method, moves, of, opening, hops, frozenset(sink))
    whole = walk.follow(starts)[0]
    was, colouring.LINES_AT_ONCE = colouring.LINES_AT_ONCE, at_once
    try:
        for _ in range(2):  # the scratch memory is left as it was found
            rows = collected(coloured(walk, starts, colours, room))
            told = rows[rows[:, 5] >= 0]
            found = {(int(r[0]), bool(r[2] > 0), int(r[5])): (int(r[1]), int(r[2])) for r in told}
            assert found == {key: value for key, value in expected.items() if key[2] != slow.FAR}
            sums = {}
            for place, fen, hop, ended, turned, _ in rows.tolist():
                had = sums.setdefault((place, hop > 0), [0, 0, 0])
                sums[place, hop > 0] = [had[0] + fen, had[1] + ended, had[2] + turned]
            assert sums == {(r[0], r[2] > 0): [r[1], r[3], r[4]] for r in whole.tolist()}
    finally:
        colouring.LINES_AT_ONCE = was


@pytest.mark.parametrize("method", MIRRORED)
@settings(max_examples=40, deadline=None)
@given(ledger=ledgers(most=10))
def test_backward_too_colours_add_up(method, ledger):
    moves, opening, sources = ledger
    book, starts = ledger_of(moves, opening), np.array(sorted(sources))
    mirror = mirrored(book)
    walk = Walk(mirror.book, np.zeros(len(book.accounts), np.bool_), hops=None, days=None, method=method)
    whole, clean = followed(walk, mirror, starts, None)
    rows, beyond = followed(walk, mirror, starts, np.arange(len(starts)))
    sums = {}
    for place, fen, hop, _, turned, unfunded, _ in rows.tolist():
        had = sums.setdefault((place, hop > 0), [0, 0, 0])
        sums[place, hop > 0] = [had[0] + fen, had[1] + turned, had[2] + unfunded]
    assert sums == {(r[0], r[2] > 0): [r[1], r[4], r[5]] for r in whole.tolist()}
    assert beyond == clean
