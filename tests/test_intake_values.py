"""How the text of a cell becomes a value: what is written, exactly, or nothing."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.drafts import next_version
from lib.intake import cleaning, staging
from lib.store import Store
from tests.deliveries import FLOWS, LOANS, Delivery
from tests.trials import trials


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    with next_version(tmp_path_factory.mktemp("casts") / "store.duckdb") as draft:
        staging.prepare(draft)
        yield draft


def value(store: Store, macro: str, text: str) -> object:
    return store.arrow(f"select {macro}($text) as v", text=text)["v"][0].as_py()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.50"),
        ("1,234,567.89", "1234567.89"),
        ("¥1234.5", "1234.5"),
        ("-￥5.00", "-5"),
        ("1234.5元", "1234.5"),
        ("１，０００．５０", "1000.50"),
        (".5", "0.5"),
        ("1.7693696989343166E7", "17693696.989343166"),
        ("90071992547409.93", "90071992547409.93"),
        ("(1,234.50)", "-1234.50"),
        ("(¥5.00)", "-5"),
        ("¥(5)", "-5"),
        ("-1,234.50", "-1234.50"),
        ("- 5", "-5"),
        ("−5", "-5"),  # the minus of mathematics
        ("+5", "5"),
        ("¥1", "1"),
        ("￥1", "1"),
        ("¥-5", "-5"),
        ("CNY 1", "1"),
        ("RMB1", "1"),
        ("人民币5元", "5"),
        ("￥1,234.50元", "1234.50"),
        ("1，234.50", "1234.50"),
        ("1\u2009234.50", "1234.50"),
        ("1\u00a0234\u202f567.50", "1234567.50"),
        ("'1234.50", "1234.50"),
        ("1.5万元", "15000"),
        ("(1.5万)", "-15000"),
        ("1.2345亿元", "123450000"),
        ("100万元人民币", "1000000"),
    ],
)
def test_amounts_are_read_exactly(store: Store, text: str, expected: str) -> None:
    assert value(store, "exact_value", text) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("1,23", "0,123", "1,2345", "12,34,567", "1,234,5", "1.234.5", "1.2.3", "1 000", "1 234.50", "1,234 567", "1_000"),
        *("(-5)", "-(5)", "(5", "5)", "--5", "-¥-5", "5-", "1万5", "5元元", "131.77(已退款89.84)"),
        *("abc", "--", "元", "¥", "()", "+", "nan", "0x10", "1e-3"),
    ],
)
def test_what_is_no_amount_is_not_guessed(store: Store, text: str) -> None:
    assert value(store, "exact_value", text) is None


@pytest.mark.parametrize(
    ("text", "before", "refund"),
    [
        ("131.77(已退款89.84)", "131.77", "89.84"),
        ("131.77（已退款：89.84元）", "131.77", "89.84"),
        ("50.00(已全额退款)", "50.00", "50.00"),
        ("已退款(￥9.90)", "已退款(￥9.90)", "￥9.90"),  # a state that tells of a refund: no amount before it
        ("10.20", "10.20", None),
        ("1(2)", "1(2)", None),
    ],
)
def test_an_amount_and_the_refund_noted_beside_it_are_told_apart(
    store: Store, text: str, before: str, refund: str | None
) -> None:
    assert value(store, "amount_before_note", text) == before
    assert value(store, "refund_in_note", text) == refund


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.5", "15000"), ("1,000", "10000000"), ("(1.5)", "-15000"), ("1.5万", "15000"), ("1.5元", None), ("12x", None)],
)
def test_an_amount_in_units_of_ten_thousand_is_read_as_yuan_unless_it_says_otherwise(
    store: Store, text: str, expected: str | None
) -> None:
    found = store.arrow("select exact_value(wan($text)) as v", text=text)["v"][0].as_py()
    assert found == (expected and Decimal(expected))


@pytest.mark.parametrize(
    ("text", "expected"), [("12", 12), ("1,234", 1234), ("-5", -5), ("１２", 12), ("1,23", None), ("3.0", None), ("1e3", None)]
)
def test_whole_numbers_are_whole(store: Store, text: str, expected: int | None) -> None:
    assert value(store, "whole_value", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    # Half-even on the fen: 0.125 is as far from 0.12 as from 0.13, and 2 is even.
    [
        ("0.125", "0.12"),
        ("0.135", "0.14"),
        ("0.1250000001", "0.13"),
        ("-0.125", "-0.12"),
        ("9007199254740.125", "9007199254740.12"),
    ],
)
def test_amounts_are_rounded_half_even(store: Store, text: str, expected: str) -> None:
    found = store.arrow("select fen_rounded(exact_value($text)) as v", text=text)["v"][0].as_py()
    assert found == Decimal(expected)


@given(st.decimals(min_value=0, max_value=10**14, places=14))
@settings(max_examples=trials(100), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_rounding_agrees_with_decimal_arithmetic(store: Store, amount: Decimal) -> None:
    text = f"{amount:f}"
    found = store.arrow("select fen_rounded(exact_value($text)) as v", text=text)["v"][0].as_py()
    assert found == amount.quantize(Decimal("0.01"), "ROUND_HALF_EVEN")


@pytest.mark.parametrize(
    "text",
    [
        "2018-09-03",
        "2018/9/3",
        "2018.09.03",
        "20180903",
        "2018年9月3日",
        "２０１８－０９－０３",
        "2018-09-03 08:05:06",
        "20180903080506",
        "2018.9.3",
        "'2018-09-03",
    ],
)
def test_days_are_read_in_the_forms_that_banks_write(store: Store, text: str) -> None:
    assert str(value(store, "day_value", text)) == "2018-09-03"


@pytest.mark.parametrize(
    "text",
    [
        *("2018-09-03 08:05:06", "2018/9/3 8:05:06", "20180903080506", "20180903 080506", "2018-09-03T08:05:06"),
        *("20180903 80506", "20180903T080506", "2018年9月3日 8时5分6秒", "2018年9月3日8时05分06秒", "2018年9月3日 08:05:06"),
        "2018-09-03 08:05:06.000",
    ],
)
def test_times_are_read_in_the_forms_that_banks_write(store: Store, text: str) -> None:
    assert str(value(store, "time_value", text)) == "2018-09-03 08:05:06"


@pytest.mark.parametrize("text", ["2018-09-03 8:05", "2018年9月3日 8时5分", "2018/09/03 08:05"])
def test_times_without_seconds_are_read(store: Store, text: str) -> None:
    assert str(value(store, "time_value", text)) == "2018-09-03 08:05:00"


@pytest.mark.parametrize(("day", "year"), [("1900-01-01", 1900), ("9999-12-31", 9999), ("20000229", 2000)])
def test_the_first_and_the_last_day_that_are_read(store: Store, day: str, year: int) -> None:
    assert value(store, "day_value", day).year == year


@pytest.mark.parametrize(
    "text",
    [
        *("2018-02-30", "2018-13-01", "20180230", "19000229", "2018-00-10", "2018-09", "2018年9月"),
        *("1899-12-31", "0018-01-01", "10000-01-01", "18-09-03", "03/09/2018"),
        *("43101", "43346.3368", "2018", "今天", "2018-09-03x"),
        *("2018-09-03 24:00:00", "2018-09-03 08:05:60", "2018-09-03 805", "2018-09-03 8:5", "2018年9月3日 25时5分"),
        *("2018-09-0308:05", "2018-9-108:05:06"),  # where the day ends is not said
        *("2018-09-03 08:05:06+08:00", "2018-09-03T08:05:06Z"),
    ],
)
def test_what_is_no_day_is_not_guessed(store: Store, text: str) -> None:
    assert value(store, "time_value", text) is None


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("20180903", "080506", "2018-09-03 08:05:06"),
        ("20180903", "80506", "2018-09-03 08:05:06"),
        ("2018-09-03", "8:05", "2018-09-03 08:05:00"),
        ("2018年9月3日", "8时5分6秒", "2018-09-03 08:05:06"),
        ("2018-09-03 00:00:00", "08:05:06", "2018-09-03 08:05:06"),
        ("20180903", None, "2018-09-03 00:00:00"),
        ("20180903", "805", None),  # 8:05:00 or 0:08:05
        (None, "080506", None),
        (None, None, None),
    ],
)
def test_a_day_and_a_time_in_two_columns_make_a_time(
    store: Store, day: str | None, clock: str | None, expected: str | None
) -> None:
    row = store.arrow(
        "select time_value(day_and_time($day, $clock)) as v, day_and_time($day, $clock) as t", day=day, clock=clock
    )
    found = row["v"][0].as_py()
    assert (found and str(found)) == expected
    assert (row["t"][0].as_py() is None) == (day is None and clock is None)  # else the row would be taken without its time


# Workbooks count days: 43346 is 2018-09-03, and 1,462 days later where they count from 1904. 0.3368 days are 29,099.5 s.
@pytest.mark.parametrize(
    ("text", "base1904", "expected"),
    [
        ("43346", False, "2018-09-03"),
        ("43346.0", False, "2018-09-03"),
        ("41884", True, "2018-09-03"),
        ("43346.3368", False, "2018-09-03 08:05:00"),
        ("43346.336805555554", False, "2018-09-03 08:05:00"),
        ("41884.3368", True, "2018-09-03 08:05:00"),
        ("2018-09-03", False, "2018-09-03"),
        ("2018", False, "2018"),  # a year
        ("201809", False, "201809"),  # a month
        ("5", False, "5"),
        (None, False, None),
    ],
)
def test_a_number_in_a_date_column_of_a_workbook_counts_days(
    store: Store, text: str | None, base1904: bool, expected: str | None
) -> None:
    assert store.arrow("select serial_day($t, $b) as v", t=text, b=base1904)["v"][0].as_py() == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("0.25", 0.25), ("25%", 0.25), ("33.33%", 0.3333), ("１２．５％", 0.125), ("1", 1.0), ("0", 0.0)]
)
def test_fractions_are_plain_or_in_percent(store: Store, text: str, expected: float) -> None:
    assert value(store, "fraction_value", text) == expected


@pytest.mark.parametrize("text", ["25", "1.01", "-0.1", "abc", "25％％"])
def test_a_share_above_one_without_a_percent_sign_is_not_guessed(store: Store, text: str) -> None:
    assert value(store, "fraction_value", text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("6.22202E+18", "6.22202e18", "6E+18", "6.22202E+0018", "62.2202E+17", "６．２２Ｅ＋１８", "6.22E 18", "6.22×10^18"),
        *("6.2220212345678901e+18", "6222021234567890432.0"),  # a number that had been a binary fraction on its way
    ],
)
def test_an_id_whose_digits_are_lost_is_none(store: Store, text: str) -> None:
    assert value(store, "id_value", text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6222021234567890123", "6222021234567890123"),
        ("６２２２", "6222"),
        ("'6222021234567890123", "6222021234567890123"),
        ("'6222021234567890123'", "6222021234567890123"),
        ("6222 0212 3456 7890 123", "6222021234567890123"),
        ("0012", "0012"),
        ("5E12", "5E12"),  # may be a number in hexadecimal, and is whole as it stands
        ("123.0", "123.0"),
        ("1 2", "1 2"),
        ("\u200e6222021234567890123", "6222021234567890123"),
        ("6222\u200b021234567890123\ufeff", "6222021234567890123"),
        ("\ufeff6222\u00a00212\u00a03456\u00a07890\u00a0123", "6222021234567890123"),
        ("`6222021234567890123", "6222021234567890123"),
        ("’6222021234567890123", "6222021234567890123"),
        ("11010519491231002X\u200e", "11010519491231002X"),
        ("6222-0212\u200e", "6222-0212\u200e"),  # other marks than these: kept as it stands
    ],
)
def test_an_id_is_kept_without_the_marks_of_text(store: Store, text: str, expected: str) -> None:
    assert value(store, "id_value", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6222021234567890123_1", "6222021234567890123"),
        ("6222021234567890123_156_1", "6222021234567890123"),
        ("6222021234567890123", "6222021234567890123"),
        ("\u200e6222021234567890123_1", "6222021234567890123"),
        ("A_1", "A_1"),
    ],
)
def test_what_a_police_inquiry_adds_to_a_card_is_taken_off(store: Store, text: str, expected: str) -> None:
    assert value(store, "card_number", text) == expected


def test_a_cell_that_is_a_formula_of_a_text_holds_the_text() -> None:
    cells = pa.table({"a": ['="0012"', '="622\t"\t', '=""', "=1+1", '="a"&"b"', " x\t", "　"]})
    assert cleaning.clean(cells)["a"].to_pylist() == ["0012", "622", None, "=1+1", '="a"&"b"', "x", None]


def test_an_id_with_a_tab_or_marks_of_text_is_the_same_account_as_one_without(tmp_path: Path) -> None:
    rows = ["622\t", "'622", '"=""622"""', '="622"', "６２２", "\u200e622", "62\u200b2", "`622", "\u00a0622\ufeff"]
    made = Delivery(tmp_path).write(flows=FLOWS + "".join(f"{row},2018-01-01,收,{i + 1},\n" for i, row in enumerate(rows)))
    made.bring()
    assert made.rows("select account_id, count(*) as n from flows group by account_id") == [{"account_id": "622", "n": 9}]


