"""Integrated ownership against the formula itself: real registers, drawn registers, and components of every size."""

import random
from collections import defaultdict
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import Case, DataGap, graph
from lib.ownership import blocks
from lib.ownership.register import register_of
from tests.ownership_cases import Edges, dense_shares, empty_case, finbench_case, held
from tests.trials import trials


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


# --- a real register --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finbench(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Edges]:
    return finbench_case(tmp_path_factory.mktemp("finbench"))


@pytest.fixture(scope="module")
def exact(finbench: tuple[Case, Edges]) -> tuple[dict[str, int], npt.NDArray[np.float64]]:
    """Everyone's share in everyone by the formula, with one dense inverse."""
    _, edges = finbench
    at = {p: n for n, p in enumerate(sorted({p for a, b, _ in edges for p in (a, b)}))}
    direct = np.zeros((len(at), len(at)))
    for holder, of, share in edges:
        direct[at[holder], at[of]] += share
    m = np.linalg.inv(np.eye(len(at)) - direct)
    return at, (m - np.eye(len(at))) / np.diag(m)[:, None]


def test_shares_in_all_held_companies_agree_with_a_dense_solve(
    finbench: tuple[Case, Edges], exact: tuple[dict[str, int], npt.NDArray[np.float64]]
) -> None:
    case, edges = finbench
    at, share = exact
    targets = sorted({of for _, of, _ in edges})
    assert len(targets) == 960
    ids, own = sorted(at), []
    for target in targets:
        found = graph.owners(replace(case, party_id=target))
        listed = [at[holder] for holder in found["holder_id"]]
        assert np.abs(share[listed, at[target]] - found["share"].to_numpy()).max() <= 1e-9
        missed = np.flatnonzero(share[:, at[target]] >= 1e-6 + 1e-9).tolist()
        assert {ids[n] for n in missed} - {target} <= set(found["holder_id"])
        assert (found["share"] >= 1e-6).all()
        assert found.loc[found["kind"] == "person", "share"].sum() <= 1 + 1e-9
        assert found.attrs["self_share"] == pytest.approx(share[at[target], at[target]], abs=1e-9)
        own.append(found.attrs["self_share"])
    assert sum(s >= 1e-6 for s in own) == 80  # ../shared/data/README.md


def test_the_register_has_one_component_of_457_companies(finbench: tuple[Case, Edges]) -> None:
    register = register_of(finbench[0])
    sizes = np.bincount(register.group)
    assert sizes[sizes > 1].tolist() == [457]
    assert register.looped[register.group[[register.number(h) for h, of, _ in finbench[1] if h == of]]].all()  # it holds itself


def test_no_chain_search_explodes_in_the_component(finbench: tuple[Case, Edges]) -> None:
    case, edges = finbench
    found = graph.chains(replace(case, party_id=edges[-1][1]), min_share=1e-4)
    owners = graph.owners(replace(case, party_id=edges[-1][1]), min_share=1e-4)
    sums = found.groupby("holder_id")["share"].sum()
    assert sums[owners["holder_id"]].to_numpy() == pytest.approx(owners["share"].to_numpy(), abs=1e-11)


# --- drawn registers --------------------------------------------------------------------------------------------------

COMPANIES, PERSONS = "KLMNP", "xyz"
weights = st.integers(0, 9)
registers = st.dictionaries(
    st.tuples(st.sampled_from([*COMPANIES, *PERSONS]), st.sampled_from(list(COMPANIES))), weights, max_size=20
)


def as_shares(drawn: dict[tuple[str, str], int]) -> Edges:
    """Turn weights into shares that add up to 100 % at the most."""
    total: dict[str, int] = defaultdict(int)
    for (_, of), weight in drawn.items():
        total[of] += weight
    return [(holder, of, weight / max(10, total[of])) for (holder, of), weight in drawn.items() if weight]


def kinds_of(edges: Edges) -> dict[str, str | None]:
    return {p: "person" if p in PERSONS else "company" for edge in edges for p in edge[:2]}


