"""The register: entries are appended and replayed, the four columns say where they come from, nothing unknown is filled in."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import BadFile, BadParameter, Case, dossier, open_case
from lib.checks import COLUMNS
from lib.dossiers import entries, routing
from lib.store import Store, frame
from tests.conftest import write_store

NO_FINDINGS = frame(COLUMNS.empty_table())
DAY = "2018-10-31"
LISTED = {"institution_id": "P1", "name": "甲贷", "business_types": "P2P", "office": "一办事处", "disposal_class": "exit"}
OTHERS = [{"institution_id": "P2", "name": "乙贷", "responsible_unit": "丙局"}, {"institution_id": "P3", "name": "丁贷"}]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plans = [
        {"institution_id": "P1", "plan_version": "1", "submitted_on": dt.date(2018, 9, 30), "ends_on": dt.date(2018, 12, 1)},
        {"institution_id": "P1", "plan_version": "2", "submitted_on": dt.date(2018, 10, 9), "ends_on": dt.date(2018, 12, 31)},
        {"institution_id": "P1", "plan_version": "3", "submitted_on": dt.date(2018, 11, 9), "ends_on": dt.date(2019, 12, 31)},
    ]
    given = [{"institution_id": "P2", "graded_on": dt.date(2018, 10, 1), "grade": "yellow", "who": "王", "why": "自查"}]
    delivered = [
        {
            "entry_id": "1",
            "institution_id": "P2",
            "entered_on": dt.date(2018, 5, 1),
            "action": "add",
            "measure": "整改",
            "why": "摸排",
        }
    ]
    tables: dict[str, Any] = {"institutions": [LISTED, *OTHERS], "exit_plans": plans, "grades": given}
    return write_store(tmp_path_factory.mktemp("register") / "s.duckdb", {**tables, "register_entries": delivered})


@pytest.fixture
def case(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case on the three institutions, with records of its own."""
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path))
    return open_case(None, DAY, path)


def enter(store: Store, institution: str, action: str, why: str = "复核", **given: str) -> entries.Entry:
    return entries.append(store, (institution, f"名{institution}"), action, given, "张三", why)


def row(case: Case, institution: str, **asked: Any) -> dict[str, Any]:
    made = dossier.register(case, found=NO_FINDINGS, **asked)
    found = made[made["institution_id"] == institution].to_dict("records")[0]
    return {name: None if not isinstance(value, list) and pd.isna(value) else value for name, value in found.items()}


def test_each_institution_is_a_row_and_says_whether_it_was_entered(case: Case) -> None:
    made = dossier.register(case, found=NO_FINDINGS)
    assert made["institution_id"].tolist() == ["P1", "P2", "P3"]
    assert made["register_state"].tolist() == ["not_entered", "entered", "not_entered"]


def test_what_nobody_said_stays_unknown(case: Case) -> None:
    found = row(case, "P3")
    assert {found[n] for n in ("disposal_class", "disposal_measure", "exit_on", "grade", "score", "who", "entered_on")} == {
        None
    }
    assert found["computed_grade"] == "ungraded"


def test_an_entry_goes_before_the_list_and_the_list_before_the_routing(case: Case) -> None:
    assert (row(case, "P2")["responsible"], row(case, "P2")["responsible_by"]) == ("丙局", "delivered")
    assert row(case, "P1")["responsible_by"] == "routing"
    assert row(case, "P1")["responsible"] == "区网贷风险处置工作组成员单位"  # notice 二(三)
    assert row(case, "P3")["responsible"] == "工商分局、教文体局、公安分局、信访办"  # notice 二(四): its class is unknown
    enter(case.store, "P2", "change", responsible="戊办")
    assert (row(case, "P2")["responsible"], row(case, "P2")["responsible_by"]) == ("戊办", "entered")


def test_the_end_of_an_exit_is_that_of_the_plan_in_force_until_somebody_enters_another(case: Case) -> None:
    assert (row(case, "P1")["exit_on"], row(case, "P1")["exit_by"]) == (dt.date(2018, 12, 31), "plan")  # not version 3
    enter(case.store, "P1", "add", exit_on="2019-01-15")
    assert (row(case, "P1")["exit_on"], row(case, "P1")["exit_by"]) == (dt.date(2019, 1, 15), "entered")


def test_a_later_entry_counts_an_empty_value_changes_nothing_and_a_dash_takes_back(case: Case) -> None:
    enter(case.store, "P1", "add", measure="整改", grade="red")
    enter(case.store, "P1", "change", measure="取缔")
    assert (row(case, "P1")["disposal_measure"], row(case, "P1")["grade"]) == ("取缔", "red")
    enter(case.store, "P1", "change", measure="-", grade="-")
    assert (row(case, "P1")["disposal_measure"], row(case, "P1")["grade"]) == (None, None)
    assert row(case, "P1")["entries"] == 3


def test_a_removed_institution_stays_to_be_read_and_may_come_back_with_nothing_of_before(case: Case) -> None:
    enter(case.store, "P1", "add", measure="整改")
    enter(case.store, "P1", "remove", why="已退出")
    assert (row(case, "P1")["register_state"], row(case, "P1")["reason"]) == ("removed", "已退出")
    assert row(case, "P1")["disposal_measure"] == "整改"
    enter(case.store, "P1", "add")
    assert (row(case, "P1")["register_state"], row(case, "P1")["disposal_measure"]) == ("entered", None)


