"""The ledger: every byte of a file belongs to one span, every row is accepted or set apart, the sums of amounts agree.

Where that does not hold, the import fails (BadFile) and nothing is published.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lib.errors import BadFile
from lib.intake.staging import amounts, staged
from lib.store import Store, Table
from lib.words import language

KINDS = ("preamble", "header", "accepted", "quarantined", "blank", "total", "trailer", "set_aside")
PREAMBLE, HEADER, ACCEPTED, QUARANTINED, BLANK, TOTAL, TRAILER, SET_ASIDE = range(len(KINDS))


@dataclass
class Tally:
    """What became of each record of a file: its first line and first byte, and its kind."""

    line: list[NDArray[np.int64]] = field(default_factory=list)
    byte: list[NDArray[np.int64]] = field(default_factory=list)
    kind: list[NDArray[np.int8]] = field(default_factory=list)
    end_line: int = 1
    end_byte: int = 0

    def add(self, line: NDArray[np.int64], byte: NDArray[np.int64], kind: NDArray[np.int8]) -> None:
        """Append a block: n + 1 lines and bytes (the last is where it ends) and n kinds."""
        self.line.append(line[:-1])
        self.byte.append(byte[:-1])
        self.kind.append(kind)
        self.end_line, self.end_byte = int(line[-1]), int(byte[-1])

    def set_apart(self, lines: list[int]) -> None:
        """Mark accepted records, named by their first lines, as quarantined."""
        for line, kind in zip(self.line, self.kind, strict=True):
            kind[np.isin(line, np.array(lines, np.int64)) & (kind == ACCEPTED)] = QUARANTINED

    def count(self, *kinds: int) -> int:
        """Return the number of records of these kinds."""
        return int(sum(np.isin(kind, kinds).sum() for kind in self.kind))

    def spans(self, source_id: str, member: str = "", sheet: str = "") -> pa.Table:
        """Return runs of records of one kind as rows of `spans`; those of a sheet are counted in rows alone."""
        kind = np.concatenate([np.array([-1], np.int8), *self.kind])
        first = np.flatnonzero(kind[1:] != kind[:-1])
        line = np.concatenate([*self.line, [self.end_line]]).astype(np.int64)
        byte = np.concatenate([*self.byte, [self.end_byte]]).astype(np.int64)
        n = len(first)  # 0 for an empty sheet
        after = np.append(first[1:], len(kind) - 1).astype(np.int64)[:n]
        return pa.table(
            {
                "source_id": pa.array([source_id] * n, pa.string()),
                "member": pa.array([member] * n, pa.string()),
                "sheet": pa.array([sheet] * n, pa.string()),
                "kind": pa.array([KINDS[k] for k in kind[1:][first]], pa.string()),
                "line_from": pa.array(line[first]),
                "line_to": pa.array(line[after] - 1),
                "byte_from": pa.nulls(n, pa.int64()) if sheet else pa.array(byte[first]),
                "byte_to": pa.nulls(n, pa.int64()) if sheet else pa.array(byte[after]),
            }
        )


def reason(stored: str) -> str:
    """Return the reason of a quarantined row, kept in Chinese and English, in the process's language."""
    zh, _, en = stored.partition("\n")
    return en if en and language() == "en" else zh


def check_tiles(name: str, tally: Tally, n_bytes: int) -> None:
    """Check that the spans of a part tile the bytes that were read: of a sheet, one line for each row.

    Raises
    ------
    BadFile
        If not.
    """
    spans = tally.spans("").to_pylist()
    edges = [0, *(span["byte_to"] for span in spans)]
    lines = [1, *(span["line_to"] + 1 for span in spans)]
    starts = [(span["byte_from"], span["line_from"]) for span in spans]
    if edges[-1] != n_bytes or starts != list(zip(edges, lines, strict=True))[:-1]:
        raise _broken(name, f"字节区段合计 {edges[-1]}, 文件 {n_bytes} 字节", f"spans cover {edges[-1]} of {n_bytes} bytes")


def check_counts(store: Store, source_id: str, name: str, tally: Tally, n_bytes: int, n_quarantined: int) -> None:
    """Check one part: its spans tile it, and rows read = rows accepted + rows set apart, each counted on its own.

    Raises
    ------
    BadFile
        If not.
    """
    check_tiles(name, tally, n_bytes)
    parts = " union ".join(f"select line from stage_{t.name} where source_id = $source_id" for t in staged(store))
    count = f"select count(*) as n from ({parts})"
    accepted = store.arrow(count, source_id=source_id)["n"][0].as_py() if parts else 0
    read = tally.count(ACCEPTED, QUARANTINED)
    if accepted + n_quarantined != read or tally.count(QUARANTINED) != n_quarantined:
        raise _broken(
            name,
            f"读取 {read} 行, 采用 {accepted} 行, 隔离 {n_quarantined} 行",
            f"{read} rows read, {accepted} + {n_quarantined} kept",
        )


@dataclass
class Stated:
    """The totals that a file states about itself: how many lines, and what they come to; None where it does not."""

    rows: int | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    in_yuan: Decimal | None = None
    out_yuan: Decimal | None = None

    def of(self, side: str) -> tuple[int | None, Decimal | None]:
        """Return rows and amount stated of one side, or of both together (side empty: no amount)."""
        return {"in": (self.rows_in, self.in_yuan), "out": (self.rows_out, self.out_yuan)}.get(side, (self.rows, None))


