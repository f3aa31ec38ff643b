"""Controllers and related parties: who commands the votes, and who belongs to whom."""

import datetime as dt
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import Case, graph
from lib.words import has_word
from tests.ownership_cases import Holding, empty_case, held
from tests.trials import trials


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def heads(case: Case) -> dict[str, tuple[float, bool]]:
    found = graph.controllers(case)
    return {r.controller_id: (round(r.votes, 9), r.ultimate) for r in found.itertuples()}


# Source: shared rules/tests.yaml, block `ownership`: A commands 0.25 + 0.3 of P's votes, since it controls B.
def test_the_votes_of_what_one_controls_count_as_published(base: Case) -> None:
    found = graph.controllers(held(base, "P", [("A", "B", 0.6), ("B", "P", 0.3), ("A", "P", 0.25)]))
    assert found["controller_id"].tolist() == ["A"]
    assert found["votes"].iloc[0] == pytest.approx(0.55)
    assert found["direct_votes"].iloc[0] == pytest.approx(0.25)
    columns = ["controller_id", "name", "kind", "votes", "direct_votes", "ultimate", "layers", "path", "basis"]
    assert list(found.columns) == [*columns, "acting_in_concert", "evidence", "sources"]


def test_control_goes_through_layers_though_the_share_is_small(base: Case) -> None:
    case = held(base, "P", [("Z", "A", 0.6), ("A", "B", 0.6), ("B", "P", 0.6)])  # Z has 21.6 % of the capital
    assert heads(case) == {"Z": (0.6, True), "A": (0.6, False), "B": (0.6, False)}
    found = graph.controllers(case)
    assert found["path"].iloc[0] == ["P", "B", "A", "Z"]
    assert found["layers"].tolist() == [3, 1, 2]


def test_exactly_one_half_is_no_majority(base: Case) -> None:
    assert heads(held(base, "P", [("A", "P", 0.5), ("B", "P", 0.5)])) == {}
    assert heads(held(base, "P", [("A", "K", 1.0), ("A", "P", 0.1), ("K", "P", 0.2), ("K", "P", 0.2)])) == {}


def test_votes_go_before_shares(base: Case) -> None:
    rows = [
        {"holder_id": "A", "held_id": "P", "share": 0.1, "voting_share": 0.51},
        {"holder_id": "B", "held_id": "P", "share": 0.9, "voting_share": 0.49},
    ]
    assert heads(held(base, "P", rows)) == {"A": (0.51, True)}


def test_golden_votes_without_capital_count(base: Case) -> None:
    rows = [{"holder_id": "A", "held_id": "P", "share": 0.0, "voting_share": 0.6}]
    assert heads(held(base, "P", rows)) == {"A": (0.6, True)}


