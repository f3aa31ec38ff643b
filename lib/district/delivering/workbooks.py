"""Workbooks: one sheet with titles, a heading, rows and a footer, as XLSX or as BIFF (.xls), the same bytes on every machine.

What is text stays text: an account number as a number would lose its leading zeros and all digits after the fifteenth.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xlsxwriter
import xlwt

from lib.district.delivering.cells import Cells

Ints = npt.NDArray[np.int64]
_CREATED = dt.datetime.fromisoformat("2019-02-15 09:00:00")
_FIRST_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_FORMATS = {
    "money": "0.00",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "number": "General",
    "text": "@",
    "truth": "General",
}


@dataclass(frozen=True)
class Sheet:
    """What stands on a sheet: lines of texts, the heading, columns (arrays of one length, or one text for all), more lines."""

    name: str
    headings: Sequence[str]
    columns: Sequence[Cells]
    count: int
    titles: Sequence[Sequence[str]] = ()
    footer: Sequence[Sequence[str]] = ()

    @property
    def lines(self) -> Ints:
        """The rows of the sheet, from 1, that show the rows of the columns."""
        return np.arange(self.count) + len(self.titles) + 2

    def texts(self) -> Iterator[tuple[int, int, str]]:
        """Give the texts of titles, heading and footer with their rows and columns, from 0; empty ones are left out."""
        head = [*self.titles, self.headings]
        numbered = [*enumerate(head), *enumerate(self.footer, len(head) + self.count)]
        return ((row, place, text) for row, cells in numbered for place, text in enumerate(cells) if text)

    def values(self) -> Iterator[tuple[int, str, list[Any]]]:
        """Give the columns with their places and kinds, and their values for Python."""
        for place, column in enumerate(self.columns):
            if isinstance(column, str):
                yield place, "text", [column or None] * self.count
            else:
                yield place, _kind(column.type), column.to_pylist()


def write_workbook(path: Path, sheet: Sheet) -> None:
    """Write a workbook of one sheet; the suffix says which kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_xlsx(sheet) if path.suffix == ".xlsx" else _xls(sheet))


def _xlsx(sheet: Sheet) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        page = book.add_worksheet(sheet.name)
        page.set_column(0, len(sheet.headings) - 1, 18)
        formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        for row, place, text in sheet.texts():
            page.write_string(row, place, text)
        writers = {
            "text": page.write_string,
            "truth": page.write_boolean,
            "money": page.write_number,
            "number": page.write_number,
        }
        writers |= {"day": page.write_datetime, "moment": page.write_datetime}
        _fill(sheet, {kind: _with_format(write, formats[kind]) for kind, write in writers.items()})
    return _repacked(made)


def _with_format(write: Callable[..., Any], shape: Any) -> Callable[[int, int, Any], Any]:
    return lambda row, place, value: write(row, place, value, shape)


def _xls(sheet: Sheet) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(sheet.name)
    for row, place, text in sheet.texts():
        page.row(row).set_cell_text(place, text)
    setters = {"text": "text", "truth": "boolean", "money": "number", "number": "number", "day": "date", "moment": "date"}
    styles = {kind: xlwt.easyxf(num_format_str=text) for kind, text in _FORMATS.items()}
    _fill(sheet, {kind: _of_row(page, f"set_cell_{name}", styles[kind]) for kind, name in setters.items()})
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _of_row(page: Any, setter: str, style: Any) -> Callable[[int, int, Any], Any]:
    return lambda row, place, value: getattr(page.row(row), setter)(place, value, style)


def _fill(sheet: Sheet, writers: dict[str, Callable[[int, int, Any], Any]]) -> None:
    """Write the rows, column by column; what is null stays empty."""
    first = len(sheet.titles) + 1
    for place, kind, values in sheet.values():
        write = writers[kind]
        for row, value in enumerate(values, first):
            if value is not None:
                write(row, place, float(value) if kind == "money" else value)


def _kind(kind: pa.DataType) -> str:
    """Return what kind of cell shows values of a type."""
    for name, is_so in (
        ("text", pa.types.is_string),
        ("money", pa.types.is_decimal),
        ("day", pa.types.is_date),
        ("moment", pa.types.is_timestamp),
        ("truth", pa.types.is_boolean),
    ):
        if is_so(kind):
            return name
    return "number"


def _repacked(made: io.BytesIO) -> bytes:
    """Pack a workbook anew without compression: what zlib makes of the same text differs by its version, and so would the file.

    The system that made the archive is written into it too: 0 on Windows, 3 elsewhere.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _FIRST_OF_ZIP)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            new.writestr(entry, old.read(name))
    return packed.getvalue()
