"""Rows that were set apart, brought back: sheets of corrected rows, as `lookthrough quarantine --export` writes them.

Such a sheet is a delivery like any other. Its first row says which source it corrects, by which profile that was read and what
the file's titles and name told; the header is the original's, behind columns of our own. A row that somebody has changed is
read by that profile and checked like every row. Both versions are kept: the row stays in quarantine, and `corrections` ties it
to the one that took its place. A row that was not changed is set aside; one that was corrected already is set aside if it says
the same again, else set apart.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lib.errors import BadFile
from lib.intake import ledger, matching
from lib.intake.cells import LINE_BREAK
from lib.intake.profiles import Layout, Profile
from lib.intake.readers import Block
from lib.intake.staging import Fault

MARK = "lookthrough.corrections"
LINE, BY, NOTE, REASON, ORIGINAL, PRINT = "〔行号〕", "〔更正人〕", "〔更正说明〕", "〔隔离原因〕", "〔原文〕", "〔校验〕"
OWN = (LINE, BY, NOTE, REASON, ORIGINAL, PRINT)
HEADER_ROW = 3
_ESCAPE = re.compile(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}")


@dataclass(frozen=True)
class Target:
    """What the first row of a sheet says: the source that it corrects, its profile, and what is known beside its rows."""

    source_id: str
    sha256: str
    profile_id: str
    facts: dict[str, str | None]

    def row(self) -> list[str]:
        """Write it."""
        return [MARK, self.source_id, self.sha256, self.profile_id, json.dumps(self.facts, ensure_ascii=False)]


@dataclass(frozen=True)
class Link:
    """A row of a sheet that corrects a row of the source, with what was said of it, and a print of its cells."""

    line: int
    by: str | None
    note: str | None
    print: str


@dataclass
class Correcting:
    """What a sheet corrects, the corrections that there are already (line → print and place), and those that it makes."""

    target: Target
    known: dict[int, tuple[str, str]]
    links: dict[int, Link] = field(default_factory=dict)

    def sort(self, block: Block, kind: NDArray[np.int8], layout: Layout, name: str) -> list[Fault]:
        """Mark the rows of a block that correct nothing, and return why others cannot be taken; `name` is the sheet's."""
        faults = []
        for i in np.flatnonzero(kind == ledger.ACCEPTED).tolist():
            made = self._sorted(int(block.line[i]), _cells(block.record(i)), layout, name)
            if made is None:
                kind[i] = ledger.SET_ASIDE
            elif isinstance(made, Fault):
                kind[i] = ledger.QUARANTINED
                faults.append(made)
        return faults

    def _sorted(self, line: int, row: list[str], layout: Layout, name: str) -> Link | Fault | None:
        """Take a row as a correction; None if nothing is new in it, else why it cannot be taken."""
        row = [*row, *[""] * len(layout.header)][: len(layout.header)]
        own, cells = dict(zip(OWN, row, strict=False)), row[len(OWN) :]
        made = cells_print(cells)
        if made == own[PRINT]:
            return None
        if not re.fullmatch("[0-9]{1,18}", own[LINE]):
            return Fault(line, f"{LINE} 被改动, 不知更正的是哪一行", f"{LINE} was changed: it is not known what is corrected")
        if any(_ESCAPE.search(cell) and cell in own[ORIGINAL] for cell in cells):
            return Fault(line, "仍含无法解码的字节 (\\x…)", "it still has bytes that cannot be decoded (\\x…)")
        number = int(own[LINE])
        before = self.known.get(number)
        if before is None:
            self.known[number] = (made, f"{name} 第 {line} 行")
            self.links[line] = link = Link(number, own[BY] or None, own[NOTE] or None, made)
            return link
        if before[0] == made:
            return None
        return Fault(
            line, f"第 {number} 行已有另一份更正 ({before[1]})", f"line {number} was corrected otherwise ({before[1]})"
        )


def target(first: str) -> Target | None:
    """Return what a sheet corrects, by its first row; None if it is no sheet of corrections."""
    cells = _cells(first) if first.lstrip('"').startswith(MARK) else []
    if len(cells) < 5 or cells[0] != MARK:
        return None
    try:
        facts = json.loads(cells[4])
    except json.JSONDecodeError:
        facts = None
    if not isinstance(facts, dict):
        return None
    return Target(cells[1], cells[2], cells[3], {str(k): None if v is None else str(v) for k, v in facts.items()})


def layout(name: str, of: Target, profile: Profile, header: str) -> Layout:
    """Return the layout of a sheet of corrections: the original's profile, its columns behind our own.

    Raises
    ------
    BadFile
        If the header was changed.
    """
    cells = tuple(_cells(header))
    place, missing = matching.placed(profile, cells[len(OWN) :])
    if cells[: len(OWN)] != OWN or [column for column in missing if of.facts.get(column) is None]:
        raise BadFile(
            f"{name}: 更正表的第 {HEADER_ROW} 行表头被改动。请用 lookthrough quarantine --export 重新导出",
            f"{name}: the header in row {HEADER_ROW} of the sheet of corrections was changed. Export it again",
        )
    facts = {fact: of.facts.get(fact) for fact in profile.facts}
    return Layout(profile, ",", HEADER_ROW, cells, {column: at + len(OWN) for column, at in place.items()}, facts)


def cells_print(cells: Sequence[str]) -> str:
    """Return 16 hex digits over cells, blanks around them apart."""
    texts = (cell.replace(LINE_BREAK, "\n").strip() for cell in cells)
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def split(text: str, delimiter: str, width: int) -> list[str]:
    """Split a row as it was written into as many cells as its header has; blanks where it cannot be split."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        rows = []
    cells = rows[0] if len(rows) == 1 else []
    return [cell.strip() for cell in [*cells[:width], *[""] * (width - len(cells))]]


def _cells(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline="")), [])