def test_entries_up_to_a_day_are_counted_on_that_day(case: Case) -> None:
    enter(case.store, "P1", "add", on="2018-10-11", measure="整改")
    enter(case.store, "P1", "change", on="2018-10-12", measure="取缔")
    assert [row(case, "P1", as_of=day)["disposal_measure"] for day in ("2018-10-10", "2018-10-11", "2018-10-12")] == [
        None,
        "整改",
        "取缔",
    ]


def test_an_institution_that_the_store_does_not_have_can_be_entered(case: Case) -> None:
    enter(case.store, "X", "add", disposal_class="ban")
    assert (row(case, "X")["name"], row(case, "X")["responsible"]) == ("名X", "区网贷风险处置工作组成员单位")
    assert len(dossier.register(case, found=NO_FINDINGS)) == 4


def test_a_grade_is_that_given_last_and_its_history_is_kept(case: Case) -> None:
    assert (row(case, "P2")["grade"], row(case, "P2")["graded_by"]) == ("yellow", "王")
    enter(case.store, "P2", "change", grade="orange", why="新线索")
    assert row(case, "P2")["grade"] == "orange"
    made = dossier.history(case)
    told = made[made["field"] == "grade"][["after", "who", "reason"]].to_numpy().tolist()
    assert told == [["yellow", "王", "自查"], ["orange", "张三", "新线索"]]


def test_the_history_says_what_was_and_what_became_of_it_where_it_stands(case: Case) -> None:
    enter(case.store, "P2", "change", measure="取缔", why="复核")
    told = dossier.history(case).to_dict("records")[-1]
    assert (told["before"], told["after"], told["who"], told["reason"]) == ("整改", "取缔", "张三", "复核")
    assert (told["source"], told["line"]) == ("data/raw/records/register.csv", 2)


@pytest.mark.parametrize(
    ("institution", "action", "given", "said"),
    [
        ("P2", "add", {}, "已在名单库中"),
        ("P1", "change", {"measure": "整改"}, "不在名单库中"),
        ("P1", "remove", {}, "不在名单库中"),
        ("P2", "change", {}, "没有写明改什么"),
        ("P2", "change", {"grade": "purple"}, "red"),
        ("P2", "change", {"exit_on": "20181231"}, "YYYY-MM-DD"),
        ("P2", "change", {"on": "soon", "measure": "整改"}, "YYYY-MM-DD"),
        ("P2", "change", {"colour": "red"}, "没有栏目 colour"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused_and_nothing_is_written(
    case: Case, institution: str, action: str, given: dict[str, str], said: str
) -> None:
    with pytest.raises(BadParameter, match=said):
        enter(case.store, institution, action, **given)
    assert not entries.file().exists()


def test_nobody_and_no_reason_are_refused(case: Case) -> None:
    with pytest.raises(BadParameter, match="何人"):
        entries.append(case.store, ("P1", "甲"), "add", {}, " ", "x")
    with pytest.raises(BadParameter, match="理由"):
        enter(case.store, "P1", "add", why="\n ")


def test_a_bad_line_is_named_and_the_file_is_left_alone(case: Case) -> None:
    enter(case.store, "P1", "add")
    with entries.file().open("a", encoding="utf-8") as file:
        file.write("P1,甲,promote,2018-01-01,,,,,,,a,b,c\n")
    before = entries.file().read_bytes()
    with pytest.raises(BadFile, match=r"register\.csv 第 3 行"):
        enter(case.store, "P1", "change", measure="x")
    assert entries.file().read_bytes() == before


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).map(lambda t: " ".join(t.split()))


@given(texts.filter(lambda t: t not in ("", "-")))
def test_whatever_is_entered_is_read_back(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch, _folder() as folder:
        patch.setenv("LOOKTHROUGH_HOME", folder)
        line = dict.fromkeys(entries.COLUMNS, "") | {"institution_id": "P", "action": "add", "on": "2018-01-01"}
        line |= {"who": text, "why": text, "when": "x", "measure": text}
        entries.records.append(entries.file(), entries.COLUMNS, line)
        (found,) = entries.read()
        assert (found.who, found.said) == (text, {"measure": text})


def _folder() -> Any:
    import tempfile

    return tempfile.TemporaryDirectory()


def test_a_rule_goes_to_its_own_unit_else_to_that_of_its_group_else_to_the_rest() -> None:
    assert routing.of_rule("LU-03").units == ("教文体局",)
    assert routing.of_rule("NM-02").units == ("工商分局",)
    assert routing.of_rule("LU-01").units == routing.of_rule("SF-03").units == ("区整治办",)


def test_a_party_that_is_no_institution_is_on_no_register(make_case: Callable[..., Case]) -> None:
    case = make_case("X", parties=[{"party_id": "X", "name": "某公司"}])
    with pytest.raises(BadParameter, match="不是机构"):
        dossier.register(case)
