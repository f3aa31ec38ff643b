"""Beneficial owners: which definition holds on which day, its line, what is only possible, and who stands in."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from lib import BadParameter, Case, graph
from lib.draw import tables
from tests.ownership_cases import Holding, empty_case, held

OLD, NEW = dt.date(2024, 10, 31), dt.date(2024, 11, 1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def on(base: Case, day: dt.date, holdings: Iterable[Holding], kinds: Any = None, **more: Any) -> pd.DataFrame:
    return graph.beneficial_owners(held(replace(base, as_of=day), "P", holdings, kinds, **more))


def told(found: pd.DataFrame) -> dict[str, tuple[str, str]]:
    return {r.party_id: (r.reason, r.certainty) for r in found.itertuples()}


def officer(person: str, role: str) -> dict[str, Any]:
    return {"role_id": f"R{person}", "person_id": person, "entity_id": "P", "role": role}


QUARTERS: list[Holding] = [("A", "P", 0.25), ("B", "P", 0.25), ("C", "P", 0.2), ("D", "P", 0.3)]


# Source: shared rules/tests.yaml, block `ownership`, boundary: exactly 25 % is one under the text of 2024, none under No. 235.
@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2017-10-19", set()),
        ("2017-10-20", {"D"}),
        ("2024-10-31", {"D"}),
        ("2024-11-01", {"A", "B", "D"}),
    ],
)
def test_the_line_is_that_of_the_law_in_force(base: Case, day: str, expected: set[str]) -> None:
    found = on(base, dt.date.fromisoformat(day), QUARTERS)
    assert set(found["party_id"]) == expected
    assert set(found["certainty"]) <= {"certain"}


def test_each_row_names_its_law_and_whether_the_text_was_read(base: Case) -> None:
    old, new = on(base, OLD, QUARTERS), on(base, NEW, QUARTERS)
    assert ("235号" in old["law"].iloc[0], old["checked"].iloc[0]) == (True, "memory")
    assert ("令〔2024〕第3号" in new["law"].iloc[0], new["checked"].iloc[0]) == (True, "text")
    assert (old.attrs["line"], old.attrs["inclusive"]) == (0.25, False)
    assert tables.known_caption(new) == "受益所有人"


def test_before_any_definition_nobody_is_guessed(base: Case) -> None:
    found = on(base, dt.date(2016, 1, 1), QUARTERS, roles=[officer("L", "legal_representative")])
    assert len(found) == 0
    assert found.attrs["law"] is None
    assert "2017-10-20" in found.attrs["notes"][0]
    assert list(found.columns) == list(on(base, NEW, QUARTERS).columns)


# Source: shared rules/tests.yaml, block `ownership`, chain: A has 43 % of P (0.25 + 0.6 × 0.3), ubo_2024: true.
def test_a_share_counts_through_all_chains_with_its_records(base: Case) -> None:
    found = on(base, NEW, [("A", "B", 0.6), ("B", "P", 0.3), ("A", "P", 0.25)])
    row = found.iloc[0]
    assert (row["party_id"], row["reason"]) == ("A", "share")
    assert row["share"] == pytest.approx(0.43)
    assert row["votes"] == pytest.approx(0.55)
    assert (row["path"], row["evidence"]) == (["P", "A"], [{"table": "holdings", "id": "H2"}])


def test_an_interval_that_crosses_the_line_is_possible_and_not_certain(base: Case) -> None:
    rows: list[Holding] = [
        {"holder_id": "A", "held_id": "P", "share": None, "share_low": 0.2, "share_high": 0.3},
        {"holder_id": "B", "held_id": "P", "share": 0.7, "share_low": None, "share_high": None},
    ]
    found = on(base, NEW, rows, roles=[officer("L", "legal_representative")])
    assert told(found) == {"B": ("share", "certain"), "A": ("share", "possible")}


def test_a_range_that_ends_on_the_line_is_possible_only_where_the_line_itself_counts(base: Case) -> None:
    rows: list[Holding] = [
        {"holder_id": "A", "held_id": "P", "share": None, "share_low": 0.2},
        {"holder_id": "B", "held_id": "P", "share": 0.75, "share_low": None},
    ]
    assert told(on(base, NEW, rows))["A"] == ("share", "possible")  # at most 0.2 + 0.05
    assert set(told(on(base, OLD, rows))) == {"B"}


def test_votes_count_where_shares_do_not(base: Case) -> None:
    # 0.6 × 0.6 × 0.6 = 21.6 % of the capital, and 60 % of the votes
    edges: list[Holding] = [("Z", "K", 0.6), ("K", "M", 0.6), ("M", "P", 0.6)]
    rest: list[Holding] = [("a", "K", 0.4), ("b", "M", 0.4), ("c", "P", 0.2), ("d", "P", 0.2)]
    for day in (OLD, NEW):
        assert told(on(base, day, [*edges, *rest])) == {"Z": ("votes", "certain")}


def test_votes_that_an_unknown_holder_may_add_are_possible(base: Case) -> None:
    # A has 45 % of K, of which 10 % is unknown: at the most 0.55 × 0.4 = 22 % of P, but then K's 40 % of the votes.
    edges: list[Holding] = [
        ("A", "K", 0.45),
        ("B", "K", 0.45),
        ("K", "P", 0.4),
        ("C", "P", 0.2),
        ("D", "P", 0.2),
        ("E", "P", 0.2),
    ]
    found = on(base, NEW, edges)
    assert told(found) == {"A": ("votes", "possible"), "B": ("votes", "possible")}
    assert found["votes_high"].tolist() == pytest.approx([0.4, 0.4])
    assert found["share_high"].tolist() == pytest.approx([0.22, 0.22])


def test_control_by_contract_is_asked_for_after_shares_under_the_old_text_and_beside_them_under_the_new(base: Case) -> None:
    links = [{"link_id": "V", "a_id": "W", "b_id": "P", "kind": "vie"}]
    edges: list[Holding] = [("F", "P", 1.0), ("Z", "W", 0.9)]
    assert told(on(base, OLD, edges, links=links)) == {"F": ("share", "certain")}
    assert told(on(base, NEW, edges, links=links)) == {"F": ("share", "certain"), "Z": ("control", "certain")}
    small: list[Holding] = [*((f"F{n}", "P", 0.2) for n in range(5)), ("Z", "W", 0.9)]
    assert told(on(base, OLD, small, links=links)) == {"Z": ("control", "certain")}


def test_who_acts_in_concert_has_the_votes_of_the_group(base: Case) -> None:
    links = [{"link_id": "L", "a_id": "A", "b_id": "B", "kind": "acting_in_concert"}]
    edges: list[Holding] = [("A", "P", 0.15), ("B", "P", 0.15), *((f"C{n}", "P", 0.14) for n in range(5))]
    assert told(on(base, OLD, edges, links=links)) == {"A": ("votes", "certain"), "B": ("votes", "certain")}
    assert len(on(base, OLD, edges)) == 0


def test_who_stands_behind_a_nominee_is_the_owner_and_the_nominee_is_not(base: Case) -> None:
    rows: list[Holding] = [
        {"holder_id": "N", "held_id": "P", "share": 0.6, "nominee_for": "Q"},
        {"holder_id": "M", "held_id": "P", "share": 0.4, "nominee_for": None},
    ]
    found = on(base, NEW, rows, {"Q": "person"})
    assert told(found) == {"Q": ("share", "certain"), "M": ("share", "certain")}
    assert found["path"].tolist()[0] == ["P", "N", "Q"]


def test_officers_stand_in_only_where_nobody_is_certain(base: Case) -> None:
    roles = [officer("L", "legal_representative"), officer("M", "senior_manager"), officer("S", "supervisor")]
    fifths: list[Holding] = [(f"F{n}", "P", 0.2) for n in range(5)]
    found = on(base, NEW, fifths, roles=roles)
    assert told(found) == {"L": ("legal_representative", "fallback"), "M": ("senior_manager", "fallback")}
    assert found["evidence"].iloc[0] == [{"table": "roles", "id": "RL"}]
    assert found["share"].isna().all()
    assert told(on(base, NEW, QUARTERS, roles=roles)).keys() == {"A", "B", "D"}
    assert "任职" in on(base, NEW, fifths).attrs["notes"][0]


def test_companies_and_the_state_are_no_beneficial_owners_and_unknown_kinds_only_possible(base: Case) -> None:
    found = on(base, NEW, [("S", "P", 0.5), ("U", "P", 0.5)], {"S": "state", "U": None})
    assert told(found) == {"U": ("share", "possible")}


def test_a_loop_without_solution_leaves_votes_and_says_so(base: Case) -> None:
    edges: list[Holding] = [("A", "P", 1.0), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.6)]
    found = on(base, NEW, edges)
    assert told(found) == {"Z": ("control", "possible")}  # 1.0 + 0.6 of A: one of the records is too high
    assert found["share"].isna().all()
    assert "100%" in found.attrs["notes"][0]


def test_without_any_holding_the_officers_stand_in_and_that_is_said(base: Case) -> None:
    roles = [{**officer("L", "senior_manager"), "entity_id": "Q"}]
    case = held(replace(base, as_of=NEW), "Q", [("A", "P", 1.0)], {"Q": "company"}, roles=roles)
    found = graph.beneficial_owners(case)
    assert told(found) == {"L": ("senior_manager", "fallback")}
    assert "持股记录" in found.attrs["notes"][0]


def test_the_district_has_no_beneficial_owners(base: Case) -> None:
    with pytest.raises(BadParameter, match="机构"):
        graph.beneficial_owners(held(base, None, QUARTERS))


def test_votes_that_may_be_too_high_are_only_possible(base: Case) -> None:
    # 0.3 + 0.9 exceeds 1 by 0.2: A may have 0.1 only, B 0.7 at the least.
    found = on(base, NEW, [("A", "P", 0.3), ("B", "P", 0.9)])
    assert told(found) == {"A": ("share", "possible"), "B": ("share", "certain")}


def test_who_holds_an_unknown_share_of_a_holder_may_command_its_votes(base: Case) -> None:
    kinds = {"X": "person", "Y": "person", "Z": "person"}
    found = on(base, NEW, [("K", "P", 0.3), ("Z", "P", 0.7), ("X", "K", None), ("Y", "K", 0.4)], kinds)
    assert told(found)["X"][1] == "possible"  # of K, 0.6 may be X's, and K has 0.3
    assert found.set_index("party_id").loc["X", "votes_high"] == pytest.approx(0.3)
