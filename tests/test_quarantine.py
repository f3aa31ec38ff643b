"""Rows that were set apart: listed, exported, corrected in a workbook, and brought back with both versions kept."""

from decimal import Decimal
from pathlib import Path

import pytest
import python_calamine as calamine
import xlsxwriter

from lib import quarantine
from lib.cli import main
from lib.errors import BadFile, DataGap
from lib.intake.corrections import BY, LINE, NOTE, ORIGINAL, OWN, SURPLUS
from tests.deliveries import Delivery

HEAD = "loan_id,borrower_id,principal_yuan\n"
GOOD = "L1,P1,100.00\n"
BAD = 'L2,P2,"1,23"\n'  # can be read in more than one way
Rows = list[list[str]]


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


def sheets(path: Path) -> dict[str, Rows]:
    book = calamine.CalamineWorkbook.from_path(path)
    return {
        name: [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names
    }


def save(path: Path, content: dict[str, Rows]) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for name, rows in content.items():
            page = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, text in enumerate(row):
                    page.write_string(at, column, text)
    return path


def exported(made: Delivery) -> dict[str, Rows]:
    quarantine.export(made.store, made.folder / "out.xlsx")
    return sheets(made.folder / "out.xlsx")


def cell(header: list[str], row: list[str], name: str, value: str) -> None:
    row[header.index(name)] = value


def corrected(made: Delivery, content: dict[str, Rows], name: str = "corrected.xlsx", **values: str) -> Path:
    """Write the exported workbook with cells of its first row changed."""
    rows = content["001"]
    for column, value in values.items():
        cell(rows[2], rows[3], {"by": BY, "note": NOTE}.get(column, column), value)
    return save(made.folder / name, content)


def faulty(made: Delivery) -> Delivery:
    made.write(loans=HEAD + GOOD + BAD)
    assert made.bring()["rows_quarantined"].tolist() == [1]
    return made


def test_a_row_set_apart_is_listed_with_its_text(made: Delivery) -> None:
    (row,) = quarantine.rows(faulty(made).store).to_dict("records")
    assert (row["file"], row["line"], row["original_text"]) == ("loans.csv", 3, BAD.strip())
    assert "1,23" in row["reason"]


def test_the_workbook_holds_the_row_in_cells_of_text(made: Delivery) -> None:
    made.write(loans=HEAD + "0012,6222021234567890123,abc\n=1+1,P3,x\n").bring()
    rows = exported(made)["001"]
    assert rows[2] == [*OWN, "loan_id", "borrower_id", "principal_yuan"]
    assert rows[3][len(OWN) :] == ["0012", "6222021234567890123", "abc"]
    assert rows[4][len(OWN) :] == ["=1+1", "P3", "x"]  # a text and no formula
    assert [row[0] for row in rows[3:]] == ["2", "3"]
    assert rows[3][rows[2].index(ORIGINAL)] == "0012,6222021234567890123,abc"


def test_a_corrected_row_comes_in_and_both_versions_are_kept(made: Delivery) -> None:
    path = corrected(faulty(made), exported(made), principal_yuan="123.45", by="张三", note="见合同原件")
    answer = made.bring(path)
    assert answer[answer["state"] == "imported"]["rows_accepted"].tolist() == [1]
    assert made.column("select sum(principal_yuan) from loans") == [Decimal("223.45")]  # 100.00 + 123.45
    (link,) = made.rows("select * from corrections")
    (source,) = made.rows("select * from sources where source_id = $id", id=link["corrected_source_id"])
    assert (link["line"], link["corrected_line"], link["corrected_by"], link["note"]) == (3, 4, "张三", "见合同原件")
    assert (source["corrects"], source["sheet"]) == (link["source_id"], "001")
    assert made.column("select original_text from quarantine") == [BAD.strip()]
    assert made.rows("select source_id, line from loans where loan_id = 'L2'") == [
        {"source_id": link["corrected_source_id"], "line": 4}
    ]
    with pytest.raises(DataGap, match="没有待更正的隔离行"):
        quarantine.export(made.store, made.folder / "again.xlsx")


def test_rows_left_as_they_are_are_not_imported(made: Delivery) -> None:
    made.write(loans=HEAD + BAD + "L3,P3,x\n").bring()
    path = corrected(made, exported(made), principal_yuan="5")
    answer = made.bring(path)
    (sheet,) = answer[answer["sheet"] == "001"].to_dict("records")
    assert (sheet["rows_accepted"], sheet["rows_set_aside"], sheet["rows_quarantined"]) == (1, 1, 0)
    assert made.column("select loan_id from loans") == ["L2"]
    assert [row[0] for row in exported(made)["001"][3:]] == ["3"]  # the other one is still to be corrected


def test_a_row_that_is_still_faulty_is_set_apart_again(made: Delivery) -> None:
    answer = made.bring(corrected(faulty(made), exported(made), principal_yuan="1,2,3"))
    assert answer["rows_quarantined"].sum() == 1
    assert made.column("select count(*) from corrections") == [0]
    assert made.column("select count(*) from quarantine") == [2]


def test_the_same_workbook_twice_changes_nothing(made: Delivery) -> None:
    path = corrected(faulty(made), exported(made), principal_yuan="5")
    made.bring(path)
    before = made.store_path.read_bytes()
    made.bring(path)
    assert made.store_path.read_bytes() == before


def test_a_second_correction_that_says_something_else_is_set_apart(made: Delivery) -> None:
    content = exported(faulty(made))
    made.bring(corrected(made, content, principal_yuan="5"))
    answer = made.bring(corrected(made, content, "other.xlsx", principal_yuan="6"))
    assert answer["rows_quarantined"].sum() == 1
    assert made.column("select principal_yuan from loans where loan_id = 'L2'") == [5]
    assert "已有另一份更正" in made.column("select reason from quarantine order by source_id = reason, line desc")[0]


def test_a_row_without_an_id_is_not_doubled_by_two_workbooks_that_say_the_same(made: Delivery) -> None:
    made.write(flows="account_id,at,direction,amount_yuan\nA,2018-01-01,in,x\n").bring()
    content = exported(made)
    made.bring(corrected(made, content, amount_yuan="5"))
    made.bring(corrected(made, content, "b.xlsx", amount_yuan="5", note="又一份"))
    assert made.column("select amount_yuan from flows") == [5]


def test_a_rebuild_from_the_raw_files_and_the_workbook_gives_the_same_rows(made: Delivery) -> None:
    path = corrected(faulty(made), exported(made), principal_yuan="5")
    made.bring(path)
    before = made.rows("select * from loans order by loan_id"), made.rows("select * from corrections"), made.store.version
    made.bring([path, made.raw], rebuild=True)
    assert (
        made.rows("select * from loans order by loan_id"),
        made.rows("select * from corrections"),
        made.store.version,
    ) == before


def test_a_workbook_of_another_store_is_refused_in_one_line(made: Delivery, tmp_path: Path) -> None:
    path = corrected(faulty(made), exported(made), principal_yuan="5")
    other = Delivery(tmp_path / "other")
    other.write(parties="party_id,name,kind\nP1,张三,自然人\n").bring()
    before = other.store_path.read_bytes()
    with pytest.raises(BadFile, match="不在数据库和本次交付中") as caught:
        other.bring(path)
    assert "\n" not in str(caught.value)
    assert other.store_path.read_bytes() == before


def test_a_workbook_whose_header_was_changed_is_refused(made: Delivery) -> None:
    content = exported(faulty(made))
    content["001"][2][content["001"][2].index("principal_yuan")] = "x"
    with pytest.raises(BadFile, match="表头被改动"):
        made.bring(corrected(made, content, loan_id="L9"))


def test_a_line_number_that_was_changed_is_said(made: Delivery) -> None:
    path = corrected(faulty(made), exported(made), principal_yuan="5", **{LINE: "?"})
    made.bring(path)
    assert made.column("select count(*) from loans") == [1]
    assert any("不知更正的是哪一行" in reason for reason in made.column("select reason from quarantine"))


def test_a_row_of_which_none_was_set_apart_corrects_nothing(made: Delivery) -> None:
    content = exported(faulty(made))  # line 2 was accepted, line 77 is not there
    row = content["001"][3]
    content["001"] += [["2", *row[1:-1], "7"], ["77", *row[1:-1], "8"]]
    made.bring(corrected(made, content, principal_yuan="5"))
    assert made.column("select sum(principal_yuan) from loans") == [Decimal("105.00")]  # 100.00 + 5
    assert made.column("select line from corrections") == [3]
    reasons = made.column("select reason from quarantine order by line")[1:]
    assert [("2: 该来源没有" in reason, "77: 该来源没有" in reason) for reason in reasons] == [(True, False), (False, True)]


def test_fields_beyond_the_header_are_exported_and_must_be_moved(made: Delivery) -> None:
    made.write(loans=HEAD + "L1,P1,1,234.50\n").bring()
    content = exported(made)
    assert content["001"][2] == [*OWN, "loan_id", "borrower_id", "principal_yuan", SURPLUS.format(1)]
    assert content["001"][3][len(OWN) :] == ["L1", "P1", "1", "234.50"]
    made.bring(corrected(made, content, "a.xlsx", borrower_id="P2"))
    assert made.column("select count(*) from loans") == [0]  # never 1 yuan of 1,234.50
    made.bring(corrected(made, content, "b.xlsx", principal_yuan="1,234.50", **{SURPLUS.format(1): ""}))
    assert made.column("select principal_yuan from loans") == [Decimal("1234.50")]


def test_a_second_attempt_is_kept_by_a_rebuild(made: Delivery) -> None:
    content = exported(faulty(made))
    made.bring(corrected(made, content, "raw/更正1.xlsx", principal_yuan="abc"))
    made.bring(corrected(made, content, "raw/更正2.xlsx", principal_yuan="5"))
    before = made.rows("select * from loans order by loan_id"), made.rows("select * from corrections"), made.store.version
    assert [row["principal_yuan"] for row in before[0]] == [100, 5]
    made.bring(rebuild=True)
    again = made.rows("select * from loans order by loan_id"), made.rows("select * from corrections"), made.store.version
    assert again == before


def test_a_row_that_contradicts_is_corrected_in_a_rebuild_too(made: Delivery) -> None:
    made.write(a__loans=HEAD + "L1,P1,5\n", b__loans=HEAD + "L1,P1,6\n").bring()
    path = corrected(made, exported(made), "raw/c.xlsx", loan_id="L2")
    made.bring(path)
    before = made.rows("select * from loans order by loan_id")
    assert [(row["loan_id"], row["principal_yuan"]) for row in before] == [("L1", 5), ("L2", 6)]
    made.bring(rebuild=True)
    assert made.rows("select * from loans order by loan_id") == before


def test_equal_bookings_are_neither_lost_nor_doubled_where_one_of_them_is_corrected(made: Delivery) -> None:
    """Two bookings alike on one day, the second of them faulty; another statement shows both."""
    head = "account_id,at,direction,amount_yuan\n"
    made.write(a__flows=head + "A,2018-01-01,in,5\nA,2018-01-01,in,x\n", b__flows=head + "A,2018-01-01,in,5\n" * 2).bring()
    assert made.column("select count(*) from flows") == [2]
    made.bring(corrected(made, exported(made), "raw/c.xlsx", amount_yuan="5"))
    assert made.column("select count(*) from flows") == [2]
    made.bring(rebuild=True)
    assert made.column("select count(*) from flows") == [2]


def test_what_failed_is_corrected_from_the_original_again(made: Delivery) -> None:
    content = exported(faulty(made))
    made.bring(corrected(made, content, "a.xlsx", principal_yuan="abc"))
    cell(content["001"][2], content["001"][3], "principal_yuan", "1,23")
    assert exported(made) == content  # one sheet, of the original: no sheet for the failed row of a.xlsx


def test_whose_account_it_is_cannot_be_changed_in_the_workbook(made: Delivery) -> None:
    made.raw.mkdir(exist_ok=True)
    text = "账号: 6222021234567890128\n交易时间,收支,交易金额,账户余额,对方账号,对方户名,摘要\n"
    (made.raw / "流水.csv").write_text(text + "2018-13-01,支,1.00,4.00,,,y\n")
    made.bring()
    content = exported(made)
    for row in content["001"][:2]:
        row[:] = [text.replace("6222021234567890128", "6217001") for text in row]
    made.bring(corrected(made, content, 交易时间="2018-01-02"))
    assert made.column("select account_id from flows") == ["6222021234567890128"]


def test_a_sheet_of_corrections_that_no_longer_says_so_is_refused(made: Delivery) -> None:
    content = exported(faulty(made))
    content["001"][0] = [""]
    with pytest.raises(BadFile, match="隔离行更正表"):
        made.bring(corrected(made, content, principal_yuan="5"))
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in exported(made)["001"])
    (made.folder / "c.csv").write_text(text)
    with pytest.raises(BadFile, match=r"c\.csv: 这是隔离行更正表"):
        made.bring(made.folder / "c.csv")
    assert made.column("select count(*) from loans") == [1]


