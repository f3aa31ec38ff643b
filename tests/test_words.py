"""Words: every text that people read is there in both languages, and is asked for by somebody."""

import re
from pathlib import Path

import pytest

from lib import words
from lib.errors import BadFile, BadParameter, DataGap, LookthroughError
from lib.words import labels, pick, word

LIB = Path(words.__file__).parent
ALL = [(section, key) for section, entries in labels().items() for key in entries]


# Sections whose English texts quote Chinese terms on purpose.
QUOTES_CHINESE = {"checks"}


@pytest.mark.parametrize("section", labels())
def test_every_label_is_there_in_both_languages(section: str) -> None:
    for key, entry in labels()[section].items():
        assert set(entry) == {"zh", "en"}, key
        assert all(text.strip() for text in entry.values()), key
        assert section in QUOTES_CHINESE or not re.search(r"[一-鿿]", entry["en"]), key


@pytest.mark.parametrize("section", labels())
def test_both_languages_of_a_label_have_the_same_blanks(section: str) -> None:
    for key, entry in labels()[section].items():
        blanks = {language: set(re.findall(r"{(\w+)", text)) for language, text in entry.items()}
        assert blanks["zh"] == blanks["en"], key


def test_every_word_that_the_code_asks_for_by_name_is_there() -> None:
    asked = {
        (section, key)
        for file in LIB.rglob("*.py")
        for section, key in re.findall(r'\bword\(\s*"([\w ]+)",\s*"([\w ]+)"', file.read_text(encoding="utf-8"))
    }
    assert len(asked) > 10
    assert asked <= set(ALL), sorted(asked - set(ALL))


def test_chinese_is_spoken_unless_english_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (pick("疑点", "lead"), word("case", "as_of")) == ("疑点", "基准日")
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert (pick("疑点", "lead"), word("case", "as_of")) == ("lead", "as of")
    monkeypatch.setenv("LOOKTHROUGH_LANG", "fr")
    assert pick("疑点", "lead") == "疑点"


def test_an_error_speaks_the_language_of_the_moment_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    error = DataGap("缺少数据", "Data is missing")
    assert str(error) == "缺少数据"
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert str(error) == "Data is missing"


def test_an_error_is_one_line_whatever_the_data() -> None:
    error = BadFile("文件 a\nb\x1b[31m\u202e.csv", "file")
    assert str(error) == "文件 a\\x0ab\\x1b[31m\\x202e.csv"


def test_exit_codes_tell_names_from_data() -> None:
    assert (BadParameter("", "").exit_code, DataGap("", "").exit_code, BadFile("", "").exit_code) == (2, 1, 1)
    assert all(issubclass(kind, LookthroughError) for kind in (BadParameter, DataGap, BadFile))
