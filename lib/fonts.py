"""The one font of all pages and charts: Noto Sans CJK SC, whole for matplotlib, a subset of it for each page.

It lies in lib/assets as one woff2 (made by tools/font.py) and is unpacked once into the user's cache; pages carry only the
characters that they show, under the family name FAMILY.
"""

import atexit
import hashlib
import io
import os
import shutil
import struct
import sys
import tempfile
from functools import cache
from pathlib import Path

import brotli
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from lib import paths

FAMILY = "Lookthrough Sans"
_ASSET = paths.PACKAGE / "assets" / "NotoSansCJKsc-Regular.woff2"
# Quality 11 takes twenty times as long for a page that is 1 % smaller.
_BROTLI_QUALITY = 9


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
    """Return a woff2 font with the characters of a text, as far as the font has them (0.2 s for 500 of them)."""
    options = Options()
    options.layout_features = []
    options.hinting = True  # there is none left to remove, and looking for it takes as long as all the rest
    options.glyph_names = False
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(text=text)
    plain = io.BytesIO()
    with TTFont(font_file(), lazy=True, recalcBBoxes=False, recalcTimestamp=False) as font:
        subsetter.subset(font)
        font.save(plain)
    return _woff2(plain.getvalue())


def covers(text: str) -> bool:
    """Tell whether the font has every character of a text."""
    return {ord(c) for c in text} <= _characters()


@cache
def _characters() -> frozenset[int]:
    with TTFont(font_file(), lazy=True) as font:
        return frozenset(font.getBestCmap())


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


def _woff2(plain: bytes) -> bytes:
    """Wrap an OpenType file with CFF outlines as woff2 (W3C WOFF 2.0, sections 4 and 5; no table needs transforming).

    fontTools can do it too, but only at brotli's slowest setting.
    """
    flavor, count = struct.unpack(">4sH", plain[:6])
    directory, tables = bytearray(), bytearray()
    for i in range(count):
        tag, _, offset, length = struct.unpack(">4sLLL", plain[12 + 16 * i : 28 + 16 * i])
        directory += b"\x3f" + tag + _base128(length)  # 63: the tag follows in full
        tables += plain[offset : offset + length]
    packed: bytes = brotli.compress(bytes(tables), mode=brotli.MODE_FONT, quality=_BROTLI_QUALITY)
    total = 48 + len(directory) + len(packed)
    padding = -total % 4
    # signature, flavor, length, tables, reserved, size unpacked, size packed, version; then no metadata and no private data
    head = struct.pack(">4s4sLHHLLHH5L", b"wOF2", flavor, total + padding, count, 0, len(plain), len(packed), 1, 0, *(0,) * 5)
    return head + bytes(directory) + packed + bytes(padding)


def _base128(value: int) -> bytes:
    """Write a number as UIntBase128: seven bits a byte, highest first, a set top bit where more follow."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | (value & 0x7F))
    return bytes(reversed(groups))
