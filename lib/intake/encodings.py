"""Encodings: which one a file has, and the bytes of a text in UTF-8. Decoding is strict, nothing is ever replaced."""

import codecs
import re
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SHEET = "sheet"  # in the place of an encoding: UTF-8 as the sandbox writes a sheet, breaks inside cells as U+2028
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
CHUNK_BYTES = 1 << 24
_VOTING_BYTES = 4 * CHUNK_BYTES
_LF = 10
_ZEROS = 0.1  # of the characters of a table of Chinese, at least as many are delimiters, digits or line breaks
_MORE = 2  # zeros on one side for each on the other
_BEYOND_CYRILLIC = 0xD4  # the first byte of Armenian, Hebrew, Arabic letters, or above
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")  # of a byte that could not be decoded
_LONG = 0xE0  # the first byte of a character of three bytes or more is this or above


def codec(encoding: str) -> str:
    """Return the codec that decodes a file's bytes once the byte order mark is taken off."""
    return "utf-8" if encoding in ("utf-8-sig", SHEET) else encoding


def bom_bytes(encoding: str, raw: bytes) -> int:
    """Return the length of the byte order mark with which bytes of an encoding begin; 0 if they have none, as UTF-16 may."""
    return next((len(bom) for bom, name in BOMS if name == encoding and raw.startswith(bom)), 0)


