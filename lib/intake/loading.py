"""Loading parts of files: find their layouts, sort their records, stage rows batch by batch, keep account of every byte."""

import hashlib
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lib.errors import BadFile
from lib.intake import corrections, encodings, ledger, readers, serials, signs, sorting, splitting, surroundings
from lib.intake.parts import Part
from lib.intake.profiles import Layout
from lib.intake.readers import Block
from lib.intake.sandbox import Reason
from lib.intake.staging import Fault, put, stage
from lib.intake.totals import Sums
from lib.kernels.shapes import EVERY
from lib.store import Store

T = TypeVar("T")
BATCH_BYTES = 1 << 26  # of text; DuckDB types a batch of this size with several threads
MANY_ROWS = 1 << 16  # for fewer, planning two statements takes longer than what it spares
_FAULTY_ROWS = 1 << 17  # staged at once where some are at fault: all may be, and what is said of each takes room


_APART = pa.schema({"line": pa.int64(), "reason": pa.string(), "original_text": pa.string()})


def _reason(faults: list[Fault]) -> str:
    """Join the reasons of a row: Chinese on the first line, English on the second (ledger.reason picks one)."""
    first = list(dict.fromkeys(faults))
    return "; ".join(fault.zh for fault in first).replace("\n", " ") + "\n" + "; ".join(fault.en for fault in first)


@dataclass
class Source:
    """A part of a file on its way into the Store: where it lies, what it is, and what became of its records."""

    part: Part
    delivery: str
    layout: Layout
    seq: int = 0
    tally: ledger.Tally = field(default_factory=ledger.Tally)
    apart: list[pa.Table] = field(default_factory=list)  # rows as in `quarantine`, but for the source: a million have to fit
    remarks: surroundings.Remarks = field(default_factory=surroundings.Remarks)
    correcting: corrections.Correcting | None = None

    @property
    def id(self) -> str:
        """S and 12 hex digits."""
        return self.part.id

    @property
    def name(self) -> str:
        """File, member and sheet, for people."""
        return self.part.label

    @property
    def n_apart(self) -> int:
        """The number of rows set apart."""
        return sum(rows.num_rows for rows in self.apart)

    def set_apart(self, faults: list[Fault], texts: dict[int, str]) -> None:
        """Set rows apart, with their reasons and their original texts: all that there is to be said of a row at once."""
        if not faults:
            return
        of_row: dict[int, list[Fault]] = {}
        for fault in faults:
            of_row.setdefault(fault.line, []).append(fault)
        rows = sorted(of_row)
        columns = rows, [_reason(of_row[line]) for line in rows], [texts[line] for line in rows]
        self.apart.append(pa.table(dict(zip(_APART.names, columns, strict=True)), _APART))
        self.tally.mark(of_row, ledger.QUARANTINED)


@dataclass
class Aside:
    """A part of a file that is not read: no profile knows it, or it cannot be read at all."""

    part: Part
    delivery: str
    seq: int = 0
    reason: Reason | None = None
    tally: ledger.Tally = field(default_factory=ledger.Tally)

    @property
    def id(self) -> str:
        """S and 12 hex digits."""
        return self.part.id

    @property
    def state(self) -> str:
        """What is written of it: `quarantined` with a reason, else `set_aside`."""
        return "quarantined" if self.reason else "set_aside"

    @property
    def apart(self) -> list[pa.Table]:
        """The whole of it, as line 0, if it cannot be read."""
        if not self.reason:
            return []
        reason = "\n".join(as_text(text).replace("\n", " ") for text in self.reason)
        return [pa.table({"line": [0], "reason": [reason], "original_text": [None]}, _APART)]

    def count(self) -> None:
        """Count its records, unless it cannot be read."""
        for block in readers.blocks(self.part.text, self.part.examined.encoding, ",") if not self.reason else ():
            kind = np.full(len(block), ledger.SET_ASIDE, np.int8)
            kind[sorting.blank(block, ",")] = ledger.BLANK
            self.tally.add(block.line, block.raw_at + block.byte_from, kind)


