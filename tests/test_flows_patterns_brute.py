"""The kinds of flows.patterns against brute force on small random ledgers."""

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.kernels import dwelling
from lib.money.amounts import yuan
from lib.money.ledger import assemble
from lib.money.patterns import fans, layers, mirrors
from lib.money.patterns.scene import Scene
from lib.money.patterns.settings import DEFAULTS
from tests.oracles import patterns as slow
from tests.oracles.patterns import DAY

ACCOUNTS = 5


@st.composite
def ledgers(draw, most=9, accounts=ACCOUNTS, last_day=3):
    rows = []
    account, seq = st.integers(-1, accounts - 1), st.one_of(st.just(-1), st.integers(1, 5))
    for _ in range(draw(st.integers(1, most))):
        payer, payee, day_only = draw(account), draw(account), draw(st.booleans())
        at = draw(st.integers(0, last_day)) * DAY + (0 if day_only else draw(st.integers(0, 2)) * 3_600_000_000)
        rows.append((payer, payee, draw(st.integers(0, 3)), at, day_only, draw(seq), draw(seq)))
    return rows


def scene_of(moves):
    """Make a scene without a Store; transfer T7 is the seventh move."""
    count = len(moves)
    names = pa.array([f"A{i}" for i in range(10)])
    fen = np.array([m[2] for m in moves], np.int64)

    def side(place):
        return pa.array([None if m[place] < 0 else f"A{m[place]}" for m in moves], pa.string())

    def seq(place):
        return pa.array([None if m[place] < 0 else m[place] for m in moves], pa.int64())

    rows = pa.table(
        {
            "transfer_id": [f"T{i}" for i in range(count)],
            "payer_account": side(0),
            "payee_account": side(1),
            "kind": pa.nulls(count, pa.string()),
            "loan_id": pa.nulls(count, pa.string()),
            "amount_yuan": yuan(fen),
            "amount_fen": fen,
            "payer_seq": seq(5),
            "payee_seq": seq(6),
            "day_only": [m[4] for m in moves],
            "payer_shown": [True] * count,
            "payee_shown": [True] * count,
            "at": pa.array([m[3] for m in moves], pa.timestamp("us")),
        }
    )
    nobody = np.zeros(0, np.int64)
    book = assemble(rows, names, (pa.array([], pa.string()), nobody, nobody))
    return Scene(None, book, np.arange(10), np.zeros(10, np.bool_))


def rows_of(ids):
    return frozenset(int(i[1:]) for i in ids)


def found(table, *figures):
    return sorted(
        (tuple(row["centre_accounts"]), sorted(rows_of(row["transfer_ids"])), *(row[f] for f in figures))
        for row in table.to_pylist()
    )


def expected(by_group):
    return sorted(((f"A{group}",), sorted(rows), windows) for group, made in by_group.items() for rows, windows in made)


@settings(max_examples=150, deadline=None)
@given(ledgers(), st.integers(1, 3), st.integers(1, 3))
def test_every_fan_is_found_with_all_its_windows(moves, days, least):
    scene = scene_of(moves)
    for kind, find in (("fan_in", fans.fan_in), ("fan_out", fans.fan_out)):
        table = find(scene, DEFAULTS[kind] | {"days": days, "counterparties": least})
        assert found(table, "windows") == expected(slow.fans(moves, days, least, kind))


@settings(max_examples=200, deadline=None)
@given(ledgers(accounts=4), st.integers(1, 3), st.integers(1, 2))
def test_gathering_before_scattering_is_found_in_every_order_that_nobody_denies(moves, days, least):
    table = fans.gather_scatter(scene_of(moves), DEFAULTS["gather_scatter"] | {"days": days, "counterparties": least})
    assert found(table, "windows") == expected(slow.gather_scatter(moves, days, least))


@settings(max_examples=200, deadline=None)
@given(ledgers(accounts=4), st.integers(1, 3), st.integers(1, 2))
def test_every_scattering_that_gathers_again_is_found(moves, days, least):
    table = layers.scatter_gather(scene_of(moves), DEFAULTS["scatter_gather"] | {"days": days, "middles": least})
    made = slow.scatter_gather(moves, days, least)
    assert found(table) == sorted(((f"A{a}", f"A{b}"), sorted(rows)) for (a, b), parts in made.items() for rows in parts)


@settings(max_examples=100, deadline=None)
@given(ledgers(most=8, accounts=4, last_day=2), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2))
def test_bipartite_groups_are_the_union_of_all_groups_in_which_nobody_falls_short(moves, days, payers, payees):
    table = layers.bipartite(scene_of(moves), DEFAULTS["bipartite"] | {"days": days, "payers": payers, "payees": payees})
    made = slow.bipartite(moves, days, payers, payees)
    assert sorted(map(sorted, (rows_of(i) for i in table["transfer_ids"].to_pylist()))) == sorted(map(sorted, made))


