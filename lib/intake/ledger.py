"""The ledger: every byte of a file belongs to one span, every row is accepted or set apart (amounts: totals.py).

Where that does not hold, the import fails (BadFile) and nothing is published.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lib.errors import BadFile
from lib.words import language

KINDS = ("preamble", "header", "accepted", "quarantined", "blank", "total", "trailer", "set_aside")
PREAMBLE, HEADER, ACCEPTED, QUARANTINED, BLANK, TOTAL, TRAILER, SET_ASIDE = range(len(KINDS))


@dataclass
class Tally:
    """What became of each record of a file: its first line and first byte, and its kind."""

    line: list[NDArray[np.int64]] = field(default_factory=list)
    byte: list[NDArray[np.int64]] = field(default_factory=list)
    kind: list[NDArray[np.int8]] = field(default_factory=list)
    end_line: int = 1
    end_byte: int = 0

    def add(self, line: NDArray[np.int64], byte: NDArray[np.int64], kind: NDArray[np.int8]) -> None:
        """Append a block: n + 1 lines and bytes (the last is where it ends) and n kinds."""
        self.line.append(line[:-1])
        self.byte.append(byte[:-1])
        self.kind.append(kind)
        self.end_line, self.end_byte = int(line[-1]), int(byte[-1])

    def mark(self, lines: Collection[int], kind: int) -> None:
        """Mark accepted records, named by their first lines, as of another kind."""
        wanted = np.array(sorted(lines), np.int64)
        for line, kinds in zip(self.line, self.kind, strict=True):
            if not len(line):
                continue
            low, high = np.searchsorted(wanted, (line[0], line[-1] + 1))
            at = np.searchsorted(line, wanted[low:high])
            at = at[line[at] == wanted[low:high]]
            kinds[at[kinds[at] == ACCEPTED]] = kind

    def count(self, *kinds: int) -> int:
        """Return the number of records of these kinds."""
        n_of = sum((np.bincount(kind, minlength=len(KINDS)) for kind in self.kind), np.zeros(len(KINDS), np.int64))
        return int(n_of[list(kinds)].sum())

    def lines(self, kind: int) -> set[int]:
        """Return the first lines of the records of a kind."""
        return {int(line) for lines, kinds in zip(self.line, self.kind, strict=True) for line in lines[kinds == kind]}

    def spans(self, source_id: str, member: str = "", sheet: str = "") -> pa.Table:
        """Return runs of records of one kind as rows of `spans`; those of a sheet are counted in rows alone."""
        kind = np.concatenate([np.array([-1], np.int8), *self.kind])
        first = np.flatnonzero(kind[1:] != kind[:-1])
        line = np.concatenate([*self.line, [self.end_line]]).astype(np.int64)
        byte = np.concatenate([*self.byte, [self.end_byte]]).astype(np.int64)
        n = len(first)  # 0 for an empty sheet
        after = np.append(first[1:], len(kind) - 1).astype(np.int64)[:n]
        return pa.table(
            {
                "source_id": pa.array([source_id] * n, pa.string()),
                "member": pa.array([member] * n, pa.string()),
                "sheet": pa.array([sheet] * n, pa.string()),
                "kind": pa.array(KINDS).take(pa.array(kind[1:][first])),
                "line_from": pa.array(line[first]),
                "line_to": pa.array(line[after] - 1),
                "byte_from": pa.nulls(n, pa.int64()) if sheet else pa.array(byte[first]),
                "byte_to": pa.nulls(n, pa.int64()) if sheet else pa.array(byte[after]),
            }
        )


def reason(stored: str) -> str:
    """Return the reason of a quarantined row, kept in Chinese and English, in the process's language."""
    zh, _, en = stored.partition("\n")
    return en if en and language() == "en" else zh


def check_tiles(name: str, tally: Tally, n_bytes: int) -> None:
    """Check that the spans of a part tile the bytes that were read: of a sheet, one line for each row.

    Raises
    ------
    BadFile
        If not.
    """
    spans = tally.spans("").to_pylist()
    edges = [0, *(span["byte_to"] for span in spans)]
    lines = [1, *(span["line_to"] + 1 for span in spans)]
    starts = [(span["byte_from"], span["line_from"]) for span in spans]
    if edges[-1] != n_bytes or starts != list(zip(edges, lines, strict=True))[:-1]:
        raise broken(name, f"字节区段合计 {edges[-1]}, 文件 {n_bytes} 字节", f"spans cover {edges[-1]} of {n_bytes} bytes")


def check_counts(name: str, tally: Tally, n_bytes: int, n_accepted: int, n_quarantined: int) -> None:
    """Check one part: its spans tile it, and rows read = rows accepted + rows set apart, each counted on its own.

    Raises
    ------
    BadFile
        If not.
    """
    check_tiles(name, tally, n_bytes)
    read = tally.count(ACCEPTED, QUARANTINED)
    if n_accepted + n_quarantined != read or tally.count(QUARANTINED) != n_quarantined:
        raise broken(
            name,
            f"读取 {read} 行, 采用 {n_accepted} 行, 隔离 {n_quarantined} 行",
            f"{read} rows read, {n_accepted} + {n_quarantined} kept",
        )


def broken(name: str, zh: str, en: str) -> BadFile:
    """Make the error of books that do not balance."""
    return BadFile(
        f"{name}: 对账不平 ({zh}), 未导入任何内容。请保留原文件并反馈",
        f"{name}: the books do not balance ({en}); nothing was imported. Keep the file and report this",
    )
