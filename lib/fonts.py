"""The one font of all pages and charts: Noto Sans CJK SC, whole for matplotlib, a subset of it for each page.

It lies in lib/assets as one woff2 (made by tools/font.py) and is unpacked once into the user's cache; pages carry only the
characters that they show, under the family name FAMILY. The subset is written here rather than by fontTools, which interprets
every outline three times: the font of the assets has no subroutines, so outlines can be copied as they are.
"""

import atexit
import hashlib
import io
import os
import shutil
import struct
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli
from fontTools.ttLib import TTFont

from lib import paths

FAMILY = "Lookthrough Sans"
_ASSET = paths.PACKAGE / "assets" / "NotoSansCJKsc-Regular.woff2"
# Quality 11 takes twenty times as long for a page that is 1 % smaller.
_BROTLI_QUALITY = 9


@dataclass(frozen=True)
class _Whole:
    """What is needed of the whole font to write a subset.

    Attributes
    ----------
    glyphs
        Glyph number of each character.
    metrics
        Advance and left side bearing of each glyph.
    outlines, first_outline
        The CFF table, and where its INDEX of outlines begins.
    dicts
        For each glyph the number of its font DICT.
    widths
        Default and nominal width of each font DICT.
    tables
        Those that are copied: head, hhea, name, OS/2, post.
    """

    glyphs: dict[int, int]
    metrics: list[tuple[int, int]]
    outlines: bytes
    first_outline: int
    dicts: Sequence[int]
    widths: list[tuple[int, int]]
    tables: dict[str, bytes]

    def outline(self, glyph: int) -> bytes:
        """Return the Type 2 charstring of a glyph."""
        count, size = struct.unpack_from(">HB", self.outlines, self.first_outline)
        offsets = self.first_outline + 3 + glyph * size
        start, end = (int.from_bytes(self.outlines[o : o + size], "big") for o in (offsets, offsets + size))
        data = self.first_outline + 2 + (count + 1) * size
        return self.outlines[data + start : data + end]


@cache
def font_file() -> Path:
    """Return the whole font as an OpenType file (about 8 MB), unpacked into the user's cache when it is not there yet."""
    packed = _ASSET.read_bytes()
    name = f"NotoSansCJKsc-{hashlib.sha256(packed).hexdigest()[:12]}.otf"
    path = _cache_folder() / name
    try:
        return path if path.exists() else _unpack(packed, path)
    except OSError:  # a home that is read-only or full: then in a folder that goes with this process
        return _unpack(packed, _own_folder() / name)


def subset_woff2(text: str) -> bytes:
    """Return a woff2 font with the characters of a text, as far as the font has them (20 ms for 500 of them)."""
    whole = _whole()
    characters = sorted({ord(c) for c in text} & whole.glyphs.keys())
    # Two characters may share a glyph; glyph 0 stands for what the font lacks.
    glyphs = list(dict.fromkeys([0, *(whole.glyphs[c] for c in characters)]))
    place = {glyph: number for number, glyph in enumerate(glyphs)}
    tables = {
        **whole.tables,
        "CFF ": _cff(whole, glyphs),
        "cmap": _cmap([(c, place[whole.glyphs[c]]) for c in characters]),
        "hhea": whole.tables["hhea"][:34] + struct.pack(">H", len(glyphs)),
        "hmtx": b"".join(struct.pack(">Hh", *whole.metrics[glyph]) for glyph in glyphs),
        "maxp": struct.pack(">LH", 0x00005000, len(glyphs)),
    }
    return _woff2(tables)


def covers(text: str) -> bool:
    """Tell whether the font has every character of a text."""
    return {ord(c) for c in text} <= _whole().glyphs.keys()


@cache
def _whole() -> _Whole:
    with TTFont(font_file(), lazy=True) as font:
        numbers = font.getReverseGlyphMap()
        metrics = font["hmtx"].metrics
        top = font["CFF "].cff.topDictIndex[0]
        first_outline = top.rawDict["CharStrings"]
        post = struct.pack(">L", 0x00030000) + font.reader["post"][4:32]  # format 3: no names of glyphs
        return _Whole(
            {character: numbers[name] for character, name in font.getBestCmap().items()},
            [metrics[name] for name in font.getGlyphOrder()],
            font.reader["CFF "],
            first_outline,
            list(top.FDSelect.gidArray),
            [(d.Private.defaultWidthX, d.Private.nominalWidthX) for d in top.FDArray],
            {"post": post, **{tag: font.reader[tag] for tag in ("head", "hhea", "name", "OS/2")}},
        )


def _unpack(packed: bytes, path: Path) -> Path:
    font = TTFont(io.BytesIO(packed), recalcBBoxes=False, recalcTimestamp=False)
    font.flavor = None
    for table in ("GSUB", "GDEF"):
        if table in font:
            del font[table]
    with paths.replacing(path) as draft:
        font.save(draft)
    return path


