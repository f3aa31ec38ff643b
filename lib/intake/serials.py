"""Days as a spreadsheet counts them: 43101 is 2018-01-01, and 41639 is the same day in a workbook that counts from 1904.

A cell with a date's format comes out of the sandbox as a date. One that has lost its format is a bare number, and in a column
of days of a sheet that can be nothing else. In a text file the same number stays what it is, and its row is set apart with a
hint: nothing there says how days are counted.
"""

import datetime as dt
import re
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from lib.intake.profiles import Profile
from lib.schema import schema

# Five digits are the years 1927 to 2173: 2018 and 201809 are something else.
_SERIAL = "^[1-9][0-9]{4}(?:[.][0-9]{1,18})?$"
_EPOCH, _EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)  # noqa: DTZ001 - days of a calendar have no zone


def day_cells(profile: Profile) -> set[str]:
    """Return the columns of a profile that hold days: what dates and times are made of, but for clock times.

    A clock time may have five digits too (80506 is 8:05:06): of two columns that make a time, only that of the day counts.
    """
    found = {column for column in profile.columns if column == "day" or column.endswith("_on")}
    for into in profile.into:
        table = schema()[into.table]
        for target, sql in into.columns.items():
            bare = sql.strip('"')
            if table.column(target).type in ("date", "timestamp") and bare in profile.columns and bare not in profile.let:
                found.add(bare)
    return found


def dated(cells: dict[str, pa.Array], profile: Profile, date1904: bool) -> dict[str, pa.Array]:
    """Return the columns of days of a sheet in which bare numbers stand, these written as days and times."""
    made = {}
    for name in sorted(day_cells(profile) & set(cells)):
        column = cells[name].cast(pa.string())
        hits = pc.fill_null(pc.match_substring_regex(column, _SERIAL), False)
        if pc.any(hits).as_py():
            texts = [written(text, date1904) for text in column.filter(hits).to_pylist()]
            made[name] = pc.replace_with_mask(column, hits, pa.array(texts, pa.string())).cast(cells[name].type)
    return made


def written(serial: str, date1904: bool = False) -> str:
    """Write a number of days as a day, or with a fraction as day and time, rounded to the second."""
    whole, _, part = serial.partition(".")
    day = (_EPOCH_1904 if date1904 else _EPOCH) + dt.timedelta(days=int(whole))
    seconds = round(Decimal(f"0.{part or 0}") * 86_400)
    return f"{day + dt.timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}" if seconds else f"{day:%Y-%m-%d}"


def hint(text: str) -> tuple[str, str]:
    """Say of a text that is no date what it would be as a spreadsheet's number, in both languages; else nothing."""
    if not re.match(_SERIAL, text):
        return "", ""
    usual, other = written(text), written(text, date1904=True)
    return (
        f" (若是电子表格的日期序号, 则为 {usual}, 按 1904 年历为 {other}; 文件本身没有说明, 请按日期格式重新导出)",
        f" (as a spreadsheet counts days it is {usual}, or {other} from 1904; the file does not say: export it with dates)",
    )
