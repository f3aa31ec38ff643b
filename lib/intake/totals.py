"""Control totals: what went into each table, counted and summed as rows are typed, and what stands there in the end.

The two are made apart: batch by batch from the typed cells, and at the end from the draft itself. Beside numbers and sums there
is a print, the sum of a hash of line and amount of every row: two amounts that changed places would leave all sums alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa

from lib.intake.casting import amounts
from lib.intake.ledger import broken
from lib.intake.profiles import Into
from lib.schema import Column, Table, schema
from lib.store import Store

_SIDED = "flows"  # the table of which statements state totals, and its amount
_AMOUNT = "amount_yuan"
_EXACT = Context(prec=76)  # the usual 28 digits do not hold a sum of amounts with all their decimals
_SHOWN = Decimal("1e-12")


@dataclass
class Stated:
    """The totals that a file states about itself: how many lines, and what they come to; None where it does not."""

    rows: int | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    in_yuan: Decimal | None = None
    out_yuan: Decimal | None = None
    yuan: Decimal | None = None

    def of(self, side: str) -> tuple[int | None, Decimal | None]:
        """Return rows and amount stated of one side, or of both together (side empty)."""
        return {"in": (self.rows_in, self.in_yuan), "out": (self.rows_out, self.out_yuan)}.get(side, (self.rows, self.yuan))


@dataclass
class Sum:
    """Rows with an amount: how many, what they come to in the Store's fen, what rounding took away, and their print."""

    rows: int = 0
    total: Decimal = Decimal(0)
    rest: Decimal = Decimal(0)
    print: int = 0

    def add(self, row: Mapping[str, Any], sign: int = 1) -> None:
        """Add (or take away) what a query has summed."""
        self.rows += sign * row["n"]
        self.total = _EXACT.fma(row["total"], sign, self.total)
        self.rest = _EXACT.fma(row["rest"], sign, self.rest)
        self.print += sign * int(row["print"])

    def same(self, other: "Sum") -> bool:
        """Whether the same rows hold the same amounts in the Store."""
        return (self.rows, self.total, self.print) == (other.rows, other.total, other.print)


@dataclass
class Sums:
    """What went into the tables of a draft: rows per source and table, and sums per source, table, amount column and side."""

    store: Store
    rows: dict[tuple[str, int], Sum] = field(default_factory=dict)
    amounts: dict[tuple[str, str, int, str], Sum] = field(default_factory=dict)

    @property
    def tables(self) -> list[Table]:
        """The tables that rows went into, in the order of the schema."""
        names = {name for name, _ in self.rows}
        return [table for table in schema().values() if table.name in names]

    def add(self, table: Table, into: Into, rows: str) -> None:
        """Count and sum rows of a batch, as they go into a table: `rows` is a relation of them, typed."""
        filled = [c for c in amounts(table) if c.name in into.columns]
        side = "direction" if table.name == _SIDED and "direction" in into.columns else "null"
        made = self.store.arrow(_sums_sql(rows, filled, side, rest="rest_{}")).to_pylist()
        self._count(table, filled, made)
        for column in filled:
            rest = f'"rest_{column.name}"'
            if any(row[f"rest_{column.name}"] for row in made):
                self.store.execute(
                    f"insert into _rests select '{table.name}', '{column.name}', source_seq, line, "
                    f"coalesce({side}, ''), {rest} "
                    f"from {rows} where {rest} is not null"
                )

    def take_out(self, table: Table, apart: str) -> None:
        """Take rows away again that are set apart after they were staged: `apart` is a relation of source_id and line."""
        rows = (
            f"(select _parts.source_seq, t.* from store.{table.name} as t inner join _parts on t.source_id = _parts.source_id "
            f"inner join {apart} as a on t.source_id = a.source_id and t.line = a.line where _parts.fresh)"
        )
        side = "direction" if table.name == _SIDED else "null"
        made = self.store.arrow(_sums_sql(rows, amounts(table), side)).to_pylist()
        rests = self.store.arrow(
            "select r.column_name, r.source_seq, r.side, sum(r.rest) as rest from _rests as r "
            f"inner join _parts on r.source_seq = _parts.source_seq inner join {apart} as a "
            "on _parts.source_id = a.source_id and r.line = a.line where r.table_name = $name group by all",
            name=table.name,
        ).to_pylist()
        self._count(table, amounts(table), made, -1)
        for row in rests:
            self.amounts[table.name, row["column_name"], row["source_seq"], row["side"]].add(
                {"n": 0, "total": Decimal(0), "rest": row["rest"], "print": 0}, -1
            )

    def _count(self, table: Table, columns: list[Column], made: list[dict[str, Any]], sign: int = 1) -> None:
        none = {"total": Decimal(0), "rest": Decimal(0)}
        for row in made:
            seq = row["source_seq"]
            self.rows.setdefault((table.name, seq), Sum()).add({**none, "n": row["n"], "print": row["print"]}, sign)
            for c in columns:
                if row[f"n_{c.name}"]:
                    told = {name: row[f"{name}_{c.name}"] for name in ("n", "total", "rest", "print")}
                    self.amounts.setdefault((table.name, c.name, seq, row["side"]), Sum()).add(told, sign)

    def landed(self, table: Table) -> "Sums":
        """Sum the same from the rows that stand in the Store, or in which staged rows were merged."""
        names = [c.name for c in amounts(table)]
        values = "".join(f', t."{name}"' for name in names)
        merged = "".join(f', case when m."{name}" is not null then g."{name}" end as "{name}"' for name in names)
        side = ", t.direction" if table.name == _SIDED else ""
        folded = self.store.arrow(f"select count(*) as n from many_{table.name}")["n"][0].as_py()
        rows = (
            f"select _parts.source_seq, t.line{values}{side} from store.{table.name} as t "
            "inner join _parts on t.source_id = _parts.source_id where _parts.fresh"
        )
        if folded:
            rows += (
                f" and (t.source_id, t.line) not in (select source_id, line from many_{table.name}) union all "
                f"select m.source_seq, m.line{merged}{side.replace('t.', 'm.')} from many_{table.name} as m "
                f"inner join merged_{table.name} as g on m.fold = g.fold where m.fresh"
            )
        made = Sums(self.store)
        query = _sums_sql(f"({rows})", amounts(table), "direction" if side else "null")
        made._count(table, amounts(table), self.store.arrow(query).to_pylist())
        return made


