"""Loading one file: find its layout, sort its records into kinds, stage its rows and keep account of every byte."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lib import paths
from lib.errors import BadFile
from lib.intake import ledger, profiles, readers
from lib.intake.profiles import DELIMITERS, HEADER_LINES, Layout
from lib.intake.readers import AMBIGUOUS, NUL, OPEN_QUOTE, TEXT_AFTER_QUOTE, UNDECODABLE, WELL_FORMED, Block, Examined
from lib.intake.staging import Fault, stage
from lib.store import Store

# First cells that make a row a total of the rows above it.
TOTALS = ("合计", "总计", "小计", "本页合计", "本页小计", "total", "subtotal")
_MARKS = {
    UNDECODABLE: ("有无法按文件编码解码的字节", "bytes that the file's encoding does not have"),
    AMBIGUOUS: ("编码与文件其余部分不同 (UTF-8)", "in another encoding (UTF-8) than the rest of the file"),
    NUL: ("含有空字节 (NUL)", "NUL bytes"),
}
_STATES = {
    OPEN_QUOTE: ("引号没有闭合", "a quote is not closed"),
    TEXT_AFTER_QUOTE: ("引号闭合后还有文字", "text after a closing quote"),
}


@dataclass
class Source:
    """A file on its way into the Store: where it lies, what it is, and what became of its records."""

    path: Path
    name: str
    delivery: str
    examined: Examined
    layout: Layout
    seq: int = 0
    tally: ledger.Tally = field(default_factory=ledger.Tally)
    faults: dict[int, list[Fault]] = field(default_factory=dict)
    originals: dict[int, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """S and 12 hex digits of the hash."""
        return source_id(self.examined)

    def set_apart(self, faults: list[Fault], texts: dict[int, str]) -> None:
        """Set rows apart, with their reasons and their original texts."""
        for fault in faults:
            self.faults.setdefault(fault.line, []).append(fault)
        self.originals |= texts
        self.tally.set_apart([fault.line for fault in faults])


def source_id(examined: Examined) -> str:
    """Return the id of a file: S and 12 hex digits of its hash."""
    return f"S{examined.sha256[:12]}"


def identify(path: Path, name: str, examined: Examined) -> Layout:
    """Find the layout of a file by its first lines.

    Raises
    ------
    BadFile
        If it is empty or no profile, or more than one, fits.
    """
    if examined.bytes == 0:
        raise BadFile(
            f"{name}: 文件是空的 (0 字节)。请向提供方重新索取, 或将其移出交付目录",
            f"{name}: the file is empty. Ask for it again",
        )
    lines = {delimiter: _first_records(path, examined.encoding, delimiter) for delimiter in DELIMITERS}
    return profiles.match(name, examined.encoding, lines)


def _first_records(path: Path, encoding: str, delimiter: str) -> list[tuple[int, str]]:
    """Return line and text of the records that begin in the first lines, where a header may stand."""
    found: list[tuple[int, str]] = []
    for block in readers.blocks(path, encoding, delimiter, size=1 << 18):
        n = int(np.searchsorted(block.line[:-1], HEADER_LINES, side="right"))
        found += [(int(block.line[i]), block.record(i)) for i in range(n)]
        if n < len(block):
            break
    return found


def load(store: Store, source: Source, progress: Callable[[int], None]) -> None:
    """Stage the rows of a file, block by block; what cannot be used is set apart with its reason.

    Parameters
    ----------
    progress
        Told the number of bytes read so far.

    Raises
    ------
    BadFile
        If the file changed while it was being read.
    """
    layout, digest = source.layout, hashlib.sha256()
    header: str | None = None
    for block in readers.blocks(source.path, source.examined.encoding, layout.delimiter):
        digest.update(memoryview(block.raw)[: int(block.raw_at[-1])])
        kind, faults = _kinds(block, layout)
        header = _repeated_headers(block, kind, layout, header)
        if layout.profile.set_aside:
            kind[np.isin(kind, (ledger.ACCEPTED, ledger.QUARANTINED))] = ledger.SET_ASIDE
            faults = []
        elif (kind == ledger.ACCEPTED).any():
            faults += _stage(store, source, block, kind)
        source.tally.add(block.line, block.raw_at + block.byte_from, kind)
        at = {int(line): i for i, line in enumerate(block.line[:-1])} if faults else {}
        source.set_apart(faults, {fault.line: block.original(at[fault.line]) for fault in faults})
        progress(source.tally.end_byte)
    if digest.hexdigest() != source.examined.sha256:
        raise BadFile(
            f"{source.name}: 文件在导入时被改动, 未导入。请重试",
            f"{source.name}: the file changed while it was read. Try again",
        )


def _kinds(block: Block, layout: Layout) -> tuple[NDArray[np.int8], list[Fault]]:
    """Sort the records of a block into kinds by their shape; return why some are set apart."""
    kind = np.full(len(block), ledger.ACCEPTED, np.int8)
    line = block.line[:-1]
    expected = len(layout.header)
    bad = (block.mark != 0) | (block.state != WELL_FORMED) | (block.fields != expected)
    kind[bad] = ledger.QUARANTINED
    kind[_blank(block, layout.delimiter)] = ledger.BLANK
    kind[line < layout.header_line] = ledger.PREAMBLE
    kind[line == layout.header_line] = ledger.HEADER
    faults = []
    for i in np.flatnonzero(kind == ledger.QUARANTINED).tolist():
        first_cell = block.record(i).split(layout.delimiter, 1)[0]
        if not block.mark[i] and _totals(pa.array([first_cell]))[0].as_py():
            kind[i] = ledger.TOTAL
        else:
            faults.append(_shape_fault(block, i, expected))
    return kind, faults


def _blank(block: Block, delimiter: str) -> NDArray[np.bool_]:
    """Tell which records hold nothing but blanks, delimiters and quotes."""
    if not block.text:  # a byte order mark and nothing else
        return np.ones(len(block), np.bool_)
    solid = np.ones(256, np.uint8)
    solid[[ord(c) for c in f' \t\r\n"{delimiter}']] = 0
    any_solid = np.maximum.reduceat(solid[np.frombuffer(block.text, np.uint8)][: block.text_at[-1]], block.text_at[:-1])
    blank: NDArray[np.bool_] = (any_solid == 0) & (block.state == WELL_FORMED)
    return blank


def _shape_fault(block: Block, i: int, expected: int) -> Fault:
    """Say why a record cannot be read as a row."""
    line, mark, state = int(block.line[i]), int(block.mark[i]), int(block.state[i])
    if mark or state != WELL_FORMED:
        return Fault(line, *(_MARKS[mark] if mark else _STATES[state]))
    n = int(block.fields[i])
    return Fault(line, f"有 {n} 个字段, 表头有 {expected} 个", f"{n} fields where the header has {expected}")


def _repeated_headers(block: Block, kind: NDArray[np.int8], layout: Layout, header: str | None) -> str | None:
    """Mark rows that repeat the header, as files that were joined end to end have them."""
    at = np.flatnonzero(kind == ledger.HEADER)
    if header is None and len(at):
        header = block.record(int(at[0]))
    if header:
        size = len(header.encode())
        length = np.diff(block.text_at)
        near = np.flatnonzero((kind == ledger.ACCEPTED) & (length >= size) & (length <= size + 2))
        begins = np.frombuffer(block.text, np.uint8)[block.text_at[near]] == header.encode()[0]
        for i in near[begins].tolist():
            if block.record(i) == header:
                kind[i] = ledger.HEADER
    return header


def _stage(store: Store, source: Source, block: Block, kind: NDArray[np.int8]) -> list[Fault]:
    """Split the rows into cells, take the totals out, and stage the rest."""
    layout = source.layout
    keep = kind == ledger.ACCEPTED
    split = readers.fields(block, keep, layout.delimiter, len(layout.header))
    totals = _totals(split["0"].combine_chunks())
    kind[np.flatnonzero(keep)[totals.to_numpy(zero_copy_only=False)]] = ledger.TOTAL
    nothing = pa.nulls(split.num_rows, pa.string())
    cells = {c: split[str(layout.place[c])] if c in layout.place else nothing for c in layout.profile.columns}
    rows = pa.table({"line": block.line[:-1][keep], **cells}).filter(pc.invert(totals))
    return stage(store, source.id, source.seq, layout, rows)


def _totals(first_cells: pa.StringArray) -> pa.BooleanArray:
    """Tell which first cells say that their row is a total."""
    bare = pc.replace_substring_regex(first_cells, r"[\s\x{3000}:：\"]", "")
    return pc.is_in(pc.utf8_lower(bare), pa.array(TOTALS))


def write(draft: Store, source: Source, importer_version: str) -> None:
    """Write down where a file's rows come from: the file, its spans, the rows set apart."""
    tally, layout = source.tally, source.layout
    aside = bool(layout.profile.set_aside)
    row = {
        "source_id": source.id,
        "seq": source.seq,
        "delivery": as_text(source.delivery),
        "name": as_text(source.name),
        "path": as_text(paths.written(source.path)),
        "sha256": source.examined.sha256,
        "bytes": source.examined.bytes,
        "encoding": source.examined.encoding,
        "delimiter": layout.delimiter,
        "profile_id": layout.profile.id,
        "importer_version": importer_version,
        "header_line": layout.header_line,
        "rows_read": tally.count(ledger.ACCEPTED, ledger.QUARANTINED, ledger.SET_ASIDE),
        "rows_accepted": tally.count(ledger.ACCEPTED),
        "rows_quarantined": tally.count(ledger.QUARANTINED),
        "state": "set_aside" if aside else "imported",
        "unused_columns": layout.unused,
    }
    kept = {name: pa.array([value], pa.list_(pa.string()) if name == "unused_columns" else None) for name, value in row.items()}
    append(draft, "sources", pa.table(kept))
    append(draft, "spans", tally.spans(source.id))
    if source.faults:
        lines = sorted(source.faults)
        reasons = [_reason(source.faults[line]) for line in lines]
        texts = [source.originals[line] for line in lines]
        columns = {"source_id": [source.id] * len(lines), "line": lines, "reason": reasons, "original_text": texts}
        append(draft, "quarantine", pa.table(columns))


def _reason(faults: list[Fault]) -> str:
    """Join the reasons of a row: Chinese on the first line, English on the second (ledger.reason picks one)."""
    first = list(dict.fromkeys(faults))
    return "; ".join(fault.zh for fault in first).replace("\n", " ") + "\n" + "; ".join(fault.en for fault in first)


def append(draft: Store, table: str, rows: pa.Table) -> None:
    """Add rows to a table of the draft."""
    draft.derive("_written", rows)
    draft.execute(f"insert into store.{table} by name select * from _written")


def as_text(name: str) -> str:
    """Return a name as text that every part can hold: what a file system allows need not be valid Unicode."""
    return name.encode("utf-8", "backslashreplace").decode()
