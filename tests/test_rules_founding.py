"""NM-02: platforms set up during the rectification; NM-03: sites without licences. Every institution of one Store is a case."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib import checks, open_case
from tests.conftest import write_store

TYPE = {"business_types": "网络借贷信息中介"}
# institution → its own columns, and those of its company
FOUNDED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "old": ({"online_on": "2016-08-24"}, {"registered_on": "2016-08-24"}),  # the day of the measures itself is allowed
    "online": ({"online_on": "2016-08-25"}, {"registered_on": "2015-01-01"}),
    "registered": ({"online_on": "2016-08-24"}, {"registered_on": "2016-08-25"}),
    "both": ({"online_on": "2017-03-01"}, {"registered_on": "2016-12-01"}),
    "type": ({"online_on": "2017-03-01", "business_types": "第三方支付"}, {"registered_on": "2017-01-01"}),
    "untyped": ({"online_on": "2017-03-01", "business_types": None}, {"registered_on": "2017-01-01"}),
    "p2p": ({"online_on": "2017-03-01", "business_types": "众筹;p2p"}, {"registered_on": "2015-01-01"}),
    "undated": ({}, {"registered_on": "2015-01-01"}),
    "unregistered": ({"online_on": "2015-01-01"}, {}),
    "scope": ({}, {"registered_on": "2015-01-01"}),
    "scope_early": ({}, {"registered_on": "2015-01-01"}),
    "scope_denied": ({}, {"registered_on": "2015-01-01"}),
    "scope_had": ({}, {"registered_on": "2015-01-01"}),
    "scope_online": ({"online_on": "2015-06-01"}, {"registered_on": "2015-01-01"}),
    "later": ({"online_on": "2018-10-01"}, {"registered_on": "2016-01-01"}),  # after the day asked
    "alone": ({"online_on": "2017-03-01", "party_id": None}, {}),  # no company of its own on record
}


def change(of: str, on: str, before: str, after: str, item: str = "经营范围变更") -> dict[str, Any]:
    row = {"change_id": f"{of}-{on}", "entity_id": f"C-{of}", "changed_on": on, "item": item}
    return row | {"before_text": before, "after_text": after}


CHANGES = [
    change("scope", "2016-08-25", "软件开发", "软件开发; 网络借贷信息中介"),
    change("scope_early", "2016-08-24", "软件开发", "软件开发; 网络借贷信息中介"),
    change("scope_denied", "2017-01-01", "软件开发", "软件开发 (不得从事网络借贷)"),
    change("scope_had", "2017-01-01", "P2P 中介", "网络借贷信息中介"),
    change("scope_online", "2017-01-01", "软件开发", "网络借贷信息中介"),
]
LOOK = {"site_checked_on": "2018-06-01", "site_alive": True}


def paper(of: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"licence_id": f"{of}-{kind}", "institution_id": of, "kind": kind, "number": "示例1号"} | more


ICP, TELECOM, SECURITY = "icp", "telecom", "security_level"
LICENCES = [
    *(paper("old", kind) for kind in (TELECOM, SECURITY)),
    paper("old", ICP, **LOOK),
    paper("online", ICP, **LOOK),
    paper("online", SECURITY, valid_to="2018-06-01"),  # the first day on which it is no longer valid
    paper("online", TELECOM, valid_from="2018-06-02"),
    paper("registered", ICP, **LOOK),
    paper("registered", SECURITY, valid_to="2018-06-02"),
    paper("C-registered", TELECOM, valid_from="2018-06-01"),  # the operating company's is the platform's
    paper("both", ICP, **LOOK | {"site_alive": False}),
    paper("type", ICP),  # nobody looked
    paper("p2p", ICP, **LOOK),
    paper("p2p", TELECOM, number=None),
    paper("p2p", SECURITY),
    paper("undated", ICP, **LOOK),
    paper("undated", SECURITY),
    paper("group", TELECOM),
    paper("scope", SECURITY),
    paper("scope", TELECOM),
    paper("scope", ICP, **LOOK | {"site_checked_on": "2018-10-01"}),  # after the day asked
    # looked at twice: the later look counts
    paper("later", ICP, **LOOK),
    paper("later", ICP, **LOOK | {"site_checked_on": "2018-07-01", "site_alive": False}, licence_id="later-2"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    head = {"party_id": "H", "kind": "person", "name": "控制人"}
    tables: dict[str, list[dict[str, Any]]] = {"institutions": [], "parties": [head], "licences": LICENCES}
    for name, (own, company) in FOUNDED.items():
        tables["institutions"].append({"institution_id": name, "name": name, "party_id": f"C-{name}"} | TYPE | own)
        tables["parties"].append({"party_id": f"C-{name}", "kind": "company", "name": name} | company)
    tables["parties"].append({"party_id": "group", "kind": "company", "name": "集团"})
    tables["holdings"] = [
        {"holding_id": held, "holder_id": "H", "held_id": held, "share": 1.0} for held in ("group", "C-undated")
    ]
    return write_store(tmp_path_factory.mktemp("founding") / "s.duckdb", tables | {"registry_changes": CHANGES})


def asked(store: Path, rule: str, as_of: str = "2018-09-30", **options: Any) -> pd.DataFrame:
    found = checks.run(open_case(None, as_of, store), rules=[rule], **options)
    assert found.institution_id.is_unique  # one row for each institution: at most one hit each
    return found.set_index("institution_id")


@pytest.mark.parametrize(
    ("name", "outcome", "first_on", "said"),
    [
        ("old", "clear", None, ""),
        ("online", "hit", "2016-08-25", "上线于 2016-08-25"),
        ("registered", "hit", "2016-08-25", "登记于 2016-08-25"),
        ("both", "hit", "2016-12-01", "登记于 2016-12-01；上线于 2017-03-01"),
        ("p2p", "hit", "2017-03-01", "上线于 2017-03-01"),
        ("type", "not_testable", None, "业务类型不是网络借贷, 不适用"),
        ("untyped", "not_testable", None, "没有业务类型"),
        ("undated", "not_testable", None, "没有上线日期"),
        ("unregistered", "not_testable", None, "没有登记日期"),
        ("scope", "hit", "2016-08-25", "2016-08-25 经营范围新增网络借贷"),
        ("scope_early", "not_testable", None, "没有上线日期"),
        ("scope_denied", "not_testable", None, "没有上线日期"),
        ("scope_had", "not_testable", None, "没有上线日期"),
        ("scope_online", "clear", None, ""),
        ("later", "clear", None, ""),
    ],
)
def test_a_platform_set_up_after_the_measures_is_a_lead(name, outcome, first_on, said, store: Path):
    row = asked(store, "NM-02").loc[name]
    assert (row.outcome, row.detail or row.why_not) == (outcome, said)
    assert row.first_on == (date.fromisoformat(first_on) if first_on else None)


def test_a_lead_points_to_the_rows_that_say_so(store: Path):
    found = asked(store, "NM-02").evidence
    assert found["online"] == [{"table": "institutions", "id": "online"}]
    assert found["registered"] == [
        {"table": t, "id": i} for t, i in (("institutions", "registered"), ("parties", "C-registered"))
    ]
    assert found["scope"][1] == {"table": "registry_changes", "id": "scope-2016-08-25"}


def test_the_letter_of_2017_applies_from_its_day(store: Path):
    assert asked(store, "NM-02", "2017-12-07").outcome.unique().tolist() == ["not_testable"]
    assert asked(store, "NM-02", "2017-12-08").outcome["both"] == "hit"


@pytest.mark.parametrize(
    ("name", "outcome", "tested", "said"),
    [
        ("old", "clear", 3, ""),
        ("online", "hit", 3, "2018-06-01 核查时网站可访问；没有有效的等级保护备案；没有有效的增值电信业务许可"),
        ("registered", "clear", 3, ""),
        ("both", "clear", 3, "最近一次核查时网站已不能访问"),
        ("type", "not_testable", 0, "没有网站核查记录"),
        ("p2p", "not_testable", 2, "1 项许可或备案没有文号, 无法认定"),
        ("undated", "clear", 3, "1 项许可或备案由关联方持有, 未计入"),
        ("untyped", "not_testable", 0, "许可备案表中没有该平台"),
        ("scope", "not_testable", 0, "没有网站核查记录"),
        ("later", "clear", 3, "最近一次核查时网站已不能访问"),
    ],
)
def test_a_site_that_answers_needs_three_papers(name, outcome, tested, said, store: Path):
    row = asked(store, "NM-03").loc[name]
    assert (row.outcome, row.population, row.tested) == (outcome, 3, tested)
    assert (row.detail or row.why_not or row.note) == said


def test_the_lead_rests_on_the_look_at_the_site_and_the_papers_there_are(store: Path):
    row = asked(store, "NM-03").loc["online"]
    assert row.first_on == date(2018, 6, 1)
    assert [item["id"] for item in row.evidence] == ["online-icp", "online-security_level", "online-telecom"]


def test_a_party_that_is_no_platform_is_not_asked_for_either(store: Path):
    found = checks.run(open_case("group", "2018-09-30", store), rules=["NM-02", "NM-03"])
    assert found.outcome.tolist() == ["not_testable", "not_testable"]
    assert found.why_not.unique().tolist() == ["该主体不是网贷平台"]
