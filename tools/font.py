"""Build lib/assets/NotoSansCJKsc-Regular.woff2 and OFL.txt from Debian's fonts-noto-cjk.

Run once, by hand, when the font changes: `.venv/bin/python tools/font.py`. The collection holds ten faces of the same
65,535 glyphs; ours is the face for simplified Chinese, reduced to Han, kana, Latin, Greek, Cyrillic, punctuation and symbols
(Hangul, vertical forms and language variants are left out). Names and the licence stay in the font's name table.
"""

import argparse
import textwrap
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

COLLECTION = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
COPYRIGHT = Path("/usr/share/doc/fonts-noto-cjk/copyright")
ASSETS = Path(__file__).parents[1] / "lib" / "assets"
FACE = "Noto Sans CJK SC"
HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0x3200, 0x321E), (0x3260, 0x327F), (0xA960, 0xD7FF), (0xFFA0, 0xFFDC))


def face(collection: Path) -> TTFont:
    """Return the face for simplified Chinese of a collection."""
    faces = TTCollection(collection, lazy=True).fonts
    return next(font for font in faces if font["name"].getDebugName(1) == FACE)


def reduced(font: TTFont) -> TTFont:
    """Keep the characters that a Chinese report may hold, and of the layout tables only what composes them."""
    options = Options()
    options.layout_features = ["ccmp"]
    options.drop_tables += ["BASE", "GPOS", "VORG", "vhea", "vmtx"]
    options.name_IDs, options.name_languages = ["*"], ["*"]
    options.hinting = options.glyph_names = False
    options.desubroutinize = True
    options.notdef_outline = True
    subsetter = Subsetter(options)
    kept = {c for c in font.getBestCmap() if not any(low <= c <= high for low, high in HANGUL)}
    subsetter.populate(unicodes=kept)
    subsetter.subset(font)
    return font


def licence(copyright_file: Path) -> str:
    """Return the text of the SIL Open Font License out of Debian's copyright file."""
    lines = copyright_file.read_text(encoding="utf-8").splitlines()
    first = lines.index("License: SIL-1.1", lines.index("License: GPL-3+")) + 1
    last = next(i for i in range(first, len(lines)) if not lines[i])
    return textwrap.dedent("\n".join(lines[first:last])).replace("\n.\n", "\n\n") + "\n"


def main() -> None:
    """Write the font and its licence into lib/assets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--collection", type=Path, default=COLLECTION)
    parser.add_argument("--copyright", type=Path, default=COPYRIGHT)
    asked = parser.parse_args()
    font = reduced(face(asked.collection))
    owner, terms = font["name"].getDebugName(0), font["name"].getDebugName(13)
    font.flavor = "woff2"
    ASSETS.mkdir(parents=True, exist_ok=True)
    made = ASSETS / "NotoSansCJKsc-Regular.woff2"
    font.save(made)
    heading = f"{owner}\n\n{textwrap.fill(terms, 100)}\n\n"
    (ASSETS / "OFL.txt").write_text(heading + licence(asked.copyright), encoding="utf-8")
    print(f"{made.name}: {len(font.getBestCmap()):,} characters, {made.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
