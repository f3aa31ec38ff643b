"""Corrected rows in the place of their originals, and in a Store that is rebuilt."""

from decimal import Decimal
from pathlib import Path

import pytest

from lib.cli import main
from tests.deliveries import FLOWS, Delivery
from tests.workbooks import BAD, HEAD, cell, corrected, exported, faulty, fixed, kept, save


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


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


def test_a_corrected_line_stands_in_its_statement_where_the_original_has_it(made: Delivery) -> None:
    lines = ["01,收,10,10", "02,付,3,7", "02,付,2x,5", "02,付,1,4", "03,收,6,10"]
    made.write(
        flows="account_id,at,direction,amount_yuan,balance_yuan\n" + "".join(f"A,2018-01-{line}\n" for line in lines)
    ).bring()
    made.write(later__flows=FLOWS + "B,2018-01-02,收,8,\n").bring()
    made.bring(fixed(made, "raw/c.xlsx", {"4": {"amount_yuan": "2"}}))
    # 10 − 3 − 2 − 1 + 6 = 10, in this order alone.
    for _ in range(2):
        assert made.store.run("statement_lines")["signed_fen"].to_pylist()[:5] == [1000, -300, -200, -100, 600]
        assert made.column("select amount_yuan from transfers order by file_order") == [10, 3, 2, 1, 6, 8]
        made.bring(rebuild=True)


def test_a_rebuild_brings_in_the_workbook_from_where_it_lies(made: Delivery) -> None:
    made.bring(fixed(faulty(made), "c.xlsx", {"3": {"principal_yuan": "5"}}))
    before, version = kept(made, "loans"), made.store.version
    made.bring(rebuild=True)  # raw alone
    assert (kept(made, "loans"), made.store.version) == (before, version)


def test_a_rebuild_without_the_workbook_says_what_would_be_lost_and_changes_nothing(
    made: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    made.write(loans=HEAD + BAD + "L3,P3,x\n").bring()
    edits = {line: {"principal_yuan": "5"} for line in ("2", "3")}
    path = fixed(made, "c.xlsx", edits)
    made.bring(path)
    before = made.store_path.read_bytes()
    for spoil in (lambda: path.write_text("?"), path.unlink):
        spoil()
        capsys.readouterr()
        assert main(["import", "--rebuild", str(made.raw), "--store", str(made.store_path)]) == 1
        (line,) = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
        assert "c.xlsx (2 条更正)" in line
        assert made.store_path.read_bytes() == before
    made.store_path.unlink()
    made.bring(rebuild=True)
    assert made.column("select count(*) from loans") == [0]


def test_a_rebuild_from_other_files_needs_no_workbook_of_those_that_are_left_out(made: Delivery) -> None:
    made.bring(fixed(faulty(made), "c.xlsx", {"3": {"principal_yuan": "5"}}))
    made.write(other__parties="party_id,name,kind\nP1,甲,company\n")
    made.bring(made.raw / "other", rebuild=True)
    assert made.column("select count(*) from sources") == [1]


def test_of_two_corrections_the_first_that_came_in_stays_so_in_a_rebuild(made: Delivery) -> None:
    faulty(made)
    first = fixed(made, "b.xlsx", {"3": {"principal_yuan": "5"}})
    second = fixed(made, "a.xlsx", {"3": {"principal_yuan": "6"}})
    made.bring(first)
    made.bring(second)
    before = kept(made, "loans")
    for given in (made.raw, [made.raw, second, first]):
        made.bring(given, rebuild=True)
        assert kept(made, "loans") == before
    assert made.column("select principal_yuan from loans where loan_id = 'L2'") == [5]
