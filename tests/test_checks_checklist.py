"""checks.checklist: the 108 items, and that an item no rule can answer is never answered with no."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from lib import BadParameter, Case, checks, open_case
from lib.findings.checklist import rules_of


def row(rule: str, outcome: str, why_not: str = "", institution: str = "P") -> dict[str, Any]:
    finding = f"F-{rule}" if outcome == "hit" else None
    return {"rule_id": rule, "outcome": outcome, "why_not": why_not, "institution_id": institution, "finding_id": finding}


@pytest.fixture
def case(make_case: Callable[..., Case]) -> Case:
    items = [{"item": n, "section": "部分", "body": f"第 {n} 项", "mark": "V"} for n in (1, 4, 7, 11)]
    return make_case("P", institutions=[{"institution_id": "P", "name": "平台"}], checklist_items=items)


def filled(case: Case, *rows: dict[str, Any]) -> dict[int, str]:
    found = checks.checklist(case, pd.DataFrame(rows))
    return dict(zip(found["item"], found["state"], strict=True))


def test_an_item_is_yes_with_a_lead_and_no_only_where_all_its_rules_were_tested(case: Case) -> None:
    assert rules_of()[7] == ["GR-03", "GR-04"]
    both = row("GR-03", "clear"), row("GR-04", "clear")
    assert filled(case, *both)[7] == "no"
    assert filled(case, both[0], row("GR-04", "hit"))[7] == "yes"
    assert filled(case, both[0], row("GR-04", "not_testable", "缺少账户"))[7] == "unverifiable"
    assert filled(case, both[0])[7] == "unverifiable"  # a rule that looks at it was not run
    assert filled(case, row("FP-01", "clear"))[4] == "no"


def test_an_item_that_no_rule_looks_at_is_not_covered(case: Case) -> None:
    assert filled(case, row("FP-01", "clear")) == {1: "no_rule", 4: "no", 7: "no_rule", 11: "no_rule"}


def test_another_institution_s_leads_are_not_ours(case: Case) -> None:
    assert filled(case, row("FP-01", "clear"), row("FP-01", "hit", institution="Q"))[4] == "no"


def test_the_row_names_findings_and_what_was_missing(case: Case) -> None:
    found = checks.checklist(case, pd.DataFrame([row("FP-01", "hit"), row("GR-03", "not_testable", "缺少广告")])).set_index(
        "item"
    )
    assert list(found.loc[4, "finding_ids"]) == ["F-FP-01"]
    assert found.loc[7, "why_not"] == "缺少广告"
    assert found.loc[4, "checked"] == "text"


def test_the_store_of_the_sample_has_all_items_in_order(sample_store: Any) -> None:
    found = checks.checklist(open_case("螽淇易借", store=sample_store))
    assert found["item"].tolist() == list(range(1, 109))
    assert found["checked"].isna().equals(found["body"].isna())  # of a text that was not read, nothing is printed


def test_a_district_has_no_checklist(make_case: Callable[..., Case]) -> None:
    with pytest.raises(BadParameter, match="机构"):
        checks.checklist(make_case())


def test_a_party_that_is_no_institution_has_none(make_case: Callable[..., Case]) -> None:
    case = make_case("甲公司", parties=[{"party_id": "A", "name": "甲公司", "kind": "company"}])
    assert not len(checks.checklist(case))
