"""Patterns of money against the same questions in DuckDB SQL and plain Python, measured in one run.

    .venv/bin/python benchmarks/patterns.py [transfers]

Drawn: 1,000,000 heavy-tailed transfers, unless another number is given, between a tenth as many accounts in 365 days; sides by
a power law, the busiest account pays about 6,000 times. The peers are SQL (a self-join over the window) and,
where SQL has no counterpart, networkx and plain Python on a part. Compiling is not counted; answers are compared.
"""

import resource
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import duckdb
import networkx as nx
import numpy as np
import pyarrow as pa
from money import laid_out, made, timed

from lib.kernels import dwelling
from lib.money.patterns import fans, layers, mirrors
from lib.money.patterns.scene import Scene
from lib.money.patterns.settings import DEFAULTS

DAYS, PER_DAY = 365, 86_400_000_000
FAN_SQL = """
select a.payee, a.day, count(distinct b.payer) as n
from (select distinct payee, day from t) as a
inner join t as b on a.payee = b.payee and b.day between a.day and a.day + 9
group by all having n >= 10
"""
MIRROR_SQL = """
select least(a.payer, a.payee) as x, greatest(a.payer, a.payee) as y,
    count(distinct a.id) as there, count(distinct b.id) as back
from t as a inner join t as b
    on a.payer = b.payee and a.payee = b.payer and a.payer < a.payee
    and b.day between a.day - 2 and a.day + 2 and abs(a.fen - b.fen) * 1000 <= 5 * greatest(a.fen, b.fen)
group by all having least(there, back) >= 3
"""
# every way of two transfers from a source to a target within the window, the source's first day; then middles by window
SCATTER_SQL = """
with ways as (
    select a.payer as source, b.payee as target, a.payee as middle, a.day as first_day, b.day as last_day
    from t as a inner join t as b on a.payee = b.payer and b.place > a.place and b.day < a.day + 10
    where a.payer <> b.payee
),
begins as (select distinct source, target, first_day as begin_day from ways)
select begins.source, begins.target, begin_day, count(distinct middle) as n
from begins inner join ways on begins.source = ways.source and begins.target = ways.target
    and ways.first_day >= begin_day and ways.last_day < begin_day + 10
group by all having n >= 3
"""


