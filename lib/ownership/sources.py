"""From a record about ownership to the lines of the files that it was read from."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from lib.case import Case
from lib.intake.parts import label
from lib.ownership.frames import TEXTS

Record = tuple[str, str]
RECORDS = pa.list_(pa.struct([("table", pa.string()), ("id", pa.string())]))


def of_table(table: str, ids: Iterable[str | None]) -> list[Record]:
    """Return records of one table by their ids; a row without an id is no record that can be found again."""
    return [(table, i) for i in ids if i is not None]


def lines_of(case: Case, records: Iterable[Sequence[Record]]) -> list[list[str]]:
    """Return for each list of records the places of their lines, in the order of the records.

    Returns
    -------
    list of lists of text
        File (member and sheet, where there are) and line, as `股东名册.csv:12`. A record that no file is known of has none.
    """
    asked = [list(row) for row in records]
    wanted = sorted({record for row in asked for record in row})
    found: dict[Record, list[str]] = {}
    tables, ids = [table for table, _ in wanted], [i for _, i in wanted]
    for row in case.store.run("record_lines", tables=tables, ids=ids).to_pylist() if wanted else []:
        place = label(row["name"], row["member"], row["sheet"])
        found.setdefault((row["table_name"], row["record_id"]), []).append(f"{place}:{row['line']}")
    return [list(dict.fromkeys(place for record in row for place in found.get(record, []))) for row in asked]


def proof(case: Case, records: Iterable[Sequence[Record]]) -> dict[str, pa.Array]:
    """Return the columns `evidence` (table and id of each record, as findings have it) and `sources` (file and line)."""
    asked = [list(dict.fromkeys(row)) for row in records]
    evidence: list[Any] = [[{"table": table, "id": i} for table, i in row] for row in asked]
    return {"evidence": pa.array(evidence, RECORDS), "sources": pa.array(lines_of(case, asked), TEXTS)}
