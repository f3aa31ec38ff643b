"""Rows that were set apart, brought back: sheets of corrected rows, as `lookthrough quarantine --export` writes them.

Such a sheet is a delivery like any other. Its first row says which source it corrects; the header is the original's, behind
columns of our own. A row that somebody has changed is read by the source's profile, with what its titles and name tell, and is
checked like every row. Both versions are kept: the row stays in quarantine, and `corrections` ties it to the one that took its
place. A row that was not changed is set aside; one that was corrected already is set aside if it says the same again, else set
apart.

A sheet has been through many hands. Nothing in it but the corrected cells is believed: which lines stand in quarantine, what
they say and whose account it is, the Store knows.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lib.errors import BadFile
from lib.intake import encodings, ledger, matching
from lib.intake.cells import LINE_BREAK
from lib.intake.profiles import Layout, Profile
from lib.intake.readers import Block
from lib.intake.staging import Fault

MARK = "lookthrough.corrections"
LINE, BY, NOTE, REASON, ORIGINAL = "〔行号〕", "〔更正人〕", "〔更正说明〕", "〔隔离原因〕", "〔原文〕"
OWN = (LINE, BY, NOTE, REASON, ORIGINAL)
SURPLUS = "〔多出{}〕"  # behind the original's columns: fields of rows that have more than the header
HEADER_ROW = 3
CELL_CHARS = 32_767  # what a cell of a workbook can hold
_ESCAPE = re.compile(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}")
_UNHELD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # what no workbook can hold


@dataclass(frozen=True)
class Target:
    """What the first row of a sheet says: the source that it corrects, its file's hash, width and print of its header."""

    source_id: str
    sha256: str
    width: int
    print: str

    def row(self) -> list[str]:
        """Write it."""
        return [MARK, self.source_id, self.sha256, str(self.width), self.print]


@dataclass(frozen=True)
class Link:
    """A row of a sheet that corrects a row of the source, with what was said of it, and a print of its cells."""

    line: int
    by: str | None
    note: str | None
    print: str


@dataclass
class Correcting:
    """What a sheet corrects: its rows that stand in quarantine, the corrections that there are already, those that it makes.

    Attributes
    ----------
    delimiter, encoding
        Of the source.
    apart
        Line → text of the rows of the source that were set apart.
    known
        Line → print and place of the correction that was accepted.
    """

    target: Target
    delimiter: str
    encoding: str
    apart: dict[int, str] = field(default_factory=dict)
    known: dict[int, tuple[str, str]] = field(default_factory=dict)
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
        own, (cells, surplus) = dict(zip(OWN, row, strict=False)), self._cells(row, layout)
        number = int(own[LINE]) if re.fullmatch("[0-9]{1,18}", own[LINE]) else 0
        if number not in self.apart:
            return Fault(
                line,
                f"{LINE} {own[LINE] or '为空'}: 该来源没有这一隔离行, 不知更正的是哪一行",
                f"{LINE} {own[LINE] or 'is empty'}: no row of that line was set apart, so it is not known what is corrected",
            )
        before = split(self.apart[number], self.delimiter)
        made = cells_print([*cells, *surplus])
        if made == cells_print([shown(cell) for cell in before]):
            return None
        if any(surplus):
            return Fault(
                line,
                "〔多出〕各列还有内容: 请移入应在的列后清空",
                "fields beyond the header are left: move them to where they belong",
            )
        if why := _unfinished(cells, before, self.apart[number], self.encoding):
            return Fault(line, *why)
        return self._link(line, number, own, made, name)

    def _cells(self, row: list[str], layout: Layout) -> tuple[list[str], list[str]]:
        """Return the cells of the original's columns, and those of fields beyond its header."""
        end = len(OWN) + self.target.width
        beyond = zip(layout.header[end:], row[end:], strict=True)
        return row[len(OWN) : end], [cell.strip() for name, cell in beyond if is_own(name)]

    def _link(self, line: int, number: int, own: dict[str, str], made: str, name: str) -> Link | Fault | None:
        known = self.known.get(number)
        if known is None:
            self.known[number] = (made, f"{name} 第 {line} 行")
            self.links[line] = link = Link(number, own[BY] or None, own[NOTE] or None, made)
            return link
        if known[0] == made:
            return None
        return Fault(line, f"第 {number} 行已有另一份更正 ({known[1]})", f"line {number} was corrected otherwise ({known[1]})")