@settings(max_examples=trials(120), deadline=None)
@given(registers)
def test_shares_are_those_of_the_formula_and_lie_in_their_interval(base: Case, drawn: dict[tuple[str, str], int]) -> None:
    edges = as_shares(drawn)
    found = graph.owners(held(base, "P", edges, kinds_of(edges)), min_share=0)
    assert (found["share_low"] == found["share"]).all()
    assert ((found["share"] >= 0) & (found["share"] <= found["share_high"]) & (found["share_high"] <= 1)).all()
    persons = found.loc[found["kind"] == "person", "share"].sum()
    closed = found.attrs.get("closed", [])
    if closed:  # what a closed loop swallows belongs to no person
        assert persons <= 1 + 1e-9
    elif len(found):
        assert persons + found.attrs["unknown"] == pytest.approx(1)
        expected = dense_shares(edges, "P")
        assert found["share"].to_numpy() == pytest.approx([expected[h] for h in found["holder_id"]], abs=1e-12)


@settings(max_examples=trials(60), deadline=None)
@given(registers, st.sampled_from(PERSONS))
def test_the_upper_bound_is_reached_when_all_that_is_unknown_is_one_persons(
    base: Case, drawn: dict[tuple[str, str], int], person: str
) -> None:
    edges = as_shares(drawn)
    kinds = kinds_of(edges)
    before = graph.owners(held(base, "P", edges, kinds), min_share=0)
    if person not in set(before["holder_id"]):
        return
    total = {c: sum(share for _, of, share in edges if of == c) for c in kinds if c in COMPANIES}
    given_away = [(person, c, 1 - held_share) for c, held_share in total.items() if held_share < 1 - 1e-9]
    after = graph.owners(held(base, "P", [*edges, *given_away], kinds), min_share=0).set_index("holder_id")["share"]
    assert after[person] == pytest.approx(before.set_index("holder_id")["share_high"][person], abs=1e-9)


