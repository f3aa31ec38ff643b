"""NM-01: restricted words in names and scopes of business; SH-04: circular holdings."""

import csv
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from lib import Case, checks, paths

MakeCase = Callable[..., Case]
CLEAN_SCOPE = "计算机软件开发; 企业管理咨询"


def words() -> list[dict[str, Any]]:
    with (paths.PACKAGE / "rules" / "reference" / "restricted_words.csv").open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def nm01(make_case: MakeCase, name: str | None = "某公司", scope: str | None = CLEAN_SCOPE, **more: Any):
    party = {"party_id": "C", "kind": "company", "name": name, "scope_text": scope} | more.pop("party", {})
    party = {column: value for column, value in party.items() if value is not None}
    as_of = more.pop("as_of", "2018-09-30")
    tables = {"parties": [party], "restricted_words": words()} | more
    return checks.run(make_case("C", as_of, **tables), rules=["NM-01"])


# One word of each shape: what is found in a name (longest match, each once).
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("郑州某某财富管理有限公司", "财富管理"),
        ("某某股权投资基金管理有限公司", "股权投资基金"),  # not again as 基金 or 基金管理
        ("某某资产管理有限公司", "资产管理"),
        ("某某管理有限公司", None),
        ("某某 p2p 信息服务有限公司", "P2P"),
        ("某某Ｐ２Ｐ信息服务有限公司", "P2P"),
        ("某某金 融信息服务有限公司", "金融"),
        ("某某基金会", None),
        ("某某非金融数据有限公司", None),
        ("某某理财与支付有限公司", "支付、理财"),
    ],
)
def test_the_longest_word_in_a_name_is_found_once(name: str, found: str | None, make_case: MakeCase):
    (row,) = nm01(make_case, name).to_dict("records")
    assert row["outcome"] == ("hit" if found else "clear")
    assert row["detail"] == (f"名称含: {found}" if found else "")


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("投资管理; 资产管理(不得从事吸收存款、集资收款、受托贷款、发放贷款等金融业务)", "投资管理、资产管理"),
        ("软件开发, 不得从事金融、理财业务", None),
        ("企业管理(不含金融、证券、期货), 理财咨询", "理财"),
        ("商务信息咨询(金融、证券、期货除外); 广告", None),
        ("商务咨询(除金融、证券外)", None),
        ("除尘设备、支付终端销售", "支付"),
        ("接受金融机构委托从事数据处理", "金融"),
        ("未经批准, 不得从事网络借贷、股权众筹", None),
        ("从事非金融类业务", None),
    ],
)
def test_a_disclaimer_in_the_scope_is_no_lead(scope: str, found: str | None, make_case: MakeCase):
    (row,) = nm01(make_case, scope=scope).to_dict("records")
    assert row["outcome"] == ("hit" if found else "clear")
    assert row["detail"] == (f"经营范围含: {found}" if found else "")


def test_a_lead_points_to_the_party_and_its_day_of_registration(make_case: MakeCase):
    party = {"registered_on": "2017-02-03", "former_names": "某某支付有限公司"}
    found = nm01(make_case, "某某理财有限公司", party=party)
    assert found.outcome.tolist() == ["hit", "hit"]
    assert sorted(found.detail) == ["名称含: 理财", "曾用名含: 支付"]
    assert found.evidence.tolist() == [[{"table": "parties", "id": "C"}]] * 2
    assert found.first_on.tolist() == [date(2017, 2, 3)] * 2
    assert found.finding_id.nunique() == 2


def test_the_name_of_the_platform_is_searched_beside_that_of_its_company(make_case: MakeCase):
    party = {"party_id": "C", "kind": "company", "name": "某公司", "scope_text": CLEAN_SCOPE}
    institution = {"institution_id": "I", "name": "金水理财", "party_id": "C"}
    case = make_case("I", institutions=[institution], parties=[party], restricted_words=words())
    (row,) = checks.run(case, rules=["NM-01"]).to_dict("records")
    assert (row["outcome"], row["subject_id"], row["population"]) == ("hit", "I", 3)
    assert row["evidence"] == [{"table": "institutions", "id": "I"}]


@pytest.mark.parametrize(("as_of", "expected"), [("2016-04-11", "not_testable"), ("2016-04-12", "hit")])
def test_the_words_are_restricted_from_the_day_of_the_plan(as_of: str, expected: str, make_case: MakeCase):
    assert nm01(make_case, "某某理财有限公司", as_of=as_of).outcome.tolist() == [expected]


