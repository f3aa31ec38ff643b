"""Which layout a part of a file has, by its first lines; whether it is a sheet of corrections."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lib.errors import BadFile, UnknownLayout
from lib.intake import corrections, encodings, matching, readers
from lib.intake.parts import Part
from lib.intake.profiles import DELIMITERS, HEADER_LINES, Layout, Profile

_FORMULA = re.compile('="([^"]*)"')


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
    delimiters, written = (",", "utf-8") if encoding == encodings.SHEET else (DELIMITERS, encoding)
    lines = {delimiter: _first_records(part.text, encoding, delimiter) for delimiter in delimiters}
    _refuse_corrections(part, lines)
    try:
        return matching.match(part.file_name, written, lines, own=own)
    except BadFile as error:
        named = (text.replace(part.file_name, part.label, 1) for text in (error.zh, error.en))
        raise type(error)(*named) from None


def correcting(part: Part) -> tuple[corrections.Target, str] | None:
    """Return what a sheet corrects and its header, if it is one of corrections."""
    if part.refused or part.examined.encoding != encodings.SHEET or not part.examined.bytes:
        return None
    records = dict(_first_records(part.text, encodings.SHEET, ","))
    target = corrections.target(records.get(1, ""))
    if target is None:
        _refuse_corrections(part, {",": list(records.items())})
    return (target, records.get(corrections.HEADER_ROW, "")) if target else None


def _refuse_corrections(part: Part, lines: matching.Lines) -> None:
    """Refuse what once was a sheet of corrections: read as an ordinary file, it would be tied to nothing that it corrects."""
    written = ((text, delimiter) for delimiter, records in lines.items() for _, text in records if corrections.LINE in text)
    if any(corrections.is_bare(matching.cells(*one)) for one in written):
        raise BadFile(
            f"{part.label}: 这是隔离行更正表, 但不是 .xlsx 或第 1 行被改动, 不知更正的是哪个来源。"
            "请保存为 .xlsx, 或用 lookthrough quarantine --export 重新导出",
            f"{part.label}: a sheet of corrections, but no .xlsx, or its first row was changed, so that it is not known "
            "what it corrects. Save it as .xlsx, or export it again",
        )


def likely_header(part: Part, own: Sequence[Profile] = ()) -> tuple[str, ...]:
    """Return the cells of the line that is most like a header: that which a profile comes nearest to, else the widest."""
    encoding = part.examined.encoding
    delimiters, written = (",", "utf-8") if encoding == encodings.SHEET else (DELIMITERS, encoding)
    lines = {delimiter: _first_records(part.text, encoding, delimiter) for delimiter in delimiters}
    if near := matching.nearest(part.file_name, written, lines, own=own):
        return near.header
    split = [tuple(matching.cells(text, delimiter)) for delimiter, records in lines.items() for _, text in records]
    widest = max((len(row) for row in split), default=0)
    return next((row for row in split if len(row) == widest), ())


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
