"""Sorting the records of a block into kinds, and splitting those that are rows into cells."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lib.intake import ledger, readers, surroundings
from lib.intake.profiles import Layout
from lib.intake.readers import AMBIGUOUS, NUL, OPEN_QUOTE, TEXT_AFTER_QUOTE, UNDECODABLE, WELL_FORMED, Block
from lib.intake.staging import Fault

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


def kinds(block: Block, layout: Layout, remarks: surroundings.Remarks) -> tuple[NDArray[np.int8], list[Fault]]:
    """Sort the records of a block into kinds by their shape; return why some are set apart."""
    kind = np.full(len(block), ledger.ACCEPTED, np.int8)
    line = block.line[:-1]
    expected = len(layout.header)
    bad = (block.mark != 0) | (block.state != WELL_FORMED) | _misshapen(block, layout)
    kind[bad] = ledger.QUARANTINED
    kind[blank(block, layout.delimiter)] = ledger.BLANK
    kind[line < layout.header_line] = ledger.PREAMBLE
    kind[line == layout.header_line] = ledger.HEADER
    surroundings.sort_out(block, kind, layout, remarks)
    faults = []
    for i in np.flatnonzero(kind == ledger.QUARANTINED).tolist():
        first_cell = block.record(i).split(layout.delimiter, 1)[0]
        if not block.mark[i] and totals(pa.array([first_cell]))[0].as_py():
            kind[i] = ledger.TOTAL
        else:
            faults.append(_shape_fault(block, i, expected))
    return kind, faults


def _misshapen(block: Block, layout: Layout) -> NDArray[np.bool_]:
    """Tell which records have more or fewer fields than rows of the layout may have."""
    expected, profile = len(layout.header), layout.profile
    bad: NDArray[np.bool_] = (block.fields < expected - profile.fewer) | (block.fields > expected + profile.more)
    if len(block) and not block.text.endswith((b"\n", b"\r")) and block.fields[-1] < expected:
        bad[-1] = True  # the file ends in the middle of a line: what is missing may have been there
    return bad


def blank(block: Block, delimiter: str) -> NDArray[np.bool_]:
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


def repeated_headers(block: Block, kind: NDArray[np.int8], layout: Layout, header: str | None) -> str | None:
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


def split(block: Block, keep: NDArray[np.bool_], layout: Layout) -> tuple[pa.Table, NDArray[np.int64], list[Fault]]:
    """Split the kept records into as many cells as the header has; return them, their places, and what cannot be split.

    Where a layout leaves last fields out, they are null; where it ends its rows with blank fields, they are cut off.
    """
    expected, faults, parts, places = len(layout.header), list[Fault](), [], []
    names = [str(i) for i in range(expected)]
    for n in np.unique(block.fields[keep]).tolist():
        chosen = keep & (block.fields == n)
        part, place = readers.fields(block, chosen, layout.delimiter, n), np.flatnonzero(chosen)
        for i in range(expected, n):
            filled = np.asarray(pc.not_equal(pc.utf8_trim_whitespace(part[str(i)]), ""))
            faults += [_shape_fault(block, at, expected) for at in place[filled].tolist()]
            part, place = part.filter(pa.array(~filled)), place[~filled]
        missing = {str(i): pa.nulls(part.num_rows, pa.string()) for i in range(n, expected)}
        parts.append(pa.table({**{name: part[name] for name in names[:n]}, **missing}))
        places.append(place)
    if not parts:
        return readers.fields(block, keep, layout.delimiter, expected), np.flatnonzero(keep), faults
    if len(parts) == 1:
        return parts[0], places[0], faults
    place = np.concatenate(places)
    order = np.argsort(place)
    return pa.concat_tables(parts).take(pa.array(order)).combine_chunks(), place[order], faults


def totals(first_cells: pa.StringArray) -> pa.BooleanArray:
    """Tell which first cells say that their row is a total."""
    bare = pc.replace_substring_regex(first_cells, r"[\s\x{3000}:：\"]", "")
    return pc.is_in(pc.utf8_lower(bare), pa.array(TOTALS))