def of_first_bytes(head: bytes) -> str | None:
    """Tell an encoding by the first bytes of a file: by its mark; UTF-16 without one by zeros in every other place, else None.

    Digits, delimiters and line breaks have a zero there. That what stands between is text is checked: bytes of a picture have
    zeros too.
    """
    marked = next((name for bom, name in BOMS if head.startswith(bom)), None)
    units = np.frombuffer(head[: len(head) // 2 * 2], np.uint8).reshape(-1, 2)
    if marked or not len(units):
        return marked
    zeros = (units == 0).sum(axis=0)
    name = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    # 一 is U+4E00: a few zeros stand on the other side
    if zeros.max() < _ZEROS * len(units) or zeros.min() * _MORE > zeros.max():
        return None
    try:
        text = codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return None
    lines = "\n" in text or "\r" in text  # a few zeros in a short text of one byte a character make none
    return name if lines and all(c >= " " or c in "\t\r\n" for c in text) else None


def is_utf8(text: bytes) -> bool:
    """Tell whether bytes are UTF-8; strict, as Python's own codec is, and three times as fast."""
    at = pa.py_buffer(np.array([0, len(text)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, at, pa.py_buffer(text)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def last_character(chunk: bytes) -> int:
    """Return the offset after the last character of a chunk that is surely whole."""
    for back in range(1, min(4, len(chunk) + 1)):
        lead = chunk[-back]
        if lead >= 0xC0:  # the first byte of a character of 2, 3 or 4
            return len(chunk) - back if back < (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4) else len(chunk)
        if lead < 0x80:
            break
    return len(chunk)


def as_utf8(raw: bytes, name: str) -> bytes:
    """Return bytes in UTF-8; those that are so already are not copied."""
    return raw if name == "utf-8" and is_utf8(raw) else raw.decode(name).encode()


def from_gb18030(raw: bytes, starts: NDArray[np.int64]) -> tuple[bytes, NDArray[np.int64]]:
    """Return lines of GB18030 in UTF-8 and where they begin then; strict, as Python's own codec is, and faster.

    Raises
    ------
    UnicodeError
        If some bytes are no characters.
    """
    from lib.kernels.gb18030 import tables, transcode

    text, text_starts = np.empty(len(raw) + len(raw) // 2 + 1, np.uint8), np.empty(len(starts), np.int64)
    if not transcode(np.frombuffer(raw, np.uint8), starts, *tables(), text, text_starts):
        raise UnicodeError
    return text[: text_starts[-1]].tobytes(), text_starts


def legible(line: bytes, name: str) -> bytes:
    """Return a line in UTF-8, bad bytes as escapes; its break is kept apart, lest it is taken for half a character."""
    body = line.removesuffix("\n".encode(name)).removesuffix("\r".encode(name))
    return body.decode(name, errors="backslashreplace").encode() + line[len(body) :].decode(name).encode()


def fits(line: bytes, name: str) -> bool:
    """Tell whether bytes can be decoded strictly."""
    try:
        line.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def may_be_chinese_utf8(chunk: bytes) -> bool:
    """Tell whether a chunk of UTF-8 has any character of three bytes or more, as Chinese ones are."""
    return bool((np.frombuffer(chunk, np.uint8) >= _LONG).any())


def chinese_by_accident(file: BinaryIO) -> bool:
    """Tell of UTF-8 that has no character of three bytes whether it is rather GB18030.

    支 and 转 in GB18030 are letters of two bytes in UTF-8: Hebrew ones, as most that are met so are Hebrew, Arabic or Armenian.
    Latin, Greek and Cyrillic letters may be meant.
    """
    decoder, exotic = codecs.getincrementaldecoder("gb18030")(), False
    try:
        while chunk := file.read(CHUNK_BYTES):
            exotic = exotic or bool((np.frombuffer(chunk, np.uint8) >= _BEYOND_CYRILLIC).any())
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return exotic


def mostly_utf8(file: BinaryIO) -> bool:
    """Tell whether at least half of the lines with other than ASCII are valid UTF-8; those of the first 64 MB vote.

    GB18030 can hardly be refused as a whole: it takes most UTF-8 text and makes other characters of it. UTF-8 is not met
    by accident.
    """
    votes, rest, final = [0, 0], b"", False
    while not final and file.tell() < _VOTING_BYTES:
        chunk = file.read(CHUNK_BYTES).replace(b"\r", b"\n")  # a lone CR ends a line too
        final = not chunk
        cut = len(rest) + len(chunk) if final else (rest + chunk).rfind(b"\n") + 1
        lines, rest = (rest + chunk)[:cut], (rest + chunk)[cut:]
        starts = np.append(0, np.flatnonzero(np.frombuffer(lines, np.uint8) == _LF) + 1)
        starts = np.append(starts, len(lines))  # where the bytes end with a line, one more that is empty
        beyond, maybe = like_utf8(lines, starts)
        valid = [line for i in np.flatnonzero(maybe).tolist() if fits(line := lines[starts[i] : starts[i + 1]], "utf-8")]
        votes[True] += sum(may_be_chinese_utf8(line) for line in valid)  # the others may be either
        votes[False] += int(beyond.sum()) - len(valid)
    return votes[True] >= max(votes[False], 1)


def like_utf8(raw: bytes, starts: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which lines hold other than ASCII, and which may be UTF-8: wherever they leave ASCII, they do it as UTF-8 does.

    Most lines of GB18030 are told from UTF-8 by that, without decoding any.
    """
    if raw.isascii():
        return np.zeros(len(starts) - 1, np.bool_), np.zeros(len(starts) - 1, np.bool_)
    from lib.kernels.records import like_utf8 as kernel

    beyond, maybe = kernel(np.frombuffer(raw, np.uint8), starts)
    return beyond.view(np.bool_), maybe.view(np.bool_)


def reads_as_utf8_chinese(line: bytes) -> bool:
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


def misread(text: str, encoding: str) -> set[str]:
    """Return the characters of an original text that stand for others: those of its lines that are in another encoding.

    A line of UTF-8 in a file of GB18030 is read as other Chinese characters. The reverse gives mostly escapes of bytes, but 通
    is a letter of two bytes: where the line's bytes fit GB18030 as a whole, what is below Chinese is no letter.
    """
    name, found = codec(encoding), set[str]()
    if name not in ("gb18030", "utf-8"):
        return found
    for line in text.splitlines():
        try:
            raw = _ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), line.encode(name))
        except UnicodeEncodeError:
            continue
        if name == "gb18030" and reads_as_utf8_chinese(raw):
            found |= {c for c in line if not c.isascii()}
        elif name == "utf-8" and not fits(raw, name) and fits(raw, "gb18030"):
            found |= {c for c in line if "\x7f" < c < "\u0800"}
    return found
