"""Reading a delimited text file: its encoding, and its records with the line and the bytes that each comes from.

Files are read twice in blocks, never whole: first for hash and encoding (`examine`), then for records (`blocks`). Decoding
is strict. Where only some lines cannot be decoded, those lines are marked and the rest is read.
"""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from lib.errors import BadFile
from lib.intake.cells import LINE_BREAK

BLOCK_BYTES = 1 << 24
MAX_RECORD_LINES = 1000
SHEET = "sheet"  # in the place of an encoding: UTF-8 as the sandbox writes a sheet, breaks inside cells as U+2028
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

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

    def __len__(self) -> int:
        return len(self.fields)

    def original(self, i: int) -> str:
        """Return record i as written, without its line break; bytes that cannot be decoded as hexadecimal escapes."""
        raw = self.raw[self.raw_at[i] : self.raw_at[i + 1]]
        if self.byte_from == 0 and i == 0:
            raw = raw[_bom_bytes(self.encoding) :]
        text = raw.decode(codec(self.encoding), errors="backslashreplace").rstrip("\r\n")
        return text.replace(LINE_BREAK, "\n") if self.encoding == SHEET else text

    def record(self, i: int) -> str:
        """Return record i as text, without its line break."""
        return self.text[self.text_at[i] : self.text_at[i + 1]].decode(errors="replace").rstrip("\r\n")


def codec(encoding: str) -> str:
    """Return the codec that decodes a file's bytes once the byte order mark is taken off."""
    return "utf-8" if encoding in ("utf-8-sig", SHEET) else encoding


def examine(path: Path) -> Examined:
    """Hash a file and find its encoding: by its mark, else UTF-8 where all of it or most of its lines fit, else GB18030.

    Raises
    ------
    BadFile
        If the file cannot be read.
    """
    digest, size, first = hashlib.sha256(), 0, b""
    decoder = codecs.getincrementaldecoder("utf-8")()
    fits = True
    with opened(path) as file:
        while chunk := file.read(BLOCK_BYTES):
            first = first or chunk[:4]
            digest.update(chunk)
            size += len(chunk)
            fits = fits and _decodes(decoder, chunk)
        fits = fits and _decodes(decoder, b"", final=True)
    marked = next((name for bom, name in _BOMS if first.startswith(bom)), None)
    encoding = marked or ("utf-8" if fits or _mostly_utf8(path) else "gb18030")
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
            cut = len(rest) + len(chunk) if final else _last_break(rest + chunk, encoding)
            whole, rest = (rest + chunk)[:cut], (rest + chunk)[cut:]
            if not whole:
                continue
            block = _block(whole, encoding, delimiter, line, at, final=final)
            if block is None:  # a quoted field goes on in the next chunk
                rest = whole + rest
                continue
            used = int(block.raw_at[-1])
            rest = whole[used:] + rest
            line, at = int(block.line[-1]), at + used
            yield block


def records(
    text: bytes, starts: NDArray[np.int64], delimiter: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]:
    """Return the first line of each record (and the end), its number of fields and its state; see kernels.records."""
    units = np.frombuffer(text, np.uint8)
    if b'"' in text or not text:
        from lib.kernels.records import split_records  # compiling takes a second that most files can do without

        found: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]
        found = split_records(units, starts, ord(delimiter), MAX_RECORD_LINES)
        return found
    lines = len(starts) - 1
    before = np.searchsorted(np.flatnonzero(units == ord(delimiter)), starts)
    return np.arange(lines + 1), np.diff(before) + 1, np.zeros(lines, np.int8)


def fields(block: Block, keep: NDArray[np.bool_], delimiter: str, n_fields: int) -> pa.Table:
    """Split the kept records of a block into text columns `0`, `1`, …, all with `n_fields` fields.

    A second parser does it (Arrow's); that it sees as many rows as the first counted is checked.
    """
    text = block.text[: block.text_at[-1]] if keep.all() else _gather(block, keep)
    names = [str(i) for i in range(n_fields)]
    if not text:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    made = pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=len(text) + 1, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    if block.encoding == SHEET and LINE_BREAK.encode() in text:
        made = pa.table([pc.replace_substring(column, LINE_BREAK, "\n") for column in made.columns], names)
    if made.num_rows != int(keep.sum()):
        n, counts = block.line[0], f"{keep.sum()}, {made.num_rows}"
        raise BadFile(
            f"第 {n} 行起两次读出的行数不一 ({counts}), 未导入。请将该文件另存为标准 CSV 后重试",
            f"From line {n} on, two counts of rows differ ({counts}); nothing was imported. Save the file as a standard CSV",
        )
    return made


