"""SH-02 and DC-03: what institutions say of themselves against the records. Every institution of one Store is a case."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lib import checks, open_case
from tests.conftest import write_store

Rows = list[dict[str, Any]]
ON = "2018-06-30"
CONTROLLER, OWNER = "实际控制人", "受益所有人"
# institution → what it says: (metric, text[, channel, day])
SAID: dict[str, list[tuple[str | None, ...]]] = {
    "true": [(CONTROLLER, "张三"), (OWNER, "张三、李四")],
    "former_name": [(CONTROLLER, "张 三丰")],
    "other": [(CONTROLLER, "王五")],
    "between": [(CONTROLLER, "母公司")],  # controls, but is controlled in turn
    "too_many": [(CONTROLLER, "张三、王五")],
    "owner_lacks": [(OWNER, "张三")],
    "owner_early": [(OWNER, "王五", "网站", "2017-10-19")],
    "changed": [(CONTROLLER, "前任", "网站", "2018-01-09"), (CONTROLLER, "前任", "协会", "2018-01-10")],
    "later_said": [(CONTROLLER, "王五", "网站", "2018-03-31"), (CONTROLLER, "张三", "网站", ON)],
    "future": [(CONTROLLER, "王五", "网站", "2018-10-01")],
    "nobody": [(CONTROLLER, "张三")],
    "open": [(CONTROLLER, "张三")],
    "silent": [],
    "capital": [("注册资本", "5,000万元"), ("法定代表人", "张三"), ("存管银行", "甲银行")],
    "capital_off": [("注册资本", "5000.01万元")],
    "capital_yi": [("注册资本(元)", "人民币0.5亿元")],
    "capital_dollar": [("注册资本", "5000万美元")],
    "capital_lag": [("注册资本", "4000万元")],  # raised 30 days after
    "capital_long": [("注册资本", "4000万元")],  # changed 30 days before
    "capital_short": [("注册资本", "4000万元")],  # changed 29 days before
    "capital_soon": [("注册资本", "5000万元")],  # raised 30 days after: the website is ahead of the register
    "capital_ahead": [("注册资本", "5000万元")],  # raised 31 days after
    "capital_undated": [("注册资本", "1万元", "网站", None)],
    "legal_off": [("法定代表人", "王五")],
    "legal_past": [("法定代表人", "李四")],  # until 29 days before
    "legal_long": [("法定代表人", "李四")],  # until 30 days before
    "bank_off": [("存管银行", "乙银行")],
    "bank_long": [("存管银行", "甲银行股份有限公司郑州分行")],
    "bankless": [("存管银行", "甲银行")],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables: dict[str, Rows] = {name: [] for name in ("institutions", "parties", "holdings", "roles", "accounts", "disclosures")}
    tables["registry_changes"] = []
    for name, said in SAID.items():
        people = {"z": "张三", "l": "李四", "w": "王五", "q": "前任"}
        tables["parties"] += [{"party_id": f"{i}-{name}", "kind": "person", "name": text} for i, text in people.items()]
        if name == "former_name":
            tables["parties"][-4]["former_names"] = "张三丰"
        tables["parties"].append({"party_id": f"m-{name}", "kind": "company", "name": "母公司"})
        company = {"party_id": f"C-{name}", "kind": "company", "name": name, "registered_capital_yuan": "50000000"}
        tables["parties"].append(company)
        tables["institutions"].append({"institution_id": name, "name": name, "party_id": f"C-{name}"})
        # 张三 holds 60 % over the mother company, 李四 holds 40 % (more than 25 %, so an owner, and no controller)
        edges = [("m", "C", 0.6, None), ("z", "m", 1.0, None), ("l", "C", 0.4, None)]
        if name == "changed":
            edges[1] = ("z", "m", 1.0, "2018-01-10")
            tables["holdings"].append(hold(name, "q", "m", 1.0, None, "2018-01-10"))
        edges = {"nobody": [("z", "C", 0.5, None), ("l", "C", 0.5, None)], "open": [("m", "C", 0.6, None)]}.get(name, edges)
        tables["holdings"] += [hold(name, *edge) for edge in edges]
        for n, (metric, text, *more) in enumerate(said):
            channel, on = more or ("网站", ON)
            row = {"disclosure_id": f"D-{name}-{n}", "institution_id": name, "metric": metric, "value_text": text}
            tables["disclosures"].append(row | {"channel": channel, "as_of_on": on})
        ended = {"legal_past": "2018-06-01", "legal_long": "2018-05-31"}.get(name, "2017-01-01")
        tables["roles"] += [office(name, "z", ended, None), office(name, "l", None, ended)]
        custody = {"account_id": f"K-{name}", "holder_id": f"C-{name}", "bank": "甲银行"}
        tables["accounts"].append(custody | {"purpose": "own" if name == "bankless" else "custody_total"})
        days = {"capital_lag": "2018-07-30", "capital_soon": "2018-07-30", "capital_ahead": "2018-07-31"}
        days |= {"capital_long": "2018-05-31", "capital_short": "2018-06-01"}
        if name in days:
            row = {"change_id": f"G-{name}", "entity_id": f"C-{name}", "changed_on": days[name], "item": "注册资本变更"}
            tables["registry_changes"].append(row | {"before_text": "4000万元", "after_text": "5000万元"})
    return write_store(tmp_path_factory.mktemp("declared") / "s.duckdb", tables)


def hold(name: str, holder: str, held: str, share: float, since: str | None, until: str | None = None) -> dict[str, Any]:
    row = {"holding_id": f"{holder}{held}-{name}", "holder_id": f"{holder}-{name}", "held_id": f"{held}-{name}"}
    return row | {"share": share, "valid_from": since, "valid_to": until}


def office(name: str, person: str, since: str | None, until: str | None) -> dict[str, Any]:
    row = {"role_id": f"R-{person}-{name}", "person_id": f"{person}-{name}", "entity_id": f"C-{name}"}
    return row | {"role": "legal_representative", "valid_from": since, "valid_to": until}


def rows(store: Path, rule: str, name: str, **options: Any) -> Rows:
    found = checks.run(open_case(None, "2018-09-30", store), rules=[rule], **options)
    made: Rows = found[found.institution_id == name].to_dict("records")
    return made


WRONG = "实际控制人, 记录为: 张三；记录中有而未披露: 张三；披露而记录中没有: "


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("true", "clear", ""),
        ("former_name", "clear", ""),
        ("other", "hit", f"{WRONG}王五"),
        ("between", "hit", f"{WRONG}母公司"),
        ("too_many", "hit", "实际控制人, 记录为: 张三；披露而记录中没有: 王五"),
        ("owner_lacks", "hit", "受益所有人, 记录为: 张三、李四；记录中有而未披露: 李四"),
        ("owner_early", "clear", "1 项披露在受益所有人定义施行之前, 未计入"),
        ("changed", "hit", f"{WRONG}前任"),  # true on the 9th, no longer on the 10th
        ("later_said", "clear", ""),
        ("future", "not_testable", "没有披露实际控制人或受益所有人"),
        ("nobody", "not_testable", "1 项披露: 按记录无法认定"),
        ("open", "not_testable", "1 项披露: 控制链止于股东不详的企业, 无从比较"),
        ("silent", "not_testable", "没有披露实际控制人或受益所有人"),
    ],
)
def test_who_controls_or_owns_is_who_is_said_to(name: str, outcome: str, said: str, store: Path):
    (row,) = rows(store, "SH-02", name)
    assert (row["outcome"], row["detail"] or row["why_not"] or row["note"]) == (outcome, said)


def test_another_controller_is_shown_by_what_was_said_and_the_chain(store: Path):
    (row,) = rows(store, "SH-02", "other")
    assert (row["subject_id"], row["first_on"]) == ("C-other", date(2018, 6, 30))
    assert [i["id"] for i in row["evidence"]] == ["D-other-0", "mC-other", "zm-other"]
    (row,) = rows(store, "SH-02", "changed")
    assert [row["population"], row["tested"], row["evidence"][0]["id"]] == [2, 2, "D-changed-1"]


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("capital", "clear", ""),
        ("capital_off", "hit", "注册资本 5000.01万元 ≠ 50000000.00"),
        ("capital_yi", "clear", ""),
        ("capital_dollar", "not_testable", "1 项披露的金额无法读取"),
        ("capital_lag", "clear", ""),
        ("capital_long", "hit", "注册资本 4000万元 ≠ 50000000.00"),
        ("capital_short", "clear", ""),
        ("capital_soon", "clear", ""),
        ("capital_ahead", "hit", "注册资本 5000万元 ≠ 40000000.00"),
        ("capital_undated", "not_testable", "1 项披露没有统计日期"),
        ("legal_off", "hit", "法定代表人 王五 ≠ 张三"),
        ("legal_past", "clear", ""),
        ("legal_long", "hit", "法定代表人 李四 ≠ 张三"),
        ("bank_off", "hit", "存管银行 乙银行 ≠ 甲银行"),
        ("bank_long", "clear", ""),
        ("bankless", "not_testable", "1 项披露没有可比的登记、任职、账户或持股记录"),
        ("other", "hit", "实际控制人 王五 ≠ 张三"),
        ("open", "not_testable", "1 项披露没有可比的登记、任职、账户或持股记录"),
        ("silent", "not_testable", "没有披露可比的主体信息"),
    ],
)
def test_facts_disclosed_are_those_on_record_about_that_day(name: str, outcome: str, said: str, store: Path):
    (row,) = rows(store, "DC-03", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_facts_that_differ_are_shown_beside_the_record(store: Path):
    (row,) = rows(store, "DC-03", "capital_off")
    assert row["evidence"] == [{"table": "disclosures", "id": "D-capital_off-0"}, {"table": "parties", "id": "C-capital_off"}]
    assert [i["id"] for i in rows(store, "DC-03", "legal_off")[0]["evidence"]] == ["D-legal_off-0", "R-z-legal_off"]
    assert rows(store, "DC-03", "capital_short", DC_03={"lag_days": 29})[0]["outcome"] == "hit"
