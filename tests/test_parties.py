"""Who is who in a Store: keys join, names alone do not, and nothing is lost."""

from collections.abc import Callable
from typing import Any

import pytest

from lib import Case, checks
from tests.deliveries import Delivery
from tests.party_cases import CODE, LI, PARTIES, WANG, WANG_15, brought, case_of, conflicts, ids, made

__all__ = ["made"]


# ---- keys ---------------------------------------------------------------------------------------------------------------


def test_an_identity_number_of_15_digits_is_that_of_18(made: Delivery) -> None:
    brought(made, f"P1,王伟,自然人,{WANG},,\nP2,王 伟,自然人,{WANG_15},,\n")
    assert ids(made) == [("P2", "P1", "identity_number")]


def test_one_id_may_have_a_number_of_15_and_of_18_digits_and_no_other(made: Delivery) -> None:
    brought(made, "".join(f"P1,王伟,自然人,{number},,\n" for number in (WANG_15, WANG, LI)))
    assert made.column("select id_number from parties") == [WANG]
    assert len(made.reasons()) == 1  # two numbers under one id: the later row is set apart, with its reason


def test_a_credit_code_joins_a_company_in_two_writings(made: Delivery) -> None:
    brought(made, f"C1,鑫融(上海)科技有限公司,企业,,{CODE},\nC2,上海鑫融科技有限责任公司,企业,,{CODE.lower()},\n")
    assert ids(made) == [("C2", "C1", "uscc")]


def test_phone_and_name_join_and_either_alone_does_not(made: Delivery) -> None:
    brought(
        made,
        "P1,李娜,自然人,,,13900001234\nP2,李 娜,自然人,,,+86 139-0000-1234\nP3,李娜,自然人,,,\nP4,张敏,自然人,,,13900001234\n",
    )
    assert ids(made) == [("P2", "P1", "phone_name")]


def test_other_documents_join_with_the_name_only(made: Delivery) -> None:
    brought(made, "P1,李娜,自然人,E12345987,,\nP2,李娜,自然人,E12345987,,\nP3,王芳,自然人,E12345987,,\n")
    assert ids(made) == [("P2", "P1", "number_name")]


def test_equal_names_alone_join_nothing(made: Delivery) -> None:
    brought(made, "P1,王伟,自然人,,,\nP2,王伟,自然人,,,\nC1,鑫融有限公司,企业,,,\nC2,鑫融有限公司,企业,,,\n")
    assert ids(made) == []


def test_a_number_that_fails_its_check_digit_joins_nothing_and_is_flagged(made: Delivery) -> None:
    wrong = WANG[:-1] + "1"
    brought(made, f"P1,王伟,自然人,{wrong},,\nP2,王伟,自然人,{wrong},,\n")
    assert ids(made) == []
    assert made.column("select count(*) from flags where reason = 'bad_check_digit'") == [2]


def test_a_placeholder_with_a_sound_day_of_birth_joins_nothing(made: Delivery) -> None:
    brought(made, "P1,王伟,自然人,111111111111111,,\nP2,王伟,自然人,111111111111111,,\n")  # 1911-11-11
    assert ids(made) == []


@pytest.mark.parametrize("phone", ["00000000", "12345678", "11111111111", "无", "139****1234"])
def test_placeholders_join_nothing(made: Delivery, phone: str) -> None:
    brought(made, f"P1,李娜,自然人,,,{phone}\nP2,李娜,自然人,,,{phone}\n")
    assert ids(made) == []


@pytest.mark.parametrize(("names", "joined"), [(20, True), (21, False)])
def test_a_phone_of_more_than_twenty_names_is_the_institutions_own(made: Delivery, names: int, joined: bool) -> None:
    others = "".join(f"Q{n},{chr(0x738B)}{chr(0x4E00 + n)},自然人,,,02165431987\n" for n in range(names - 1))
    brought(made, f"P1,李娜,自然人,,,02165431987\nP2,李娜,自然人,,,02165431987\n{others}")
    assert ids(made) == ([("P2", "P1", "phone_name")] if joined else [])


