"""Rows that could be read in two ways are set apart, and not read in one of them."""

from pathlib import Path

import pytest

from lib.errors import DataGap
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


# ---- a company's own books --------------------------------------------------------------------------------------------

CARD = "6222021234567890128"
BOOK = "日期,凭证号,摘要,借方,贷方,余额"


def row(header: str, **cells: str) -> str:
    """A row of a header, its cells by how their names begin."""
    return ",".join(next((cells[key] for key in cells if name.startswith(key)), "") for name in header.split(",")) + "\n"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (CARD, BOOK),
        (CARD, "日期,凭证编号,摘要,借方金额,贷方金额,余额"),
        (CARD, "日期,凭证号,对方单位,摘要,借,贷,余额"),
        (CARD, "日期,传票号,凭证类型,摘要,借方发生额,贷方发生额,余额"),
        (f"银行存款日记账{CARD}", "日期,摘要,借方,贷方,余额"),
    ],
)
def test_a_cash_book_of_the_company_s_own_is_set_apart_and_says_why(made: Delivery, name: str, header: str) -> None:
    made.write(**{name: header + "\n" + row(header, 日期="2018-09-29", 借="5.00", 余额="105.00")})
    assert made.bring()["state"].tolist() == ["quarantined"]
    assert "账簿" in made.reasons()[0]
    assert "own book" in made.reasons()[0]


@pytest.mark.parametrize(
    "header",
    [
        "日期,凭证种类,凭证号,摘要,借方,贷方,余额",  # the kind of a bank's vouchers
        "日期,凭证号,摘要,借方,贷方,余额,对方账号",
        "日期,凭证号,摘要,借方,贷方,余额,交易柜员",
        "日期,摘要,借方,贷方,余额",
        "日期,凭证号,摘要,支出,收入,余额",  # no side that means the opposite in a company's books
        "日期,凭证号,摘要,支出(借方),收入(贷方),余额",
    ],
)
def test_a_bank_s_statement_with_numbers_of_vouchers_is_read(made: Delivery, header: str) -> None:
    made.write(**{CARD: header + "\n" + row(header, 日期="2018-09-29", 贷="5.00", 收入="5.00", 余额="105.00")}).bring()
    assert made.rows("select direction, amount_yuan as y from flows") == [{"direction": "in", "y": 5}]


def test_a_mapping_says_which_side_of_a_cash_book_came_in(made: Delivery) -> None:
    made.write(**{CARD: f"{BOOK}\n2018-09-29,1,x,5.00,,105.00\n"})
    made.bring()
    (made.raw / "mapping.toml").write_text(
        '[[profile]]\nid = "own.book"\ntitle = "日记账"\nbase = "banks.two_columns"\ncolumns = '
        '{income = ["借方"], outgo = ["贷方"]}\n'
    )
    with pytest.raises(DataGap, match="--rebuild"):  # it stands in quarantine under the same id
        made.bring()
    made.bring(rebuild=True)
    assert made.rows("select direction, amount_yuan as y from flows") == [{"direction": "in", "y": 5}]
