"""The SQL that turns cells into typed rows: of a profile's expressions and the casts of the columns that they go to."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from lib.intake.profiles import Into, Profile, codes, open_codes
from lib.kernels.shapes import EMPTY, LETTERS, MOMENT, MONEY
from lib.schema import Column, Table, quoted, schema

_CASTS = {
    "double": "double_value({t})",
    "date": "day_value({t})",
    "timestamp": "time_value({t})",
    "boolean": "truth_value({t})",
    "integer": "try_cast(whole_value({t}) as integer)",
    "bigint": "whole_value({t})",
}
FRACTIONS = ("share", "share_low", "share_high", "voting_share", "rate")
_NUMBERS_AS_TEXT = ("id_number", "uscc", "bank_ref")


def amounts(table: Table) -> list[Column]:
    """Return the amount columns of a table."""
    return [c for c in table.columns if c.type == "decimal(18, 2)"]


def typed_sql(
    into: Into, profile: Profile, source: str = "_raw", *, texts: bool = False, shapes: Mapping[str, int] | None = None
) -> str:
    """Write the SELECT that turns cells into rows of one table.

    Its columns are row_no, source_seq, source_id, line, the typed columns, `rest_<amount>`, and `usable`: whether no text is
    left that is no value of its column, and no value missing that the table or the profile must have. With `texts` it has what
    was written besides, `text_<column>`. Cells of known `shapes` are cast as they stand.
    """
    table = schema()[into.table]
    filled = [table.column(name) for name in into.columns]
    shape = {c: (shapes or {}).get(_cell(sql, profile) or "", 0) for c, sql in into.columns.items()}
    simple = {c.name: cast for c in filled if (cast := _simple_cast(table, c, shape[c.name]))}
    written = ", ".join(f'{_text(sql, profile)} as "text_{c}"' for c, sql in into.columns.items())
    casts = {c.name: simple.get(c.name) or cast_sql(table, c) for c in filled}
    values = ", ".join(f'{sql} as "{name}"' for name, sql in casts.items())
    rest = {
        c.name: "null" if c.name in simple else f'fen_rest("text_{c.name}", "{c.name}")' for c in filled if c in amounts(table)
    }
    rests = "".join(f', cast({sql} as decimal(38, 18)) as "rest_{name}"' for name, sql in rest.items())
    bad = [f'("text_{c.name}" is not null and "{c.name}" is null)' for c in filled if can_fail(table, c)]
    bad += [f'"{c}" is null' for c in needed(into, table)]
    steps, last = cells_sql(profile, source=source)
    shown = "*" if texts else ", ".join(("row_no, source_seq, source_id, line", *(f'"{c.name}"' for c in filled)))
    return (
        f"with {steps}, written as (select {_PLACE}, {written} from {last} where {into.where or 'true'}), "
        f"typed as (select *, {values} from written) "
        f"select {shown}{rests}, not ({' or '.join(bad) or 'false'}) as usable from typed"
    )


def _text(sql: str, profile: Profile) -> str:
    """Write an expression as text, empty being null; a cell is that already."""
    cell = _cell(sql, profile)
    return f'"{cell}"' if cell else f"nullif(cast(({sql}) as text), '')"


def _cell(sql: str, profile: Profile) -> str | None:
    """Return the cell that an expression is, and does nothing with."""
    bare = sql.strip('"')
    return bare if bare in profile.columns and bare not in profile.let else None


_PLACE = "row_no, source_seq, source_id, line"


def needed(into: Into, table: Table) -> tuple[str, ...]:
    """Return the columns that no row may leave empty. A key of one column may be: the id is made from source and line then."""
    return tuple(dict.fromkeys((*(table.key if len(table.key) > 1 else ()), *into.filled)))


def cells_sql(profile: Profile, lets: int | None = None, source: str = "_raw") -> tuple[str, str]:
    """Write the steps (WITH …) from cells to what expressions may name, and the name of the last one.

    A step for each `let` (or the first so many): a macro writes what it is given several times, and nested ones would grow
    beyond all bounds.
    """
    names = ", ".join(f'"{c}"' for c in (*profile.columns, *profile.facts))
    steps = [f"raw as (select {_PLACE}, source_id || ':' || line as row_id, {names} from {source})"]
    last = "raw"
    for i, (name, sql) in enumerate([*profile.let.items()][:lets]):
        steps.append(f'let_{i} as (select *, {sql} as "{name}" from {last})')
        last = f"let_{i}"
    return ", ".join(steps), last


def no_cells(profile: Profile) -> pa.Table:
    """Return cells of a batch without any row, to try a profile's expressions on."""
    place = {"row_no": pa.int64(), "source_seq": pa.int32(), "source_id": pa.string(), "line": pa.int64()}
    types = place | dict.fromkeys((*profile.columns, *profile.facts), pa.string())
    return pa.table({name: pa.array([], of) for name, of in types.items()})


def cast_sql(table: Table, column: Column) -> str:
    """Write the SQL that casts `text_<column>` to the column's type; null where the text is no such value."""
    text = f'"text_{column.name}"'
    if column in amounts(table):
        return f"fen_value({text})"
    coded = f"{table.name}.{column.name}"
    if coded in codes():
        known = f"code_in({text}, {_listed(codes()[coded].keys())}, {_listed(codes()[coded].values())})"
        return f"coalesce({known}, {text})" if coded in open_codes() else known
    if column.name in FRACTIONS:
        return f"fraction_value({text})"
    if column.type == "text":
        return f"id_value({text})" if is_id(column) else text
    return _CASTS[column.type].format(t=text)


def _simple_cast(table: Table, column: Column, shape: int) -> str | None:
    """Write the SQL that casts texts of a known shape, if the column's type has one: no pattern has to be tried."""
    text = f'"text_{column.name}"'
    if shape & EMPTY:
        return f"cast(null as {column.type})"
    if column in amounts(table):
        return f"try_cast({text} as decimal(18, 2))" if shape & MONEY else None
    if column.type == "timestamp":
        return f"try_cast({text} as timestamp)" if shape & MOMENT else None
    return text if shape & LETTERS and column.type == "text" and is_id(column) else None


def _listed(words: Iterable[str]) -> str:
    return "[" + ", ".join(quoted(word) for word in words) + "]"


def is_id(column: Column) -> bool:
    """Tell whether a column of texts holds ids, of which every digit counts."""
    return column.name.endswith(("_id", "_account")) or column.name in _NUMBERS_AS_TEXT


def can_fail(table: Table, column: Column) -> bool:
    """Tell whether there are texts that are no value of a column."""
    coded = f"{table.name}.{column.name}"
    if coded in codes():
        return coded not in open_codes()
    return column.type != "text" or is_id(column)
