"""Loading one part of a file: find its layout, sort its records into kinds, stage its rows and keep account of every byte."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lib import paths
from lib.errors import BadFile, UnknownLayout
from lib.intake import ledger, matching, readers, sorting, surroundings
from lib.intake.parts import Part
from lib.intake.profiles import DELIMITERS, HEADER_LINES, Layout, Profile
from lib.intake.readers import Block
from lib.intake.sandbox import Reason
from lib.intake.staging import Fault, stage
from lib.store import Store

_FORMULA = re.compile('="([^"]*)"')


@dataclass
class Source:
    """A part of a file on its way into the Store: where it lies, what it is, and what became of its records."""

    part: Part
    delivery: str
    layout: Layout
    seq: int = 0
    tally: ledger.Tally = field(default_factory=ledger.Tally)
    faults: dict[int, list[Fault]] = field(default_factory=dict)
    originals: dict[int, str] = field(default_factory=dict)
    remarks: surroundings.Remarks = field(default_factory=surroundings.Remarks)

    @property
    def id(self) -> str:
        """S and 12 hex digits."""
        return self.part.id

    @property
    def name(self) -> str:
        """File, member and sheet, for people."""
        return self.part.label

    def set_apart(self, faults: list[Fault], texts: dict[int, str]) -> None:
        """Set rows apart, with their reasons and their original texts."""
        for fault in faults:
            self.faults.setdefault(fault.line, []).append(fault)
        self.originals |= texts
        self.tally.set_apart([fault.line for fault in faults])


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

    def count(self) -> None:
        """Count its records, unless it cannot be read."""
        for block in readers.blocks(self.part.text, self.part.examined.encoding, ",") if not self.reason else ():
            kind = np.full(len(block), ledger.SET_ASIDE, np.int8)
            kind[sorting.blank(block, ",")] = ledger.BLANK
            self.tally.add(block.line, block.raw_at + block.byte_from, kind)


def identify(part: Part, own: Sequence[Profile] = ()) -> Layout:
    """Find the layout of a part by its first lines; `own` are profiles that the delivery brings.

    Raises
    ------
    BadFile
        If it is empty or no profile, or more than one, fits.
    """
    encoding = part.examined.encoding
    if part.examined.bytes == 0:
        raise UnknownLayout(
            f"{part.label}: 文件是空的 (0 字节)。请向提供方重新索取, 或将其移出交付目录",
            f"{part.label}: the file is empty. Ask for it again",
        )
    delimiters, written = (",", "utf-8") if encoding == readers.SHEET else (DELIMITERS, encoding)
    lines = {delimiter: _first_records(part.text, encoding, delimiter) for delimiter in delimiters}
    try:
        return matching.match(part.file_name, written, lines, own=own)
    except BadFile as error:
        named = (text.replace(part.file_name, part.label, 1) for text in (error.zh, error.en))
        raise type(error)(*named) from None


def _first_records(path: Path, encoding: str, delimiter: str) -> list[tuple[int, str]]:
    """Return line and text of the records that begin in the first lines, where a header may stand."""
    found: list[tuple[int, str]] = []
    for block in readers.blocks(path, encoding, delimiter, size=1 << 18):
        n = int(np.searchsorted(block.line[:-1], HEADER_LINES, side="right"))
        found += [(int(block.line[i]), _bare(block.record(i))) for i in range(n)]
        if n < len(block):
            break
    return found


def _bare(text: str) -> str:
    """Take cells out of ="…", as exports write them so that a spreadsheet leaves them as they are."""
    return _FORMULA.sub(r"\1", text) if '="' in text else text


def load(store: Store, source: Source, progress: Callable[[int], None]) -> None:
    """Stage the rows of a part, block by block; what cannot be used is set apart with its reason.

    Parameters
    ----------
    progress
        Told the number of bytes read so far.

    Raises
    ------
    BadFile
        If the file changed while it was being read.
    """
    layout, examined, digest = source.layout, source.part.examined, hashlib.sha256()
    header: str | None = None
    for block in readers.blocks(source.part.text, examined.encoding, layout.delimiter):
        digest.update(memoryview(block.raw)[: int(block.raw_at[-1])])
        kind, faults = sorting.kinds(block, layout, source.remarks)
        header = sorting.repeated_headers(block, kind, layout, header)
        if layout.profile.set_aside:
            kind[np.isin(kind, (ledger.ACCEPTED, ledger.QUARANTINED))] = ledger.SET_ASIDE
            faults = []
        elif (kind == ledger.ACCEPTED).any():
            faults += _stage(store, source, block, kind)
        source.tally.add(block.line, block.raw_at + block.byte_from, kind)
        at = {int(line): i for i, line in enumerate(block.line[:-1])} if faults else {}
        source.set_apart(faults, {fault.line: block.original(at[fault.line]) for fault in faults})
        progress(source.tally.end_byte)
    if digest.hexdigest() != examined.sha256:
        raise BadFile(
            f"{source.name}: 文件在导入时被改动, 未导入。请重试",
            f"{source.name}: the file changed while it was read. Try again",
        )


def _stage(store: Store, source: Source, block: Block, kind: NDArray[np.int8]) -> list[Fault]:
    """Split the rows into cells, take the totals and what is no transaction out, and stage the rest."""
    layout = source.layout
    split, place, faults = sorting.split(block, kind == ledger.ACCEPTED, layout)
    totals = sorting.totals(split["0"].combine_chunks())
    kind[place[totals.to_numpy(zero_copy_only=False)]] = ledger.TOTAL
    nothing = pa.nulls(split.num_rows, pa.string())
    cells = {c: split[str(layout.place[c])] if c in layout.place else nothing for c in layout.profile.columns}
    told = {fact: pa.repeat(pa.scalar(value, pa.string()), split.num_rows) for fact, value in layout.facts.items()}
    rows = pa.table({"line": block.line[place], **cells, **told}).filter(pc.invert(totals))
    found, aside = stage(store, source.id, source.seq, layout, rows)
    kind[np.isin(block.line[:-1], aside) & (kind == ledger.ACCEPTED)] = ledger.SET_ASIDE
    return faults + found


def write(draft: Store, source: Source | Aside, importer_version: str) -> None:
    """Write down where a part's rows come from: the file, its spans, the rows set apart."""
    part, tally = source.part, source.tally
    row = {
        "source_id": source.id,
        "seq": source.seq,
        "delivery": as_text(source.delivery),
        "name": as_text(part.name),
        "member": as_text(part.member),
        "sheet": as_text(part.sheet),
        "path": as_text(paths.written(part.path)),
        "sha256": part.sha256,
        "bytes": part.file.bytes,
        "importer_version": importer_version,
        **(_read(source) if isinstance(source, Source) else _unread(source)),
    }
    append(draft, "sources", pa.table({name: pa.array([value], _TYPES.get(name)) for name, value in row.items()}))
    append(draft, "spans", tally.spans(source.id, as_text(part.member), as_text(part.sheet)))
    apart = _apart(source)
    if apart:
        lines, reasons, texts = (list(column) for column in zip(*apart, strict=True))
        columns = {"source_id": [source.id] * len(apart), "line": lines, "reason": reasons, "original_text": texts}
        append(draft, "quarantine", pa.table(columns, _QUARANTINE))


