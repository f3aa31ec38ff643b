"""Rows of one key become one row, contradictions are set apart, nothing is doubled.

A row is known by the key of its table. Where a file gives no id, the row's id is its source and line, and it is known by its
content: the k-th row of one content in a file is the k-th row of that content in another (so two statements that overlap
give each booking once, and two equal bookings in one statement stay two); the rows of a sheet of corrections are further rows
of the source that it corrects. Rows count in order of their source (precedence.ranks, which does not depend on the order of
imports) and line: the first value wins, a later row may fill what was unknown, and one that contradicts is set apart whole.
Where a new row contradicts one of the Store that it goes before, all is to be read again, for others may have to be seen anew.

New rows stand in the tables of the draft already. Only those are looked at of which a hash of key or content occurs twice:
`_parts(source_id, source_seq, fresh, part_of, rank)` tells which sources are new, what sheets of corrections belong to, and
whose rows count first.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lib.identity.numbers import same_number
from lib.intake.precedence import Overtaken
from lib.intake.profiles import PROVENANCE
from lib.intake.staging import Fault
from lib.intake.totals import Sums
from lib.schema import Table
from lib.store import Store

_NUMBER = "id_number"


def fold(store: Store, sums: Sums, names: dict[str, str]) -> list[tuple[str, Fault]]:
    """Merge rows of one key, after setting those apart that contradict an earlier one; note every origin of merged rows.

    Parameters
    ----------
    sums
        What went into the tables: rows that are set apart are taken out of it.
    names
        File name per source id, old and new, for the reasons.

    Returns
    -------
    list of (source_id, Fault)
        The rows taken out: each names the row that it contradicts.

    Raises
    ------
    Overtaken
        If a row that was accepted before is contradicted by one that goes before it.
    """
    doubtful = [table for table in sums.tables if _find_doubtful(store, table)]
    found = _set_contradictions_apart(store, sums, doubtful, names)
    for table in doubtful:
        _merge(store, table)
    return found


def _set_contradictions_apart(
    store: Store, sums: Sums, doubtful: Sequence[Table], names: dict[str, str]
) -> list[tuple[str, Fault]]:
    found: list[tuple[str, Fault]] = []
    while True:
        new: list[tuple[str, Fault]] = []
        for table in doubtful:
            _group(store, table)
            new += _contradictions(store, table, names)
        if not new:
            return found
        found += new
        store.derive("_apart", pa.table({"source_id": [s for s, _ in new], "line": [fault.line for _, fault in new]}))
        for table in sums.tables:  # a row that is set apart is so in all tables that its record went to
            sums.take_out(table, "(select distinct * from _apart)")
            store.execute(f"delete from store.{table.name} where (source_id, line) in (select source_id, line from _apart)")


def _merge(store: Store, table: Table) -> None:
    """Put one row in the place of those of one key."""
    columns = ", ".join(_quoted(table))
    merged = ", ".join(_merged(table))
    store.execute(
        f"create or replace temp table merged_{table.name} as select fold, {merged} from many_{table.name} group by fold"
    )
    if not store.arrow(f"select count(*) as n from merged_{table.name}")["n"][0].as_py():
        return
    store.execute(f"delete from store.{table.name} where (source_id, line) in (select source_id, line from many_{table.name})")
    store.execute(f"insert into store.{table.name} ({columns}) select {columns} from merged_{table.name} order by fold")
    _note_origins(store, table)


def row_id(table: Table, alias: str) -> str:
    """Write the SQL of a row's id in `origins`: its key, the parts of a longer one joined by |."""
    return "concat_ws('|', " + ", ".join(f'{alias}."{k}"' for k in table.key) + ")"


def _business(table: Table) -> list[str]:
    return [c.name for c in table.columns if c.name not in PROVENANCE]


def _quoted(table: Table) -> list[str]:
    return [f'"{c.name}"' for c in table.columns]


