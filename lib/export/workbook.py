"""Working papers in Excel: frames as sheets, headings and codes in words, amounts as numbers, texts as texts.

Nothing is masked here: a working paper is for the team, a report for its readers.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from lib import paths, targets
from lib.draw.columns import code_word, heading
from lib.draw.writing import is_null
from lib.errors import DataGap
from lib.words import pick

_PLAIN = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
_MOST_ROWS = 1_048_575
_MOST_TEXT = 32_767  # characters of a cell
_EXACT = Decimal(10) ** 13  # a cell holds 15 digits: larger amounts are written as texts
_A4 = 9  # as Excel numbers papers
_WIDTHS = (8, 60)


def write(path: Path, sheets: Mapping[str, pd.DataFrame]) -> None:
    """Write frames into a new workbook, a sheet each.

    Parameters
    ----------
    path
        A new file that ends with .xlsx.
    sheets
        Name of a sheet → frame, in order.

    Raises
    ------
    BadParameter
        If the file is there already, ends otherwise or its folder is not there.
    DataGap
        If a frame has more rows than a sheet, or the file cannot be written.
    """
    targets.check_new(path, ".xlsx")
    for name, frame in sheets.items():
        if len(frame) > _MOST_ROWS:
            raise DataGap(
                f"{name} 有 {len(frame):,} 行, 超过一张工作表的 {_MOST_ROWS:,} 行, {paths.written(path)} 没有写出",
                f"{name} has {len(frame):,} rows, a sheet at most {_MOST_ROWS:,}; {paths.written(path)} is not written",
            )
    with targets.writing(path) as draft, xlsxwriter.Workbook(draft, _PLAIN) as book:
        looks = {
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "yuan": book.add_format({"num_format": "#,##0.00"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for name, frame in sheets.items():
            _sheet(book.add_worksheet(name), frame, looks)


def _sheet(sheet: Any, frame: pd.DataFrame, looks: Mapping[str, Any]) -> None:
    names = [str(name) for name in frame.columns]
    heads = [heading(name)[0] for name in names]
    rows = [[_cell(name, value) for name, value in zip(names, row, strict=True)] for row in frame.itertuples(index=False)]
    for place, head in enumerate(heads):
        widest = max((_width(row[place]) for row in rows[:200]), default=0)
        sheet.set_column(place, place, min(max(_width(head) + 2, widest + 2, _WIDTHS[0]), _WIDTHS[1]))
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, looks["head"])
    for n, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            _write(sheet, n, place, value, looks)
    sheet.freeze_panes(1, 0)
    sheet.set_paper(_A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)  # as wide as the paper, as long as it needs
    sheet.repeat_rows(0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(names) - 1)


def _cell(name: str, value: object) -> object:
    """Return what a cell holds: None, a number, a day or a text."""
    if isinstance(value, list | tuple):
        return pick("、", ", ").join(f"{i['table']}:{i['id']}" if isinstance(i, dict) else str(i) for i in value)
    if is_null(value):
        return None
    if isinstance(value, str):
        return code_word(name, value)
    if isinstance(value, Decimal) and abs(value) >= _EXACT:
        return f"{value:,}"
    return value


def _write(sheet: Any, row: int, place: int, value: object, looks: Mapping[str, Any]) -> None:
    if value is None:
        return
    if isinstance(value, dt.date):
        sheet.write_datetime(row, place, dt.datetime(value.year, value.month, value.day), looks["day"])  # noqa: DTZ001
    elif isinstance(value, Decimal):
        sheet.write_number(row, place, value, looks["yuan"])
    elif isinstance(value, bool) or not hasattr(value, "__float__"):
        sheet.write_string(row, place, str(value)[:_MOST_TEXT])
    else:
        sheet.write_number(row, place, value)


def _width(value: object) -> int:
    return sum(2 if ord(c) > 0x2E7F else 1 for c in str(value)) if value is not None else 0