def is_own(name: str) -> bool:
    """Tell whether a column of a sheet is one of ours."""
    return name.startswith("〔") and name.endswith("〕")


def is_bare(header: Iterable[str]) -> bool:
    """Tell whether a header is that of a sheet of corrections."""
    return {LINE, ORIGINAL} <= {name.strip() for name in header}


def _unfinished(cells: list[str], before: list[str], original: str, encoding: str) -> tuple[str, str] | None:
    """Say why cells cannot be taken as they are: bytes that nobody has read or that were misread, a text that was cut off."""
    written = shown(original, None)
    if any(escape in written for cell in cells for escape in _ESCAPE.findall(cell)):
        return "仍含无法解码的字节 (\\x…)", "it still has bytes that cannot be decoded (\\x…)"
    wrong = encodings.misread(original, encoding)
    garbled = {shown(cell).strip() for cell in before if wrong & set(cell)}
    if still := garbled & {cell.replace(LINE_BREAK, "\n").strip() for cell in cells}:
        left = json.dumps(min(still)[:80], ensure_ascii=False)
        return (
            f"仍含按错误编码显示的文字 (乱码) {left}: 请逐格对照原件改正",
            f"it still has text that is shown in the wrong encoding, {left}: correct each such cell",
        )
    long = {shown(cell) for cell in before if len(shown(cell, None)) > CELL_CHARS}
    if long & set(cells):
        return (
            f"有单元格超过 {CELL_CHARS:,} 字, 更正表装不下全文: 请更正原文件",
            f"a cell has more than {CELL_CHARS:,} characters, which no workbook holds: correct the original file",
        )
    return None


def target(first: str) -> Target | None:
    """Return what a sheet corrects, by its first row; None if it is no sheet of corrections."""
    cells = _cells(first) if first.lstrip('"').startswith(MARK) else []
    if len(cells) < 5 or cells[0] != MARK or not re.fullmatch("[0-9]{1,5}", cells[3]):
        return None
    return Target(cells[1], cells[2], int(cells[3]), cells[4])


def layout(name: str, of: Target, profile: Profile, facts: dict[str, str | None], header: str) -> Layout:
    """Return the layout of a sheet of corrections: the original's profile and facts, its columns behind our own.

    Raises
    ------
    BadFile
        If the header was changed.
    """
    cells = tuple(_cells(header))
    original = cells[len(OWN) : len(OWN) + of.width]
    if cells[: len(OWN)] != OWN or len(original) < of.width or cells_print(original) != of.print:
        raise BadFile(
            f"{name}: 更正表的第 {HEADER_ROW} 行表头被改动。请用 lookthrough quarantine --export 重新导出",
            f"{name}: the header in row {HEADER_ROW} of the sheet of corrections was changed. Export it again",
        )
    place = {column: at + len(OWN) for column, at in matching.placed(profile, original)[0].items()}
    return Layout(profile, ",", HEADER_ROW, cells, place, {fact: facts.get(fact) for fact in profile.facts})


def cells_print(cells: Sequence[str]) -> str:
    """Return 16 hex digits over cells, blanks around them and blank ones at the end apart."""
    texts = [cell.replace(LINE_BREAK, "\n").strip() for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def split(text: str, delimiter: str) -> list[str]:
    """Split a row as it was written into cells, as many as it has; where its quotes are broken, at each delimiter."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        rows = [] if "\n" in text else [text.split(delimiter)]
    if len(rows) != 1 and "\n" in text:  # a row of a sheet: breaks stand in its cells, without quotes
        return [cell.replace(LINE_BREAK, "\n").strip() for cell in split(text.replace("\n", LINE_BREAK), delimiter)]
    return [cell.strip() for cell in rows[0]] if len(rows) == 1 else []


def shown(text: str, most: int | None = CELL_CHARS) -> str:
    """Write a text as a cell can hold it: control characters as escapes, no more characters than it takes."""
    made = _UNHELD.sub(lambda found: f"\\x{ord(found[0]):02x}", text.replace("\r\n", "\n"))
    return made if most is None or len(made) <= most else made[: most - 1] + "…"


def _cells(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline="")), [])
