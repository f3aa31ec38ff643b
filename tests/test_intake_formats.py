"""Forms of workbooks that are met rarely: the right rows, or one file set apart with what it is and what to do."""

import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from lib import cli
from lib.errors import UnknownLayout
from tests.deliveries import LOANS, Delivery
from tests.test_intake_hostile import costs_one_file
from tests.test_intake_workbooks import FLOW_HEAD, HEAD, rendered, xlsx, zipped

XML_2003 = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table>
<Row><Cell><Data>loan_id</Data></Cell><Cell><Data>borrower_id</Data></Cell><Cell><Data>principal_yuan</Data></Cell></Row>
</Table></Worksheet></Workbook>
"""
MHTML = """MIME-Version: 1.0
Content-Type: multipart/related; boundary="b"

--b
Content-Type: text/html; charset="gb2312"

<table><tr><td>loan_id</td><td>borrower_id</td><td>principal_yuan</td></tr><tr><td>L1</td><td>P1</td><td>1</td></tr></table>
--b--
"""
FLAT_ODS = '<?xml version="1.0"?>\n<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>\n'
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "calcext")
)


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path).write(good__loans=LOANS + "L0,P0,7\n")


def ods(path: Path, rows: list[str]) -> Path:
    """Write a sheet S of rows in OpenDocument's own words."""
    body = f'<office:body><office:spreadsheet><table:table table:name="S">{"".join(rows)}</table:table>'
    content = f"<office:document-content {SPACES}>{body}</office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
    return path


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


def text(value: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string"{more}><text:p>{escape(value)}</text:p></table:table-cell>'


def number(value: str) -> str:
    return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'


ERROR = text("#DIV/0!", ' office:string-value="" table:formula="of:=1/0"')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.xls", XML_2003, "XML 电子表格 2003; 请用 Excel 打开并另存为 .xlsx"),
        ("a.xls", MHTML, "单个网页文件 (MHTML)"),
        ("a.xlsx", MHTML, "MHTML"),
        ("a.ods", FLAT_ODS, "OpenDocument"),
    ],
)
def test_a_form_that_only_a_spreadsheet_program_reads_says_what_it_is_and_what_to_do(
    made: Delivery, name: str, content: str, word: str, encoding: str
) -> None:
    (made.raw / name).write_bytes(content.encode(encoding))
    costs_one_file(made, name, word)


def test_such_a_form_in_an_archive_costs_its_member_only(made: Delivery) -> None:
    zipped(made.raw / "a.zip", {"旧.xls": XML_2003.encode(), "loans.csv": (LOANS + "L1,P1,1\n").encode()}, "gb18030")
    assert costs_one_file(made, "a.zip", "XML 电子表格 2003", rows=2)["member"] == "旧.xls"


def test_a_sheet_of_open_document_is_imported_row_by_row(made: Delivery) -> None:
    gap = row('<table:table-cell table:number-columns-repeated="3"/>', more=' table:number-rows-repeated="3"')
    ods(
        made.raw / "a.ods",
        [row(*map(text, HEAD)), gap, row(text("L1"), text("P1"), number("12.5")), row(text("L2"), text("P1"), ERROR)],
    )
    made.bring()
    assert made.rows("select loan_id, line, principal_yuan::text as p from loans where loan_id <> 'L0'") == [
        {"loan_id": "L1", "line": 5, "p": "12.50"}
    ]
    assert made.column("select original_text from quarantine") == ["L2,P1,#DIV/0!"]


def test_an_error_in_a_sheet_of_open_document_is_no_empty_cell(tmp_path: Path) -> None:
    twice = ERROR.replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="2"', 1)
    path = ods(tmp_path / "a.ods", [row(text("x"), twice, text("y")), row(text("z"), text("", ' office:string-value=""'))])
    assert [line.rstrip(",") for line in rendered(path)["S"]] == ["x,#DIV/0!,#DIV/0!,y", "z"]


def test_an_archive_in_an_archive_with_names_in_gbk_is_read(made: Delivery, tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"合同/一月.csv": (LOANS + "L1,张三,1\n").encode("gb18030")}, "gb18030")
    zipped(made.raw / "甲.zip", {"内层.zip": inner.read_bytes()}, "gb18030")
    made.bring()
    assert made.column("select member from sources where member <> ''") == ["内层.zip/合同/一月.csv"]
    assert made.column("select borrower_id from loans where loan_id = 'L1'") == ["张三"]