def control_totals(store: Store, names: dict[str, str], stated: Mapping[str, Stated] | None = None) -> pa.Table:
    """Compare the amounts of the staged rows, as written, with those of the curated rows that took them.

    Parameters
    ----------
    names
        What each source is called.
    stated
        The totals that sources state about themselves: they are put beside, and may differ (rows set apart or aside, a part
        of a statement).

    Returns
    -------
    Table, one row per source, table and amount column with any amount, as in `control_totals`.

    Raises
    ------
    BadFile
        If a staged row has no curated row, holds another amount there, or a sum does not agree with the stated rounding.
    """
    made = []
    for table in staged(store):
        _check_landed(store, table, names)
        for column in amounts(table):
            rows = store.arrow(_totals_sql(table, column.name)).to_pylist()
            if table.name == "flows" and column.name == "amount_yuan":
                rows = _beside_stated(store, table, rows, stated or {})
            for row in rows:
                differs, off = row.pop("differs"), row.pop("off")
                row["rounding"] = row["source_total"] - row["stored_total"]
                if differs or off:
                    raise _broken(
                        names[row["source_id"]], f"{column.zh}合计相差 {off}", f"the sums of {column.name} differ by {off}"
                    )
            made += rows
    return pa.Table.from_pylist(made, _TOTALS)


def disagreement(total: Mapping[str, Any]) -> bool:
    """Tell whether a file states another number of rows or another sum than what was accepted of it."""
    rows, amount = total["stated_rows"], total["stated_total"]
    return (rows is not None and rows != total["row_count"]) or (amount is not None and amount != total["source_total"])


def _beside_stated(
    store: Store, table: Table, rows: list[dict[str, Any]], stated: Mapping[str, Stated]
) -> list[dict[str, Any]]:
    """Put beside the sums of statements what they state of themselves, with a row more for each side that they state."""
    wanted = {source_id: one for source_id, one in stated.items() if one != Stated()}
    made = list(rows)
    for side in ("", "in", "out"):
        ids = [source_id for source_id, one in wanted.items() if one.of(side) != (None, None)]
        known = rows if not side else store.arrow(_totals_sql(table, "amount_yuan", side)).to_pylist() if ids else []
        by_id = {row["source_id"]: row for row in known}
        for source_id in ids:
            row = by_id.get(source_id, _NONE | {"source_id": source_id, "side": side})
            row["stated_rows"], row["stated_total"] = wanted[source_id].of(side)
            if row not in made:
                made.append(row)
    return made


_NONE = {"table_name": "flows", "column_name": "amount_yuan", "row_count": 0, "differs": 0, "off": 0} | dict.fromkeys(
    ("source_total", "stored_total"), Decimal(0)
)
_TOTALS = pa.schema(
    [
        *((name, pa.string()) for name in ("source_id", "table_name", "column_name", "side")),
        ("row_count", pa.int64()),
        ("source_total", pa.decimal128(38, 12)),
        ("stored_total", pa.decimal128(38, 2)),
        ("rounding", pa.decimal128(38, 12)),
        ("stated_rows", pa.int64()),
        ("stated_total", pa.decimal128(38, 2)),
    ]
)


def _joined(table: Table) -> str:
    on = " and ".join(f'c."{k}" = l."{k}"' for k in table.key)
    return (
        f"from stage_{table.name} as s left join landed_{table.name} as l on s.source_id = l.source_id and s.line = l.line "
        f"left join store.{table.name} as c on {on}"
    )


def _check_landed(store: Store, table: Table, names: dict[str, str]) -> None:
    """Check that each staged row has just one curated row."""
    rows = store.arrow(
        f"with found as (select s.source_id, s.line, count(c.source_id) as n {_joined(table)} group by all) "
        "select source_id, min(line) as line from found where n <> 1 group by source_id"
    ).to_pylist()
    if rows:
        line = rows[0]["line"]
        raise _broken(
            names[rows[0]["source_id"]], f"第 {line} 行未能入库 ({table.zh})", f"line {line} reached no row of {table.name}"
        )


def _totals_sql(table: Table, column: str, side: str = "") -> str:
    """Sum an amount column per source. Whole and fractional parts apart: the sum of 18 decimals would overflow at 10^20."""
    exact = f's."exact_{column}"'
    of_side = f" and s.direction = '{side}'" if side else ""
    return (
        f'with amounts as (select s.source_id, {exact} as exact, s."{column}" as staged, c."{column}" as stored '
        f"{_joined(table)} where {exact} is not null{of_side}), "
        "sums as (select source_id, count(*) as row_count, sum(cast(trunc(exact) as decimal(38, 0))) as whole, "
        "sum(exact - trunc(exact)) as part, sum(stored) as stored, sum(exact - cast(staged as decimal(38, 18))) as rounded, "
        "count(*) filter (stored is distinct from staged or abs(exact - cast(staged as decimal(38, 18))) > 0.005) as differs "
        "from amounts group by source_id) "
        f"select source_id, '{table.name}' as table_name, '{column}' as column_name, '{side}' as side, row_count, "
        "cast(whole as decimal(38, 12)) + cast(part as decimal(38, 12)) as source_total, "
        "cast(stored as decimal(38, 2)) as stored_total, differs, "
        "cast(whole - cast(stored as decimal(38, 2)) as decimal(38, 18)) + part - rounded as off "
        "from sums order by source_id"
    )


def _broken(name: str, zh: str, en: str) -> BadFile:
    return BadFile(
        f"{name}: 对账不平 ({zh}), 未导入任何内容。请保留原文件并反馈",
        f"{name}: the books do not balance ({en}); nothing was imported. Keep the file and report this",
    )
