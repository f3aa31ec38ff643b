"""Sweeps over every rule file: what holds of each of them, whoever adds the next."""

import csv
import inspect
import re
from collections.abc import Callable

import pandas as pd
import pytest

from lib import Case, checks, paths
from lib.findings import derived, heads
from lib.findings.outcomes import spoken
from lib.schema import schema
from lib.words import has_word, labels

RULES = checks.rules()
RESTRICTED = paths.PACKAGE / "rules" / "reference" / "restricted_words.csv"


def test_the_six_first_rules_are_there():
    assert set(RULES) >= {"SF-03", "LM-01", "SH-04", "RC-01", "RC-05", "NM-01"}


def test_on_an_empty_store_every_rule_runs_and_none_is_clear(make_case: Callable[..., Case]):
    found = checks.run(make_case(None))
    assert sorted(found.rule_id) == sorted(RULES)
    assert set(found.outcome) == {"not_testable"}
    assert (found.why_not.str.len() > 0).all()


def test_on_an_institution_without_any_data_every_rule_runs_and_none_is_clear(make_case: Callable[..., Case]):
    found = checks.run(make_case("I", institutions=[{"institution_id": "I", "name": "某平台"}]))
    assert sorted(found.rule_id) == sorted(RULES)
    assert set(found.outcome) == {"not_testable"}
    assert (found.why_not.str.len() > 0).all()


@pytest.mark.parametrize("rule_id", RULES)
def test_every_word_that_a_rule_says_is_in_both_languages(rule_id: str):
    text = " ".join(RULES[rule_id].sql.values())
    codes = set(re.findall(r"'code': '(\w+)'(?! \|\|)", text)) - {"words_in_"}
    assert codes
    for code in codes:
        assert has_word("checks", code), code
        assert set(labels()["checks"][code]) == {"zh", "en"}


@pytest.mark.parametrize("rule_id", RULES)
def test_every_setting_of_a_derived_table_is_one_that_it_takes(rule_id: str):
    for table, settings in RULES[rule_id].derive.items():
        parameters = inspect.signature(derived.maker(table)).parameters
        assert set(settings) <= set(list(parameters)[2:])


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_rule_explains_itself_with_its_thresholds(rule_id: str, lang: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOOKTHROUGH_LANG", lang)
    told = checks.explain(rule_id)
    assert told["title"]
    assert told["innocent"]
    assert told["severity_word"] == labels()["severity"][RULES[rule_id].severity][lang]
    for law in told["basis"]:
        assert law["mark"] == labels()["basis"][law["checked"]][lang]
    for text in told["thresholds"].values():
        assert text in told["logic"]
    assert "{" not in told["logic"] + told["title"]


@pytest.mark.parametrize("rule_id", RULES)
def test_what_show_prints_runs_once_its_derived_tables_are_there(rule_id: str, make_case: Callable[..., Case]):
    case = make_case("I", institutions=[{"institution_id": "I", "name": "某平台"}])
    checks.run(case, rules=[rule_id])
    shown = checks.show(rule_id, case.as_of)
    assert "$" not in shown
    for statement in shown.split(";\n"):
        if re.sub(r"^\s*(--.*)?$", "", statement, flags=re.MULTILINE).strip():
            case.store.connection.execute(statement)


def test_words_and_grades_are_all_in_the_labels():
    assert set(labels()["severity"]) == set(heads.SEVERITIES)
    assert set(labels()["basis"]) == set(heads.CHECKED)
    assert set(labels()["outcome"]) == {"hit", "clear", "not_testable"}
    assert spoken([{"code": "missing_tables", "v": "loans flows"}]) == "缺少数据表: 借款合同、银行流水"


# Source: 郑经管办〔2018〕109号, 二(五)2, the 16 words in its order; 防范和处置非法集资条例, Art. 9, six words.
NOTICE = (
    "交易所 交易中心 金融 资产管理 理财 基金 基金管理 投资管理 财富管理 股权投资基金 网贷 网络借贷 P2P 股权众筹 互联网保险 支付"
)
REGULATION = "金融 交易所 交易中心 理财 财富管理 股权众筹"


def test_the_list_of_restricted_words_is_that_of_the_notice_and_the_regulation():
    with RESTRICTED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [c.name for c in schema()["restricted_words"].columns]
    lists = pd.DataFrame(rows).groupby(["list", "in_force_from"], sort=False)["word"].apply(list).to_dict()
    assert lists == {
        ("notice_2016", "2016-04-12"): NOTICE.split(),
        ("regulation_2021", "2021-05-01"): REGULATION.split(),
    }
