"""SH-05: officers whom the law bars; SH-06: careers that do not hold. Every officer of one Store is a case of its own."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lib import checks, open_case
from lib.findings.rules import all_rules
from tests.conftest import write_store

Rows = list[dict[str, Any]]
CRIME = "合同诈骗罪, 有期徒刑二年"
FINE = "破坏社会主义市场经济秩序罪, 单处罚金, 当日缴清"
# officer → office (from, to), and sanctions: (of whom, day, kind, detail)
OFFICERS: dict[str, tuple[tuple[str | None, str | None], list[tuple[str, str, str, str | None]]]] = {
    "clean": (("2018-01-01", None), []),
    "within": (("2018-01-01", None), [("P", "2013-01-02", "criminal", FINE)]),  # five years are over on 2018-01-02
    "after": (("2018-01-01", None), [("P", "2013-01-01", "criminal", FINE)]),
    "prison": (("2018-01-01", None), [("P", "2013-01-01", "criminal", CRIME)]),  # when it ended nobody knows
    "in_office": (("2012-01-01", None), [("P", "2018-06-01", "criminal", CRIME)]),
    "other_crime": (("2018-01-01", None), [("P", "2017-01-01", "criminal", "危险驾驶罪, 拘役一个月")]),
    "no_crime": (("2018-01-01", None), [("P", "2017-01-01", "criminal", None)]),
    "future": (("2018-01-01", None), [("P", "2018-10-01", "criminal", CRIME)]),
    "undated": ((None, None), [("P", "2013-01-02", "criminal", FINE)]),
    "undated_now": ((None, None), [("P", "2013-10-01", "criminal", FINE)]),  # still within five years on the day asked
    "left": (("2015-01-01", "2018-09-30"), [("P", "2014-01-01", "criminal", CRIME)]),
    "defaulter": (("2018-01-01", None), [("P", "2018-03-01", "judgment_defaulter", None)]),
    "fined": (("2018-01-01", None), [("P", "2018-03-01", "administrative", "罚款")]),
    "bankrupt": (("2018-01-01", None), [("E", "2015-01-02", "bankruptcy", None)]),  # director of E; three years to 2018-01-02
    "bankrupt_past": (("2018-01-01", None), [("E", "2015-01-01", "bankruptcy", None)]),
    "bankrupt_before": (("2018-01-01", None), [("E", "2016-07-01", "bankruptcy", None)]),  # E's director until 2016-07-01
    "revoked": (("2018-01-01", None), [("E", "2015-01-02", "licence_revoked", None)]),
    "revoked_director": (("2018-01-01", None), [("E", "2015-01-02", "licence_revoked", None)]),
}


@pytest.fixture(scope="module")
def barred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables: dict[str, Rows] = {name: [] for name in ("institutions", "roles", "sanctions", "parties")}
    for name, ((since, until), sanctions) in OFFICERS.items():
        tables["institutions"].append({"institution_id": name, "name": name, "party_id": f"C-{name}"})
        office = {
            "person_id": f"P-{name}",
            "entity_id": f"C-{name}",
            "role": "supervisor",
            "valid_from": since,
            "valid_to": until,
        }
        tables["roles"].append({"role_id": f"R-{name}"} | office)
        claimed = {"person_id": f"X-{name}", "entity_id": f"C-{name}", "role": "director", "claimed_only": True}
        tables["roles"].append({"role_id": f"X-{name}"} | claimed)
        role = "legal_representative" if name == "revoked" else "director"
        there = {"person_id": f"P-{name}", "entity_id": f"E-{name}", "role": role, "valid_from": "2014-01-01"}
        tables["roles"].append({"role_id": f"E-{name}", "valid_to": "2016-07-01"} | there)
        for n, (whom, on, kind, detail) in enumerate(sanctions):
            row = {"sanction_id": f"S-{name}-{n}", "party_id": f"{whom}-{name}", "decided_on": on, "kind": kind}
            tables["sanctions"].append(row | {"detail": detail})
    tables["institutions"].append({"institution_id": "nobody", "name": "nobody"})
    return write_store(tmp_path_factory.mktemp("barred") / "s.duckdb", tables)


def one(path: Path, rule: str, name: str, as_of: str = "2018-09-30", **options: Any) -> dict[str, Any]:
    found = checks.run(open_case(None, as_of, path), rules=[rule], **options)
    (row,) = found[found.institution_id == name].to_dict("records")
    return row


@pytest.mark.parametrize(
    ("name", "outcome", "first_on", "said"),
    [
        ("clean", "clear", None, ""),
        ("within", "hit", "2018-01-01", "2013-01-02 因经济犯罪等被判刑"),
        ("after", "clear", None, ""),
        ("prison", "not_testable", None, "1 人的刑期届满日不明"),
        ("in_office", "hit", "2018-06-01", "2018-06-01 因经济犯罪等被判刑"),
        ("other_crime", "clear", None, ""),
        ("no_crime", "not_testable", None, "1 人的刑事处罚没有罪名"),
        ("future", "clear", None, ""),
        ("undated", "not_testable", None, "1 人的任职没有开始日期"),
        ("undated_now", "hit", "2018-09-30", "2013-10-01 因经济犯罪等被判刑"),
        ("left", "not_testable", None, "没有基准日的董监高记录"),
        ("defaulter", "not_testable", None, "1 人有失信记录, 当时的法律看债务是否较大, 而金额未知"),
        ("fined", "clear", None, ""),
        ("bankrupt", "hit", "2018-01-01", "2015-01-02 破产的企业中任董事或经理"),
        ("bankrupt_past", "clear", None, ""),
        ("bankrupt_before", "clear", None, ""),
        ("revoked", "hit", "2018-01-01", "2015-01-02 被吊销执照的企业的法定代表人"),
        ("revoked_director", "clear", None, ""),
        ("nobody", "not_testable", None, "没有基准日的董监高记录"),
    ],
)
def test_an_officer_is_barred_for_years(name: str, outcome: str, first_on: str | None, said: str, barred: Path):
    row = one(barred, "SH-05", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)
    assert row["first_on"] == (date.fromisoformat(first_on) if first_on else None)


def test_a_barred_officer_is_shown_by_office_and_sanction(barred: Path):
    row = one(barred, "SH-05", "bankrupt")
    assert row["subject_id"] == "P-bankrupt"
    assert row["evidence"] == [
        {"table": "roles", "id": "E-bankrupt"},
        {"table": "roles", "id": "R-bankrupt"},
        {"table": "sanctions", "id": "S-bankrupt-0"},
    ]
    assert one(barred, "SH-05", "after", SH_05={"crime_years": 6})["outcome"] == "hit"


@pytest.mark.parametrize(("as_of", "outcome"), [("2024-06-30", "not_testable"), ("2024-07-01", "hit")])
def test_a_listed_defaulter_is_barred_from_the_law_of_2023_on(as_of: str, outcome: str, barred: Path):
    row = one(barred, "SH-05", "defaulter", as_of)
    assert row["outcome"] == outcome
    assert row["first_on"] == (date(2024, 7, 1) if outcome == "hit" else None)


# A suspended sentence bars for two years under the law of 2023, for five before (2018: art. 146; 2023: art. 178).
@pytest.mark.parametrize(
    ("since", "outcome"), [("2024-06-30", "hit"), ("2024-07-01", "not_testable"), ("2024-05-01", "hit"), ("2022-06-30", "hit")]
)
def test_a_suspended_sentence_bars_for_two_years_under_the_law_of_2023(since: str, outcome: str, tmp_path: Path):
    tables: dict[str, Rows] = {
        "institutions": [{"institution_id": "I", "name": "I"}],
        "roles": [{"role_id": "R", "person_id": "P", "entity_id": "I", "role": "director", "valid_from": since}],
        "sanctions": [
            {
                "sanction_id": "S",
                "party_id": "P",
                "decided_on": "2022-06-30",
                "kind": "criminal",
                "detail": "集资诈骗罪, 缓刑三年",
            }
        ],
    }
    row = one(write_store(tmp_path / "s.duckdb", tables), "SH-05", "I", "2024-12-31")
    assert row["outcome"] == outcome


def test_without_a_table_of_sanctions_nobody_is_clear(tmp_path: Path):
    tables: dict[str, Rows] = {
        "institutions": [{"institution_id": "I", "name": "I"}],
        "roles": [{"role_id": "R", "person_id": "P", "entity_id": "I", "role": "director", "valid_from": "2018-01-01"}],
    }
    row = one(write_store(tmp_path / "s.duckdb", tables), "SH-05", "I")
    assert (row["outcome"], row["tested"]) == ("not_testable", 0)
    assert "处罚与失信" in row["why_not"]
    file = {"source_id": "S", "profile_id": "canonical.sanctions", "state": "imported"}
    again = tmp_path / "empty"  # a file without rows says that there are none
    assert one(write_store(again / "s.duckdb", tables | {"sources": [file]}), "SH-05", "I")["outcome"] == "clear"


# officer → claimed posts (place, role, from, to); places were founded on 2010-01-01
CAREERS: dict[str, list[tuple[str, str, str | None, str | None]]] = {
    "true": [("A", "senior_manager", "2010-01-01", "2014-01-01"), ("B", "staff", "2013-10-03", "2015-01-01")],  # 90 days
    "crossing": [("A", "senior_manager", "2010-01-01", "2014-01-01"), ("B", "staff", "2013-10-02", "2015-01-01")],  # 91
    "board": [("A", "senior_manager", "2010-01-01", "2014-01-01"), ("B", "director", "2011-01-01", "2015-01-01")],
    "same_place": [("A", "senior_manager", "2010-01-01", "2014-01-01"), ("A", "staff", "2011-01-01", "2015-01-01")],
    "early": [("A", "staff", "2009-12-31", "2014-01-01")],
    "late": [("C", "staff", "2011-01-01", "2016-01-02")],  # struck off on 2016-01-01
    "on_time": [("C", "staff", "2011-01-01", "2016-01-01")],
    "unregistered": [("B", "supervisor", "2011-01-01", "2012-01-01")],
    "other_years": [("A", "senior_manager", "2014-01-01", "2015-01-01")],  # registered until 2014-01-01
    "unknown_place": [("D", "director", "2011-01-01", "2012-01-01")],
    "undated": [("A", "staff", None, "2014-01-01"), ("B", "staff", "2010-06-01", "2014-01-01")],
    "silent": [],
}


@pytest.fixture(scope="module")
def careers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables: dict[str, Rows] = {name: [] for name in ("institutions", "roles", "parties", "registry_changes")}
    for name, claims in CAREERS.items():
        tables["institutions"].append({"institution_id": name, "name": name})
        office = {"person_id": f"P-{name}", "entity_id": name, "role": "senior_manager", "valid_from": "2017-01-01"}
        tables["roles"].append({"role_id": f"R-{name}"} | office)
        for place in "ABCD":
            tables["parties"].append({"party_id": f"{place}-{name}", "kind": "company", "registered_on": "2010-01-01"})
        held = [("A", f"P-{name}", "senior_manager"), ("B", f"P-{name}" if name == "board" else "Z", "director")]
        for place, person, role in held:  # what registers show: the officer at A from 2010 to 2013, at B somebody else
            row = {"person_id": person, "entity_id": f"{place}-{name}", "role": role, "valid_from": "2010-01-01"}
            tables["roles"].append({"role_id": f"{place}-{name}", "valid_to": "2014-01-01"} | row)
        struck = {"entity_id": f"C-{name}", "changed_on": "2016-01-01", "item": "注销登记"}
        tables["registry_changes"].append({"change_id": f"Z-{name}"} | struck)
        for n, (place, role, since, until) in enumerate(claims):
            row = {"person_id": f"P-{name}", "entity_id": f"{place}-{name}", "role": role, "claimed_only": True}
            tables["roles"].append({"role_id": f"K-{name}-{n}", "valid_from": since, "valid_to": until} | row)
    return write_store(tmp_path_factory.mktemp("careers") / "s.duckdb", tables)


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("true", "clear", ""),
        ("crossing", "hit", "全职任职重叠 91 天"),
        ("board", "clear", ""),
        ("same_place", "clear", ""),
        ("early", "hit", "1 项任职早于单位成立"),
        ("late", "hit", "1 项任职持续到单位注销之后"),
        ("on_time", "clear", ""),
        ("unregistered", "hit", "1 项职务不在该单位的任职登记中"),
        ("other_years", "hit", "1 项职务不在该单位的任职登记中"),
        ("unknown_place", "not_testable", "1 项自述任职缺开始日期、单位成立日期或单位的任职登记, 无从核对"),
        ("undated", "not_testable", "1 项自述任职缺开始日期、单位成立日期或单位的任职登记, 无从核对"),
        ("silent", "not_testable", "没有在任人员的自述任职"),
    ],
)
def test_a_career_holds_against_registers_and_itself(name: str, outcome: str, said: str, careers: Path):
    row = one(careers, "SH-06", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_a_career_that_does_not_hold_is_shown_by_its_claims(careers: Path):
    row = one(careers, "SH-06", "crossing")
    assert (row["subject_id"], row["first_on"], row["last_on"]) == ("P-crossing", date(2010, 1, 1), date(2015, 1, 1))
    assert [i["id"] for i in row["evidence"]] == ["K-crossing-0", "K-crossing-1"]
    assert [i["id"] for i in one(careers, "SH-06", "early")["evidence"]] == ["K-early-0", "A-early"]
    assert [i["id"] for i in one(careers, "SH-06", "late")["evidence"]] == ["K-late-0", "Z-late"]
    assert one(careers, "SH-06", "true", SH_06={"overlap_days": 89})["outcome"] == "hit"


def test_the_thresholds_are_those_of_the_catalogue():
    rules = all_rules()
    assert [rules["SH-05"].params[f"{of}_years"] for of in ("crime", "probation", "bankrupt", "revoked")] == [5, 2, 3, 3]
    assert rules["SH-06"].params["overlap_days"] == 90


def test_an_officer_known_under_two_ids_is_barred_as_surely_as_they_are_one(tmp_path: Path):
    """The register calls the officer P2, the list of sanctions P1; identity joins them with a confidence of 0.8."""
    tables: dict[str, Rows] = {
        "institutions": [{"institution_id": "I", "name": "I"}],
        "parties": [{"party_id": i, "kind": "person", "name": "甲"} for i in ("P1", "P2")],
        "party_ids": [{"party_id": "P2", "resolved_id": "P1", "joined_by": "number_name", "confidence": 0.8}],
        "roles": [{"role_id": "R", "person_id": "P2", "entity_id": "I", "role": "director", "valid_from": "2018-01-01"}],
        "sanctions": [{"sanction_id": "S", "party_id": "P1", "decided_on": "2017-01-01", "kind": "criminal", "detail": CRIME}],
    }
    row = one(write_store(tmp_path / "s.duckdb", tables), "SH-05", "I")
    assert (row["outcome"], row["subject_id"], row["confidence"]) == ("hit", "P1", 0.8)
