"""flows.trace under every convention: published examples, a slow reference, and what no convention may break."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lib import flows
from lib.money.tracing import _trail
from lib.money.walking import CROWD, METHODS, Walk
from tests.money_cases import ledger_of, line, move, shown
from tests.oracles import conventions as slow
from tests.trials import trials

CONSERVING = [m for m in METHODS if m != "poison"]


def traced(trail):
    """Return transfer → traced yuan beyond the source."""
    rows = trail[trail["hop"] > 0]
    return dict(zip(rows["transfer_id"], rows["traced_yuan"], strict=True))


def rest(trail):
    """Return account → traced yuan at rest; None is what left the data."""
    found = flows.at_rest(trail)
    return {a if isinstance(a, str) else None: y for a, y in zip(found["account"], found["traced_yuan"], strict=True)}


T1 = [("C", 100), ("T", 200), ("W", 150), ("C", 50), ("W", 120)]
T2 = [("C", 100), ("T", 200), ("W", 280), ("C", 500)]
T3 = [("T", 500), ("C", 300), ("W", 400), ("T", 200), ("W", 300), ("C", 100), ("W", 250)]
# Published worked examples of tracing: what each withdrawal carries, and last what stays. Pro rata to the fen, half to even.
EXAMPLES = {
    "T1": (
        T1,
        {
            "fifo": [50, 120, 30],
            "lifo": [150, 50, 0],
            "pro_rata": [100, 60, 40],
            "poison": [150, 120, 80],
            "clean_first": [50, 70, 80],
            "taint_first": [150, 50, 0],
        },
    ),
    "T2": (
        T2,
        {
            "fifo": [180, 20],
            "lifo": [200, 0],
            "pro_rata": ["186.67", "13.33"],
            "poison": [280, 20],
            "clean_first": [180, 20],
            "taint_first": [200, 0],
        },
    ),
    "T3": (
        T3,
        {
            "fifo": [400, 100, 150, 50],
            "lifo": [100, 300, 150, 150],
            "pro_rata": [250, 225, "140.62", "84.38"],
            "poison": [400, 300, 250, 150],
            "clean_first": [100, 300, 150, 150],
            "taint_first": [400, 300, 0, 0],
        },
    ),
}


@pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name, (_, expected) in EXAMPLES.items() for method in expected]
)
def test_worked_examples_come_out_under_every_convention(make_case, name, method):
    events, expected = EXAMPLES[name]
    rows = [
        move(f"{kind}{i}", "P" if kind == "W" else None, "W" if kind == "W" else "P", amount, i)
        for i, (kind, amount) in enumerate(events)
    ]
    trail = flows.trace(
        make_case(transfers=rows),
        transfers=[r["transfer_id"] for r in rows if r["transfer_id"].startswith("T")],
        method=method,
    )
    *carried, stays = map(Decimal, expected[method])
    found = traced(trail)
    assert [found.get(r["transfer_id"], Decimal(0)) for r in rows if r["payer_account"] == "P"] == carried
    assert rest(trail).get("P", Decimal(0)) == stays
    assert trail.attrs["method"] == method
    put_in = sum(Decimal(amount) for kind, amount in events if kind == "T")
    assert trail.attrs["overstated_yuan"] == (sum(carried) + stays - put_in if method == "poison" else 0)


# P gets 1000 traced, then 500 of its own; P pays A 900, then B 600; A held 100 (it states 500 after paying 500); A pays R 500.
@pytest.mark.parametrize(
    ("method", "p_a", "p_b", "a_r"),
    [
        ("pro_rata", 600, 400, 300),  # 1000 * 900/1500; the rest; 600 * 500/1000
        ("fifo", 900, 100, 400),  # the first 900 are traced; A's own 100 are older than they
        ("lifo", 400, 600, 0),  # the last 900 are 500 of its own and 400; these lay before them, and go to A so
        ("clean_first", 400, 600, 0),  # 900 - 500; the rest; A has 600 of other money for R
        ("taint_first", 900, 100, 500),
        ("poison", 900, 600, 500),
    ],
)
def test_a_chain_of_accounts_under_every_convention(make_case, method, p_a, p_b, a_r):
    case = make_case(
        **shown(
            line("in_T", "P", 1000, None, 0),
            line("in_C", "P", 500, None, 1),
            line("P_A", "P", -900, None, 2, counterparty_account="A"),
            line("P_B", "P", -600, None, 3, counterparty_account="B"),
            line("A_R", "A", -500, 500, 4, counterparty_account="R"),
        )
    )
    found = traced(flows.trace(case, transfers=["in_T"], method=method))
    assert [found.get(name, 0) for name in ("P_A", "P_B", "A_R")] == [p_a, p_b, a_r]


def test_a_payment_keeps_the_order_in_which_its_money_lay(make_case):
    # P: 100 traced, 100 of its own. It pays both to Q in one transfer, and Q pays 100 on: the older, or the newer.
    rows = [
        move("T", None, "P", 100, 0),
        move("C", None, "P", 100, 1),
        move("W", "P", "Q", 200, 2),
        move("X", "Q", "R", 100, 3),
    ]
    case = make_case(transfers=rows)
    assert traced(flows.trace(case, transfers=["T"], method="fifo")) == {"W": 100, "X": 100}
    assert traced(flows.trace(case, transfers=["T"], method="lifo")) == {"W": 100}


def test_what_an_account_held_at_first_is_its_oldest_money(make_case):
    # Q states 350 after a payment of 50, and got 100 before it: it held 300
    case = make_case(
        **shown(
            line("A", "Q", 100, 400, 0),
            line("W", "Q", -50, 350, 1, counterparty_account="R"),
            line("X", "Q", -300, 50, 2, counterparty_account="S"),
        )
    )
    assert traced(flows.trace(case, account="Q", method="fifo")) == {"X": 50}  # 250 of the 300 are left for X
    assert traced(flows.trace(case, account="Q", method="lifo")) == {"W": 50, "X": 50}


@pytest.mark.parametrize("method", METHODS)
def test_a_payment_beyond_the_known_balance_takes_all_traced_money_under_every_convention(make_case, method):
    case = make_case(transfers=[move("T", None, "P", 100, 0), move("C", None, "P", 50, 1), move("W", "P", "Q", 250, 2)])
    trail = flows.trace(case, transfers=["T"], method=method)
    # 150 of 250 are known, 100 of them traced; poison makes traced what is not known as well
    assert traced(trail) == {"W": Decimal(250 if method == "poison" else 100)}
    assert trail.attrs["unknown_clean_yuan"] == Decimal(100)
    assert trail.attrs["overstated_yuan"] == (150 if method == "poison" else 0)


def test_poison_tells_on_each_payment_what_it_made_traced(make_case):
    rows = [
        move("C", None, "P", 100, 0),
        move("T", None, "P", 200, 1),
        move("W", "P", "Q", 150, 2),
        move("X", "P", "Q", 10, 3),
    ]
    trail = flows.trace(make_case(transfers=rows), transfers=["T"], method="poison")
    assert trail["overstated_yuan"].tolist() == [0, 100, 0]  # W turns the other 100 of the account; X finds none left
    assert rest(trail) == {"Q": Decimal(160), "P": Decimal(140)}
    assert "overstated_yuan" not in flows.trace(make_case(transfers=rows), transfers=["T"])


def test_a_payment_of_nothing_poisons_nothing(make_case):
    rows = [move("C", None, "P", 100, 0), move("T", None, "P", 200, 1), move("W", "P", "Q", 0, 2)]
    trail = flows.trace(make_case(transfers=rows), transfers=["T"], method="poison")
    assert rest(trail) == {"P": Decimal(200)}
    assert trail.attrs["overstated_yuan"] == 0


@pytest.mark.parametrize(("language", "said"), [("zh", "先进先出"), ("en", "first in, first out")])
def test_the_caption_names_the_convention(make_case, monkeypatch, language, said):
    monkeypatch.setenv("LOOKTHROUGH_LANG", language)
    case = make_case(transfers=[move("T", None, "P", 100, 0)])
    assert said in flows.trace(case, transfers=["T"], method="fifo").attrs["caption"]


ACCOUNTS = ["A", "B", "C", "D"]
SIDE = st.one_of(st.none(), st.sampled_from(ACCOUNTS))
FEN = st.one_of(st.integers(0, 12), st.integers(1, 10**6), st.integers(10**16 - 9, 10**16))


@st.composite
def ledgers(draw, most=16):
    """Draw moves (also of nothing, and from an account to itself), openings and sources."""
    moves = draw(st.lists(st.tuples(SIDE, SIDE, FEN).filter(lambda m: m[0] or m[1]), min_size=1, max_size=most))
    opening = draw(st.dictionaries(st.sampled_from(ACCOUNTS), st.integers(0, 10**6)))
    sources = draw(st.sets(st.integers(0, len(moves) - 1), min_size=1, max_size=4))
    return moves, opening, sources


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=trials(400), deadline=None)
@given(
    ledger=ledgers(),
    hops=st.one_of(st.none(), st.integers(0, 4)),
    sink=st.sets(st.sampled_from(ACCOUNTS), max_size=1),
    crowd=st.sampled_from([0, 4, CROWD]),
)
def test_every_convention_agrees_with_plain_python_fen_by_fen(method, ledger, hops, sink, crowd):
    moves, opening, sources = ledger
    book = ledger_of(moves, opening)
    walk = Walk(book, book.flags(sorted(sink)), hops=hops, days=None, method=method, crowd=crowd)
    expected, clean = slow.follow(method, moves, sources, opening, hops, frozenset(sink))
    for _ in range(2):  # the scratch memory is left as it was found
        rows, beyond = walk.follow(np.array(sorted(sources)))
        assert [tuple(row) for row in rows[:, [0, 1, 2, 4]].tolist()] == expected
        assert beyond == clean


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=trials(200), deadline=None)
@given(
    ledger=ledgers(), hops=st.one_of(st.none(), st.integers(0, 4)), days=st.one_of(st.none(), st.just(0)), tied=st.booleans()
)
def test_every_fen_is_somewhere_under_every_convention(method, ledger, hops, days, tied):
    moves, opening, sources = ledger
    book = ledger_of(moves, opening, minutes=[600 * (i // 3 if tied else i) for i in range(len(moves))])
    sink = np.zeros(len(book.accounts), np.bool_)
    rows, clean = Walk(book, sink, hops=hops, days=days, method=method).follow(np.array(sorted(sources)))
    trail = _trail(book, rows, clean, method, sink)
    assert (rows[:, 3] <= rows[:, 1]).all()
    carried = trail.groupby("transfer_id")[["traced_yuan"]].sum()["traced_yuan"]
    amounts = trail.groupby("transfer_id")["amount_yuan"].first()
    assert (carried <= amounts).all()
    resting = flows.at_rest(trail)["traced_yuan"]
    assert (resting > 0).all()
    assert sum(resting) == sum(trail[trail["hop"] == 0]["traced_yuan"]) + trail.attrs["overstated_yuan"]
    if method != "poison":
        assert trail.attrs["overstated_yuan"] == 0


ONE = st.lists(st.tuples(st.booleans(), st.one_of(st.integers(0, 9), st.integers(0, 10**6))), max_size=12)


@settings(max_examples=trials(300), deadline=None)
@given(before=ONE, fen=st.integers(1, 10**6), after=ONE)
@example(before=[(True, 100)], fen=200, after=[(False, 280), (True, 500)])
def test_the_traced_part_is_the_lowest_balance_since_if_other_money_goes_first(before, fen, after):
    # The lowest intermediate balance rule, counted from balances alone
    moves = [(None, "P", f) if comes else ("P", None, f) for comes, f in [*before, (True, fen), *after]]
    balance, lowest = 0, fen
    for place, (payer, _, paid) in enumerate(moves):
        balance = max(0, balance - paid) if payer else balance + paid
        lowest = min(lowest, balance) if place >= len(before) else lowest
    book = ledger_of(moves)
    stays = {}
    for method in METHODS:
        walk = Walk(book, np.zeros(1, np.bool_), hops=None, days=None, method=method)
        rows, _ = walk.follow(np.array([len(before)]))
        stays[method] = fen - int(rows[rows[:, 2] > 0, 1].sum())
    assert stays["clean_first"] == lowest
    assert all(stays["taint_first"] <= stays[m] <= stays["clean_first"] for m in CONSERVING)


@pytest.mark.parametrize("method", ["fifo", "lifo"])
def test_a_line_of_very_many_lots_is_kept_and_paid_out(method):
    # a thousand traced fen between other fen, and the whole paid out fen by fen: every second one is traced
    moves = [(None, "P", 1) for _ in range(2000)] + [("P", "Q", 1) for _ in range(2000)]
    book = ledger_of(moves)
    rows, _ = Walk(book, np.zeros(2, np.bool_), hops=None, days=None, method=method).follow(np.arange(0, 2000, 2))
    first = 2000 if method == "fifo" else 2001
    assert rows[rows[:, 2] == 1, 0].tolist() == list(range(first, 4000, 2))
    assert (rows[:, 1] == 1).all()