def test_two_copies_of_one_workbook_are_one(made: Delivery) -> None:
    path = corrected(faulty(made), exported(made), "raw/a.xlsx", principal_yuan="5")
    (made.raw / "b.xlsx").write_bytes(path.read_bytes())
    answer = made.bring().set_index("name")
    assert answer.loc["b.xlsx", "state"] == "duplicate"
    assert made.column("select count(*) from loans") == [2]


def test_control_characters_are_seen_and_must_go_and_others_stay(made: Delivery) -> None:
    made.write(loans=HEAD + "L1,P\x001,5\nL2,P\u200b2,x\n").bring()
    content = exported(made)
    assert [row[len(OWN) + 1] for row in content["001"][3:]] == ["P\\x001", "P\u200b2"]
    cell(content["001"][2], content["001"][4], "principal_yuan", "6")
    made.bring(corrected(made, content, "a.xlsx", principal_yuan="7"))
    assert made.rows("select loan_id, borrower_id from loans") == [{"loan_id": "L2", "borrower_id": "P\u200b2"}]
    made.bring(corrected(made, content, "b.xlsx", borrower_id="P1"))
    assert made.column("select borrower_id from loans where loan_id = 'L1'") == ["P1"]


def test_a_text_that_no_workbook_holds_is_never_cut_off(made: Delivery) -> None:
    made.write(parties=f"party_id,kind,name,address,listed\nC1,company,甲,{'长' * 40_000},x\n").bring()
    made.bring(corrected(made, exported(made), listed="否"))
    assert made.column("select count(*) from parties") == [0]
    assert any("32,767" in reason for reason in made.column("select reason from quarantine"))


