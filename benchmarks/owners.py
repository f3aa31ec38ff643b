"""Look-through owners of every held company, against products along networkx's paths, measured in one run.

    .venv/bin/python benchmarks/owners.py

Reads the FinBench shareholdings beside the checkout (../shared/data/finbench); without them, a drawn register of the same size
and shape. The peer follows every simple path upwards and adds up the products: on the register's circular component it
does not end, so it is stopped after 20 s for one company. The ratio is a lower bound, then.
"""

import csv
import random
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pyarrow as pa

from lib import Case, graph, open_case
from lib.drafts import next_version
from lib.store import SCHEMA_VERSION

FINBENCH = Path(__file__).parents[1] / "../shared/data/finbench"
CUT_SECONDS = 20.0
PEER_TARGETS = 4
Edges = list[tuple[str, str, float]]


def finbench() -> Edges:
    edges: Edges = []
    for name, kind in (("PersonInvestCompany", "P"), ("CompanyInvestCompany", "C")):
        with (FINBENCH / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="|")
            edges += [(f"{kind}{r['investorId']}", f"C{r['companyId']}", float(r["ratio"])) for r in rows]
    return edges


def drawn(companies: int = 960, persons: int = 2_000, seed: int = 1) -> Edges:
    drawing = random.Random(seed)
    edges: Edges = []
    for n in range(companies):
        holders = {f"P{drawing.randrange(persons)}" for _ in range(4)} | {f"C{drawing.randrange(companies)}" for _ in range(2)}
        weights = {h: drawing.random() for h in sorted(holders - {f"C{n}"})}
        edges += [(h, f"C{n}", w / sum(weights.values())) for h, w in weights.items()]
    return edges


def store_of(edges: Edges, path: Path) -> Case:
    holders, held, shares = (list(column) for column in zip(*edges, strict=True))
    ids = sorted({*holders, *held})
    rows = {"holding_id": [f"H{n}" for n in range(len(edges))], "holder_id": holders, "held_id": held, "share": shares}
    with next_version(path) as store:
        store.execute("insert into store_meta values ('benchmark', 'benchmark', $schema)", schema=SCHEMA_VERSION)
        store.derive("_holdings", pa.table(rows))
        store.execute("insert into holdings by name select * from _holdings")
        store.derive("_parties", pa.table({"party_id": ids, "kind": ["person" if i[0] == "P" else "company" for i in ids]}))
        store.execute("insert into parties by name select * from _parties")
    return open_case(None, "2022-12-31", path)


def ours(case: Case, targets: list[str]) -> list[float]:
    seconds = []
    for target in targets:
        began = time.perf_counter()
        graph.owners(replace(case, party_id=target))
        seconds.append(time.perf_counter() - began)
    return seconds


def path_products(upwards: "nx.DiGraph[str]", target: str) -> tuple[float, int]:
    """Return the seconds and paths until all simple paths were followed, or the time was up."""
    began, paths, share = time.perf_counter(), 0, dict.fromkeys(nx.descendants(upwards, target), 0.0)
    for path in nx.all_simple_paths(upwards, target, list(share)):
        product = 1.0
        for held, holder in pairwise(path):
            product *= upwards.edges[held, holder]["share"]
        share[path[-1]] += product
        paths += 1
        if time.perf_counter() - began > CUT_SECONDS:
            break
    return time.perf_counter() - began, paths


def main() -> None:
    edges = finbench() if FINBENCH.is_dir() else drawn()
    print(f"register: {'FinBench' if FINBENCH.is_dir() else 'drawn, no ../shared/data/finbench'}, {len(edges):,} holdings")
    with tempfile.TemporaryDirectory() as folder:
        case = store_of(edges, Path(folder) / "store.duckdb")
        targets = sorted({held for _, held, _ in edges})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        first = ours(case, targets[:1])[0]
        seconds = ours(case, targets)
    unit = 1024 * (1024 if sys.platform == "darwin" else 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"ours: {len(targets)} companies in {sum(seconds):.2f} s, median {statistics.median(seconds) * 1e3:.2f} ms each")
    print(f"      the first took {first:.2f} s: it reads the register, solves its components and loads the kernels")
    print(f"      peak memory {peak / unit:.0f} MB, of which {(peak - before) / unit:.0f} MB for the look-through")
    upwards: nx.DiGraph[str] = nx.DiGraph()
    for holder, held, share in edges:
        known = upwards.edges[held, holder]["share"] if upwards.has_edge(held, holder) else 0.0
        upwards.add_edge(held, holder, share=known + share)
    sample = random.Random(2018).sample(targets, PEER_TARGETS)
    peer = []
    for target in sample:
        spent, paths = path_products(upwards, target)
        cut = f", stopped at {CUT_SECONDS:.0f} s" if spent > CUT_SECONDS else ""
        print(f"networkx: {target}: {spent:.2f} s, {paths:,} paths{cut}")
        peer.append(spent)
    ratio = statistics.mean(peer) / (sum(seconds) / len(seconds))
    print(
        f"ratio: {ratio:,.0f} × faster per company (mean of {PEER_TARGETS} drawn against the mean of all; at least 100 asked)"
    )


if __name__ == "__main__":
    main()
