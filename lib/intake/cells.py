"""The child's side of the sandbox: from the cells of a sheet to lines of text, and what calamine does not tell of them."""

import datetime as dt
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lib.intake import ods

LINE_BREAK = "\u2028"
Place = tuple[int, int]
Row = Sequence[Any]
_BATCH_CELLS = 1 << 14
_CHUNK = 1 << 20
_SAFE_INTEGER = 10**15  # a sheet keeps 15 digits
_DECIMALS = 18
_BREAK = re.compile("\r\n|\r|\n")
_SPECIAL = re.compile('[",\r\n]')
# A cell with an error, and one with a formula whose value was never worked out (t="str" and no value is an empty text).
_ERROR = re.compile(rb'<(?:\w+:)?c\b([^<>]*\bt="e"[^<>]*)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*)>\s*<(?:\w+:)?f\b[^<>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_ROW = re.compile(rb'<row\b[^<>]*\br="([0-9]{1,7})"')
_PREFIXED_ROW_END = re.compile(rb"</\w+:row>")
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')


class TooLong(Exception):
    """A cell is longer than any cell should be."""

    def __init__(self, row: int, most: int) -> None:
        self.zh = f"第 {row} 行附近有超过 {most:,} 个字符的单元格"
        self.en = f"near row {row}, a cell has more than {most:,} characters"
        super().__init__(self.en)


@dataclass
class Extras:
    """What calamine leaves out: cells that it gives as empty (row, column from 0: text), and how days are counted."""

    cells: dict[str, dict[Place, str]] = field(default_factory=dict)
    date1904: bool = False

    def added(self, sheet: str, rows: Iterator[Row], start: Place | None, width: int) -> Iterator[Row]:
        """Return a sheet's rows, all of one width, with these cells put in."""
        own = self.cells.get(sheet)
        if not own:
            return rows
        first = start[1] if start else min(column for _, column in own)
        written: dict[int, dict[int, str]] = {}
        for (row, column), text in own.items():
            written.setdefault(row, {})[column - first] = text
        if min(column for _, column in own) < first:  # left of all that calamine has seen
            shift = first - min(column for _, column in own)
            rows = ([""] * shift + [*row] for row in rows)
            written = {row: {column + shift: text for column, text in cells.items()} for row, cells in written.items()}
            width += shift
        width = max(width, *(column + 1 for cells in written.values() for column in cells))
        return _with_cells(rows, written, width)


def _with_cells(rows: Iterator[Row], written: dict[int, dict[int, str]], width: int) -> Iterator[Row]:
    last = max(written)
    for i in count():
        row = next(rows, None)
        if row is None and i > last:
            return
        made = [*(row or ()), *[""] * (width - len(row or ()))]
        for column, text in written.get(i, {}).items():
            made[column] = made[column] or text
        yield made


def lines(rows: Iterator[Row], cell_chars: int) -> Iterator[bytes]:
    """Write rows as lines, column by column: a column of a sheet holds one kind of value, mostly."""
    at, width = 0, 16
    made: Iterable[str]
    while batch := list(islice(rows, max(1, _BATCH_CELLS // (width + 1)))):
        width = len(batch[0])
        if all(len(row) == width for row in batch):
            columns = [_column(list(column), at, cell_chars) for column in zip(*batch, strict=True)]
            made = map(",".join, zip(*columns, strict=True)) if columns else [""] * len(batch)
        else:  # text between the tables of a page
            made = (",".join(_column([cell], at, cell_chars)[0] for cell in row) for row in batch)
        yield ("\n".join(made) + "\n").encode("utf-8", "backslashreplace")
        at += len(batch)


def _column(column: list[Any], at: int, cell_chars: int) -> list[str]:
    """Write the cells of one column."""
    kinds = set(map(type, column))
    if kinds != {str}:
        if kinds <= {dt.datetime, dt.date, dt.time}:
            return list(map(str, column))
        if kinds == {float}:
            return list(map(_number, column))
        column = [value if type(value) is str else _TEXT[type(value)](value) for value in column]
    joined = "".join(column)
    if len(joined) > cell_chars and max(map(len, column)) > cell_chars:
        raise TooLong(at + 1, cell_chars)
    return list(map(_quoted, column)) if _SPECIAL.search(joined) else column


def _quoted(text: str) -> str:
    """Write a text so that it stands on one line and its commas do not part it."""
    if "\n" in text or "\r" in text:
        text = _BREAK.sub(LINE_BREAK, text)
    return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text else text


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value)) if abs(value) < _SAFE_INTEGER else _scientific(repr(value))
    text = repr(value)
    if "e" in text:  # small: digits beyond the 18th decimal are no money
        text = format(round(Decimal(text), _DECIMALS), "f").rstrip("0").rstrip(".")
    return text


def _whole(value: int) -> str:
    return str(value) if abs(value) < _SAFE_INTEGER else _scientific(str(value))


def _scientific(digits: str) -> str:
    """Write a number above all that a sheet can hold exactly: 6.22202123456789E+18."""
    value = Decimal(digits).normalize()
    mantissa = "".join(map(str, value.as_tuple().digits))
    sign = "-" if value < 0 else ""
    return f"{sign}{mantissa[0]}{'.' + mantissa[1:] if mantissa[1:] else ''}E+{value.adjusted()}"


def _duration(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


_TEXT: dict[type, Any] = {
    bool: lambda value: "TRUE" if value else "FALSE",
    int: _whole,
    float: _number,
    dt.datetime: str,
    dt.date: str,
    dt.time: str,
    dt.timedelta: _duration,
}


def extras(path: Path, sheet_names: Sequence[str]) -> Extras:
    """Read from the XML of a workbook what calamine does not tell: errors, formulas without a value, the 1904 calendar."""
    with zipfile.ZipFile(path) as archive:
        if "content.xml" in archive.namelist():
            return Extras(ods.errors(archive))
        if "xl/workbook.xml" not in archive.namelist():
            return Extras()
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - in a child with limits
        properties = next((e for e in book if _bare(e.tag) == "workbookPr"), None)
        epoch = properties.get("date1904", "") if properties is not None else ""
        targets = _targets(archive)
        found = {}
        for sheet in (e for group in book if _bare(group.tag) == "sheets" for e in group):
            relation = next((v for k, v in sheet.attrib.items() if _bare(k) == "id"), "")
            member = targets.get(relation, "")
            if sheet.get("name") in sheet_names and member in archive.NameToInfo:
                found[sheet.get("name", "")] = _untold(archive, member)
        return Extras(found, epoch in ("1", "true"))


def _targets(archive: zipfile.ZipFile) -> dict[str, str]:
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - in a child with limits
    return {e.get("Id", ""): posixpath.normpath(posixpath.join("/xl", e.get("Target", ""))).lstrip("/") for e in relations}


def _bare(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _untold(archive: zipfile.ZipFile, member: str) -> dict[Place, str]:
    """Find the cells of a sheet's XML that calamine gives as empty and that are not."""
    found: dict[Place, str] = {}
    rest, before = b"", 0
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK):
            text = rest + chunk
            cut = _end_of_rows(text)
            _search(text[:cut], before, found)
            if b"<row>" in text:  # rows without numbers: those of the chunks before must be counted
                before += text.count(b"<row", 0, cut)
            rest = text[cut:]
    return found


def _end_of_rows(text: bytes) -> int:
    """Return the offset after the last whole row; names may have a prefix (x:row)."""
    at = text.rfind(b"</row>")
    return at + 6 if at >= 0 else max((match.end() for match in _PREFIXED_ROW_END.finditer(text)), default=0)


def _search(text: bytes, before: int, found: dict[Place, str]) -> None:
    """Look for cells of either kind, where there is any sign of them: the patterns are dear."""
    for match in _ERROR.finditer(text) if b't="e"' in text else ():
        value = _VALUE.search(match[2])
        found[_place(text, match, before)] = value[1].decode("utf-8", "replace") if value else "#"
    for match in _FORMULA.finditer(text) if b"<f" in text or b":f" in text else ():
        if b't="str"' not in match[1]:
            formula = (match[2] or b"").decode("utf-8", "replace")
            found.setdefault(_place(text, match, before), f"={_unescaped(formula)}")


def _place(text: bytes, match: re.Match[bytes], before: int) -> Place:
    """Return where a cell stands; a cell, or a row, that does not say so comes after those before it."""
    if address := _ADDRESS.search(match[1]):
        column = 0
        for letter in address[1]:
            column = column * 26 + letter - 64
        return int(address[2]) - 1, column - 1
    begin = text.rfind(b"<row", 0, match.start())
    number = _ROW.match(text, begin)
    row = int(number[1]) if number else before + text.count(b"<row", 0, match.start())
    return row - 1, len(re.findall(rb"<c\b", text[begin : match.start()]))


def _unescaped(text: str) -> str:
    for written, meant in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(written, meant)
    return text
