"""flows.hub_trips and flows.trip_rings: round trips by ring of accounts, against brute force."""

import itertools
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import BadParameter
from lib.money import hubtrips
from lib.money.ordering import DAY_US
from tests.money_cases import ledger_of, move

DAY = 24 * 60
TAX = [{"account_id": "H", "purpose": "settlement"}]


def test_trips_through_a_hub_are_counted_by_ring(make_case):
    # A pays H twice; H pays B, who pays A: each of A's payments comes back. C pays H and is paid: a ring of two, from H's
    # payment to C (T5) on there is nothing; from C's payment (T4) there is one.
    rows = [
        *(move("T1", "A", "H", 10, 0), move("T2", "A", "H", 20, 1), move("T3", "H", "B", 30, 2), move("T6", "B", "A", 29, 3)),
        *(move("T4", "C", "H", 5, 4), move("T5", "H", "C", 4, 5)),
    ]
    case = make_case(transfers=rows, accounts=TAX)
    assert len(flows.round_trips(case)) == 0
    found = flows.hub_trips(case)
    assert found[["accounts", "hub_accounts", "hops", "trips", "sent_yuan"]].values.tolist() == [
        [["H", "B", "A"], ["H"], 3, 2, Decimal(30)],
        [["H", "C"], ["H"], 2, 1, Decimal(4)],
    ]
    assert found["transfer_ids"].tolist() == [["T1", "T3", "T6"], ["T4", "T5"]]
    assert (found["first_at"][0], found["last_at"][0]) == (rows[0]["at"], rows[3]["at"])
    assert (found.attrs["hubs"], found.attrs["left_out"]) == (["H"], 0)


def test_what_no_room_was_left_for_is_counted(make_case):
    rows = [move(f"T{n}", *sides, 1, n) for n, sides in enumerate([("H", "A"), ("A", "H"), ("H", "B"), ("B", "H"), ("B", "H")])]
    case = make_case(transfers=rows, accounts=TAX)
    assert flows.hub_trips(case)["trips"].tolist() == [1, 2]
    found = flows.hub_trips(case, most=1)
    assert found["trips"].tolist() == [1]
    assert found.attrs["left_out"] == 2
    assert "2 条" in found.attrs["caption"]


def test_a_busy_account_is_walked_through_as_a_hub(make_case):
    rows = [move("T1", "A", "X", 1, 0), move("T2", "X", "B", 1, 1), move("T3", "B", "A", 1, 2), move("T4", "X", "C", 1, 3)]
    found = flows.hub_trips(make_case(transfers=rows), busy=2)
    assert found["accounts"].tolist() == [["X", "B", "A"]]
    assert found.attrs["hubs"] == ["X"]


def test_a_party_sees_the_rings_of_its_accounts(make_case):
    pairs = [("H", "A"), ("A", "H"), ("H", "B"), ("B", "H")]
    rows = [move(f"T{n}", *sides, 1, n) for n, sides in enumerate(pairs)]
    accounts = [*TAX, {"account_id": "A", "holder_id": "p"}]
    case = make_case("p", transfers=rows, accounts=accounts, parties=[{"party_id": "p", "name": "甲"}])
    assert flows.hub_trips(case)["accounts"].tolist() == [["H", "A"]]


def test_without_a_hub_there_is_nothing_to_walk_through(make_case):
    with pytest.raises(BadParameter, match="hubs="):
        flows.hub_trips(make_case(transfers=[move("T1", "A", "B", 1)]))
    with pytest.raises(BadParameter, match="most"):
        flows.hub_trips(make_case(transfers=[move("T1", "A", "B", 1)], accounts=TAX), most=0)


@st.composite
def ledgers(draw):
    """Draw transfers between five accounts in three days, some of which state a day only."""
    rows = []
    for _ in range(draw(st.integers(2, 9))):
        payer = draw(st.integers(0, 4))
        payee = draw(st.integers(0, 4).filter(lambda a, payer=payer: a != payer))
        rows.append((payer, payee, draw(st.integers(1, 99)), draw(st.integers(0, 3 * DAY - 1)), draw(st.booleans())))
    return rows


def proven(book, places, window):
    """Tell whether each transfer is over before the next can begin, and the last begins within the window of the first."""
    low = book.moves.at[list(places)]
    high = low + np.where(book.moves.day_only[list(places)], DAY_US - 1, 0)
    return all(high[n] < low[n + 1] for n in range(len(low) - 1)) and low[-1] - high[0] <= window