_TYPES = {"unused_columns": pa.list_(pa.string())}
_QUARANTINE = pa.schema({"source_id": pa.string(), "line": pa.int64(), "reason": pa.string(), "original_text": pa.string()})


def _read(source: Source) -> dict[str, Any]:
    """Return the columns of `sources` for a part that was read."""
    tally, layout = source.tally, source.layout
    aside = tally.count(ledger.SET_ASIDE)
    return {
        "encoding": source.part.examined.encoding,
        "delimiter": layout.delimiter,
        "profile_id": layout.profile.id,
        "header_line": layout.header_line,
        "rows_read": tally.count(ledger.ACCEPTED, ledger.QUARANTINED) + (aside if layout.profile.set_aside else 0),
        "rows_accepted": tally.count(ledger.ACCEPTED),
        "rows_set_aside": aside,
        "rows_quarantined": tally.count(ledger.QUARANTINED),
        "state": "set_aside" if layout.profile.set_aside else "imported",
        "unused_columns": layout.unused,
    }


def _unread(source: Aside) -> dict[str, Any]:
    """Return the columns of `sources` for a part that was not read; of one that cannot be, nothing is known."""
    if source.reason:
        return {"state": source.state}
    aside = source.tally.count(ledger.SET_ASIDE)
    counts = {"rows_read": aside, "rows_accepted": 0, "rows_quarantined": 0, "rows_set_aside": aside}
    return {"encoding": source.part.examined.encoding, "delimiter": ",", "state": source.state, **counts}


def _apart(source: Source | Aside) -> list[tuple[int, str, str | None]]:
    """Return line, reason and text of what is set apart: rows, or the whole part (line 0)."""
    if isinstance(source, Aside):
        return [(0, "\n".join(as_text(text).replace("\n", " ") for text in source.reason), None)] if source.reason else []
    return [(line, _reason(source.faults[line]), source.originals[line]) for line in sorted(source.faults)]


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
