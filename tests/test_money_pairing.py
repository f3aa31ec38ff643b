"""lib.money.pairing: the best choice among claims and transfers, against trying every choice."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.kernels.sums import subsets
from lib.money import pairing
from lib.money.pairing import Bundle, Edges, bundles, one_to_one


def edges_of(rows):
    sides = list(zip(*rows, strict=True)) or [(), (), ()]
    return Edges(*(np.array(side, np.int64) for side in sides))


def every_choice(claims, moves):
    """Give every one-to-one choice: for each claim a transfer or none."""
    for taken in itertools.product([None, *moves], repeat=len(claims)):
        used = [m for m in taken if m is not None]
        if len(used) == len(set(used)):
            yield [(c, m) for c, m in zip(claims, taken, strict=True) if m is not None]


@st.composite
def small_graphs(draw):
    cells = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), unique=True, max_size=12))
    return [(c, m, draw(st.integers(0, 4))) for c, m in cells], [draw(st.integers(0, 100)) for _ in cells]


@given(small_graphs())
def test_one_to_one_is_the_best_of_all_choices(drawn):
    rows, off = drawn
    chosen = one_to_one(edges_of(rows), np.array(off, np.int64))
    cost = {(c, m): (a, o) for (c, m, a), o in zip(rows, off, strict=True)}
    claims, moves = (sorted({row[k] for row in rows}) for k in (0, 1))
    best = min(
        (-len(pairs), sum(cost[p][0] for p in pairs), sum(cost[p][1] for p in pairs))
        for pairs in every_choice(claims, moves)
        if all(p in cost for p in pairs)
    )
    taken = [(c, m) for (c, m, _), yes in zip(rows, chosen, strict=True) if yes]
    assert len({c for c, _ in taken}) == len({m for _, m in taken}) == len(taken)
    assert (-len(taken), sum(cost[p][0] for p in taken), sum(cost[p][1] for p in taken)) == best


@given(small_graphs())
def test_a_large_matrix_is_solved_sparsely_and_as_well(drawn):
    rows, off = drawn
    edges, apart = edges_of(rows), np.array(off, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        dense = one_to_one(edges, apart)
        patch.setattr(pairing, "_DENSE", 0)
        sparse = one_to_one(edges, apart)
    assert (dense.sum(), edges.apart[dense].sum(), apart[dense].sum()) == (
        *(sparse.sum(), edges.apart[sparse].sum(), apart[sparse].sum()),
    )


def test_a_day_less_counts_more_than_all_amounts_together():
    # The other choice has amounts nearer by 90 + 90 and one day more: weights of single edges once let it win
    rows, off = [(0, 0, 0), (0, 1, 1), (1, 1, 0), (1, 0, 0)], np.array([90, 0, 90, 0], np.int64)
    assert one_to_one(edges_of(rows), off).tolist() == [True, False, True, False]


def all_bundles(rows, due, moved, payer, tolerance):
    """Find by trying all: one claim with 2-4 transfers of one payer, or 2-4 claims with one transfer, that add up."""
    apart = {(c, m): a for c, m, a in rows}
    claims, moves = range(len(due)), range(len(moved))
    for size in range(2, 5):
        for c, group in itertools.product(claims, itertools.combinations(moves, size)):
            parts = [moved[m] for m in group]
            linked = all((c, m) in apart for m in group) and len({payer[m] for m in group}) == 1
            if linked and abs(sum(parts) - due[c]) <= tolerance and min(parts) * 20 >= due[c]:
                yield Bundle((c,), group, sum(apart[c, m] for m in group), abs(sum(parts) - due[c]))
        for m, group in itertools.product(moves, itertools.combinations(claims, size)):
            parts = [due[c] for c in group]
            linked = all((c, m) in apart for c in group)
            if linked and abs(sum(parts) - moved[m]) <= tolerance and min(parts) * 20 >= moved[m]:
                yield Bundle(group, (m,), sum(apart[c, m] for c in group), abs(sum(parts) - moved[m]))


def worth(chosen):
    sizes = sum(len(b.claims) + len(b.moves) for b in chosen)
    return -sum(len(b.claims) for b in chosen), sum(b.apart for b in chosen), sizes, sum(b.off for b in chosen)


def disjoint(chosen):
    members = [x for b in chosen for x in (*(("c", c) for c in b.claims), *(("m", m) for m in b.moves))]
    return len(members) == len(set(members))


@st.composite
def small_sums(draw):
    due = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    moved = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    cells = draw(st.lists(st.sampled_from([(c, m) for c in range(len(due)) for m in range(len(moved))]), unique=True))
    rows = [(c, m, draw(st.integers(0, 3))) for c, m in cells]
    return rows, due, moved, [draw(st.integers(0, 1)) for _ in moved], draw(st.integers(0, 1))


@given(small_sums())
def test_bundles_are_the_best_of_all_choices(drawn):
    rows, due, moved, payer, tolerance = drawn
    whole = np.array(due, np.int64)
    chosen, crowded = bundles(edges_of(rows), whole, whole, np.array(moved, np.int64), np.array(payer, np.int64), tolerance)
    found = list(all_bundles(rows, due, moved, payer, tolerance))
    assert not len(crowded)
    assert disjoint(chosen)
    assert {(b.claims, b.moves) for b in chosen} <= {(b.claims, b.moves) for b in found}
    choices = (c for size in range(4) for c in itertools.combinations(found, size) if disjoint(c))
    assert worth(chosen) == min(map(worth, choices))


@given(st.lists(st.integers(1, 9), max_size=7), st.integers(2, 20), st.integers(0, 2), st.integers(2, 5))
def test_subsets_are_all_that_add_up(amounts, target, tolerance, parts):
    falling = np.array(sorted(amounts, reverse=True), np.int64)
    starts, targets = np.array([0, len(falling)], np.int64), np.array([target], np.int64)
    owner, bounds, members, crowded = subsets(starts, falling, targets, tolerance, parts, 10_000)
    found = {tuple(members[bounds[k] : bounds[k + 1]].tolist()) for k in range(len(owner))}
    places = range(len(falling))
    wanted = {
        group
        for size in range(2, parts + 1)
        for group in itertools.combinations(places, size)
        if abs(sum(int(falling[k]) for k in group) - target) <= tolerance
    }
    assert (found, len(owner), len(crowded)) == (wanted, len(wanted), 0)


def test_a_target_with_too_many_sums_is_said_and_the_others_are_found():
    fen, starts = np.array([1] * 10 + [3, 2], np.int64), np.array([0, 10, 12], np.int64)
    owner, bounds, members, crowded = subsets(starts, fen, np.array([2, 5], np.int64), 0, 4, 44)  # 10 × 9 ÷ 2 = 45
    assert (owner.tolist(), bounds.tolist(), members.tolist(), crowded.tolist()) == ([1], [0, 2], [10, 11], [0])
    owner, _, _, crowded = subsets(starts, fen, np.array([2, 5], np.int64), 0, 4, 45)
    assert (owner.tolist(), crowded.tolist()) == ([0] * 45 + [1], [])


def test_a_claim_near_too_many_transfers_is_crowded_and_a_crumb_is_no_part():
    due, payer = np.array([100], np.int64), np.zeros(61, np.int64)
    near = edges_of([(0, m, 0) for m in range(61)])
    assert [x if isinstance(x, list) else x.tolist() for x in bundles(near, due, due, payer + 50, payer, 0)] == [[], [0]]
    crumbs = np.array([96, 4, 95, 5], np.int64)
    chosen, crowded = bundles(edges_of([(0, m, 0) for m in range(4)]), due, due, crumbs, payer[:4], 0)
    assert ([b.moves for b in chosen], len(crowded)) == ([(2, 3)], 0)


@given(st.lists(st.tuples(st.integers(40, 10**12), st.floats(0.05, 0.95)), min_size=1, max_size=8))
def test_a_payment_split_in_two_is_always_found(drawn):
    cuts = [min(max(int(amount * share), -(-amount // 20)), amount - -(-amount // 20)) for amount, share in drawn]
    due = np.array([amount for amount, _ in drawn], np.int64)
    moved = np.array([part for amount, cut in zip(due.tolist(), cuts, strict=True) for part in (cut, amount - cut)], np.int64)
    edges = edges_of([(k, 2 * k + part, part) for k in range(len(due)) for part in (0, 1)])
    chosen, crowded = bundles(edges, due, due, moved, np.zeros(len(moved), np.int64), 0)
    assert sorted((b.claims, b.moves) for b in chosen) == [((k,), (2 * k, 2 * k + 1)) for k in range(len(due))]
    assert not len(crowded)
