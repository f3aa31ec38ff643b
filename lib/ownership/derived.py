"""Tables that rules read, for all institutions of a case at once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from lib.case import Case
from lib.ownership import faults, loops, relations
from lib.ownership.frames import TEXTS, component_id
from lib.ownership.register import numbered

Scope = list[tuple[str, str | None, str | None]]


def derive_related(case: Case, scope: Scope) -> pa.Table:
    """Return the related-party sets of several institutions, for rules.

    Returns
    -------
    Arrow table, one row per case and party, the party itself included (reason `self`, layers 0)
        case_id · party_id · reason · layers · path, as in `related`.
    """
    rows: list[dict[str, Any]] = []
    for case_id, one in cases(case, scope):
        for party, member in relations.related_set(one).members.items():
            found = {"party_id": party, "reason": member.reason, "layers": len(member.path) - 1, "path": list(member.path)}
            rows.append({"case_id": case_id, **found})
    return _table(rows, case_id=pa.string(), party_id=pa.string(), reason=pa.string(), layers=pa.int32(), path=TEXTS)


def derive_components(case: Case, scope: Scope) -> pa.Table:
    """Return the circular holdings among several institutions and their holders, for rules.

    Returns
    -------
    Arrow table, one row per case and component
        case_id · component_id · member_ids · holding_ids · holds_target · max_share, as in `circular`.
    """
    rows: list[dict[str, Any]] = []
    for case_id, one in cases(case, scope):
        register, target = numbered(one)
        for found in loops.loops_above(register, target) if target is not None else []:
            ids = {"component_id": component_id(register, found), "member_ids": register.named(found.members)}
            measured = {"holds_target": found.holds_target, "max_share": found.max_share}
            rows.append({"case_id": case_id, **ids, "holding_ids": found.holding_ids, **measured})
    texts = {"case_id": pa.string(), "component_id": pa.string(), "member_ids": TEXTS, "holding_ids": TEXTS}
    return _table(rows, **texts, holds_target=pa.bool_(), max_share=pa.float64())


def derive_holding_gaps(case: Case, scope: Scope) -> pa.Table:
    """Return what is open or wrong with the holdings above several institutions, for rules.

    Returns
    -------
    Arrow table, one row per case and gap, and one more per case whose gap is null
        case_id · gap · party_id · measure · reach (fraction of the case's party that it reaches) · path · holding_ids, as in
        `gaps` (reach is its share); of the row without a gap: party_id is the case's party, measure what is untraced (null
        where shares have no solution).
    """
    rows: list[dict[str, Any]] = []
    for case_id, one in cases(case, scope):
        found = faults.gaps(one)
        rows.append({"case_id": case_id, "party_id": one.party_id, "measure": found.attrs["untraced"]})
        held = found.rename(columns={"share": "reach"})[["gap", "party_id", "measure", "reach", "path", "holding_ids"]]
        records: list[dict[str, Any]] = pa.Table.from_pandas(held, preserve_index=False).to_pylist()
        rows += [{"case_id": case_id, **row} for row in records]
    numbers = {"measure": pa.float64(), "reach": pa.float64(), "path": TEXTS, "holding_ids": TEXTS}
    return _table(rows, case_id=pa.string(), gap=pa.string(), party_id=pa.string(), **numbers)


def cases(case: Case, scope: Scope) -> Iterator[tuple[str, Case]]:
    """Yield of each row of a scope its id and the case that it is."""
    for case_id, institution_id, party_id in scope:
        party = party_id or institution_id or case_id
        yield case_id, replace(case, name=party, institution_id=institution_id or None, party_id=party)


def _table(rows: list[dict[str, Any]], **types: pa.DataType) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema(list(types.items())))
