"""Files that break importers, brought through the whole import: the right rows or set apart with a reason, and no byte is lost.

The tables below say for each file what must come out and why. The files of csv-spectrum are those of the collection of that
name, and so are the rows that they hold.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lib.errors import BadFile
from lib.intake import matching
from tests.deliveries import SHARED, Delivery

HAZARDS = SHARED / "hazards/files"
SPECTRUM = SHARED / "hazards/csv-spectrum"
pytestmark = pytest.mark.skipif(not HAZARDS.is_dir(), reason=f"no {HAZARDS}")

STATEMENT = """
id = "hazards.statement"
title = {zh = "流水", en = "a statement"}
source = "the files' own header"
required = ["card", "amt", "date", "flag"]
present = ["name"]

[columns]
card = []
name = []
amt = []
date = []
flag = []

[[into]]
table = "flows"
columns = {account_id = "card", counterparty_name = "name", amount_yuan = "amt", at = '"date"', direction = "flag"}
"""

Row = tuple[str, str, str, str, str]
ZHANG: Row = ("6222021234567890123", "张三", "1000.50", "2018-03-01", "out")
LI: Row = ("6222021234567890124", "李四", "-20.00", "2018-03-02", "in")
WANG: Row = ("6222021234567890125", "王五", "3.10", "2018-03-03", "out")


@dataclass(frozen=True)
class Outcome:
    """Why a file is here, the rows that must come out, and the lines set apart with a word of the reason."""

    why: str
    rows: tuple[Row, ...] = (ZHANG, LI, WANG)
    apart: dict[int, str] = field(default_factory=dict)


FILES = {
    "amt_prec.csv": Outcome(
        "a binary fraction holds neither 0.1 nor 90071992547409.93",
        (
            ("1", "a", "0.10", "2018-01-01", "out"),
            ("2", "b", "0.20", "2018-01-01", "out"),
            ("3", "c", "90071992547409.93", "2018-01-01", "out"),
        ),
    ),
    "bidi.csv": Outcome(
        "marks of direction and of no width in a name: those at its ends are taken off, those inside stay as written",
        ((ZHANG[0], "张\u202e三", *ZHANG[2:]),),
    ),
    "bom.csv": Outcome("a byte order mark is no part of the first heading"),
    "comment.csv": Outcome(
        "no bank writes comments: a line that begins with # is a row like any other",
        (ZHANG, (f"#{LI[0]}", *LI[1:]), WANG),
    ),
    "dup_rows.csv": Outcome("three equal lines of a statement are three bookings", (ZHANG, ZHANG, ZHANG)),
    "full_width.csv": Outcome(
        "digits, points and dashes in full width are digits, points and dashes", (("622202", *ZHANG[1:]), ZHANG)
    ),
    "gbk.csv": Outcome("Chinese in GBK"),
    "late_type.csv": Outcome(
        "the first text that is no amount stands below 30,000 rows that are: whoever guesses types from the first rows fails",
        tuple((str(i), f"n{i}", f"{i}.00", "2018-03-01", "out") for i in range(30_000)),
        {30_002: "不是金额"},
    ),
    "mixed_enc.csv": Outcome("one line of GBK in a file in UTF-8", (ZHANG, WANG), {3: "解码"}),
    "no_final_nl.csv": Outcome("the last line is a row even if no line break ends it"),
    "nul_line.csv": Outcome("a line of NUL bytes below the rows, as a crash leaves it", apart={5: "NUL"}),
    "open_quote.csv": Outcome("a quote that is not closed costs its own line, not those below", apart={3: "引号"}),
    "quote_mid.csv": Outcome(
        "a quote inside a field that did not begin with one is a character",
        (ZHANG, ("6222", '他说"好"', "1.00", "2018-01-01", "out"), WANG),
    ),
    "semi.csv": Outcome("semicolons between the fields"),
    "sum_row.csv": Outcome("titles above the header and a total below the rows are no rows"),
    "thousand_unquoted.csv": Outcome(
        "1,234.00 without quotes is two fields: the row is not shifted, it is set apart",
        (ZHANG, ("6222", "赵六", "1234567.89", "2018-01-01", "out")),
        {4: "6 个字段"},
    ),
    "trunc_mb.csv": Outcome("the file ends in the middle of a character", (ZHANG, LI), {4: "解码"}),
    "utf16be.csv": Outcome("UTF-16, the high byte first"),
    "utf8.csv": Outcome("nothing is wrong with it"),
}

# Cells as the collection states them; an empty one is unknown, hence None.
SPECTRA: dict[str, list[tuple[str | None, ...]]] = {
    "comma_in_quotes.csv": [("John", "Doe", "120 any st.", "Anytown, WW", "08123")],
    "empty.csv": [("1", None, None), ("2", "3", "4")],
    "empty_crlf.csv": [("1", None, None), ("2", "3", "4")],
    "escaped_quotes.csv": [("1", 'ha "ha" ha'), ("3", "4")],
    "json.csv": [("1", '{"type": "Point", "coordinates": [102.0, 0.5]}')],
    # The degree signs had been lost before: the file itself holds U+FFFD.
    "location_coordinates.csv": [("2095257564", "37\ufffd36'37.8\"N 121\ufffd2'17.9\"W", "Modesto", "Stanislaus")],
    "newlines.csv": [("1", "2", "3"), ("Once upon \na time", "5", "6"), ("7", "8", "9")],
    "newlines_crlf.csv": [("1", "2", "3"), ("Once upon \r\na time", "5", "6"), ("7", "8", "9")],
    "quotes_and_newlines.csv": [("1", 'ha \n"ha" \nha'), ("3", "4")],
    "simple.csv": [("1", "2", "3")],
    "simple_crlf.csv": [("1", "2", "3")],
    "utf8.csv": [("1", "2", "3"), ("4", "5", "ʤ")],
}
_TEXTS = ("name", "former_names", "legal_representative", "scope_text", "address")

Known = Callable[[str], None]


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Known:
    """Give a function that makes one profile the only one that is known."""

    def only(profile: str) -> None:
        folder = tmp_path / "profiles"
        (folder / "hazards").mkdir(parents=True)
        (folder / "hazards/only.toml").write_text(profile, encoding="utf-8")
        monkeypatch.setattr(matching, "match", partial(matching.match, folder=folder))

    return only


def check_bytes(made: Delivery, path: Path) -> None:
    """Check that the spans of the one file tile it, and that its rows are counted."""
    (source,) = made.rows("select * from sources")
    spans: list[dict[str, Any]] = made.rows("select * from spans order by byte_from")
    content = path.read_bytes()
    assert b"".join(content[span["byte_from"] : span["byte_to"]] for span in spans) == content
    assert source["rows_read"] == source["rows_accepted"] + source["rows_quarantined"]


def test_every_hazard_is_in_the_table() -> None:
    assert {path.name for path in HAZARDS.glob("*.csv")} == {*FILES, "empty.csv"}
    assert {path.name for path in SPECTRUM.glob("*.csv")} == set(SPECTRA)


@pytest.mark.parametrize("name", FILES)
def test_no_hazard_is_silently_wrong(tmp_path: Path, known: Known, name: str) -> None:
    known(STATEMENT)
    expected, made = FILES[name], Delivery(tmp_path)
    made.bring(HAZARDS / name)
    rows = made.rows("select account_id, counterparty_name, amount_yuan, flows.at, direction from flows order by line")
    found = [
        (r["account_id"], r["counterparty_name"], str(r["amount_yuan"]), f"{r['at']:%Y-%m-%d}", r["direction"]) for r in rows
    ]
    assert tuple(found) == expected.rows, expected.why
    reasons = made.reasons()
    assert list(reasons) == list(expected.apart), expected.why
    assert all(word in reasons[line] for line, word in expected.apart.items()), reasons
    check_bytes(made, HAZARDS / name)


def test_an_empty_file_is_refused_by_name(tmp_path: Path, known: Known) -> None:
    known(STATEMENT)
    with pytest.raises(BadFile, match=r"empty\.csv: .*空的"):
        Delivery(tmp_path).bring(HAZARDS / "empty.csv")


@pytest.mark.parametrize("name", SPECTRA)
def test_the_cells_of_csv_spectrum_come_out_as_stated(tmp_path: Path, known: Known, name: str) -> None:
    heading = (SPECTRUM / name).read_text("utf-8").splitlines()[0].split(",")
    texts = _TEXTS[: len(heading)]
    columns = "\n".join(f"c{i} = [{json.dumps(title)}]" for i, title in enumerate(heading))
    into = ", ".join(f'{text} = "c{i}"' for i, text in enumerate(texts))
    head = 'id = "hazards.spectrum"\ntitle = {zh = "试", en = "a trial"}\nsource = "csv-spectrum"\n'
    known(f'{head}present = ["c0"]\n[columns]\n{columns}\n[[into]]\ntable = "parties"\ncolumns = {{{into}}}\n')
    made = Delivery(tmp_path)
    made.bring(SPECTRUM / name)
    rows = made.rows(f"select {', '.join(texts)} from parties order by line")
    assert [tuple(row.values()) for row in rows] == SPECTRA[name]
    assert made.reasons() == {}
    check_bytes(made, SPECTRUM / name)
