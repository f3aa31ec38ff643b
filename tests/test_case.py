"""A Case: found by id before name, by exact name only, as of a day that is said."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from lib import BadParameter, Case, DataGap, open_case
from tests.conftest import MakeStore

MakeCase = Callable[..., Case]

DISTRICT: dict[str, list[dict[str, Any]]] = {
    "institutions": [
        {"institution_id": "JG-1", "name": "金水贷", "party_id": "C1"},
        {"institution_id": "JG-2", "name": "中原汇"},
    ],
    "parties": [
        {"party_id": "C1", "kind": "company", "name": "金水信息服务有限公司"},
        {"party_id": "C2", "kind": "company", "name": "金水投资有限公司"},
        {"party_id": "P1", "kind": "person", "name": "张三"},
        {"party_id": "P2", "kind": "person", "name": "张三"},
        {"party_id": "P3", "kind": "person", "name": "JG-1"},
        {"party_id": "P4", "kind": "person"},
    ],
}


def ids(case: Case) -> tuple[str | None, str | None]:
    return case.institution_id, case.party_id


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("JG-1", ("JG-1", "C1")),  # an institution's id comes before a party of that name
        ("金水贷", ("JG-1", "C1")),
        ("C1", ("JG-1", "C1")),
        ("金水信息服务有限公司", ("JG-1", "C1")),
        ("JG-2", ("JG-2", "JG-2")),  # without an operating company of its own
        ("C2", (None, "C2")),
        ("P1", (None, "P1")),
        ("P4", (None, "P4")),
    ],
)
def test_a_case_is_found_by_id_or_exact_name(make_case: MakeCase, asked: str, found: tuple[str | None, str]) -> None:
    assert ids(make_case(asked, **DISTRICT)) == found


def test_a_party_without_a_name_is_called_by_its_id(make_case: MakeCase) -> None:
    assert make_case("P4", **DISTRICT).name == "P4"


def test_a_name_that_several_bear_is_an_error_that_lists_their_ids(make_case: MakeCase) -> None:
    with pytest.raises(BadParameter) as refused:
        make_case("张三", **DISTRICT)
    for text in (refused.value.zh, refused.value.en):
        assert "P1" in text
        assert "P2" in text


@pytest.mark.parametrize("asked", ["金水", "金水投资", "金水投资有限公司郑州分公司"])
def test_an_unknown_name_is_an_error_with_similar_ones(make_case: MakeCase, asked: str) -> None:
    with pytest.raises(BadParameter) as refused:
        make_case(asked, **DISTRICT)
    assert asked in str(refused.value)
    assert "金水投资有限公司" in refused.value.zh
    assert "金水投资有限公司" in refused.value.en


def test_similar_names_never_name_persons(make_case: MakeCase) -> None:
    with pytest.raises(BadParameter) as refused:
        make_case("张三丰", **DISTRICT)
    assert "相近" not in refused.value.zh


@pytest.mark.parametrize("asked", ["", " 金水贷", "金水贷 ", "jg-1", "%", "JG_1", "' or 1=1 --"])
def test_only_the_exact_name_opens_a_case(make_case: MakeCase, asked: str) -> None:
    with pytest.raises(BadParameter):
        make_case(asked, **DISTRICT)


def test_without_an_institution_the_case_is_the_district(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(**DISTRICT)
    assert case.is_district
    assert ids(case) == (None, None)
    assert case.name == "全区"
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert open_case(None, case.as_of, case.store.path).name == "Whole district"


def test_the_day_is_the_last_that_the_data_covers_unless_one_is_asked(make_store: MakeStore) -> None:
    path = make_store(
        parties=[{"party_id": "C1"}],
        loans=[{"loan_id": "L", "signed_on": dt.date(2018, 9, 1)}],
        flows=[{"flow_id": "F", "at": dt.datetime(2018, 9, 30, 23, 0)}],
        holdings=[{"holding_id": "H", "valid_from": dt.date(2016, 1, 1), "valid_to": dt.date(2099, 1, 1)}],
    )
    assert open_case("C1", store=path).as_of == dt.date(2018, 9, 30)
    for asked in ("2017-01-02", dt.date(2017, 1, 2), dt.datetime(2017, 1, 2, 12)):
        assert open_case("C1", asked, path).as_of == dt.date(2017, 1, 2)


@pytest.mark.parametrize("asked", ["2018-02-30", "30.9.2018", "yesterday", "", 20180930])
def test_a_day_that_is_none_is_an_error_that_shows_how_to_write_it(make_store: MakeStore, asked: Any) -> None:
    with pytest.raises(BadParameter) as refused:
        open_case("C1", asked, make_store(parties=[{"party_id": "C1"}]))
    assert repr(asked) in refused.value.zh
    assert "YYYY-MM-DD" in refused.value.zh
    assert "YYYY-MM-DD" in refused.value.en


def test_data_without_a_date_needs_a_day(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "C1"}])
    with pytest.raises(DataGap, match="as_of"):
        open_case("C1", store=path)
    assert open_case("C1", "2018-09-30", path).as_of == dt.date(2018, 9, 30)


def test_a_case_shows_the_day_what_is_held_and_what_is_missing(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case("JG-1", **DISTRICT)
    assert repr(case).splitlines()[:2] == ["金水贷 · 基准日 2018-09-30", "已有数据: 机构 2、主体 6"]
    assert "银行流水" in repr(case).splitlines()[2]
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert repr(case).splitlines()[:2] == ["金水贷 · as of 2018-09-30", "Held: institutions 2, parties 6"]
    assert "flows" in repr(case).splitlines()[2]


def test_a_name_is_never_markup(make_case: MakeCase) -> None:
    case = make_case("C9", parties=[{"party_id": "C9", "name": "<script>alert(1)</script>"}])
    assert "<script>" not in case._repr_html_()
    assert "&lt;script&gt;" in case._repr_html_()


def test_queries_of_a_case_know_its_day(make_case: MakeCase) -> None:
    case = make_case(**DISTRICT)
    assert case.arrow("select $as_of as day_on").to_pylist() == [{"day_on": dt.date(2018, 9, 30)}]
    assert case.arrow("select count(*) as n from parties where kind = $kind", kind="person").to_pylist() == [{"n": 4}]
    assert len(case.sql("select * from parties")) == 6


def test_the_store_is_found_where_the_project_lies(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    path = make_store(**DISTRICT)
    monkeypatch.setenv("LOOKTHROUGH_STORE", str(path))
    assert open_case("JG-1", "2018-09-30").store.path == path
    monkeypatch.delenv("LOOKTHROUGH_STORE")
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path))
    (tmp_path / "data" / "curated").mkdir(parents=True)
    path.rename(tmp_path / "data" / "curated" / "inspection.duckdb")
    assert ids(open_case("JG-1", "2018-09-30")) == ("JG-1", "C1")
