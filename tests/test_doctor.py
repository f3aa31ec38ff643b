"""`lookthrough doctor`: how a file would be read, without importing it."""

import tomllib
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from lib import doctor
from lib.cli import main
from lib.doctor import Reading
from tests.deliveries import SHARED

LOANS = "loan_id,borrower_id,principal_yuan\n"
STATEMENT = (
    "账号: 6222021234567890128\n共2笔\n交易时间,收支,交易金额,账户余额,对方账号,对方户名,摘要\n"
    "2018-01-01 10:00:00,收,5.00,5.00,6217001,甲,放款\n2018-01-02 10:00:00,支,1.00,4.00,,,y\n2018-13-01,支,1.00,3.00,,,z\n"
)


def one(path: Path, rows: int = 5) -> Reading:
    (reading,) = doctor.explain([path], rows)
    return reading


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_statement_is_explained_from_its_encoding_to_its_first_rows(tmp_path: Path) -> None:
    reading = one(write(tmp_path, "流水.csv", STATEMENT.encode("gb18030")), rows=1)
    assert reading.error is None
    assert reading.part is not None
    assert reading.layout is not None
    assert reading.part.examined.encoding == "gb18030"
    assert reading.layout.header_line == 3
    assert "6222021234567890128" in reading.layout.facts.values()
    assert reading.kinds == {"preamble": 2, "header": 1, "accepted": 2, "quarantined": 1}
    count, rows = reading.rows["flows"]
    assert (count, len(rows), rows[0]["direction"], str(rows[0]["amount_yuan"])) == (2, 1, "in", "5.00")
    assert [(n, line) for _, n, line in reading.reasons] == [(1, 6)]
    assert {side: (n, str(yuan)) for side, (n, yuan) in reading.sides.items()} == {
        "": (2, "6.00"),
        "in": (1, "5.00"),
        "out": (1, "1.00"),
    }


def test_each_column_says_what_becomes_of_it(tmp_path: Path) -> None:
    found = {name: (taken, targets) for name, taken, targets in one(write(tmp_path, "流水.csv", STATEMENT)).columns}
    assert "flows.amount_yuan" in found["交易金额"][1]
    assert "flows.direction" in found["收支"][1]
    assert found["对方户名"][1] == ["flows.counterparty_name"]


def test_a_column_that_is_not_used_says_so(tmp_path: Path) -> None:
    found = {n: (t, to) for n, t, to in one(write(tmp_path, "loans.csv", LOANS[:-1] + ",备用\nL1,P1,5,x\n")).columns}
    assert found["备用"] == ("", [])


def test_faults_of_one_kind_are_counted_together(tmp_path: Path) -> None:
    reading = one(write(tmp_path, "loans.csv", LOANS + "L1,P1,x\nL2,P1,y\nL3,P1\n"))
    assert [(n, line) for _, n, line in reading.reasons] == [(2, 2), (1, 4)]


def test_an_unknown_file_comes_with_a_profile_to_begin_with(tmp_path: Path) -> None:
    reading = one(write(tmp_path, "x.csv", "某日,进项,出项,结存\n2018-01-01,5,,5\n"))
    assert reading.error is not None
    assert reading.stub is not None
    (profile,) = tomllib.loads(reading.stub)["profile"]
    assert profile["base"]
    assert "某日" in reading.stub


def test_a_stub_is_printed_though_the_shell_has_made_an_empty_mapping(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, "x.csv", "某日,进项,出项,结存\n2018-01-01,5,,5\n")
    write(tmp_path, "mapping.toml", "")  # as in `lookthrough doctor x.csv --stub > mapping.toml`
    assert main(["doctor", str(file), "--stub"]) == 1
    said = capsys.readouterr()
    assert len(tomllib.loads(said.out)["profile"]) == 1
    assert said.err == ""


def test_equal_headers_give_one_stub(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.csv", "b.csv"):
        write(tmp_path, name, "某日,进项,出项,结存\n2018-01-01,5,,5\n")
    assert main(["doctor", str(tmp_path), "--stub"]) == 1
    assert len(tomllib.loads(capsys.readouterr().out)["profile"]) == 1


def test_a_file_that_needs_no_profile_is_said_and_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(write(tmp_path, "loans.csv", LOANS + "L1,P1,5\n")), "--stub"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "canonical.loans" in said.err


def test_a_mapping_beside_the_file_holds_for_it(tmp_path: Path) -> None:
    columns = '[profile.columns]\nday = ["某日"]\namount = ["进项"]\nbalance = ["结存"]\n'
    write(tmp_path, "mapping.toml", f'[[profile]]\nid = "own.x"\ntitle = "甲银行"\nbase = "banks.signed"\n{columns}')
    write(tmp_path, "6222021234567890128.csv", "某日,进项,结存\n2018-01-01,-5.00,1.00\n")
    readings = [reading for reading in doctor.explain([tmp_path]) if reading.layout]
    assert [reading.layout.profile.id.split("@")[0] for reading in readings if reading.layout] == ["own.x"]
    assert readings[0].rows["flows"][0] == 1


def test_every_sheet_and_every_member_is_explained_the_hidden_ones_too(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        for name, hidden in (("一", False), ("二", True)):
            page = book.add_worksheet(name)
            page.write_row(0, 0, LOANS.strip().split(","))
            page.write_row(1, 0, ["L" + name, "P1", 5])
            if hidden:
                page.hide()
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(tmp_path / "a.xlsx", "内/a.xlsx")
    readings = doctor.explain([tmp_path])
    assert [(r.name, r.part is not None and r.part.hidden, r.error) for r in readings] == [
        ("a.xlsx » 一", False, None),
        ("a.xlsx » 二", True, None),
        ("b.zip » 内/a.xlsx » 一", False, None),
        ("b.zip » 内/a.xlsx » 二", True, None),
    ]


@pytest.mark.parametrize("content", [b"PK\x03\x04 no archive", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 nothing", b""])
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes) -> None:
    assert one(write(tmp_path, "a.xlsx", content)).error


def test_the_files_of_the_data_and_the_hazards_are_explained_without_a_fault() -> None:
    for folder in ("bank-statements", "hazards", "p2p-platforms"):
        if not (SHARED / folder).is_dir():
            pytest.skip(f"no {SHARED / folder}")
        for reading in doctor.explain([SHARED / folder], 1):
            assert reading.error or reading.note or reading.layout


def test_the_command_prints_the_stub_alone_and_its_exit_code_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "x.csv", "某日,进项,出项,结存\n2018-01-01,5,,5\n")
    assert main(["doctor", str(path), "--stub"]) == 1
    assert tomllib.loads(capsys.readouterr().out)["profile"]
    good = write(tmp_path, "loans.csv", LOANS + "L1,P1,5\n")
    assert main(["doctor", str(good)]) == 0
    said = capsys.readouterr().out
    assert all(text in said for text in ("canonical.loans", "没有导入任何内容", "L1"))
    assert main(["doctor", str(good), "--lang", "en"]) == 0
    assert "nothing was imported" in capsys.readouterr().out
    assert main(["doctor", str(tmp_path / "none.csv")]) == 2
