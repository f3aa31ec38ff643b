"""flows.round_trips: money that goes round, against brute force."""

import itertools
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import flows, open_case
from lib.drafts import next_version
from lib.errors import BadParameter
from lib.kernels import cycles
from lib.money.ordering import DAY_US
from tests.money_cases import line, move
from tests.trials import trials

DAY = 24 * 60


def trips(case, **settings):
    return [tuple(ids) for ids in flows.round_trips(case, **settings)["transfer_ids"]]


def test_a_trip_is_listed_once_from_its_earliest_transfer(make_case):
    rows = [move("T1", "A", "B", 100, 0), move("T2", "B", "C", 90, 1), move("T3", "C", "A", 80, 2), move("T0", "C", "A", 5, -1)]
    found = flows.round_trips(make_case(transfers=rows))
    # T0, T1, T2 go round as well: from C
    assert [tuple(ids) for ids in found["transfer_ids"]] == [("T0", "T1", "T2"), ("T1", "T2", "T3")]
    last = found.iloc[1]
    assert (last["hops"], last["accounts"], last["tied"]) == (3, ["A", "B", "C"], False)
    assert (last["amount_out_yuan"], last["amount_back_yuan"], last["least_yuan"]) == (Decimal(100), Decimal(80), Decimal(80))
    assert found.iloc[0]["least_yuan"] == Decimal(5)
    assert (last["first_at"], last["last_at"]) == (rows[0]["at"], rows[2]["at"])


def test_the_window_the_hops_and_the_least_amount_bound_every_trip(make_case):
    rows = [move("T1", "A", "B", 100, 0), move("T2", "B", "C", 90, 5 * DAY), move("T3", "C", "A", 80, 10 * DAY)]
    case = make_case(transfers=rows)
    assert trips(case, days=10) == [("T1", "T2", "T3")]
    assert trips(case, days=9) == []
    assert trips(case, max_hops=2) == []
    assert trips(case, min_yuan=80) == [("T1", "T2", "T3")]
    assert trips(case, min_yuan=80.01) == []


def test_money_cannot_come_back_before_it_left(make_case):
    assert (
        trips(make_case(transfers=[move("T1", "A", "B", 1, 5), move("T2", "B", "C", 1, 4), move("T3", "C", "A", 1, 3)])) == []
    )


def test_hubs_are_left_out_and_listed(make_case):
    rows = [move("T1", "A", "Tax", 1, 0), move("T2", "Tax", "A", 1, 1), move("T3", "A", "B", 1, 2), move("T4", "B", "A", 1, 3)]
    case = make_case(transfers=rows, accounts=[{"account_id": "Tax", "purpose": "tax"}])
    found = flows.round_trips(case)
    assert found["transfer_ids"].tolist() == [["T3", "T4"]]
    assert found.attrs["hubs"] == ["Tax"]
    assert trips(case, hubs=[]) == [("T1", "T2"), ("T3", "T4")]
    assert trips(case, hubs=["B"]) == [("T1", "T2")]


def test_a_case_of_one_party_has_the_trips_of_its_accounts(make_case):
    rows = [move(f"{a}{b}", a, b, 1, i) for i, (a, b) in enumerate([("A", "B"), ("B", "A"), ("C", "D"), ("D", "C")])]
    parties = [{"party_id": "p", "name": "甲", "kind": "company"}]
    case = make_case("p", transfers=rows, parties=parties, accounts=[{"account_id": "A", "holder_id": "p"}])
    assert trips(case) == [("AB", "BA")]


def test_a_payment_that_came_back_by_a_reversal_is_no_trip_and_is_counted(make_case):
    there, back = move("T1", "A", "B", 100, 0), move("T2", "B", "A", 100, 1)
    again, home = move("T3", "A", "B", 100, 2), move("T4", "B", "A", 90, 3)
    assert trips(make_case(transfers=[there, back])) == [("T1", "T2")]
    found = flows.round_trips(make_case(transfers=[there, {**back, "reversal_of": "T1"}, again, home]))
    assert found["transfer_ids"].tolist() == [["T3", "T4"]]
    assert found.attrs["reversed"] == 1
    assert "1 对" in found.attrs["caption"]


def test_reversals_that_could_be_in_no_trip_asked_for_are_not_counted(make_case):
    rows = [move("T1", "A", "B", 100, 0), move("T2", "B", "A", 100, 1, reversal_of="T1")]
    found = flows.round_trips(make_case(transfers=rows), min_yuan=101)
    assert (found.attrs["reversed"], "caption" in found.attrs) == (0, False)