def test_bytes_that_could_not_be_decoded_must_be_replaced(made: Delivery) -> None:
    made.write(loans=(HEAD + "L1,张三,5\nL2,李四,6\n").encode() + "L3,王五,7\n".encode("gb18030")).bring()
    content = exported(made)
    assert made.bring(corrected(made, content, principal_yuan="8"))["rows_quarantined"].sum() == 1
    made.bring(corrected(made, content, "b.xlsx", borrower_id="王五"))
    assert made.column("select borrower_id from loans where loan_id = 'L3'") == ["王五"]


def test_whose_account_it_is_comes_along_from_titles_and_name(made: Delivery) -> None:
    text = "账号: 6222021234567890128\n交易时间,收支,交易金额,账户余额,对方账号,对方户名,摘要\n"
    made.raw.mkdir(exist_ok=True)
    (made.raw / "流水.csv").write_text(text + "2018-01-01 10:00:00,收,5.00,5.00,6217001,甲,x\n2018-13-01,支,1.00,4.00,,,y\n")
    made.bring()
    made.bring(corrected(made, exported(made), 交易时间="2018-01-02"))
    assert made.column("select distinct account_id from flows") == ["6222021234567890128"]
    assert made.column("select count(*) from flows") == [2]


def test_what_cannot_be_laid_out_is_told_in_the_index(made: Delivery) -> None:
    faulty(made)
    (made.raw / "loans.csv").unlink()
    done = quarantine.export(made.store, made.folder / "out.xlsx")
    assert (done.rows, done.sheets) == (0, 0)
    assert "已不在" in done.missing["loans.csv"]


