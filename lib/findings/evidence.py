"""From a finding back to the lines of the files that it rests on."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from lib.case import Case
from lib.errors import BadParameter
from lib.schema import schema
from lib.store import Store

Row = dict[str, Any]
COLUMNS = pa.schema({"table": pa.string(), "id": pa.string(), "source": pa.string(), "line": pa.int64(), "text": pa.string()})


def lines(case: Case, evidence: Iterable[Row]) -> pa.Table:
    """Return the file lines behind a finding's evidence (see `lib.checks.evidence`)."""
    places: dict[tuple[str, str, str | None, int | None], None] = {}
    for table, ids in _by_table(case.store, evidence).items():
        for place in _places(case.store, table, ids):
            places[place] = None
    names = _names(case.store)
    texts = _texts(case.store, [(source, line) for _, _, source, line in places if source is not None and line is not None])
    rows = [
        {"table": table, "id": row_id, "source": names.get(source or ""), "line": line, "text": texts.get((source, line))}
        for table, row_id, source, line in places
    ]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def _by_table(store: Store, evidence: Iterable[Row]) -> dict[str, list[str]]:
    """Group evidence by table, in order of first mention; a transfer stands for the statement lines that show it."""
    found: dict[str, dict[str, None]] = {}
    for item in evidence:
        found.setdefault(item["table"], {})[item["id"]] = None
    if transfers := list(found.pop("transfers", {})):
        query = "select transfer_id, flow_ids from transfers where list_contains($ids, transfer_id)"
        flows = {row["transfer_id"]: row["flow_ids"] for row in store.arrow(query, ids=transfers).to_pylist()}
        for transfer_id in transfers:
            for flow_id in flows.get(transfer_id) or []:
                found.setdefault("flows", {})[flow_id] = None
    return {table: list(ids) for table, ids in found.items()}


def _places(store: Store, table: str, ids: list[str]) -> list[tuple[str, str, str | None, int | None]]:
    """Return (table, id, source_id, line) of every line that a row was read or merged from; one without any, if none."""
    if table not in schema() or not schema()[table].key:
        raise BadParameter(
            f"证据指向的表 {table!r} 不存在或没有主键",
            f"The evidence names the table {table!r}, which does not exist or has no key",
        )
    # as origins names rows (folding.row_id): the parts of a longer key joined by |
    columns = [f'"{column}"' for column in schema()[table].key]
    key = columns[0] if len(columns) == 1 else f"concat_ws('|', {', '.join(columns)})"
    query = f"""
        select {key} as id, source_id, line from store."{table}" where list_contains($ids, {key})
        union
        select row_id as id, source_id, line from origins where table_name = $table and list_contains($ids, row_id)
    """
    if table == "parties":  # a party of several ids stands on the lines of all of them
        query += """
            union
            select party_id as id, source_id, line from party_records
            where written_id is not null and seen_in = 'parties' and list_contains($ids, party_id)
        """
    found: dict[str, list[tuple[str | None, int | None]]] = {row_id: [] for row_id in ids}
    rows = store.arrow(query, ids=ids, table=table).to_pylist()
    for row in sorted(rows, key=lambda row: (row["source_id"] or "", row["line"] or 0)):  # source_id is a digest: stable
        if row["source_id"] is not None:
            found[row["id"]].append((row["source_id"], row["line"]))
    return [(table, row_id, *place) for row_id, places in found.items() for place in places or [(None, None)]]


def _names(store: Store) -> dict[str, str]:
    """Return what each source is called: its file, and in it the member and the sheet."""
    from lib.intake import parts  # here, as originals below

    rows = store.arrow("select source_id, name, member, sheet from sources").to_pylist()
    return {row["source_id"]: parts.label(row["name"], row["member"], row["sheet"]) for row in rows}


def _texts(store: Store, places: list[tuple[str, int]]) -> dict[tuple[str | None, int | None], str]:
    """Read the lines again from the files as they were handed over (their hash is checked)."""
    from lib.intake import originals  # here: it loads numba, which runs without evidence need not

    wanted: dict[str, list[int]] = {}
    for source, line in places:
        wanted.setdefault(source, []).append(line)
    found: dict[tuple[str | None, int | None], str] = {}
    for source, numbers in wanted.items():
        for line, text in originals.original_text(store, source, sorted(set(numbers))).items():
            found[source, line] = text
    return found