def test_a_word_counts_from_the_first_day_of_its_own_list(make_case: MakeCase):
    later = {"list": "test", "word": "数据", "in_force_from": "2018-10-01", "basis": "x", "mark": "D"}
    assert nm01(make_case, "某某数据有限公司", restricted_words=[*words(), later]).outcome.tolist() == ["clear"]


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ({"kind": "financial"}, "clear"),
        ({"kind": "name_consent", "valid_from": "2018-09-30"}, "clear"),
        ({"kind": "financial", "valid_to": "2018-09-30"}, "hit"),
        ({"kind": "icp"}, "hit"),
    ],
)
def test_a_licence_or_a_consent_of_the_day_is_an_excuse(licence: dict[str, Any], expected: str, make_case: MakeCase):
    held = [{"licence_id": "1", "institution_id": "C"} | licence]
    found = nm01(make_case, "某某理财有限公司", licences=held)
    assert found.outcome.tolist() == [expected]
    assert (found.note[0] != "") == (expected == "clear")


def test_a_scope_that_was_not_delivered_is_untested(make_case: MakeCase):
    found = nm01(make_case, scope=None)
    assert found[["outcome", "population", "tested"]].values.tolist() == [["not_testable", 2, 1]]
    assert found.why_not[0] == "缺少经营范围"


def test_without_the_lists_nothing_is_tested(make_case: MakeCase):
    found = nm01(make_case, "某某理财有限公司", restricted_words=[])
    assert found[["outcome", "population", "tested"]].values.tolist() == [["not_testable", 2, 0]]
    assert "限制字样" in found.why_not[0]


def test_a_person_is_not_a_company(make_case: MakeCase):
    found = nm01(make_case, "金融", party={"kind": "person"})
    assert found.outcome.tolist() == ["not_testable"]
    assert "不是企业" in found.why_not[0]


def hold(*edges: tuple[str, str, float], **more: Any) -> list[dict[str, Any]]:
    return [
        {"holding_id": f"{holder}-{held}", "holder_id": holder, "held_id": held, "share": share} | more
        for holder, held, share in edges
    ]


def sh04(make_case: MakeCase, holdings: list[dict[str, Any]], **options: Any):
    ids = {row["holder_id"] for row in holdings} | {row["held_id"] for row in holdings} | {"P"}
    parties = [{"party_id": i, "kind": "company", "name": i} for i in sorted(ids)]
    return checks.run(make_case("P", parties=parties, holdings=holdings), rules=["SH-04"], **options)


def test_a_loop_that_holds_the_institution_is_a_lead(make_case: MakeCase):
    loop = hold(("A", "B", 0.5), ("B", "A", 0.5), valid_from="2016-01-05")
    (hit,) = sh04(make_case, [*loop, *hold(("A", "P", 1.0), valid_from="2015-01-01")]).to_dict("records")
    assert hit["outcome"] == "hit"
    assert sorted(item["id"] for item in hit["evidence"]) == ["A-B", "B-A"]
    assert hit["first_on"] == date(2016, 1, 5)
    assert "2 个主体" in hit["detail"]


# A holds 1 % of P, and B holds half of A: with A in B for the other half, the largest share of the loop in P is A's 1 %.
@pytest.mark.parametrize(("share", "expected"), [(0.01, "hit"), (0.0099, "clear")])
def test_a_loop_counts_from_one_per_cent_of_the_institution(share: float, expected: str, make_case: MakeCase):
    found = sh04(make_case, hold(("A", "B", 0.5), ("B", "A", 0.5), ("A", "P", share), ("H", "P", 0.9)))
    assert found.outcome.tolist() == [expected]


def test_holders_without_a_loop_are_clear(make_case: MakeCase):
    found = sh04(make_case, hold(("A", "P", 0.5), ("B", "P", 0.5), ("A", "B", 0.5)))
    assert found[["outcome", "population", "tested"]].values.tolist() == [["clear", 1, 1]]


def test_an_institution_without_a_known_holder_cannot_be_tested(make_case: MakeCase):
    found = sh04(make_case, hold(("A", "B", 0.5), ("B", "A", 0.5)))
    assert found.outcome.tolist() == ["not_testable"]
    assert "没有基准日的股东记录" in found.why_not[0]


def test_a_higher_bar_hides_the_loop_for_that_call_only(make_case: MakeCase):
    edges = hold(("A", "B", 0.5), ("B", "A", 0.5), ("A", "P", 0.05), ("H", "P", 0.9))
    assert sh04(make_case, edges, SH_04={"min_share": 0.1}).outcome.tolist() == ["clear"]
