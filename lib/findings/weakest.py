"""The weakest link of a finding: it is no surer than the merge of ids that made its parties what they are."""

from collections import defaultdict
from typing import Any

from lib import merging
from lib.case import Case
from lib.schema import schema
from lib.store import Store

Row = dict[str, Any]
_HELD_BY = """
    select t.transfer_id as id, list_value(a.holder_id) as parties
    from transfers as t inner join accounts as a on a.account_id in (t.payer_account, t.payee_account)
    where list_contains($ids, t.transfer_id)
"""
_ON_ACCOUNTS = """
    select t.flow_id as id, list_value(a.holder_id) as parties
    from flows as t inner join accounts as a on a.account_id in (t.account_id, t.counterparty_account)
    where list_contains($ids, t.flow_id)
"""


def lower(case: Case, rows: list[Row]) -> list[Row]:
    """Return rows of findings with `confidence` no higher than that of the parties in them, where ids were joined."""
    known = _joined(case.store)
    if not known:
        return rows
    operated = case.arrow("select institution_id, party_id from institutions").to_pylist()
    owners = {row["institution_id"]: row["party_id"] for row in operated}
    behind = _behind(case.store, rows)
    return [_lowered(row, known, owners, behind) for row in rows]


def _lowered(row: Row, known: dict[str, float], owners: Row, behind: dict[tuple[str, str], set[str]]) -> Row:
    if row["confidence"] is None:
        return row
    parties = {row["subject_id"], owners.get(row["institution_id"])}.union(
        *(behind.get((item["table"], item["id"]), ()) for item in row["evidence"])
    )
    return row | {"confidence": min([row["confidence"], *(known[p] for p in parties if p in known)])}


def _joined(store: Store) -> dict[str, float]:
    """Return the confidence of each party whose ids or mentions were joined by more than the id itself."""
    query = """
        select party_id, min(confidence) as confidence from (
            select resolved_id as party_id, confidence from party_ids
            union all
            select party_id, confidence from party_records where joined_by <> 'id'
        ) group by party_id
    """
    return {row["party_id"]: row["confidence"] for row in store.arrow(query).to_pylist()}


def _behind(store: Store, rows: list[Row]) -> dict[tuple[str, str], set[str]]:
    """Return which parties stand in each row that evidence points to: (table, id) → ids."""
    asked: dict[str, set[str]] = defaultdict(set)
    for item in (item for row in rows for item in row["evidence"]):
        asked[item["table"]].add(item["id"])
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for table, ids in asked.items():
        if query := _query(table):
            for row in store.arrow(query, ids=sorted(ids)).to_pylist():
                found[table, row["id"]].update(filter(None, row["parties"]))
    return found


def _query(table: str) -> str | None:
    """Write the query for the parties in rows of a table; None where it holds none."""
    if table in ("transfers", "flows"):
        return _HELD_BY if table == "transfers" else _ON_ACCOUNTS
    declared = schema()[table]
    columns = ("party_id",) if table == "parties" else merging.party_columns(table, [c.name for c in declared.columns])
    if not columns or len(declared.key) != 1:
        return None
    key = declared.key[0]
    return f"select {key} as id, list_value({', '.join(columns)}) as parties from {table} where list_contains($ids, {key})"
