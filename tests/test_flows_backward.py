"""flows.trace backward: where money came from; the mirror of following it forward."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import BadParameter, DataGap
from lib.money.backward import MIRRORED, mirrored
from lib.money.tracing import _trail, followed
from lib.money.walking import Walk
from tests.money_cases import ledger_of, move
from tests.oracles import conventions as slow
from tests.test_flows_conventions import ACCOUNTS, ledgers

# P gets 300 from A, 100 from B, 200 from C, and pays Q 400 and R 150.
IN_AND_OUT = [
    move("A", "A1", "P", 300, 0),
    move("B", "B1", "P", 100, 1),
    move("C", "C1", "P", 200, 2),
    move("Q", "P", "Q1", 400, 3),
    move("R", "P", "R1", 150, 4),
]


def came(trail):
    """Return transfer → traced yuan before the source."""
    rows = trail[trail["hop"] > 0]
    return dict(zip(rows["transfer_id"], rows["traced_yuan"], strict=True))


def origins(trail):
    """Return account → yuan that lay there before; None is nobody who is stated."""
    found = flows.at_rest(trail)
    return {a if isinstance(a, str) else None: y for a, y in zip(found["account"], found["traced_yuan"], strict=True)}


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("pro_rata", {"C": 50, "B": 25, "A": 75}),  # 150/600 of each
        ("fifo", {"C": 150}),  # A, B go first, in Q
        ("lifo", {"A": 150}),  # Q takes C, B and 100 of A
        ("poison", {"C": 200, "B": 100, "A": 300}),
    ],
)
def test_a_payment_is_what_came_before_it(make_case, method, expected):
    trail = flows.trace(make_case(transfers=IN_AND_OUT), transfers=["R"], direction="backward", method=method)
    assert came(trail) == expected
    assert trail.iloc[0][["transfer_id", "hop", "traced_yuan"]].tolist() == ["R", 0, 150]
    assert trail.attrs["direction"] == "backward"
    # A1, B1 and C1 are not known to have held what they paid
    assert origins(trail) == {None: sum(expected.values())}
    assert trail.attrs["overstated_yuan"] == (450 if method == "poison" else 0)
    assert "来源" in trail.attrs["caption"]


def test_every_debit_of_an_account_or_party_is_followed_back(make_case):
    case = make_case(
        transfers=IN_AND_OUT,
        accounts=[{"account_id": "P", "holder_id": "p"}],
        parties=[{"party_id": "p", "name": "p", "kind": "company"}],
    )
    for named in ({"account": "P"}, {"party": "p"}):
        trail = flows.trace(case, **named, direction="backward", method="fifo")
        assert came(trail) == {"A": 300, "B": 100, "C": 150}
    with pytest.raises(DataGap):
        flows.trace(case, account="Q1", direction="backward")


def test_hubs_hops_and_days_end_the_way_back(make_case):
    rows = [
        move("1", "X", "H", 100, 0),
        move("2", "H", "P", 100, 1440),
        move("3", "P", "Q", 100, 2880),
    ]
    case = make_case(transfers=rows)
    for limits, account in (({}, None), ({"hubs": ["H"]}, "H"), ({"hops": 1}, "H"), ({"days": 1}, "H"), ({"hops": 0}, "P")):
        trail = flows.trace(case, transfers=["3"], direction="backward", **limits)
        assert origins(trail) == {account: 100}


def test_what_the_payer_is_not_known_to_have_held_has_no_known_origin(make_case):
    case = make_case(transfers=[move("1", None, "P", 100, 0), move("2", "P", "Q", 300, 1)])
    trail = flows.trace(case, transfers=["2"], direction="backward")
    assert dict(zip(trail["transfer_id"], trail["unfunded_yuan"], strict=True)) == {"2": 200, "1": 0}
    assert trail.attrs["unknown_clean_yuan"] == 200
    assert origins(trail) == {None: Decimal(300)}


def test_a_window_reaches_back_to_transfers_whose_time_of_day_is_not_known(make_case):
    # as forward: the day that the window ends on counts whole where nobody knows the time
    rows = [move("1", None, "P", 100, 0, day_only=True), move("2", "P", "Q", 100, 1440 + 600)]
    rows[0]["at"] = rows[0]["at"].replace(hour=0)
    assert came(flows.trace(make_case(transfers=rows), transfers=["2"], direction="backward", days=1)) == {"1": 100}


@pytest.mark.parametrize("wrong", [{"method": "clean_first"}, {"method": "taint_first"}, {"direction": "sideways"}])
def test_what_has_no_mirror_is_refused_with_what_there_is(make_case, wrong):
    with pytest.raises(BadParameter) as error:
        flows.trace(make_case(transfers=IN_AND_OUT), transfers=["R"], **{"direction": "backward", **wrong})
    assert "\n" not in str(error.value)
    assert "backward" in str(error.value) or "lifo" in str(error.value)


def forward(book, method):
    """Return (source, transfer) → fen of the source's money in the transfer, of all pairs."""
    walk = Walk(book, np.zeros(len(book.accounts), np.bool_), hops=None, days=None, method=method)
    rows = {s: walk.follow(np.array([s]))[0] for s in range(len(book.amount))}
    return {(s, int(r[0])): int(r[1]) for s, found in rows.items() for r in found if r[2] > 0 and r[0] != s}


