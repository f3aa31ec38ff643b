"""The compiled kernels against Python's own integers, fractions and brute force."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.kernels import tracing
from lib.money.ordering import DAY_US, Moves, replay_order
from tests.trials import trials

FEN = st.one_of(st.integers(0, 10), st.integers(0, 10**12), st.integers(10**16 - 50, 10**16 + 50), st.integers(0, 2**62 - 1))


@settings(max_examples=trials(1000), deadline=None)
@given(FEN, FEN, FEN)
def test_the_product_of_two_amounts_is_exact_to_the_last_fen(a, b, c):
    divisor = max(a, b, c, 1)
    assert tracing.mul_div(a, b, divisor) == divmod(a * b, divisor)


@settings(max_examples=trials(1000), deadline=None)
@given(FEN, FEN, FEN)
def test_a_part_is_rounded_half_to_even(a, b, c):
    balance = max(a, b, c, 1)
    assert tracing.part_of(a, b, balance) == round(Fraction(a * b, balance))  # Python rounds halves to even


@pytest.mark.parametrize(("traced", "paid", "balance", "part"), [(1, 1, 2, 0), (3, 2, 4, 2), (5, 3, 6, 2), (7, 4, 8, 4)])
def test_halves_go_to_the_even_fen(traced, paid, balance, part):
    # 1/2 -> 0, 3/2 -> 2, 5/2 -> 2, 7/2 -> 4
    assert tracing.part_of(traced, paid, balance) == part


def test_products_of_32_digits_are_exact():
    # (10^16 - 1)(10^16 - 2) / 10^16 = 10^16 - 3 + 2 / 10^16
    assert tracing.mul_div(10**16 - 1, 10**16 - 2, 10**16) == (10**16 - 3, 2)


@st.composite
def tied_moves(draw):
    count = draw(st.integers(1, 9))
    column = lambda values: [draw(values) for _ in range(count)]  # noqa: E731
    day_only = column(st.booleans())
    at = [draw(st.integers(0, 1)) * DAY_US + (0 if day else draw(st.integers(0, 2)) * 3_600_000_000) for day in day_only]
    account = st.integers(-1, 2)
    seq = st.one_of(st.just(-1), st.integers(1, 4))
    arrays = [np.array(v, np.int64) for v in (column(account), column(account), column(seq), column(seq))]
    return Moves(np.array(at, np.int64), np.array(day_only, np.bool_), *arrays)


def demands(moves):
    """Say which of two transfers must come first, pair by pair: (hard edges, soft edges)."""
    hard, soft = nx.DiGraph(), nx.DiGraph()
    count = len(moves.at)
    hard.add_nodes_from(range(count))
    day = moves.at // DAY_US
    mixed = {int(d) for d, only in zip(day, moves.day_only, strict=True) if only}
    for i in range(count):
        for j in range(count):
            if i == j:
                continue
            timed = not moves.day_only[i] and not moves.day_only[j]
            if day[i] < day[j] or (timed and moves.at[i] < moves.at[j]):
                hard.add_edge(i, j)
            same_day = day[i] == day[j] and int(day[i]) in mixed
            if not (same_day or moves.at[i] == moves.at[j]):
                continue
            for a, seq_i in seqs(moves, i).items():
                if 0 <= seq_i < seqs(moves, j).get(a, -1):
                    hard.add_edge(i, j)
            credit = moves.payee[i] >= 0 and moves.payee[i] == moves.payer[j]
            if not credit or moves.payee[i] == moves.payer[i] or moves.payer[j] == moves.payee[j]:
                continue
            free_i, free_j = moves.payee_seq[i] < 0, moves.payer_seq[j] < 0
            together = timed and moves.at[i] == moves.at[j] and (free_i or free_j)
            vague = same_day and ((moves.day_only[i] and free_i) or (moves.day_only[j] and free_j))
            if together or vague:
                soft.add_edge(i, j)
    return hard, soft


def seqs(moves, i):
    """Return the sequence that each side's account gives to a transfer; a transfer to itself has the payer's."""
    sides = {int(moves.payee[i]): int(moves.payee_seq[i])} | {int(moves.payer[i]): int(moves.payer_seq[i])}
    return {account: seq for account, seq in sides.items() if account >= 0}


@settings(max_examples=trials(300), deadline=None)
@given(tied_moves())
def test_the_order_of_replay_keeps_time_then_sequence_then_credits_first(moves):
    hard, soft = demands(moves)
    order, tied, looped = replay_order(moves)
    place = {int(row): at for at, row in enumerate(order)}
    assert sorted(place) == list(range(len(moves.at)))
    both = nx.compose(hard, soft)
    if nx.is_directed_acyclic_graph(both):
        assert not looped.any()
        assert all(place[i] < place[j] for i, j in both.edges)
    else:
        assert looped.any()
        if nx.is_directed_acyclic_graph(hard):  # a loop of soft demands never overrules time or sequence
            assert all(place[i] < place[j] for i, j in hard.edges)
    assert all(tied[i] for edge in soft.edges for i in edge)


def test_transfers_of_different_times_keep_their_times_whatever_the_file_order():
    at = np.array([30, 10, 20], np.int64)
    none = np.full(3, -1, np.int64)
    order, tied, looped = replay_order(Moves(at, np.zeros(3, np.bool_), none, none, none, none))
    assert order.tolist() == [1, 2, 0]
    assert not tied.any()
    assert not looped.any()


def test_a_loop_of_ties_is_broken_in_file_order_and_counted():
    # A pays B and B pays A in the same second: each payer would have to be paid first
    zero = np.zeros(2, np.int64)
    order, tied, looped = replay_order(
        Moves(zero, np.zeros(2, np.bool_), np.array([0, 1]), np.array([1, 0]), zero - 1, zero - 1)
    )
    assert order.tolist() == [0, 1]
    assert looped.tolist() == [True, False]
    assert tied.all()


def test_a_balance_that_int64_cannot_hold_is_found():
    payer, payee = np.array([-1, -1, 0]), np.array([0, 0, 1])
    before = tracing.replay(payer, payee, np.array([2**61, 2**61 + 1, 5]), np.zeros(2, np.int64))
    assert before.tolist() == [0, -1, -1]