def _cache_folder() -> Path:
    """Return the folder for caches that this system gives its users."""
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "lookthrough"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "lookthrough"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "lookthrough"


def _own_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="lookthrough-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _cmap(characters: list[tuple[int, int]]) -> bytes:
    """Write a character map (OpenType, `cmap` format 12): one group for each run of characters and glyphs."""
    runs: list[list[int]] = []
    for character, glyph in characters:
        if runs and character == runs[-1][1] + 1 and glyph == runs[-1][2] + character - runs[-1][0]:
            runs[-1][1] = character
        else:
            runs.append([character, character, glyph])
    groups = b"".join(struct.pack(">3L", *run) for run in runs)
    table = struct.pack(">HHLLL", 12, 0, 16 + len(groups), 0, len(runs)) + groups
    # One table for both: Unicode, and Windows with characters beyond the basic plane.
    return struct.pack(">HH" + 2 * "HHL", 0, 2, 0, 4, 20, 3, 10, 20) + table


def _cff(whole: _Whole, glyphs: list[int]) -> bytes:
    """Write a CID-keyed CFF table (Adobe Technical Note 5176) with some outlines of the whole font."""
    head = b"\x01\x00\x04\x04" + _index([FAMILY.replace(" ", "").encode()])
    strings = _index([b"Adobe", b"Identity"]) + _index([])  # and no global subroutines
    charset = struct.pack(">BHH", 2, 1, max(len(glyphs) - 2, 0)) if len(glyphs) > 1 else b"\x00"
    select = b"\x00" + bytes(whole.dicts[glyph] for glyph in glyphs)
    outlines = _index([whole.outline(glyph) for glyph in glyphs])
    privates = [_entry(20, default) + _entry(21, nominal) for default, nominal in whole.widths]

    def top(start: int) -> bytes:
        """The top DICT for data that begins at `start`; every number has five bytes, so it is as long for any."""
        at_select = start + len(charset)
        at_outlines = at_select + len(select)
        at_privates = at_outlines + len(outlines)
        entries = (
            (_ROS, 391, 392, 0),
            (_CID_COUNT, len(glyphs)),
            (15, start),
            (_FD_SELECT, at_select),
            (17, at_outlines),
            (_FD_ARRAY, at_privates + sum(map(len, privates))),
        )
        return _index([b"".join(_entry(*entry) for entry in entries)])

    start = len(head) + len(top(0)) + len(strings)
    made = head + top(start) + strings + charset + select + outlines
    dicts = []
    for private in privates:
        dicts.append(_entry(18, len(private), len(made)))
        made += private
    return made + _index(dicts)


_ROS, _CID_COUNT, _FD_ARRAY, _FD_SELECT = 0x0C1E, 0x0C22, 0x0C24, 0x0C25


def _entry(operator: int, *numbers: int) -> bytes:
    """Write an entry of a CFF DICT: its numbers, each in five bytes, and its operator."""
    written = b"".join(struct.pack(">Bl", 29, number) for number in numbers)
    return written + operator.to_bytes(2 if operator > 0xFF else 1, "big")


def _index(items: list[bytes]) -> bytes:
    """Write a CFF INDEX."""
    if not items:
        return b"\x00\x00"
    offsets, end = [], 1
    for item in [*items, b""]:
        offsets.append(end.to_bytes(4, "big"))
        end += len(item)
    return struct.pack(">HB", len(items), 4) + b"".join(offsets) + b"".join(items)


def _woff2(tables: dict[str, bytes]) -> bytes:
    """Pack the tables of an OpenType font with CFF outlines (W3C WOFF 2.0, sections 4 and 5; none of them is transformed)."""
    directory, plain_bytes = bytearray(), 12 + 16 * len(tables)
    for tag, table in sorted(tables.items()):
        directory += b"\x3f" + tag.encode() + _base128(len(table))  # 63: the tag follows in full
        plain_bytes += len(table) + -len(table) % 4
    data = b"".join(table for _, table in sorted(tables.items()))
    packed: bytes = brotli.compress(data, mode=brotli.MODE_FONT, quality=_BROTLI_QUALITY)
    length = 48 + len(directory) + len(packed)
    padding = bytes(-length % 4)
    # signature, flavor, length, tables, reserved, size unpacked, size packed, version; then no metadata and no private data
    sizes = (length + len(padding), len(tables), 0, plain_bytes, len(packed), 1, 0)
    return struct.pack(">4s4sLHHLLHH5L", b"wOF2", b"OTTO", *sizes, *(0,) * 5) + bytes(directory) + packed + padding


def _base128(value: int) -> bytes:
    """Write a number as UIntBase128: seven bits a byte, highest first, a set top bit where more follow."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | (value & 0x7F))
    return bytes(reversed(groups))
