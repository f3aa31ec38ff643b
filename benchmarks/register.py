"""A whole register at once: reading it, everybody's controllers, and the owners of one entity, against peers in the same run.

    .venv/bin/python benchmarks/register.py [--entities 5e6] [--holdings 1e7]

Draws a register in which two of five entities are companies and the others persons: chains, loops of two to six companies (a
fifth of the companies), one circular component of 0.2 % of the entities and one of 2 % (10,000 and 100,000 of 5M), whose
members hold most of each other. A process of its own draws it, so that the peak of memory is that of the look-through alone.
Peers: power iterations over everything (scipy), and products along networkx's paths, stopped after 20 s and given only what is
above the company. Up to 200,000 entities, owners and controllers of everybody are written as tables too: beyond, the members
of a component of many thousands would be iterated one by one.
"""

import argparse
import gc
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import networkx as nx
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from owners import path_products
from scipy.sparse import csr_array

from lib import Case, graph, open_case
from lib.drafts import next_version
from lib.ownership.everyone import LEAST, commands_of_all
from lib.ownership.register import Register, everyone_above, register_of
from lib.store import SCHEMA_VERSION

SEED = 2018
SAMPLE = 1_000
PEER_TARGETS = 4
TABLES_UP_TO = 200_000
Ints = npt.NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True)
class Drawn:
    """Holdings by number: companies are 0 … companies − 1, persons follow."""

    companies: int
    holder: Ints
    held: Ints
    share: npt.NDArray[np.float64]


def drawn(entities: int, holdings: int) -> Drawn:
    """Draw a register: every company has one holder or more; who holds a company outside the loops has a higher number."""
    rng = np.random.default_rng(SEED)
    companies, persons = entities * 2 // 5, entities - entities * 2 // 5
    large, largest, small = entities // 500, entities // 50, companies // 5
    plain = companies - small - large - largest
    rings = [*_small_rings(rng, plain, small), np.arange(companies - largest - large, companies - largest)]
    rings.append(np.arange(companies - largest, companies))
    pairs = [np.stack([np.roll(ring, -1), ring]) for ring in rings]
    for ring in rings[-2:]:  # two more holders for each member of a large component, drawn among its members
        pairs += [np.stack([rng.choice(ring, len(ring)), ring]) for _ in range(2)]
    below = np.flatnonzero(rng.random(plain) < 0.4)
    pairs.append(np.stack([rng.integers(below + 1, companies), below]))
    left = holdings - sum(pair.shape[1] for pair in pairs) - companies
    held = np.concatenate([np.arange(companies), rng.integers(0, companies, left)])
    pairs.append(np.stack([companies + rng.integers(0, persons, len(held)), held]))
    holder, held = np.concatenate(pairs, axis=1)
    holder, held = holder[holder != held], held[holder != held]
    weight = rng.exponential(size=len(held)) ** 2
    stated = np.where(rng.random(companies) < 0.1, rng.uniform(0.5, 1.0, companies), 1.0)
    share = weight * (stated / np.bincount(held, weight, companies))[held]
    return Drawn(companies, holder, held, np.minimum(share, 1.0))