def test_transfers_of_the_same_second_may_have_gone_either_way_and_are_marked(make_case):
    found = flows.round_trips(make_case(transfers=[move("T1", "A", "B", 1, 0), move("T2", "B", "A", 1, 0)]))
    assert found["transfer_ids"].tolist() == [["T1", "T2"]]
    assert found["tied"].tolist() == [True]


@pytest.mark.parametrize(("out_seq", "back_seq", "expected"), [(1, 2, [False]), (2, 1, [])])
def test_the_banks_sequence_settles_a_tie(make_case, out_seq, back_seq, expected):
    # both banks number their lines: B is paid before it pays; A pays before it is paid, or (second case) the other way round,
    # and then B, numbered likewise, has paid before it was paid: the trip that is left begins at B
    lines = [
        line("a1", "A", -1, None, 0, seq=out_seq, counterparty_account="B"),
        line("a2", "A", 1, None, 0, seq=back_seq, counterparty_account="B"),
        line("b1", "B", 1, None, 0, seq=1, counterparty_account="A"),
        line("b2", "B", -1, None, 0, seq=2, counterparty_account="A"),
    ]
    both = {"payer_account": "A", "payee_account": "B", "at": lines[0]["at"], "amount_yuan": Decimal(1)}
    transfers = [
        {**both, "transfer_id": "T1", "flow_ids": ["a1", "b1"], "file_order": 1},
        {**both, "transfer_id": "T2", "flow_ids": ["a2", "b2"], "file_order": 2, "payer_account": "B", "payee_account": "A"},
    ]
    assert flows.round_trips(make_case(flows=lines, transfers=transfers))["tied"].tolist() == expected


def test_days_without_times_admit_every_order_of_the_day(make_case):
    midnight = -9 * 60
    rows = [move("T1", "A", "B", 1, 6 * 60), move("T2", "B", "A", 1, midnight, day_only=True)]
    found = flows.round_trips(make_case(transfers=rows))
    assert found["tied"].tolist() == [True]
    assert len(found) == 1


def test_a_day_without_a_time_cannot_lead_back_in_time(make_case):
    # 15:00, then any time of the day, then 10:00 of the same day: no such order; before 10:00, then 10:00, then 15:00 there is
    rows = [move("T1", "A", "B", 1, 360), move("T2", "B", "C", 1, -9 * 60, day_only=True), move("T3", "C", "A", 1, 60)]
    found = trips(make_case(transfers=rows))
    assert found == [("T2", "T3", "T1")]


def test_busy_accounts_are_left_out_and_said_but_never_those_of_the_case(make_case):
    # A takes part in 6 transfers, B in 4, C in 2; all trips: T0 T1, T0 T3, T1 T2, T2 T3, T4 T5
    pairs = [("A", "B"), ("B", "A"), ("A", "B"), ("B", "A"), ("A", "C"), ("C", "A")]
    rows = [move(f"T{n}", payer, payee, 1, n) for n, (payer, payee) in enumerate(pairs)]
    parties, accounts = [{"party_id": "p", "name": "甲"}], [{"account_id": "A", "holder_id": "p"}]
    case = make_case("p", transfers=rows, parties=parties, accounts=accounts)
    found = flows.round_trips(case, busy=3)
    assert found["transfer_ids"].tolist() == [["T4", "T5"]]
    assert (found.attrs["hubs"], found.attrs["busy"]) == (["B"], ["B"])
    assert "1 个账户往来极多" in found.attrs["caption"]
    assert len(trips(case, busy=4)) == len(trips(case, busy=None)) == len(trips(case, busy=3, hubs=[])) == 5
    assert trips(open_case(None, "2018-09-30", case.store.path), busy=5) == []


@pytest.mark.parametrize(
    "wrong", [{"busy": 0}, {"days": -1}, {"max_hops": 1}, {"max_hops": 99}, {"min_yuan": -1}, {"hubs": ["nobody"]}]
)
def test_a_setting_out_of_range_is_refused(make_case, wrong):
    with pytest.raises(BadParameter, match=next(iter(wrong))):
        flows.round_trips(make_case(transfers=[move("T1", "A", "B", 1)]), **wrong)


def test_nothing_to_find_is_an_empty_frame_with_all_columns(make_case):
    found = flows.round_trips(make_case(transfers=[move("T1", "A", "B", 1)]))
    assert list(found.columns) == [
        *("trip_id", "hops", "accounts", "transfer_ids", "first_at", "last_at"),
        *("amount_out_yuan", "amount_back_yuan", "least_yuan", "tied"),
    ]
    assert len(found) == 0


