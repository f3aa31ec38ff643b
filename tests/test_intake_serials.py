"""Days that a spreadsheet has counted: read in a sheet, which knows how they are counted, and told apart in a text."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from lib.intake import serials
from tests.deliveries import FLOWS, Delivery
from tests.test_intake_workbooks import FLOW_HEAD, xls, xlsx

# 1900-01-01 is day 2 from 1899-12-30; 118 years of 365 days and 29 leap days later 2018-01-01 is day 43,101. From 1904-01-01 it
# is 1,462 days less. Half a day is 12:00.
NEW_YEAR, NEW_YEAR_1904 = 43_101, 43_101 - 1_462


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    made = Delivery(tmp_path)
    made.raw.mkdir()
    return made


def test_a_serial_is_the_day_that_python_counts() -> None:
    assert serials.written(str(NEW_YEAR)) == str(dt.date(1899, 12, 30) + dt.timedelta(NEW_YEAR)) == "2018-01-01"
    assert serials.written(str(NEW_YEAR_1904), date1904=True) == "2018-01-01"
    assert serials.written("43101.5") == "2018-01-01 12:00:00"
    assert serials.written("43101.99999999") == "2018-01-02 00:00:00"  # less than half a second is missing


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
@pytest.mark.parametrize(("date1904", "serial"), [(False, NEW_YEAR), (True, NEW_YEAR_1904)])
def test_a_number_without_a_format_in_a_column_of_days_of_a_sheet_is_a_day(
    made: Delivery, suffix: str, date1904: bool, serial: int
) -> None:
    rows: list[list[Any]] = [
        FLOW_HEAD,
        ["A", serial, "收", 1, "B"],
        ["A", serial + 0.5, "收", 2, "B"],
        ["A", "2018", "收", 3, "B"],
    ]
    if suffix == "xlsx":
        xlsx(made.raw / "a.xlsx", {"S": rows}, date_1904=date1904)
    else:
        xls(made.raw / "a.xls", {"S": rows}, date1904=date1904)
    made.bring()
    assert made.column("select flows.at from flows order by amount_yuan") == [
        dt.datetime(2018, 1, 1),
        dt.datetime(2018, 1, 1, 12),
    ]
    assert made.column("select day_only from flows order by amount_yuan") == [True, False]
    assert list(made.reasons()) == [4]  # a year is no day
    assert made.column("select original_text from quarantine") == ["A,2018,收,3,B"]


def test_a_banks_day_is_read_so_and_its_clock_time_of_five_digits_is_left_alone(made: Delivery) -> None:
    head = ["账号", "交易日期", "交易时间", "收入", "支出", "余额", "对方账号"]
    xlsx(made.raw / "a.xlsx", {"S": [head, ["6222021234567894", NEW_YEAR, 43_101, 5, None, 5, "B"]]})
    made.bring()
    assert made.column("select flows.at from flows") == [dt.datetime(2018, 1, 1, 4, 31, 1)]  # 4:31:01, not a day


def test_a_serial_in_a_text_is_set_apart_with_what_it_may_be(made: Delivery) -> None:
    made.write(flows=FLOWS + "A,43101,收,1,B\nA,2018-01-01,收,2,B\n")
    made.bring()
    assert made.column("select amount_yuan::text from flows") == ["2.00"]
    (zh, en) = made.reasons()[2].split("\n")
    assert "日期序号" in zh
    assert "2018-01-01" in zh
    assert "2022-01-02" in en  # 1,462 days later, if days were counted from 1904
