"""From staged rows to curated ones: rows of one key become one row, contradictions are set apart, nothing is doubled.

A row is known by the key of its table. Where a file gives no id, the row's id is its source and line, and it is known by its
content: the k-th row of one content in a file is the k-th row of that content in another (so two statements that overlap
give each booking once, and two equal bookings in one statement stay two). Rows count in order of their source and line: the
first value wins, a later row may fill what was unknown, and one that contradicts is set apart whole.
"""

from typing import Any

import pyarrow as pa

from lib.intake.profiles import PROVENANCE
from lib.intake.staging import Fault, staged
from lib.store import Store, Table


def set_contradictions_apart(store: Store, names: dict[str, str]) -> list[tuple[str, Fault]]:
    """Take contradicting rows out of all stages.

    Parameters
    ----------
    names
        File name per source id, old and new, for the reasons.

    Returns
    -------
    list of (source_id, Fault)
        The rows taken out: each names the row that it contradicts.
    """
    found: list[tuple[str, Fault]] = []
    while True:
        new: list[tuple[str, Fault]] = []
        for table in staged(store):
            _group(store, table)
            new += _contradictions(store, table, names)
        if not new:
            return found
        found += new
        store.derive("_apart", pa.table({"source_id": [s for s, _ in new], "line": [fault.line for _, fault in new]}))
        for table in staged(store):
            store.execute(f"delete from stage_{table.name} where (source_id, line) in (select source_id, line from _apart)")


def fold(store: Store) -> None:
    """Bring the staged rows into the curated tables, after `set_contradictions_apart`; note every origin of merged rows."""
    for table in staged(store):
        columns = ", ".join(_quoted(table))
        merged = ", ".join(_merged(table))
        store.execute(
            f"create or replace temp table merged_{table.name} as select fold, {merged} from many_{table.name} group by fold"
        )
        store.execute(
            f"delete from store.{table.name} where (source_id, line) in "
            f"(select source_id, line from many_{table.name} where not fresh)"
        )
        store.execute(
            f"insert into store.{table.name} ({columns}) select {columns} from stage_{table.name} as s "
            f"where not exists (from many_{table.name} as m where m.source_id = s.source_id and m.line = s.line) "
            "order by source_seq, line"
        )
        store.execute(f"insert into store.{table.name} ({columns}) select {columns} from merged_{table.name} order by fold")
        _note_origins(store, table)
        _note_landing(store, table)


def row_id(table: Table, alias: str) -> str:
    """Write the SQL of a row's id in `origins`: its key, the parts of a longer one joined by |."""
    return "concat_ws('|', " + ", ".join(f'{alias}."{k}"' for k in table.key) + ")"


def _business(table: Table) -> list[str]:
    return [c.name for c in table.columns if c.name not in PROVENANCE]


def _quoted(table: Table) -> list[str]:
    return [f'"{c.name}"' for c in table.columns]


def _group(store: Store, table: Table) -> None:
    """Make `many_<table>`: of each fold key that has several rows, at least one of them fresh, all rows, staged and curated."""
    columns = ", ".join(_quoted(table))
    key = "concat_ws(chr(31), 'k', " + ", ".join(f'"{k}"' for k in table.key) + ")"
    content = ", ".join(f'coalesce(cast("{c}" as text), chr(30))' for c in _business(table) if c not in table.key)
    curated_made = f"\"{table.key[0]}\" = t.source_id || ':' || t.line" if len(table.key) == 1 else "false"
    store.execute(
        f"create or replace temp table _rows as select {columns}, source_seq, id_made, true as fresh from stage_{table.name} "
        f"union all select t.*, sources.seq, {curated_made}, false as fresh "
        f"from store.{table.name} as t inner join store.sources on t.source_id = sources.source_id"
    )
    store.execute(
        "create or replace temp table _folds as with named as ("
        "select source_id, line, source_seq, fresh, id_made, "
        f"case when id_made then md5(concat_ws(chr(31), 'm', {content})) else {key} end as fold "
        "from _rows) select source_id, line, fresh, "
        "case when id_made then fold || ':' || row_number() over (partition by fold, "
        "case when fresh then source_seq else 0 end order by source_seq, line) else fold end as fold from named"
    )
    store.execute(
        f"create or replace temp table many_{table.name} as with several as ("
        "select fold from _folds group by fold having count(*) > 1 and bool_or(fresh)) "
        f"select f.fold, {', '.join(f'r.{c}' for c in _quoted(table))}, r.source_seq, r.fresh from _rows as r "
        "inner join _folds as f on r.source_id = f.source_id and r.line = f.line and r.fresh = f.fresh "
        "where f.fold in (select fold from several)"
    )


