"""What people decide of parties: pairs listed for them, decisions replayed and undone, the commands."""

from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from lib import parties
from lib.cli import main
from lib.errors import BadFile, BadParameter
from lib.identity import decisions
from tests.deliveries import Delivery
from tests.party_cases import CODE, LI, OTHER_CODE, PARTIES, WANG, brought, case_of, conflicts, ids, made

__all__ = ["made"]


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


def test_a_decision_does_not_undo_what_a_sound_number_joins(made: Delivery) -> None:
    # 11010519491231002X and 110105194912310038 both pass MOD 11-2; P1 and P3 have the first
    people = (("P1", "11010519491231002X"), ("P2", "110105194912310038"), ("P3", "11010519491231002X"))
    brought(made, "".join(f"{p},李娜,自然人,{number},,\n" for p, number in people))
    assert ids(made) == [("P3", "P1", "identity_number")]
    parties.decide(case_of(made), "P1", "P2", "same", "赵审计", "换领证件时号码更正")
    made.bring()
    assert sorted(ids(made)) == [("P2", "P1", "decision"), ("P3", "P1", "identity_number")]
    assert conflicts(made) == []


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
    capsys.readouterr()
    assert main(["parties", "--export", str(tmp_path / "x.xlsx"), *store]) == 2  # somebody may have worked in it
    assert "已存在" in capsys.readouterr().err


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
