"""What the command line shows of how a file would be read (doctor.py)."""

from collections.abc import Iterator
from typing import Any

from lib import terminal
from lib.doctor import Reading
from lib.intake import encodings
from lib.intake.profiles import PROVENANCE
from lib.schema import schema
from lib.words import pick, word

_DELIMITERS = {",": ("逗号", "comma"), "\t": ("制表符", "tab"), ";": ("分号", "semicolon"), "|": ("竖线", "bar")}
_ENCODINGS = {
    "utf-8": ("UTF-8 (逐字节核对)", "UTF-8 (every byte of it)"),
    "utf-8-sig": ("UTF-8 (文件头有标记)", "UTF-8 (a mark says so)"),
    "utf-16-le": ("UTF-16 (文件头有标记)", "UTF-16 (a mark says so)"),
    "utf-16-be": ("UTF-16 BE (文件头有标记)", "UTF-16 BE (a mark says so)"),
    "gb18030": ("GB18030 (不是有效的 UTF-8)", "GB18030 (no valid UTF-8)"),
    encodings.SHEET: ("工作表", "a sheet"),
}
_REASONS = 8


def show(reading: Reading) -> None:
    """Print a reading."""
    terminal.say("")
    terminal.say(f"== {terminal.plain(reading.name)}")
    if reading.error:
        terminal.say(f"{word('cli', 'error')}: {terminal.plain(reading.error)}")
    if reading.note:
        terminal.say(terminal.plain(reading.note))
    for name, text in _lines(reading):
        terminal.say(f"{word('cli', name)}: {terminal.plain(text)}")
    if reading.stub:
        terminal.say(word("cli", "stub_below"))
        terminal.say(reading.stub.rstrip())
    if reading.columns:
        terminal.table(("column", "meaning", "goes_to"), [(n, c or "-", ", ".join(t) or "-") for n, c, t in reading.columns])
    for n_reason, (reason, n, line) in enumerate(reading.reasons):
        if n_reason < _REASONS:
            terminal.say(word("cli", "rows_like_it", count=f"{n:,}", reason=terminal.plain(reason), line=line))
    for table, (count, rows) in reading.rows.items():
        said = {"table": schema()[table].zh, "name": table, "count": f"{count:,}", "shown": len(rows)}
        terminal.say(word("cli", "first_rows", **said))
        _show_rows(table, rows)


def _lines(reading: Reading) -> Iterator[tuple[str, str]]:
    part, layout = reading.part, reading.layout
    if part is not None and part.examined.encoding:
        yield "encoding", pick(*_ENCODINGS[part.examined.encoding]) + (pick(" (隐藏)", " (hidden)") if part.hidden else "")
    if layout is not None:
        if part is None or part.examined.encoding != encodings.SHEET:
            yield "delimiter", pick(*_DELIMITERS[layout.delimiter])
        yield "profile_id", layout.profile.name
        yield "layout_source", " ".join(layout.profile.source.split())[:300]
        yield "header_line", word("cli", "at_line", line=layout.header_line)
        if told := [f"{fact} = {value}" for fact, value in layout.facts.items() if value]:
            yield "facts", "; ".join(told)
        if stated := list(_stated(reading)):
            yield "stated", "; ".join(stated)
        yield "records", " · ".join(word("cli", f"kind_{kind}", n=f"{n:,}") for kind, n in reading.kinds.items())
    for reason, n in reading.flags.items():
        yield "flags_of", word("cli", "failing", count=n, reason=reason)


def _stated(reading: Reading) -> Iterator[str]:
    """Say what the file states of itself, and what was read on each side."""
    for side, name in (("", "both"), ("in", "in"), ("out", "out")):
        rows, yuan = reading.stated.of(side)
        if (rows, yuan) != (None, None):
            yield word("cli", f"stated_{name}", rows="-" if rows is None else f"{rows:,}", yuan=f"{yuan:,}" if yuan else "-")
            n, total = reading.sides.get(side, (0, 0))
            yield word("cli", "read_total", side=word("cli", f"side_{name}"), rows=f"{n:,}", yuan=f"{total:,}")


def _show_rows(table: str, rows: list[dict[str, Any]]) -> None:
    """Print rows as they would be stored, one beside the other, without the columns that none of them fills."""
    columns = [c for c in schema()[table].columns if c.name not in PROVENANCE and any(row[c.name] is not None for row in rows)]
    heads = [word("cli", "at_line", line=row["line"]) for row in rows]
    cells = [(f"{pick(c.zh, c.name)}", *("" if row[c.name] is None else str(row[c.name]) for row in rows)) for c in columns]
    terminal.table(("column",), cells, heads=heads)
