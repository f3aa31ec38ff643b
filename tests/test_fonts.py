import io

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import fonts
from tests.trials import trials

RARE = "䶮㛃𠅤"


def whole_font() -> TTFont:
    return TTFont(io.BytesIO(fonts.font_file().read_bytes()), lazy=True)


def characters(packed: bytes) -> set[str]:
    return {chr(code) for code in TTFont(io.BytesIO(packed)).getBestCmap()}


def test_rare_characters_of_names_are_in_the_font():
    assert fonts.covers(RARE + "金水贷 (2018) 《穿透检查》,。, — ≥ 25 %")


def test_hangul_is_not_in_the_font_and_no_error_in_a_page():
    assert not fonts.covers("한")
    assert characters(fonts.subset_woff2("한金")) == {"金"}


def test_a_subset_has_the_characters_of_the_text_and_no_others():
    assert characters(fonts.subset_woff2("疑点 A1" + RARE)) == set("疑点 A1" + RARE)


@settings(max_examples=trials(10), deadline=None)
@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=30))
def test_outlines_of_a_subset_are_those_of_the_whole_font(text):
    subset = TTFont(io.BytesIO(fonts.subset_woff2(text)))
    whole = whole_font()
    for char in set(text):
        assert outline(subset, char) == outline(whole, char)
        assert advance(subset, char) == advance(whole, char)


def outline(font: TTFont, char: str) -> list[object]:
    from fontTools.pens.recordingPen import RecordingPen

    pen = RecordingPen()
    font.getGlyphSet()[font.getBestCmap()[ord(char)]].draw(pen)
    return pen.value


def advance(font: TTFont, char: str) -> int:
    return font["hmtx"][font.getBestCmap()[ord(char)]][0]


def test_the_licence_stays_in_the_font_and_beside_it():
    subset = TTFont(io.BytesIO(fonts.subset_woff2("金")))
    whole = whole_font()
    assert "SIL Open Font License" in whole["name"].getDebugName(13)
    assert "Adobe" in subset["name"].getDebugName(0)
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts.paths.PACKAGE / "assets" / "OFL.txt").read_text(encoding="utf-8")


def test_a_font_is_found_where_the_cache_cannot_be_written(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    fonts.font_file.cache_clear()
    try:
        assert whole_font()["maxp"].numGlyphs > 30_000
    finally:
        monkeypatch.undo()
        fonts.font_file.cache_clear()


def test_two_processes_that_unpack_at_once_both_end_with_a_whole_font(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fonts.font_file.cache_clear()
    try:
        first = fonts.font_file()
        fonts.font_file.cache_clear()
        assert fonts.font_file() == first
        assert [path.name for path in first.parent.iterdir()] == [first.name]  # no drafts left
    finally:
        monkeypatch.undo()
        fonts.font_file.cache_clear()


@pytest.mark.parametrize("value", [0, 1, 127, 128, 16383, 16384, 2**28])
def test_lengths_are_written_as_the_woff2_standard_says(value):
    written = fonts._base128(value)
    read = 0
    for byte in written:
        read = read << 7 | byte & 0x7F
    assert read == value
    assert written[0] != 0x80  # no leading zeros
    assert [byte >> 7 for byte in written] == [1] * (len(written) - 1) + [0]
