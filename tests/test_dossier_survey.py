"""The survey: classified by words that are shown, nobody cleared for want of them, licensed ones off the list, answers kept."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib import BadParameter, Case, dossier
from lib.dossiers import surveying

Make = Callable[..., Case]


@pytest.fixture(autouse=True)
def _own_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path))


def one(case: Case) -> dict[str, Any]:
    return dict(dossier.survey(case).to_dict("records")[0])


def company(scope: str) -> dict[str, Any]:
    return {
        "institutions": [{"institution_id": "A", "name": "某公司", "party_id": "K", "office": "一办事处"}],
        "parties": [{"party_id": "K", "scope_text": scope}],
    }


# The notice, 二(一) and 二(四): the eight types of business, and two more.
def test_every_type_of_the_notice_has_words() -> None:
    assert {kind for kind, _ in surveying._words()} == {*surveying.TYPES, "failed"}
    assert len(surveying.TYPES) == 8 + 2


def test_each_word_of_a_scope_classifies_and_says_why(make_case: Make) -> None:
    words = [text for kind, text in surveying._words() if kind != "failed"]  # those flag, and classify nobody
    listed = [{"institution_id": f"{n:02}", "name": "某公司", "party_id": f"K{n}"} for n in range(len(words))]
    parties = [{"party_id": f"K{n}", "scope_text": f"技术服务；{text}。"} for n, text in enumerate(words)]
    made = dossier.survey(make_case(institutions=listed, parties=parties))
    assert set(made["survey_state"]) == {"in_scope"}
    for because, text in zip(made["because"], words, strict=True):
        assert f"“{text}” (经营范围 1 处" in because


def test_where_no_word_is_found_it_is_unclear_and_not_cleared(make_case: Make) -> None:
    found = one(make_case(**company("软件开发")))
    assert (found["survey_state"], found["business"]) == ("unclear", [])
    assert pd.isna(found["to_ban"])
    assert pd.isna(found["failed"])


def test_a_disclaimer_classifies_nobody_and_is_told(make_case: Make) -> None:
    found = one(make_case(**company("投资咨询(不得从事理财、网贷业务)；软件开发")))
    assert found["survey_state"] == "unclear"
    assert "只在否定表述中" in found["because"]


def test_a_word_counts_outside_of_a_disclaimer_beside_it(make_case: Make) -> None:
    assert one(make_case(**company("网贷平台运营；不得吸收存款")))["business"] == ["P2P 网络借贷"]


@pytest.mark.parametrize(("scope", "state"), [("ICON 设计", "unclear"), ("ICO 咨询", "in_scope"), ("代理ico项目", "in_scope")])
def test_latin_words_are_whole_ones(scope: str, state: str, make_case: Make) -> None:
    assert one(make_case(**company(scope)))["survey_state"] == state


def test_advertisements_and_counterparties_of_its_own_accounts_count_up_to_the_day(make_case: Make) -> None:
    at = {"before": dt.datetime(2018, 9, 30, 9), "after": dt.datetime(2018, 10, 1, 9)}
    advertisements = [
        {"advertisement_id": "1", "institution_id": "A", "body": "校园贷秒批", "seen_at": at["before"]},
        {"advertisement_id": "2", "institution_id": "A", "body": "现金贷", "seen_at": at["after"]},
    ]
    accounts = [{"account_id": "1", "holder_id": "K"}, {"account_id": "2", "holder_id": "Z"}]
    flows = [
        {"flow_id": "1", "account_id": "1", "counterparty_name": "某虚拟货币平台", "at": at["before"]},
        {"flow_id": "2", "account_id": "2", "counterparty_name": "某外汇交易平台", "at": at["before"]},
    ]
    case = make_case(**company("软件"), advertisements=advertisements, accounts=accounts, flows=flows)
    assert one(case)["business"] == ["校园贷", "虚拟货币"]


@pytest.mark.parametrize(
    ("licence", "state"),
    [
        ({"institution_id": "A", "kind": "financial"}, "licensed"),
        ({"institution_id": "K", "kind": "financial"}, "licensed"),
        ({"institution_id": "A", "kind": "telecom"}, "in_scope"),
        ({"institution_id": "A", "kind": "financial", "valid_to": dt.date(2018, 9, 30)}, "in_scope"),
        ({"institution_id": "B", "kind": "financial"}, "in_scope"),
    ],
)
def test_who_holds_a_financial_licence_on_the_day_leaves_the_list(licence: dict[str, Any], state: str, make_case: Make) -> None:
    case = make_case(**company("网贷"), licences=[{"licence_id": "X1", **licence}])
    assert one(case)["survey_state"] == state


def test_to_be_banned_and_failed_are_flagged_by_class_and_by_lists(make_case: Make) -> None:
    listed = [
        {"institution_id": "A", "name": "甲", "disposal_class": "ban"},
        {"institution_id": "B", "name": "乙", "disposal_class": "incident"},
        {"institution_id": "C", "name": "丙", "disposal_class": "其他类"},
    ]
    problem = {
        "entry_id": "1",
        "institution_id": "C",
        "entered_on": dt.date(2018, 7, 1),
        "action": "add",
        "why": "问题类型 提现困难",
    }
    made = dossier.survey(make_case(institutions=listed, register_entries=[problem]))
    assert made["to_ban"].astype(object).fillna("?").tolist() == [True, False, "?"]
    assert made["failed"].astype(object).fillna("?").tolist() == ["?", True, True]


def test_the_office_asks_and_its_last_answer_counts(make_case: Make) -> None:
    case = make_case(**company("网贷"))
    assert one(case)["unit"] == "一办事处"
    assert pd.isna(one(case)["answer"])
    dossier.answer(case, "A", "operating", "王五", "上门")
    dossier.answer(case, "A", "lost", "王五", "再次上门, 人去楼空")
    assert (one(case)["answer"], one(case)["answered_by"], one(case)["reason"]) == ("lost", "王五", "再次上门, 人去楼空")
    with pytest.raises(BadParameter, match="operating"):
        dossier.answer(case, "A", "fine", "王五", "x")
    with pytest.raises(BadParameter, match="没有机构"):
        dossier.answer(case, "Z", "lost", "王五", "x")
