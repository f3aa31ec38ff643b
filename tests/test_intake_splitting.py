"""Rows into cells: the kernel and Arrow's reader give the same ones, whatever the quotes, blanks and widths."""

import csv
import io
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.intake import readers, splitting
from lib.intake.profiles import Layout, load
from lib.intake.readers import Block
from lib.kernels.shapes import EVERY, LETTERS, MOMENT, MONEY

HEADER = ("a", "b", "c", "d")
# Blanks of one, two and three bytes, what shares bytes with them, quotes, formulas, breaks.
CHARACTERS = [
    "a",
    "张",
    "1",
    ",",
    '"',
    " ",
    "\u3000",
    "\ufeff",
    "\u00a0",
    "\u200b",
    "=",
    '="',
    "\n",
    "、",
    "\t",
    "。",
    "é",
    "-",
]


def layout(place: dict[str, int]) -> Layout:
    profile = replace(load()["canonical.loans"], fewer=1, more=1, nothing="-+")
    return Layout(profile, ",", 1, HEADER, place)


def block_of(content: bytes) -> Block:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(content)
        with patch.object(readers, "BIG", 0):  # the kernel reads small files too
            (block,) = readers.blocks(path, "utf-8", ",")
    return block


def both(content: bytes) -> tuple[splitting.Split, splitting.Split]:
    block, own, wanted = block_of(content), layout({"x": 0, "y": 2, "z": 3}), [0, 2, 3]
    keep = (block.state == readers.WELL_FORMED) & (block.fields >= len(HEADER) - 1) & (block.fields <= len(HEADER) + 1)
    keep[0] = False
    kernel = splitting._by_kernel(block, keep, own, wanted)
    cells = {at: splitting._without(made, "-+") for at, made in kernel.cells.items()}
    return splitting._by_arrow(block, keep, own, wanted), replace(kernel, cells=cells)


TEXTS = st.lists(st.sampled_from(CHARACTERS), max_size=16).map("".join)
ROWS = st.lists(st.lists(TEXTS, min_size=3, max_size=5), min_size=1, max_size=12)


@given(rows=ROWS, crlf=st.booleans(), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_the_kernel_and_the_reader_give_the_same_cells(rows: list[list[str]], crlf: bool, quoting: int) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n" if crlf else "\n", quoting=quoting).writerows([HEADER, *rows])  # type: ignore[arg-type]
    slow, fast = both(written.getvalue().encode())
    assert fast.place.tolist() == slow.place.tolist()
    assert {fault.line for fault in fast.faults} == {fault.line for fault in slow.faults}
    assert {at: made.to_pylist() for at, made in fast.cells.items()} == {at: m.to_pylist() for at, m in slow.cells.items()}
    assert all(fast.shapes[at] & ~slow.shapes[at] == 0 for at in fast.shapes)  # the reader has left out what stands for nothing


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("x", "x"),
        ("\u3000 x\u00a0\u200b", "x"),
        ('"say ""yes"", then"', 'say "yes", then'),
        ('="0012"', "0012"),
        ('"=""0012"""', "0012"),
        ('=" 0012 "', "0012"),
        ('="a"b"', '="a"b"'),
        ('""', None),
        ("--", None),
        ("- -", "- -"),
        ("一二三四五六", "一二三四五六"),  # 18 bytes: longer than what a view holds itself
        ("123456789012", "123456789012"),  # 12 bytes: just held
        ("1234567890123", "1234567890123"),
        ("中、", "中、"),  # its last byte is that of a wide space
    ],
)
def test_a_cell_is_cut_out_as_it_is_meant(written: str, cell: str | None) -> None:
    for made in both(f"a,b,c,d\n{written},b,c,d\n".encode()):
        assert made.cells[0].to_pylist() == [cell]


@pytest.mark.parametrize(
    ("cells", "shape"),
    [
        (["A1", "622", ""], LETTERS),
        (["A1", "6-2"], 0),
        (["1.00", "-123456789012345.99"], MONEY),
        (["1.00", "1234567890123456.00"], 0),  # 16 digits before the point
        (["1.00", "1.0"], 0),
        (["1.00", "-.00"], 0),
        (["1.00", "1,000.00"], 0),
        (["1.00", "12"], 0),
        (["2018-09-03 08:05:06", "1900-01-01 00:00:00"], MOMENT),
        (["1899-12-31 00:00:00"], 0),
        (["2018-09-03T08:05:06"], 0),
        (["2018-09-03 08:05"], 0),
        (["", ""], EVERY),
    ],
)
def test_what_all_cells_of_a_column_are_is_told(cells: list[str], shape: int) -> None:
    slow, fast = both(("a,b,c,d\n" + "".join(f'"{cell}",x,x,x\n' for cell in cells)).encode())
    assert (slow.shapes[0], fast.shapes[0] & EVERY) == (shape, shape)


def test_something_beyond_the_last_column_is_a_fault_and_blanks_are_none() -> None:
    for made in both(b'a,b,c,d\n1,2,3,4, \n1,2,3,4,5\n1,2,3,4\n1,2,3,4,=""\n'):
        assert made.place.tolist() == [1, 3, 4]
        assert [fault.line for fault in made.faults] == [3]
        assert made.cells[3].to_pylist() == ["4", "4", "4"]


def test_a_large_file_gives_the_rows_of_a_small_one(tmp_path: Path) -> None:
    row = '  甲,2,3,="4"\n'
    n = readers.BIG // len(row.encode()) + 10
    path = tmp_path / "a.csv"
    path.write_text("a,b,c,d\n" + row * n, encoding="utf-8")
    own, counted = layout({"x": 0, "z": 3}), 0
    for block in readers.blocks(path, "utf-8", ","):
        keep = np.ones(len(block), np.bool_)
        keep[0] = block.byte_from > 0
        made = splitting.split(block, keep, own)
        counted += len(made.place)
        assert set(made.cells[0].to_pylist()) == {"甲"}
        assert set(made.cells[3].to_pylist()) == {"4"}
    assert counted == n
