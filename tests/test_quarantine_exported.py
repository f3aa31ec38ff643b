"""Rows that were set apart: counted, listed, and laid out in a workbook."""

from pathlib import Path

import pytest

from lib import quarantine
from lib.cli import main
from lib.intake.corrections import LINE, ORIGINAL, OWN, SURPLUS
from tests.deliveries import Delivery
from tests.workbooks import BAD, HEAD, cell, corrected, exported, faulty, fixed, kept, save, sheets


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


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


def test_an_export_overwrites_nothing_and_makes_no_folder(made: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    faulty(made)
    there = made.folder / "out.xlsx"
    there.write_text("更正到一半")
    before = sorted(made.folder.iterdir())
    at = ["--store", str(made.store_path)]
    for path, said in (
        (there, "已存在"),
        (made.folder / "out.csv", "不是 .xlsx"),
        (made.folder / "out", "不是 .xlsx"),
        (made.folder / "no" / "out.xlsx", "没有文件夹"),
    ):
        assert main(["quarantine", "--export", str(path), *at]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line
    assert there.read_text() == "更正到一半"
    assert sorted(made.folder.iterdir()) == before


def test_rows_beyond_what_a_sheet_takes_go_on_in_further_sheets(made: Delivery) -> None:
    made.write(loans=HEAD + "".join(f"L{i},P{i},x\n" for i in range(5)) + "L5,P5,1,2\n", a__loans=HEAD + "L8,P8,x\n").bring()
    out = made.folder / "many.xlsx"
    done = quarantine.export(made.store, out, sheet_rows=2)
    assert (done.sheets, done.rows) == (4, 7)  # 1 + (2 + 2 + 2)
    content = sheets(out)
    assert [*content] == ["说明", "001", "002", "002-2", "002-3"]
    assert [[row[0] for row in rows[3:]] for rows in [*content.values()][1:]] == [["2"], ["2", "3"], ["4", "5"], ["6", "7"]]
    assert [row[0] for row in content["说明"] if row[0][:3] in ("001", "002")] == ["001", "002", "002-2", "002-3"]
    for rows in (content["002"], content["002-3"]):
        for row in rows[3:]:
            cell(rows[2], row, "principal_yuan", "7")
            cell(rows[2], row, SURPLUS.format(1), "")
    made.bring(save(made.raw / "c.xlsx", content))
    assert made.column("select loan_id from loans order by loan_id") == ["L0", "L1", "L4", "L5"]
    before = kept(made, "loans")
    made.bring(rebuild=True)
    assert kept(made, "loans") == before
    assert [row[0] for row in exported(made)["002"][3:]] == ["4", "5"]


def test_a_row_of_a_sheet_with_a_break_in_a_cell_is_laid_out(made: Delivery) -> None:
    made.raw.mkdir()
    save(made.raw / "l.xlsx", {"合同": [HEAD.strip().split(","), ["L1", "张\n三", "x"], ["L2", 'a,"b"\nc\n', "x"]]})
    made.bring()
    assert [row[len(OWN) :] for row in exported(made)["001"][3:]] == [["L1", "张\n三", "x"], ["L2", 'a,"b"\nc', "x"]]
    answer = made.bring(fixed(made, "raw/c.xlsx", {"2": {"principal_yuan": "5"}}))
    assert answer[answer["sheet"] == "001"]["rows_set_aside"].tolist() == [1]  # the row that was left as it is
    assert made.column("select borrower_id from loans") == ["张\n三"]
    before = kept(made, "loans")
    made.bring(rebuild=True)
    assert kept(made, "loans") == before


def test_reasons_are_listed_once_per_kind_whatever_they_quote(made: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    made.write(loans=HEAD + 'L1,P1,x\nL2,P2,"a""b"\nL3,P3,1\nL3,P3,2\nL4,P4,1\nL4,P4,3\n')
    main(["import", str(made.raw), "--store", str(made.store_path)])
    assert '第 2 行: 借款本金(元) "x" 不是金额 (同类共 2 行)' in capsys.readouterr().err
    kinds = {row["kind"]: row["n"] for row in quarantine.reasons(made.store)}
    assert [*kinds.values()] == [2, 2]
    assert '借款本金(元) "…" 不是金额' in kinds
    assert any("矛盾" in kind and "L3" not in kind for kind in kinds)
    main(["--lang", "en", "quarantine", "--store", str(made.store_path)])
    shown = capsys.readouterr().out
    assert 'principal_yuan "…" is not an amount' in shown
    assert "contradicts another row: principal_yuan of … in loans" in shown
    assert 'principal_yuan "x" is not' in shown  # the row keeps its own
    assert "of L4 in loans is 3" in shown


def test_a_reason_that_stands_alone_keeps_what_it_quotes(made: Delivery) -> None:
    assert '"1,23"' in quarantine.reasons(faulty(made).store)[0]["kind"]


def test_failed_corrections_are_of_one_kind_whatever_line_they_name(made: Delivery) -> None:
    made.write(loans=HEAD + "L1,P1,x\nL2,P2,y\n").bring()
    both = {line: {"principal_yuan": "5", LINE: str(int(line) + 70)} for line in ("2", "3")}
    made.bring(fixed(made, "a.xlsx", both))
    content = exported(made)
    for name, value in (("b.xlsx", "6"), ("c.xlsx", "7")):
        for row in content["001"][3:]:
            cell(content["001"][2], row, "principal_yuan", value)
        made.bring(save(made.folder / name, content))
    told = {row["kind"]: row["n"] for row in quarantine.reasons(made.store) if row["corrects"]}
    assert sorted(told.values()) == [2, 2]
    assert not any(line in kind for kind in told for line in ("72", "73", "第 2 行", "第 3 行"))


def test_an_unknown_source_is_said_with_those_that_there_are(made: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    (source_id,) = faulty(made).column("select source_id from sources")
    made.write(parties="party_id,name,kind\nP1,甲,company\n").bring()
    at = ["--store", str(made.store_path)]
    for more in ([], ["--export", str(made.folder / "out.xlsx")]):
        assert main(["quarantine", "--source", "S0", *more, *at]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "没有来源 S0" in line
        assert f"{source_id} (loans.csv)" in line
    (whole,) = made.column("select source_id from sources where name = 'parties.csv'")
    assert main(["quarantine", "--source", whole, *at]) == 0
    assert "没有隔离的行" in capsys.readouterr().out


def test_what_is_asked_of_one_source_is_of_that_one_alone(made: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    made.write(a__loans=HEAD + "L1,P1,x\n" * 3, b__loans=HEAD + "L2,P2,y\nL3,P3,y\n").bring()
    (source_id,) = made.column("select source_id from sources where name = 'b/loans.csv'")
    assert quarantine.rows(made.store, source_id)["line"].tolist() == [2, 3]
    assert quarantine.rows(made.store, most=4)["line"].tolist() == [2, 3, 4, 2]
    assert quarantine.export(made.store, made.folder / "b.xlsx", source_id).rows == 2
    main(["quarantine", "--source", source_id, "--limit", "1", "--store", str(made.store_path)])
    assert "另有 1 行未显示" in capsys.readouterr().out


def test_an_export_reads_its_rows_page_by_page(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "_PAGE_ROWS", 2)
    made.write(loans=HEAD + "L,P,x\n" * 5).bring()
    assert [row[0] for row in exported(made)["001"][3:]] == ["2", "3", "4", "5", "6"]
