"""`draw.sources`: which files the Store was made from, what became of their rows, and whether the sums agree."""

from collections.abc import Iterable, Mapping
from typing import Any

from lib.case import Case
from lib.draw import masking, people, tables
from lib.draw.columns import heading
from lib.draw.markup import Head, Piece, Safe, absent, join, table, tag
from lib.draw.writing import NOTHING, count
from lib.intake import ledger, parts
from lib.schema import schema
from lib.words import language, word

MAX_REASONS = 30
Row = Mapping[str, Any]


def sources(case: Case) -> Piece:
    """List the files behind a case: hash, layout, encoding, rows read, accepted and set apart; reasons; control totals.

    Returns
    -------
    Three tables; a table without rows is left out. Hashes are shortened, the whole one is in the cell's tooltip.
    """
    tables.use(case)
    files = case.arrow("select * from sources order by seq").to_pylist()
    if not files:
        text = word("draw", "no_sources")
        return Piece(absent(text), text)
    reasons = case.store.run("quarantine_reasons").to_pylist()
    totals = case.arrow(
        "select t.*, s.name, s.member, s.sheet from control_totals as t inner join sources as s on t.source_id = s.source_id "
        "where coalesce(t.side, '') = '' "
        "order by s.seq, t.table_name, t.column_name"
    ).to_pylist()
    parts = (_files(files), _reasons(reasons), _totals(totals), tag("p", word("draw", "ledger_note"), class_="lt-note"))
    return Piece(join(parts), word("draw", "sources_line", files=count(len(files))))


def _files(files: list[Row]) -> Safe:
    heads = [Head(word("draw", "file")), Head("SHA-256", "id"), Head(word("draw", "profile")), Head(word("draw", "encoding"))]
    heads += [Head(word("draw", name), "num") for name in ("read", "accepted", "quarantined")]
    return table(word("draw", "sources"), heads, map(_file, files), word("draw", "same_bytes"))


def _file(row: Row) -> list[object]:
    name = masking.mask_number(_label(row)) if masking.masks() else _label(row)
    where = tag("span", name, title=row["delivery"])
    profile = join((row["profile_id"] or NOTHING, f" ({word('draw', state)})" if (state := _state(row)) else ""))
    sha = row["sha256"] or ""
    hash_cell = tag("td", tag("span", sha[:12] or NOTHING, title=sha), class_="id")
    return [
        where,
        hash_cell,
        profile,
        row["encoding"] or NOTHING,
        *_numbers(row, ("rows_read", "rows_accepted", "rows_quarantined")),
    ]


def _state(row: Row) -> str | None:
    """Return the word for a file of which no row was read, if it is one."""
    if row["state"] == "set_aside":
        return "set_aside" if row["profile_id"] else "set_aside_unknown"
    return "unreadable" if row["state"] == "quarantined" else None


def _label(row: Row) -> str:
    return parts.label(row["name"], row["member"], row["sheet"])


def _numbers(row: Row, names: Iterable[str]) -> list[str]:
    return [count(row[name]) for name in names]


def _reasons(reasons: list[Row]) -> Safe:
    """Return why rows were set apart, and how often."""
    if not reasons:
        return Safe("")
    heads = [
        Head(word("draw", "file")),
        Head(word("draw", "reason")),
        Head(word("draw", "rows"), "num"),
        Head(word("draw", "corrected"), "num"),
        Head(word("draw", "first_line"), "num"),
    ]
    rows = [
        [_hide(r["name"]), _hide(ledger.reason(r["kind"])), count(r["n"]), count(r["n_corrected"]), r["first_line"]]
        for r in reasons[:MAX_REASONS]
    ]
    more = len(reasons) - MAX_REASONS
    note = word("tables", "more", shown=count(MAX_REASONS), more=count(more)) if more > 0 else ""
    return table(word("draw", "quarantine"), heads, rows, note)


def _hide(text: str) -> str:
    return masking.mask_text(str(text)) if masking.masks() else str(text)


def _totals(totals: list[Row]) -> Safe:
    """Return the control totals: what the files add up to, and what the Store does."""
    if not totals:
        return Safe("")
    heads = [Head(word("draw", "file")), Head(word("draw", "amount_column"))]
    heads += [Head(word("draw", n), "num") for n in ("rows", "source_total", "stored_total", "rounding")]
    rows = [
        [
            _hide(_label(r)),
            f"{people.table_word(r['table_name'])} · {_column_word(r['table_name'], r['column_name'])}",
            count(r["row_count"]),
            *_sums(r),
        ]
        for r in totals
    ]
    return table(word("draw", "control_totals"), heads, rows)


def _column_word(table_name: str, column: str) -> str:
    """Return what a column is called in its own table; the same name may mean another thing in another one."""
    if language() == "zh" and table_name in schema() and column in {c.name for c in schema()[table_name].columns}:
        return schema()[table_name].column(column).zh
    return heading(column)[0]


def _sums(row: Row) -> list[str]:
    source, stored, rounding = row["source_total"], row["stored_total"], row["rounding"]
    return [_exact(source), NOTHING if stored is None else f"{stored:,.2f}", _exact(rounding)]


def _exact(value: Any) -> str:
    """Write a sum with all its decimals, at least two."""
    if value is None:
        return NOTHING
    whole, _, decimals = f"{value:,f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