def test_the_id_that_files_give_survives_and_the_weakest_key_is_said(made: Delivery) -> None:
    brought(made, f"P1,王伟,自然人,{WANG},,\nP2,王伟,自然人,{WANG},,13900001234\nP3,王伟,自然人,,,13900001234\n")
    found = made.rows("select party_id, resolved_id, joined_by, confidence from party_ids order by all")
    assert [tuple(row.values()) for row in found] == [("P2", "P1", "identity_number", 0.99), ("P3", "P1", "phone_name", 0.85)]


def test_a_sound_number_under_other_names_is_joined_with_less_confidence(made: Delivery) -> None:
    brought(made, f"P1,王伟,自然人,{WANG},,\nP2,王维,自然人,{WANG},,\n")
    assert made.column("select confidence from party_ids") == [0.8]


# ---- conflicts ----------------------------------------------------------------------------------------------------------


def test_two_identity_numbers_under_one_phone_and_name_are_a_conflict(made: Delivery) -> None:
    brought(made, f"P1,李娜,自然人,{WANG},,13900001234\nP2,李娜,自然人,{LI},,13900001234\n")
    assert ids(made) == []
    assert conflicts(made) == [("phone_name", ["P1", "P2"], "two_identity_numbers")]


def test_a_chain_of_weak_keys_between_two_numbers_is_a_conflict_and_sounder_keys_stay(made: Delivery) -> None:
    brought(
        made,
        f"P1,李娜,自然人,{WANG},,13900001234\nP2,李娜,自然人,,,13900001234;13800005678\nP3,李娜,自然人,{LI},,13800005678\n"
        f"P4,李娜,自然人,{LI},,\n",
    )
    assert ids(made) == [("P4", "P3", "identity_number")]
    assert {reason for _, _, reason in conflicts(made)} == {"two_identity_numbers"}


def test_a_person_and_a_company_are_never_one(made: Delivery) -> None:
    brought(made, f"P1,鑫融商行,自然人,,{CODE},\nC1,鑫融商行,企业,,{CODE},\n")
    assert conflicts(made) == [("uscc", ["C1", "P1"], "person_and_body")]


HELD = "账户开户名称,开户人证件号码,交易卡号,交易账号,账号开户时间,账户余额,账户状态,销户日期,账户类型,账号开户银行"


def bank_says(name: str, number: str, card: str) -> str:
    return f"{HELD}\n{name},{number},{card},,20150203,0,正常,,个人账户,某行\n"


def test_an_account_whose_holder_a_file_names_by_number_is_that_partys(made: Delivery) -> None:
    brought(made, f"P1,王伟,自然人,{WANG},,\n", 某行_账户信息=bank_says("王伟", WANG, "6222021234567894"))
    assert made.column("select holder_id from accounts") == ["P1"]
    assert made.column("select holder_id from store.accounts") == [None]  # the table keeps what the file says
    (mention,) = made.rows("select party_id, joined_by from party_records where seen_in like 'accounts.holder_name%'")
    assert mention == {"party_id": "P1", "joined_by": "identity_number"}


def test_one_card_under_two_identity_numbers_is_a_conflict(made: Delivery) -> None:
    card = "6222021234567894"
    held = f"account_id,holder_id,holder_name\n{card},P1,李娜\n"
    brought(made, f"P1,李娜,自然人,{WANG},,\nP2,李娜,自然人,{LI},,\n", accounts=held, 某行_账户信息=bank_says("李娜", LI, card))
    assert ids(made) == []
    assert [(by, reason) for by, _, reason in conflicts(made)] == [("account", "two_identity_numbers")]


def test_an_account_under_names_that_differ_joins_nothing(made: Delivery) -> None:
    card = "6222021234567894"
    held = f"account_id,holder_id\n{card},P1\n"
    brought(made, f"P1,王伟,自然人,{WANG},,\n", accounts=held, 某行_账户信息=bank_says("王维", "", card))
    assert conflicts(made) == [("account", ["P1"], "other_names")]


# ---- nothing is lost ----------------------------------------------------------------------------------------------------


