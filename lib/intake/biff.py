"""The child's side of the sandbox: what calamine does not tell of an old workbook (.xls): errors in cells, the 1904 calendar.

Sources: Microsoft's [MS-CFB] 2.2–2.6 for the file around it, [MS-XLS] 2.4.28 (BoundSheet8), 2.4.24 (BoolErr), 2.4.127
(Formula), 2.5.10 (BErr).
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lib.intake.cells import Extras, Place

_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_LAST = 0xFFFFFFF9  # sectors from here on are marks, not places
_BEGIN, _END, _FORMULA, _DATE_MODE, _SHEET, _BOOL_OR_ERROR = 0x0809, 0x000A, 0x0006, 0x0022, 0x0085, 0x0205


def extras(path: Path, sheet_names: Sequence[str]) -> Extras:
    """Return the errors of each sheet, in the workbook's order, and how its days are counted; nothing, if that is not found."""
    try:
        return _extras(_workbook(path.read_bytes()), sheet_names)
    except (struct.error, IndexError, StopIteration):  # calamine has read it: another kind of file around the same sheets
        return Extras()


def _extras(stream: bytes, sheet_names: Sequence[str]) -> Extras:
    offsets, date1904 = list[int](), False
    for kind, at, size in _records(stream, 0):
        if kind == _SHEET:
            offsets.append(struct.unpack_from("<I", stream, at)[0])
        elif kind == _DATE_MODE and size >= 2:
            date1904 = stream[at] == 1
    if len(offsets) != len(sheet_names):
        return Extras(date1904=date1904)
    return Extras({name: _errors(stream, offset) for name, offset in zip(sheet_names, offsets, strict=True)}, date1904)


def _errors(stream: bytes, offset: int) -> dict[Place, str]:
    found = dict[Place, str]()
    for kind, at, size in _records(stream, offset):
        if kind == _BOOL_OR_ERROR and size >= 8 and stream[at + 7]:
            code = stream[at + 6]
        elif kind == _FORMULA and size >= 14 and stream[at + 12 : at + 14] == b"\xff\xff" and stream[at + 6] == 2:
            code = stream[at + 8]
        else:
            continue
        row, column = struct.unpack_from("<HH", stream, at)
        found[row, column] = _ERRORS.get(code, "#")
    return found


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Go through the records of a part of the stream up to its end; charts inside it are passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, at + 4, size
        at += 4 + size


def _workbook(raw: bytes) -> bytes:
    """Take the stream with the sheets out of the file around it."""
    sector, mini = 1 << struct.unpack_from("<H", raw, 30)[0], 1 << struct.unpack_from("<H", raw, 32)[0]
    first, _, cutoff, first_mini = struct.unpack_from("<4I", raw, 48)

    def at(number: int) -> bytes:
        return raw[(number + 1) * sector : (number + 2) * sector]

    table = _numbers(b"".join(map(at, _tables(raw, sector, at))))
    entries = b"".join(map(at, _chain(table, first)))
    split = [entries[i : i + 128] for i in range(0, len(entries), 128)]
    root, found = split[0], next(entry for entry in split if _name(entry) in ("Workbook", "Book"))
    start, size = struct.unpack_from("<II", found, 116)
    if size >= cutoff:
        return b"".join(map(at, _chain(table, start)))[:size]
    small = b"".join(map(at, _chain(table, struct.unpack_from("<I", root, 116)[0])))
    small_table = _numbers(b"".join(map(at, _chain(table, first_mini))))
    return b"".join(small[n * mini : (n + 1) * mini] for n in _chain(small_table, start))[:size]


def _tables(raw: bytes, sector: int, at: Callable[[int], bytes]) -> list[int]:
    """Return the sectors that hold the table of sectors: the first 109 stand in the head, the others in a chain."""
    found = list(struct.unpack_from("<109I", raw, 76))
    more, seen = struct.unpack_from("<I", raw, 68)[0], set[int]()
    while more < _LAST and more not in seen:
        seen.add(more)
        numbers = _numbers(at(more))
        found, more = [*found, *numbers[:-1]], numbers[-1]
    return [number for number in found if number < _LAST]


def _numbers(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])


def _chain(table: Sequence[int], number: int) -> Iterator[int]:
    for _ in range(len(table)):
        if number >= len(table):
            return
        yield number
        number = table[number]


def _name(entry: bytes) -> str:
    size = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(min(size, 64) - 2, 0)].decode("utf-16-le", "replace")