def _contradictions(store: Store, table: Table, names: dict[str, str]) -> list[tuple[str, Fault]]:
    """Walk through the groups whose rows differ, in order, and return the rows that contradict an earlier one."""
    compared = [c for c in _business(table) if c not in table.key]
    differ = " or ".join(f'count(distinct "{c}") > 1' for c in compared)
    rows = store.arrow(
        f"select * from many_{table.name} where fold in "
        f"(select fold from many_{table.name} group by fold having {differ}) order by fold, source_seq, line"
    )
    found: list[tuple[str, Fault]] = []
    fold, known = None, dict[str, tuple[Any, dict[str, Any]]]()
    for row in (row for batch in rows.to_batches(10_000) for row in batch.to_pylist()):
        if row["fold"] != fold:
            fold, known = row["fold"], {}
        values = {c: row[c] for c in compared if row[c] is not None}
        clash = next((c for c, value in values.items() if c in known and known[c][0] != value), None)
        if clash is not None and row["fresh"]:
            found.append((row["source_id"], _clash(table, clash, row, *known[clash], names)))
        else:
            known = {c: (value, row) for c, value in values.items()} | known
    return found


def _clash(
    table: Table, column: str, row: dict[str, Any], value: object, other: dict[str, Any], names: dict[str, str]
) -> Fault:
    """Say which row this one contradicts, and in what."""
    key = "|".join(str(row[k]) for k in table.key)
    where = names.get(other["source_id"], other["source_id"])
    return Fault(
        row["line"],
        f"与 {where} 第 {other['line']} 行矛盾: {table.zh} {key} 的{table.column(column).zh}"
        f"此处为 {row[column]}, 该处为 {value}",
        f"contradicts {where}, line {other['line']}: {column} of {key} in {table.name} is {row[column]} here and {value} there",
    )


def _merged(table: Table) -> list[str]:
    """Write the aggregates of a group: what is known of each column; id, source and line of the first row."""
    first = {*PROVENANCE, *table.key}
    return [
        f'arg_min("{c.name}", (source_seq, line)) as "{c.name}"' if c.name in first else f'max("{c.name}") as "{c.name}"'
        for c in table.columns
    ]


def _note_origins(store: Store, table: Table) -> None:
    """Keep every row that a merged row comes from; those of an earlier import are there already, or noted now."""
    store.execute(
        f"insert into store.origins select $name, {row_id(table, 'g')}, m.source_id, m.line "
        f"from many_{table.name} as m inner join merged_{table.name} as g on m.fold = g.fold "
        f"where not exists (from store.origins as o where o.table_name = $name and o.row_id = {row_id(table, 'g')} "
        "and o.source_id = m.source_id and o.line = m.line) order by m.source_seq, m.line",
        name=table.name,
    )


def _note_landing(store: Store, table: Table) -> None:
    """Make `landed_<table>`: for each staged row the key of the curated row that took it, for the proof."""
    keys = ", ".join(f'coalesce(g."{k}", s."{k}") as "{k}"' for k in table.key)
    store.execute(
        f"create or replace temp table landed_{table.name} as select s.source_id, s.line, {keys} from stage_{table.name} as s "
        f"left join many_{table.name} as m on m.source_id = s.source_id and m.line = s.line and m.fresh "
        f"left join merged_{table.name} as g on m.fold = g.fold"
    )
