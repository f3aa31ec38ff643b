"""The register at once: the same answers as for every single party, and kernels against plain ways of doing the same."""

import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from lib import BadParameter, Case, DataGap, graph
from lib.findings.derived import derived
from lib.kernels import ordering
from lib.kernels import ownership as kernels
from lib.ownership import blocks, everyone
from lib.ownership.agreements import command_on
from lib.ownership.register import NOWHERE, register_of
from tests.ownership_cases import DAY, Edges, dense_shares, empty_case, finbench_case, held
from tests.test_graph_properties import case_of, drawn_holdings, drawn_links, link_rows, records
from tests.trials import trials

Ints = npt.NDArray[np.int64]
PARTIES = [*"KLMNPQ", *"xyz"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def agree(case: Case, least: float, each: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold the register against `owners` and `controllers` of every party, or of each so-many-th; return it."""
    owned, commanded = graph.register(case.store, case.as_of, least)
    by_entity, by_party = (dict(list(made.groupby("entity_id", sort=False))) for made in (owned, commanded))
    unsolved = {}
    for entity in register_of(case).ids.to_pylist()[::each]:
        one = replace(case, party_id=entity)
        try:
            owners = graph.owners(one, least)
        except DataGap as gap:
            unsolved[entity] = str(gap)
        else:
            columns = ["holder_id", "share", "share_low", "share_high", "layers"]
            expected = owners[columns].to_numpy().tolist()
            assert by_entity.get(entity, owned[:0])[columns].to_numpy().tolist() == expected, entity
        columns = ["controller_id", "basis", "path"]
        expected = graph.controllers(one)[columns].to_numpy().tolist()
        assert by_party.get(entity, commanded[:0])[columns].to_numpy().tolist() == expected, entity
    assert {e: gap for e, gap in owned.attrs["unsolved"].items() if each == 1 or e in unsolved} == unsolved
    return owned, commanded


@pytest.mark.parametrize("each", [7, pytest.param(1, marks=pytest.mark.long)])
def test_the_register_of_all_finbench_companies_is_that_of_each(tmp_path: Path, each: int) -> None:
    case, edges = finbench_case(tmp_path)
    owned, _ = agree(case, everyone.LEAST, each)
    assert owned["entity_id"].nunique() <= len({of for _, of, _ in edges}) == 960


shares = st.dictionaries(
    st.tuples(st.sampled_from(PARTIES), st.sampled_from(PARTIES[:6])),
    st.sampled_from([None, 0, 1, 2, 3, 5, 6, 10]),
    max_size=20,
)


@settings(max_examples=trials(60), deadline=None)
@given(shares, st.sampled_from([0.0, 0.05, 0.5]), st.booleans())
def test_the_register_is_the_same_as_asking_for_each_party(
    base: Case, drawn: dict[tuple[str, str], int | None], least: float, capped: bool
) -> None:
    total: dict[str, int] = defaultdict(int)
    for (_, of), tenths in drawn.items():
        total[of] += tenths or 0
    edges = [(a, b, None if t is None else t / max(10, total[b] if capped else 0)) for (a, b), t in drawn.items()]
    agree(held(base, None, edges), least)


@settings(max_examples=trials(30), deadline=None)
@given(drawn_holdings, drawn_links, st.integers(2, 4))
def test_the_same_controllers_are_found_by_one_processor_and_by_several(
    base: Case, drawn: dict[tuple[str, str], tuple[int, str | None]], ties: list[tuple[str, str, str]], hands: int
) -> None:
    case = case_of(base, records(drawn), link_rows(ties))
    alone = everyone.controllers_of_all(command_on(case.store, DAY))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(everyone, "HOLDINGS_A_HAND", 1)
        patch.setattr(os, "cpu_count", lambda: hands)
        assert everyone.controllers_of_all(command_on(case.store, DAY)) == alone


@settings(max_examples=trials(60), deadline=None)
@given(drawn_holdings, drawn_links)
def test_the_register_counts_nominees_concert_and_contracts_as_single_questions_do(
    base: Case, drawn: dict[tuple[str, str], tuple[int, str | None]], ties: list[tuple[str, str, str]]
) -> None:
    agree(case_of(base, records(drawn), link_rows(ties)), everyone.LEAST)


def test_the_register_shows_who_controls_in_concert_and_through_a_nominee(base: Case) -> None:
    holdings = [
        *({"holder_id": h, "held_id": "P", "share": 0.3} for h in "AB"),
        {"holder_id": "N", "held_id": "Q", "share": 0.6, "nominee_for": "C"},
        {"holder_id": "A", "held_id": "R", "share": 0.7},
    ]
    links = [{"link_id": "L", "a_id": "A", "b_id": "B", "kind": "acting_in_concert"}]
    _, found = graph.register(held(base, None, holdings, links=links).store, DAY)
    # 0.3 + 0.3 > 0.5: A and B control P together. R is A's alone, whoever it acts in concert with elsewhere.
    assert found[found["entity_id"] == "P"]["controller_id"].tolist() == ["A", "B"]
    assert found[found["entity_id"] == "Q"]["path"].tolist() == [["Q", "N", "C"]]
    assert found[found["entity_id"] == "R"]["controller_id"].tolist() == ["A"]


@pytest.mark.parametrize(("dense", "factor"), [(0, 10_000), (2, 10_000), (4, 10_000), (0, 2), (0, 0), (2, 2)])
def test_whatever_way_components_are_solved_the_register_has_the_formulas_shares(
    base: Case, monkeypatch: pytest.MonkeyPatch, dense: int, factor: int
) -> None:
    monkeypatch.setattr(blocks, "DENSE_MEMBERS", dense)
    monkeypatch.setattr(blocks, "FACTOR_MEMBERS", factor)
    monkeypatch.setattr(blocks, "EXACT_FROM", 0.0)
    ring = [("B", "A", 0.6), ("C", "B", 0.6), ("A", "C", 0.6), ("x", "A", 0.4), ("y", "B", 0.4), ("w", "C", 0.4)]
    couple = [("E", "D", 0.5), ("D", "E", 0.5), ("z", "D", 0.5), ("x", "E", 0.5)]
    below = [
        ("A", "P", 0.7),
        ("D", "P", 0.3),
        ("C", "Q", 0.5),
        ("x", "Q", 0.2),
        ("P", "Q", 0.3),
        ("D", "R", 0.8),
        ("R", "S", 1.0),
    ]
    edges = [*ring, *couple, *below, ("B", "T", 0.6), ("x", "T", 0.4), ("T", "U", 1.0)]
    owned, _ = agree(held(base, None, edges), 0.0)
    assert owned["entity_id"].nunique() == 11
    for entity, rows in owned.groupby("entity_id"):
        exact = dense_shares(edges, str(entity))
        expected = {holder: share for holder, share in exact.items() if share > 0 and holder != entity}
        assert dict(zip(rows["holder_id"], rows["share"], strict=True)) == pytest.approx(expected, abs=1e-12), entity
    # T is held by B, whom C and then A hold; x holds T itself too. P has two loops above it.
    layers = owned.set_index(["entity_id", "holder_id"])["layers"]
    assert layers["U"].to_dict() == {"T": 1, "B": 2, "x": 2, "C": 3, "y": 3, "A": 4, "w": 4}
    assert layers["P"].to_dict() == {"A": 1, "D": 1, "B": 2, "E": 2, "x": 2, "z": 2, "C": 3, "y": 3, "w": 4}


def test_the_tables_stay_with_the_handle_for_queries(base: Case) -> None:
    case = held(base, None, [("x", "A", 0.7), ("A", "B", 0.8), ("y", "B", 0.04)])
    graph.register(case.store, "2018-09-30")
    assert case.sql(
        "select entity_id, holder_id, round(share, 12) as share, layers from register_owners"
    ).to_numpy().tolist() == [
        ["A", "x", 0.7, 1],
        ["B", "A", 0.8, 1],
        ["B", "x", 0.56, 2],
    ]
    found = case.sql("select entity_id, controller_id, path from register_controllers").to_numpy().tolist()
    assert found == [["A", "x", ["A", "x"]], ["B", "x", ["B", "A", "x"]], ["B", "A", ["B", "A"]]]
    assert case.sql("from register_unsolved").empty


def test_entities_without_a_solution_are_set_apart_with_the_reason(base: Case) -> None:
    case = held(base, None, [("A", "P", 1.0), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.5), ("x", "Q", 0.6)])
    owned, _ = graph.register(case.store, DAY)
    assert set(owned["entity_id"]) == {"Q"}
    assert sorted(owned.attrs["unsolved"]) == ["A", "B", "P"]
    assert all("A" in reason for reason in owned.attrs["unsolved"].values())
    assert case.sql("select entity_id from register_unsolved order by 1")["entity_id"].tolist() == ["A", "B", "P"]


def test_rules_read_the_register_of_the_day_asked(base: Case) -> None:
    case = held(base, "A", [{"holder_id": "x", "held_id": "A", "share": 0.6, "valid_from": DAY}])
    assert derived(case, [], "register_owners", {"min_share": 0.05})["holder_id"].to_pylist() == ["x"]
    assert derived(case, [], "register_controllers", {})["path"].to_pylist() == [["A", "x"]]
    assert derived(case, [], "register_unsolved", {}).num_rows == 0
    before = replace(case, as_of=DAY.replace(day=29))
    assert derived(before, [], "register_owners", {"min_share": 0.05}).num_rows == 0


def test_a_register_of_nothing_is_empty_with_its_columns(base: Case) -> None:
    owned, commanded = graph.register(base.store, DAY)
    assert owned.columns.tolist() == ["entity_id", "holder_id", "share", "share_low", "share_high", "layers"]
    assert commanded.columns.tolist() == ["entity_id", "controller_id", "basis", "path"]
    assert len(owned) == len(commanded) == 0


@pytest.mark.parametrize("wrong", [-0.1, 5])
def test_a_min_share_that_is_no_fraction_is_refused(base: Case, wrong: float) -> None:
    with pytest.raises(BadParameter, match="min_share"):
        graph.register(base.store, DAY, wrong)


def test_chains_of_control_that_nobody_could_list_are_refused(base: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    # 9 companies in a chain: 45 pairs; their ways have 2 parties 9 times, 3 parties 8 times … 10 parties once: 210.
    case = held(base, None, [(f"C{n + 1}", f"C{n}", 1.0) for n in range(9)])
    assert len(graph.register(case.store, DAY)[1]["path"].sum()) == sum((10 - k) * (k + 1) for k in range(1, 10)) == 210
    monkeypatch.setattr(everyone, "MOST_STEPS", 100)
    case.store.memo.clear()
    with pytest.raises(DataGap, match="100"):
        graph.register(case.store, DAY)


# --- kernels ----------------------------------------------------------------------------------------------------------


def ties(n: int, edges: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    """Return the `above` list of (party, holder) pairs."""
    ordered = sorted(edges)
    start = np.searchsorted([a for a, _ in ordered], np.arange(n + 1)) if ordered else np.zeros(n + 1)
    return start.astype(np.int64), np.array([b for _, b in ordered], np.int64)


pairs = st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30)


@settings(max_examples=trials(200), deadline=None)
@given(pairs)
def test_components_are_those_of_scipy_and_the_order_puts_held_before_holders(drawn: set[tuple[int, int]]) -> None:
    start, other = ties(12, list(drawn))
    group, line, looped = ordering.groups(start, other)
    count, expected = connected_components(csr_array((np.ones(len(other)), other, start), (12, 12)), connection="strong")
    assert len(looped) == count
    assert len(set(zip(group.tolist(), expected.tolist(), strict=True))) == count
    assert sorted(line.tolist()) == list(range(12))
    at = {party: place for place, party in enumerate(line.tolist())}
    for party, holder in drawn:
        assert at[party] < at[holder] or group[party] == group[holder]
    for component in range(count):
        members = np.flatnonzero(group == component).tolist()
        assert line[at[members[0]] :][: len(members)].tolist() == members
        assert looped[component] == (len(members) > 1 or (members[0], members[0]) in drawn)


@settings(max_examples=trials(100), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 90)), max_size=150))
def test_holdings_are_sorted_by_held_party_then_holder_and_equal_ones_stay(drawn: list[tuple[int, int]]) -> None:
    held_, holder = (np.array([pair[side] for pair in drawn], np.int64) for side in (0, 1))
    assert ordering.sorted_pairs(held_, holder, 3).tolist() == np.lexsort((holder, held_)).tolist()


@settings(max_examples=trials(100), deadline=None)
@given(pairs, st.integers(0, 11))
def test_everyone_above_is_found_with_layers_and_holdings(drawn: set[tuple[int, int]], first: int) -> None:
    start, other = ties(12, list(drawn))
    found, layers, at_start, near, edge = kernels.all_above(start, other, first, NOWHERE)
    expected = nx.single_source_shortest_path_length(nx.DiGraph([*drawn, (first, first)]), first)
    assert dict(zip(found.tolist(), layers.tolist(), strict=True)) == dict(expected)
    for seat, party in enumerate(found.tolist()):
        at = slice(at_start[seat], at_start[seat + 1])
        assert found[near[at]].tolist() == other[edge[at]].tolist() == sorted(b for a, b in drawn if a == party)


def test_many_parties_above_are_found_though_the_table_grows() -> None:
    # A binary tree upwards: party k is held by 2k + 1 and 2k + 2, in layer log2(k + 1).
    n = 2**15 - 1
    start = np.minimum(2 * np.arange(n + 1), n - 1)
    found, layers, _, near, _ = kernels.all_above(start, np.arange(1, n), 0, NOWHERE)
    assert found.tolist() == list(range(n))
    assert layers.tolist() == [(k + 1).bit_length() - 1 for k in range(n)]
    assert near.tolist() == list(range(1, n))


def web(members: int, inside: float, seed: int) -> Edges:
    """Draw a component in which each company has three holders among the others, and a person the rest."""
    rng = np.random.default_rng(seed)
    edges: Edges = []
    for n in range(members):
        holders = {(n + 1) % members, *rng.integers(0, members, 2).tolist()} - {n}
        edges += [(f"C{h:04}", f"C{n:04}", inside / len(holders)) for h in sorted(holders)]
        edges.append((f"x{n:04}", f"C{n:04}", 1 - inside))
    return edges


@pytest.mark.parametrize("inside", [0.5, 0.9, 0.99])
def test_an_iterated_component_is_within_its_stated_bound_of_the_dense_solve(
    base: Case, monkeypatch: pytest.MonkeyPatch, inside: float
) -> None:
    monkeypatch.setattr(blocks, "DENSE_MEMBERS", 0)
    monkeypatch.setattr(blocks, "FACTOR_MEMBERS", 0)
    edges = web(500, inside, seed=5)
    exact = dense_shares(edges, "C0007")
    found = graph.owners(held(base, "C0007", edges), min_share=0)
    bound = found.attrs["error_bound"]
    assert 0 < bound <= 1e-9
    expected = found["holder_id"].map(exact).to_numpy()
    share, low = found["share"].to_numpy(), found["share_low"].to_numpy()
    settled = low == share
    # beside the bound, both sums have rounded: 500 visits of 1e-16 each at the most
    assert np.abs(share - expected)[settled].max() <= bound + 5e-14 / (1 - inside)
    assert (low <= expected + bound).all()
    assert (expected <= share + bound + 5e-14 / (1 - inside)).all()
    assert settled[share >= blocks.EXACT_FROM].all()


def test_the_members_of_a_factorised_component_that_hand_on_slowly_are_left_to_the_factors(
    base: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "DENSE_MEMBERS", 0)
    monkeypatch.setattr(blocks, "_LAPS", 1)
    edges = web(40, 0.9, seed=6)
    exact = dense_shares(edges, "C0007")
    found = graph.owners(held(base, "C0007", edges), min_share=0)
    assert found["share"].to_numpy() == pytest.approx(found["holder_id"].map(exact).to_numpy(), abs=1e-12)
    assert found.attrs["error_bound"] == 0


def test_a_component_that_never_comes_to_rest_is_given_up() -> None:
    # Two members that hold each other wholly hand the same amount on for ever; at 110 % ever more.
    start, other = np.array([0, 1, 2]), np.array([1, 0])
    for share in (1.0, 1.1):
        _, rest = kernels.circulate(start, other, np.full(2, share), np.array([1.0, 0.0]), 1e-15, 1_000)
        assert rest == np.inf
    # At 50 %: visits to the first are 1 / (1 − 0.25), to the second half of that.
    total, rest = kernels.circulate(start, other, np.full(2, 0.5), np.array([1.0, 0.0]), 1e-15, 1_000)
    assert total.tolist() == pytest.approx([4 / 3, 2 / 3], abs=1e-14)
    assert 0 <= rest <= 2e-15


def plain_fixpoint(votes: dict[tuple[str, str], float], head: str) -> set[str]:
    """Return what a party controls: what it and what it controls have a majority of, until nothing changes."""
    inside = {head}
    while True:
        sums: dict[str, float] = defaultdict(float)
        for (holder, of), share in votes.items():
            sums[of] += share if holder in inside else 0.0
        more = {of for of, total in sums.items() if total > 0.5 + 1e-9} - inside
        if not more:
            return inside - {head}
        inside |= more


@settings(max_examples=trials(60), deadline=None)
@given(shares)
def test_everybodys_controllers_are_those_of_a_plain_fixpoint(base: Case, drawn: dict[tuple[str, str], int | None]) -> None:
    votes = {pair: (tenths or 0) / 10 for pair, tenths in drawn.items()}
    _, found = graph.register(held(base, None, [(a, b, share) for (a, b), share in votes.items()]).store, DAY)
    expected = {(entity, head) for head in PARTIES for entity in plain_fixpoint(votes, head)}
    assert set(zip(found["entity_id"], found["controller_id"], strict=True)) == expected
    assert len(found) == len(expected)
    for entity, head, path in found[["entity_id", "controller_id", "path"]].itertuples(index=False):
        allowed = {head, *plain_fixpoint(votes, head)}
        ways = nx.DiGraph([(b, a) for (a, b), share in votes.items() if share and {a, b} <= allowed])
        assert path == min(nx.all_shortest_paths(ways, entity, head))
