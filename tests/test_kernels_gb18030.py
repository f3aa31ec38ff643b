"""GB18030 to UTF-8: what Python's codec makes of it, byte for byte, and a refusal where that refuses."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib.intake import encodings, readers


def decoded(raw: bytes) -> tuple[bytes, list[int]]:
    text, starts = encodings.from_gb18030(raw, readers._line_starts(raw, "gb18030"))
    return text, starts.tolist()


def test_every_character_of_unicode_is_decoded_as_pythons_codec_does() -> None:
    text = "".join(map(chr, itertools.chain(range(0xD800), range(0xE000, 0x110000))))
    assert len(text) == 0x110000 - 0x800
    assert decoded(text.encode("gb18030"))[0] == text.encode()


# Bytes that begin, go on and end characters of one, two and four bytes, and some that never stand there.
PIECES = [b"a", b"\n", b"\r", b"0", b"9", b"\x30", b"\x40", b"\x7f", b"\x80", b"\x81", b"\xb0", b"\xd6\xd0", b"\xfe", b"\xff"]
PIECES += [b"\x81\x30\x81\x30", b"\x84\x31\xa4\x37", b"\x90\x30\x81\x30", b"\xe3\x32\x9a\x35", b"\xe3\x32\x9a\x36", b"\xfe\x39"]


@given(raw=st.lists(st.sampled_from(PIECES), min_size=1).map(b"".join))
@example(b"\xe3\x32\x9a\x35")  # U+10FFFF, the last
@example(b"\xe3\x32\x9a\x36")  # one after it
@example(b"\x84\x31\xa4\x37\n")  # beyond the last of the plane
@example(b"\xd6\n\xd0")  # half a character at the end of a line
def test_any_bytes_are_decoded_or_refused_as_pythons_codec_does(raw: bytes) -> None:
    try:
        text = raw.decode("gb18030").encode()
    except UnicodeDecodeError:
        with pytest.raises(UnicodeError):
            decoded(raw)
        return
    assert decoded(raw) == (text, readers._line_starts(text, "utf-8").tolist())


def test_a_large_file_in_gb18030_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = [f"{i},张三{'𠮷' if i % 1000 == 0 else ''},{i / 100:.2f}" for i in range(80_000)]
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(rows).encode("gb18030"))
    assert path.stat().st_size > readers.BIG
    read = [block.record(i) for block in readers.blocks(path, "gb18030", ",") for i in range(len(block))]
    assert read == rows
    assert np.array_equal([len(row.split(",")) for row in read], np.full(80_000, 3))
