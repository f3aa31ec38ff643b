"""Lists of platforms and extracts of the business register: they become institutions, parties, holdings and offices."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from tests.deliveries import SHARED, Delivery

LISTS = SHARED / "p2p-platforms"
real = pytest.mark.skipif(not LISTS.is_dir(), reason=f"no {LISTS}")


@real
def test_the_list_of_problem_platforms_gives_institutions_and_entries_of_the_register(tmp_path: Path) -> None:
    made = Delivery(tmp_path)
    answer = made.bring(LISTS / "problemPlat.csv")
    assert answer.loc[0, ["profile_id", "rows_accepted", "rows_quarantined"]].tolist() == ["platforms.problem", 3794, 0]
    kinds = {
        row["category"]: row["n"] for row in made.rows("select category, count(*) as n from register_entries group by all")
    }
    assert kinds == {"停业": 1870, "跑路": 1139, "提现困难": 707, "转型": 56, "经侦介入": 22}
    assert made.column("select count(*) from institutions where contains(list_origin, '河南')") == [89]
    failed = "select count(*) from institutions join register_entries using (institution_id) where online_on = entered_on"
    assert made.column(failed) == [20]
    # A registered capital of 0 means that it is not known.
    assert made.column("select count(*) from register_entries where contains(why, '注册资本 0 ')") == [0]


@real
def test_monthly_figures_of_platforms_in_operation_are_kept_as_written(tmp_path: Path) -> None:
    made = Delivery(tmp_path)
    answer = made.bring(LISTS / "platData.csv")
    # 13 rows give a platform that an earlier row names another name.
    assert answer.loc[0, ["profile_id", "rows_accepted", "rows_quarantined"]].tolist() == ["platforms.operating", 3110, 13]
    assert made.column("select min(as_of_on) from disclosures") == [dt.date(2017, 1, 31)]
    (first,) = made.rows("select value_text from disclosures where line = 2")
    assert first["value_text"].startswith("前十大出借人待收占比 5.69%; 前十大借款人待还占比 0.02%; 成交额 6026637.62 万元")
    assert made.column("select count(*) from disclosures where contains(value_text, '-100.00%')") == [0]
    assert made.column("select max(online_on) from institutions") == [None]  # the day of the download is no launch


SHAREHOLDERS = "序号,股东名称,股东类型,证照/证件号码,认缴出资额(万元),持股比例,认缴出资日期\n"


def test_an_extract_of_shareholders_gives_holdings_and_the_parties_that_hold(tmp_path: Path) -> None:
    title = "企业名称：河南某某网络科技有限公司\n统一社会信用代码：91410100MA44444441\n"
    rows = "1,张三,自然人股东,,600,60%,2015-03-02\n2,某某投资有限公司,法人股东,91410100MA3X000000,400,40.00,-\n"
    made = Delivery(tmp_path).write(股东=title + SHAREHOLDERS + rows)
    made.bring()
    found = made.rows("select holder_id, held_id, share, subscribed_yuan, valid_from from holdings order by line")
    assert [tuple(row.values()) for row in found] == [
        ("名称:张三", "91410100MA44444441", 0.6, Decimal("6000000.00"), dt.date(2015, 3, 2)),
        ("91410100MA3X000000", "91410100MA44444441", 0.4, Decimal("4000000.00"), None),
    ]
    kinds = {row["name"]: (row["kind"], row["uscc"]) for row in made.rows("select * from parties")}
    assert kinds == {"张三": ("person", None), "某某投资有限公司": ("company", "91410100MA3X000000")}


def test_extracts_of_officers_and_changes_name_the_company_in_a_column_or_above(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(
        人员="企业名称,姓名,职务\n河南某某公司,李四,执行董事兼总经理\n河南某某公司,王五,监事\n",
        变更="企业名称：河南某某公司\n序号,变更事项,变更前内容,变更后内容,变更日期\n1,注册资本变更,100万元,1000万元,2016年5月6日\n",
    )
    made.bring()
    found = made.rows("select person_id, entity_id, role, title from roles order by line")
    assert [tuple(row.values()) for row in found] == [
        ("名称:李四", "名称:河南某某公司", "director", "执行董事兼总经理"),
        ("名称:王五", "名称:河南某某公司", "supervisor", "监事"),
    ]
    (change,) = made.rows("select entity_id, changed_on, item from registry_changes")
    assert tuple(change.values()) == ("名称:河南某某公司", dt.date(2016, 5, 6), "注册资本变更")
