"""Workbooks, archives and what only calls itself one: every sheet and every row of them is accounted for."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
import xlwt

from lib import open_case
from lib.errors import BadFile
from lib.findings import evidence
from lib.intake import encodings
from lib.intake.originals import original_text
from lib.intake.sandbox import Sandbox
from tests.deliveries import FLOWS, LOANS, Delivery

Sheets = dict[str, list[list[Any]]]
HEAD = LOANS.strip().split(",")
FLOW_HEAD = FLOWS.strip().split(",")


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    made = Delivery(tmp_path)
    made.raw.mkdir()
    return made


def xlsx(path: Path, sheets: Sheets, hidden: tuple[str, ...] = (), **options: Any) -> Path:
    """Write a workbook: dates as dates, texts as texts, numbers as numbers; (formula, value) as a formula."""
    with xlsxwriter.Workbook(path, options) as book:
        day, time = (book.add_format({"num_format": f}) for f in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            if name in hidden:
                page.hide()
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if isinstance(value, dt.datetime):
                        page.write_datetime(i, j, value, time)
                    elif isinstance(value, dt.date):
                        page.write_datetime(i, j, value, day)
                    elif isinstance(value, tuple):
                        page.write_formula(i, j, value[0], None, value[1])
                    elif isinstance(value, str):
                        page.write_string(i, j, value)
                    elif value is not None:
                        page.write(i, j, value)
    return path


def xls(path: Path, sheets: Sheets, hidden: tuple[str, ...] = (), date1904: bool = False) -> Path:
    book = xlwt.Workbook()
    book.dates_1904 = date1904
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for name, rows in sheets.items():
        page = book.add_sheet(name)
        page.visibility = int(name in hidden)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if value is not None:
                    page.write(i, j, *((value, day) if isinstance(value, dt.date) else (value,)))
    book.save(str(path))
    return path


def zipped(path: Path, members: dict[str, bytes], encoding: str | None = None) -> Path:
    """Write an archive; with an encoding, its names are written in it and not marked as UTF-8."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(Raw(name, encoding) if encoding else name, content)
    return path


class Raw(zipfile.ZipInfo):
    """A member whose name is written in an old encoding, as Chinese programs do."""

    def __init__(self, name: str, encoding: str) -> None:
        super().__init__(name)
        self.compress_type = zipfile.ZIP_DEFLATED
        self.old = name.encode(encoding)

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's name
        return self.old, self.flag_bits & ~0x800


def rendered(path: Path, task: str = "workbook") -> dict[str, list[str]]:
    """What the sandbox writes of each sheet: its lines."""
    with Sandbox() as sandbox:
        unpacked = sandbox.unpack(task, path)
        assert unpacked.refused is None, unpacked.refused
        return {part["sheet"]: (unpacked.folder / part["text"]).read_text("utf-8").split("\n")[:-1] for part in unpacked.parts}


# ---- the cells of a sheet ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("001", "001"),
        ("6222021234567890123", "6222021234567890123"),
        (6222021234567890123, "6.22202123456789E+18"),  # 15 digits are all that a sheet keeps
        (1_000_000_000_000_000, "1E+15"),
        (999_999_999_999_999, "999999999999999"),
        (-6222021234567890, "-6.22202123456789E+15"),
        (1000.0, "1000"),
        (1000.5, "1000.5"),
        (-0.01, "-0.01"),
        (0.1, "0.1"),
        (0.00001, "0.00001"),
        (1234567.89, "1234567.89"),
        (dt.date(2018, 9, 3), "2018-09-03"),
        (dt.datetime(2018, 9, 3, 8, 5, 6), "2018-09-03 08:05:06"),
        (True, "TRUE"),
        (("=1+1", 2), "2"),
        (('="a"', "a"), "a"),
        (("=1/0", "#DIV/0!"), "#DIV/0!"),
        ("a,b", '"a,b"'),
        ('say "x"', '"say ""x"""'),
        ("a\nb", "a\u2028b"),
        ("a\r\nb\rc", "a\u2028b\u2028c"),
        ("=cmd|'/C calc'!A0", "=cmd|'/C calc'!A0"),
    ],
)
def test_a_cell_is_written_as_it_is_meant(tmp_path: Path, value: Any, text: str) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"S": [[value, "end"]]})
    quoted = "," in text or '"' in text
    assert rendered(path) == {"S": [f"{text},end"]} or (quoted and rendered(path) == {"S": [text + ",end"]})


