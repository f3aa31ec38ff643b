"""Signs of nominee holding: what the tables can show, at their lines, each with an innocent reading."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from lib import BadParameter, Case, graph
from lib.draw import columns, tables
from lib.words import has_word
from tests.ownership_cases import DAY, empty_case, held


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def party(party_id: str, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("born_on", "id_number", "student", "phone", "address", "email"))
    return {"party_id": party_id, "kind": "person", **empty, **more}


def with_holders(base: Case, *people: dict[str, Any], **tables_of: Any) -> pd.DataFrame:
    """Return the signs at holders of equal shares in P."""
    holdings = [(p["party_id"], "P", 1 / len(people)) for p in people]
    return graph.nominees(held(base, "P", holdings, parties=[party("P", kind="company"), *people], **tables_of))


def told(found: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    return {(r.holder_id, r.sign): r.others for r in found.itertuples()}


def test_a_recorded_nominee_is_named_with_its_principal_and_record(base: Case) -> None:
    rows: list[Any] = [
        {"holder_id": "N", "held_id": "P", "share": 0.3, "nominee_for": "Q"},
        {"holder_id": "N", "held_id": "P", "share": 0.2, "nominee_for": "R"},
        {"holder_id": "M", "held_id": "P", "share": 0.5, "nominee_for": None},
    ]
    found = graph.nominees(held(base, "P", rows))
    assert told(found) == {("N", "recorded"): ["Q", "R"]}
    assert found["evidence"].iloc[0] == [{"table": "holdings", "id": "H0"}, {"table": "holdings", "id": "H1"}]
    assert found["share"].iloc[0] == pytest.approx(0.5)
    assert "股权激励" in found["innocent"].iloc[0]
    assert tables.known_caption(found) == "代持迹象"


def test_nominees_of_others_are_not_the_institutions(base: Case) -> None:
    rows: list[Any] = [
        {"holder_id": "N", "held_id": "X", "share": 1.0, "nominee_for": "Q"},
        {"holder_id": "N", "held_id": "P", "share": 1.0, "nominee_for": None},
    ]
    assert len(graph.nominees(held(base, "P", rows))) == 0


def test_an_agreement_points_from_the_nominee_to_the_principal(base: Case) -> None:
    links = [{"link_id": "L", "a_id": "N", "b_id": "Q", "kind": "proxy", "valid_to": None}]
    assert told(with_holders(base, party("N"), party("M"), links=links)) == {("N", "agreement"): ["Q"]}
    ended = [{**links[0], "valid_to": DAY}]
    assert len(with_holders(base, party("N"), party("M"), links=ended)) == 0


def test_holders_with_one_telephone_point_to_each_other(base: Case) -> None:
    found = with_holders(base, party("A", phone="138 0000 0001"), party("B", phone="13800000001"), party("C", phone="139"))
    assert told(found) == {("A", "shared_contact"): ["B"], ("B", "shared_contact"): ["A"]}
    assert found["evidence"].iloc[0] == [{"table": "parties", "id": "A"}, {"table": "parties", "id": "B"}]


def test_a_telephone_shared_with_an_officer_counts_for_the_holder_alone(base: Case) -> None:
    roles = [{"role_id": "R", "person_id": "L", "entity_id": "P", "role": "director"}]
    parties = [party("P", kind="company"), party("A", phone="1"), party("L", phone="1"), party("X", phone="1")]
    found = graph.nominees(held(base, "P", [("A", "P", 1.0)], parties=parties, roles=roles))
    assert told(found) == {("A", "shared_contact"): ["L"]}  # X is neither holder nor officer


@pytest.mark.parametrize(("others", "counted"), [(18, True), (19, False)])
def test_an_address_of_more_than_twenty_parties_is_nobodys_own(base: Case, others: int, counted: bool) -> None:
    tenants = [party(f"T{n}", address="园区1号") for n in range(others)]
    parties = [party("P", kind="company"), party("A", address="园区1号"), party("B", address="园区1号"), *tenants]
    found = graph.nominees(held(base, "P", [("A", "P", 0.5), ("B", "P", 0.5)], parties=parties))
    assert (len(found) > 0) == counted


def test_devices_and_links_show_shared_contacts_too(base: Case) -> None:
    accounts = [{"account_id": f"K{h}", "holder_id": h} for h in "AB"]
    devices = [{"sign_in_id": f"S{h}", "device_id": "D", "account_id": f"K{h}"} for h in "AB"]
    links = [{"link_id": "L", "a_id": "B", "b_id": "C", "kind": "same_address"}]
    people = [party(h) for h in "ABC"]
    found = with_holders(base, *people, accounts=accounts, devices=devices, links=links)
    assert told(found) == {
        ("A", "shared_contact"): ["B"],
        ("B", "shared_contact"): ["A", "C"],
        ("C", "shared_contact"): ["B"],
    }
    assert [item["id"] for item in found["evidence"].iloc[1]] == ["SA", "SB", "L"]


@pytest.mark.parametrize(
    ("born", "sign"),
    [
        (dt.date(1996, 9, 30), None),  # 22 on the day
        (dt.date(1996, 10, 1), 21.0),
        (dt.date(1947, 10, 1), None),  # still 70
        (dt.date(1947, 9, 30), 71.0),
    ],
)
def test_ages_count_under_22_and_over_70_in_whole_years(base: Case, born: dt.date, sign: float | None) -> None:
    found = with_holders(base, party("A", born_on=born))
    assert found["measure"].tolist() == ([] if sign is None else [sign])


def test_the_day_of_birth_may_stand_in_the_identity_number(base: Case) -> None:
    assert with_holders(base, party("A", id_number="11010520000101002X"))["measure"].tolist() == [18.0]
    assert len(with_holders(base, party("A", id_number="110105200013010020"))) == 0  # month 13 is no day


def test_students_defaulters_and_employees_are_signs(base: Case) -> None:
    sanctions = [{"sanction_id": "S", "party_id": "B", "kind": "judgment_defaulter", "decided_on": DAY}]
    sanctions += [{"sanction_id": "T", "party_id": "C", "kind": "judgment_defaulter", "decided_on": dt.date(2018, 10, 1)}]
    roles = [{"role_id": "R", "person_id": "C", "entity_id": "P", "role": "staff"}]
    found = with_holders(base, party("A", student=True), party("B"), party("C"), sanctions=sanctions, roles=roles)
    assert told(found) == {("A", "student"): [], ("B", "defaulter"): [], ("C", "employee"): ["P"]}


@pytest.mark.parametrize(("companies", "counted"), [(4, False), (5, True)])
def test_holding_in_five_unrelated_companies_is_a_sign(base: Case, companies: int, counted: bool) -> None:
    # P and others that none of them holds; D is held by P, so both are one.
    holdings = [("A", "P", 0.1), ("A", "D", 0.1), ("P", "D", 0.9), ("Z", "P", 0.9)]
    holdings += [("A", f"C{n}", 0.1) for n in range(companies - 1)]
    found = graph.nominees(held(base, "P", holdings))
    assert [(r.holder_id, r.sign, r.measure) for r in found.itertuples()] == ([("A", "many_companies", 5.0)] if counted else [])


def test_holders_with_most_signs_come_first(base: Case) -> None:
    found = with_holders(base, party("A", student=True), party("B", student=True, born_on=dt.date(2000, 1, 1)))
    assert [(r.holder_id, r.sign, r.signs) for r in found.itertuples()] == [
        ("B", "age", 2),
        ("B", "student", 2),
        ("A", "student", 1),
    ]


def test_every_sign_has_its_word_and_an_innocent_reading() -> None:
    from lib.ownership.fronts import SIGNS

    assert all(columns.code_word("sign", sign) != sign and has_word("innocent_signs", sign) for sign in SIGNS)


def test_the_district_and_strangers_have_no_nominees(base: Case) -> None:
    with pytest.raises(BadParameter, match="机构"):
        graph.nominees(held(base, None, [("A", "P", 1.0)]))
    assert len(graph.nominees(held(base, "Q", [("A", "P", 1.0)], {"Q": "company"}))) == 0


def test_an_institutions_id_as_nominee_or_principal_stands_for_its_company(base: Case) -> None:
    known = {"institutions": [{"institution_id": "I2", "party_id": "N"}]}
    known["parties"] = [party("N", kind="company"), party("P", kind="company"), party("Q", kind="person")]
    rows = [{"holder_id": "I2", "held_id": "P", "share": 0.6, "nominee_for": "Q"}]
    case = held(base, "P", rows, **known)
    assert told(graph.nominees(case))["N", "recorded"] == ["Q"]
    assert graph.controllers(case)["path"].tolist() == [["P", "N", "Q"]]
    own = [{"holder_id": "N", "held_id": "P", "share": 0.6, "nominee_for": "I2"}]
    case = held(base, "P", own, **known)
    assert graph.controllers(case)["path"].tolist() == [["P", "N"]]
    assert ("N", "recorded") not in told(graph.nominees(case))
