"""All tables but the statements, in our own layouts, in the dresses in which platforms and offices hand such tables over."""

import tomllib
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district.delivering.files import Desk, Made
from lib.district.delivering.texts import BOM_CRLF, GB_CRLF, PLAIN, Dress, TextFile
from lib.district.delivering.workbooks import Sheet, write_workbook
from lib.district.world import World, Written
from lib.district.writing import by_folder, canonical
from lib.intake.profiles import FOLDER as PROFILES
from lib.schema import schema

Ints = npt.NDArray[np.int64]
# How often, of all, which dress is worn: None is a workbook.
_DRESSES: tuple[tuple[int, str, Dress | None], ...] = (
    (4, ".csv", GB_CRLF),
    (2, ".csv", BOM_CRLF),
    (2, ".csv", PLAIN),
    (3, ".xlsx", None),
    (1, ".xls", None),
)
# As platforms and offices call them; others bear the label of their table.
_NAMES = {
    "parties": "客户信息",
    "accounts": "账户清单",
    "projects": "标的信息",
    "repayments": "还款明细",
    "assignments": "债权转让记录",
    "holdings": "股东及出资信息",
    "roles": "人员任职信息",
    "registry_changes": "工商变更记录",
    "licences": "许可备案信息",
    "institutions": "机构名单",
    "devices": "登录设备记录",
    "ledger_entries": "财务明细账",
    "custody_days": "存管日终余额",
}


def write_tables(desk: Desk, world: World) -> list[Made]:
    """Write every table of the world, a file per folder in which it is delivered."""
    return [
        _write(desk, world, name, folder, chosen)
        for name, table in world.tables.items()
        if name != "flows"
        for folder, chosen in by_folder(table)
    ]


def _write(desk: Desk, world: World, name: str, folder: str, chosen: Ints) -> Made:
    part = canonical(world.tables[name].take(pa.array(chosen)).combine_chunks())
    suffix, dress = _dress(world, folder, name, len(chosen) > desk.limits.table_rows)
    chinese = int(world.books.rng(f"headings {folder}").integers(0, 4)) > 0
    headings = [schema()[name].column(c).zh if chinese else c for c in part.column_names]
    columns = [_worded(name, c, part[c].combine_chunks(), chinese=chinese) for c in part.column_names]
    path = f"{folder}/{_NAMES.get(name, schema()[name].zh)}{suffix}"
    if dress is None:
        sheet = Sheet(schema()[name].zh, headings, columns, len(chosen))
        write_workbook(desk.target / path, sheet)
        lines = sheet.lines
    else:
        with TextFile(desk.target / path, dress) as file:
            file.put([headings])
            lines = file.rows(columns)
    desk.step(len(chosen))
    return Made(Written(path, name, chosen, lines, ids=set(schema()[name].key) <= set(part.column_names)), dress)


def _dress(world: World, folder: str, name: str, large: bool) -> tuple[str, Dress | None]:
    """Draw how a table of a source comes; a large one is text in any case."""
    known = [entry for entry in _DRESSES if entry[2] or not large]
    edges = np.cumsum([weight for weight, _, _ in known])
    drawn = int(world.books.rng(f"dress {folder}/{name}").integers(0, int(edges[-1])))
    _, suffix, dress = known[int(np.searchsorted(edges, drawn, side="right"))]
    return suffix, dress


def _worded(table: str, column: str, values: pa.Array, *, chinese: bool) -> pa.Array:
    """Put the words for codes, and 是 and 否 for truths, where headings are Chinese."""
    if not chinese:
        return values
    if pa.types.is_boolean(values.type):
        return pc.if_else(values, "是", "否")
    words = _words().get(f"{table}.{column}")
    if not words:
        return values
    place = pc.index_in(values, value_set=pa.array(list(words)))
    return pc.coalesce(pa.array(list(words.values())).take(place), values)


@cache
def _words() -> dict[str, dict[str, str]]:
    """Return for each coded column (table.column) the first word of every code."""
    with (PROFILES / "codes.toml").open("rb") as file:
        coded: dict[str, Any] = tomllib.load(file)["codes"]
    return {
        f"{table}.{column}": {code: words[0] for code, words in known.items()}
        for table, columns in coded.items()
        for column, known in columns.items()
    }
