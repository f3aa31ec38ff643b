"""From cells to typed rows: a block of a file becomes rows of TEMP tables `stage_<table>`, or a reason why a row does not.

The stage of a table has its columns, and besides: `source_seq` (order of the source), `id_made` (from source and line),
and per amount column `exact_<column>`, the amount as written before it is rounded to the fen.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from lib.intake.profiles import Into, Layout, codes, open_codes
from lib.store import Column, Store, Table, named_sql, schema

_CASTS = {
    "double": "double_value({t})",
    "date": "day_value({t})",
    "timestamp": "time_value({t})",
    "boolean": "truth_value({t})",
    "integer": "try_cast(whole_value({t}) as integer)",
    "bigint": "whole_value({t})",
}
FRACTIONS = ("share", "share_low", "share_high", "voting_share", "rate")
_BLANKS = " \t\n\v\f\r\u00a0\u200b\u3000\ufeff"
_NUMBERS_AS_TEXT = ("id_number", "uscc", "bank_ref")
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


def amounts(table: Table) -> list[Column]:
    """Return the amount columns of a table."""
    return [c for c in table.columns if c.type == "decimal(18, 2)"]


def prepare(store: Store) -> None:
    """Make what the casts need: the macros and the coded words."""
    rows = [(name, word, code) for name, words in codes().items() for word, code in words.items()]
    names = ("name", "word", "code")
    store.derive("codes", pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)}))
    store.execute(named_sql("casts"))
    store.execute(named_sql("readings"))


def stage(store: Store, source_id: str, seq: int, layout: Layout, cells: pa.Table) -> tuple[list[Fault], list[int]]:
    """Add a block's rows to the stages of the tables that the layout fills; return why some rows were not.

    Also returned are the lines of rows that are no transactions: they are left alone.

    Parameters
    ----------
    cells
        Text columns named after the profile's columns and facts, and `line`.
    """
    profile = layout.profile
    store.derive("_raw", cleaned := clean(cells, profile.nothing))
    aside = _lines(store, profile.aside, "_raw")
    if aside:
        store.derive("_raw", cleaned.filter(pc.invert(pc.is_in(cleaned["line"], pa.array([line for line, _ in aside])))))
    faults = _empty(store, layout)
    for i, into in enumerate(profile.into):
        store.execute(f"create or replace temp table _typed_{i} as {typed_sql(into, layout)}", source_id=source_id)
        faults += _miscast(store, i, into, {fault.line for fault in faults})
        faults += _unfilled(store, i, into, {fault.line for fault in faults})
    for table in ("_raw", "_typed_0"):
        rules = [rule for rule in profile.refuse if (rule.get("over") == "cells") == (table == "_raw")]
        faults += [Fault(line, rule["zh"], rule["en"]) for line, rule in _lines(store, rules, table)]
    faults += _homeless(store, len(profile.into))
    store.derive("_faulty", pa.table({"line": pa.array([fault.line for fault in faults], pa.int64())}))
    for i, into in enumerate(profile.into):
        _keep(store, i, into, source_id, seq)
    return faults, sorted({line for line, _ in aside})


def _lines(store: Store, rules: Sequence[dict[str, str]], table: str) -> list[tuple[int, dict[str, str]]]:
    """Return the lines of a table for which a rule holds, with the rule."""
    found = []
    for rule in rules:
        lines = store.arrow(f"select line from {table} where {rule['when']} order by line")["line"].to_pylist()
        found += [(line, rule) for line in lines]
    return found


def clean(cells: pa.Table, nothing: str | None = None) -> pa.Table:
    """Trim all text columns: blanks, line breaks, marks and wide spaces at either end; what is empty then is null.

    A cell ="…" holds its text: exports write it so that a spreadsheet leaves a number as it is.
    """
    columns = {}
    for name in cells.column_names:
        column = cells[name]
        if pa.types.is_string(column.type):
            column = pc.utf8_trim(column, characters=_BLANKS)
            if pc.any(pc.starts_with(column, '="')).as_py():
                column = pc.replace_substring_regex(column, r'^(?s)="([^"]*)"$', r"\1")
                column = pc.utf8_trim(column, characters=_BLANKS)
            void = pc.equal(column, "")
            if nothing is not None:
                void = pc.or_(void, pc.match_substring_regex(column, f"^(?:{nothing})$"))
            column = pc.if_else(void, pa.scalar(None, pa.string()), column)
        columns[name] = column
    return pa.table(columns)


def staged(store: Store) -> list[Table]:
    """Return the tables that have a stage, in the order of the schema."""
    found = store.arrow("select table_name as name from duckdb_tables() where temporary and table_name like 'stage_%'")
    names = set(found["name"].to_pylist())
    return [table for table in schema().values() if f"stage_{table.name}" in names]


def typed_sql(into: Into, layout: Layout) -> str:
    """Write the SELECT that turns a block's cells into rows of one table: `<column>` typed, `text_<column>` as written."""
    table = schema()[into.table]
    texts = ", ".join(f"""nullif(cast(({sql}) as text), '') as "text_{c}\"""" for c, sql in into.columns.items())
    filled = [table.column(name) for name in into.columns]
    exact = "".join(f', exact_value("text_{c.name}") as "exact_{c.name}"' for c in filled if c in amounts(table))
    values = ", ".join(f'{cast_sql(table, c)} as "{c.name}"' for c in filled)
    steps, last = cells_sql(layout)
    return (
        f"with {steps}, texts as (select line, {texts} from {last} where {into.where or 'true'}), "
        f"exact as (select *{exact} from texts) select *, {values} from exact"
    )


