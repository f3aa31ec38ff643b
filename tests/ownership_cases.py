"""Small registers for the tests of the look-through: temporary tables that stand before those of an empty Store."""

import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lib import Case, open_case
from lib.drafts import next_version
from lib.schema import schema
from lib.store import SCHEMA_VERSION
from tests.conftest import write_store

DAY = dt.date(2018, 9, 30)
FINBENCH = Path(__file__).parents[1] / "../shared/data/finbench"
Edges = list[tuple[str, str, float]]
Holding = tuple[str, str, float | None] | dict[str, Any]


def empty_case(folder: Path) -> Case:
    """Return the district case of an empty Store."""
    return open_case(None, DAY, write_store(folder / "empty.duckdb", {}))


def held(
    base: Case, target: str | None, holdings: Iterable[Holding], kinds: dict[str, str | None] | None = None, **tables: Any
) -> Case:
    """Return a case of `target` on a register: (holder, held, share) or rows; who is held is a company, others are persons."""
    rows = [h if isinstance(h, dict) else {"holder_id": h[0], "held_id": h[1], "share": h[2]} for h in holdings]
    rows = [{"holding_id": f"H{at}", **row} for at, row in enumerate(rows)]
    companies = {row["held_id"] for row in rows}
    known = {p: "company" if p in companies else "person" for row in rows for p in (row["holder_id"], row["held_id"])}
    known = {**known, **(kinds or {})}
    given = {"holdings": rows, "parties": [{"party_id": p, "kind": kind} for p, kind in sorted(known.items())], **tables}
    store = replace(base.store.fresh(), memo={})
    for name, filled in given.items():
        assert all(set(row) <= {c.name for c in schema()[name].columns} for row in filled), name
        store.execute(f"create or replace temp table {name} as select * from store.{name} limit 0")
        if filled:
            columns = {c: pa.array([row.get(c) for row in filled]) for c in {c for row in filled for c in row}}
            store.derive("_rows", pa.table(columns))
            store.execute(f"insert into temp.{name} by name select * from _rows")
    return replace(base, store=store, party_id=target, name=target or base.name)


def dense_shares(shares: Iterable[tuple[str, str, float]], target: str) -> dict[str, float]:
    """Return everyone's integrated share in the target by the formula itself, with a dense inverse (the target's own too)."""
    import numpy as np

    edges = list(shares)
    ids = sorted({p for holder, of, _ in edges for p in (holder, of)})
    at = {p: i for i, p in enumerate(ids)}
    direct = np.zeros((len(ids), len(ids)))
    for holder, of, share in edges:
        direct[at[holder], at[of]] += share
    m = np.linalg.inv(np.eye(len(ids)) - direct)
    y = (m - np.eye(len(ids))) / np.diag(m)[:, None]
    return {p: float(y[at[p], at[target]]) for p in ids}


def finbench_case(folder: Path) -> tuple[Case, Edges]:
    """Return the FinBench register (960 held companies, one component of 457) as a case, and its shares; skip without it."""
    if not FINBENCH.is_dir():
        pytest.skip("the FinBench files are not beside the checkout (../shared/data/finbench)")
    edges: Edges = []
    for name, kind in (("PersonInvestCompany", "P"), ("CompanyInvestCompany", "C")):
        with (FINBENCH / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="|"):
                edges.append((f"{kind}{row['investorId']}", f"C{row['companyId']}", float(row["ratio"])))
    holders, held_ids, shares = zip(*edges, strict=True)
    ids = sorted({*holders, *held_ids})
    with next_version(folder / "store.duckdb") as store:
        store.execute("insert into store_meta values ('finbench', 'test', $schema)", schema=SCHEMA_VERSION)
        names = [f"H{n}" for n in range(len(edges))]
        store.derive("_h", pa.table({"holding_id": names, "holder_id": holders, "held_id": held_ids, "share": shares}))
        store.execute("insert into holdings by name select * from _h")
        store.derive("_p", pa.table({"party_id": ids, "kind": ["person" if i[0] == "P" else "company" for i in ids]}))
        store.execute("insert into parties by name select * from _p")
    return open_case(None, "2022-12-31", folder / "store.duckdb"), edges
