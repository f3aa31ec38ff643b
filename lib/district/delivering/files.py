"""What the writers of a delivery hand to one another: where to write, how much a file may hold, and what was written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.district.delivering.texts import Dress
from lib.district.world import Written


@dataclass(frozen=True)
class Limits:
    """How much a file may hold.

    `xls_rows` and `xlsx_rows` are all rows of a sheet of statements, titles and footer included (BIFF has 65,536, the last of
    which no bank uses); `table_rows` the rows of a table that comes as a workbook; `police_rows` the rows of a file in the
    layout of the police; `own_files` the files of single accounts of an institution.
    """

    xls_rows: int = 65_535
    xlsx_rows: int = 20_000
    table_rows: int = 20_000
    police_rows: int = 200_000
    own_files: int = 60


@dataclass(frozen=True)
class Made:
    """A file that was written: where rows stand in it, and its dress (None: a workbook).

    `footed`: lines follow the rows. `uneven`: true rows differ in the number of their cells.
    """

    written: Written
    dress: Dress | None = None
    footed: bool = False
    uneven: bool = False


@dataclass(frozen=True)
class Desk:
    """Where files are written, within which limits, and who is told how many rows are done."""

    target: Path
    limits: Limits
    step: Callable[[int], None]


def filled(lines: tuple[tuple[str, ...], ...], values: Mapping[str, Any]) -> list[list[str]]:
    """Return titles or a footer with the facts of a file in them."""
    return [[cell.format(**values) for cell in cells] for cells in lines]