def _find_doubtful(store: Store, table: Table) -> bool:
    """Make `doubtful_<table>`, the hashes that several rows share; or, where there are none, an empty `many_<table>`."""
    found = store.arrow(f"select {_hash(store, table)} as hash from store.{table.name} as t")["hash"].to_numpy()
    found = np.sort(found)
    twice = np.unique(found[1:][found[1:] == found[:-1]])
    if len(twice):
        store.derive(f"doubtful_{table.name}", pa.table({"hash": pa.array(twice, pa.uint64())}))
    else:
        none = "select cast(null as text) as source_id, cast(null as bigint) as line, true as fresh where false"
        store.execute(f"create or replace temp table many_{table.name} as {none}")
    return bool(len(twice))


def _hash(store: Store, table: Table) -> str:
    """Write the SQL of a hash of what a row is known by: its key, or its content where its id is made of source and line.

    The contents of rows without ids matter only if there are new ones: reading all columns of a table takes its time.
    """
    key = f"hash({', '.join(_in(table.key))})"
    if len(table.key) != 1:
        return key
    fresh = (
        f"select 1 from store.{table.name} as t inner join _parts on t.source_id = _parts.source_id "
        f"where _parts.fresh and {_made(table)} limit 1"
    )
    if not store.arrow(fresh).num_rows:
        return key
    return f"case when {_made(table)} then hash({', '.join(_in(_content(table)))}) else {key} end"


def _in(names: Sequence[str]) -> list[str]:
    return [f't."{name}"' for name in names]


def _made(table: Table) -> str:
    """Write the condition that a row's id is made of its source and line."""
    return f"t.\"{table.key[0]}\" = t.source_id || ':' || t.line" if len(table.key) == 1 else "false"


def _content(table: Table) -> list[str]:
    return [c for c in _business(table) if c not in table.key]


def _group(store: Store, table: Table) -> None:
    """Make `many_<table>`: of each key or content that has several rows, at least one of them new, all rows."""
    columns = ", ".join(_in([c.name for c in table.columns]))
    key = "concat_ws(chr(31), 'k', " + ", ".join(f'"{k}"' for k in table.key) + ")"
    content = ", ".join(f'coalesce(cast("{c}" as text), chr(30))' for c in _content(table))
    store.execute(
        f"create or replace temp table _rows as select {columns}, _parts.source_seq, _parts.rank, {_made(table)} as id_made, "
        f"_parts.fresh, _parts.part_of from store.{table.name} as t inner join _parts on t.source_id = _parts.source_id "
        f"where {_hash(store, table)} in (select hash from doubtful_{table.name})"
    )
    store.execute(
        "create or replace temp table _folds as with named as ("
        "select source_id, line, source_seq, rank, fresh, id_made, part_of, "
        f"case when id_made then md5(concat_ws(chr(31), 'm', {content})) else {key} end as fold from _rows), "
        # the records that stand behind the rows of earlier imports: a sheet of corrections goes on where its source ended
        "behind as (select fold, part_of, source_id, line from named where not fresh and id_made "
        "union select n.fold, p.part_of, o.source_id, o.line from named as n "
        f"inner join store.origins as o on o.table_name = '{table.name}' and o.row_id = n.source_id || ':' || n.line "
        "inner join _parts as p on o.source_id = p.source_id where not n.fresh and n.id_made), "
        "before as (select fold, part_of, count(*) as n from behind group by all) "
        "select named.source_id, named.line, named.fresh, case when id_made then named.fold || ':' || ("
        "case when named.fresh then coalesce(before.n, 0) else 0 end + row_number() over (partition by named.fold, "
        "case when named.fresh then source_seq else 0 end order by rank, line)) else named.fold end as fold "
        "from named left join before on named.fold = before.fold and named.part_of = before.part_of"
    )
    store.execute(
        f"create or replace temp table many_{table.name} as with several as ("
        "select fold from _folds group by fold having count(*) > 1 and bool_or(fresh)) "
        f"select f.fold, {', '.join(f'r.{c}' for c in _quoted(table))}, r.source_seq, r.rank, r.fresh from _rows as r "
        "inner join _folds as f on r.source_id = f.source_id and r.line = f.line and r.fresh = f.fresh "
        "where f.fold in (select fold from several)"
    )


