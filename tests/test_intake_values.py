"""How the text of a cell becomes a value: what is written, exactly, or nothing."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.intake import staging
from lib.store import Store, next_version
from tests.deliveries import FLOWS, LOANS, Delivery


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
    ],
)
def test_amounts_are_read_exactly(store: Store, text: str, expected: str) -> None:
    assert value(store, "exact_value", text) == Decimal(expected)


@pytest.mark.parametrize(
    "text", ["1,23", "12,34,567", "1 000", "abc", "--", "1.2.3", "131.77(已退款89.84)", "nan", "1_000", "0x10", "1e-3"]
)
def test_what_is_no_amount_is_not_guessed(store: Store, text: str) -> None:
    assert value(store, "exact_value", text) is None


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
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
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
    ],
)
def test_days_are_read_in_the_forms_that_banks_write(store: Store, text: str) -> None:
    assert str(value(store, "day_value", text)) == "2018-09-03"


@pytest.mark.parametrize(
    "text", ["2018-09-03 08:05:06", "2018/9/3 8:05:06", "20180903080506", "20180903 080506", "2018-09-03T08:05:06"]
)
def test_times_are_read_in_the_forms_that_banks_write(store: Store, text: str) -> None:
    assert str(value(store, "time_value", text)) == "2018-09-03 08:05:06"


@pytest.mark.parametrize(
    "text",
    [
        "2018-02-30",
        "43101",
        "03/09/2018",
        "2018-09",
        "2018-13-01",
        "0018-01-01",
        "2018-09-03 24:00:00",
        "2018-09-03 08:05:06+08:00",
        "今天",
    ],
)
def test_what_is_no_day_is_not_guessed(store: Store, text: str) -> None:
    assert value(store, "time_value", text) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("0.25", 0.25), ("25%", 0.25), ("33.33%", 0.3333), ("１２．５％", 0.125), ("1", 1.0), ("0", 0.0)]
)
def test_fractions_are_plain_or_in_percent(store: Store, text: str, expected: float) -> None:
    assert value(store, "fraction_value", text) == expected


@pytest.mark.parametrize("text", ["25", "1.01", "-0.1", "abc", "25％％"])
def test_a_share_above_one_without_a_percent_sign_is_not_guessed(store: Store, text: str) -> None:
    assert value(store, "fraction_value", text) is None


def test_an_id_that_a_spreadsheet_has_rewritten_is_set_apart(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(flows=FLOWS + "6.22202E+18,2018-01-01,收,5,\n0012,2018-01-01,收,5,６２２\n")
    made.bring()
    assert made.rows("select account_id, counterparty_account from flows") == [
        {"account_id": "0012", "counterparty_account": "622"}
    ]
    assert "科学计数" in made.reasons()[2]


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