@settings(max_examples=trials(60), deadline=None)
@given(registers, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(base: Case, drawn: dict[tuple[str, str], int], shuffler: random.Random) -> None:
    edges = as_shares(drawn)
    rows = [{"holding_id": f"H{n}", "holder_id": a, "held_id": b, "share": s} for n, (a, b, s) in enumerate(edges)]
    shuffled = rows.copy()
    shuffler.shuffle(shuffled)
    one, other = (graph.owners(held(base, "P", r, kinds_of(edges)), min_share=0) for r in (rows, shuffled))
    assert one.equals(other)


@settings(max_examples=trials(60), deadline=None)
@given(registers, st.integers(0, 30), st.floats(0.1, 0.9))
def test_a_holding_in_two_records_is_the_same_holding(
    base: Case, drawn: dict[tuple[str, str], int], which: int, part: float
) -> None:
    edges = as_shares(drawn)
    if not edges:
        return
    holder, of, share = edges[which % len(edges)]
    split = [e for e in edges if e[:2] != (holder, of)] + [(holder, of, share * part), (holder, of, share * (1 - part))]
    one, other = (
        graph.owners(held(base, "P", e, kinds_of(edges)), min_share=0).set_index("holder_id")["share"] for e in (edges, split)
    )
    assert one.to_dict() == pytest.approx(other.to_dict(), abs=1e-9)


# --- components of every size -----------------------------------------------------------------------------------------


def web(companies: int, seed: int) -> Edges:
    """Draw companies that hold each other, and a person with 10 % of each."""
    drawing = random.Random(seed)
    edges: Edges = []
    for n in range(companies):
        holders = {(n + 1) % companies, *drawing.sample(range(companies), 3)} - {n}
        edges += [(f"C{h:03}", f"C{n:03}", 0.9 / len(holders)) for h in sorted(holders)]
        edges.append((f"x{n:03}", f"C{n:03}", 0.1))
    return edges


@pytest.mark.parametrize(
    ("dense", "factor"), [(3_000, 10_000), (0, 10_000), (0, 0)], ids=["inverted", "factorised", "iterated"]
)
def test_every_way_of_solving_a_component_gives_the_formulas_shares(
    base: Case, monkeypatch: pytest.MonkeyPatch, dense: int, factor: int
) -> None:
    monkeypatch.setattr(blocks, "DENSE_MEMBERS", dense)
    monkeypatch.setattr(blocks, "FACTOR_MEMBERS", factor)
    monkeypatch.setattr(blocks, "EXACT_FROM", 0.0)
    edges = web(80, seed=7)
    expected = dense_shares(edges, "C005")
    found = graph.owners(held(base, "C005", edges), min_share=0)
    assert len(found) == 159
    assert found["share"].to_numpy() == pytest.approx([expected[h] for h in found["holder_id"]], abs=1e-12)
    assert found.attrs["self_share"] == pytest.approx(expected["C005"], abs=1e-12)
    assert 0 <= found.attrs["error_bound"] <= 1e-12
    assert found.attrs["unknown"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("dense", "factor"), [(3_000, 10_000), (0, 10_000), (0, 0)], ids=["inverted", "factorised", "iterated"]
)
def test_every_way_of_solving_a_component_gives_the_same_unknown_part(
    base: Case, monkeypatch: pytest.MonkeyPatch, dense: int, factor: int
) -> None:
    monkeypatch.setattr(blocks, "DENSE_MEMBERS", dense)
    monkeypatch.setattr(blocks, "FACTOR_MEMBERS", factor)
    edges = [e for e in web(40, seed=3) if e[0] not in ("x001", "x002")]  # 10 % of two companies are not known
    unnamed = web(40, seed=3)
    expected = dense_shares(unnamed, "C005")
    found = graph.owners(held(base, "C005", edges))
    assert found.attrs["unknown"] == pytest.approx(expected["x001"] + expected["x002"], abs=1e-9)


def test_in_an_iterated_component_small_members_have_an_interval(base: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "DENSE_MEMBERS", 0)
    monkeypatch.setattr(blocks, "FACTOR_MEMBERS", 0)
    monkeypatch.setattr(blocks, "EXACT_FROM", 0.2)
    edges = web(80, seed=7)
    expected = dense_shares(edges, "C005")
    found = graph.owners(held(base, "C005", edges), min_share=0)
    exact = found["holder_id"].map(expected)
    assert ((found["share_low"] <= exact + 1e-12) & (exact <= found["share"] + 1e-12)).all()
    apart = found["share_low"] < found["share"]
    assert apart.any()
    assert found.loc[~apart, "share"].to_numpy() == pytest.approx(exact[~apart].to_numpy(), abs=1e-12)


def test_members_that_cannot_reach_the_fraction_asked_for_are_not_solved_for_nothing(
    base: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "DENSE_MEMBERS", 0)
    edges = web(80, seed=7)
    expected = dense_shares(edges, "C005")
    case = held(base, "C005", edges)
    some = graph.owners(case, min_share=0.2).set_index("holder_id")["share"]
    assert some.to_dict() == pytest.approx({h: s for h, s in expected.items() if s >= 0.2 and h != "C005"}, abs=1e-12)
    everyone = graph.owners(case, min_share=0).set_index("holder_id")["share"]  # asked again for more, it is worked out
    assert everyone.to_dict() == pytest.approx({h: s for h, s in expected.items() if h != "C005"}, abs=1e-12)


def test_a_ring_of_twelve_thousand_companies_is_solved(base: Case) -> None:
    # Each holds 90 % of the next and a person 10 %: from C0 the walk comes to Cd with 0.9 ** d, and to its person with a tenth
    # of the visits, 0.1 × 0.9 ** d (the ring is so long that coming round again is nothing).
    ring = 12_000
    edges = [(f"C{(n + 1) % ring}", f"C{n}", 0.9) for n in range(ring)] + [(f"x{n}", f"C{n}", 0.1) for n in range(ring)]
    found = graph.owners(held(base, "C0", edges)).set_index("holder_id")["share"]
    assert found[["C1", "C2", "C30"]].to_numpy() == pytest.approx([0.9, 0.81, 0.9**30], abs=1e-12)
    assert found[["x0", "x1", "x50"]].to_numpy() == pytest.approx([0.1, 0.09, 0.1 * 0.9**50], abs=1e-12)


@pytest.mark.parametrize(
    ("dense", "factor"), [(3_000, 10_000), (0, 10_000), (0, 0)], ids=["inverted", "factorised", "iterated"]
)
def test_no_way_of_solving_makes_numbers_of_a_loop_without_solution(
    base: Case, monkeypatch: pytest.MonkeyPatch, dense: int, factor: int
) -> None:
    monkeypatch.setattr(blocks, "DENSE_MEMBERS", dense)
    monkeypatch.setattr(blocks, "FACTOR_MEMBERS", factor)
    with pytest.raises(DataGap, match="A"):
        graph.owners(held(base, "P", [("A", "P", 1.0), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.5)]))
    with pytest.raises(DataGap, match="A"):
        graph.owners(held(base, "P", [("A", "P", 1.0), ("A", "B", 1.0), ("B", "A", 0.9), ("C", "A", 0.9), ("A", "C", 0.9)]))