def _contradictions(store: Store, table: Table, names: dict[str, str]) -> list[tuple[str, Fault]]:
    """Walk through the groups whose rows differ, in order, and return the rows that contradict an earlier one."""
    compared = _content(table)
    differ = " or ".join(f'count(distinct "{c}") > 1' for c in compared)
    rows = store.arrow(
        f"select m.*, coalesce(b.last_rank, m.rank) as last_rank from many_{table.name} as m left join ("
        "select o.row_id, max(p.rank) as last_rank from store.origins as o "
        "inner join _parts as p on o.source_id = p.source_id where o.table_name = $name group by o.row_id"
        f") as b on not m.fresh and b.row_id = {row_id(table, 'm')} where m.fold in "
        f"(select fold from many_{table.name} group by fold having {differ}) order by m.fold, m.rank, m.line",
        name=table.name,
    )
    found: list[tuple[str, Fault]] = []
    fold, known = None, dict[str, tuple[Any, dict[str, Any]]]()
    for row in (row for batch in rows.to_batches(10_000) for row in batch.to_pylist()):
        if row["fold"] != fold:
            fold, known = row["fold"], {}
        values = {c: row[c] for c in compared if row[c] is not None}
        clash = next((c for c, value in values.items() if c in known and _differ(c, known[c][0], value)), None)
        if clash is not None and _overtakes(row, known[clash][1]):
            raise Overtaken
        if clash is not None:
            found.append((row["source_id"], _clash(table, clash, row, *known[clash], names)))
        else:
            known = {c: (value, row) for c, value in values.items()} | known
    return found


def _overtakes(row: dict[str, Any], first: dict[str, Any]) -> bool:
    """Tell whether of two rows that contradict each other one is of the Store and the new one goes before it.

    A row of the Store may be merged of several: a new one that goes before any of them may have met another first.
    """
    return not row["fresh"] or (not first["fresh"] and first["last_rank"] > row["rank"])


def _differ(column: str, a: Any, b: Any) -> bool:
    """Tell whether two values contradict: identity numbers of 15 and of 18 digits may be one."""
    return not same_number(a, b) if column == _NUMBER else a != b


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
        f'arg_min("{c.name}", (rank, line)) as "{c.name}"' if c.name in first else f'{_known(c.name)} as "{c.name}"'
        for c in table.columns
    ]


def _known(column: str) -> str:
    """Write the aggregate of the known values of a column, which are one; of identity numbers the one of 18 digits."""
    return f'arg_max("{column}", length("{column}"))' if column == _NUMBER else f'max("{column}")'


def _note_origins(store: Store, table: Table) -> None:
    """Keep every row that a merged row comes from; those of an earlier import are there already, or noted now."""
    # a row that is named after its source and line takes the name of a new source that goes before
    store.execute(
        f"update store.origins set row_id = named.now from (select {row_id(table, 'm')} as before, {row_id(table, 'g')} as now "
        f"from many_{table.name} as m inner join merged_{table.name} as g on m.fold = g.fold where not m.fresh) as named "
        "where origins.table_name = $name and origins.row_id = named.before and named.before <> named.now",
        name=table.name,
    )
    store.execute(
        f"insert into store.origins select $name, {row_id(table, 'g')}, m.source_id, m.line "
        f"from many_{table.name} as m inner join merged_{table.name} as g on m.fold = g.fold "
        f"where not exists (from store.origins as o where o.table_name = $name and o.row_id = {row_id(table, 'g')} "
        "and o.source_id = m.source_id and o.line = m.line) order by m.source_seq, m.line",
        name=table.name,
    )
