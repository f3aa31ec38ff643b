"""Round trips in a heavy-tailed ledger, with and without hubs, against a self-join in DuckDB, measured in one run.

    .venv/bin/python benchmarks/cycles.py [transfers] [days]

A drawn ledger (1,000,000 transfers between 100,000 accounts in 180 days, unless other numbers are given), window 72 hours, up
to 6 transfers a trip. Hubs left out: accounts with more than 2,000 transfers, trips with their transfers. Hubs walked through:
four that take part in 1 % of the transfers each, then one in 10 %, counted by ring. The peer finds the trips of up to 4
transfers by self-joins, without hubs and with; the same trips are asked of ours, and compared. Compiling is not counted.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lib.drafts import next_version
from lib.money.amounts import yuan
from lib.money.hubtrips import EFFORT, MOST_RINGS, _counted, _table
from lib.money.ledger import Ledger, assemble
from lib.money.ordering import DAY_US
from lib.money.trips import BUSY, _candidates, _cycles
from lib.money.trips import _table as listed

ACCOUNTS, WINDOW_DAYS, MOST_HOPS, SKEW = 100_000, 3, 6, 0.9


def drawn(count: int, days: int, hubs: tuple[float, ...], seed: int = 2018) -> pa.Table:
    """Draw transfers whose accounts are as busy as their rank to the power of −0.9, and hubs with a part of all each."""
    draw = np.random.default_rng(seed)
    accounts = max(ACCOUNTS * count // 1_000_000, 100)
    weights = np.cumsum((np.arange(accounts) + 10.0) ** -SKEW)
    ranks = draw.permutation(accounts)
    sides = [ranks[np.searchsorted(weights / weights[-1], draw.random(count))] for _ in range(2)]
    for hub, share in enumerate(hubs):
        rows = draw.permutation(count)[: int(share * count)]
        for side, part in zip(sides, np.array_split(rows, 2), strict=True):
            side[part] = accounts + hub
    names = np.array([f"A{i}" for i in range(accounts)] + [f"H{i}" for i in range(len(hubs))], object)
    fen = draw.integers(1_00, 1_000_000_00, count)
    columns: dict[str, Any] = {
        "transfer_id": pa.array([f"T{i}" for i in range(count)]),
        "payer_account": pa.array(names[sides[0]], pa.string()),
        "payee_account": pa.array(names[sides[1]], pa.string()),
        "kind": pa.nulls(count, pa.string()),
        "loan_id": pa.nulls(count, pa.string()),
        "amount_yuan": yuan(fen),
        "amount_fen": fen,
        "payer_seq": pa.nulls(count, pa.int64()),
        "payee_seq": pa.nulls(count, pa.int64()),
        "day_only": np.zeros(count, np.bool_),
        "payer_shown": np.ones(count, np.bool_),
        "payee_shown": np.ones(count, np.bool_),
        "at": pa.array(np.sort(draw.choice(days * DAY_US // 1_000_000, count, replace=False)) * 1_000_000, pa.timestamp("us")),
    }
    return pa.table(columns)


def made(rows: pa.Table) -> tuple[Ledger, np.ndarray, np.ndarray]:
    """Return the ledger, its hubs and whether each account is too busy otherwise."""
    nobody = np.zeros(0, np.int64)
    book = assemble(rows, pa.array([], pa.string()), (pa.array([], pa.string()), nobody, nobody))
    degree = sum(np.bincount(side, minlength=len(book.accounts)) for side in (book.moves.payer, book.moves.payee))
    is_hub = np.array([name.startswith("H") for name in book.accounts.to_pylist()])
    return book, is_hub, degree > BUSY


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def trips(book: Ledger, hidden: np.ndarray, hops: int) -> tuple[set[tuple[int, ...]], pa.Table]:
    """Find the trips past the hidden accounts, with the transfers themselves."""
    everyone = np.ones(len(book.accounts), np.bool_)
    rows = _candidates(book, everyone, hidden, 0, hops)
    flat, sizes, ties = _cycles(book, rows, everyone, hops, WINDOW_DAYS)
    table = listed(book, rows[flat], sizes, ties)
    return {tuple(part.tolist()) for part in np.split(rows[flat], np.cumsum(sizes)[:-1])}, table


def rings(book: Ledger, hubs: np.ndarray, hidden: np.ndarray, most: int = MOST_RINGS) -> tuple[pa.Table, int]:
    """Count the trips through hubs by ring, with one trip each."""
    everyone, codes = np.ones(len(book.accounts), np.bool_), np.flatnonzero(hubs)
    rows = _candidates(book, everyone, hidden & ~hubs, 0, MOST_HOPS)
    found, notes, lost, cut = _counted(book, rows, codes, everyone, MOST_HOPS, WINDOW_DAYS * DAY_US, most, EFFORT)
    assert cut == 0
    return _table(book, rows, found, notes, codes), int(lost)


def joined(book: Ledger, hidden: np.ndarray, folder: Path) -> tuple[float, set[tuple[int, ...]]]:
    """Find the trips of up to 4 by self-joins, each step bounded by time and window; return seconds and trips."""
    moves = book.moves
    kept = np.flatnonzero((moves.payer != moves.payee) & ~hidden[moves.payer] & ~hidden[moves.payee])
    table = pa.table({"n": kept, "payer": moves.payer[kept], "payee": moves.payee[kept], "moved": moves.at[kept]})
    ways, found = {2: "", 3: "", 4: ""}, set()
    seconds = 0.0
    with next_version(folder / "peer.duckdb") as store:
        store.derive("m", table)
        for hops in ways:
            joins = "".join(
                f" inner join m as t{i} on t{i}.payer = t{i - 1}.payee and t{i}.moved > t{i - 1}.moved"
                f" and t{i}.moved <= t1.moved + {WINDOW_DAYS * DAY_US}"
                for i in range(2, hops + 1)
            )
            differ = "".join(f" and t{i}.payer <> t{j}.payer" for i in range(2, hops + 1) for j in range(1, i))
            query = f"select {', '.join(f't{i}.n as n{i}' for i in range(1, hops + 1))} from m as t1{joins}"
            step, rows = timed(lambda q=f"{query} where t{hops}.payee = t1.payer{differ}": store.arrow(q))
            seconds += step
            found |= set(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    return seconds, found


def peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def main(count: int, days: int) -> None:
    small, hub, crowded = made(drawn(3_000, 60, (0.05,)))  # compiles
    trips(small, hub, MOST_HOPS), trips(small, hub, 4), rings(small, hub, crowded)
    book, hub, crowded = made(drawn(count, days, (0.01,) * 4))
    hidden = hub | crowded
    print(f"{count:,} transfers in {days} days, {len(book.accounts):,} accounts, {int(hidden.sum())} left out; {peak()}")
    seconds, (found, _) = timed(lambda: trips(book, hidden, MOST_HOPS))
    print(f"hubs left out, up to {MOST_HOPS}: {len(found):,} trips in {seconds:.2f} s (aim 1)")
    seconds, (table, lost) = timed(lambda: rings(book, hub, hidden))
    total = sum(table["trips"].to_pylist())
    print(f"four hubs of 1 % walked through: {total:,} trips in {table.num_rows:,} rings, {lost:,} beyond,")
    print(f"  {seconds:.2f} s (aim 10)")
    every, _ = trips(book, hidden & ~hub, MOST_HOPS)
    assert total + lost == len(every) - len(found)  # the same, listed one by one
    for what, away in (("hubs left out", hidden), ("the four hubs included and listed", hidden & ~hub)):
        ours, (found, _) = timed(lambda away=away: trips(book, away, 4))
        with tempfile.TemporaryDirectory() as folder:
            peer, expected = joined(book, away, Path(folder))
        assert found == expected
        print(f"up to 4, {what}: {len(found):,} trips, ours {ours:.2f} s, DuckDB's self-joins {peer:.1f} s:")
        print(f"  {peer / ours:,.0f}x (aim 20); {peak()}")
    book, hub, crowded = made(drawn(count, days, (0.1,)))
    for most in (MOST_RINGS, 1_000):
        seconds, (table, lost) = timed(lambda most=most: rings(book, hub, crowded, most))
        total = sum(table["trips"].to_pylist())
        print(f"a hub of 10 %, at most {most:,} rings: {total:,} trips in {table.num_rows:,}, {lost:,} beyond,")
        print(f"  {seconds:.2f} s, {peak()}")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:3]]
    main(*given, *(1_000_000, 180)[len(given) :])
