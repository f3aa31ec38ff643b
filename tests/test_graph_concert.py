"""Control that no register shows: acting in concert, nominees and contracts, each with the records that prove it."""

from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import Case, graph, open_case
from tests.conftest import write_store
from tests.ownership_cases import DAY, empty_case, held


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def tie(a: str, b: str, kind: str = "acting_in_concert") -> dict[str, Any]:
    return {"link_id": f"{a}{b}", "a_id": a, "b_id": b, "kind": kind}


def rows(found: pd.DataFrame) -> dict[str, tuple[float, bool, list[str]]]:
    return {r.controller_id: (round(r.votes, 9), r.ultimate, r.path) for r in found.itertuples()}


def test_votes_in_concert_are_added_and_the_group_is_named(base: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    found = graph.controllers(held(base, "P", [("A", "P", 0.3), ("B", "P", 0.21), ("C", "P", 0.49)], links=[tie("A", "B")]))
    assert rows(found) == {"A": (0.51, True, ["P", "A"]), "B": (0.51, True, ["P", "B"])}  # 0.30 + 0.21
    assert found["acting_in_concert"].tolist() == [["A", "B"], ["A", "B"]]
    assert found["direct_votes"].tolist() == [0.3, 0.21]
    assert all("acting in concert" in basis for basis in found["basis"])


def test_a_group_with_exactly_one_half_controls_nothing(base: Case) -> None:
    case = held(base, "P", [("A", "P", 0.3), ("B", "P", 0.2), ("C", "P", 0.5)], links=[tie("A", "B")])
    assert len(graph.controllers(case)) == 0


def test_agreements_join_a_chain_of_parties_to_one_group(base: Case) -> None:
    case = held(base, "P", [("A", "P", 0.2), ("B", "P", 0.2), ("C", "P", 0.2)], links=[tie("A", "B"), tie("C", "B")])
    assert graph.controllers(case)["acting_in_concert"].tolist() == [["A", "B", "C"]] * 3


def test_a_group_commands_what_its_members_control_together(base: Case) -> None:
    # A and B have 30 % of K each: together they command K's 60 % of P, nobody does alone.
    case = held(base, "P", [("A", "K", 0.3), ("B", "K", 0.3), ("K", "P", 0.6)], links=[tie("A", "B")])
    found = graph.controllers(case)
    assert rows(found) == {"A": (0.6, True, ["P", "K", "A"]), "B": (0.6, True, ["P", "K", "B"]), "K": (0.6, False, ["P", "K"])}
    assert dict(zip(found["controller_id"], found["acting_in_concert"], strict=True))["K"] == []


def test_a_member_that_holds_nothing_is_reached_by_the_agreement(base: Case) -> None:
    found = graph.controllers(held(base, "P", [("A", "P", 0.3), ("B", "P", 0.3)], links=[tie("A", "B"), tie("B", "Q")]))
    row = found[found["controller_id"] == "Q"].iloc[0]
    assert (row["path"], row["direct_votes"]) == (["P", "B", "Q"], 0.0)
    assert [item["id"] for item in row["evidence"]] == ["H1", "BQ", "AB"]  # its chain, then the other agreements of the group


def test_where_one_member_controls_alone_its_partner_does_not(base: Case) -> None:
    found = graph.controllers(held(base, "P", [("A", "P", 0.6), ("B", "P", 0.1)], links=[tie("A", "B")]))
    assert rows(found) == {"A": (0.7, True, ["P", "A"])}  # the group's votes; A's 60 % are enough
    assert found["acting_in_concert"].tolist() == [["A", "B"]]


def test_who_controls_a_member_stands_behind_the_group(base: Case) -> None:
    case = held(base, "P", [("K", "P", 0.3), ("Z", "K", 0.8), ("B", "P", 0.3)], links=[tie("K", "B")])
    assert rows(graph.controllers(case)) == {
        "B": (0.6, True, ["P", "B"]),
        "Z": (0.6, True, ["P", "K", "Z"]),
        "K": (0.6, False, ["P", "K"]),
    }


def test_partners_of_the_institution_itself_do_not_control_it_for_that(base: Case) -> None:
    case = held(base, "P", [("A", "P", 0.4), ("P", "K", 0.6), ("X", "K", 0.3)], links=[tie("P", "X")])
    assert len(graph.controllers(case)) == 0


def test_a_holding_for_somebody_is_the_principals_and_the_nominee_stands_between(base: Case) -> None:
    holdings = [
        {"holder_id": "N", "held_id": "P", "share": 0.6, "nominee_for": "Q"},
        {"holder_id": "M", "held_id": "P", "share": 0.4, "nominee_for": None},
    ]
    found = graph.controllers(held(base, "P", holdings, {"Q": "person"}))
    assert rows(found) == {"Q": (0.6, True, ["P", "N", "Q"])}
    assert found["basis"].tolist() == ["直接持有过半数表决权; 经代持"]
    assert found["evidence"].iloc[0] == [{"table": "holdings", "id": "H0"}]


def test_a_nominee_of_a_link_is_commanded_by_its_principal(base: Case) -> None:
    found = graph.controllers(held(base, "P", [("N", "P", 0.6)], {"Q": "person"}, links=[tie("N", "Q", "proxy")]))
    assert rows(found) == {"Q": (0.6, True, ["P", "N", "Q"]), "N": (0.6, False, ["P", "N"])}


def test_control_by_contract_needs_no_vote(base: Case) -> None:
    # F holds all of P; W controls P by contract, and Z controls W.
    case = held(base, "P", [("F", "P", 1.0), ("Z", "W", 0.9)], links=[tie("W", "P", "vie")])
    found = graph.controllers(case)
    assert rows(found) == {"F": (1.0, True, ["P", "F"]), "Z": (0.0, True, ["P", "W", "Z"]), "W": (0.0, False, ["P", "W"])}
    assert dict(zip(found["controller_id"], found["basis"], strict=True))["Z"] == "经协议控制"


def test_an_agreement_that_has_ended_joins_nobody(base: Case) -> None:
    links = [{**tie("A", "B"), "valid_to": DAY}]
    assert len(graph.controllers(held(base, "P", [("A", "P", 0.3), ("B", "P", 0.3)], links=links))) == 0


def test_each_step_of_a_chain_walks_back_to_file_and_line(tmp_path: Path) -> None:
    sources = [{"source_id": "S1", "name": "股东.csv"}, {"source_id": "S2", "name": "协议.zip", "member": "一致.csv"}]
    holdings = [
        {"holding_id": "1", "holder_id": "A", "held_id": "P", "share": 0.3, "source_id": "S1", "line": 2},
        {"holding_id": "2", "holder_id": "B", "held_id": "P", "share": 0.3, "source_id": "S1", "line": 3},
    ]
    links = [{**tie("A", "C"), "link_id": "1", "source_id": "S2", "line": 7}, {**tie("A", "B"), "link_id": "2"}]
    parties = [{"party_id": p, "kind": "company" if p == "P" else "person"} for p in "ABCP"]
    store = write_store(tmp_path / "s.duckdb", {"sources": sources, "holdings": holdings, "links": links, "parties": parties})
    case = open_case("P", DAY, store)
    found = graph.controllers(case).set_index("controller_id")
    # ids are those of a table: a holding and a link are both "1"; of the link "2" no file is known
    assert found.loc["C", "sources"] == ["股东.csv:2", "协议.zip » 一致.csv:7"]


PARTIES = "ABCDEP"


def brute_force(edges: dict[tuple[str, str], float], concert: list[tuple[str, str]]) -> set[str]:
    """Who controls P alone, or as a member of a group of which no member does alone."""

    def reach(heads: set[str]) -> set[str]:
        commands = set(heads)
        while more := {p for p in PARTIES if p not in commands and sum(edges.get((h, p), 0) for h in commands) > 0.5 + 1e-9}:
            commands |= more
        return commands

    group: dict[str, set[str]] = {p: {p} for p in PARTIES}
    for a, b in concert:
        joined = group[a] | group[b]
        for p in joined:
            group[p] = joined
    own = {p: reach({p}) - {p} for p in PARTIES}
    alone = {p for p in PARTIES if p != "P" and "P" in own[p]}
    found = set(alone)
    for members in group.values():
        if "P" not in members and len(members) > 1 and not members & alone and "P" in reach(members):
            found |= members | {p for p in PARTIES if p not in members and p != "P" and own[p] & members}
    return found


@given(
    st.dictionaries(st.tuples(st.sampled_from(PARTIES), st.sampled_from(PARTIES)), st.integers(1, 6), max_size=14),
    st.lists(st.sampled_from(list(combinations(PARTIES, 2))), min_size=1, max_size=2),
)
def test_controllers_in_concert_are_those_of_the_definition(
    base: Case, drawn: dict[tuple[str, str], int], concert: list[tuple[str, str]]
) -> None:
    total: dict[str, int] = defaultdict(int)
    for (_, of), weight in drawn.items():
        total[of] += weight
    edges = {pair: weight / max(10, total[pair[1]]) for pair, weight in drawn.items()}
    links = [tie(a, b) for a, b in dict.fromkeys(concert)]
    found = graph.controllers(held(base, "P", [(*pair, share) for pair, share in edges.items()], links=links))
    assert set(found["controller_id"]) == brute_force(edges, concert)


def test_a_group_that_controls_a_member_of_another_group_is_behind_it(base: Case) -> None:
    edges = [("K", "P", 0.3), ("B", "P", 0.3), ("C", "K", 0.3), ("D", "K", 0.3)]
    found = graph.controllers(held(base, "P", edges, links=[tie("K", "B"), tie("C", "D")]))
    assert rows(found) == {
        **{"B": (0.6, True, ["P", "B"]), "C": (0.6, True, ["P", "K", "C"])},
        **{"D": (0.6, True, ["P", "K", "D"]), "K": (0.6, False, ["P", "K"])},
    }
    groups = dict(zip(found["controller_id"], found["acting_in_concert"], strict=True))
    assert groups == {"B": ["B", "K"], "C": ["C", "D"], "D": ["C", "D"], "K": ["B", "K"]}
    proved = {item["id"] for item in found.set_index("controller_id").loc["C", "evidence"]}
    assert {"KB", "CD", "H0", "H2"} <= proved


def test_control_by_contract_shows_the_contract_and_not_a_small_holding(base: Case) -> None:
    found = graph.controllers(held(base, "P", [("A", "K", 0.6), ("A", "P", 0.3)], links=[tie("K", "P", "vie")]))
    assert rows(found)["A"][2] == ["P", "K", "A"]
    assert all(found["basis"])


def test_a_holder_that_is_commanded_through_the_target_alone_proves_nothing(base: Case) -> None:
    found = graph.controllers(held(base, "K", [("C", "K", 0.1)], links=[tie("A", "K", "vie"), tie("K", "C", "vie")]))
    assert rows(found)["A"][2] == ["K", "A"]
    assert [item["id"] for item in found.set_index("controller_id").loc["A", "evidence"]] == ["AK"]


def test_the_evidence_of_control_names_every_holding_that_is_counted(base: Case) -> None:
    found = graph.controllers(held(base, "P", [("A", "P", 0.1), ("K", "P", 0.45), ("A", "K", 0.6)]))
    assert rows(found) == {"A": (0.55, True, ["P", "A"])}
    assert [item["id"] for item in found["evidence"][0]] == ["H0", "H1", "H2"]  # 0.1 and, through K, 0.45


def test_what_joint_controllers_hold_together_is_related_though_they_are_directors_too(base: Case) -> None:
    edges = [("A", "K", 0.3), ("B", "K", 0.3), ("K", "P", 0.6), ("A", "M", 0.3), ("B", "M", 0.3)]
    roles = [{"role_id": f"R{p}", "person_id": p, "entity_id": "P", "role": "director"} for p in "AB"]
    found = graph.related(held(base, "P", edges, links=[tie("A", "B")], roles=roles))
    assert dict(zip(found["party_id"], found["reason"], strict=True))["M"] == "same_controller"


def test_a_partner_in_concert_of_a_controller_is_related_before_what_it_holds(base: Case) -> None:
    found = graph.related(held(base, "P", [("B", "P", 0.6), ("A", "M", 0.6)], links=[tie("A", "B")]))
    assert {r.party_id: (r.reason, r.path) for r in found.itertuples()} == {
        "A": ("acting_in_concert", ["P", "B", "A"]),
        "B": ("controller", ["P", "B"]),
        "M": ("controlled", ["P", "B", "A", "M"]),
    }
