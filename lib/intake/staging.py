"""From cells to typed rows: a batch of rows of one profile goes into the tables of a draft, or a reason why a row does not.

A batch is a part of a file, or several small files. Its cells are an Arrow table: `row_no` (place in the batch, ascending),
`source_seq`, `source_id`, `line`, and a text for each of the profile's columns and facts. Typed, it is a TEMP table
`_typed_<i>` for each table that the profile fills: the target's columns that the profile has, and for amounts `rest_<column>`,
what rounding to the fen took away (null for nothing).
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.intake import casting, serials
from lib.intake.profiles import Into, Profile, codes
from lib.schema import Column, Table, named_sql, schema
from lib.store import Store

_KINDS = {
    "decimal(18, 2)": ("金额", "an amount"),
    "double": ("数字", "a number"),
    "date": ("日期", "a date"),
    "timestamp": ("时间", "a time"),
    "boolean": ("是或否", "yes or no"),
    "integer": ("整数", "a whole number"),
    "bigint": ("整数", "a whole number"),
}


@dataclass(frozen=True)
class Fault:
    """Why a row was set apart: its line and the reason in both languages."""

    line: int
    zh: str
    en: str


def prepare(store: Store) -> None:
    """Make what the casts need: the macros and the coded words."""
    lists = pa.list_(pa.string())
    columns = {"words": [[*words] for words in codes().values()], "codes": [[*words.values()] for words in codes().values()]}
    store.derive("codes", pa.table({"name": [*codes()], **{name: pa.array(c, lists) for name, c in columns.items()}}))
    store.execute(named_sql("casts"))
    store.execute(named_sql("readings"))


@dataclass
class Staged:
    """What became of a batch: its faults and the lines that are no transactions, each with the order of its source."""

    faults: list[tuple[int, Fault]]
    aside: list[tuple[int, int]]


def put(
    store: Store, profile: Profile, cells: pa.Table, shapes: Mapping[str, int], kept: Callable[[Table, Into, str], None]
) -> bool:
    """Add the rows of a batch to the table that the profile fills, as they are typed: all or none; return whether they were.

    They are not if one is at fault, or rows may go elsewhere: then it is for `stage` to say what becomes of each, which takes a
    third longer. The parameters are those of `stage`.
    """
    elsewhere = len(profile.into) > 1 or profile.into[0].where or profile.aside
    of_cells = any(rule.get("over") == "cells" for rule in profile.refuse)
    if elsewhere or of_cells or any(cells[name].null_count for name in profile.required):
        return False
    into = profile.into[0]
    sound = " and ".join(("usable", *(f"not coalesce(({rule['when']}), false)" for rule in profile.refuse)))
    with _shown(store, cells):
        rows = f"({casting.typed_sql(into, profile, shapes=shapes)})"
        # in the select list: as a condition, all that `usable` rests on would be planned anew for each of its terms
        checked = f"(select * replace (case when {sound} then line else error('a faulty row') end as line) from {rows})"
        added = store.attempt(_adding(into, checked))
        if added:
            kept(schema()[into.table], into, rows)
    return added


def stage(
    store: Store,
    profile: Profile,
    cells: pa.Table,
    shapes: Mapping[str, int],
    header: Callable[[int, str], str],
    kept: Callable[[Table, Into, str], None],
) -> Staged:
    """Add the faultless rows of a batch to the tables that the profile fills; say why the others were not.

    Parameters
    ----------
    cells
        As this module's head says, without `row_no`; texts trimmed, empty ones null (splitting.split).
    shapes
        What all filled cells of a column are known to be (kernels.shapes): those need no patterns.
    header
        Gives the name that a column has in the header of a source: (source_seq, column).
    kept
        Told what goes into each table, before the next one: the table, how it is filled, and the relation that holds the rows,
        typed.
    """
    with _shown(store, cells) as cells:
        aside = sorted({row_no for row_no, _ in _found(store, profile.aside, "_raw")})
        if aside:
            store.derive("_aside", pa.table({"row_no": pa.array(aside, pa.int64())}))
            store.execute("create or replace temp view _raw as from _cells where row_no not in (select row_no from _aside)")
        faults = _empty(cells, profile, header, set(aside))
        for i, into in enumerate(profile.into):
            store.execute(f"create or replace temp table _typed_{i} as {casting.typed_sql(into, profile, shapes=shapes)}")
            known = {row_no for row_no, _ in faults}
            faults += [(row_no, fault) for row_no, fault in _unusable(store, i, into, profile) if row_no not in known]
        for table in ("_raw", "_typed_0"):
            rules = [rule for rule in profile.refuse if (rule.get("over") == "cells") == (table == "_raw")]
            faults += [(row_no, Fault(0, rule["zh"], rule["en"])) for row_no, rule in _found(store, rules, table)]
        faults += _homeless(store, len(profile.into), len(cells) - len(aside))
        store.derive("_faulty", pa.table({"row_no": pa.array([row_no for row_no, _ in faults], pa.int64())}))
        for i, into in enumerate(profile.into):
            rows = f"_typed_{i}"
            if faults:
                store.execute(
                    f"create or replace temp view _kept as from {rows} where row_no not in (select row_no from _faulty)"
                )
                rows = "_kept"
            kept(schema()[into.table], into, rows)
            store.execute(_adding(into, rows))
        places = _places(cells, [row_no for row_no, _ in faults])
        made = [(seq, replace(fault, line=line)) for (seq, line), (_, fault) in zip(places, faults, strict=True)]
        return Staged(made, _places(cells, aside))


@contextmanager
def _shown(store: Store, cells: pa.Table) -> Iterator[pa.Table]:
    """Show the cells of a batch as `_cells`, their rows numbered, and as `_raw`, from which rows may be taken out."""
    cells = cells.append_column("row_no", pa.array(np.arange(len(cells), dtype=np.int64)))
    store.show("_cells", cells)
    store.execute("create or replace temp view _raw as from _cells")
    yield cells
    store.hide("_cells")


def _places(cells: pa.Table, row_nos: Sequence[int]) -> list[tuple[int, int]]:
    """Return source_seq and line of rows of a batch."""
    if not row_nos:
        return []
    found = cells.select(["source_seq", "line"]).take(pa.array(row_nos, pa.int64()))
    return list(zip(found["source_seq"].to_pylist(), found["line"].to_pylist(), strict=True))


def _found(store: Store, rules: Sequence[dict[str, str]], table: str) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a relation for which a rule holds, with the rule: rule by rule, in order."""
    if not rules:
        return []
    holds = ", ".join(f"coalesce(({rule['when']}), false) as rule_{i}" for i, rule in enumerate(rules))
    any_of = " or ".join(f"rule_{i}" for i in range(len(rules)))
    rows = store.arrow(f"select * from (select row_no, {holds} from {table}) where {any_of} order by row_no").to_pylist()
    return [(row["row_no"], rule) for i, rule in enumerate(rules) for row in rows if row[f"rule_{i}"]]