@settings(max_examples=150, deadline=None)
@given(ledgers(most=14, accounts=4, last_day=2), st.integers(1, 3), st.integers(1, 2))
def test_stacks_are_what_is_left_when_legs_that_fall_short_are_removed(moves, days, breadth):
    table = layers.stack(scene_of(moves), DEFAULTS["stack"] | {"days": days, "breadth": breadth})
    # two stacks of the same transfers, their accounts in other layers, are one pattern
    made = {tuple(sorted({row for _, row in legs})) for legs in slow.stacks(moves, days, breadth)}
    assert {tuple(sorted(rows_of(i))) for i in table["transfer_ids"].to_pylist()} == made


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 5), st.integers(0, 4), st.booleans()), min_size=1, max_size=10),
    st.integers(0, 4),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_stays_and_windows_are_those_of_a_list_of_lots(moves, opening, days, hours):
    moves = sorted(moves, key=lambda m: m[2])
    day = [m[2] // 2 for m in moves]  # two moments a day
    low = [d * 86_400 + (0 if m[3] else (m[2] % 2) * 7200) for m, d in zip(moves, day, strict=True)]
    high = [s + (86_399 if m[3] else 0) for s, m in zip(low, moves, strict=True)]
    rows = [(m[0], m[1], a, b, d) for m, a, b, d in zip(moves, low, high, day, strict=True)]
    lots = slow.stays([r[:4] for r in rows], opening)
    account = np.zeros(len(rows), np.int64)
    arrives, fen, low, high, day = (np.array(c) for c in zip(*rows, strict=True))
    sums, unseen = dwelling.dwell(account, arrives, fen, low, high, np.array([opening]))
    for i, lot in enumerate(lots):
        if lot is not None:
            assert unseen[i] == lot[1]
            assert sums[i, 0] * 86_400 + sums[i, 1] == sum(f * s for f, s, _ in lot[0])
            assert sums[i, 2] * 86_400 + sums[i, 3] == sum(f * s for f, _, s in lot[0])
    unknown = (np.zeros(2, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.array([2**40]), np.array([-(2**40)]))
    bounds = (5_000, 20_000, 500, hours * 3600, 2)
    made = dwelling.passing(account, day, arrives, fen, sums, unseen, unknown, days, bounds).reshape(-1, 13)
    windows = slow.passes(rows, lots, days, (Fraction(1, 2), Fraction(2), hours * 3600, 2))
    assert made[:, 2].sum() == len(windows)
    strongest = {}
    starts = []
    for begin, came, went in windows:
        if starts and begin < starts[-1][1]:
            starts[-1][1] = begin + days
        else:
            starts.append([len(strongest), begin + days])
            strongest[len(strongest)] = (0, 0)
        key = starts[-1][0]
        strongest[key] = max(strongest[key], (came, went), key=min)
    assert [min(c, w) for c, w in strongest.values()] == [min(c, w) for c, w in made[:, 3:5].tolist()]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([100, 108, 116, 125]), st.integers(0, 4)), min_size=4, max_size=11),
    st.integers(0, 2),
)
def test_as_many_pairs_there_and_back_are_made_as_can_be(rows, days):
    moves = [((0, 1) if out else (1, 0)) + (fen, d * DAY, False, -1, -1) for out, fen, d in rows]
    table = mirrors.mirror(scene_of(moves), DEFAULTS["mirror"] | {"days": days, "times": 1, "tolerance_share": 0.1})
    most = slow.mirrored(moves, days, Fraction(1, 10))
    assert table["times"].to_pylist() == ([most] if most else [])


def test_a_pair_gives_way_where_that_makes_room_for_another():
    # within a tenth 108 goes with 100 and 116, 100 with 100 alone: whichever comes first, both find a partner
    for there in ((108, 100), (100, 108)):
        for back in ((100, 116), (116, 100)):
            moves = [(0, 1, fen, n * 3_600_000_000, False, -1, -1) for n, fen in enumerate(there)]
            moves += [(1, 0, fen, (5 + n) * 3_600_000_000, False, -1, -1) for n, fen in enumerate(back)]
            table = mirrors.mirror(scene_of(moves), DEFAULTS["mirror"] | {"times": 1, "tolerance_share": 0.1})
            assert table["times"].to_pylist() == [2]


@pytest.mark.parametrize("seed", range(3))
def test_larger_ledgers_give_what_brute_force_gives(seed):
    draw = np.random.default_rng(seed)
    moves = [
        (
            *map(int, draw.integers(0, 9, 2)),
            1,
            int(draw.integers(0, 8)) * DAY + int(draw.integers(0, 24)) * 3_600_000_000,
            False,
            -1,
            -1,
        )
        for _ in range(150)
    ]
    scene = scene_of(moves)
    made = slow.scatter_gather(moves, 2, 2)
    table = layers.scatter_gather(scene, DEFAULTS["scatter_gather"] | {"days": 2, "middles": 2})
    assert len(made) > 20
    assert found(table) == sorted(((f"A{a}", f"A{b}"), sorted(rows)) for (a, b), parts in made.items() for rows in parts)
    legs = [sorted({row for _, row in legs}) for legs in slow.stacks(moves, 3, 2)]
    table = layers.stack(scene, DEFAULTS["stack"] | {"days": 3, "breadth": 2})
    assert sorted(sorted(rows_of(i)) for i in table["transfer_ids"].to_pylist()) == sorted(legs)
    assert legs
