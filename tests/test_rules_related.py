"""SF-01, SF-05 and SF-06: the platform and its related parties as borrower, neighbour and guarantor."""

from typing import Any

import pytest

from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, said


def lent(i: str, borrower: str | None, on: str = "2017-03-01", **more: Any) -> Row:
    row = {"loan_id": f"{i}-{borrower}", "institution_id": i, "borrower_id": borrower, "principal_yuan": 10000, "signed_on": on}
    return {name: value for name, value in (row | more).items() if value is not None}


def company(party_id: str, **more: Any) -> Row:
    row = {"party_id": party_id, "kind": "company", "name": party_id} | more
    return {name: value for name, value in row.items() if value is not None}


# -- SF-01 ------------------------------------------------------------------------------------------------------------------

# The company of each platform is C-<id>, named <id>公司; of some its credit code is known.
SELF: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "company": ({"loans": [lent("company", "C-company")]}, ("hit", 1, 1)),
    "institution": ({"loans": [lent("institution", "institution")]}, ("hit", 1, 1)),
    "code": ({"loans": [lent("code", "B1")], "parties": [company("B1", uscc="u-code")]}, ("hit", 1, 1)),
    "namesake": (
        {"loans": [lent("namesake", "B2")], "parties": [company("B2", name="namesake 公司", uscc="U2")]},
        ("clear", 1, 1),
    ),
    "unsure": ({"loans": [lent("unsure", "B3")], "parties": [company("B3", name="unsure公司")]}, ("not_testable", 1, 0)),
    "former": ({"loans": [lent("former", "B4")], "parties": [company("B4", name="旧名")]}, ("not_testable", 1, 0)),
    "a-person": (
        {"loans": [lent("a-person", "B5")], "parties": [company("B5", name="a-person公司", kind="person")]},
        ("clear", 1, 1),
    ),
    "stranger": ({"loans": [lent("stranger", "B6")], "parties": [company("B6")]}, ("clear", 1, 1)),
    "of-another": ({"loans": [lent("of-another", "C-stranger")]}, ("clear", 1, 1)),
    "cancelled": ({"loans": [lent("cancelled", "C-cancelled", status="流标")]}, ("clear", 0, 0)),
    "legacy": ({"loans": [lent("legacy", "C-legacy", "2016-08-23")]}, ("clear", 0, 0)),
    "first-day": ({"loans": [lent("first-day", "C-first-day", "2016-08-24")]}, ("hit", 1, 1)),
    "nobody": ({"loans": [lent("nobody", None)]}, ("not_testable", 1, 0)),
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Found:
    tables = joined(platforms(*SELF), *(t for t, _ in SELF.values()))
    for party in tables["parties"]:
        if party["party_id"] in ("C-code", "C-namesake"):
            party["uscc"] = f"U-{party['party_id'][2:]}"
        if party["party_id"] == "C-former":
            party["former_names"] = "更旧;旧名"
    return judged(tmp_path_factory, tables, ["SF-01"])


@pytest.mark.parametrize("name", SELF)
def test_whether_the_borrower_is_the_platform(own: Found, name: str):
    assert said(own, name, "SF-01") == SELF[name][1]


def test_a_loan_to_the_platform_is_told_with_what_shows_it(own: Found):
    assert ids(own["company"]["SF-01"][0]) == ["company-C-company", "C-company"]
    assert ids(own["institution"]["SF-01"][0]) == ["institution-institution"]  # no such party is described
    assert "信用代码与本机构相同" in own["code"]["SF-01"][0]["detail"]
    assert "须核对" in own["unsure"]["SF-01"][0]["why_not"]


# -- SF-05 ------------------------------------------------------------------------------------------------------------------


def sister(i: str, **more: Any) -> Tables:
    """Let somebody own the platform's company and a sister of it."""
    made = [
        {"holding_id": f"{i}-{n}", "holder_id": f"O-{i}", "held_id": held, "share": 0.9}
        for n, held in enumerate((f"C-{i}", f"S-{i}"))
    ]
    return {"parties": [company(f"S-{i}", **more), company(f"O-{i}", kind="person")], "holdings": made}


def neighbour(i: str, sisters: Row, **more: Any) -> Tables:
    return joined(
        sister(i, **sisters), {"loans": [lent(i, f"B-{i}")], "parties": [company(f"B-{i}", **({"address": "别处"} | more))]}
    )


def office(i: str, who: str, entity: str, role: str = "director", **more: Any) -> Row:
    return {"role_id": f"{i}-{entity}", "person_id": who, "entity_id": f"{entity}-{i}", "role": role} | more