def cells_sql(layout: Layout, lets: int | None = None) -> tuple[str, str]:
    """Write the steps (WITH …) from a block's cells to what expressions may name, and the name of the last one.

    A step for each `let` (or the first so many): a macro writes what it is given several times, and nested ones would grow
    beyond all bounds.
    """
    names = ", ".join(f'"{c}"' for c in (*layout.profile.columns, *layout.facts))
    steps = [f"raw as (select line, $source_id as source_id, $source_id || ':' || line as row_id, {names} from _raw)"]
    last = "raw"
    for i, (name, sql) in enumerate([*layout.profile.let.items()][:lets]):
        steps.append(f'let_{i} as (select *, {sql} as "{name}" from {last})')
        last = f"let_{i}"
    return ", ".join(steps), last


def cast_sql(table: Table, column: Column) -> str:
    """Write the SQL that casts `text_<column>` to the column's type; null where the text is no such value."""
    text = f'"text_{column.name}"'
    if column in amounts(table):
        return f'fen_rounded("exact_{column.name}")'
    coded = f"{table.name}.{column.name}"
    if coded in codes():
        known = f"coded({text}, '{coded}')"
        return f"coalesce({known}, {text})" if coded in open_codes() else known
    if column.name in FRACTIONS:
        return f"fraction_value({text})"
    if column.type == "text":
        return f"id_value({text})" if _is_id(column) else text
    return _CASTS[column.type].format(t=text)


def _is_id(column: Column) -> bool:
    return column.name.endswith(("_id", "_account")) or column.name in _NUMBERS_AS_TEXT


def _empty(store: Store, layout: Layout) -> list[Fault]:
    """Find the rows that leave a required column empty."""
    faults = []
    for name in layout.profile.required:
        lines = store.arrow(f'select line from _raw where "{name}" is null order by line')["line"].to_pylist()
        header = layout.header[layout.place[name]].strip()
        faults += [Fault(line, f"必填列 {header} 为空", f"the required column {header} is empty") for line in lines]
    return faults


def _miscast(store: Store, i: int, into: Into, known: set[int]) -> list[Fault]:
    """Find the rows, save those known as faulty, with a text that is no value of its column or a part of their key empty."""
    table = schema()[into.table]
    checked = [c for c in (table.column(name) for name in into.columns) if _can_fail(table, c)]
    parts = [
        f"""select line, '{c.name}' as name, "text_{c.name}" as written from _typed_{i} """
        f"""where "text_{c.name}" is not null and "{c.name}" is null"""
        for c in checked
    ]
    if len(table.key) > 1:  # a key of one column that a file leaves empty is made from source and line
        parts += [f"""select line, '{k}' as name, null as written from _typed_{i} where "{k}" is null""" for k in table.key]
    if not parts:
        return []
    found = store.arrow(" union all ".join(parts) + " order by line, name").to_pylist()
    return [_fault(row["line"], table, table.column(row["name"]), row["written"]) for row in found if row["line"] not in known]


