"""Changes between two days: holdings, offices, controllers and beneficial owners, each on its day."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from lib import BadParameter, Case, graph
from lib.draw import columns
from lib.ownership import history
from tests.ownership_cases import empty_case, held


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def record(holder: str, of: str, share: float | None, since: str | None = None, until: str | None = None) -> dict[str, Any]:
    days = [dt.date.fromisoformat(day) if day else None for day in (since, until)]
    return {"holder_id": holder, "held_id": of, "share": share, "valid_from": days[0], "valid_to": days[1]}


def office(person: str, entity: str, role: str, since: str | None, until: str | None) -> dict[str, Any]:
    days = [dt.date.fromisoformat(day) if day else None for day in (since, until)]
    ids = {"role_id": f"{person}{role}{since}", "person_id": person, "entity_id": entity, "role": role}
    return {**ids, "valid_from": days[0], "valid_to": days[1]}


def told(found: pd.DataFrame, *kinds: str) -> list[tuple[str, str, str, str]]:
    rows = [(str(r.changed_on)[:10], r.change, r.party_id, r.entity_id) for r in found.itertuples()]
    return [row for row in rows if not kinds or row[1].startswith(kinds)]


SALE = [
    record("A", "P", 0.6, None, "2018-03-01"),
    record("A", "P", 0.3, "2018-03-01"),
    record("B", "P", 0.4),
    record("C", "P", 0.3, "2018-03-01"),
]


def test_a_sale_is_a_changed_share_and_a_new_holder_on_its_day(base: Case) -> None:
    found = graph.changes(held(base, "P", SALE), "2018-01-01", "2018-12-31")
    assert told(found, "holding", "share") == [
        ("2018-03-01", "holding_begun", "C", "P"),
        ("2018-03-01", "share_changed", "A", "P"),
    ]
    row = found[found["change"] == "share_changed"].iloc[0]
    assert (row["share_before"], row["share_after"]) == (0.6, 0.3)
    assert row["evidence"] == [{"table": "holdings", "id": "H0"}, {"table": "holdings", "id": "H1"}]


def test_control_and_beneficial_ownership_change_on_the_same_day(base: Case) -> None:
    found = graph.changes(held(base, "P", SALE), "2018-01-01", "2018-12-31")
    assert told(found, "controller", "beneficial") == [
        ("2018-03-01", "controller_lost", "A", "P"),
        ("2018-03-01", "beneficial_owner_gained", "C", "P"),  # 30 % and more than 25 %
    ]


def test_the_first_day_is_what_is_compared_with_and_the_last_one_counts(base: Case) -> None:
    case = held(base, "P", SALE)
    assert told(graph.changes(case, "2018-03-01", "2018-12-31")) == []
    assert len(graph.changes(case, "2018-02-28", "2018-03-01")) == 4
    assert told(graph.changes(case, "2018-01-01", "2018-02-28")) == []


def test_a_record_that_goes_on_in_another_is_no_change(base: Case) -> None:
    rows = [record("A", "P", 0.6, None, "2018-03-01"), record("A", "P", 0.2, "2018-03-01"), record("A", "P", 0.4, "2018-03-01")]
    assert len(graph.changes(held(base, "P", rows), "2018-01-01", "2018-12-31")) == 0


def test_a_share_that_becomes_unknown_is_a_change(base: Case) -> None:
    rows = [record("A", "P", 0.2, None, "2018-03-01"), record("A", "P", None, "2018-03-01"), record("B", "P", 0.8)]
    found = graph.changes(held(base, "P", rows), "2018-01-01", "2018-12-31")
    assert told(found) == [("2018-03-01", "share_changed", "A", "P")]
    assert pd.isna(found["share_after"].iloc[0])


def test_changes_further_up_count_and_those_of_strangers_do_not(base: Case) -> None:
    rows = [record("K", "P", 1.0), record("A", "K", 1.0, "2018-02-01"), record("A", "Q", 1.0, "2018-02-01")]
    assert told(graph.changes(held(base, "P", rows), "2018-01-01", "2018-12-31"), "holding") == [
        ("2018-02-01", "holding_begun", "A", "K")
    ]


def test_reversed_dates_were_never_a_holding(base: Case) -> None:
    rows = [record("A", "P", 1.0), record("B", "P", 0.1, "2018-05-02", "2018-05-01")]
    assert len(graph.changes(held(base, "P", rows), "2018-01-01", "2018-12-31")) == 0


def test_offices_begin_and_end_and_one_that_is_renewed_does_neither(base: Case) -> None:
    roles = [
        office("L", "P", "legal_representative", None, "2018-04-01"),
        office("M", "P", "legal_representative", "2018-04-01", None),
        office("D", "P", "director", None, "2018-05-01"),
        office("D", "P", "director", "2018-05-01", None),
        office("S", "K", "supervisor", "2018-06-01", None),
        office("T", "Q", "director", "2018-06-01", None),
    ]
    case = held(base, "P", [record("K", "P", 1.0), record("A", "K", 1.0)], roles=roles)
    found = graph.changes(case, "2018-01-01", "2018-12-31")
    assert told(found) == [
        ("2018-04-01", "role_begun", "M", "P"),
        ("2018-04-01", "role_ended", "L", "P"),
        ("2018-06-01", "role_begun", "S", "K"),
    ]
    assert found["state_after"].tolist()[0] == "legal_representative"


def test_a_new_law_makes_beneficial_owners_on_its_day(base: Case) -> None:
    case = held(base, "P", [record(holder, "P", 0.25) for holder in "ABCD"])
    found = graph.changes(case, "2024-10-31", "2024-11-01")
    assert told(found) == [("2024-11-01", "beneficial_owner_gained", holder, "P") for holder in "ABCD"]
    assert set(found["state_after"]) == {"certain"}


def test_an_agreement_that_begins_changes_control_on_its_day(base: Case) -> None:
    link = {"link_id": "L", "a_id": "A", "b_id": "B", "kind": "acting_in_concert", "valid_from": dt.date(2018, 7, 1)}
    rows = [record("A", "P", 0.3), record("B", "P", 0.3), record("C", "P", 0.4)]
    found = graph.changes(held(base, "P", rows, links=[link]), "2018-01-01", "2018-12-31")
    assert told(found, "controller") == [("2018-07-01", "controller_gained", holder, "P") for holder in "AB"]
    assert found["evidence"].iloc[0] == [{"table": "holdings", "id": "H0"}, {"table": "links", "id": "L"}]


def test_where_too_many_days_changed_only_the_ends_are_compared_and_that_is_said(
    base: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_DAYS", 0)
    found = graph.changes(held(base, "P", SALE), "2018-01-01", "2018-12-31")
    assert told(found, "controller") == [("2018-12-31", "controller_lost", "A", "P")]
    assert "1" in found.attrs["notes"][0]


def test_days_that_are_none_or_run_backwards_are_refused(base: Case) -> None:
    case = held(base, "P", SALE)
    with pytest.raises(BadParameter, match=r"from_='x'"):
        graph.changes(case, "x", "2018-01-01")
    with pytest.raises(BadParameter, match="早于"):
        graph.changes(case, "2018-01-02", "2018-01-01")
    with pytest.raises(BadParameter, match="机构"):
        graph.changes(held(base, None, SALE), "2018-01-01", "2018-01-02")


def test_every_kind_of_change_has_its_word() -> None:
    assert all(columns.code_word("change", kind) != kind for kind in history.KINDS)


def test_control_through_a_contract_changes_on_the_day_on_which_its_holder_is_bought(base: Case) -> None:
    holdings = [record("F", "P", 1.0), record("Z", "W", 0.9, "2017-05-01")]
    links = [{"link_id": "L", "a_id": "W", "b_id": "P", "kind": "vie"}]
    found = graph.changes(held(base, "P", holdings, links=links), "2016-01-01", "2018-01-01")
    assert ("2017-05-01", "controller_gained", "Z", "P") in told(found, "controller")


def test_control_changes_with_those_who_hold_a_principal(base: Case) -> None:
    holdings = [{**record("N", "P", 0.8), "nominee_for": "K"}, record("Z", "K", 0.9, "2017-05-01")]
    found = graph.changes(held(base, "P", holdings), "2016-01-01", "2017-10-01")
    assert ("2017-05-01", "controller_gained", "Z", "P") in told(found, "controller")