@pytest.mark.parametrize("write", [xlsx, xls])
def test_rows_stand_on_the_lines_of_their_numbers(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write(tmp_path / "a", {"S": [[None, None], [None, None], [None, "x"], [], ["y", 1.5]]})
    assert [line.strip(",") for line in rendered(path)["S"]] == ["", "", "x", "", "y,1.5"]


def test_a_merged_cell_has_its_text_in_its_first_place_only(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet("S")
        page.merge_range(0, 0, 1, 2, "合并")
        page.write_row(1, 3, ["x"])
    assert rendered(tmp_path / "a.xlsx") == {"S": ["合并,,,", ",,,x"]}


@pytest.mark.parametrize("write", [xlsx, xls])
def test_days_of_a_workbook_of_1904_come_out_right(tmp_path: Path, write: Callable[..., Path]) -> None:
    options: dict[str, Any] = {"date_1904": True} if write is xlsx else {"date1904": True}
    assert rendered(write(tmp_path / "a", {"S": [[dt.date(2018, 3, 1)]]}, **options)) == {"S": ["2018-03-01"]}


def edited(path: Path, old: bytes, new: bytes) -> None:
    """Change the XML of a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(old, new))
    path.write_bytes(out.getvalue())


def test_a_formula_that_was_never_worked_out_is_no_empty_cell(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"S": [["x", ("=A9&1", "")], [], [("=1<2", "")]]})
    assert rendered(path) == {"S": ["x,=A9&1", ",", "=1<2,"]}
    edited(path, b'<c r="B1">', b'<c r="B1" t="str">')  # now its value is an empty text
    assert rendered(path) == {"S": ["x,", ",", "=1<2,"]}


def test_a_sheet_whose_xml_has_a_prefix_is_searched_too(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"S": [["x", ("=1/0", "#DIV/0!")], ["y", ("=A9&1", "")]]})
    out = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if "/worksheets/" in name:
                content = re.sub(rb"<(/?)(\w)", rb"<\1x:\2", content).replace(b"xmlns=", b"xmlns:x=")
            after.writestr(name, content)
    path.write_bytes(out.getvalue())
    assert rendered(path) == {"S": ["x,#DIV/0!", "y,=A9&1"]}


def test_cells_without_an_address_come_after_those_before_them(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"S": [["x", ("=1/0", "#DIV/0!")], ["y", ("=1/0", "#N/A")]]})
    for address in (b"A1", b"B1", b"A2", b"B2"):
        edited(path, b'<c r="' + address + b'"', b"<c")
    assert rendered(path) == {"S": ["x,#DIV/0!", "y,#N/A"]}


# ---- imported ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "write"), [(".xlsx", xlsx), (".xlsm", xlsx), (".xls", xls)])
def test_a_workbook_is_imported_like_the_text_of_its_rows(made: Delivery, suffix: str, write: Callable[..., Path]) -> None:
    write(made.raw / f"loans{suffix}", {"合同": [HEAD, ["L1", "P1", 1000.25], ["L2", "P2", "2,000.50"]]})
    answer = made.bring()
    assert made.column("select principal_yuan::text from loans order by loan_id") == ["1000.25", "2000.50"]
    assert answer[["name", "sheet", "state", "rows_read", "rows_accepted"]].to_numpy().tolist() == [
        [f"loans{suffix}", "合同", "imported", 2, 2]
    ]
    assert made.column("select source_total::text from control_totals") == ["3000.750000000000"]
    assert made.rows("select member, sheet, kind, line_from, line_to, byte_from, byte_to from spans order by line_from") == [
        {"member": "", "sheet": "合同", "kind": kind, "line_from": a, "line_to": b, "byte_from": None, "byte_to": None}
        for kind, a, b in (("header", 1, 1), ("accepted", 2, 3))
    ]


def test_importing_a_workbook_twice_changes_nothing(made: Delivery) -> None:
    path = xlsx(made.raw / "a.xlsx", {"一": [HEAD, ["L1", "P1", 1]], "二": [HEAD, ["L2", "P2", 2]]})
    made.bring()
    before = made.store_path.read_bytes()
    again = made.bring()
    assert again["state"].tolist() == ["already_imported", "already_imported"]
    (made.raw / "b.xlsx").write_bytes(path.read_bytes())
    assert made.bring()["state"].tolist() == ["already_imported", "already_imported", "duplicate"]
    assert made.store_path.read_bytes() == before


def test_a_hidden_sheet_is_read_like_any_other(made: Delivery) -> None:
    sheets: Sheets = {"明": [HEAD, ["L1", "P1", 1]], "暗": [HEAD, ["L2", "P2", 2]]}
    xlsx(made.raw / "a.xlsx", sheets, hidden=("暗",))
    xls(made.raw / "b.xls", {"明": [HEAD, ["L3", "P1", 1]], "暗": [HEAD, ["L4", "P2", 2]]}, hidden=("暗",))
    made.bring()
    assert made.column("select loan_id from loans order by 1") == ["L1", "L2", "L3", "L4"]


def test_a_sheet_that_is_no_table_is_set_aside_and_counted(made: Delivery) -> None:
    sheets: Sheets = {"说明": [["见附件"], [], ["第二行"]], "空": [], "合同": [HEAD, ["L1", "P1", 1]]}
    xlsx(made.raw / "a.xlsx", sheets)
    answer = made.bring()
    assert answer[["sheet", "state", "rows_read"]].to_numpy().tolist() == [
        ["说明", "set_aside", 2],
        ["空", "set_aside", 0],
        ["合同", "imported", 1],
    ]
    spans = made.rows("select kind, line_from, line_to from spans where sheet = '说明' order by line_from")
    assert [tuple(span.values()) for span in spans] == [("set_aside", 1, 1), ("blank", 2, 2), ("set_aside", 3, 3)]
    assert made.column("select count(*) from sources where profile_id is null") == [2]


def test_a_workbook_in_which_no_sheet_is_known_is_an_error_that_names_the_sheet(made: Delivery) -> None:
    xlsx(made.raw / "a.xlsx", {"S": [["loan_id", "borrower_id"], ["L1", "P1"]]})
    with pytest.raises(BadFile, match=r"^a\.xlsx » S: .*principal_yuan"):
        made.bring()
    assert not made.store_path.exists()


def test_a_number_whose_digits_a_sheet_has_lost_is_set_apart(made: Delivery) -> None:
    rows = [HEAD, [6222021234567890123, "P1", 1], ["6222021234567890123", "P2", 2]]
    xlsx(made.raw / "loans.xlsx", {"S": rows})
    made.bring()
    assert made.column("select loan_id from loans") == ["6222021234567890123"]
    assert list(made.reasons()) == [2]
    assert made.column("select original_text from quarantine") == ["6.22202123456789E+18,P1,1"]


def test_an_error_in_a_cell_is_no_amount(made: Delivery) -> None:
    xlsx(made.raw / "loans.xlsx", {"S": [HEAD, ["L1", "P1", ("=1/0", "#DIV/0!")], ["L2", "P1", ("=1+1", 2)]]})
    made.bring()
    assert made.column("select loan_id from loans") == ["L2"]
    assert "#DIV/0!" in made.reasons()[2]


def test_an_error_in_a_cell_of_an_old_workbook_is_no_amount(made: Delivery) -> None:
    book = xlwt.Workbook()
    for sheet in ("一", "二"):
        page = book.add_sheet(sheet)
        for i, row in enumerate([HEAD, [f"L1{sheet}", "P1", None], [f"L2{sheet}", "P1", None], [f"L3{sheet}", "P1", 2]]):
            for j, value in enumerate(value for value in row if value is not None):
                page.write(i, j, value)
        page.row(1).set_cell_error(2, "#REF!")
        page.write(2, 2, xlwt.Formula("1/0"))
    out = io.BytesIO()
    book.save(out)
    # xlwt works no formula out: put in what Excel would, the error #DIV/0! (type 2, code 7) in the place of the value.
    error = bytes.fromhex("020007000000ffff")
    content = re.sub(rb"(\x06\0..\x02\0\x02\0..).{8}", lambda found: found[1] + error, out.getvalue(), flags=re.DOTALL)
    (made.raw / "loans.xls").write_bytes(content)
    made.bring()
    assert made.column("select loan_id from loans order by 1") == ["L3一", "L3二"]
    assert made.column("select original_text from quarantine order by 1") == [
        *("L1一,P1,#REF!", "L1二,P1,#REF!", "L2一,P1,#DIV/0!", "L2二,P1,#DIV/0!")
    ]


def test_a_line_break_in_a_cell_comes_back_and_costs_no_line(made: Delivery) -> None:
    xlsx(made.raw / "p.xlsx", {"S": [["party_id", "name", "kind"], ["P1", "河南\n某公司", "企业"], ["P2", "乙", "火星"]]})
    made.bring()
    assert made.rows("select name, line from parties") == [{"name": "河南\n某公司", "line": 2}]
    assert list(made.reasons()) == [3]
    (source,) = made.column("select source_id from sources")
    assert original_text(made.store, source, [2, 3]) == {2: "P1,河南\n某公司,企业", 3: "P2,乙,火星"}


def test_evidence_walks_back_to_the_row_of_the_sheet_with_its_text(made: Delivery) -> None:
    content = xlsx(made.raw / "a.xlsx", {"甲": [["标题"], HEAD, ["L1", "P1", 1000]]}).read_bytes()
    (made.raw / "a.xlsx").unlink()
    zipped(made.raw / "a.zip", {"子/合同.xlsx": content, "loans.csv": (LOANS + "L2,P2,5\n").encode("gb18030")})
    made.bring()
    case = open_case(None, "2018-09-30", made.store_path)
    found = evidence.lines(case, [{"table": "loans", "id": "L1"}, {"table": "loans", "id": "L2"}]).to_pylist()
    assert found == [
        {"table": "loans", "id": "L1", "source": "a.zip » 子/合同.xlsx » 甲", "line": 3, "text": "L1,P1,1000"},
        {"table": "loans", "id": "L2", "source": "a.zip » loans.csv", "line": 2, "text": "L2,P2,5"},
    ]


def test_whatever_a_sheet_holds_its_spans_cover_all_rows(made: Delivery) -> None:
    rows: list[list[Any]] = [["标题"], [], HEAD, ["L1", "P1", 1], [], HEAD, ["L2", "P2", "x"], ["合计", None, 1], ["完"]]
    xlsx(made.raw / "a.xlsx", {"S": rows})
    made.bring()
    spans = made.rows("select line_from, line_to from spans order by line_from")
    assert [row for span in spans for row in range(span["line_from"], span["line_to"] + 1)] == list(range(1, len(rows) + 1))
    (source,) = made.rows("select rows_read, rows_accepted, rows_quarantined from sources")
    assert source["rows_read"] == source["rows_accepted"] + source["rows_quarantined"]


# ---- archives ---------------------------------------------------------------------------------------------------------


def test_names_in_gb18030_are_read_as_such(made: Delivery) -> None:
    members = {"借款合同/一月.csv": (LOANS + "L1,P1,1\n").encode(), "二月.csv": (LOANS + "L2,P1,1\n").encode()}
    zipped(made.raw / "a.zip", members, "gb18030")
    zipped(made.raw / "b.zip", {"三月.csv": (LOANS + "L3,P1,1\n").encode()}, "utf-8")
    zipped(made.raw / "c.zip", {"四月.csv": (LOANS + "L4,P1,1\n").encode()})
    made.bring()
    assert made.column("select member from sources order by seq") == ["借款合同/一月.csv", "二月.csv", "三月.csv", "四月.csv"]


@pytest.mark.parametrize("name", ["../../loans.csv", "/etc/loans.csv", "C:\\loans.csv", "a\nb.csv", "*[1]?.csv", "$(id).csv"])
def test_names_of_members_are_names_only(made: Delivery, name: str) -> None:
    zipped(made.raw / "a.zip", {name: (LOANS + "L1,P1,1\n").encode()})
    before = sorted(made.folder.rglob("*"))
    made.bring()
    after = sorted(path for path in made.folder.rglob("*") if "store" not in path.name)
    assert after == before
    assert made.column("select member from sources") == [name]


def test_spans_of_a_member_tile_its_bytes(made: Delivery) -> None:
    content = ("第一批\n" + LOANS + "L1,张三,1\nL2,李四,x\n\n").encode("gb18030")
    zipped(made.raw / "a.zip", {"loans.csv": content})
    made.bring()
    spans = made.rows("select * from spans order by byte_from")
    assert b"".join(content[span["byte_from"] : span["byte_to"]] for span in spans) == content
    assert {span["member"] for span in spans} == {"loans.csv"}


def test_an_archive_in_an_archive_is_opened_once(made: Delivery, tmp_path: Path) -> None:
    content = (LOANS + "L1,P1,1\n").encode()
    inner = zipped(tmp_path / "inner.zip", {"loans.csv": content}).read_bytes()
    deep = zipped(tmp_path / "deep.zip", {"inner.zip": inner}).read_bytes()
    zipped(made.raw / "a.zip", {"inner.zip": inner})
    zipped(made.raw / "b.zip", {"deep.zip": deep})
    answer = made.bring()
    assert made.column("select member from sources order by seq") == ["inner.zip/loans.csv", "deep.zip/inner.zip"]
    assert answer["state"].tolist() == ["imported", "quarantined"]


def test_documents_in_an_archive_are_passed_over_and_unknown_tables_set_aside(made: Delivery) -> None:
    files = {
        "函.pdf": b"%PDF",
        "__MACOSX/._loans.csv": b"x",
        "loans.csv": (LOANS + "L1,P1,1\n").encode(),
        "x.csv": b"a,b\n1,2\n",
    }
    zipped(made.raw / "a.zip", files)
    answer = made.bring()
    assert answer[["member", "state"]].to_numpy().tolist() == [["loans.csv", "imported"], ["x.csv", "set_aside"]]


def test_an_archive_of_documents_is_skipped(made: Delivery) -> None:
    made.write(loans=LOANS + "L1,P1,1\n")
    zipped(made.raw / "a.zip", {"函.pdf": b"%PDF"})
    assert dict(made.bring()[["name", "state"]].to_numpy().tolist()) == {"a.zip": "skipped", "loans.csv": "imported"}


# ---- what only calls itself a workbook --------------------------------------------------------------------------------


def test_a_page_that_calls_itself_a_workbook_is_read_as_its_tables(made: Delivery) -> None:
    cells = "".join(f"<tr><td>L{i}</td><td x:str>P&amp;{i}</td><td>{i}.50</td></tr>" for i in (1, 2))
    head = "".join(f"<th>{name}</th>" for name in HEAD)
    table = f"<table><tr>{head}</tr>{cells}</table>"
    page = f"<html><head><meta charset=gb2312><style>td {{x}}</style></head><p>户名：张三</p>{table}完"
    (made.raw / "loans.xls").write_bytes(page.encode("gb18030"))
    made.bring()
    assert made.column("select borrower_id from loans order by loan_id") == ["P&1", "P&2"]
    assert made.rows("select sheet, header_line, rows_accepted from sources") == [
        {"sheet": "table 1", "header_line": 2, "rows_accepted": 2}
    ]
    (source,) = made.column("select source_id from sources")
    assert original_text(made.store, source, [1, 3, 5]) == {1: "户名：张三", 3: "L1,P&1,1.50", 5: "完"}
    assert list(made.reasons()) == [5]  # text below the table is no row of it, and is not lost


def test_cells_that_span_columns_and_rows_keep_the_others_in_their_places(tmp_path: Path) -> None:
    page = "<table><tr><td colspan=2>a</td><td rowspan=2>b</td></tr><tr><td>c<br>d</td><td>e</td></tr><tr><td>f</table>"
    (tmp_path / "a.xls").write_text(page)
    assert rendered(tmp_path / "a.xls", "html") == {"table 1": ["a,,b", "c\u2028d,e,", "f,,"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_that_calls_itself_a_workbook_is_read_as_text(made: Delivery, encoding: str) -> None:
    head = "\t".join(f'="{name}"' for name in HEAD)
    text = f'{head}\n="6222021234567890123"\t="张三"\t="1,000.50"\n'
    (made.raw / "loans.xls").write_bytes(text.encode(encoding))
    made.bring()
    assert made.rows("select loan_id, borrower_id, principal_yuan::text as p from loans") == [
        {"loan_id": "6222021234567890123", "borrower_id": "张三", "p": "1000.50"}
    ]
    content = (made.raw / "loans.xls").read_bytes()
    spans = made.rows("select * from spans order by byte_from")
    assert b"".join(content[span["byte_from"] : span["byte_to"]] for span in spans) == content


def test_a_workbook_that_calls_itself_csv_is_read_as_a_workbook(made: Delivery) -> None:
    xlsx(made.raw / "a.xlsx", {"S": [HEAD, ["L1", "P1", 1]]}).rename(made.raw / "loans.csv")
    assert made.bring()["sheet"].tolist() == ["S"]


# ---- together ---------------------------------------------------------------------------------------------------------


def test_a_text_and_a_workbook_of_the_same_rows_give_the_same_rows(made: Delivery) -> None:
    rows = [[f"A{i % 3}", f"2018-01-{1 + i % 28:02} 08:00:00", "收", f"{i}.25", f"B{i}"] for i in range(50)]
    made.write(a__flows=FLOWS + "".join(",".join(row) + "\n" for row in rows))
    made.bring()
    one = made.rows("select account_id, flows.at, direction, amount_yuan, counterparty_account from flows order by amount_yuan")
    other = Delivery(made.folder / "other")
    other.raw.mkdir(parents=True)
    typed = [[a, dt.datetime.fromisoformat(at), d, float(amount), b] for a, at, d, amount, b in rows]
    xlsx(other.raw / "flows.xlsx", {"S": [FLOW_HEAD, *typed]})
    other.bring()
    query = "select account_id, flows.at, direction, amount_yuan, counterparty_account from flows order by amount_yuan"
    assert other.rows(query) == one
    xlsx(made.raw / "b.xlsx", {"S": [FLOW_HEAD, *typed]})
    made.bring()
    assert made.column("select count(*) from flows") == [50]  # the same rows: nothing is doubled


def test_progress_goes_through_every_part_to_the_whole(made: Delivery) -> None:
    xlsx(made.raw / "a.xlsx", {"一": [HEAD, ["L1", "P1", 1]], "二": [HEAD, ["L2", "P2", 2]]})
    told: list[tuple[str, int, int, int]] = []
    made.bring(progress=lambda *step: told.append(step))
    assert [name for name, *_ in told] == ["a.xlsx", "a.xlsx » 一", "a.xlsx » 二"]
    assert told[-1][1] == told[-1][2]
    assert told[-1][3] == 4  # two headers and two rows


def test_the_answer_has_a_row_for_each_part_in_the_order_of_the_file(made: Delivery) -> None:
    xlsx(made.raw / "a.xlsx", {name: [HEAD, [f"L{name}", "P1", 1]] for name in ("丙", "甲", "乙")})
    answer = made.bring()
    assert isinstance(answer, pd.DataFrame)
    assert answer["sheet"].tolist() == ["丙", "甲", "乙"]
    assert made.column("select count(distinct source_id) from sources") == [3]
    assert made.column("select count(distinct sha256) from sources") == [1]


def test_a_sheet_has_no_encoding_of_its_own(made: Delivery) -> None:
    xlsx(made.raw / "a.xlsx", {"S": [HEAD, ["L1", "P1", 1]]})
    made.bring()
    assert made.column("select encoding from sources") == [encodings.SHEET]
