"""Files of text as banks and platforms write them: encoding, separators, quotes, padding; and which line shows which row."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district.delivering.cells import Cells

Ints = npt.NDArray[np.int64]
_BREAKS = r"\r\n|\r|\n"


@dataclass(frozen=True)
class Dress:
    """How a text file is written.

    `end` ends a line, `row_end` stands before it in rows alone (the comma that some banks add). In rows, `tail` ends every
    cell, `quoted` puts every cell into quotes (else only those that need it), and `null` stands for what is not shown.
    """

    encoding: str = "utf-8"
    end: str = "\n"
    separator: str = ","
    tail: str = ""
    row_end: str = ""
    quoted: bool = False
    null: str = ""

    @property
    def codec(self) -> str:
        """The codec of the text behind the byte order mark, if there is one."""
        return "gb18030" if self.encoding == "gb18030" else "utf-8"

    @property
    def marks(self) -> str:
        """The characters for which a cell is put into quotes."""
        return f'"\r\n{self.separator}'

    def line(self, cells: Sequence[str]) -> str:
        """Return a line of a title, heading or footer."""
        return self.separator.join(self.cell(text) for text in cells) + self.end

    def cell(self, text: str, *, always: bool = False) -> str:
        """Return a text in quotes if it needs them, or always."""
        if always or any(mark in text for mark in self.marks):
            doubled = text.replace('"', '""')
            return f'"{doubled}"'
        return text


GB_CRLF = Dress("gb18030", "\r\n")
BOM_CRLF = Dress("utf-8-sig", "\r\n")
PLAIN = Dress()


class TextFile:
    """A text file that is being written; `line` is the number of the next line, from 1."""

    def __init__(self, path: Path, dress: Dress) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.dress, self.line = dress, 1
        self._file = path.open("wb")
        if dress.encoding == "utf-8-sig":
            self._file.write(b"\xef\xbb\xbf")

    def __enter__(self) -> "TextFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def put(self, lines: Iterable[Sequence[str]]) -> None:
        """Write titles, a heading or a footer, one sequence of cells per line."""
        for cells in lines:
            text = self.dress.line(cells)
            self._file.write(self._encoded(text.encode()))
            self.line += len(re.findall(_BREAKS, text))

    def rows(self, columns: Sequence[Cells], widths: Sequence[int] = (), *, optional: int = 0) -> Ints:
        """Write rows, given by columns, and return the first line of each.

        So many `optional` last columns are left out, separators and all, in rows in which the last of them is null.
        """
        texts = rows_of(columns, self.dress, widths, optional)
        if not len(texts):
            return np.zeros(0, np.int64)
        offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
        data = texts.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_pybytes()
        self._file.write(self._encoded(data))
        taken = _lines_taken(texts, data, self.dress)
        lines = self.line + np.cumsum(taken) - taken
        self.line += int(taken.sum())
        return lines

    def _encoded(self, data: bytes) -> bytes:
        return data if self.dress.codec == "utf-8" else data.decode().encode(self.dress.codec)


def rows_of(columns: Sequence[Cells], dress: Dress, widths: Sequence[int] = (), optional: int = 0) -> pa.Array:
    """Return the text of every row, with its line end."""
    widths = widths or [0] * len(columns)
    kept = len(columns) - optional
    cells = [_cells(column, dress, width) for column, width in zip(columns, widths, strict=True)]
    row = pc.binary_join_element_wise(*cells[:kept], dress.separator)
    if optional:
        rest = pc.binary_join_element_wise("", *cells[kept:], dress.separator)
        row = pc.binary_join_element_wise(row, pc.if_else(pc.is_valid(columns[-1]), rest, ""), "")
    return pc.binary_join_element_wise(row, dress.row_end + dress.end, "")


def as_text(column: pa.Array) -> pa.Array:
    """Write values as text: days and times as 2018-09-03 and 2018-09-03 08:05:06, truths as true and false."""
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def _cells(column: Cells, dress: Dress, width: int) -> Cells:
    if isinstance(column, str):
        return dress.cell(column.ljust(width) + dress.tail, always=dress.quoted)
    cells = as_text(column)
    if cells.null_count:
        cells = pc.fill_null(cells, dress.null)
    if width:
        cells = pc.utf8_rpad(cells, width)
    if dress.tail:
        cells = pc.binary_join_element_wise(cells, dress.tail, "")
    return _quoted(cells, dress)


def _quoted(cells: pa.Array, dress: Dress) -> pa.Array:
    """Put into quotes what needs them; most columns have nothing that does, which their bytes tell at once."""
    data = cells.buffers()[2].to_pybytes() if len(cells) and cells.buffers()[2] else b""
    needed = any(mark.encode() in data for mark in dress.marks)
    if not needed and not dress.quoted:
        return cells
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(cells, '"', '""'), '"', "")
    if dress.quoted:
        return quoted
    return pc.if_else(pc.match_substring_regex(cells, f"[{re.escape(dress.marks)}]"), quoted, cells)


def _lines_taken(texts: pa.Array, data: bytes, dress: Dress) -> Ints:
    """Return how many lines each row takes: more than one where a cell holds a line break."""
    count = len(texts)
    if data.count(b"\n") == count and data.count(b"\r") == (count if "\r" in dress.end else 0):
        return np.ones(count, np.int64)
    breaks: Ints = pc.count_substring_regex(texts, _BREAKS).to_numpy(zero_copy_only=False).astype(np.int64)
    return breaks
