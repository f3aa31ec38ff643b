"""Traces and round trips against the same work in plain Python, measured in one run.

    .venv/bin/python benchmarks/money.py [transfers]

A drawn ledger (200,000 transfers between 20,000 accounts in 90 days, unless another number is given): putting it in order and
replaying it, following the payouts of 200 loans, tracing under every convention, and finding the round trips of up to 4
transfers within 3 days. The peers are the slow references of the tests and a plain search; compiling is not counted. A second
ledger has days without times only.
"""

import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.money.amounts import yuan
from lib.money.ledger import Ledger, assemble
from lib.money.ordering import DAY_US
from lib.money.trips import _candidates, _cycles
from lib.money.walking import METHODS, Walk

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.oracles import conventions
from tests.oracles import tracing as slow

Side = tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]  # numbers of accounts, where nobody is stated
DAYS, LOANS, WINDOW_DAYS, MOST_HOPS = 90, 200, 3, 4


def drawn(count: int, *, day_only: bool, seed: int = 2018) -> pa.Table:
    """Draw transfers: a tenth comes from outside, a tenth goes there, and a few accounts are busier than others."""
    draw = np.random.default_rng(seed)
    accounts = max(count // 10, 2)
    sides = [(accounts * draw.random(count) ** 2).astype(np.int64) for _ in range(2)]
    outside = draw.integers(0, 10, count)
    fen = draw.integers(1_00, 1_000_000_00, count)
    at = np.sort(draw.integers(0, DAYS * DAY_US, count))
    at = at - at % DAY_US if day_only else at
    return laid_out((sides[0], outside == 0), (sides[1], outside == 1), fen, at, day_only=day_only)


def numbered(letter: str, numbers: npt.NDArray[np.int64], mask: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Name things by numbers, null where the mask says so."""
    return pc.binary_join_element_wise(pa.scalar(letter), pa.array(numbers, mask=mask).cast(pa.string()), "")


def laid_out(payers: Side, payees: Side, fen: npt.NDArray[np.int64], at: npt.NDArray[np.int64], *, day_only: bool) -> pa.Table:
    """Lay out transfers as the ledger reads them; a side is numbers of accounts, and where nobody is stated."""
    count = len(fen)
    columns: dict[str, Any] = {
        "transfer_id": numbered("T", np.arange(count)),
        "payer_account": numbered("A", *payers),
        "payee_account": numbered("A", *payees),
        "kind": pa.nulls(count, pa.string()),
        "loan_id": pa.nulls(count, pa.string()),
        "amount_yuan": yuan(fen),
        "amount_fen": fen,
        "payer_seq": pa.nulls(count, pa.int64()),
        "payee_seq": pa.nulls(count, pa.int64()),
        "day_only": np.full(count, day_only),
        "payer_shown": np.ones(count, np.bool_),
        "payee_shown": np.ones(count, np.bool_),
        "at": pa.array(at, pa.timestamp("us")),
    }
    return pa.table(columns)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def made(rows: pa.Table) -> Ledger:
    nobody = np.zeros(0, np.int64)
    return assemble(rows, pa.array([], pa.string()), (pa.array([], pa.string()), nobody, nobody))


def found(book: Ledger) -> set[tuple[int, ...]]:
    everyone = np.ones(len(book.accounts), np.bool_)
    rows = _candidates(book, everyone, ~everyone, 0, MOST_HOPS)
    flat, sizes, _ = _cycles(book, rows, everyone, MOST_HOPS, WINDOW_DAYS)
    return {tuple(rows[part].tolist()) for part in np.split(flat, np.cumsum(sizes)[:-1])}


def searched(book: Ledger, starts: range) -> set[tuple[int, ...]]:
    """Find the trips that begin with some of the transfers, depth first and without any pruning but time."""
    payer, payee, at = book.moves.payer.tolist(), book.moves.payee.tolist(), book.moves.at.tolist()
    leaving = defaultdict(list)
    for place in range(len(at)):
        if payer[place] >= 0 and payee[place] >= 0 and payer[place] != payee[place]:
            leaving[payer[place]].append(place)

    def onward(path: tuple[int, ...]) -> set[tuple[int, ...]]:
        trips: set[tuple[int, ...]] = set()
        for place in leaving[payee[path[-1]]]:
            if at[place] <= at[path[-1]] or at[place] > at[path[0]] + WINDOW_DAYS * DAY_US:
                continue
            if payee[place] == payer[path[0]]:
                trips.add((*path, place))
            elif len(path) < MOST_HOPS - 1 and payee[place] not in {payer[p] for p in path}:
                trips |= onward((*path, place))
        return trips

    begun = [p for p in starts if payer[p] >= 0 and payee[p] >= 0 and payer[p] != payee[p]]
    return {trip for place in begun for trip in onward((place,))}


def by_convention(book: Ledger, moves: list[tuple[str | None, str | None, int]]) -> None:
    """Follow half of all that comes from outside at once, without limits, under every convention."""
    sources, nowhere = np.flatnonzero(book.moves.payer < 0)[::2], np.zeros(len(book.accounts), np.bool_)
    for method in METHODS:
        walk = Walk(book, nowhere, hops=None, days=None, method=method)
        walk.follow(sources[:1])  # compiles
        ours, (rows, clean) = timed(lambda walk=walk: walk.follow(sources))
        peer, (expected, beyond) = timed(lambda m=method: conventions.follow(m, moves, set(sources.tolist()), {}))
        assert [tuple(row) for row in rows[:, [0, 1, 2, 4]].tolist()] == expected
        assert clean == beyond
        print(f"  {method}, {len(sources):,} sources: {ours:.3f} s, plain Python {peer:.1f} s: {peer / ours:,.0f}x")


def main(count: int) -> None:
    small = made(drawn(2_000, day_only=False))  # compiles
    found(small), Walk(small, np.zeros(len(small.accounts), np.bool_), hops=4, days=30).follow(np.array([0]))
    seconds, book = timed(lambda: made(drawn(count, day_only=False)))
    print(f"{count:,} transfers put in order and replayed: {seconds:.2f} s, drawing them included")
    days_seconds, days_book = timed(lambda: made(drawn(count, day_only=True)))
    print(
        f"  days without times: {days_seconds:.2f} s, {int(days_book.tied.sum()):,} tied, {int(days_book.looped.sum()):,} loops"
    )

    sources = np.flatnonzero(book.moves.payer < 0)[:: max(1, count // 10 // LOANS)]
    walk = Walk(book, np.zeros(len(book.accounts), np.bool_), hops=4, days=30)
    ours, rows = timed(lambda: [walk.follow(np.array([place])) for place in sources])
    columns = (book.table["payer_account"], book.table["payee_account"])
    moves = list(zip(*(c.to_pylist() for c in columns), book.amount.tolist(), strict=True))
    free = Walk(book, np.zeros(len(book.accounts), np.bool_), hops=4, days=None)
    peer, (expected, _) = timed(lambda: slow.follow(moves, {int(sources[0])}, {}, 4))
    assert [tuple(row) for row in free.follow(sources[:1])[0][:, :3].tolist()] == expected
    each = ours / len(rows)
    print(f"one payout followed: {1e3 * each:.2f} ms, plain Python {1e3 * peer:.0f} ms: {peer / each:,.0f}x")
    by_convention(book, moves)

    ours, trips = timed(lambda: found(book))
    starts = range(0, count, 50)
    peer, expected_trips = timed(lambda: searched(book, starts))
    assert expected_trips == {trip for trip in trips if trip[0] % 50 == 0}
    print(f"round trips of up to {MOST_HOPS} in {WINDOW_DAYS} days: {len(trips):,} in {ours:.2f} s,")
    print(f"  plain search {50 * peer:.1f} s (a 50th of it measured): {50 * peer / ours:,.0f}x")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
