"""A whole district, finished: tables as they are handed over and the lines of statements, before they become files."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.district.books import Books
from lib.district.common import Common
from lib.district.platforms import Platform
from lib.district.settling import Settled

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """The tables by name, each with the column `folder` beside those of the schema; `flows` is not among them but in `settled`.

    Rows stand in the order in which they are written; `chosen` in `Written` counts them from 0.
    """

    books: Books
    common: Common
    platforms: list[Platform]
    settled: Settled
    tables: dict[str, pa.Table]

    @property
    def accounts(self) -> pa.Table:
        """The accounts by number, with `folder`, `statements` (0 or 1) and `opening_fen` beside the schema's columns."""
        return self.tables["accounts"]

    def lines_of(self, accounts: Ints) -> Ints:
        """Return the places of all statement lines of some accounts, account by account."""
        starts = self.settled.lines.starts
        counts = starts[accounts + 1] - starts[accounts]
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        places: Ints = np.repeat(starts[accounts], counts) + offsets
        return places


@dataclass(frozen=True)
class Written:
    """A file of a delivery, and where the district's rows stand in it.

    `chosen` are rows of `world.tables[table]`, or for `flows` places of statement lines; `lines` the lines of the file, or rows
    of the sheet, from 1, that show them; `ids` whether the layout has a column with the row's id.
    """

    path: str
    table: str
    chosen: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    lines: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    ids: bool = True
