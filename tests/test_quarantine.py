"""Rows that were set apart, corrected in a workbook and brought back with both versions kept."""

from decimal import Decimal
from pathlib import Path

import pytest

from lib import quarantine
from lib.errors import BadFile, DataGap
from lib.intake.corrections import LINE, OWN, SURPLUS
from tests.deliveries import Delivery
from tests.workbooks import BAD, HEAD, cell, corrected, exported, faulty


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


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


def test_whose_account_it_is_comes_along_from_titles_and_name(made: Delivery) -> None:
    text = "账号: 6222021234567890128\n交易时间,收支,交易金额,账户余额,对方账号,对方户名,摘要\n"
    made.raw.mkdir(exist_ok=True)
    (made.raw / "流水.csv").write_text(text + "2018-01-01 10:00:00,收,5.00,5.00,6217001,甲,x\n2018-13-01,支,1.00,4.00,,,y\n")
    made.bring()
    made.bring(corrected(made, exported(made), 交易时间="2018-01-02"))
    assert made.column("select distinct account_id from flows") == ["6222021234567890128"]
    assert made.column("select count(*) from flows") == [2]