@pytest.mark.long
@pytest.mark.parametrize("form", ["ods", "xls", "xlsx"])
def test_a_workbook_that_another_program_has_written_gives_the_same_rows(made: Delivery, tmp_path: Path, form: str) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice (soffice) here")
    rows = [FLOW_HEAD, ["6222021234567890123", 43_101.5, "收", 1000.25, "B"], ["A", 43_101, "付", ("=1/0", "#DIV/0!"), "B"]]
    path = xlsx(tmp_path / "a.xlsx", {"S": rows})
    command = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", form]
    subprocess.run([*command, "--outdir", str(made.raw), str(path)], check=True, capture_output=True, timeout=120)
    made.bring()
    assert made.rows(
        "select account_id, strftime(flows.at, '%Y-%m-%d %H:%M') as day, amount_yuan::text as yuan from flows"
    ) == [{"account_id": "6222021234567890123", "day": "2018-01-01 12:00", "yuan": "1000.25"}]
    assert list(made.reasons()) == [3]
    assert "#DIV/0!" in made.reasons()[3]


# ---- what is no table -------------------------------------------------------------------------------------------------

NO_TABLES = {
    "扫描.csv": (b"%PDF-1.4\n" + bytes(range(256)), "PDF 文件"),
    "照片.tif": (b"II*\0" + bytes(range(256)), "图片"),
    "截图": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "图片"),
    "照片.csv": (b"\xff\xd8\xff\xe0" + bytes(range(256)), "图片"),
    "函.rtf": (rb"{\rtf1 x}", "RTF 文档"),
    "录音.mp3": (b"ID3" + bytes(range(256)), "二进制文件 .mp3"),
    "网页.mht": (MHTML.encode(), "MHTML"),
    "邮件.eml": (b"From: a@example.org\nMIME-Version: 1.0\n\nx\n", "电子邮件"),
    "数据.xml": (b'<?xml version="1.0"?>\n<flows><flow amount="1"/></flows>\n', "XML 文件"),
    "旧.xml": (XML_2003.encode("utf-16"), "XML 电子表格 2003"),
    "页.csv": (b"<html><body>x</body></html>", "网页 (HTML)"),
    "数据.json": (b'[{"amount": 1}]', "BODS"),
    "流水.7z": (b"7z", "不读取 .7z"),
    "介绍.pptx": (b"PK\3\4" + bytes(range(256)), "不读取 .pptx"),
    "流水.dat": (b"Rar!\x1a\x07\x00", "压缩包"),
}


def test_files_that_are_no_tables_are_set_apart_one_by_one_and_the_rest_is_imported(
    made: Delivery, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, (content, _) in NO_TABLES.items():
        (made.raw / name).write_bytes(content)
    assert cli.main(["import", str(made.raw), "--store", str(made.store_path)]) == 1
    assert made.column("select loan_id from loans") == ["L0"]
    reasons = made.rows("select s.name, q.reason from quarantine as q inner join sources as s using (source_id)")
    told = {row["name"]: row["reason"].partition("\n")[0] for row in reasons}
    assert told.keys() == NO_TABLES.keys()
    assert [name for name, (_, word) in NO_TABLES.items() if word not in told[name]] == []
    assert all("导入" in reason for reason in told.values())
    capfd.readouterr()
    assert set(made.bring()["state"]) == {"already_imported"}


def test_what_is_no_table_in_an_archive_costs_its_member_only(made: Delivery) -> None:
    zipped(made.raw / "a.zip", {"a.json": b'{"a": 1}', "loans.csv": (LOANS + "L1,P1,1\n").encode()})
    answer = made.bring()
    assert answer[["member", "state"]].to_numpy().tolist() == [
        ["a.json", "quarantined"],
        ["loans.csv", "imported"],
        ["", "imported"],
    ]


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "[HISTORYDETAIL]\na,b\n", "{a},b\n1,2\n", "a,b\n1,\x072\n" + "1,2\n" * 50])
def test_a_table_of_an_unknown_layout_still_stops_the_import(made: Delivery, content: str) -> None:
    made.write(x=content)
    with pytest.raises(UnknownLayout):
        made.bring()