@dataclass
class _Piece:
    """A block of a part, sorted: the kind of each record, those set apart by their shape, and the cells of the rows."""

    source: Source
    block: Block
    kind: NDArray[np.int8]
    faults: list[Fault]
    cells: pa.Table
    shapes: dict[str, int]  # what all filled cells of a column are


class Loader:
    """Loads parts of files into the tables of a draft, batch by batch: small files of one profile share a batch.

    Reading goes on in a thread while the database types the batch before.
    """

    def __init__(self, draft: Store, sums: Sums) -> None:
        self._draft = draft
        self._sums = sums
        self._waiting: dict[str, list[_Piece]] = {}
        self._faulty: set[str] = set()  # profiles of which a batch had faults: the next one may have some too

    def load(self, source: Source) -> Iterator[tuple[int, int]]:
        """Read a part block by block and stage its rows; what cannot be used is set apart with its reason.

        Rows may wait for more of their profile until `finish`.

        Yields
        ------
        bytes, records
            Of each block, once it is read.

        Raises
        ------
        BadFile
            If the file changed while it was being read.
        """
        large = source.part.examined.bytes > readers.BLOCK_BYTES
        for piece in ahead(_pieces(source)) if large else _pieces(source):
            block = piece.block
            source.tally.add(block.line, block.raw_at + block.byte_from, piece.kind)
            source.set_apart(piece.faults, _texts(block, [fault.line for fault in piece.faults]))
            if piece.cells.num_rows:
                waiting = self._waiting.setdefault(source.layout.profile.id, [])
                waiting.append(piece)
                if sum(len(one.block.raw) for one in waiting) >= BATCH_BYTES:
                    self._stage(self._waiting.pop(source.layout.profile.id))
            yield int(block.raw_at[-1]), len(block)

    def finish(self) -> None:
        """Stage what still waits."""
        while self._waiting:
            self._stage(self._waiting.pop(next(iter(self._waiting))))

    def _stage(self, pieces: list[_Piece]) -> None:
        """Stage a batch: type its rows, put them into their tables, and tell each source which of its rows were not."""
        sources = {piece.source.seq: piece.source for piece in pieces}

        def header(seq: int, column: str) -> str:
            layout = sources[seq].layout
            return layout.header[layout.place[column]].strip()

        cells = pa.concat_tables([piece.cells for piece in pieces]).unify_dictionaries()
        known = {column for piece in pieces for column in piece.shapes}
        shapes = {c: reduce(and_, (piece.shapes.get(c, 0) for piece in pieces)) for c in known}
        profile = pieces[0].source.layout.profile
        faultless = len(cells) >= MANY_ROWS and profile.id not in self._faulty  # to be expected: most large files are
        if faultless and put(self._draft, profile, cells, shapes, self._sums.add):
            return
        for begin in range(0, len(cells), _FAULTY_ROWS):
            made = stage(self._draft, profile, cells.slice(begin, _FAULTY_ROWS), shapes, header, self._sums.add)
            for seq, source in sources.items():
                source.tally.mark([line for of, line in made.aside if of == seq], ledger.SET_ASIDE)
                faults = [fault for of, fault in made.faults if of == seq]
                lines = [fault.line for fault in faults]
                own = (piece.block for piece in pieces if piece.source is source) if lines else ()
                source.set_apart(faults, {line: text for block in own for line, text in _texts(block, lines).items()})
            if made.faults:
                self._faulty.add(profile.id)


def _texts(block: Block, lines: Collection[int]) -> dict[int, str]:
    """Return the original texts of the records of a block that begin at these lines."""
    wanted = np.array(sorted(set(lines)), np.int64)
    at = np.flatnonzero(np.isin(block.line[:-1], wanted)).tolist() if len(wanted) else []
    return {int(block.line[i]): block.original(i) for i in at}