def _small_rings(rng: np.random.Generator, first: int, members: int) -> list[Ints]:
    sizes = rng.integers(2, 7, members // 2)
    ends = first + np.cumsum(sizes)
    return np.split(np.arange(first, ends[ends <= first + members][-1]), (ends[ends <= first + members])[:-1] - first)


def write_store(path: Path, entities: int, holdings: int) -> None:
    made = drawn(entities, holdings)
    with next_version(path) as store:
        store.execute("insert into store_meta values ('benchmark', 'benchmark', $schema)", schema=SCHEMA_VERSION)
        store.show("_holdings", pa.table({"a": made.holder, "b": made.held, "share": made.share}))
        spelt = "concat(if({0} < $companies, 'C', 'P'), lpad(cast({0} as text), 8, '0'))"
        store.execute(
            f"""
            insert into holdings by name
            select concat('H', row_number() over ()) as holding_id, {spelt.format("a")} as holder_id,
                {spelt.format("b")} as held_id, share
            from _holdings order by hash(a, b)
            """,
            companies=made.companies,
        )
        store.execute(
            f"""
            insert into parties by name
            select {spelt.format("n")} as party_id, concat('名', n) as name, if(n < $companies, 'company', 'person') as kind
            from range($entities) as r(n) order by hash(n)
            """,
            companies=made.companies,
            entities=entities,
        )


def timed(make: Callable[[], T]) -> tuple[T, float, float]:
    """Return what is made, the seconds and the processor seconds that it took."""
    began, used = time.perf_counter(), time.process_time()
    made = make()
    return made, time.perf_counter() - began, time.process_time() - used


def peak() -> float:
    """Return the most memory that this process has had so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**3 if sys.platform == "darwin" else 1024**2)


def warm(folder: Path) -> None:
    """Load every kernel once, with a register of a few thousand."""
    write_store(folder / "warm.duckdb", 5_000, 10_000)
    case = open_case(None, "2022-12-31", folder / "warm.duckdb")
    graph.register(case.store, case.as_of)
    for target in register_of(case).ids[::100].to_pylist():
        graph.owners(replace(case, party_id=target))


def power_iterations(register: Register, target: int) -> tuple[float, float, int]:
    """Return the seconds of iterating over everything until 1e-13 is left, of one iteration, and their number."""
    n, ties = len(register.ids), register.above
    up = csr_array((ties.weight, ties.other, ties.start), shape=(n, n)).T.tocsr()
    rest = np.zeros(n)
    rest[target], steps, began = 1.0, 0, time.perf_counter()
    reached = np.zeros(n)
    while rest.sum() > 1e-13:
        reached, rest, steps = reached + rest, up @ rest, steps + 1
    spent = time.perf_counter() - began
    return spent, spent / steps, steps


def asked(case: Case, targets: list[str]) -> tuple[npt.NDArray[np.float64], float]:
    """Return the seconds for the owners of each target, and the largest error bound."""
    seconds, bound = [], 0.0
    for target in targets:
        began = time.perf_counter()
        found = graph.owners(replace(case, party_id=target))
        seconds.append(time.perf_counter() - began)
        bound = max(bound, found.attrs["error_bound"])
    return np.array(seconds), bound


def peers(register: Register, target: int) -> float:
    """Return the seconds of networkx for everyone above one party; building its graph is not counted."""
    upwards: nx.DiGraph[str] = nx.DiGraph()
    for party in everyone_above(register, target).tolist():
        at = register.above.of(party)
        held = register.named([party])[0]
        upwards.add_node(held)
        for holder, share in zip(register.named(register.above.other[at]), register.above.weight[at].tolist(), strict=True):
            upwards.add_edge(held, holder, share=share)
    return path_products(upwards, register.named([target])[0])[0]


def compared(name: str, case: Case, register: Register, drawn_from: Ints) -> None:
    rng = np.random.default_rng(SEED)
    targets = rng.choice(drawn_from, min(SAMPLE, len(drawn_from)), replace=False)
    first, _ = asked(case, register.named(targets))
    seconds, bound = asked(case, register.named(targets))
    middle, last = np.median(seconds), np.quantile(seconds, 0.99)
    print(
        f"owners, {name}: median {middle * 1e3:.2f} ms, 99th percentile {last * 1e3:.1f} ms; "
        f"first time {first.sum():.1f} s for {len(targets):,}; error bound {bound:.1e}"
    )
    whole, step, steps = power_iterations(register, int(targets[0]))
    print(f"  power iterations over everything: {whole:.2f} s ({steps} of {step:.3f} s): {whole / middle:,.0f} × the median")
    sample = targets[:PEER_TARGETS]
    spent = [peers(register, target) for target in sample.tolist()]
    gc.collect()  # what networkx left behind is not ours to clear away
    ours, _ = asked(case, register.named(sample))
    cut = " (stopped at 20 s: at least)" if max(spent) > 20 else ""
    print(f"  networkx: {', '.join(f'{s:.2g} s' for s in spent)}{cut}: {sum(spent) / ours.sum():,.1f} × ours on the same")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entities", type=float, default=5e6)
    parser.add_argument("--holdings", type=float, default=1e7)
    options = parser.parse_args()
    entities, holdings = int(options.entities), int(options.holdings)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.duckdb"
        drawing = multiprocessing.get_context("spawn").Process(target=write_store, args=(path, entities, holdings))
        drawing.start()
        drawing.join()
        warm(Path(folder))
        case = open_case(None, "2022-12-31", path)
        register, seconds, used = timed(lambda: register_of(case))
        print(f"register: {len(register.ids):,} entities, {len(register.pairs.held):,} holdings")
        print(f"load and index: {seconds:.1f} s ({used:.1f} s of processors), peak {peak():.1f} GB")
        found, seconds, used = timed(lambda: commands_of_all(register))
        print(f"controllers of everybody: {seconds:.2f} s ({used:.2f} s of processors), {len(found.party):,} with their ways")
        sizes = np.bincount(register.group)
        print(f"largest components: {np.sort(sizes)[-2:].tolist()}, loops: {np.count_nonzero(sizes > 1):,}")
        compared("all held entities", case, register, np.flatnonzero(np.diff(register.above.start) > 0))
        compared("members of the largest component", case, register, np.flatnonzero(register.group == sizes.argmax()))
        print(f"peak {peak():.1f} GB, peers included")
        if entities <= TABLES_UP_TO:
            case.store.memo.clear()
            (owned, commanded), seconds, used = timed(lambda: graph.register(case.store, case.as_of))
            print(f"graph.register: {seconds:.1f} s ({used:.1f} s of processors)")
            print(f"  {len(owned):,} owners of {LEAST:.0%} or more, {len(commanded):,} controllers")


if __name__ == "__main__":
    main()
