"""The statements of single accounts, each in its bank's layout; a sheet that would be too long goes on in another file."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.district.days import DAY, FIRST, LAST, date
from lib.district.delivering.cells import Facts, Shown
from lib.district.delivering.files import Desk, Made, filled
from lib.district.delivering.layouts import Layout, layout_of
from lib.district.delivering.texts import TextFile
from lib.district.delivering.workbooks import Sheet, write_workbook
from lib.district.settling import OUT, batches
from lib.district.sheets import FOLDER, as_yuan
from lib.district.world import Written

Ints = npt.NDArray[np.int64]
Period = tuple[dt.date, dt.date]


def write_statement(desk: Desk, facts: Facts, account: int) -> list[Made]:
    """Write the statement of an account."""
    return _write(desk, facts, account, facts.world.lines_of(np.array([account])), _period(facts, account))


def write_overlapping(desk: Desk, facts: Facts, account: int) -> list[Made]:
    """Write the statement of an account as two files, whose periods have days in common."""
    places = facts.world.lines_of(np.array([account]))
    days = Shown(facts, places).at // DAY
    since, until = _period(facts, account)
    second, first = int(days[len(days) * 2 // 5]), int(days[len(days) * 7 // 10])
    files = (((since, date(first)), days <= first), ((date(second), until), days >= second))
    return [one for period, kept in files for one in _write(desk, facts, account, places[kept], period, named=True)]


def _write(desk: Desk, facts: Facts, account: int, places: Ints, period: Period, *, named: bool = False) -> list[Made]:
    """Write some lines of an account; `named`: the file's name tells the period, as that of some banks always does."""
    layout = layout_of(facts.accounts["bank"][account].as_py(), facts.accounts["purpose"][account].as_py())
    folder = facts.world.accounts[FOLDER][account].as_py()
    places = places[::-1] if layout.newest_first else places
    parts = list(_parts(desk, layout, places))
    made = []
    for n, part in enumerate(parts, 1):
        values = _values(facts, account, part, period)
        stem = layout.stem if "{since" in layout.stem or not named else layout.stem + "_{since:%Y%m%d}-{until:%Y%m%d}"
        stem = stem.format(**values) + (f"_{n}" if len(parts) > 1 else "")
        path = f"{folder}/{stem}{layout.suffix}"
        lines = (_text if layout.dress else _workbook)(desk, facts, layout, path, part, values)
        written = Written(path, "flows", part, lines, ids=False)
        made.append(Made(written, layout.dress, footed=bool(layout.footer), uneven=layout.optional > 0))
        desk.step(len(part))
    return made


def _parts(desk: Desk, layout: Layout, places: Ints) -> Iterator[Ints]:
    """Give the lines of each file: all, unless a sheet can hold no more."""
    limit = {".xls": desk.limits.xls_rows, ".xlsx": desk.limits.xlsx_rows}.get(layout.suffix, 0)
    room = max(limit - len(layout.titles) - 1 - len(layout.footer), 1) if limit else max(len(places), 1)
    for first in range(0, max(len(places), 1), room):
        yield places[first : first + room]


def _values(facts: Facts, account: int, places: Ints, period: Period) -> dict[str, Any]:
    """Return what titles and footer tell of a file."""
    shown = Shown(facts, places)
    out = shown.side == OUT
    received, paid = as_yuan(pa.array([int(shown.fen[~out].sum()), int(shown.fen[out].sum())])).to_pylist()
    values = {"bank": "bank", "account": "account_id", "holder": "holder_name"}
    told = {key: facts.accounts[column][account].as_py() for key, column in values.items()}
    counts = {"count": len(places), "count_in": int((~out).sum()), "count_out": int(out.sum())}
    return told | counts | {"since": period[0], "until": period[1], "paid_in": received, "paid_out": paid}


def _period(facts: Facts, account: int) -> Period:
    table = facts.world.accounts
    since, until = table["statement_from"][account].as_py(), table["statement_to"][account].as_py()
    return since or date(FIRST), until or date(LAST)


def _text(desk: Desk, facts: Facts, layout: Layout, path: str, places: Ints, values: dict[str, Any]) -> Ints:
    assert layout.dress is not None
    lines = [np.zeros(0, np.int64)]
    widths = [column.width for column in layout.columns]
    with TextFile(desk.target / path, layout.dress) as file:
        file.put([*filled(layout.titles, values), layout.headings])
        for first, last in batches(len(places), 100_000):
            shown = Shown(facts, places[first:last])
            lines.append(file.rows([column.cells(shown) for column in layout.columns], widths, optional=layout.optional))
        file.put(filled(layout.footer, values))
    return np.concatenate(lines)


def _workbook(desk: Desk, facts: Facts, layout: Layout, path: str, places: Ints, values: dict[str, Any]) -> Ints:
    shown = Shown(facts, places)
    columns = [column.cells(shown) for column in layout.columns]
    titles, footer = filled(layout.titles, values), filled(layout.footer, values)
    sheet = Sheet("交易明细", layout.headings, columns, len(places), titles, footer)
    write_workbook(desk.target / path, sheet)
    return sheet.lines
