"""GR-03: promises of capital and interest; DC-04: improper marketing. Every advertisement of one Store is a case of its own."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lib import checks, open_case
from tests.conftest import write_store

# advertisement → (channel, day, text), what GR-03 finds in it and what DC-04 does; None: nothing, "?": untested
ADS: dict[str, tuple[tuple[str | None, str | None, str | None], str | None, str | None]] = {
    "promise": (("网站", "2018-03-05", "保本保息, 年化 11.8%"), "渠道: 网站；含: 保息、保本", None),
    "warning": (("网站", "2018-03-05", "本平台不承诺保本保息, 出借需谨慎"), None, None),
    "six": (("网站", "2018-03-05", "不甲乙丙丁戊保本"), None, None),  # the sixth character before
    "seven": (("网站", "2018-03-05", "不甲乙丙丁戊己保本"), "渠道: 网站；含: 保本", None),
    "clause": (("网站", "2018-03-05", "不收服务费, 保本"), "渠道: 网站；含: 保本", None),
    "not_only": (("网站", "2018-03-05", "不仅保本而且高息"), "渠道: 网站；含: 保本", None),
    "very": (("网站", "2018-03-05", "非常安全无忧"), "渠道: 网站；含: 安全无忧", None),
    "spaced": (("网站", "2018-03-05", "保 本 １００％兑付"), "渠道: 网站；含: 100%兑付、保本", None),
    "fund": (
        ("APP", "2018-03-05", "设有风险备付金, 平台兜底; 刚性兑付! 零风险"),
        "渠道: APP；含: 刚性兑付、平台兜底、零风险、风险备付金",
        None,
    ),
    "cannot": (("网站", "2018-03-05", "无法保本, 没有质保金, 未设风险准备金, 并非零风险"), None, None),
    "first_day": (("地铁", "2016-08-24", "保本; 期限3个月"), "渠道: 地铁；含: 保本", "渠道: 地铁；推介产品: 期限"),
    "before": (("地铁", "2016-08-23", "保本; 期限3个月"), None, None),
    "future": (("地铁", "2018-10-01", "保本; 期限3个月"), None, None),
    "undated": (("地铁", None, "保本; 期限3个月"), "?", "?"),
    "textless": (("地铁", "2018-03-05", None), "?", "?"),
    "channelless": ((None, "2018-03-05", "期限3个月"), None, "?"),
    "brand": (("地铁", "2018-03-05", "让借贷更简单"), None, None),
    "leaflet": (("到店传单", "2018-03-05", "首投加息2%"), None, "渠道: 到店传单；推介产品: 加息"),
    "online": (("微信公众号", "2018-03-05", "期限3个月, 预期年化12%"), None, None),
    "state": (("网站", "2018-03-05", "国资背景, 收益最高"), None, None),  # the regulation is of 2021
}


def store_of(folder: Path, ads: dict[str, tuple[str | None, str | None, str | None]]) -> Path:
    tables: dict[str, list[dict[str, Any]]] = {"institutions": [], "advertisements": []}
    for name, (channel, seen_on, body) in ads.items():
        tables["institutions"].append({"institution_id": name, "name": name})
        row = {"advertisement_id": f"A-{name}", "institution_id": name, "channel": channel, "body": body}
        tables["advertisements"].append(row | {"seen_at": f"{seen_on}T23:59" if seen_on else None})
    tables["institutions"].append({"institution_id": "none", "name": "none"})
    return write_store(folder / "s.duckdb", tables)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_of(tmp_path_factory.mktemp("ads"), {name: given for name, (given, _, _) in ADS.items()})


@pytest.mark.parametrize(("rule", "place"), [("GR-03", 1), ("DC-04", 2)])
def test_each_advertisement_is_read_as_it_is_meant(rule: str, place: int, store: Path):
    found = checks.run(open_case(None, "2018-09-30", store), rules=[rule]).set_index("institution_id")
    expected = {name: told[place] for name, told in ADS.items()}
    said = {name: None if (text := found.detail[name]) == "" else text for name in ADS}
    assert said == {name: None if text == "?" else text for name, text in expected.items()}
    outcomes = {name: "not_testable" if text == "?" else "hit" if text else "clear" for name, text in expected.items()}
    assert found.outcome[list(ADS)].to_dict() == outcomes | {"future": "not_testable"}
    assert found.why_not["none"] == found.why_not["future"] == "没有该机构的广告"
    assert found.note["before"] == "1 则广告在依据施行之前, 未计入"
    hit = found.loc["first_day"]
    assert (hit.subject_id, hit.first_on) == ("A-first_day", date(2016, 8, 24))
    assert hit.evidence == [{"table": "advertisements", "id": "A-first_day"}]


def test_what_was_untested_is_said(store: Path):
    found = checks.run(open_case(None, "2018-09-30", store), rules=["DC-04", "GR-03"])
    assert sorted(set(found[found.outcome == "not_testable"].why_not)) == [
        "1 则广告没有内容",
        "1 则广告没有发现时间",
        "1 则广告没有渠道",
        "没有该机构的广告",
    ]


def test_a_narrower_window_is_a_what_if(store: Path):
    found = checks.run(open_case(None, "2018-09-30", store), rules=["GR-03"], GR_03={"neg_window": 5})
    assert found.set_index("institution_id").outcome["six"] == "hit"


@pytest.mark.parametrize(("seen_on", "outcome"), [("2021-04-30", "clear"), ("2021-05-01", "hit")])
def test_claims_of_backing_are_held_against_the_regulation_from_its_day(seen_on: str, outcome: str, tmp_path: Path):
    path = store_of(tmp_path, {"I": ("网站", seen_on, "政府背书, 稳赚")})
    (row,) = checks.run(open_case("I", "2021-06-01", path), rules=["DC-04"]).to_dict("records")
    assert row["outcome"] == outcome
    assert row["note"] == ("" if outcome == "hit" else "1 则条例施行前的广告含背书或收益承诺措辞, 未计入")


def test_a_party_that_is_no_platform_has_no_advertisements_of_its_own(tmp_path: Path):
    path = write_store(tmp_path / "s.duckdb", {"parties": [{"party_id": "C", "kind": "company", "name": "某公司"}]})
    found = checks.run(open_case("C", "2018-09-30", path), rules=["GR-03", "DC-04", "CU-01", "CU-03"])
    assert found.outcome.unique().tolist() == ["not_testable"]
    assert found.why_not.str.startswith("该主体不是网贷平台").all()
