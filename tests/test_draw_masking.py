"""What a page hides, and what it must not hide."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.draw import masking
from lib.draw.masking import looks_personal, mask_id, mask_name, mask_number, mask_text


@pytest.fixture(autouse=True)
def _fresh_report(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(masking, "_seen", {})
    monkeypatch.setattr(masking, "_asked", [])
    return


def test_a_card_keeps_its_first_three_and_last_four_digits() -> None:
    assert mask_number("6222021234567890123") == "622****0123"


def test_short_account_ids_are_no_numbers_to_hide() -> None:
    assert mask_number("A123") == "A123"


def test_two_cards_that_look_alike_once_masked_are_told_apart_and_stay_so() -> None:
    first, second = "6222020000000000123", "6222029999999990123"
    assert [mask_number(n) for n in (first, second, first)] == ["622****0123", "622****0123(2)", "622****0123"]


@given(st.from_regex(r"[0-9]{11,19}", fullmatch=True))
def test_no_long_number_shows_more_than_seven_of_its_digits(number: str) -> None:
    shown = mask_text(f"卡号{number}。").replace("卡号", "")
    assert number in shown or sum(c.isdigit() for c in shown.split("(")[0]) == 7
    assert number not in shown or masking._DAY.match(number)


def test_an_identity_number_is_hidden_with_its_check_letter() -> None:
    assert mask_text("证件 41010219900101123X 手机 13800138000") == "证件 410****123X 手机 138****8000"


def test_a_card_written_in_groups_is_one_number() -> None:
    assert mask_text("6222 0212 3456 7890 123") == "622****0123"


def test_days_and_amounts_of_evidence_stay_readable() -> None:
    line = "20180930,20180930123005,1234567.89,XY2018-015"
    assert mask_text(line) == line


def test_a_card_that_a_spreadsheet_made_a_decimal_is_still_hidden() -> None:
    assert mask_text("6222021234567890.00") == "622****7890.00"


def test_the_credit_code_of_a_company_is_public() -> None:
    assert mask_text("91410106MA44XYW12A") == "91410106MA44XYW12A"
    assert mask_text("914101061234567890") == "914101061234567890"


def test_an_e_mail_address_keeps_its_first_letter_and_its_domain() -> None:
    assert mask_text("zhang.san@example.com") == "z***@example.com"


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三", "张某"), ("张三丰", "张某某"), ("欧阳震华", "欧阳某某"), ("Ion Caragiale", "I***"), ("𠅤明", "𠅤某"), ("", "")],
)
def test_a_name_keeps_its_surname_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_two_people_of_one_surname_are_told_apart() -> None:
    assert [mask_name(n) for n in ("李明", "李华", "李明")] == ["李某", "李某(2)", "李某"]


def test_names_in_an_original_line_are_hidden_the_longest_first() -> None:
    assert mask_text("王小明,王小,贷款", ("王小", "王小明")) == "王某某,王某,贷款"


def test_ids_of_records_lose_what_is_personal_and_keep_their_counters() -> None:
    assert mask_id("6222021234567890123-000045") == "622****0123-000045"
    assert mask_id("C10995116278493") == "C10995116278493"


@pytest.mark.parametrize("name", ["郑州某某商贸有限公司", "工商银行郑州分行", "存管专户", "Franecki LLC", "支付宝（备付金）"])
def test_names_of_companies_are_no_persons(name: str) -> None:
    assert not looks_personal(name)


@pytest.mark.parametrize("name", ["张三", "Ion Luca Caragiale", "阿依古丽·买买提"])
def test_names_of_persons_are(name: str) -> None:
    assert looks_personal(name)


def test_a_report_is_masked_whatever_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    masking.mask_values(False)
    assert not masking.masks()
    monkeypatch.setenv("LOOKTHROUGH_PAGE", "1")
    assert masking.masks()


def test_jupyterlab_is_masked_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOOKTHROUGH_PAGE", raising=False)
    assert not masking.masks()
    masking.mask_values(True)
    assert masking.masks()