def test_control_in_a_circle_without_a_head_outside_is_stated(base: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    found = graph.controllers(held(base, "P", [("A", "B", 0.6), ("B", "A", 0.6), ("A", "P", 0.7)]))
    assert dict(zip(found["controller_id"], found["ultimate"], strict=True)) == {"A": False, "B": False}
    assert found.attrs["circular_control"] == ["A", "B"]
    assert all("nobody outside" in basis for basis in found["basis"])


def test_the_institution_may_be_in_the_circle_itself(base: Case) -> None:
    found = graph.controllers(held(base, "P", [("A", "P", 0.6), ("P", "A", 0.6)]))
    assert found["controller_id"].tolist() == ["A"]
    assert not found["ultimate"].iloc[0]
    assert found.attrs["circular_control"] == ["A"]


def test_a_head_outside_a_circle_is_found(base: Case) -> None:
    # Z commands A only together with B, which A and Z command: 0.3 + 0.3 of A needs B, 0.6 of B is Z's own.
    case = held(base, "P", [("Z", "B", 0.6), ("A", "B", 0.4), ("B", "A", 0.3), ("Z", "A", 0.3), ("A", "P", 0.9)])
    assert heads(case) == {"Z": (0.9, True), "A": (0.9, False)}


def test_votes_of_the_institution_in_itself_do_not_count(base: Case) -> None:
    assert heads(held(base, "P", [("P", "P", 0.4), ("A", "P", 0.51)])) == {"A": (0.51, True)}
    assert heads(held(base, "P", [("P", "P", 0.6), ("A", "P", 0.4)])) == {}


SHARES = [0.0, 0.2, 0.3, 0.51, 0.6]
PARTIES = "ABCDEP"


def brute_force(edges: dict[tuple[str, str], float], target: str) -> set[str]:
    """Who controls the target, by the definition: add what is commanded until nothing changes."""
    found = set()
    for party in PARTIES:
        commands = {party}
        while more := {p for p in PARTIES if p not in commands and sum(edges.get((h, p), 0) for h in commands) > 0.5 + 1e-9}:
            commands |= more
        if party != target and target in commands:
            found.add(party)
    return found


@settings(max_examples=trials(150), deadline=None)
@given(st.lists(st.sampled_from(SHARES), min_size=36, max_size=36), st.booleans())
def test_controllers_are_those_of_the_definition(base: Case, drawn: list[float], capped: bool) -> None:
    edges = {pair: share for pair, share in zip(product(PARTIES, PARTIES), drawn, strict=True) if share}
    if capped:  # else votes exceed one: contradictory data, to which the definition still answers
        for of in PARTIES:
            total = sum(share for pair, share in edges.items() if pair[1] == of)
            edges = {pair: share / max(1, total) if pair[1] == of else share for pair, share in edges.items()}
    case = held(base, "P", [(*pair, share) for pair, share in edges.items()])
    assert set(graph.controllers(case)["controller_id"]) == brute_force(edges, "P")


# --- related parties --------------------------------------------------------------------------------------------------


def role(person: str, entity: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"role_id": f"{person}{entity}{kind}", "person_id": person, "entity_id": entity, "role": kind, **more}


def kin(a: str, b: str, kind: str = "kin", **more: Any) -> dict[str, Any]:
    return {"link_id": f"{a}{b}", "a_id": a, "b_id": b, "kind": kind, **more}


HOLDINGS: list[Holding] = [
    *(("Z", "K", 0.6), ("K", "P", 0.55), ("F", "P", 0.05), ("G", "P", 0.049), ("V", "W", 0.5), ("W", "P", 0.12)),
    *(("Z", "S1", 0.7), ("S1", "S2", 0.8), ("F", "D1", 0.9), ("P", "D2", 1.0), ("M", "D3", 0.51), ("X", "D9", 1.0)),
]
ROLES = [
    *(role("L", "P", "legal_representative"), role("M", "P", "supervisor"), role("N", "P", "staff")),
    *(role("M", "E1", "director"), role("M", "E2", "supervisor"), role("Q", "E3", "senior_manager")),
    role("O", "P", "director", valid_to=dt.date(2018, 9, 30)),
    role("R", "P", "director", claimed_only=True),
]
LINKS = [kin("Q", "M"), kin("F", "T"), kin("T", "U"), kin("Z", "Y", "guarantee"), kin("Z", "J", valid_to=dt.date(2018, 1, 1))]


@pytest.fixture(scope="module")
def family(base: Case) -> pd.DataFrame:
    roles = [{"claimed_only": None, "valid_to": None, **r} for r in ROLES]
    links = [{"valid_to": None, **r} for r in LINKS]
    return graph.related(held(base, "P", HOLDINGS, roles=roles, links=links)).set_index("party_id")


@pytest.mark.parametrize(
    ("party", "reason", "path"),
    [
        ("K", "controller", "PK"),
        ("Z", "controller", "PKZ"),
        ("F", "holder", "PF"),
        ("W", "holder", "PW"),
        ("V", "holder", "PWV"),  # 0.5 × 0.12 = 6 %
        ("L", "legal_representative", "PL"),
        ("M", "supervisor", "PM"),
        ("Q", "kin", "PMQ"),  # a kin is one whichever way the link is written
        ("T", "kin", "PFT"),
        ("D2", "controlled", ["P", "D2"]),
        ("D1", "controlled", ["P", "F", "D1"]),
        ("D3", "controlled", ["P", "M", "D3"]),
        ("S1", "same_controller", ["P", "K", "Z", "S1"]),
        ("S2", "same_controller", ["P", "K", "Z", "S1", "S2"]),
        ("E1", "officer_of", ["P", "M", "E1"]),
        ("E3", "officer_of", ["P", "M", "Q", "E3"]),
    ],
)
def test_each_related_party_has_its_reason_and_shortest_way(
    family: pd.DataFrame, party: str, reason: str, path: str | list[str]
) -> None:
    assert (family.loc[party, "reason"], family.loc[party, "path"]) == (reason, list(path))
    assert family.loc[party, "layers"] == len(path) - 1
    assert has_word("graph", reason)


@pytest.mark.parametrize(
    ("party", "why"),
    [
        *(
            ("P", "the institution itself"),
            ("G", "holds 4.9 %"),
            ("N", "staff"),
            ("O", "left on the day"),
            ("R", "only a CV says so"),
        ),
        *(("E2", "a supervisor elsewhere"), ("U", "kin of kin"), ("Y", "a guarantee is no kinship"), ("J", "no longer kin")),
        *(("X", "a stranger"), ("D9", "a stranger's company")),
    ],
)
def test_who_is_not_related(family: pd.DataFrame, party: str, why: str) -> None:
    assert party not in family.index, why


def test_what_the_state_controls_is_not_related_for_that_alone(base: Case) -> None:
    # Company Law 2018 art. 216 (4).
    found = graph.related(held(base, "P", [("SASAC", "P", 0.8), ("SASAC", "Q", 0.8)], {"SASAC": "state"}))
    assert found["party_id"].tolist() == ["SASAC"]


def test_who_stands_behind_nominees_and_agreements_is_related_and_so_is_what_they_control(base: Case) -> None:
    # N holds 30 % for Q, B has 25 %; Q and B act in concert: 55 %. Together they have 60 % of E (40 + 20); Q alone all of F;
    # T holds all of G for Q by an agreement. M's 6 % are R's.
    holdings = [
        *(("N", "P", 0.3, "Q"), ("B", "P", 0.25, None), ("M", "P", 0.06, "R"), ("Z", "P", 0.04, None)),
        *(("Q", "E", 0.4, None), ("B", "E", 0.2, None), ("Q", "F", 1.0, None), ("T", "G", 1.0, None)),
    ]
    rows = [{"holder_id": a, "held_id": b, "share": s, "nominee_for": n} for a, b, s, n in holdings]
    people: dict[str, str | None] = dict.fromkeys("QR", "person")
    links = [kin("Q", "B", "acting_in_concert"), kin("T", "Q", "proxy")]
    found = graph.related(held(base, "P", rows, people, links=links))
    assert {r.party_id: (r.reason, "".join(r.path)) for r in found.itertuples()} == {
        "N": ("holder", "PN"),
        "M": ("holder", "PM"),
        "R": ("holder", "PMR"),
        "B": ("controller", "PB"),
        "Q": ("controller", "PNQ"),
        "E": ("same_controller", "PBE"),
        "F": ("same_controller", "PBQF"),  # as short as PNQF: the smaller id goes first
        "T": ("nominee", "PBQT"),
        "G": ("same_controller", "PBQTG"),
    }
    assert all(has_word("graph", reason) for reason in found["reason"])


def test_officers_of_the_institutions_own_id_are_its_officers(base: Case) -> None:
    institutions = [{"institution_id": "I1", "name": "金水贷", "party_id": "P"}]
    case = held(base, "P", [("A", "P", 1.0)], institutions=institutions, roles=[role("L", "I1", "director")])
    assert set(graph.related(case)["party_id"]) == {"A", "L"}


def test_holders_of_unknown_share_are_named_as_possible(base: Case) -> None:
    found = graph.related(held(base, "P", [("A", "P", 0.4), ("Y", "P", None)]))
    assert found["party_id"].tolist() == ["A"]
    assert found.attrs["possible"] == ["Y"]


def test_where_shares_have_no_solution_direct_holdings_still_relate(base: Case) -> None:
    found = graph.related(held(base, "P", [("A", "P", 0.3), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.5)]))
    assert {"A", "B"} <= set(found["party_id"])
    assert "100%" in found.attrs["gap"]


def test_the_related_table_for_rules_is_that_of_each_case_with_itself(base: Case) -> None:
    case = held(base, None, HOLDINGS, roles=[role("L", "P", "director")])
    found = graph.derive_related(case, [("P", None, "P"), ("I9", "I9", None)])
    assert found.schema.names == ["case_id", "party_id", "reason", "layers", "path"]
    rows = found.to_pylist()
    assert {"case_id": "I9", "party_id": "I9", "reason": "self", "layers": 0, "path": ["I9"]} in rows
    own = {r["party_id"] for r in rows if r["case_id"] == "P"}
    alone = graph.related(held(base, "P", HOLDINGS, roles=[role("L", "P", "director")]))
    assert own == {"P", *alone["party_id"]}
