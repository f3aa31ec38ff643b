"""Sorting the records of a block into kinds by their shape."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lib.intake import carried, ledger, surroundings
from lib.intake.cleaning import BLANKS
from lib.intake.profiles import Layout
from lib.intake.readers import AMBIGUOUS, NUL, OPEN_QUOTE, TEXT_AFTER_QUOTE, UNDECODABLE, WELL_FORMED, Block
from lib.intake.staging import Fault

# First cells that make a row a total of the rows above it.
TOTALS = ("合计", "总计", "小计", "本页合计", "本页小计", "total", "subtotal")
_BEGINS_TOTAL = np.zeros(256, np.bool_)
_BEGINS_TOTAL[[byte for word in (*TOTALS, "T", "S", " ", "\t", "\u3000", ":", "：", '"') for byte in word.encode()[:1]]] = True
_PARTED = r"(?:^|,)\s*[-+¥￥(]*[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?\)?\s*(?:,|$)"
_SPARE = 40  # bytes of blanks and delimiters that a repeated header may have beyond the first
_MANY = 3  # rows of one number of fields, from which that number is taken for the usual one
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
    bad |= _parted_numbers(block, layout, bad)
    kind[bad] = ledger.QUARANTINED
    kind[blank(block, layout.delimiter)] = ledger.BLANK
    kind[line < layout.header_line] = ledger.PREAMBLE
    kind[line == layout.header_line] = ledger.HEADER
    surroundings.sort_out(block, kind, layout, remarks)
    _repeated_headers(block, kind, layout)  # a header may hold 余额 as a word, like what is carried forward
    carried.sort_out(block, kind, layout, remarks)
    faults = []
    for i in np.flatnonzero(kind == ledger.QUARANTINED).tolist():
        first_cell = block.record(i).split(layout.delimiter, 1)[0]
        if not block.mark[i] and totals(pa.array([first_cell], pa.string_view()))[0]:
            kind[i] = ledger.TOTAL
        else:
            faults.append(shape_fault(block, i, expected))
    return kind, faults


def _misshapen(block: Block, layout: Layout) -> NDArray[np.bool_]:
    """Tell which records have more or fewer fields than rows of the layout may have."""
    expected, profile = len(layout.header), layout.profile
    bad: NDArray[np.bool_] = (block.fields < expected - profile.fewer) | (block.fields > expected + profile.more)
    if len(block) and not block.text.endswith((b"\n", b"\r")) and block.fields[-1] < expected:
        bad[-1] = True  # the file ends in the middle of a line: what is missing may have been there
    return bad


def _parted_numbers(block: Block, layout: Layout, bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which records have another number of fields than most and a number like 1,234.50, unquoted, that may be the reason.

    Only a layout lets them pass whose rows may have more or fewer fields than its header.
    """
    profile, parted = layout.profile, np.zeros(len(block), np.bool_)
    if layout.delimiter != "," or not (profile.fewer or profile.more):
        return parted
    rows = ~bad & (block.line[:-1] > layout.header_line)
    counts = np.bincount(block.fields[rows], minlength=1)
    usual = int(counts.argmax()) if counts.max() >= _MANY else len(layout.header)
    odd = rows & (block.fields != usual)
    return odd & surroundings.matching(block, _PARTED) if odd.any() else parted


def blank(block: Block, delimiter: str) -> NDArray[np.bool_]:
    """Tell which records hold nothing but blanks, delimiters and quotes."""
    if not block.text:  # a byte order mark and nothing else
        return np.ones(len(block), np.bool_)
    solid = np.ones(256, np.bool_)
    solid[[ord(c) for c in f' \t\r\n"{delimiter}']] = False
    units = np.frombuffer(block.text, np.uint8)
    maybe = np.flatnonzero(~solid[units[np.minimum(block.text_at[:-1], len(units) - 1)]] & (block.state == WELL_FORMED))
    found = np.zeros(len(block), np.bool_)
    for i in maybe.tolist():
        found[i] = not solid[units[block.text_at[i] : block.text_at[i + 1]]].any()
    return found


def shape_fault(block: Block, i: int, expected: int) -> Fault:
    """Say why a record cannot be read as a row."""
    line, mark, state = int(block.line[i]), int(block.mark[i]), int(block.state[i])
    if mark or state != WELL_FORMED:
        return Fault(line, *(_MARKS[mark] if mark else _STATES[state]))
    n = int(block.fields[i])
    return Fault(line, f"有 {n} 个字段, 表头有 {expected} 个", f"{n} fields where the header has {expected}")


def _repeated_headers(block: Block, kind: NDArray[np.int8], layout: Layout) -> None:
    """Mark rows that repeat the header, as files that were joined end to end have them, with more blanks or without."""
    header = _cells(layout.delimiter.join(layout.header), layout.delimiter)
    first = next((cell for cell in header if cell), "")
    if not first:
        return
    size, begins = len("".join(header).encode()), np.zeros(256, np.bool_)
    begins[[first.encode()[0], *(mark.encode()[0] for mark in (*BLANKS, '"', layout.delimiter))]] = True
    length = np.diff(block.text_at)
    rows = np.isin(kind, (ledger.ACCEPTED, ledger.QUARANTINED)) & (block.mark == 0)
    near = np.flatnonzero(rows & (length >= size) & (length <= 2 * size + _SPARE))
    near = near[begins[np.frombuffer(block.text, np.uint8)[block.text_at[near]]]]
    for i in near.tolist():
        record = block.record(i)
        if first in record and _cells(record, layout.delimiter) == header:
            kind[i] = ledger.HEADER


def _cells(record: str, delimiter: str) -> list[str]:
    """Return the trimmed cells of a record up to the last that is not empty."""
    try:
        cells = [cell.strip(BLANKS) for cell in next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter), [])]
    except csv.Error:
        return []
    while cells and not cells[-1]:
        cells.pop()
    return cells


def totals(first_cells: pa.StringViewArray) -> NDArray[np.bool_]:
    """Tell which first cells say that their row is a total; only those are looked at that begin like one."""
    n = len(first_cells)
    views = np.frombuffer(first_cells.buffers()[1], np.uint8).reshape(-1, 16)[first_cells.offset : first_cells.offset + n]
    found = np.zeros(n, np.bool_)
    at = np.flatnonzero(_BEGINS_TOTAL[views[:, 4]] & (views[:, 0] > 0))
    if len(at):
        texts = first_cells.cast(pa.string()).take(pa.array(at))
        bare = pc.replace_substring_regex(texts, r"[\s\x{3000}:：\"]", "")
        found[at] = np.asarray(pc.is_in(pc.utf8_lower(bare), pa.array(TOTALS)).fill_null(False))
    return found
