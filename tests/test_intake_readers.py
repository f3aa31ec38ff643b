"""Encodings, records and bytes: what is read is what is written, and every byte is accounted for."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.intake import readers, splitting
from lib.intake.readers import AMBIGUOUS, NUL, OPEN_QUOTE, TEXT_AFTER_QUOTE, UNDECODABLE, WELL_FORMED, Block
from lib.kernels.records import split_records
from tests.deliveries import SHARED
from tests.trials import trials

HAZARDS = SHARED / "hazards"


def read(folder: Path, content: bytes, delimiter: str = ",", size: int = 1 << 20) -> list[Block]:
    path = folder / "file.csv"
    path.write_bytes(content)
    return list(readers.blocks(path, readers.examine(path).encoding, delimiter, size=size))


def cells(blocks: list[Block], delimiter: str = ",") -> list[list[str]]:
    """Rows of well-formed blocks of one width."""
    found = []
    for block in blocks:
        width = int(block.fields[0])
        table = splitting.fields(block, np.ones(len(block), np.bool_), delimiter, width)
        found += [list(row.values()) for row in table.to_pylist()]
    return found


def texts(blocks: list[Block]) -> list[str]:
    return [block.record(i) for block in blocks for i in range(len(block))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_text_is_read_in_every_encoding_that_we_know(tmp_path: Path, encoding: str) -> None:
    content = "户名,金额\n张三,1.50\n河南某某有限公司,2.00\n".encode(encoding)
    assert cells(read(tmp_path, content)) == [["户名", "金额"], ["张三", "1.50"], ["河南某某有限公司", "2.00"]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("rows", [1, 5000])
def test_utf16_without_a_mark_is_told_from_its_zeros(tmp_path: Path, encoding: str, rows: int) -> None:
    text = "户名,摘要,金额\r\n" + "张一,一般存款,1.50\r\n" * rows  # 一 is U+4E00: a zero on the other side
    blocks = read(tmp_path, text.encode(encoding))
    assert {block.encoding for block in blocks} == {encoding}
    assert cells(blocks) == [["户名", "摘要", "金额"]] + [["张一", "一般存款", "1.50"]] * rows
    assert blocks[0].original(0) == "户名,摘要,金额"


@pytest.mark.parametrize("cut", [1, 2])
def test_utf16_without_a_mark_that_is_cut_off_loses_its_last_line_alone(tmp_path: Path, cut: int) -> None:
    text = "户名,金额\n张三,1.50\n李四,2.00\U00020000"  # the last one is a pair of units
    blocks = read(tmp_path, text.encode("utf-16-le")[:-cut])
    assert {block.encoding for block in blocks} == {"utf-16-le"}
    assert [mark for block in blocks for mark in block.mark.tolist()] == [0, 0, UNDECODABLE]


@pytest.mark.parametrize(
    "content",
    [
        "户名,金额\n张三,1\n".encode("gb18030") + b"\0" * 400,
        b"a,b\n1,\0" + b"2\n",
        b"".join(bytes([i, 0]) for i in range(256)),  # no text: control characters stand in it
        "户名,金额\n".encode("gb18030") + b"\0\0",
    ],
)
def test_zeros_alone_make_no_utf16(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.csv").write_bytes(content)
    assert not readers.examine(tmp_path / "file.csv").encoding.startswith("utf-16")


def test_a_line_in_another_encoding_is_marked_and_the_others_are_read(tmp_path: Path) -> None:
    lines = ["户名,金额\n".encode(), "张三,1\n".encode(), "李四,2\n".encode("gb18030"), "王五,3\n".encode()]
    (block,) = read(tmp_path, b"".join(lines))
    assert block.mark.tolist() == [0, 0, UNDECODABLE, 0]
    assert block.record(3) == "王五,3"
    assert block.original(2) == r"\xc0\xee\xcb\xc4,2"


def test_utf8_lines_in_a_gb18030_file_are_not_read_as_other_characters(tmp_path: Path) -> None:
    gb = [f"河南某某小额贷款有限公司{i},1\n".encode("gb18030") for i in range(5)]
    (block,) = read(tmp_path, b"".join([*gb, "李四,1\n".encode()]))
    assert block.encoding == "gb18030"
    assert block.mark.tolist() == [0, 0, 0, 0, 0, AMBIGUOUS]


def test_a_bar_inside_a_gb18030_character_is_no_delimiter(tmp_path: Path) -> None:
    character = bytes([0xC1, 0x7C]).decode("gb18030")  # its second byte is that of |
    (block,) = read(tmp_path, f"a|{character}河南省郑州市|b\n".encode("gb18030"), "|")
    assert block.fields.tolist() == [3]


def test_lines_with_nul_bytes_are_marked(tmp_path: Path) -> None:
    (block,) = read(tmp_path, b"a,b\n1,\x002\n3,4\n")
    assert block.mark.tolist() == [0, NUL, 0]


def test_an_unclosed_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    (block,) = read(tmp_path, b'a,b\n1,"open\n2,x\n3,"y"\n4,z\n')
    assert block.state.tolist() == [WELL_FORMED, TEXT_AFTER_QUOTE, WELL_FORMED, WELL_FORMED, WELL_FORMED]
    assert texts([block])[1:] == ['1,"open', "2,x", '3,"y"', "4,z"]


def test_a_quote_that_is_open_at_the_end_costs_its_own_line_only(tmp_path: Path) -> None:
    blocks = read(tmp_path, b'a,b\n1,"open\n2,x\n')
    assert [state for block in blocks for state in block.state] == [WELL_FORMED, OPEN_QUOTE, WELL_FORMED]


def test_a_quote_inside_an_unquoted_field_is_a_character(tmp_path: Path) -> None:
    assert cells(read(tmp_path, 'a,b\n1,他说"好"\n'.encode())) == [["a", "b"], ["1", '他说"好"']]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [b"", b"end"])
def test_line_endings_of_all_kinds_and_none_at_the_end(tmp_path: Path, ending: bytes, last: bytes) -> None:
    content = ending.join([b"a,b", b'1,"x' + ending + b'y"', b"2,3"]) + (ending if last else b"")
    rows = cells(read(tmp_path, content))
    assert [row[0] for row in rows] == ["a", "1", "2"]
    assert rows[2] == ["2", "3"]


# What a quoted or bare field may hold; the oracle is Python's own csv module.
FIELD = st.text(alphabet='ab1,"\n 张,;', max_size=6)
ROWS = st.lists(st.lists(FIELD, min_size=2, max_size=2), min_size=1, max_size=30)


@given(ROWS, st.integers(min_value=1, max_value=60))
@settings(max_examples=trials(150), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_csv_reads_as_python_reads_it_whatever_the_size_of_blocks(tmp_path: Path, rows: list[list[str]], size: int) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    blocks = read(tmp_path, out.getvalue().encode(), size=size)
    assert all((block.state == WELL_FORMED).all() and (block.fields == 2).all() for block in blocks)
    assert cells(blocks) == list(csv.reader(io.StringIO(out.getvalue())))


@given(st.binary(max_size=200), st.integers(min_value=1, max_value=40))
@settings(max_examples=trials(300), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_bytes_of_any_file_come_back_whole_and_in_order(tmp_path: Path, content: bytes, size: int) -> None:
    blocks = read(tmp_path, content, size=size * 2)
    pieces = [block.raw[block.raw_at[i] : block.raw_at[i + 1]] for block in blocks for i in range(len(block))]
    assert b"".join(pieces) == content
    lines = [int(n) for block in blocks for n in block.line[:-1]]
    assert lines == sorted(set(lines))


@given(st.text(alphabet='a,"\n\r', max_size=60))
@settings(max_examples=trials(200), deadline=None)
def test_text_without_quotes_is_split_alike_by_both_ways(text: str) -> None:
    content = text.replace('"', "").encode() or b"a"
    starts = readers._line_starts(content, "utf-8")
    fast = readers.records(content, starts, ",")
    cuts = np.empty(content.count(b",") + len(starts), np.int32)
    first, fields, state, at = split_records(np.frombuffer(content, np.uint8), starts, ord(","), readers.MAX_RECORD_LINES, cuts)
    assert (fast.first.tolist(), fast.fields.tolist(), fast.state.tolist()) == (first.tolist(), fields.tolist(), state.tolist())
    lines = [content[a:b].rstrip(b"\r\n") for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
    found = [[int(cut) for cut in cuts[k : k + n]] for k, n in zip(at.tolist(), fields.tolist(), strict=True)]
    for line, begin, ends in zip(lines, starts.tolist(), found, strict=False):
        begins = [begin, *(end + 1 for end in ends[:-1])]
        assert [content[a:b] for a, b in zip(begins, ends, strict=True)] == line.split(b",")


@pytest.mark.skipif(not HAZARDS.is_dir(), reason=f"no {HAZARDS}")
@pytest.mark.parametrize(
    "name", ["comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf"]
)
def test_csv_spectrum_reads_as_its_published_rows(tmp_path: Path, name: str) -> None:
    content = (HAZARDS / "csv-spectrum" / f"{name}.csv").read_bytes()
    published = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert cells(read(tmp_path, content)) == published


@pytest.mark.skipif(not HAZARDS.is_dir(), reason=f"no {HAZARDS}")
def test_no_hazard_file_is_read_without_every_byte_and_every_doubtful_line_marked() -> None:
    doubtful = {}
    for path in sorted(HAZARDS.rglob("*.csv")):
        blocks = list(readers.blocks(path, readers.examine(path).encoding, ","))
        assert sum(int(block.raw_at[-1]) for block in blocks) == path.stat().st_size, path
        marked = [int(block.line[i]) for block in blocks for i in np.flatnonzero(block.mark | block.state)]
        if marked:
            doubtful[path.name] = marked
    assert doubtful == {"mixed_enc.csv": [3], "nul_line.csv": [5], "open_quote.csv": [3], "trunc_mb.csv": [4]}, json.dumps(
        doubtful
    )