def _gather(block: Block, keep: NDArray[np.bool_]) -> bytes:
    """Join the bytes of the kept records, run by run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], keep, [False])).astype(np.int8)))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return b"".join(block.text[block.text_at[a] : block.text_at[b]] for a, b in runs)


def _block(raw: bytes, encoding: str, delimiter: str, line: int, at: int, *, final: bool) -> Block | None:
    """Make a block of the bytes of whole lines; None if its first record does not end in them."""
    skip = _bom_bytes(encoding) if at == 0 else 0
    raw_starts = _line_starts(raw[skip:], encoding) + skip
    raw_starts[0] = 0
    text, mark = _transcoded(raw, raw_starts, skip, encoding)
    text_starts = _line_starts(text, "utf-8")
    if len(raw_starts) == 1:  # nothing but a byte order mark
        raw_starts, mark = np.array([0, len(raw)]), np.zeros(1, np.int8)
        text_starts = np.array([0, 0])
    assert len(text_starts) == len(raw_starts), "transcoding keeps line breaks"
    first, n_fields, state = records(text, text_starts, delimiter)
    n = len(state)
    if not final:  # a field left open near the end may be closed in the next block
        unsure = np.flatnonzero((state == OPEN_QUOTE) & (first[:-1] + MAX_RECORD_LINES > len(text_starts) - 1))
        n = int(unsure[0]) if len(unsure) else n
    if n == 0:
        return None
    first = first[: n + 1]
    marks = np.maximum.reduceat(mark[: first[-1]], first[:-1])
    return Block(
        *(raw, text, raw_starts[first], text_starts[first], first + line, n_fields[:n], state[:n], marks, at),
        encoding=encoding,
    )


def _transcoded(raw: bytes, starts: NDArray[np.int64], skip: int, encoding: str) -> tuple[bytes, NDArray[np.int8]]:
    """Return the text in UTF-8 and a mark for each line that cannot be used."""
    mark = np.zeros(max(len(starts) - 1, 0), np.int8)
    name = codec(encoding)
    try:
        text = raw[skip:].decode(name).encode()
    except UnicodeError:
        lines = [raw[max(a, skip) : b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
        mark[[i for i, line in enumerate(lines) if not _fits(line, name)]] = UNDECODABLE
        text = b"".join(_legible(line, name) for line in lines)
    if name == "gb18030":
        for i, (a, b) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
            if not mark[i] and _reads_as_utf8_chinese(raw[a:b]):
                mark[i] = AMBIGUOUS
    if 0 in text:
        text_starts = _line_starts(text, "utf-8")
        nul = np.flatnonzero(np.frombuffer(text, np.uint8) == 0)
        mark[np.searchsorted(text_starts, nul, side="right") - 1] = NUL
    return text, mark


def _line_starts(raw: bytes, encoding: str) -> NDArray[np.int64]:
    """Return the offset of each line and the end of the last; a line ends with LF, CR LF or a lone CR."""
    units = _units(raw, encoding)
    feed, back = units == 10, units == 13
    back[:-1] &= ~feed[1:]
    ends = (np.flatnonzero(feed | back) + 1) * units.itemsize
    starts = np.concatenate(([0], ends)).astype(np.int64)
    return starts if starts[-1] == len(raw) else np.append(starts, len(raw))


def _last_break(raw: bytes, encoding: str) -> int:
    """Return the offset after the last line break that is surely whole, 0 if there is none."""
    units = _units(raw, encoding)
    for found in (np.flatnonzero(units == 10), np.flatnonzero(units[:-1] == 13)):
        if len(found):
            return int(found[-1] + 1) * units.itemsize
    return 0


def _units(raw: bytes, encoding: str) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if encoding.startswith("utf-16"):
        return np.frombuffer(raw[: len(raw) // 2 * 2], "<u2" if encoding.endswith("le") else ">u2")
    return np.frombuffer(raw, np.uint8)


def _bom_bytes(encoding: str) -> int:
    return next((len(bom) for bom, name in _BOMS if name == encoding), 0)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _fits(line: bytes, name: str) -> bool:
    try:
        line.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _legible(line: bytes, name: str) -> bytes:
    """Return a line in UTF-8, bad bytes as escapes; its break is kept apart, lest it is taken for half a character."""
    body = line.removesuffix("\n".encode(name)).removesuffix("\r".encode(name))
    return body.decode(name, errors="backslashreplace").encode() + line[len(body) :].decode(name).encode()


def _mostly_utf8(path: Path) -> bool:
    """Tell whether at least half of the lines with other than ASCII are valid UTF-8.

    GB18030 can hardly be refused as a whole: it takes most UTF-8 text and makes other characters of it. UTF-8 is not met
    by accident, so that the lines vote.
    """
    votes = [0, 0]
    with opened(path) as file:
        for line in (part for run in file for part in run.split(b"\r")):  # a lone CR ends a line too
            if not line.isascii():
                votes[_fits(line, "utf-8")] += 1
    return votes[True] >= max(votes[False], 1)


def _reads_as_utf8_chinese(line: bytes) -> bool:
    """Tell whether a line is valid UTF-8 with Chinese in it, and with nothing but what may stand beside that.

    The dot in 买买提·提, the accent of Müller: letters of two bytes, which in GB18030 are a character each. Where there is no
    Chinese beside them, a line in GB18030 cannot be told from one in UTF-8.
    """
    if line.isascii():
        return False
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    chinese = [c for c in text if "\u2010" <= c <= "\u203b" or "\u3000" <= c <= "\u9fff" or c >= "\uf900"]
    beside = sum(c < "\x80" or "\xa0" <= c < "\u0800" for c in text)
    return bool(chinese) and len(chinese) + beside == len(text)