@st.composite
def ledgers(draw):
    count = draw(st.integers(2, 8))
    account, seq = st.integers(0, 3), st.one_of(st.just(-1), st.integers(1, 4))
    rows = []
    for _ in range(count):
        payer = draw(account)
        payee = draw(account.filter(lambda a, payer=payer: a != payer))
        day_only = draw(st.booleans())
        low = draw(st.integers(0, 2)) * DAY_US + (0 if day_only else draw(st.integers(0, 2)))
        rows.append((payer, payee, low, low + (DAY_US - 1 if day_only else 0), draw(seq), draw(seq)))
    return rows


def brute_force(rows, most_hops, window):
    """Try every sequence of transfers; keep those that can happen in that order, each from its lowest possible start."""
    found = set()
    for hops in range(2, most_hops + 1):
        for path in itertools.permutations(range(len(rows)), hops):
            if possible(rows, path, window):
                turns = [path[i:] + path[:i] for i in range(hops)]
                found.add(min(turn for turn in turns if possible(rows, turn, window)))
    return found


def possible(rows, path, window):
    payers, payees = [rows[i][0] for i in path], [rows[i][1] for i in path]
    if payees != payers[1:] + payers[:1] or len(set(payers)) < len(path):
        return False
    moment = -1
    for i in path:
        moment = max(moment, rows[i][2])
        if moment > rows[i][3]:
            return False
    for before, after in itertools.pairwise((*path, path[0])):
        closing = after == path[0]
        first, second = (after, before) if closing else (before, after)
        # the account between them: it is paid by `before` and pays with `after`; at the start it pays first
        seq_first = rows[first][5] if closing else rows[first][4]
        seq_second = rows[second][4] if closing else rows[second][5]
        if rows[first][3] >= rows[second][2] and min(seq_first, seq_second) >= 0 and seq_first >= seq_second:
            return False
    return moment - rows[path[0]][3] <= window


def kernel(rows, most_hops, window):
    payer, payee, low, high, seq_in, seq_out = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    sides = []
    for side in (payer, payee):
        by_side = np.lexsort((high, side))
        sides += [np.searchsorted(side[by_side], np.arange(5)), by_side]
    orders = (np.argsort(low, kind="stable"), np.argsort(high, kind="stable"))
    starts = np.flatnonzero(cycles.promising(payer, payee, low, high, *orders, window))
    moves, wanted = (payer, payee, low, high, seq_in, seq_out), np.ones(4, np.bool_)
    flat, sizes, ties = cycles.cycles(starts, moves, *sides, wanted, most_hops, window, 10**6)
    return [tuple(part.tolist()) for part in np.split(flat, np.cumsum(sizes)[:-1])] if len(sizes) else [], ties


@settings(max_examples=trials(300), deadline=None)
@given(ledgers(), st.integers(2, 5), st.sampled_from([0, 1, DAY_US, 3 * DAY_US]))
def test_every_trip_is_found_and_each_once(rows, most_hops, window):
    found, ties = kernel(rows, most_hops, window)
    assert len(found) == len(set(found))
    assert set(found) == brute_force(rows, most_hops, window)
    for path, tied in zip(found, ties, strict=True):
        steps = list(itertools.pairwise(path))
        proven = [rows[a][3] < rows[b][2] or (rows[a][4] >= 0 and rows[b][5] >= 0) for a, b in steps]
        assert tied == (not all(proven))


def test_a_case_finds_in_large_ledgers_what_the_whole_district_finds_there(make_store):
    # The search of a case leaves out accounts that are too far away; it must not lose a trip by that.
    generator = np.random.default_rng(2018)
    count, accounts = 3000, 60
    payer, payee = generator.integers(0, accounts, count), generator.integers(0, accounts, count)
    minutes = np.sort(generator.choice(60 * DAY, count, replace=False))
    start = np.datetime64("2018-01-01T00:00:00", "us")
    table = pa.table(
        {
            "transfer_id": [f"T{i}" for i in range(count)],
            "payer_account": [f"A{i}" for i in payer],
            "payee_account": [f"A{i}" for i in payee],
            "at": start + minutes.astype("timedelta64[m]"),
            "amount_yuan": pa.array([Decimal(1)] * count, pa.decimal128(18, 2)),
            "file_order": range(count),
        }
    )
    path = make_store(parties=[{"party_id": "p", "name": "甲"}], accounts=[{"account_id": "A7", "holder_id": "p"}])
    with next_version(path) as store:
        store.derive("new", table)
        store.execute("insert into transfers by name select * from new")
    everything = flows.round_trips(open_case(None, "2018-09-30", path), days=6, max_hops=5)
    mine = flows.round_trips(open_case("p", "2018-09-30", path), days=6, max_hops=5)
    expected = [ids for ids, passed in zip(everything["trip_id"], everything["accounts"], strict=True) if "A7" in passed]
    assert len(expected) > 5
    assert mine["trip_id"].tolist() == expected
