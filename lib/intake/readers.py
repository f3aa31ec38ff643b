"""Reading a delimited text file: its encoding, and its records with the line and the bytes that each comes from.

Files are read twice in blocks, never whole: first for hash and encoding (`examine`), then for records (`blocks`). Decoding
is strict. Where only some lines cannot be decoded, those lines are marked and the rest is read.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lib.errors import BadFile
from lib.intake import encodings
from lib.intake.cells import LINE_BREAK
from lib.intake.encodings import SHEET

BLOCK_BYTES = encodings.CHUNK_BYTES
BIG = 1 << 20  # bytes of text from which a kernel is worth the second that loading it takes
MAX_RECORD_LINES = 1000
_HEAD = 4096

# States of a record: those of kernels.records, which is imported only where there are quotes.
WELL_FORMED, OPEN_QUOTE, TEXT_AFTER_QUOTE = range(3)
# Marks of a line.
UNDECODABLE, AMBIGUOUS, NUL = 1, 2, 3


@dataclass(frozen=True)
class Examined:
    """What the first pass over a file found: hash of its bytes, their number, and the encoding that fits."""

    sha256: str
    bytes: int
    encoding: str


@dataclass
class Block:
    """A run of whole records.

    Attributes
    ----------
    raw, text
        The bytes as they are in the file, and the same in UTF-8.
    raw_at, text_at
        Offset of each record in `raw` and `text`, and the end as the last one.
    line
        First line of each record, from 1, and the line after the last one.
    fields, state
        Number of fields of each record; whether its quotes are well formed (kernels.records).
    mark
        0, or why a line of the record cannot be used: UNDECODABLE, AMBIGUOUS, NUL.
    byte_from
        Where `raw` begins in the file.
    cuts, cut_at
        Where the fields of well-formed records end in `text`, one after the other, and the place there of the first of each
        record; None where no kernel has looked (`records`).
    """

    raw: bytes
    text: bytes
    raw_at: NDArray[np.int64]
    text_at: NDArray[np.int64]
    line: NDArray[np.int64]
    fields: NDArray[np.int64]
    state: NDArray[np.int8]
    mark: NDArray[np.int8]
    byte_from: int
    encoding: str = field(repr=False, default="utf-8")
    cuts: NDArray[np.int32] | None = field(repr=False, default=None)
    cut_at: NDArray[np.int64] | None = field(repr=False, default=None)

    def __len__(self) -> int:
        return len(self.fields)

    def original(self, i: int) -> str:
        """Return record i as written, without its line break; bytes that cannot be decoded as hexadecimal escapes."""
        raw = self.raw[self.raw_at[i] : self.raw_at[i + 1]]
        if self.byte_from == 0 and i == 0:
            raw = raw[encodings.bom_bytes(self.encoding, raw) :]
        text = raw.decode(encodings.codec(self.encoding), errors="backslashreplace").rstrip("\r\n")
        return text.replace(LINE_BREAK, "\n") if self.encoding == SHEET else text

    def record(self, i: int) -> str:
        """Return record i as text, without its line break."""
        return self.text[self.text_at[i] : self.text_at[i + 1]].decode(errors="replace").rstrip("\r\n")


def examine(path: Path) -> Examined:
    """Hash a file and find its encoding: by its first bytes, else UTF-8 where all of it or most of its lines fit, else GB18030.

    Raises
    ------
    BadFile
        If the file cannot be read.
    """
    digest, size, first, rest, fits = hashlib.sha256(), 0, b"", b"", True
    ascii_only, chinese = True, False
    with opened(path) as file, ThreadPoolExecutor(1) as pool:
        while chunk := file.read(BLOCK_BYTES):
            hashing = pool.submit(digest.update, chunk)
            first = first or chunk[:_HEAD]
            size += len(chunk)
            if ascii_only or not chinese:
                ascii_only = ascii_only and chunk.isascii()
                chinese = chinese or (not ascii_only and encodings.may_be_chinese_utf8(chunk))
            if fits:
                chunk = rest + chunk
                cut = encodings.last_character(chunk)
                fits, rest = encodings.is_utf8(chunk[:cut]), chunk[cut:]
            hashing.result()
        fits = fits and not rest
        marked = encodings.of_first_bytes(first)
        if not marked and fits and not ascii_only and not chinese:
            file.seek(0)
            fits = not encodings.chinese_by_accident(file)
        elif not (marked or fits):
            file.seek(0)
            fits = encodings.mostly_utf8(file)
    encoding = marked or ("utf-8" if fits else "gb18030")
    return Examined(digest.hexdigest(), size, encoding)


def hashed(path: Path) -> Examined:
    """Hash a file that is no text.

    Raises
    ------
    BadFile
        If the file cannot be read.
    """
    with opened(path) as file:
        digest, size = hashlib.sha256(), 0
        while chunk := file.read(BLOCK_BYTES):
            digest.update(chunk)
            size += len(chunk)
        return Examined(digest.hexdigest(), size, "")


def opened(path: Path) -> BinaryIO:
    """Open a file for reading; BadFile if that cannot be done."""
    try:
        return path.open("rb")
    except OSError as error:
        name, why = path.name, error.strerror or str(error)
        raise BadFile(
            f"文件 {name} 无法读取 ({why})。请检查文件和权限后重试",
            f"The file {name} cannot be read ({why}). Check it and its permissions",
        ) from None


def blocks(
    path: Path, encoding: str, delimiter: str, *, byte_from: int = 0, line_from: int = 1, size: int = BLOCK_BYTES
) -> Iterator[Block]:
    """Read a file from the start of a line on, record by record, in blocks of about `size` bytes.

    Parameters
    ----------
    encoding, delimiter
        As `examine` found it and the layout says.
    byte_from, line_from
        Where to begin: the offset of a line, and its number.
    """
    with opened(path) as file:
        file.seek(byte_from)
        rest, line, at, final = b"", line_from, byte_from, False
        while not final:
            chunk = file.read(size)
            final = not chunk
            whole, rest = (rest, b"") if final else _whole_lines(rest, chunk, encoding)
            if not whole:
                size *= 2  # a very long line: not to be looked through again and again
                continue
            block = _block(whole, encoding, delimiter, line, at, final=final)
            if block is None:  # a quoted field goes on in the next chunk
                rest = whole + rest
                size *= 2
                continue
            used = int(block.raw_at[-1])
            rest = whole[used:] + rest
            line, at = int(block.line[-1]), at + used
            yield block


@dataclass
class Records:
    """Records of a text: their first lines (and the end), numbers of fields, states, and their cuts (see `Block`)."""

    first: NDArray[np.int64]
    fields: NDArray[np.int64]
    state: NDArray[np.int8]
    cuts: NDArray[np.int32] | None = None
    cut_at: NDArray[np.int64] | None = None


def records(text: bytes, starts: NDArray[np.int64], delimiter: str) -> Records:
    """Join lines into records; see kernels.records."""
    units = np.frombuffer(text, np.uint8)
    if b'"' in text or not text or len(text) > BIG:
        from lib.kernels.records import split_records

        cuts = np.empty(len(text) + 1, np.int32)  # more than enough; what is not written to takes no memory
        first, fields, state, cut_at = split_records(units, starts, ord(delimiter), MAX_RECORD_LINES, cuts)
        return Records(first, fields, state, cuts, cut_at)
    before = np.searchsorted(np.flatnonzero(units == ord(delimiter)), starts)
    lines = len(starts) - 1
    return Records(np.arange(lines + 1), np.diff(before) + 1, np.zeros(lines, np.int8))


def _block(raw: bytes, encoding: str, delimiter: str, line: int, at: int, *, final: bool) -> Block | None:
    """Make a block of the bytes of whole lines; None if its first record does not end in them."""
    skip = encodings.bom_bytes(encoding, raw) if at == 0 else 0
    raw_starts = _line_starts(raw[skip:] if skip else raw, encoding) + skip
    raw_starts[0] = 0
    text, text_starts, mark = _transcoded(raw, raw_starts, skip, encoding)
    if len(raw_starts) == 1:  # nothing but a byte order mark
        raw_starts, mark = np.array([0, len(raw)]), np.zeros(1, np.int8)
        text_starts = np.array([0, 0])
    assert len(text_starts) == len(raw_starts), "transcoding keeps line breaks"
    made = records(text, text_starts, delimiter)
    n = len(made.state)
    if not final:  # a field left open near the end may be closed in the next block
        unsure = np.flatnonzero((made.state == OPEN_QUOTE) & (made.first[:-1] + MAX_RECORD_LINES > len(text_starts) - 1))
        n = int(unsure[0]) if len(unsure) else n
    if n == 0:
        return None
    first = made.first[: n + 1]
    marks = np.maximum.reduceat(mark[: first[-1]], first[:-1])
    return Block(
        *(raw, text, raw_starts[first], text_starts[first], first + line, made.fields[:n], made.state[:n], marks, at),
        encoding=encoding,
        cuts=made.cuts,
        cut_at=made.cut_at,
    )


def _transcoded(
    raw: bytes, starts: NDArray[np.int64], skip: int, encoding: str
) -> tuple[bytes, NDArray[np.int64], NDArray[np.int8]]:
    """Return the text in UTF-8, where its lines begin, and a mark for each line that cannot be used."""
    mark = np.zeros(max(len(starts) - 1, 0), np.int8)
    name = encodings.codec(encoding)
    text_starts = None
    try:
        if name == "gb18030" and len(raw) > BIG:
            text, text_starts = encodings.from_gb18030(raw, starts)
        else:
            text = encodings.as_utf8(raw[skip:] if skip else raw, name)
    except UnicodeError:
        lines = [raw[max(a, skip) : b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
        mark[[i for i, line in enumerate(lines) if not encodings.fits(line, name)]] = UNDECODABLE
        text = b"".join(encodings.legible(line, name) for line in lines)
    if text_starts is None:
        text_starts = starts if text is raw else _line_starts(text, "utf-8")
    if name == "gb18030":
        for i in np.flatnonzero(encodings.like_utf8(raw, starts)[1]).tolist():
            if not mark[i] and encodings.reads_as_utf8_chinese(raw[starts[i] : starts[i + 1]]):
                mark[i] = AMBIGUOUS
    if text.find(0) >= 0:
        nul = np.flatnonzero(np.frombuffer(text, np.uint8) == 0)
        mark[np.searchsorted(text_starts, nul, side="right") - 1] = NUL
    return text, text_starts, mark


def _line_starts(raw: bytes, encoding: str) -> NDArray[np.int64]:
    """Return the offset of each line and the end of the last; a line ends with LF, CR LF or a lone CR."""
    if len(raw) > BIG and not encoding.startswith("utf-16"):
        from lib.kernels.records import line_starts

        made: NDArray[np.int64] = line_starts(np.frombuffer(raw, np.uint8))
        return made
    units = _units(raw, encoding)
    feed, back = units == 10, units == 13
    back[:-1] &= ~feed[1:]
    ends = (np.flatnonzero(feed | back) + 1) * units.itemsize
    starts = np.concatenate(([0], ends)).astype(np.int64)
    return starts if starts[-1] == len(raw) else np.append(starts, len(raw))


def _whole_lines(rest: bytes, chunk: bytes, encoding: str) -> tuple[bytes, bytes]:
    """Return the whole lines of a rest and the chunk after it, and what is left."""
    cut = 0 if encoding.startswith("utf-16") else chunk.rfind(b"\n") + 1
    if cut:  # the usual case, in which the bytes are copied once
        return b"".join((rest, memoryview(chunk)[:cut])), chunk[cut:]
    both = rest + chunk
    cut = _last_break(both, encoding)
    return both[:cut], both[cut:]


def _last_break(raw: bytes, encoding: str) -> int:
    """Return the offset after the last line break that is surely whole, 0 if there is none."""
    units = _units(raw, encoding)
    if units.itemsize == 1:
        return raw.rfind(b"\n") + 1 or raw.rfind(b"\r", 0, -1) + 1
    for found in (np.flatnonzero(units == 10), np.flatnonzero(units[:-1] == 13)):
        if len(found):
            return int(found[-1] + 1) * units.itemsize
    return 0


def _units(raw: bytes, encoding: str) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if encoding.startswith("utf-16"):
        return np.frombuffer(raw[: len(raw) // 2 * 2], "<u2" if encoding.endswith("le") else ">u2")
    return np.frombuffer(raw, np.uint8)
