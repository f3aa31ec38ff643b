"""Bounds of look-through shares, against brute force: every completion of what is open lies between them."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lib import Case, DataGap, graph
from tests.ownership_cases import dense_shares, empty_case, held
from tests.trials import trials

COMPANIES, PERSONS = "KLMP", "xyz"
Pair = tuple[str, str]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def bounds(case: Case) -> dict[str, tuple[float, float, float]]:
    found = graph.owners(case, min_share=0)
    return {r.holder_id: (r.share_low, r.share, r.share_high) for r in found.itertuples()}


def test_an_excess_may_be_anybodys(base: Case) -> None:
    # 120 %: A has 80 % if B's 40 % are 20 % too many, 60 % if A's are.
    found = bounds(held(base, "P", [("A", "P", 0.8), ("B", "P", 0.4)]))
    assert found["A"] == pytest.approx((0.6, 0.8, 0.8))
    assert found["B"] == pytest.approx((0.2, 0.4, 0.4))


def test_an_excess_further_up_widens_what_goes_through_it(base: Case) -> None:
    found = bounds(held(base, "P", [("K", "P", 0.5), ("Z", "P", 0.5), ("A", "K", 0.9), ("B", "K", 0.3)], {"K": "company"}))
    assert found["A"] == pytest.approx((0.35, 0.45, 0.45))  # 0.5 × (0.9 − 0.2) and 0.5 × 0.9
    assert found["Z"] == pytest.approx((0.5, 0.5, 0.5))


def test_a_share_above_one_from_doubled_records_stays_and_its_upper_bound_is_one(base: Case) -> None:
    assert bounds(held(base, "P", [("A", "P", 0.7), ("A", "P", 0.7)]))["A"] == pytest.approx((1.0, 1.4, 1.0))


def test_a_range_with_the_rest_known_is_as_wide_as_what_is_open(base: Case) -> None:
    rows: list[Any] = [
        {"holder_id": "A", "held_id": "P", "share": None, "share_low": 0.2, "share_high": 0.3},
        {"holder_id": "B", "held_id": "P", "share": 0.7, "share_low": None, "share_high": None},
    ]
    assert bounds(held(base, "P", rows))["A"] == pytest.approx((0.2, 0.2, 0.3))


def test_chains_and_what_loops_add_are_those_of_a_full_search(base: Case) -> None:
    edges = [("A", "P", 0.4), ("B", "P", 0.3), ("A", "B", 0.5), ("B", "A", 0.2), ("x", "A", 0.8), ("x", "B", 0.5)]

    def simple(of: str, seen: tuple[str, ...], share: float) -> list[tuple[tuple[str, ...], float]]:
        steps = [(h, s) for h, held_id, s in edges if held_id == of and h not in seen]
        ahead = [((*seen, h), share * s) for h, s in steps]
        return ahead + [more for path, product in ahead for more in simple(path[-1], path, product)]

    case = held(base, "P", edges)
    found, exact = graph.chains(case, min_share=0), dense_shares(edges, "P")
    listed = {tuple(r.path): r.share for r in found[~found["circular"]].itertuples()}
    assert listed == pytest.approx(dict(simple("P", ("P",), 1.0)))
    rest = dict(zip(found.loc[found["circular"], "holder_id"], found.loc[found["circular"], "share"], strict=True))
    for holder in ("A", "B", "x"):
        chained = sum(share for path, share in listed.items() if path[-1] == holder)
        assert rest.get(holder, 0.0) == pytest.approx(exact[holder] - chained, abs=1e-12)


drawn_registers = st.dictionaries(
    st.tuples(st.sampled_from([*COMPANIES, *PERSONS]), st.sampled_from(list(COMPANIES))),
    st.tuples(st.integers(0, 6), st.sampled_from(["share", "low", "missing"])),
    min_size=1,
    max_size=12,
)


def completed(known: dict[Pair, float], seed: int) -> list[tuple[str, str, float]]:
    """Fill every company up to 1 with holders drawn at random, and take what is above 1 from its records at random."""
    drawing = np.random.default_rng(seed)
    done = dict(known)
    for of in COMPANIES:
        total = sum(share for pair, share in known.items() if pair[1] == of)
        while total > 1 + 1e-12:
            mine = [pair for pair in done if pair[1] == of and done[pair] > 0]
            pair = mine[drawing.integers(len(mine))]
            cut = min(done[pair], (total - 1) * drawing.choice([0.3, 1.0]), total - 1)
            cut = total - 1 if total - 1 < 1e-9 and done[pair] >= total - 1 else cut
            done[pair], total = done[pair] - cut, total - cut
        for holder in drawing.choice([*COMPANIES, *PERSONS, "u", "v"], size=2):
            part = max(0.0, 1 - total) * drawing.choice([0.0, 0.4, 1.0])
            done[holder, of], total = done.get((holder, of), 0.0) + part, total + part
        done["w", of] = max(0.0, 1 - total)
    return [(*pair, share) for pair, share in done.items() if share > 0]


@settings(max_examples=trials(200))
@given(drawn_registers, st.integers(0, 10_000))
def test_every_completion_lies_between_the_bounds(base: Case, drawn: dict[Pair, tuple[int, str]], seed: int) -> None:
    rows, known = [], {}
    for (holder, of), (tenths, how) in drawn.items():
        share = tenths / 10
        given_as = {"share": (share, None), "low": (None, share), "missing": (None, None)}[how]
        rows.append({"holder_id": holder, "held_id": of, "share": given_as[0], "share_low": given_as[1]})
        known[holder, of] = 0.0 if how == "missing" else share
    kinds = {p: "person" if p in PERSONS else "company" for p in [*COMPANIES, *PERSONS]}
    try:
        found = bounds(held(base, "P", rows, kinds))
    except DataGap:  # shares over 100 % in a loop: no solution, and none is made up
        return
    edges = completed(known, seed)
    ids = sorted({p for edge in edges for p in edge[:2]})
    direct = np.zeros((len(ids), len(ids)))
    for holder, of, share in edges:
        direct[ids.index(holder), ids.index(of)] += share
    assume("P" in ids and abs(np.linalg.det(np.eye(len(ids)) - direct)) > 1e-6)  # closed loops have a limit of their own
    exact = dense_shares(edges, "P")
    for holder, (low, _, high) in found.items():
        assert low - 1e-9 <= exact.get(holder, 0.0) <= high + 1e-9, holder


@settings(max_examples=trials(40))
@given(drawn_registers, st.integers(0, 10_000))
def test_completions_confirm_the_certain_beneficial_owners_and_find_none_that_was_not_possible(
    base: Case, drawn: dict[Pair, tuple[int, str]], seed: int
) -> None:
    totals = {c: sum(tenths for (_, of), (tenths, _) in drawn.items() if of == c) for c in COMPANIES}
    known = {pair: tenths / max(10, totals[pair[1]]) for pair, (tenths, how) in drawn.items() if how != "missing" and tenths}
    kinds: dict[str, str | None] = {p: "person" if p in [*PERSONS, "u", "v", "w"] else "company" for p in "KLMPxyzuvw"}
    day = replace(base, as_of=dt.date(2024, 11, 1))
    before = held(day, "P", [(*pair, share) for pair, share in known.items()], kinds)
    after = held(day, "P", completed(known, seed), kinds)
    found, exact = (graph.beneficial_owners(c).set_index("party_id")["certainty"] for c in (before, after))
    certain = set(found[found == "certain"].index)
    above = set(graph.owners(before, min_share=0)["holder_id"]) & set(PERSONS)
    assert certain <= set(exact[exact == "certain"].index)
    assert set(exact[exact == "certain"].index) & above <= set(found[found.isin(["certain", "possible"])].index)