ROLE = {"roles": [office("officer", "D", "B"), office("officer", "D", "S", "legal_representative")]}
ENDED = {"roles": [office("ended", "D", "B"), office("ended", "D", "S", valid_to="2017-03-01")]}
CLAIM = {"roles": [office("claim", "D", "B", claimed_only=True), office("claim", "D", "S")]}
WATCH = {"roles": [office("watch", "D", "B", "supervisor"), office("watch", "D", "S")]}
TIES: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "address": (neighbour("address", {"address": "同 路1号"}, address="同路1号"), ("hit", 1, 1)),
    "phone": (neighbour("phone", {"phone": "0371-1"}, phone="0371-1"), ("hit", 1, 1)),
    "mail": (neighbour("mail", {"email": "A@b.cn"}, email="a@b.cn"), ("hit", 1, 1)),
    "none": (neighbour("none", {"address": "同路2号"}), ("clear", 1, 1)),
    "twenty": (neighbour("twenty", {"address": "廿路"}, address="廿路"), ("hit", 1, 1)),
    "agent": (neighbour("agent", {"address": "廿一路"}, address="廿一路"), ("clear", 1, 1)),
    "officer": (joined(neighbour("officer", {}), ROLE), ("hit", 1, 1)),
    "ended": (joined(neighbour("ended", {}), ENDED), ("clear", 1, 1)),
    "claim": (joined(neighbour("claim", {}), CLAIM), ("clear", 1, 1)),
    "watch": (joined(neighbour("watch", {}), WATCH), ("clear", 1, 1)),
    "related": (joined(sister("related", address="一"), {"loans": [lent("related", "S-related")]}), ("clear", 0, 0)),
    "person": (neighbour("person", {"phone": "0371-2"}, phone="0371-2", kind="person"), ("clear", 0, 0)),
    "no-kind": (neighbour("no-kind", {"phone": "0371-3"}, phone="0371-3", kind=None), ("not_testable", 1, 0)),
    "no-address": (neighbour("no-address", {}, address=None), ("not_testable", 1, 0)),
    "no-holders": ({"loans": [lent("no-holders", "B9")], "parties": [company("B9", address="九")]}, ("not_testable", 1, 0)),
    "legacy": (joined(sister("legacy", phone="7"), {"loans": [lent("legacy", "B7", "2016-08-23")]}), ("clear", 0, 0)),
}
USERS = {
    "parties": [
        *(company(f"X{n}", address="廿路") for n in range(18)),
        *(company(f"Y{n}", address="廿一路") for n in range(19)),
    ]
}


@pytest.fixture(scope="module")
def ties(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return judged(tmp_path_factory, joined(platforms(*TIES), USERS, *(t for t, _ in TIES.values())), ["SF-05"])


@pytest.mark.parametrize("name", TIES)
def test_what_a_borrower_shares_with_a_related_party(ties: Found, name: str):
    assert said(ties, name, "SF-05") == TIES[name][1]


def test_a_shared_registration_is_told_with_both_sides(ties: Found):
    (hit,) = ties["officer"]["SF-05"]
    assert (hit["subject_id"], hit["amount_yuan"]) == ("B-officer", 10000)
    assert hit["detail"] == "与 1 个关联方有共同的法定代表人、董事或高管"
    assert ids(hit) == ["officer-B-officer", "B-officer", "S-officer", "officer-B", "officer-S"]
    assert ties["address"]["SF-05"][0]["detail"] == "与 1 个关联方同址"
    assert "没有股东记录" in ties["no-holders"]["SF-05"][0]["why_not"]


# -- SF-06 ------------------------------------------------------------------------------------------------------------------


def guaranteed(i: str, guarantor: str | None, borrower: str | None = "B", *parties: Row, **more: Any) -> Tables:
    return joined(sister(i), {"loans": [lent(i, borrower, guarantor_id=guarantor, **more)], "parties": list(parties)})


def owned(owner: str, *held: str) -> Tables:
    return {"holdings": [{"holding_id": f"{owner}{h}", "holder_id": owner, "held_id": h, "share": 0.51} for h in held]}


GUARANTEES: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "sister": (guaranteed("sister", "S-sister"), ("hit", 1, 1)),
    "owner": (guaranteed("owner", "O-owner"), ("hit", 1, 1)),
    "stranger": (joined(guaranteed("stranger", "G1", "B", company("G1")), owned("Z1", "G1")), ("clear", 1, 1)),
    "person": (guaranteed("person", "G2", "B", company("G2", kind="person")), ("clear", 1, 1)),
    "same-owner": (joined(guaranteed("same-owner", "G3", "B3", company("G3")), owned("Z3", "G3", "B3")), ("hit", 1, 1)),
    "owner-of-borrower": (
        joined(guaranteed("owner-of-borrower", "G4", "B4", company("G4", kind="person")), owned("G4", "B4")),
        ("clear", 1, 1),
    ),
    "unheld": (guaranteed("unheld", "G5", "B", company("G5")), ("not_testable", 1, 0)),
    "no-kind": (guaranteed("no-kind", "G6"), ("not_testable", 1, 0)),
    "nobody": (joined(guaranteed("nobody", "G7", None, company("G7")), owned("Z7", "G7")), ("not_testable", 1, 0)),
    "none": (guaranteed("none", None), ("not_testable", 1, 0)),
    "no-holders": ({"loans": [lent("no-holders", "B", guarantor_id="G1")]}, ("not_testable", 1, 0)),
    "legacy": (guaranteed("legacy", "S-legacy", on="2016-08-23"), ("clear", 0, 0)),
}


@pytest.fixture(scope="module")
def guarantees(tmp_path_factory: pytest.TempPathFactory) -> Found:
    mixed = guaranteed("mixed", "S-mixed")
    mixed["loans"].append(lent("mixed", "B-mixed"))
    return judged(
        tmp_path_factory, joined(platforms(*GUARANTEES, "mixed"), mixed, *(t for t, _ in GUARANTEES.values())), ["SF-06"]
    )


@pytest.mark.parametrize("name", GUARANTEES)
def test_how_a_guarantor_is_related(guarantees: Found, name: str):
    assert said(guarantees, name, "SF-06") == GUARANTEES[name][1]


def test_a_related_guarantee_is_told_and_a_loan_without_one_beside_it_is_clear(guarantees: Found):
    assert said(guarantees, "mixed", "SF-06") == ("hit", 2, 2)
    assert ids(guarantees["sister"]["SF-06"][0]) == ["sister-B", "S-sister"]
    assert guarantees["sister"]["SF-06"][0]["detail"] == "担保人是机构关联方"
    assert guarantees["same-owner"]["SF-06"][0]["detail"] == "担保人与借款人在同一控制人之下"
    assert "没有提供担保人" in guarantees["none"]["SF-06"][0]["why_not"]