def backward(book, method):
    """Return the same, followed back from every transfer."""
    mirror = mirrored(book)
    nowhere = np.zeros(len(book.accounts), np.bool_)
    walk = Walk(mirror.book, nowhere, hops=None, days=None, method=method)
    pairs = {}
    for t in range(len(book.amount)):
        rows, clean = followed(walk, mirror, np.array([t]), None)
        trail = _trail(book, rows, clean, method, nowhere, backward=True)
        assert sum(flows.at_rest(trail)["traced_yuan"]) == Decimal(int(book.amount[t])) / 100 + trail.attrs["overstated_yuan"]
        found = zip(rows[:, 0].tolist(), trail["hop"], trail["traced_yuan"], strict=True)
        pairs |= {(s, t): int(yuan * 100) for s, hop, yuan in found if hop > 0 and s != t}
    return pairs


@settings(max_examples=60, deadline=None)
@given(ledger=ledgers(most=10), method=st.sampled_from(["fifo", "lifo"]))
def test_lots_are_paired_alike_from_either_end(ledger, method):
    book = ledger_of(*ledger[:2])
    assert backward(book, method) == forward(book, method)


@settings(max_examples=60, deadline=None)
@given(ledger=ledgers(most=10))
def test_poison_reaches_a_transfer_from_a_source_as_often_as_the_source_from_the_transfer(ledger):
    book = ledger_of(*ledger[:2])
    assert set(backward(book, "poison")) == set(forward(book, "poison"))


@settings(max_examples=60, deadline=None)
@given(ledger=ledgers(most=10))
def test_pro_rata_is_the_same_from_either_end_but_for_rounding(ledger):
    moves, opening, _ = ledger
    exact = slow.exact_shares(moves, opening)
    book = ledger_of(moves, opening)
    for found in (forward(book, "pro_rata"), backward(book, "pro_rata")):
        for pair in {*exact, *found}:
            # each rounding moves half a fen at most, and parts of it further; backward a transfer may be two
            assert abs(exact.get(pair, 0) - found.get(pair, 0)) <= Fraction(1, 2) * 2 * len(moves)


@pytest.mark.parametrize("method", MIRRORED)
@settings(max_examples=60, deadline=None)
@given(ledger=ledgers(), hops=st.one_of(st.none(), st.integers(0, 4)), sink=st.sets(st.sampled_from(ACCOUNTS), max_size=1))
def test_going_back_agrees_with_plain_python_fen_by_fen(method, ledger, hops, sink):
    moves, opening, sources = ledger
    book = ledger_of(moves, opening)
    mirror = mirrored(book)
    walk = Walk(mirror.book, book.flags(sorted(sink)), hops=hops, days=None, method=method)
    back, place, closing = slow.mirrored(moves, opening)
    assert place == mirror.place.tolist()
    starts = {i for i, p in enumerate(place) if p in sources}
    expected, clean = slow.follow(method, back, starts, closing, hops, frozenset(sink))
    rows, beyond = walk.follow(mirror.of(np.array(sorted(sources))))
    assert [tuple(row) for row in rows[:, [0, 1, 2, 4]].tolist()] == expected
    assert clean == beyond == 0