def test_the_command_lists_exports_and_brings_in(made: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    faulty(made)
    at = ["--store", str(made.store_path)]
    assert main(["quarantine", *at]) == 0
    assert "L2,P2" in capsys.readouterr().out
    assert main(["quarantine", "--export", str(made.folder / "out.xlsx"), *at]) == 0
    path = corrected(made, sheets(made.folder / "out.xlsx"), principal_yuan="5", by="张三")
    assert main(["quarantine", "--import", str(path), *at]) == 0
    capsys.readouterr()
    assert main(["quarantine", *at]) == 0
    assert "张三" in capsys.readouterr().out
    assert main(["quarantine", "--export", "a.xlsx", "--import", "b.xlsx", *at]) == 2


def test_equal_bookings_of_one_statement_stay_as_many_once_they_are_corrected(made: Delivery) -> None:
    head = "account_id,at,direction,amount_yuan\n"
    made.write(flows=head + "A,2018-01-01,out,500.00\nA,2018-01-01,out,5OO.00\nA,2018-01-01,out,5O0.00\n").bring()
    content = exported(made)
    for row in content["001"][3:]:
        cell(content["001"][2], row, "amount_yuan", "500.00")
    made.bring(save(made.folder / "corrected.xlsx", content))
    assert made.column("select sum(amount_yuan) from flows") == [Decimal("1500.00")]  # 3 x 500.00
    made.write(again__flows=head + "A,2018-01-01,out,500.00\n" * 4).bring()
    assert made.column("select sum(amount_yuan) from flows") == [Decimal("2000.00")]  # a fuller statement has four
