"""Holdings as statements of BODS 0.4: valid by its schema, the same bytes each time, and the same holdings when read back."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lib import BadParameter, Case, DataGap, cli, open_case
from lib.curate import import_delivery
from lib.export import bods
from lib.store import open_store
from tests.bods_cases import SCHEMA, Json

MakeCase = Callable[..., Case]
COLUMNS = "holding_id, holder_id, held_id, share, share_low, share_high, voting_share, nominee_for, valid_from, valid_to"


@cache
def validator() -> Any:
    jsonschema, referencing = pytest.importorskip("jsonschema"), pytest.importorskip("referencing")
    if not SCHEMA.is_dir():
        pytest.skip("the schema of BODS is not beside the checkout (../shared/data/bods/schema)")
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SCHEMA.glob("*.json"))]
    registry = referencing.Registry().with_resources(
        (each["$id"], referencing.Resource.from_contents(each)) for each in schemas if "$id" in each
    )
    statement = next(each for each in schemas if each.get("$id") == "urn:statement")
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(statement, registry=registry, format_checker=checker)


def faults(made: Any) -> list[str]:
    return [f"{list(error.path)}: {error.message}" for error in validator().iter_errors(made)]


HOLDINGS: list[Json] = [
    {"holding_id": "H1", "holder_id": "A", "held_id": "P", "share": 0.123456, "valid_from": "2016-01-01"},
    {"holding_id": "H2", "holder_id": "P", "held_id": "A", "share": 0.1},  # a circle
    {"holding_id": "H3", "holder_id": "Z", "held_id": "A", "share_low": 0.25, "share_high": 0.5, "valid_to": "2018-03-01"},
    {"holding_id": "H4", "holder_id": "Z", "held_id": "P", "share": 0.3, "voting_share": 0.6},
    {"holding_id": "H5", "holder_id": "Z", "held_id": "P", "share": 0.05, "nominee_for": "Y"},
    {"holding_id": "H6", "holder_id": "U", "held_id": "P"},  # nothing is known of U, nor of its share
    {"holding_id": "H7", "holder_id": "G", "held_id": "A", "share": 0.2},
    {"holding_id": "H8", "holder_id": "Z", "held_id": "other", "share": 1.0},
]
PARTIES: list[Json] = [
    {"party_id": "P", "kind": "company", "name": "甲公司", "uscc": "91410100MA40000001", "registered_on": "2015-01-01"},
    {"party_id": "A", "kind": "partnership", "name": "乙合伙"},
    {"party_id": "Z", "kind": "person", "name": "张某", "id_number": "410101199001011234", "born_on": "1990-01-01"},
    {"party_id": "Y", "kind": "person", "name": "李某", "former_names": "李某某"},
    {"party_id": "G", "kind": "state", "name": "某国资委"},
    {"party_id": "other", "kind": "fund", "name": "丙基金", "listed": False},
]
ROLES: list[Json] = [
    {"role_id": "R1", "person_id": "Z", "entity_id": "P", "role": "director", "title": "执行董事", "valid_from": "2017-01-01"},
    {"role_id": "R2", "person_id": "Z", "entity_id": "P", "role": "legal_representative"},
    {"role_id": "R3", "person_id": "Y", "entity_id": "P", "role": "staff"},
]


@pytest.fixture
def district(make_case: MakeCase) -> Case:
    return make_case(None, holdings=HOLDINGS, parties=PARTIES, roles=ROLES)


def read_back(path: Path) -> Iterator[Json]:
    store = path.with_suffix(".duckdb")
    import_delivery(path, store)
    assert open_store(store).arrow("select * from quarantine").num_rows == 0
    yield from open_store(store).arrow(f"select {COLUMNS} from holdings order by holding_id").to_pylist()


def test_statements_are_valid_by_the_schema(district: Case) -> None:
    assert faults(bods.statements(district)) == []


def test_the_schema_is_not_content_with_everything(district: Case) -> None:
    made = bods.statements(district)
    made[0]["recordDetails"]["entityType"]["type"] = "firm"
    made[1].pop("statementId")
    assert len(faults(made)) >= 2


@pytest.mark.parametrize("name", ["all.json", "all.jsonl"])
def test_what_is_exported_and_read_back_gives_the_same_holdings(district: Case, tmp_path: Path, name: str) -> None:
    bods.write(district, tmp_path / name)
    before = district.arrow(f"select {COLUMNS} from holdings order by holding_id").to_pylist()
    assert list(read_back(tmp_path / name)) == before


def test_parties_and_offices_are_the_same_when_read_back_but_for_what_is_nobodys_business(
    district: Case, tmp_path: Path
) -> None:
    bods.write(district, tmp_path / "all.json")
    list(read_back(tmp_path / "all.json"))
    store = open_store(tmp_path / "all.duckdb")
    known = {row["party_id"]: row for row in store.arrow("select * from parties").to_pylist()}
    assert [(p, known[p]["kind"], known[p]["name"]) for p in "PAZYG"] == [
        (r["party_id"], r["kind"], r["name"]) for r in PARTIES[:5]
    ]
    assert (known["U"]["kind"], known["other"]["kind"], known["Y"]["former_names"]) == (None, "fund", "李某某")
    assert (known["P"]["uscc"], known["Z"]["id_number"], known["Z"]["born_on"]) == ("91410100MA40000001", None, None)
    assert store.arrow("select person_id || role || title as r from roles order by r")["r"].to_pylist() == [
        "Zdirector执行董事",
        "Zlegal_representative法定代表人",
    ]


def test_identity_numbers_are_nowhere_not_in_ids_either(make_case: MakeCase, tmp_path: Path) -> None:
    number = "410101199001011234"
    holdings = [{"holding_id": f"{number}-P", "holder_id": number, "held_id": "P", "share": 0.5}]
    parties = [{"party_id": number, "kind": "person", "name": "张某", "id_number": number, "phone": "13800000000"}]
    bods.write(make_case(None, holdings=holdings, parties=parties), tmp_path / "all.json")
    text = (tmp_path / "all.json").read_text(encoding="utf-8")
    assert number not in text
    assert "13800000000" not in text
    (back,) = read_back(tmp_path / "all.json")
    assert (back["holder_id"], back["share"]) == ("410****1234", 0.5)


def test_the_same_store_gives_the_same_bytes_and_every_statement_an_id_of_its_own(district: Case, tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        bods.write(district, tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    made = bods.statements(district)
    assert len({each["statementId"] for each in made}) == len({each["recordId"] for each in made}) == len(made)


def test_only_what_stands_above_the_institution_is_exported(district: Case) -> None:
    made = bods.statements(open_case("P", "2018-09-30", district.store.path))
    assert {each["recordId"] for each in made if each["recordType"] == "entity"} == {"P", "A", "G", "U", "H5:nomination"}
    assert "H8" not in {each["recordId"] for each in made}


def test_an_institutions_id_stands_for_its_company(make_case: MakeCase) -> None:
    holdings = [{"holding_id": "H", "holder_id": "Z", "held_id": "JG", "share": 0.5}]
    case = make_case("JG", institutions=[{"institution_id": "JG", "name": "某网贷", "party_id": "P"}], holdings=holdings)
    assert [each["recordId"] for each in bods.statements(case)] == ["JG", "Z", "H"]


def test_a_share_that_is_none_is_said_in_words(make_case: MakeCase) -> None:
    made = bods.statements(make_case(None, holdings=[{"holding_id": "H", "holder_id": "Z", "held_id": "P", "share": 1.2}]))
    (interest,) = made[-1]["recordDetails"]["interests"]
    assert "share" not in interest
    assert "1.2" in interest["details"]
    assert faults(made) == []


@pytest.mark.parametrize(("name", "words"), [("there.json", "已存在"), ("x.csv", ".jsonl")])
def test_a_file_that_is_there_or_of_another_kind_is_refused(district: Case, tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "there.json").write_text("mine")
    with pytest.raises(BadParameter, match=words):
        bods.write(district, tmp_path / name)
    assert (tmp_path / "there.json").read_text() == "mine"


def test_nothing_to_tell_of_is_said(make_case: MakeCase, tmp_path: Path) -> None:
    with pytest.raises(DataGap, match="没有可导出的持股"):
        bods.write(make_case("P", parties=PARTIES), tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


def test_the_command_writes_the_file_and_says_how_much(
    district: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--to", str(tmp_path / "x.json"), "--store", str(district.store.path)]
    assert cli.main(["export", "bods", "P", "--all", *asked]) == 2
    assert cli.main(["export", "bods", *asked]) == 2
    capsys.readouterr()
    assert cli.main(["export", "bods", "--all", *asked]) == 0
    assert "自然人 2" in capsys.readouterr().out
    assert cli.main(["export", "bods", "--all", *asked]) == 2
