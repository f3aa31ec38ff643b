"""Who is who in a Store: keys join, names alone do not, nothing is lost, and people have the last word."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from lib import Case, checks, open_case, parties
from lib.cli import main
from lib.errors import BadFile, BadParameter
from lib.identity import decisions
from tests.deliveries import Delivery

PARTIES = "party_id,name,kind,id_number,uscc,phone\n"
# Check digits by GB 11643 and GB 32100: made for these tests, of no person or company. The first and the code are the oracles'
# of the domain's standards; 11010519491231002X is 110105491231002 in 15 digits.
WANG, WANG_15, LI = "11010519491231002X", "110105491231002", "110101199003074514"
CODE, OTHER_CODE = "91350100M000100Y43", "91410100MA44444441"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path / "home"))
    return Delivery(tmp_path)


def brought(made: Delivery, rows: str, **files: str) -> Delivery:
    made.write(parties=PARTIES + rows, **files).bring()
    return made


def ids(made: Delivery) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in made.rows("select party_id, resolved_id, joined_by from party_ids order by all")]


def conflicts(made: Delivery) -> list[tuple[Any, ...]]:
    return [tuple(r.values()) for r in made.rows("select joined_by, party_ids, reason from party_conflicts order by all")]


def case_of(made: Delivery, institution: str | None = None) -> Case:
    return open_case(institution, "2018-09-30", made.store_path)


# ---- keys ---------------------------------------------------------------------------------------------------------------


def test_an_identity_number_of_15_digits_is_that_of_18(made: Delivery) -> None:
    brought(made, f"P1,王伟,自然人,{WANG},,\nP2,王 伟,自然人,{WANG_15},,\n")
    assert ids(made) == [("P2", "P1", "identity_number")]


def test_one_id_may_have_a_number_of_15_and_of_18_digits_and_no_other(made: Delivery) -> None:
    made.write(a__parties=PARTIES + f"P1,王伟,自然人,{WANG_15},,\n", b__parties=PARTIES + f"P1,王伟,自然人,{WANG},,\n")
    made.write(c__parties=PARTIES + f"P1,王伟,自然人,{LI},,\n").bring()
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


# ---- people decide ------------------------------------------------------------------------------------------------------


def test_a_decision_is_replayed_at_imports_and_undone_by_removing_its_line(made: Delivery) -> None:
    brought(made, "C1,上海鑫融科技有限公司,企业,,,\nC2,鑫融科技有限公司,企业,,,\n")
    before = made.store.version
    parties.decide(case_of(made), "C1", "鑫融科技有限公司", "same", "赵审计", "营业执照地址一致")
    made.bring()
    assert ids(made) == [("C2", "C1", "decision")]
    assert made.store.version != before
    lines = decisions.file().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    decisions.file().write_text(lines[0] + "\n", encoding="utf-8")
    made.bring()
    assert ids(made) == []
    assert made.store.version == before


def test_different_keeps_apart_what_a_key_would_join(made: Delivery) -> None:
    brought(made, "P1,李娜,自然人,,,13900001234\nP2,李娜,自然人,,,13900001234\n")
    assert ids(made) == [("P2", "P1", "phone_name")]
    parties.decide(case_of(made), "P1", "P2", "different", "赵审计", "母女同名同号")
    made.bring()
    assert ids(made) == []
    assert conflicts(made) == [("phone_name", ["P1", "P2"], "decided_different")]


def test_the_last_line_on_a_pair_counts(made: Delivery) -> None:
    brought(made, "C1,鑫融甲有限公司,企业,,,\nC2,鑫融乙有限公司,企业,,,\n")
    parties.decide(case_of(made), "C1", "C2", "same", "赵审计", "更名")
    parties.decide(case_of(made), "C2", "C1", "unsure", "钱审计", "未见更名文件")
    made.bring()
    assert ids(made) == []
    assert parties.decisions()["verdict"].tolist() == ["same", "unsure"]


def test_a_decision_on_parties_that_a_store_does_not_hold_changes_nothing_in_it(made: Delivery) -> None:
    decisions.append(("X1", "甲"), ("X2", "乙"), "same", "赵审计", "另一项目")
    brought(made, "P1,王伟,自然人,,,\n")
    assert ids(made) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("C1", "C2", "maybe", "赵", "x"), "maybe"),
        (("C1", "C2", "same", " ", "x"), "who"),
        (("C1", "C2", "same", "赵", ""), "why"),
        (("C1", "C9", "same", "赵", "x"), "C9"),
        (("C1", "C1", "same", "赵", "x"), "C1"),
    ],
)
def test_a_decision_that_cannot_be_meant_is_refused(made: Delivery, asked: tuple[str, ...], said: str) -> None:
    brought(made, "C1,鑫融甲有限公司,企业,,,\nC2,鑫融乙有限公司,企业,,,\n")
    with pytest.raises(BadParameter, match=said):
        parties.decide(case_of(made), *asked)
    assert not decisions.file().exists()


def test_decisions_are_no_delivery_be_they_inside_what_is_imported(made: Delivery) -> None:
    decisions.append(("C1", "甲"), ("C2", "乙"), "unsure", "赵审计", "x")
    raw = decisions.file().parents[1]
    (raw / "2018").mkdir()
    (raw / "2018" / "parties.csv").write_text(PARTIES + "P1,王伟,自然人,,,\n", encoding="utf-8")
    answer = made.bring(raw)
    assert dict(zip(answer["name"], answer["state"], strict=True)) == {
        "2018/parties.csv": "imported",
        "records/party_decisions.csv": "skipped",
    }


def test_a_broken_file_of_decisions_is_an_error_that_names_the_line(made: Delivery) -> None:
    decisions.append(("C1", "甲"), ("C2", "乙"), "same", "赵审计", "x")
    with decisions.file().open("a", encoding="utf-8") as file:
        file.write("C1,C2,甲,乙,perhaps,赵,2018-10-11,x\n")
    with pytest.raises(BadFile, match="第 3 行"):
        brought(made, "P1,王伟,自然人,,,\n")


def test_a_reason_with_commas_quotes_and_breaks_comes_back_as_one_line(made: Delivery) -> None:
    decisions.append(("C1", '甲,"乙"'), ("C2", "=1+1"), "same", "赵", '因为 "同址",\n且同人')
    (line,) = decisions.read()
    assert (line.a_name, line.why) == ('甲,"乙"', '因为 "同址", 且同人')


# ---- candidates ---------------------------------------------------------------------------------------------------------


def test_candidates_are_pairs_that_names_alone_suggest_with_reasons(made: Delivery) -> None:
    brought(
        made,
        "C1,上海鑫融科技有限公司,企业,,,02165431987\nC2,鑫融科技有限公司,企业,,,02165431987\nC3,鑫荣科技有限公司,企业,,,\n",
    )
    found = parties.candidates(case_of(made))
    assert found[["a_id", "b_id", "why"]].to_numpy().tolist() == [["C1", "C2", "一方没有地名; 电话相同"]]
    assert found["confidence"][0] == pytest.approx(1 - (1 - 0.5 * 0.8) * 0.5)  # names alone say 0.4; half the doubt goes


def test_sound_numbers_that_differ_make_no_candidates(made: Delivery) -> None:
    brought(
        made,
        f"P1,汪岱岳,自然人,{WANG},,\nP2,汪岱岳,自然人,{LI},,\nC1,鑫融有限公司,企业,,{CODE},\nC2,鑫融公司,企业,,{OTHER_CODE},\n",
    )
    assert parties.candidates(case_of(made)).empty


def test_a_decided_pair_is_no_longer_listed_and_an_unsure_one_is(made: Delivery) -> None:
    brought(made, "C1,鑫融有限公司,企业,,,\nC2,鑫融公司,企业,,,\nC3,嵘珀有限公司,企业,,,\nC4,嵘珀公司,企业,,,\n")
    parties.decide(case_of(made), "C1", "C2", "different", "赵审计", "两处登记")
    parties.decide(case_of(made), "C3", "C4", "unsure", "赵审计", "待函证")
    assert parties.candidates(case_of(made))[["a_id", "decision"]].to_numpy().tolist() == [["C3", "unsure"]]
    assert len(parties.candidates(case_of(made), decided=True)) == 2
    assert parties.candidates(case_of(made, "C1"), decided=True)["b_id"].tolist() == ["C2"]


def test_a_former_name_makes_a_candidate(made: Delivery) -> None:
    made.write(
        parties="party_id,name,kind,former_names\nC1,嵘珀科技有限公司,企业,鑫融科技有限公司\nC2,鑫融科技有限公司,企业,\n"
    ).bring()
    (reasons,) = parties.candidates(case_of(made))["reasons"]
    assert "former_name" in reasons


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


# ---- the commands -------------------------------------------------------------------------------------------------------


def test_the_commands_show_candidates_take_a_decision_and_show_the_merge(
    made: Delivery, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    brought(made, "C1,上海鑫融科技有限公司,企业,,,\nC2,鑫融科技有限公司,企业,,,\nC3,=1+1公司,企业,,,\n")
    store = ["--store", str(made.store_path)]
    assert main(["parties", "--candidates", *store]) == 0
    assert "一方没有地名" in capsys.readouterr().out
    assert main(["decide", "C1", "C2", "same", "--who", "赵审计", "--why", "同址", *store]) == 0
    assert "party_decisions.csv" in capsys.readouterr().out
    made.bring()
    assert main(["parties", *store]) == 0
    shown = capsys.readouterr().out
    assert "人工认定" in shown
    assert "2 个主体; 1 个编号已归并" in shown
    assert main(["parties", "--export", str(tmp_path / "x.xlsx"), *store]) == 0
    sheet = CalamineWorkbook.from_path(tmp_path / "x.xlsx").get_sheet_by_index(0).to_python()
    assert sheet[1] == ["C2", "C1", "上海鑫融科技有限公司", "人工认定", 1.0]


@pytest.mark.parametrize(("verdict", "code"), [("maybe", 2), ("same", 2)])
def test_a_decision_that_cannot_be_taken_is_one_line_and_no_traceback(
    made: Delivery, capsys: pytest.CaptureFixture[str], verdict: str, code: int
) -> None:
    brought(made, "C1,鑫融科技有限公司,企业,,,\n")
    assert main(["decide", "C1", "C9", verdict, "--who", "赵", "--why", "x", "--store", str(made.store_path)]) == code
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_without_pairs_the_command_says_so(made: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    brought(made, "C1,鑫融科技有限公司,企业,,,\n")
    assert main(["parties", "--candidates", "--store", str(made.store_path)]) == 0
    assert capsys.readouterr().out.strip() == "没有需要认定的主体"