def _sums_sql(rows: str, columns: list[Column], side: str, rest: str = "") -> str:
    """Write the query that counts and sums rows by source and side."""
    parts = ["count(*) as n, sum(hash(line)) as print"]
    for c in columns:
        value, name = f'"{c.name}"', c.name
        taken = f'coalesce(sum("{rest.format(name)}"), 0)' if rest else "cast(0 as decimal(38, 18))"
        parts.append(
            f"count({value}) as n_{name}, coalesce(sum({value}), 0) as total_{name}, {taken} as rest_{name}, "
            f"coalesce(sum(hash(line, {value})) filter ({value} is not null), 0) as print_{name}"
        )
    return f"select source_seq, coalesce({side}, '') as side, {', '.join(parts)} from {rows} group by all order by all"


def prepare(
    store: Store,
    held: Mapping[str, int],
    new: Mapping[str, int],
    corrects: Mapping[str, str] | None = None,
    ranks: Mapping[str, int] | None = None,
) -> None:
    """Make what sums rest on: `_parts`, the order of each source held and of each new one, and a place for what is rounded.

    `corrects` tells of sheets of corrections which source they correct: their rows are rows of it (`part_of`). `ranks` tells
    whose rows count first (precedence.ranks); those of the lowest order do, if omitted.
    """
    ranks = ranks or {**held, **new}
    rows = [
        (source_id, seq, fresh, (corrects or {}).get(source_id, source_id), ranks[source_id])
        for known, fresh in ((held, False), (new, True))
        for source_id, seq in known.items()
    ]
    types = {"source_id": pa.string(), "source_seq": pa.int32(), "fresh": pa.bool_(), "part_of": pa.string()}
    types["rank"] = pa.int32()
    columns = {name: pa.array([row[i] for row in rows], of) for i, (name, of) in enumerate(types.items())}
    store.derive("_parts", pa.table(columns))
    store.execute(
        "create or replace temp table _rests "
        "(table_name text, column_name text, source_seq integer, line bigint, side text, rest decimal(38, 18))"
    )