def test_an_id_that_a_spreadsheet_has_rewritten_is_set_apart(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(flows=FLOWS + "6.22202E+18,2018-01-01,收,5,\n0012,2018-01-01,收,5,６２２\n")
    made.bring()
    assert made.rows("select account_id, counterparty_account from flows") == [
        {"account_id": "0012", "counterparty_account": "622"}
    ]
    assert "科学计数" in made.reasons()[2]
    assert "digits after the 15th are lost" in made.reasons()[2]


@pytest.mark.parametrize(
    ("word", "direction"),
    [
        ("收", "in"),
        ("进", "in"),
        ("贷", "in"),
        ("in", "in"),
        ("IN", "in"),
        ("付", "out"),
        ("出", "out"),
        ("借", "out"),
        (" out ", "out"),
    ],
)
def test_directions_are_read_in_the_words_that_banks_use(tmp_path: Path, word: str, direction: str) -> None:
    made = Delivery(tmp_path).write(flows=FLOWS + f"A,2018-01-01,{word},5,\n")
    made.bring()
    assert made.column("select direction from flows") == [direction]


def test_a_flow_without_a_time_is_marked(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(flows=FLOWS + "A,2018-01-01,收,5,\nA,2018-01-01 00:00:00,收,6,\n")
    made.bring()
    assert made.column("select day_only from flows order by amount_yuan") == [True, False]


@pytest.mark.parametrize(
    ("line", "zh", "en"),
    [
        ("L1,P1,12x", '借款本金(元) "12x" 不是金额', 'principal_yuan "12x" is not an amount'),
        (",P1,12", "必填列 loan_id 为空", "the required column loan_id is empty"),
        ("L1,P1", "有 2 个字段, 表头有 3 个", "2 fields where the header has 3"),
        ('L1,"P1"x,5', "引号闭合后还有文字", "text after a closing quote"),
    ],
)
def test_a_bad_row_is_set_apart_with_its_reason_in_both_languages(tmp_path: Path, line: str, zh: str, en: str) -> None:
    made = Delivery(tmp_path).write(loans=f"{LOANS}L0,P0,1\n{line}\n")
    answer = made.bring()
    assert made.reasons() == {3: f"{zh}\n{en}"}
    assert made.column("select original_text from quarantine") == [line]
    assert answer.loc[0, ["rows_read", "rows_accepted", "rows_quarantined"]].tolist() == [2, 1, 1]


def test_a_negative_amount_of_a_flow_is_set_apart(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(flows=FLOWS + "A,2018-01-01,收,-5,\n")
    made.bring()
    assert "为负" in made.reasons()[2]


def test_an_unknown_word_in_a_coded_column_names_the_words_that_are_known(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(flows=FLOWS + "A,2018-01-01,上,5,\n")
    made.bring()
    assert 'direction "上" is not a known code (allowed: in, out' in made.reasons()[2]


# ---- signs ------------------------------------------------------------------------------------------------------------


def test_an_amount_with_two_signs_is_set_apart(tmp_path: Path) -> None:
    twice = ["-(5)", "-+5", "--5", "(-5)", "+-5", "-¥-5", "+(5)", "－（５）"]
    rows = "".join(f"2018-09-29,A,{text},100.00\n" for text in twice) + "2018-09-30,A,5.00,105.00\n"
    made = Delivery(tmp_path).write(**{"流水": "交易日期,账号,交易金额,余额\n" + rows})
    made.bring()
    assert made.rows("select direction, amount_yuan as y from flows") == [{"direction": "in", "y": 5}]
    assert [f'"{text}" 不是金额' in reason for text, reason in zip(twice, made.reasons().values(), strict=True)] == [True] * 8
    assert not any("另有一列" in reason for reason in made.reasons().values())


def test_a_minus_is_seen_wherever_an_amount_may_have_one(tmp_path: Path) -> None:
    forms = ["-5", "(5)", "¥-5.00", "-¥5", "¥(5)", "CNY -5", "－５", "'-5", "-5元", "（５．００）"]
    rows = "".join(f"2018-09-29,A,{text},100.00\n" for text in forms)
    made = Delivery(tmp_path).write(**{"流水": "交易日期,账号,交易金额,余额\n" + rows})
    made.bring()
    assert made.rows("select direction, amount_yuan as y, count(*) as n from flows group by all") == [
        {"direction": "out", "y": 5, "n": 10}
    ]


def test_a_zero_in_any_spelling_leaves_the_amount_to_the_other_column(tmp_path: Path) -> None:
    nothing = ["0.00元", "０．００", "¥0.00", "CNY 0", "-0.00", "(0.00)", "0.00 元", "0万元", "0.", ""]
    pairs = [(amount, zero) for amount in ("12.00", "１２．００", "12元") for zero in nothing]
    rows = "".join(f"2018-09-29,A,{amount},{zero},100.00\n2018-09-29,A,{zero},{amount},88.00\n" for amount, zero in pairs)
    made = Delivery(tmp_path).write(**{"流水": "交易日期,账号,收入,支出,余额\n" + rows})
    made.bring()
    assert made.rows("select direction, amount_yuan as y, count(*) as n from flows group by all order by direction") == [
        {"direction": "in", "y": 12, "n": 30},
        {"direction": "out", "y": 12, "n": 30},
    ]