def test_every_mention_stays_with_its_line_and_what_joined_it(made: Delivery) -> None:
    brought(made, f"P1,王伟,自然人,{WANG},,\nP2,王 伟,自然人,{WANG_15},,\n")
    found = made.rows(
        "select party_id, written_id, written_name, written_number, joined_by, line from party_records order by line"
    )
    assert [tuple(row.values()) for row in found] == [
        ("P1", "P1", "王伟", WANG, "id", 2),
        ("P1", "P2", "王 伟", WANG_15, "identity_number", 3),
    ]


def test_readers_see_one_party_and_the_tables_keep_what_files_say(made: Delivery) -> None:
    held = "holder_id,held_id,share\nP2,C1,0.6\n"
    brought(made, f"P1,王伟,自然人,{WANG},,\nP2,王伟,自然人,{WANG},,13900001234\nC1,鑫融有限公司,企业,,,\n", holdings=held)
    assert made.column("select holder_id from holdings") == ["P1"]
    assert made.column("select holder_id from store.holdings") == ["P2"]
    assert made.rows("select party_id, phone from parties where kind = 'person'") == [
        {"party_id": "P1", "phone": "13900001234"}
    ]
    assert case_of(made, "P2").party_id == "P1"


def test_a_party_is_found_under_every_id_and_name_that_files_give_it(made: Delivery) -> None:
    brought(made, f"C1,鑫融(上海)科技有限公司,企业,,{CODE},\nC2,上海鑫融科技有限责任公司,企业,,{CODE},\n")
    asked = ("C1", "C2", "鑫融(上海)科技有限公司", "上海鑫融科技有限责任公司")
    assert [case_of(made, name).party_id for name in asked] == ["C1"] * 4


def test_a_later_delivery_is_folded_against_what_files_say(made: Delivery) -> None:
    made.write(a__parties=PARTIES + f"P1,王伟,自然人,{WANG},,\nP2,王伟,自然人,{WANG},,\n")
    made.write(a__holdings="holding_id,holder_id,held_id,share\nH1,P2,C1,0.6\n")
    made.write(b__holdings="holding_id,holder_id,held_id,share\nH1,P2,C1,0.6\nH2,P1,C1,0.1\n")
    made.bring(made.raw / "a")
    made.bring(made.raw / "b")
    assert made.reasons() == {}
    assert made.column("select share from holdings where holder_id = 'P1' order by share") == [0.1, 0.6]
    one = made.rows("select * from party_records order by record_id")
    made.bring([made.raw / "b", made.raw / "a"], rebuild=True)
    assert made.rows("select * from party_records order by record_id") == one


def test_a_store_without_merged_ids_is_read_as_it_is(made: Delivery) -> None:
    brought(made, "P1,王伟,自然人,,,\n")
    assert made.store.arrow("select * from duckdb_views() where temporary and not internal").num_rows == 0


# ---- findings -----------------------------------------------------------------------------------------------------------


def test_a_finding_is_no_surer_than_the_key_that_made_its_party(make_case: Callable[..., Case]) -> None:
    def loan(loan_id: str, borrower_id: str) -> dict[str, Any]:
        return {"loan_id": loan_id, "institution_id": "P", "borrower_id": borrower_id, "principal_yuan": "150000"}

    known = {"signed_on": "2017-03-01"}
    repaid = {"repayment_id": "R", "loan_id": "L3", "paid_on": "2017-06-01", "principal_yuan": "1"}
    case = make_case(
        "P",
        institutions=[{"institution_id": "P", "name": "某平台"}],
        parties=[{"party_id": i, "kind": "person", "name": "李娜"} for i in ("A", "B")],
        loans=[loan("L1", "A") | known, loan("L2", "B") | known, loan("L3", "C") | known | {"institution_id": "Q"}],
        repayments=[repaid],
        party_ids=[{"party_id": "B", "resolved_id": "A", "joined_by": "phone_name", "confidence": 0.85}],
    )
    (hit,) = checks.run(case, rules=["LM-01"]).to_dict("records")
    assert (hit["outcome"], hit["subject_id"], hit["amount_yuan"]) == ("hit", "A", 300_000)  # 150,000 on each of two ids
    assert hit["confidence"] == 0.85