def _empty(
    cells: pa.Table, profile: Profile, header: Callable[[int, str], str], but: Collection[int]
) -> list[tuple[int, Fault]]:
    """Find the rows, but some, that leave a required column empty."""
    faults = []
    for name in profile.required:
        rows = np.flatnonzero(np.asarray(pc.is_null(cells[name]))).tolist() if cells[name].null_count else []
        for row_no in (row_no for row_no in rows if row_no not in but):
            written = header(cells["source_seq"][row_no].as_py(), name)
            faults.append((row_no, Fault(0, f"必填列 {written} 为空", f"the required column {written} is empty")))
    return faults


def _unusable(store: Store, i: int, into: Into, profile: Profile) -> list[tuple[int, Fault]]:
    """Say of the rows that are not usable what is wrong with them: a text that is no value of its column, a value missing."""
    if not store.arrow(f"select row_no from _typed_{i} where not usable limit 1").num_rows:
        return []
    table = schema()[into.table]
    some = f"(from _raw where row_no in (select row_no from _typed_{i} where not usable))"
    store.execute(f"create or replace temp table _written as {casting.typed_sql(into, profile, some, texts=True)}")
    parts = [
        f"""select row_no, '{c.name}' as name, "text_{c.name}" as written, 0 as kind from _written """
        f"""where "text_{c.name}" is not null and "{c.name}" is null"""
        for c in (table.column(name) for name in into.columns)
        if casting.can_fail(table, c)
    ]
    needed = casting.needed(into, table)
    parts += [f"""select row_no, '{c}' as name, null as written, 1 as kind from _written where "{c}" is null""" for c in needed]
    found = store.arrow(" union all ".join(parts) + " order by kind, row_no, name").to_pylist()
    miscast = {row["row_no"] for row in found if not row["kind"]}
    return [
        (row["row_no"], _fault(table, table.column(row["name"]), row["written"]))
        for row in found
        if not row["kind"] or row["row_no"] not in miscast
    ]