def ahead(items: Iterator[T], depth: int = BATCH_BYTES // readers.BLOCK_BYTES) -> Iterator[T]:
    """Give the items of an iterator, the next ones being made in a thread while one is used: no more than `depth` of them."""
    nothing: Any = object()
    with ThreadPoolExecutor(1) as pool:
        coming = deque(pool.submit(next, items, nothing) for _ in range(depth))
        try:
            while (item := coming.popleft().result()) is not nothing:
                coming.append(pool.submit(next, items, nothing))
                yield item
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _pieces(source: Source) -> Iterator[_Piece]:
    """Read a part block by block, and sort the records of each."""
    layout, examined, digest = source.layout, source.part.examined, hashlib.sha256()
    for block in readers.blocks(source.part.text, examined.encoding, layout.delimiter):
        digest.update(memoryview(block.raw)[: int(block.raw_at[-1])])
        kind, faults = sorting.kinds(block, layout, source.remarks)
        if source.correcting is not None:
            faults += source.correcting.sort(block, kind, layout, source.name)
        cells, shapes = pa.table({}), dict[str, int]()
        if layout.profile.set_aside:
            kind[np.isin(kind, (ledger.ACCEPTED, ledger.QUARANTINED))] = ledger.SET_ASIDE
            faults = []
        elif (kind == ledger.ACCEPTED).any():
            cells, shapes, unsplit = _cells(source, block, kind)
            faults += unsplit
        yield _Piece(source, block, kind, faults, cells, shapes)
    if digest.hexdigest() != examined.sha256:
        raise BadFile(
            f"{source.name}: 文件在导入时被改动, 未导入。请重试",
            f"{source.name}: the file changed while it was read. Try again",
        )


def _cells(source: Source, block: Block, kind: NDArray[np.int8]) -> tuple[pa.Table, dict[str, int], list[Fault]]:
    """Split the rows of a block into the cells of its profile, take the totals out; also the columns' shapes and the faults."""
    layout = source.layout
    made = splitting.split(block, kind == ledger.ACCEPTED, layout)
    faults = made.faults
    totals = sorting.totals(made.cells[0])
    if totals.any():
        kind[made.place[totals]] = ledger.TOTAL
        keep = np.zeros(len(block), np.bool_)
        keep[made.place[~totals]] = True
        made = splitting.split(block, keep, layout)
    if layout.profile.signed:
        made, gainsaid = _with_signs(made, block, layout)
        faults = faults + gainsaid
    n = len(made.place)
    nothing = pa.nulls(n, pa.string_view())
    cells = {c: made.cells[layout.place[c]] if c in layout.place else nothing for c in layout.profile.columns}
    if block.encoding == encodings.SHEET:
        cells |= serials.dated(cells, layout.profile, source.part.date1904)
    told = {fact: pa.repeat(pa.scalar(value, pa.string_view()), n) for fact, value in layout.facts.items()}
    ids = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([source.id]))
    known = {"line": block.line[made.place], "source_seq": np.full(n, source.seq, np.int32), "source_id": ids}
    shapes = {c: made.shapes[layout.place[c]] if c in layout.place else EVERY for c in layout.profile.columns}
    return pa.table({**known, **cells, **told}), shapes, faults


def _with_signs(made: splitting.Split, block: Block, layout: Layout) -> tuple[splitting.Split, list[Fault]]:
    """Take out the rows whose sign is gainsaid by a word of another column, and say so."""
    found, name = signs.gainsaid(made.cells, layout)
    if not found.any():
        return made, []
    zh = f"金额没有负号, 而“{name}”一列写明为付出: 方向不能按正负号判断。请在 mapping.toml 中把该列列为 flag"
    en = f"the amount has no minus, and the column {name} says that it went out: name that column as flag in a mapping.toml"
    keep = np.zeros(len(block), np.bool_)
    keep[made.place[~found]] = True
    faults = [Fault(int(block.line[i]), zh, en) for i in made.place[found].tolist()]
    return splitting.split(block, keep, layout), faults


def as_text(name: str) -> str:
    """Return a name as text that every part can hold: what a file system allows need not be valid Unicode."""
    return name.encode("utf-8", "backslashreplace").decode()
