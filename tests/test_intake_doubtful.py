"""Rows that could be read in two ways are set apart, and not read in one of them."""

from pathlib import Path

import pytest

from lib.intake import readers
from tests.deliveries import Delivery


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


@pytest.mark.parametrize(
    "row", ["2018-09-30,A,1,234.50,500.00,", "2018-09-30,A,1,234.50,500.00,x", "2018-09-30,A,1,234,500.00,"]
)
def test_a_thousands_separator_without_quotes_does_not_shift_the_columns(made: Delivery, row: str) -> None:
    good = "".join(f"2018-09-{day:02},A,{day}.00,500.00,存\n" for day in range(1, 6))
    made.write(**{"流水": "交易日期,账号,金额,余额,摘要\n" + good + row + "\n"}).bring()
    assert made.column("select sum(amount_yuan) from flows") == [15]  # 1 + 2 + 3 + 4 + 5
    assert made.column("select original_text from quarantine") == [row]


def test_rows_that_all_have_a_blank_field_more_are_read(made: Delivery) -> None:
    rows = "".join(f"2018-09-{day:02},A,5,100.00,存,\n" for day in range(1, 6))
    made.write(**{"流水": "交易日期,账号,金额,余额,摘要\n" + rows}).bring()
    assert made.column("select sum(amount_yuan) from flows") == [25]
    assert made.column("select count(*) from quarantine") == [0]


@pytest.mark.parametrize("heading", ["收入/支出", "存取标记", "D/C", "变动类型", "交易类型", "摘要"])
@pytest.mark.parametrize(("came", "went"), [("收入", "支出"), ("存", "取"), ("C", "D")])
def test_a_column_of_directions_that_is_not_known_as_one_leaves_no_wrong_direction(
    made: Delivery, heading: str, came: str, went: str
) -> None:
    rows = f"2018-09-29,A,100.00,{went},100.00\n2018-09-30,A,50.00,{came},150.00\n2018-09-30,A,30.00,{went},120.00\n"
    made.write(**{"流水": f"交易日期,账号,交易金额,{heading},余额\n" + rows}).bring()
    read = made.rows("select direction, amount_yuan as y from flows order by flow_id")
    apart = made.column("select original_text from quarantine order by line")
    assert [(row["direction"], row["y"]) for row in read] in ([("in", 50)], [("out", 100), ("in", 50), ("out", 30)])
    assert len(read) + len(apart) == 3


def test_signed_amounts_with_a_column_of_directions_that_agrees_are_read(made: Delivery) -> None:
    rows = "2018-09-29,A,-100.00,支出,100.00\n2018-09-30,A,50.00,收入,150.00\n"
    made.write(**{"流水": "交易日期,账号,交易金额,变动类型,余额\n" + rows}).bring()
    assert made.column("select direction from flows order by flow_id") == ["out", "in"]


def test_a_time_that_no_day_has_is_set_apart_in_files_of_any_size(made: Delivery) -> None:
    head, bad = "account_id,at,direction,amount_yuan\n", "A,2018-09-30 24:00:00,in,1.00\n"
    row = "A,2018-09-30 23:59:59,in,1.00\n"
    n = readers.BIG // len(row) + 1
    made.write(flows=head + bad, big__flows=head + row * n + bad).bring()
    assert made.column("select count(*) from flows") == [n]
    assert made.column("select count(*) from quarantine") == [2]


@pytest.mark.parametrize("lost", ["######", "#N/A", "nan", "NULL", "1234567890.0", '"6,222,021,234,567,890"', "622202E+13"])
def test_what_a_spreadsheet_leaves_of_a_number_is_no_account(made: Delivery, lost: str) -> None:
    made.write(flows=f"account_id,at,direction,amount_yuan,counterparty_account\nA1,2018-01-01,in,5,{lost}\n").bring()
    assert made.column("select count(*) from flows") == [0]


def test_a_clock_time_with_a_day_of_its_own_keeps_the_day_of_its_row(made: Delivery) -> None:
    text = "交易日期,交易时间,账号,收支,交易金额,余额\n2018-09-30,1900-01-01 08:05:06,A,收,5.00,5.00\n"
    made.write(**{"流水": text}).bring()
    assert made.column('select cast("at" as text) from flows') == ["2018-09-30 08:05:06"]


def test_chinese_that_happens_to_be_utf8_is_read_as_gb18030(made: Delivery) -> None:
    made.write(flows="account_id,at,direction,amount_yuan,memo\nA,2018-01-01,in,5,支取\n".encode("gb18030")).bring()
    assert made.column("select memo from flows") == ["支取"]


def test_a_header_in_gb18030_is_found_whatever_the_memos(made: Delivery) -> None:
    rows = "".join(f"2018-09-{day:02},A,收,5.00,5.00,支取\n" for day in range(1, 9))
    made.write(**{"流水": ("交易日期,账号,收支,交易金额,余额,摘要\n" + rows).encode("gb18030")}).bring()
    assert made.column("select distinct memo from flows") == ["支取"]
