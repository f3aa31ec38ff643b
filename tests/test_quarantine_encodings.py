"""What cannot be read as it was written, and what no workbook can hold, is never taken for a correction."""

from pathlib import Path

import pytest

from lib.intake.corrections import OWN
from tests.deliveries import Delivery
from tests.workbooks import HEAD, cell, corrected, exported, fixed, kept


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


def test_control_characters_are_seen_and_must_go_and_others_stay(made: Delivery) -> None:
    made.write(loans=HEAD + "L1,P\x001,5\nL2,P\u200b2,x\n").bring()
    content = exported(made)
    assert [row[len(OWN) + 1] for row in content["001"][3:]] == ["P\\x001", "P\u200b2"]
    cell(content["001"][2], content["001"][4], "principal_yuan", "6")
    made.bring(corrected(made, content, "a.xlsx", principal_yuan="7"))
    # (an id loses what nobody sees when it is read, not in the workbook)
    assert made.rows("select loan_id, borrower_id from loans") == [{"loan_id": "L2", "borrower_id": "P2"}]
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


def test_text_shown_in_the_wrong_encoding_must_be_corrected_too(made: Delivery) -> None:
    good = HEAD + "".join(f"L{i},张三某某,1\n" for i in range(9))
    made.write(loans=good.encode("gb18030") + "L9,张三李四,x\n".encode()).bring()
    garbled = "张三李四".encode().decode("gb18030")
    assert exported(made)["001"][3][len(OWN) :] == ["L9", garbled, "x"]
    made.bring(fixed(made, "raw/1.xlsx", {"11": {"principal_yuan": "1"}}))
    assert made.column("select count(*) from loans") == [9]
    assert any(f'乱码) "{garbled}"' in reason for reason in made.column("select reason from quarantine"))
    made.bring(fixed(made, "raw/2.xlsx", {"11": {"principal_yuan": "1", "borrower_id": "张三李四"}}))
    assert made.column("select borrower_id from loans where loan_id = 'L9'") == ["张三李四"]
    before = kept(made, "loans")
    made.bring(rebuild=True)
    assert kept(made, "loans") == before


def test_a_misread_cell_is_refused_too_where_only_its_neighbour_shows_bytes(made: Delivery) -> None:
    good = "party_id,kind,name,address\n" + "".join(f"C{i},company,某某公司,某处\n" for i in range(9))
    made.write(parties=good.encode("gb18030") + "C9,company,张三,李四路\n".encode()).bring()  # 9 bytes: no number of pairs
    shown = exported(made)["001"][3]
    assert ["\\x" in text for text in shown[-2:]] == [False, True]
    made.bring(fixed(made, "1.xlsx", {"11": {"address": "李四路"}}))
    assert made.column("select count(*) from parties where party_id = 'C9'") == [0]
    made.bring(fixed(made, "2.xlsx", {"11": {"address": "李四路", "name": "张三"}}))
    assert made.column("select name || address from parties where party_id = 'C9'") == ["张三李四路"]


def test_gb18030_in_a_file_of_utf8_that_looks_like_other_letters_must_be_corrected_too(made: Delivery) -> None:
    good = "party_id,kind,name,address\n" + "".join(f"C{i},company,某某公司,某处\n" for i in range(9))
    made.write(parties=good.encode() + "C9,company,通,张三\n".encode("gb18030")).bring()
    assert exported(made)["001"][3][-2] == "\u0368"  # CD A8 in UTF-8
    made.bring(fixed(made, "1.xlsx", {"11": {"address": "张三"}}))
    assert made.column("select count(*) from parties where party_id = 'C9'") == [0]
    made.bring(fixed(made, "2.xlsx", {"11": {"address": "张三", "name": "通"}}))
    assert made.column("select name from parties where party_id = 'C9'") == ["通"]


def test_a_name_beside_one_broken_byte_need_not_be_changed(made: Delivery) -> None:
    good = "party_id,kind,name,address\n" + "".join(f"C{i},company,某某公司,某处\n" for i in range(9))
    made.write(parties=good.encode() + "C9,company,张三,李四".encode() + b"\xe5\n").bring()
    made.bring(fixed(made, "1.xlsx", {"11": {"address": "李四路"}}))
    assert made.column("select name from parties where party_id = 'C9'") == ["张三"]
