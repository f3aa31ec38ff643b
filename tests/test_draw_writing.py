"""Numbers, days and names as pages write them, and markup from untrusted text."""

import datetime as dt
from decimal import Decimal
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.draw import markup, writing
from lib.draw.markup import Head, esc, plain, tag


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.5125, "51.25%"),
        (0.3, "30.00%"),
        (1.0, "100.00%"),
        (0.00123, "0.1230%"),
        (1e-9, "<0.0001%"),
        (0.0, "0.00%"),
        (0.99999, "99.9990%"),
        (0.9999999, ">99.9999%"),
        (None, "—"),
    ],
)
def test_shares_are_written_without_hiding_what_is_small_or_not_quite_all(share: float | None, text: str) -> None:
    assert writing.percent(share) == text


def test_amounts_are_written_to_the_fen_whatever_their_size() -> None:
    assert writing.yuan(Decimal("12345678901234.5")) == "12,345,678,901,234.50"
    assert writing.yuan(pd.NA) == "—"


def test_short_amounts_are_in_wan_and_yi(monkeypatch: pytest.MonkeyPatch) -> None:
    amounts = [Decimal("123456789"), Decimal(15000), Decimal("99.5")]
    assert [writing.short_yuan(a) for a in amounts] == ["1.23亿元", "1.5万元", "99.5元"]
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert [writing.short_yuan(a) for a in amounts] == ["123.46m", "15k", "99.5"]


def test_a_period_without_an_end_says_so() -> None:
    first = dt.date(2018, 9, 1)
    assert writing.period(first, first) == "2018-09-01"
    assert writing.period(first, pd.NaT) == "2018-09-01 起"
    assert writing.period(first, dt.datetime(2018, 9, 30, 12)) == "2018-09-01 ~ 2018-09-30"


@given(st.text(min_size=1, max_size=60), st.floats(4, 20), st.integers(1, 3))
def test_wrapped_lines_fit_and_lose_nothing_without_saying_so(text: str, em: float, lines: int) -> None:
    made = writing.wrapped(text, em, lines)
    assert 1 <= len(made) <= lines
    assert all(writing.width_em(line) <= em + 1.0 for line in made)
    if not made[-1].endswith("…"):
        assert "".join("".join(made).split()) == "".join(text.split())


def test_lines_of_a_wrapped_name_are_about_equally_long() -> None:
    assert writing.wrapped("郑州菱鹏物流有限公司", 9.5, 2) == ["郑州菱鹏物", "流有限公司"]


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "]]><!--",
    "</title></svg><script>",
    "&lt;b&gt;",
    "\x00\x1b[31m",
    "\u202egnp.exe",
]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_in_elements_and_attributes(name: str) -> None:
    parser = _Tags()
    parser.feed(markup.table(name, [Head(name, "id", name)], [[name]], name) + tag("p", name, title=name))
    assert set(parser.tags) <= {"div", "table", "caption", "thead", "tr", "th", "tbody", "td", "p"}
    assert set(parser.attributes) <= {"class", "scope", "title"}


def test_control_characters_and_turned_directions_are_not_passed_on() -> None:
    assert plain("a\x00b\u202ec\nd") == "a\\x00bc d"


def test_piled_up_marks_are_cut() -> None:
    assert plain("a" + "\u0301" * 50) == "a" + "\u0301" * 3


def test_markup_is_escaped_once() -> None:
    assert esc(esc("<")) == "&lt;"


def test_a_piece_brings_its_style_to_jupyterlab_and_none_to_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    piece = markup.Piece(tag("p", "text"), "text")
    monkeypatch.delenv("LOOKTHROUGH_PAGE", raising=False)
    assert "<style>" in piece._repr_mimebundle_()["text/html"]
    monkeypatch.setenv("LOOKTHROUGH_PAGE", "1")
    assert piece._repr_mimebundle_() == {"text/plain": "text", "text/html": "<p>text</p>"}
