"""Numbers that cannot be right by their own check digits are flagged with a reason, and their rows are kept."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import cli
from lib.district import numbers
from lib.drafts import next_version
from lib.schema import named_sql
from lib.store import Store
from tests.deliveries import FLOWS, Delivery
from tests.trials import trials

PARTIES = "party_id,kind,name,id_number,uscc\n"
ACCOUNTS = "account_id,holder_id,purpose\n"
# GB 11643-1999 gives this number as its example.
PERSON = "11010519491231002X"
# GB 32100-2015 and the tools that follow it give this code as their example.
BODY = "91350100M000100Y43"
# ISO/IEC 7812-1: doubled from the right 6 2 2 2 0 2 1 2 3 4 5 6 7 8 9 4 give 70, a multiple of ten.
CARD = "6222021234567894"

once = settings(max_examples=trials(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    with next_version(tmp_path_factory.mktemp("checks") / "store.duckdb") as draft:
        draft.execute(named_sql("check_digits"))
        yield draft


def reasons(store: Store, macro: str, texts: list[str]) -> list[str | None]:
    call = "card_reason(t, lpad(t, 19, '0'))" if macro == "card" else f"{macro}_reason(t)"
    found = store.arrow(
        f"select {call} as reason from (select unnest($texts) as t, generate_subscripts($texts, 1) as i) order by i",
        texts=texts,
    )
    return found["reason"].to_pylist()


@pytest.mark.parametrize(("macro", "number"), [("identity", PERSON), ("uscc", BODY), ("card", CARD)])
def test_a_published_number_passes_and_one_that_differs_in_a_digit_does_not(store: Store, macro: str, number: str) -> None:
    changed = [number[:i] + str((int(c) + 1) % 10) + number[i + 1 :] for i, c in enumerate(number) if c.isdigit()]
    assert reasons(store, macro, [number]) == [None]
    assert None not in reasons(store, macro, changed)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (PERSON, None),
        ("110105194912310021", "bad_check_digit"),
        ("11010519490229002X", "bad_birth_date"),  # 1949 was no leap year
        ("11010518991231002X", "bad_birth_date"),
        ("340524800101001", None),  # 15 digits, as before 1999: a day of 19YY and no check digit
        ("340524800230001", "bad_birth_date"),
        ("1101051949123100", "bad_length"),
        ("1101051949123100021", "bad_length"),
        ("1101051949123100-2", "bad_alphabet"),
        ("1101O519491231002X", "bad_alphabet"),  # the letter O
        ("110105********002X", None),  # masked: nothing can be said
        ("110105XXXXXXXX002X", None),
        ("1101051949123100XX", None),
        ("E12345678", None),  # a passport
        ("H1234567890", None),  # a permit of Hong Kong
        ("12345678", None),  # a permit of Taiwan
        ("军字第1234567号", None),
    ],
)
def test_identity_numbers_are_checked_by_length_day_of_birth_and_check_digit(
    store: Store, number: str, reason: str | None
) -> None:
    assert reasons(store, "identity", [number]) == [reason]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (BODY, None),
        ("91350100M000100Y44", "bad_check_digit"),
        ("91350100M000100I43", "bad_alphabet"),  # I, O, S, V and Z are not used
        ("91350100M000100Y4", "bad_length"),
        ("350100400000001", "bad_length"),  # a registration number as before 2015
        ("9135********00Y43", None),
        ("91109904MA000573XX", None),  # X is a character of codes: two of them hide nothing
        ("A1109904MA000573XX", "bad_check_digit"),
        ("9135XXXXXXXXX00Y43", None),
    ],
)
def test_credit_codes_are_checked_by_length_alphabet_and_check_character(store: Store, number: str, reason: str | None) -> None:
    assert reasons(store, "uscc", [number]) == [reason]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (CARD, None),
        ("6222021234567895", "bad_check_digit"),
        ("4539148803436467", None),  # 4·2=8 5 3·2=6 9 1·2=2 4 8·2=16→7 8 0 3 4·2=8 3 6·2=12→3 4 6·2=12→3 7: 80
        ("622202123456789", None),  # of 15 digits: no card of ours
        ("6222****7894", None),
        ("A622202123456789", None),
    ],
)
def test_only_what_has_the_form_of_a_card_is_checked_as_one(store: Store, number: str, reason: str | None) -> None:
    assert reasons(store, "card", [number]) == [reason]


def identity_number(day: int, sequence: int) -> str:
    return str(numbers.people(np.array([1]), np.array([day]), np.array([sequence]))[0].as_py())


@given(st.integers(-25_567, 40_000), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
@once
def test_any_single_changed_digit_of_an_identity_number_is_found(
    store: Store, day: int, sequence: int, at: int, by: int
) -> None:
    number = identity_number(day, sequence)
    changed = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    good, bad = reasons(store, "identity", [number, changed])
    assert good is None
    assert bad in ("bad_check_digit", "bad_birth_date")


@given(st.integers(10**14, 10**18 - 1), st.data())
@once
def test_any_single_changed_digit_of_a_card_number_is_found(store: Store, body: int, data: st.DataObject) -> None:
    digits = [int(c) for c in str(body)][::-1]
    total = sum(sum(divmod(2 * d, 10)) if i % 2 == 0 else d for i, d in enumerate(digits))
    number = f"{body}{-total % 10}"
    at, by = data.draw(st.integers(0, len(number) - 1)), data.draw(st.integers(1, 9))
    changed = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    asked = len(number) >= 16
    assert reasons(store, "card", [number, changed]) == [None, "bad_check_digit" if asked else None]


@given(st.integers(0, 999_999), st.integers(0, 16), st.integers(1, 30))
@once
def test_any_single_changed_character_of_a_credit_code_is_found(store: Store, serial: int, at: int, by: int) -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    number = str(numbers.companies(np.array([serial]))[0].as_py())
    changed = number[:at] + alphabet[(alphabet.index(number[at]) + by) % 31] + number[at + 1 :]
    assert reasons(store, "uscc", [number, changed]) == [None, "bad_check_digit"]


FAILING = (
    f"P1,自然人,张三,{PERSON},\nP2,自然人,李四,110105194912310021,\nP3,自然人,王五,11010519491231002x,\n"
    f"C1,企业,金水,,{BODY}\nC2,企业,银水,,91350100M000100Y44\nC3,企业,铜水,{BODY},\nX1,,某某,{BODY},\n"
)


def test_flags_name_the_number_its_place_and_the_reason_and_no_row_is_set_apart(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(parties=PARTIES + FAILING)
    answer = made.bring()
    assert answer.loc[0, ["rows_accepted", "rows_quarantined"]].tolist() == [7, 0]
    flags = made.rows("select * from flags order by row_id")
    (source_id,) = made.column("select source_id from sources")
    common = {"source_id": source_id, "table_name": "parties", "reason": "bad_check_digit"}
    assert flags == [
        {**common, "line": 6, "row_id": "C2", "column_name": "uscc", "written": "91350100M000100Y44"},
        {**common, "line": 3, "row_id": "P2", "column_name": "id_number", "written": "110105194912310021"},
    ]


def test_cards_are_checked_for_persons_only(tmp_path: Path) -> None:
    wrong = [CARD[:-1] + end for end in "01235"]  # the last digit is 4
    made = Delivery(tmp_path).write(
        parties=PARTIES + "P1,自然人,张三,,\nC1,企业,金水,,\n",
        accounts=ACCOUNTS + f"{CARD},P1,\n{wrong[0]},P1,\n{wrong[1]},C1,\n{wrong[2]},,个人\n{wrong[3]},,\n{wrong[4]},C1,个人\n",
    )
    made.bring()
    flags = made.rows("select row_id, column_name, reason from flags order by row_id")
    assert flags == [{"row_id": wrong[n], "column_name": "account_id", "reason": "bad_check_digit"} for n in (0, 2)]


def test_a_holder_that_comes_later_makes_the_same_flags_as_one_that_came_first(tmp_path: Path) -> None:
    accounts, parties = ACCOUNTS + "6222021234567895,P1,\n", PARTIES + "P1,自然人,张三,,\n"
    made = Delivery(tmp_path).write(accounts=accounts)
    made.bring()
    assert made.column("select count(*) from flags") == [0]
    made.write(parties=parties).bring()
    assert made.column("select row_id from flags") == ["6222021234567895"]
    made.bring()
    assert made.column("select row_id from flags") == ["6222021234567895"]


# A spreadsheet keeps 15 digits. Of 19 that leaves four zeros at the end, which one sound number in 10,000 has; of 17 two, which
# one in 100 has: there a check digit must fail too. Of 16 it leaves a single zero, which tells nothing.
CUT = "6222021234567890000"


def test_an_account_of_which_a_spreadsheet_kept_15_digits_is_flagged_as_such(tmp_path: Path) -> None:
    sound = "6222021234567890001"
    made = Delivery(tmp_path).write(
        parties=PARTIES + "P1,自然人,张三,,\nC1,企业,金水,,\n",
        accounts=ACCOUNTS + f"{CUT},C1,\n{sound},C1,\n{CARD[:-1]}00,P1,\n{'2' * 15}00,C1,\n{'1' * 15}0000,,\n",
        flows=FLOWS + f"A,2018-01-01,收,1,{CUT}\nA,2018-01-02,收,1,{CUT}\n{CUT},2018-01-02,收,1,{sound}\n",
    )
    answer = made.bring()
    assert answer["rows_quarantined"].sum() == 0
    found = made.rows("select table_name, column_name, line, reason, written from flags order by all")
    assert [tuple(row.values()) for row in found] == [
        ("accounts", "account_id", 2, "digits_lost", CUT),
        ("accounts", "account_id", 4, "digits_lost", f"{CARD[:-1]}00"),
        ("accounts", "account_id", 6, "digits_lost", f"{'1' * 15}0000"),
        ("flows", "account_id", 4, "digits_lost", CUT),
        ("flows", "counterparty_account", 2, "digits_lost", CUT),
    ]


def test_a_sound_card_that_ends_in_zeros_is_not_flagged(tmp_path: Path) -> None:
    # Luhn, the 1st, 3rd, 5th, … place of 16 doubled: 6 2 2 2 0 2 give 3 + 2 + 4 + 2 + 0 + 2 = 13; the 7 at the 8th makes it 20.
    card = "6222020700000000"
    made = Delivery(tmp_path).write(parties=PARTIES + "P1,自然人,张三,,\n", accounts=ACCOUNTS + f"{card},P1,\n")
    made.bring()
    assert made.column("select count(*) from flags") == [0]


def test_an_identity_number_of_which_a_spreadsheet_kept_15_digits_is_flagged_as_such(tmp_path: Path) -> None:
    cut = f"{PERSON[:15]}000"
    made = Delivery(tmp_path).write(parties=PARTIES + f"P1,自然人,张三,{cut},\nC1,企业,金水,,{'9' * 15}000\n")
    made.bring()
    assert made.column("select reason from flags order by row_id") == ["digits_lost", "digits_lost"]


@pytest.mark.parametrize(("language", "said"), [("zh", "2 个证件号码"), ("en", "2 identity numbers")])
def test_the_import_says_how_many_numbers_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    made = Delivery(tmp_path).write(parties=PARTIES + FAILING)
    command = ["import", str(made.raw), "--store", str(made.store_path), "--lang", language]
    assert cli.main(command) == 0
    assert said in capsys.readouterr().out
    assert cli.main(command) == 0  # nothing new, nothing to say
    assert said not in capsys.readouterr().out