def brute_force(book, hubs, most_hops, window):
    """Try every sequence of transfers; give ring → (trips, first, last, paid by the first hub)."""
    rings = {}
    payer, payee, at = book.moves.payer.tolist(), book.moves.payee.tolist(), book.moves.at.tolist()
    for hops in range(2, most_hops + 1):
        for path in itertools.permutations(range(len(payer)), hops):
            accounts = [payer[p] for p in path]
            closed = [payee[p] for p in path] == accounts[1:] + accounts[:1]
            if not closed or len(set(accounts)) < hops or not set(accounts) & set(hubs) or not proven(book, path, window):
                continue
            start = accounts.index(min(set(accounts) & set(hubs)))
            rings.setdefault(tuple(accounts[start:] + accounts[:start]), []).append((path, path[start]))
    return {
        ring: (
            len(trips),
            min(at[path[0]] for path, _ in trips),
            max(at[path[-1]] for path, _ in trips),
            sum(int(book.amount[p]) for p in {paid for _, paid in trips}),
        )
        for ring, trips in rings.items()
    }


@settings(max_examples=150)
@given(ledgers(), st.integers(2, 5), st.sampled_from([0, 1, 3]), st.sampled_from([[0], [0, 2], [3, 4]]))
def test_every_ring_is_found_with_all_its_trips(rows, most_hops, days, hubs):
    book = ledger_of(
        [(f"A{payer}", f"A{payee}", fen) for payer, payee, fen, _, _ in rows],
        {f"A{n}": 0 for n in range(5)},
        [minute - 9 * 60 for _, _, _, minute, _ in rows],
        [day_only for *_, day_only in rows],
    )
    everyone, window = np.ones(5, np.bool_), days * DAY_US
    everything = np.arange(len(rows))
    asked = (book, everything, np.array(hubs), everyone, most_hops, window)
    rings, notes, lost, cut = hubtrips._counted(*asked, 500, 10_000)
    expected = brute_force(book, hubs, most_hops, window)
    found = {tuple(ring[ring >= 0].tolist()): tuple(note[:4].tolist()) for ring, note in zip(rings, notes, strict=True)}
    assert found == expected
    assert (lost, cut) == (0, 0)
    for note in notes:
        trip = note[5:][note[5:] >= 0]
        turns = [np.roll(trip, -n) for n in range(len(trip))]
        assert any(proven(book, turn, window) for turn in turns)
    few, kept, lost, _ = hubtrips._counted(*asked, 1, 10_000)
    assert lost + kept[:, 0].sum() == sum(trips for trips, *_ in expected.values())
    assert len(few) == min(1, len(expected))
    _, kept, _, cut = hubtrips._counted(*asked, 500, 1)  # one payment beyond the hub's own
    assert cut > 0 or kept[:, 0].sum() == sum(trips for trips, *_ in expected.values())


def test_trips_that_repeat_are_one_ring_wherever_they_begin(make_case):
    pairs = [("A", "B", 10), ("B", "A", 9), ("A", "B", 8), ("C", "D", 50), ("D", "C", 50)]
    case = make_case(transfers=[move(f"T{n}", *row, n) for n, row in enumerate(pairs)])
    trips = flows.round_trips(case)
    assert trips["accounts"].tolist() == [["A", "B"], ["B", "A"], ["C", "D"]]
    rings = flows.trip_rings(case, trips)
    assert rings[["accounts", "trips", "sent_yuan", "back_yuan"]].values.tolist() == [
        [["A", "B"], 2, Decimal(18), Decimal(9)],
        [["C", "D"], 1, Decimal(50), Decimal(50)],
    ]
    assert rings["transfer_ids"].tolist() == [["T0", "T1", "T2"], ["T3", "T4"]]
    assert rings["trip_ids"][0] == trips["trip_id"].tolist()[:2]
    assert len(flows.trip_rings(case, trips.iloc[:0])) == 0


def test_a_frame_that_is_no_result_of_round_trips_is_refused(make_case):
    case = make_case(transfers=[move("T1", "A", "B", 1)])
    with pytest.raises(BadParameter, match="trip_id"):
        flows.trip_rings(case, flows.transfers(case))
