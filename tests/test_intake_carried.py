"""Rows that are no transactions: headers that come again, balances carried forward, sums; and totals that files state."""

from decimal import Decimal
from pathlib import Path

import pytest

from lib import cli
from lib.intake import readers
from tests.deliveries import Delivery

CARD = "6222021234567890128"
SIDES = "交易日期,摘要,收入,支出,余额"
ROWS = "2018-09-29,存,10.00,,110.00\n2018-09-30,取,,5.00,105.00\n"


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


def kinds(made: Delivery) -> dict[int, str]:
    """Kind of each line."""
    rows = made.rows("select kind, line_from, line_to from spans")
    return {line: row["kind"] for row in rows for line in range(row["line_from"], row["line_to"] + 1)}


@pytest.mark.parametrize(
    "again",
    [
        SIDES,
        SIDES + ",",
        SIDES + ",,",
        SIDES + " ",
        " " + SIDES,
        SIDES.replace(",", " , "),
        '"' + SIDES.replace(",", '","') + '"',
        "\ufeff" + SIDES,
        SIDES + "\u3000,",
    ],
)
def test_a_header_that_comes_again_is_no_row_whatever_blanks_it_has(made: Delivery, again: str) -> None:
    made.write(**{CARD: f"{SIDES}\n{ROWS}{again}\n2018-10-01,存,1.00,,106.00\n"}).bring()
    assert kinds(made) == {1: "header", 2: "accepted", 3: "accepted", 4: "header", 5: "accepted"}


def test_a_line_that_names_other_columns_than_the_header_is_set_apart(made: Delivery) -> None:
    made.write(**{CARD: f"{SIDES}\n{ROWS}交易日期,摘要,支出,收入,余额\n"}).bring()
    assert kinds(made)[4] == "quarantined"


CARRIED = [
    "期初余额,,,,100.00",
    "2018-09-30,期末余额,,,105.00",
    ",承前页,,,100.00",
    ",过次页,0.00,0.00,105.00",
    "上年结转,,,,100.00",
    "2018-09-30,本页合计,,,105.00",
    ",上期余额：,-,-,105.00",
    "期初余额：100.00,,,,",
    "期初余额,100.00",  # fewer cells than the header has
    "期末余额：105.00",
    '2018-09-30,"余额",,,105.00',
]


def test_rows_that_carry_a_balance_and_no_amount_are_counted_and_not_read(made: Delivery) -> None:
    made.write(**{CARD: f"{SIDES}\n{ROWS}" + "".join(f"{line}\n" for line in CARRIED)}).bring()
    assert made.reasons() == {}
    assert made.column("select sum(amount_yuan) from flows") == [15]  # 10 + 5
    assert made.rows("select rows_read, rows_accepted, rows_set_aside from sources") == [
        {"rows_read": 2, "rows_accepted": 2, "rows_set_aside": len(CARRIED)}
    ]


def test_a_large_file_has_such_rows_too(made: Delivery) -> None:
    n = readers.BIG // len(ROWS.encode()) + 1
    made.write(**{CARD: f"{SIDES}\n期初余额,,,,100.00\n" + ROWS * n}).bring()
    assert made.column("select count(*) from flows") == [2 * n]
    assert made.column("select rows_set_aside from sources") == [1]


@pytest.mark.parametrize("memo", ["期初余额", "余额结转", "本页合计", "期末余额调整", "结转", "过次页"])
def test_an_amount_beside_such_a_word_is_a_transaction(made: Delivery, memo: str) -> None:
    made.write(**{CARD: f"{SIDES}\n2018-09-29,{memo},10.00,,110.00\n"}).bring()
    assert made.rows("select amount_yuan as y, memo from flows") == [{"y": 10, "memo": memo}]


@pytest.mark.parametrize("row", ["2018-09-29,余额不足,,,110.00", "2018-09-29,结转,5.00"])
def test_what_may_be_a_transaction_is_set_apart_and_not_aside(made: Delivery, row: str) -> None:
    made.write(**{CARD: f"{SIDES}\n{ROWS}{row}\n"}).bring()
    assert kinds(made)[4] == "quarantined"


# ---- what a file states of itself -------------------------------------------------------------------------------------

FLAGGED = "交易日期,收支,摘要,交易金额,余额\n2018-09-29,收,存,10.00,110.00\n2018-09-30,付,取,5.00,105.00\n"


def stated(made: Delivery) -> dict[str, tuple[int | None, Decimal | None]]:
    """Rows and yuan stated, by side."""
    rows = made.rows("select side, stated_rows as n, stated_total as y from control_totals where table_name = 'flows'")
    return {row["side"]: (row["n"], row["y"]) for row in rows if (row["n"], row["y"]) != (None, None)}


@pytest.mark.parametrize(
    ("lines", "side", "expected"),
    [
        ("合计,,,15.00,\n", "", (None, 15)),
        (",,合计,15.00,\n", "", (None, 15)),
        ("合计笔数,2\n", "", (2, None)),
        ("合计笔数,2,合计金额,15.00\n", "", (2, 15)),
        ("总笔数：2,总金额：15.00\n", "", (2, 15)),
        ("交易总额,15.00\n", "", (None, 15)),
        ("总金额：15.00元\n", "", (None, 15)),
        ('总金额,"1,015.00"\n', "", (None, 1015)),
        ("总笔数,2,15.00\n", "", (2, None)),
        ("收入合计,10.00,支出合计,5.00\n", "in", (None, 10)),
        ("收入合计,10.00,支出合计,5.00\n", "out", (None, 5)),
        ("收入笔数,1,收入总额,10.00\n", "in", (1, 10)),
    ],
)
def test_totals_in_cells_are_compared_with_what_was_read(
    made: Delivery, lines: str, side: str, expected: tuple[int | None, int | None]
) -> None:
    made.write(**{CARD: FLAGGED + lines}).bring()
    assert stated(made)[side] == expected
    assert made.reasons() == {}


@pytest.mark.parametrize("line", ["本页合计,,,10.00,", "小计,,,10.00,", "本月合计,,,10.00,"])
def test_totals_of_a_part_state_nothing_of_the_file(made: Delivery, line: str) -> None:
    made.write(**{CARD: FLAGGED + line + "\n"}).bring()
    assert stated(made) == {}


def test_a_sum_of_signed_amounts_is_not_compared_with_what_came_and_went(made: Delivery) -> None:
    rows = "2018-09-29,存,10.00,110.00\n2018-09-30,取,-5.00,105.00\n合计,,5.00,\n"
    made.write(**{CARD: "交易日期,摘要,交易金额,余额\n" + rows}).bring()
    assert stated(made) == {}


@pytest.mark.parametrize(("total", "differs"), [("15.00", False), ("15.01", True)])
def test_an_import_says_where_a_total_in_a_cell_differs(
    made: Delivery, capfd: pytest.CaptureFixture[str], total: str, differs: bool
) -> None:
    made.write(**{CARD: FLAGGED + f"合计,,,{total},\n"})
    assert cli.main(["import", str(made.raw), "--store", str(made.store_path)]) == 0
    assert ("15.01" in capfd.readouterr().out) == differs