def control_totals(sums: Sums, names: Mapping[int, tuple[str, str]], stated: Mapping[int, Stated]) -> pa.Table:
    """Compare what went into the tables with what stands there.

    Parameters
    ----------
    sums
        Of all batches, after `folding.fold`.
    names
        Id and name of each new source, by its order.
    stated
        The totals that sources state about themselves: they are put beside, and may differ (rows set apart or aside, a part of
        a statement).

    Returns
    -------
    Table, one row per source, table and amount column with any amount, as in `control_totals`; one more for each side of which
    a statement states something.

    Raises
    ------
    BadFile
        If a row that was staged has no row in the Store or another amount there, or is rounded by more than half a fen.
    """
    made = []
    for row in sums.store.arrow("select source_seq, line from _rests where abs(rest) > 0.005 order by all limit 1").to_pylist():
        raise broken(
            names[row["source_seq"]][1], f"第 {row['line']} 行舍入超过半分", f"line {row['line']} is off by half a fen"
        )
    for table in sums.tables:
        landed = sums.landed(table)
        _check(table, sums.rows, landed.rows, names)
        _check(table, sums.amounts, landed.amounts, names)
        for column in amounts(table):
            own = {key[2:]: one for key, one in sums.amounts.items() if key[:2] == (table.name, column.name) and one.rows}
            there = {key[2:]: one for key, one in landed.amounts.items() if key[:2] == (table.name, column.name)}
            sided = table.name == _SIDED and column.name == _AMOUNT
            rows = _rows(own, there, names, stated if sided else {})
            made += [{"table_name": table.name, "column_name": column.name, **row} for row in rows]
    unstaged = [seq for seq, one in stated.items() if one != Stated() and (_SIDED, seq) not in sums.rows]
    silent = {seq: stated[seq] for seq in unstaged}
    made += [{"table_name": _SIDED, "column_name": _AMOUNT, **row} for row in _rows({}, {}, names, silent)]
    return pa.Table.from_pylist(made, _TOTALS)


def accepted(sums: Sums) -> dict[int, int]:
    """Return how many records of each new source stand in the tables of a draft, whatever the number of tables each went to."""
    tables_of: dict[int, list[str]] = {}
    for name, seq in sums.rows:
        tables_of.setdefault(seq, []).append(name)
    found = {seq: sums.rows[names[0], seq].rows for seq, names in tables_of.items() if len(names) == 1}
    several = {seq for seq, names in tables_of.items() if len(names) > 1}
    if several:
        names = sorted({name for seq in several for name in tables_of[seq]})
        lines = " union ".join(f"select source_id, line from ({_landed_lines(name)})" for name in names)
        query = f"select source_seq, count(*) as n from ({lines}) inner join _parts using (source_id) group by all"
        rows = sums.store.arrow(query).to_pylist()
        found |= {row["source_seq"]: row["n"] for row in rows if row["source_seq"] in several}
    return found


def _landed_lines(table: str) -> str:
    """Write the query of the records that went into a table, merged ones too."""
    return (
        f"select t.source_id, t.line from store.{table} as t inner join _parts on t.source_id = _parts.source_id "
        f"where _parts.fresh union all select source_id, line from many_{table} where fresh"
    )


def _check(table: Table, own: Mapping[Any, Sum], there: Mapping[Any, Sum], names: Mapping[int, tuple[str, str]]) -> None:
    """Check that what was summed apart agrees, key by key."""
    for key in sorted({key for key in (*own, *there) if key[0] == table.name}):
        one, other = own.get(key, Sum()), there.get(key, Sum())
        if not one.same(other):
            seq = key[1] if len(key) == 2 else key[2]
            what = table.zh if len(key) == 2 else f"{table.zh} {table.column(key[1]).zh}"
            raise broken(
                names[seq][1],
                f"{what}: 读出 {one.rows} 行, 合计 {one.total}; 入库 {other.rows} 行, 合计 {other.total}",
                f"{'.'.join(map(str, key[:2]))}: {one.rows} rows and {one.total} read, {other.rows} and {other.total} stored",
            )


def _rows(
    own: Mapping[tuple[int, str], Sum],
    there: Mapping[tuple[int, str], Sum],
    names: Mapping[int, tuple[str, str]],
    stated: Mapping[int, Stated],
) -> list[dict[str, Any]]:
    """Return the rows of `control_totals` for one amount column: of all rows of a source, then of the sides it states."""
    made = []
    for seq in sorted({seq for seq, _ in own} | {seq for seq, one in stated.items() if one != Stated()}):
        said = stated.get(seq, Stated())
        for side in ("", "in", "out"):
            rows, total = said.of(side)
            keys = [key for key in own if key[0] == seq and side in ("", key[1])]
            if (rows, total) == (None, None) and (side or not keys):
                continue
            stored_total, rest = Decimal(0), Decimal(0)
            for key in keys:
                stored_total, rest = _EXACT.add(stored_total, there[key].total), _EXACT.add(rest, own[key].rest)
            rounding = _EXACT.quantize(rest, _SHOWN)
            made.append(
                {
                    "source_id": names[seq][0],
                    "side": side,
                    "row_count": sum(own[key].rows for key in keys),
                    "source_total": _EXACT.add(stored_total, rounding),
                    "stored_total": stored_total,
                    "rounding": rounding,
                    "stated_rows": rows,
                    "stated_total": total,
                }
            )
    return made


def disagreement(total: Mapping[str, Any]) -> bool:
    """Tell whether a file states another number of rows or another sum than what was accepted of it."""
    rows, amount = total["stated_rows"], total["stated_total"]
    return (rows is not None and rows != total["row_count"]) or (amount is not None and amount != total["source_total"])


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
