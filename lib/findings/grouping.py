"""Findings that rest on the same transfers: several rules may see one matter, which is to be counted once."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from lib.case import Case

SAME = 0.8  # of the transfers of each of two findings, from which on they are one matter
Row = dict[str, Any]


def matters(case: Case, rows: list[Row]) -> list[str | None]:
    """Say for each row of a run which matter it is part of.

    Two hits of different rules are one matter if those transfers that both rest on are at least 80 % of each one's; what is one
    with a third is one with each other. A matter is called by the finding of it that comes first; a hit without transfers is a
    matter of its own, and a row without a hit has none.
    """
    hits = [k for k, row in enumerate(rows) if row["finding_id"] is not None]
    found: list[str | None] = [row["finding_id"] for row in rows]
    held = _transfers(case, [rows[k] for k in hits])
    numbers = {name: n for n, name in enumerate(sorted({t for of in held for t in of}))}
    if not numbers:
        return found
    owner = np.repeat(np.arange(len(hits)), [len(of) for of in held])
    member = np.array([numbers[t] for of in held for t in of], np.int64)
    rests = csr_array((np.ones(len(owner), np.int64), (owner, member)), shape=(len(hits), len(numbers)))
    for first, *others in _joined(rests, np.unique([rows[k]["rule_id"] for k in hits], return_inverse=True)[1]):
        for other in others:
            found[hits[other]] = found[hits[first]]
    return found


def _transfers(case: Case, rows: list[Row]) -> list[set[str]]:
    """Return the transfers that each row's evidence names, also by a statement line."""
    lines = sorted({item["id"] for row in rows for item in row["evidence"] if item["table"] == "flows"})
    query = "select transfer_id, unnest(flow_ids) as flow_id from transfers"
    shown = (
        case.store.arrow(f"select * from ({query}) where list_contains($ids, flow_id)", ids=lines).to_pylist() if lines else []
    )
    of_line = {row["flow_id"]: row["transfer_id"] for row in shown}
    return [
        {item["id"] for item in row["evidence"] if item["table"] == "transfers"}
        | {of_line[item["id"]] for item in row["evidence"] if item["table"] == "flows" and item["id"] in of_line}
        for row in rows
    ]


def _joined(rests: Any, rule: npt.NDArray[np.int64]) -> list[list[int]]:
    """Return the groups of two and more, each in order."""
    shared = (rests @ rests.T).tocoo()
    a, b = shared.coords
    size = rests.sum(axis=1)
    # whole numbers: 0.8 as a float would lose a share that is met exactly
    same = (10 * shared.data >= round(10 * SAME) * np.maximum(size[a], size[b])) & (rule[a] != rule[b])
    ties = csr_array((np.ones(int(same.sum()), np.int8), (a[same], b[same])), shape=shared.shape)
    label = connected_components(ties, directed=False)[1]
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return [group.tolist() for group in groups if len(group) > 1]
