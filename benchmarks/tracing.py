"""One source, many sources and every loan of a district, against plain Python and a bare pass over the same transfers.

    .venv/bin/python benchmarks/tracing.py [transfers] [sources] [loans]

A drawn ledger (200,000 transfers, unless another number is given; a tenth as many accounts, 90 days): a tenth of the transfers
are payouts from one hub, a tenth repayments to it, a tenth come from outside or go there. Measured, compiling apart:

* one early source, and a hundredth of all payouts as one, without limits, the hub open too, under each convention, setting up
  scratch memory included (the ledger is there: it is worked out once per Store);
* 1,000 sources (or another number) told apart, without limits, each batch added up and let go;
* what all payouts were used for, pro rata and first in first out, 4 hops and 30 days: following, judging, the whole table of
  ends with ways and evidence; without the database, matching of payouts and pandas.

Seconds are of processor time: another's work on the same machine does not count, and no thread's is left out. The limit is
one bare pass of numpy that adds every amount to its payee. The peer is the slow reference of the tests, in full for one source
and on some of the loans for the others.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.money.categories import KINDS, Marks
from lib.money.colouring import coloured
from lib.money.ledger import Ledger
from lib.money.lending import Sides
from lib.money.ordering import DAY_US
from lib.money.walking import METHODS, Walk
from lib.money.ways import Loans, Setting, ways

sys.path.insert(0, str(Path(__file__).parents[1]))
from money import laid_out, made, numbered

from tests.oracles import conventions

DAYS, HUB, MOST_SLOW = 90, 0, 300_000


def drawn(count: int, seed: int = 2018) -> Ledger:
    draw = np.random.default_rng(seed)
    accounts = max(count // 10, 10)
    payer, payee = (1 + (accounts * draw.random(count) ** 1.5).astype(np.int64) for _ in range(2))
    part = draw.integers(0, 20, count)
    payer[part < 2], payee[(part >= 2) & (part < 4)] = HUB, HUB
    at = np.sort(draw.integers(0, DAYS * DAY_US, count))
    fen = draw.integers(1_00, 1_000_000_00, count)
    return made(laid_out((payer, part == 4), (payee, part == 5), fen, at, day_only=False))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of processor time that work takes (both threads', where there are two), and what it makes."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024:.1f} GB at most so far"


def bare(book: Ledger) -> float:
    return min(timed(lambda: np.bincount(book.moves.payee + 1, book.amount))[0] for _ in range(3))


def written_out(book: Ledger) -> list[tuple[str | None, str | None, int]]:
    columns = (book.table["payer_account"], book.table["payee_account"])
    return list(zip(*(c.to_pylist() for c in columns), book.amount.tolist(), strict=True))


def hub_of(book: Ledger) -> np.ndarray[Any, Any]:
    return book.flags([f"A{HUB}"])


def one_source(book: Ledger, limit: float) -> None:
    """Follow one early payout, with the hub open too: of twenty, the one that spreads furthest pro rata."""
    nowhere, moves = np.zeros(len(book.accounts), np.bool_), written_out(book) if len(book.amount) <= MOST_SLOW else None
    early = np.flatnonzero(book.moves.payer == book.codes([f"A{HUB}"])[0])[:20]
    walk = Walk(book, nowhere, hops=None, days=None)
    sources = early[[int(np.argmax([len(walk.follow(early[i : i + 1])[0]) for i in range(len(early))]))]]
    paid = np.flatnonzero(book.moves.payer == book.codes([f"A{HUB}"])[0])
    for chosen in (sources, paid[: len(paid) // 2 : 50]):
        _each_method(book, chosen, limit, moves)


def _each_method(book: Ledger, sources: Any, limit: float, moves: list[Any] | None) -> None:
    nowhere = np.zeros(len(book.accounts), np.bool_)
    print(f"{len(sources):,} source(s) as one, without limits; a bare pass over all amounts takes {limit:.3f} s")
    for method in METHODS:
        followed, (rows, _) = min(
            (timed(lambda m=method: Walk(book, nowhere, hops=None, days=None, method=m).follow(sources)) for _ in range(3)),
            key=lambda found: found[0],
        )
        said = f"  {method}: {followed:.3f} s, {len(rows):,} transfers carry it; {followed / limit:.1f} bare passes"
        if moves:
            slow, (expected, _) = timed(lambda m=method: conventions.follow(m, moves, set(sources.tolist()), {}))
            assert [tuple(row) for row in rows[:, [0, 1, 2, 4]].tolist()] == expected
            said += f"; plain Python {slow / followed:,.0f} times as long"
        print(said)


def many_sources(book: Ledger, count: int) -> None:
    """Tell sources apart: payouts all over the first third of the time."""
    paid = np.flatnonzero(book.moves.payer == book.codes([f"A{HUB}"])[0])
    sources = paid[: len(paid) // 3][:: max(1, len(paid) // 3 // count)][:count]
    print(f"{len(sources):,} sources told apart, without limits, the hub closed")
    for method in ("pro_rata", "fifo"):
        walk = Walk(book, hub_of(book), hops=None, days=None, method=method)

        def told_apart(walk: Walk = walk) -> tuple[int, int]:
            fen = rows = 0
            for part in coloured(walk, sources, np.arange(len(sources))):
                fen, rows = fen + int(part[:, 1].sum()), rows + len(part)
            return fen, rows

        apart, (fen, rows) = timed(told_apart)
        together, (whole, _) = timed(lambda walk=walk: walk.follow(sources))
        assert fen == whole[:, 1].sum()
        print(f"  {method}: {apart:.1f} s, {rows:,} rows; as one {together:.2f} s ({apart / together:.0f} times); {peak()}")


def setting_of(book: Ledger, seed: int = 7) -> Setting:
    """Draw what accounts are: a thousandth is related, a thousandth deals in securities, statements cover nine tenths."""
    draw, count = np.random.default_rng(seed), len(book.accounts)
    hub = hub_of(book)
    related, securities = (draw.integers(0, 1000, count) == 0) & ~hub, draw.integers(0, 1000, count) == 0
    covered = np.where(draw.integers(0, 10, count + 1) > 0, -(2**40), 2**40)
    nobody = np.zeros(0, np.int64)
    sides = Sides(related, hub, np.zeros(count, np.bool_), covered, -covered, nobody)
    kinds = np.where(hub[book.moves.payee] & (book.moves.payee >= 0), KINDS.index("repayment"), 0).astype(np.int8)
    marks = Marks(securities.astype(np.int8) * 2, kinds, np.full(len(book.amount), -1), pa.array([], pa.string()))
    return Setting(book, sides, marks, book.accounts, book.accounts)


def all_loans(book: Ledger, count: int, limit: float) -> None:
    paid = np.flatnonzero(book.moves.payer == book.codes([f"A{HUB}"])[0])[:count]
    setting, hops, days = setting_of(book), 4, 30
    loans = Loans(
        numbered("L", np.arange(len(paid))),
        book.accounts.take(pa.array(np.maximum(book.moves.payee[paid], 0))),
        np.arange(len(paid) + 1),
        paid,
    )
    ways(setting, loans.some(0, 10), ("pro_rata", "fifo"), hops=hops, days=days)  # compiles
    start = time.perf_counter()
    seconds, table = timed(lambda: ways(setting, loans, ("pro_rata", "fifo"), hops=hops, days=days))
    by_clock = time.perf_counter() - start
    total = int(book.amount[paid].sum())
    for method in ("pro_rata", "fifo"):
        assert int(pc.sum(table[f"{method}_yuan"].cast(pa.decimal128(38, 2))).as_py() * 100) == total
    print(f"uses of {len(paid):,} loans, {hops} hops, {days} days: {seconds:.1f} s, by the clock {by_clock:.1f} s")
    print(f"  {table.num_rows:,} ends; {peak()}")
    print(f"  {1e6 * seconds / len(paid):.0f} microseconds a loan; {seconds / limit:.0f} bare passes")
    if len(book.amount) <= MOST_SLOW:
        moves, some = written_out(book), paid[:: max(1, len(paid) // 5)][:5]
        closed = frozenset(book.accounts.filter(pa.array(setting.sink)).to_pylist())
        slow, _ = timed(
            lambda: [conventions.follow(m, moves, {int(p)}, {}, hops, closed) for p in some for m in ("pro_rata", "fifo")]
        )
        print(f"  plain Python ({len(some)} of them measured): {slow / len(some) * len(paid) / seconds:,.0f} times as long")


def main(count: int, sources: int, loans: int) -> None:
    small = drawn(2_000)  # compiles
    for method in METHODS:
        Walk(small, hub_of(small), hops=None, days=None, method=method).follow(np.array([0]))
    for method in ("pro_rata", "fifo"):
        list(coloured(Walk(small, hub_of(small), hops=None, days=None, method=method), np.array([0, 1]), np.array([0, 1])))
    seconds, book = timed(lambda: drawn(count))
    book.there  # noqa: B018  worked out once per Store, like the rest of the ledger
    print(f"{count:,} transfers drawn, put in order and replayed in {seconds:.1f} s; {peak()}")
    limit = bare(book)
    one_source(book, limit)
    many_sources(book, sources)
    all_loans(book, loans, limit)


if __name__ == "__main__":
    asked = [int(text) for text in sys.argv[1:]]
    transfers = asked[0] if asked else 200_000
    main(transfers, asked[1] if len(asked) > 1 else 1_000, asked[2] if len(asked) > 2 else transfers // 10)