def drawn(count: int, seed: int = 2018) -> Scene:
    """Draw transfers by time; each side by a power law over the accounts."""
    draw = np.random.default_rng(seed)
    accounts = max(count // 10, 10)
    weight = 1 / (20 + np.arange(accounts))
    sides = [
        draw.permutation(accounts)[np.searchsorted(np.cumsum(weight) / weight.sum(), draw.random(count))] for _ in range(2)
    ]
    fen = (draw.pareto(1.2, count) * 100_000).astype(np.int64) % 10**11 + 1
    back = draw.random(count) < 0.01  # a hundredth goes there and back, so that mirrors have something to pair
    again = np.flatnonzero(back[:-1])
    for of, to in ((0, 1), (1, 0)):
        sides[to][again + 1] = sides[of][again]
    fen[again + 1] = fen[again]
    at = np.sort(draw.choice(DAYS * 86_400, count, replace=count > DAYS * 86_400)) * 1_000_000
    book = made(laid_out(*((side, None) for side in sides), fen, at, day_only=False))
    return Scene(None, book, np.arange(len(book.accounts)), np.zeros(len(book.accounts), np.bool_))  # type: ignore[arg-type]


def database(scene: Scene) -> Any:
    moves = scene.book.moves
    con = duckdb.connect(config={"threads": 2})
    columns = {"payer": moves.payer, "payee": moves.payee, "day": scene.day, "fen": scene.book.amount}
    con.register("given", pa.table({"id": np.arange(len(moves.at)), "place": moves.at, **columns}))
    con.execute("create table t as select * from given where payer <> payee")
    return con


def line(what: str, ours: float, peer: float, by: str, found: int) -> None:
    print(f"{what:<16} {found:>8,} found   {ours:8.2f} s   {by} {peer:8.2f} s   {peer / ours:8.1f}x", flush=True)


def by_sql(scene: Scene) -> None:
    con = database(scene)
    ours, table = timed(lambda: fans.fan_in(scene, DEFAULTS["fan_in"]))
    peer, rows = timed(lambda: con.execute(FAN_SQL).fetchall())
    assert sum(table["windows"].to_pylist()) == len(rows)
    assert len({r[0] for r in rows}) == len(set(map(tuple, table["centre_accounts"].to_pylist())))
    line("fan_in", ours, peer, "DuckDB", table.num_rows)
    ours, table = timed(lambda: mirrors.mirror(scene, DEFAULTS["mirror"]))
    peer, rows = timed(lambda: con.execute(MIRROR_SQL).fetchall())
    assert table.num_rows <= len(rows)  # the join also counts those that share a partner
    line("mirror", ours, peer, "DuckDB", table.num_rows)
    ours, table = timed(lambda: layers.scatter_gather(scene, DEFAULTS["scatter_gather"]))
    peer, rows = timed(lambda: con.execute(SCATTER_SQL).fetchall())
    assert sum(table["windows"].to_pylist()) == len(rows)
    line("scatter_gather", ours, peer, "DuckDB", table.num_rows)


def core(scene: Scene, begin: int, days: int = 10, least: int = 3) -> set[int]:
    """Remove payers and payees that fall short from the network of a window, by networkx, until none does."""
    moves = scene.book.moves
    inside = np.flatnonzero((scene.day >= begin) & (scene.day < begin + days) & (moves.payer != moves.payee))
    graph: nx.MultiGraph[Any] = nx.MultiGraph()
    for row in inside.tolist():
        graph.add_edge(("from", int(moves.payer[row])), ("to", int(moves.payee[row])), key=row)
    while short := [node for node in graph if len(graph[node]) < least]:
        graph.remove_nodes_from(short)
    return {key for _, _, key in graph.edges(keys=True)}


def by_networkx(scene: Scene) -> None:
    ours, table = timed(lambda: layers.bipartite(scene, DEFAULTS["bipartite"]))
    begins = list(range(0, DAYS, 25))
    peer, cores = timed(lambda: [core(scene, begin) for begin in begins])
    ids = {i for row in table["transfer_ids"].to_pylist() for i in row}
    assert {f"T{key}" for part in cores for key in part} <= ids
    line("bipartite", ours, peer * DAYS / len(begins), f"networkx ({len(begins)} of {DAYS} windows measured)", table.num_rows)


def by_python(scene: Scene) -> None:
    """Compare how long money stays with a list of lots, account after account; a twentieth of the accounts in Python."""
    moves, count = scene.book.moves, len(scene.book.amount)
    account, rows = np.concatenate((moves.payee, moves.payer)), np.tile(np.arange(count), 2)
    order = np.lexsort((rows, account))
    arrives = (np.arange(2 * count) < count)[order]
    account, rows = account[order], rows[order]
    at, fen = moves.at[rows] // 1_000_000, scene.book.amount[rows]
    nothing = np.zeros(len(scene.hub), np.int64)
    dwelling.dwell(account[:100], arrives[:100], fen[:100], at[:100], at[:100], nothing)
    ours, (sums, unseen) = timed(lambda: dwelling.dwell(account, arrives, fen, at, at, nothing))
    some = np.flatnonzero(account % 20 == 0)
    given = list(
        zip(some.tolist(), account[some].tolist(), arrives[some].tolist(), fen[some].tolist(), at[some].tolist(), strict=True)
    )

    def lots() -> dict[int, tuple[int, int]]:
        held: dict[int, list[list[int]]] = defaultdict(list)
        found = {}
        for row, who, comes, amount, moment in given:
            if comes:
                held[who].append([amount, moment])
                continue
            stay, mine = 0, held[who]
            while amount and mine:
                part = min(amount, mine[0][0])
                stay, amount, mine[0][0] = stay + part * (moment - mine[0][1]), amount - part, mine[0][0] - part
                if not mine[0][0]:
                    mine.pop(0)
            found[row] = stay, amount
        return found

    peer, found = timed(lots)
    assert all((int(sums[r, 0]) * 86_400 + int(sums[r, 1]), int(unseen[r])) == made for r, made in found.items())
    share = len(given) / (2 * count)
    line("first in, out", ours, peer / share, f"Python ({share:.0%} measured)", len(account))


def main(count: int) -> None:
    small = drawn(3_000)
    for find, kind in _KINDS:
        find(small, DEFAULTS[kind])  # compiles
    scene = drawn(count)
    timed(lambda: scene.slots)
    print(
        f"{count:,} transfers between {len(scene.hub):,} accounts; the slots of the order of each account are worked out once"
    )
    by_sql(scene)
    by_networkx(scene)
    by_python(scene)
    for find, kind in _KINDS:
        seconds, table = timed(lambda find=find, kind=kind: find(scene, DEFAULTS[kind]))
        print(f"{kind:<16} {table.num_rows:>8,} found   {seconds:8.2f} s")
    print(f"peak memory, peers included, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")


_KINDS: list[tuple[Callable[..., Any], str]] = [
    (fans.fan_in, "fan_in"),
    (fans.fan_out, "fan_out"),
    (fans.gather_scatter, "gather_scatter"),
    (layers.scatter_gather, "scatter_gather"),
    (layers.bipartite, "bipartite"),
    (layers.stack, "stack"),
    (mirrors.mirror, "mirror"),
]

if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