def _unfilled(store: Store, i: int, into: Into, known: set[int]) -> list[Fault]:
    """Find the rows, save those known as faulty, that leave a column empty that a row of the table cannot do without."""
    parts = [f"""select line, '{c}' as name from _typed_{i} where "{c}" is null""" for c in into.filled]
    if not parts:
        return []
    found = store.arrow(" union all ".join(parts) + " order by line, name").to_pylist()
    table = schema()[into.table]
    return [_fault(row["line"], table, table.column(row["name"]), None) for row in found if row["line"] not in known]


def _can_fail(table: Table, column: Column) -> bool:
    coded = f"{table.name}.{column.name}"
    if coded in codes():
        return coded not in open_codes()
    return column.type != "text" or _is_id(column)


def _fault(line: int, table: Table, column: Column, written: str | None) -> Fault:
    if written is None:
        return Fault(line, f"{column.zh} 为空", f"{column.name} is empty")
    text = json.dumps(written[:80], ensure_ascii=False)
    zh, en = _expected(table, column)
    return Fault(line, f"{column.zh} {text} 不是{zh}", f"{column.name} {text} is not {en}")


@cache
def _expected(table: Table, column: Column) -> tuple[str, str]:
    """Say what a column takes, in both languages."""
    known = codes().get(f"{table.name}.{column.name}")
    if known:
        allowed = ", ".join(dict.fromkeys(known.values()))
        return f"可识别的代码 (可用: {allowed}, 或其中文名称)", f"a known code (allowed: {allowed}, or its Chinese name)"
    if column.name in FRACTIONS:
        return "0 到 1 之间的小数, 也不带 % (25% 可写作 0.25 或 25%)", "a fraction from 0 to 1 and has no % (write 0.25 or 25%)"
    if column.type == "text":
        return (
            "完整的编号 (被电子表格当作数字改写成了科学计数, 15 位以后的数字已丢失; 请向提供方索取原号)",
            "a whole number any more (a spreadsheet made it a number: digits after the 15th are lost; ask for the original)",
        )
    return _KINDS[column.type]


def _homeless(store: Store, n: int) -> list[Fault]:
    """Find the rows that no table takes: they must not vanish."""
    taken = " union all ".join(f"select line from _typed_{i}" for i in range(n))
    lines = store.arrow(f"select line from _raw where line not in ({taken}) order by line")["line"].to_pylist()
    return [Fault(line, "该版式不使用这一行", "the layout has no use for this row") for line in lines]


def _keep(store: Store, i: int, into: Into, source_id: str, seq: int) -> None:
    """Move the faultless rows of a block to the stage of their table."""
    table = schema()[into.table]
    columns = ", ".join(f'"{c.name}" {c.type}' for c in table.columns)
    exact = "".join(f', "exact_{c.name}" decimal(38, 18)' for c in amounts(table))
    store.execute(f"create temp table if not exists stage_{table.name} ({columns}{exact}, source_seq integer, id_made boolean)")
    own = {f'"{name}"': f'"{name}"' for name in into.columns}
    own |= {f'"exact_{c.name}"': f'"exact_{c.name}"' for c in amounts(table) if c.name in into.columns}
    own |= {"source_id": "$source_id", "line": "line", "source_seq": "$seq", "id_made": "false"}
    if len(table.key) == 1:
        key = f'"{table.key[0]}"'
        written = key if key in own else "null"
        own |= {key: f"coalesce({written}, $source_id || ':' || line)", "id_made": f"{written} is null"}
    names, values = ", ".join(own), ", ".join(own.values())
    store.execute(
        f"insert into stage_{table.name} ({names}) select {values} from _typed_{i} "
        "where line not in (select line from _faulty)",
        source_id=source_id,
        seq=seq,
    )