def _fault(table: Table, column: Column, written: str | None) -> Fault:
    """Make the fault of a row, its line still to be put in."""
    if written is None:
        return Fault(0, f"{column.zh} 为空", f"{column.name} is empty")
    text = json.dumps(written[:80], ensure_ascii=False)
    zh, en = _expected(table, column)
    of_days = serials.hint(written) if column.type in ("date", "timestamp") else ("", "")
    return Fault(0, f"{column.zh} {text} 不是{zh}{of_days[0]}", f"{column.name} {text} is not {en}{of_days[1]}")


@cache
def _expected(table: Table, column: Column) -> tuple[str, str]:
    """Say what a column takes, in both languages."""
    known = codes().get(f"{table.name}.{column.name}")
    if known:
        allowed = ", ".join(dict.fromkeys(known.values()))
        return f"可识别的代码 (可用: {allowed}, 或其中文名称)", f"a known code (allowed: {allowed}, or its Chinese name)"
    if column.name in casting.FRACTIONS:
        return "0 到 1 之间的小数, 也不带 % (25% 可写作 0.25 或 25%)", "a fraction from 0 to 1 and has no % (write 0.25 or 25%)"
    if column.type == "text":
        return (
            "完整的编号 (被电子表格当作数字改写成了科学计数, 15 位以后的数字已丢失; 请向提供方索取原号)",
            "a whole number any more (a spreadsheet made it a number: digits after the 15th are lost; ask for the original)",
        )
    return _KINDS[column.type]


def _homeless(store: Store, n_tables: int, n_rows: int) -> list[tuple[int, Fault]]:
    """Find the rows that no table takes: they must not vanish."""
    if n_tables == 1 and store.arrow("select count(*) as n from _typed_0")["n"][0].as_py() == n_rows:
        return []
    taken = " union all ".join(f"select row_no from _typed_{i}" for i in range(n_tables))
    rows = store.arrow(f"select row_no from _raw where row_no not in ({taken}) order by row_no")["row_no"].to_pylist()
    return [(row_no, Fault(0, "该版式不使用这一行", "the layout has no use for this row")) for row_no in rows]


def _adding(into: Into, rows: str) -> str:
    """Write the statement that adds rows to their table; the id of one that has none is made from source and line."""
    table = schema()[into.table]
    own = {f'"{name}"': f'"{name}"' for name in into.columns} | {"source_id": "source_id", "line": "line"}
    if len(table.key) == 1:
        key = f'"{table.key[0]}"'
        own[key] = f"coalesce({key}, source_id || ':' || line)" if key in own else "source_id || ':' || line"
    return f"insert into store.{table.name} ({', '.join(own)}) select {', '.join(own.values())} from {rows}"
