"""Owners and chains: shares through all layers, and what is not known of them."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib import BadParameter, Case, DataGap, graph
from lib.ownership import loops, walks
from tests.ownership_cases import empty_case, held

MakeCase = Callable[..., Case]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def shares(case: Case, **settings: Any) -> dict[str, float]:
    found = graph.owners(case, **settings)
    return dict(zip(found["holder_id"], found["share"], strict=True))


def row(found: pd.DataFrame, party: str, key: str = "holder_id") -> pd.Series:
    return found[found[key] == party].iloc[0]


# Source: shared rules/tests.yaml, block `ownership`: chain and cross (the cross values recomputed there from
# y_ij = (M_ij - d_ij) / M_ii, Baldone, Brioschi and Paleari 1998).
CHAIN = [("A", "B", 0.6), ("B", "P", 0.3), ("A", "P", 0.25)]
CROSS = [("X", "B", 0.8), ("C", "B", 0.2), ("B", "C", 0.5), ("Y", "C", 0.5)]


def test_a_share_is_the_sum_of_the_products_along_its_chains(base: Case) -> None:
    assert shares(held(base, "P", CHAIN))["A"] == pytest.approx(0.43, abs=1e-12)  # 0.25 + 0.6 × 0.3


@pytest.mark.parametrize(
    ("holder", "target", "share"),
    [("X", "B", 0.888889), ("Y", "B", 0.111111), ("X", "C", 0.444444), ("Y", "C", 0.555556), ("B", "C", 0.5), ("C", "B", 0.2)],
)
def test_cross_holdings_count_once_as_published(base: Case, holder: str, target: str, share: float) -> None:
    assert shares(held(base, target, CROSS))[holder] == pytest.approx(share, abs=1e-6)


def test_parallel_chains_add_up(base: Case) -> None:
    case = held(base, "P2P", [("A", "P2P", 0.5), ("B", "P2P", 0.5), ("Z", "A", 0.4), ("Z", "B", 0.6)])
    assert shares(case)["Z"] == pytest.approx(0.5)


def test_owners_are_listed_largest_first_and_ties_by_id(base: Case) -> None:
    found = graph.owners(held(base, "P", [("C", "P", 0.2), ("A", "P", 0.2), ("B", "P", 0.6)]))
    assert list(found["holder_id"]) == ["B", "A", "C"]
    columns = ["holder_id", "name", "kind", "direct_share", "share", "share_low", "share_high", "layers"]
    assert list(found.columns) == columns


def test_layers_are_the_fewest_holdings_between(base: Case) -> None:
    found = graph.owners(held(base, "P", [*CHAIN, ("T", "B", 0.4)]))
    assert {h: row(found, h)["layers"] for h in ("A", "B", "T")} == {"A": 1, "B": 1, "T": 2}
    assert row(found, "T")["direct_share"] == 0  # no direct holding: nothing, and not unknown


def test_several_holdings_of_one_pair_add_up(base: Case) -> None:
    assert shares(held(base, "P", [("A", "P", 0.1), ("A", "P", 0.25)])) == {"A": pytest.approx(0.35)}


def test_a_party_that_holds_itself_leaves_its_shares_to_the_others(base: Case) -> None:
    found = graph.owners(held(base, "P", [("P", "P", 0.2), ("A", "P", 0.8)]))
    assert shares(held(base, "P", [("P", "P", 0.2), ("A", "P", 0.8)])) == {"A": pytest.approx(1.0)}  # 0.8 / (1 - 0.2)
    assert found.attrs["self_share"] == pytest.approx(0.2)


def test_min_share_leaves_out_the_small_and_zero_lists_all(base: Case) -> None:
    case = held(base, "P", [("A", "P", 0.9), ("B", "P", 1e-7)])
    assert set(shares(case)) == {"A"}
    assert set(shares(case, min_share=0)) == {"A", "B"}


@pytest.mark.parametrize("wrong", [-0.1, 25, float("nan")])
def test_a_min_share_that_is_no_fraction_is_refused(base: Case, wrong: float) -> None:
    case = held(base, "P", CHAIN)
    for function in (graph.owners, graph.chains, graph.shareholding):
        with pytest.raises(BadParameter, match="min_share="):
            function(case, min_share=wrong)


def test_the_district_has_no_owners(base: Case) -> None:
    case = held(base, None, CHAIN)
    for function in (graph.owners, graph.chains, graph.controllers, graph.related, graph.circular):
        with pytest.raises(BadParameter, match="机构"):
            function(case)


def test_a_party_without_holdings_has_an_empty_frame_of_the_same_columns(base: Case) -> None:
    none, some = held(base, "Q", CHAIN, {"Q": "company"}), held(base, "P", CHAIN)
    for function in (graph.owners, graph.chains, graph.controllers, graph.related, graph.circular):
        assert len(function(none)) == 0
        assert list(function(none).columns) == list(function(some).columns)
    assert list(graph.shareholding(none)) == ["Q"]


def test_a_store_without_any_holding_answers_too(base: Case) -> None:
    assert len(graph.owners(held(base, "Q", [], {"Q": "company"}))) == 0
    assert graph.shareholding(held(base, None, [])).number_of_nodes() == 0


def test_holdings_count_from_their_first_day_until_the_day_they_end(base: Case) -> None:
    rows = [
        {"holder_id": "A", "held_id": "P", "share": 0.5, "valid_from": dt.date(2018, 9, 30), "valid_to": None},
        {"holder_id": "B", "held_id": "P", "share": 0.3, "valid_from": dt.date(2018, 10, 1), "valid_to": None},
        {"holder_id": "C", "held_id": "P", "share": 0.2, "valid_from": None, "valid_to": dt.date(2018, 9, 30)},
        {"holder_id": "D", "held_id": "P", "share": 0.1, "valid_from": None, "valid_to": dt.date(2018, 10, 1)},
    ]
    assert set(shares(held(base, "P", rows))) == {"A", "D"}


def test_before_the_first_record_there_is_nobody(make_case: MakeCase) -> None:
    row = {"holding_id": "1", "holder_id": "A", "held_id": "P", "share": 0.5, "valid_from": "2018-01-01"}
    parties = [{"party_id": "P", "kind": "company"}]
    assert len(graph.owners(make_case("P", "2017-12-31", holdings=[row], parties=parties))) == 0


def test_a_holding_of_the_institutions_id_is_one_of_its_operating_company(make_case: MakeCase) -> None:
    case = make_case(
        "金水贷",
        institutions=[{"institution_id": "I1", "name": "金水贷", "party_id": "P"}],
        parties=[{"party_id": "P", "kind": "company", "name": "金水网络科技有限公司"}],
        holdings=[{"holding_id": "1", "holder_id": "A", "held_id": "I1", "share": 0.5}],
    )
    assert shares(case) == {"A": 0.5}


# --- what is not known ------------------------------------------------------------------------------------------------


def test_an_unknown_share_is_an_interval_and_is_always_listed(base: Case) -> None:
    found = graph.owners(held(base, "P", [("A", "P", 0.4), ("Y", "P", None)]))
    # 60 % are not known: Y may have all of it, A too.
    assert tuple(row(found, "A")[["share", "share_low", "share_high"]]) == pytest.approx((0.4, 0.4, 1.0))
    assert tuple(row(found, "Y")[["share", "share_low", "share_high"]]) == pytest.approx((0.0, 0.0, 0.6))
    assert pd.isna(row(found, "Y")["direct_share"])
    assert found.attrs["unknown"] == pytest.approx(0.6)


def test_what_leads_to_unknown_holders_through_a_holder_does_not_widen_its_own_share(base: Case) -> None:
    # Nobody is recorded above K: its half of P may belong to A, but K has its half whoever is behind it.
    found = graph.owners(held(base, "P", [("A", "P", 0.5), ("K", "P", 0.5)], {"K": "company"}))
    assert tuple(row(found, "A")[["share", "share_high"]]) == pytest.approx((0.5, 1.0))
    assert tuple(row(found, "K")[["share", "share_high"]]) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(("kind", "high"), [("person", 0.5), ("state", 0.5), ("other", 1.0), (None, 1.0), ("fund", 1.0)])
def test_persons_and_the_state_end_a_chain_and_no_other_kind_does(base: Case, kind: str | None, high: float) -> None:
    found = graph.owners(held(base, "P", [("A", "P", 0.5), ("K", "P", 0.5)], {"K": kind}))
    assert row(found, "A")["share_high"] == pytest.approx(high)


def test_a_listed_company_without_recorded_holders_hides_nobody(base: Case) -> None:
    parties = [{"party_id": "P", "kind": "company"}, {"party_id": "K", "kind": "company", "listed": True}]
    parties = [{"listed": None, **p} for p in [*parties, {"party_id": "A", "kind": "person"}]]
    found = graph.owners(held(base, "P", [("A", "P", 0.5), ("K", "P", 0.5)], parties=parties))
    assert row(found, "A")["share_high"] == pytest.approx(0.5)


def test_a_range_counts_with_its_lower_bound(base: Case) -> None:
    rows = [{"holder_id": "A", "held_id": "P", "share": None, "share_low": 0.75, "share_high": 1.0}]
    found = graph.owners(held(base, "P", rows))
    assert tuple(row(found, "A")[["share", "share_low", "share_high"]]) == pytest.approx((0.75, 0.75, 1.0))
    assert pd.isna(row(found, "A")["direct_share"])


def test_sums_that_miss_one_by_rounding_leave_nothing_unknown(base: Case) -> None:
    found = graph.owners(held(base, "P", [("A", "P", 0.1), ("B", "P", 0.2), ("C", "P", 0.7 - 1e-10)]))
    assert found.attrs["unknown"] == 0
    assert (found["share_high"] == found["share"]).all()


@pytest.mark.parametrize("bad", [60.0, -0.1, float("nan"), float("inf")])
def test_a_share_that_is_no_fraction_is_unknown_and_counted(base: Case, bad: float) -> None:
    found = graph.owners(held(base, "P", [("A", "P", bad), ("B", "P", 0.3)]))
    assert pd.isna(row(found, "A")["direct_share"])
    assert tuple(row(found, "A")[["share_low", "share_high"]]) == pytest.approx((0.0, 0.7))
    assert found.attrs["ignored"] == 1


def test_parties_held_for_more_than_100_percent_are_named(base: Case) -> None:
    found = graph.owners(held(base, "P", [("A", "P", 0.8), ("B", "P", 0.4), ("K", "A", 1.0)]))
    assert found.attrs["over_100"] == ["P"]
    assert row(found, "B")["share"] == pytest.approx(0.4)


def test_a_holding_of_nothing_is_none(base: Case) -> None:
    assert set(shares(held(base, "P", [("A", "P", 0.0), ("B", "P", 1.0)]), min_share=0)) == {"B"}


def test_companies_that_own_each_other_entirely_have_the_share_of_their_loop(base: Case) -> None:
    # Nobody outside owns A or B. Whoever comes to A comes to B: both stand behind A's 60 %, and Z has its 40 %.
    case = held(base, "P", [("A", "P", 0.6), ("Z", "P", 0.4), ("A", "B", 1.0), ("B", "A", 1.0)])
    assert shares(case) == {"A": pytest.approx(0.6), "B": pytest.approx(0.6), "Z": pytest.approx(0.4)}
    assert graph.owners(case).attrs["closed"] == [["A", "B"]]


def test_the_share_of_a_closed_loop_is_the_limit_of_loops_that_are_nearly_closed(base: Case) -> None:
    near = [("A", "P", 0.6), ("Z", "P", 0.4), ("A", "B", 1.0 - 1e-6), ("B", "A", 0.5), ("C", "A", 0.5), ("A", "C", 1.0)]
    found = shares(held(base, "P", near))
    assert [found[h] for h in "ABC"] == pytest.approx([0.6] * 3, abs=1e-5)
    closed = shares(held(base, "P", [h if h[:2] != ("A", "B") else ("A", "B", 1.0) for h in near]))
    assert [closed[h] for h in "ABC"] == pytest.approx([0.6] * 3, abs=1e-12)


def test_a_loop_over_100_percent_is_refused_and_named(base: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case = held(base, "P", [("A", "P", 1.0), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.5)])
    with pytest.raises(DataGap, match=r"超过或几乎等于100%.*: A。请核对") as failure:
        graph.owners(case)
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert str(failure.value).startswith("Holdings in a loop add up to more than")
    assert "\n" not in str(failure.value)


def test_a_loop_over_100_percent_elsewhere_does_not_matter(base: Case) -> None:
    case = held(base, "P", [("K", "P", 1.0), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.5), ("K", "A", 0.1)])
    assert shares(case) == {"K": 1.0}


# --- chains -----------------------------------------------------------------------------------------------------------


def test_chains_stand_with_their_products_and_paths(base: Case) -> None:
    found = graph.chains(held(base, "P", CHAIN))
    assert list(found.columns) == ["holder_id", "share", "layers", "path", "circular"]
    assert [(r.holder_id, round(r.share, 12), r.layers, r.path) for r in found.itertuples()] == [
        ("B", 0.3, 1, ["P", "B"]),
        ("A", 0.25, 1, ["P", "A"]),
        ("A", 0.18, 2, ["P", "B", "A"]),
    ]
    assert not found["circular"].any()


def test_what_circular_holdings_add_is_a_row_of_its_own(base: Case) -> None:
    found = graph.chains(held(base, "B", CROSS), "X")
    assert list(found["circular"]) == [False, True]
    assert list(found["share"]) == pytest.approx([0.8, 8 / 9 - 0.8])
    assert found["path"].iloc[1] == []
    assert pd.isna(found["layers"].iloc[1])


def test_chains_and_their_rest_add_up_to_the_owners_share(base: Case) -> None:
    case = held(base, "B", [*CROSS, ("X", "Y", 0.5), ("B", "Y", 0.25)])
    found = graph.chains(case, min_share=0.15)
    owners = shares(case, min_share=0.15)
    assert found.groupby("holder_id")["share"].sum().to_dict() == pytest.approx(owners)


def test_only_the_chains_of_the_holder_asked_for(base: Case) -> None:
    case = held(base, "P", [*CHAIN, ("T", "B", 0.4)])
    assert set(graph.chains(case, "T")["holder_id"]) == {"T"}
    assert graph.chains(case, "T")["path"].tolist() == [["P", "B", "T"]]
    assert len(graph.chains(held(base, "B", CHAIN), "P")) == 0  # known, and not behind B


def test_a_holder_that_nobody_knows_is_refused(base: Case) -> None:
    with pytest.raises(BadParameter, match="'NOBODY'"):
        graph.chains(held(base, "P", CHAIN), "NOBODY")


def test_chains_below_min_share_are_in_the_rest(base: Case) -> None:
    found = graph.chains(held(base, "P", CHAIN), "A", min_share=0.2)
    assert list(found["share"]) == pytest.approx([0.25, 0.18])
    assert list(found["circular"]) == [False, True]


def test_a_chain_of_exactly_min_share_is_listed(base: Case) -> None:
    found = graph.chains(held(base, "P", [("A", "P", 0.1), ("Z", "A", 0.1)]), min_share=0.01)  # 0.1 × 0.1 > 0.01 in floats
    assert set(found["holder_id"]) == {"A", "Z"}


def test_chains_of_a_dense_register_are_cut_at_a_stated_share(base: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "MOST_CHAINS", 500)
    parties = [f"C{n:02}" for n in range(30)]
    dense = [(a, b, 1 / 30) for a in parties for b in parties if a != b]
    found = graph.chains(held(base, "C00", dense), min_share=0)
    assert (~found["circular"]).sum() == 500  # simple chains among 30 companies: more than 10 to the 30
    assert found.attrs["cut_at"] == pytest.approx(1 / 900)
    assert found.groupby("holder_id")["share"].sum().to_dict() == pytest.approx(shares(held(base, "C00", dense)))


# --- the graph and the loops ------------------------------------------------------------------------------------------


def test_the_graph_points_from_holder_to_held_with_share_and_first_day(base: Case) -> None:
    rows = [
        {"holder_id": "A", "held_id": "P", "share": 0.5, "valid_from": dt.date(2018, 1, 2)},
        {"holder_id": "A", "held_id": "P", "share": 0.1, "valid_from": dt.date(2018, 5, 2)},
        {"holder_id": "B", "held_id": "P", "share": None, "valid_from": None},
        {"holder_id": "P", "held_id": "Q", "share": 1.0, "valid_from": None},
    ]
    found = graph.shareholding(held(base, "P", rows))
    assert set(found.edges) == {("A", "P"), ("B", "P")}
    assert found.edges["A", "P"]["share"] == pytest.approx(0.6)
    assert found.edges["A", "P"]["valid_from"] == dt.date(2018, 1, 2)
    assert found.edges["A", "P"]["holding_ids"] == ["H0", "H1"]
    assert found.edges["B", "P"]["share"] is None
    assert found.edges["B", "P"]["valid_from"] is None
    assert found.nodes["A"] == {"name": "A", "kind": "person"}


def test_the_graph_of_the_district_is_everything(base: Case) -> None:
    assert set(graph.shareholding(held(base, None, [*CHAIN, *CROSS])).edges) == {h[:2] for h in [*CHAIN, *CROSS]}


def test_the_graph_leaves_out_holders_below_min_share(base: Case) -> None:
    case = held(base, "P", [*CHAIN, ("T", "B", 0.4)])
    assert set(graph.shareholding(case, min_share=0.2)) == {"P", "A", "B"}  # T has 0.4 × 0.3 = 0.12


def test_a_loop_above_the_institution_is_closed_and_names_its_holdings(base: Case) -> None:
    ring = [("A", "B", 0.5), ("B", "C", 0.5), ("C", "A", 0.5), ("A", "P", 0.3), ("Z", "P", 0.7)]
    found = graph.circular(held(base, "P", ring))
    assert len(found) == 1
    assert found["members"].iloc[0] == ["A", "B", "C"]
    assert found["loop"].iloc[0] == ["A", "B", "C", "A"]  # each holds the next
    assert found["holding_ids"].iloc[0] == ["H2", "H0", "H1"]
    assert found["max_share"].iloc[0] == pytest.approx(0.3)
    assert not found["holds_target"].iloc[0]


def test_every_holding_inside_a_component_is_in_a_listed_loop_with_its_product(base: Case) -> None:
    case = held(
        base, "P", [("A", "B", 0.5), ("B", "A", 0.4), ("B", "C", 0.5), ("C", "A", 0.5), ("C", "C", 0.1), ("A", "P", 1.0)]
    )
    found = graph.circular(case)
    assert found["loops"].iloc[0] == [["A", "B", "A"], ["A", "B", "C", "A"], ["C", "C"]]
    assert found["loop_shares"].iloc[0] == pytest.approx([0.2, 0.125, 0.1])  # 0.5 × 0.4, 0.5 × 0.5 × 0.5, 0.1


def test_a_component_of_hundreds_lists_one_loop(base: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "LOOPS_OF_MEMBERS", 2)
    found = graph.circular(
        held(base, "P", [("A", "B", 0.5), ("B", "C", 0.5), ("C", "A", 0.5), ("B", "A", 0.5), ("A", "P", 1.0)])
    )
    assert found["loops"].iloc[0] == [found["loop"].iloc[0]]


def test_a_loop_that_the_institution_is_in_holds_it_wholly(base: Case) -> None:
    found = graph.circular(held(base, "B", CROSS))
    assert (found["max_share"].iloc[0], bool(found["holds_target"].iloc[0])) == (1.0, True)
    assert found["loop"].iloc[0] == ["B", "C", "B"]


def test_a_party_that_holds_itself_is_a_loop(base: Case) -> None:
    found = graph.circular(held(base, "P", [("A", "P", 0.9), ("A", "A", 0.1)]))
    assert found["loop"].iloc[0] == ["A", "A"]
    assert found["component_id"].iloc[0] == "loop:A"


def test_a_loop_below_the_institution_is_not_its_own(base: Case) -> None:
    assert len(graph.circular(held(base, "P", [("P", "A", 0.5), ("A", "B", 0.5), ("B", "A", 0.5), ("Z", "P", 1.0)]))) == 0


def test_a_loop_over_100_percent_is_still_shown(base: Case) -> None:
    found = graph.circular(held(base, "P", [("A", "P", 1.0), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.5)]))
    assert found["members"].iloc[0] == ["A", "B"]
    assert found["max_share"].iloc[0] == 1.0


def test_the_graph_is_drawn_even_where_shares_have_no_solution(base: Case) -> None:
    case = held(base, "P", [("A", "P", 1.0), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.5)])
    assert set(graph.shareholding(case)) == {"P", "A", "B", "Z"}
    with pytest.raises(DataGap):
        graph.shareholding(case, min_share=0.1)


def test_components_for_rules_are_those_of_each_case(base: Case) -> None:
    case = held(base, None, [*CROSS, *CHAIN])
    found = graph.derive_components(case, [("I1", "I1", "B"), ("P", None, "P"), ("none", None, "NOBODY")]).to_pylist()
    assert [(r["case_id"], r["component_id"], r["member_ids"], r["holds_target"]) for r in found] == [
        ("I1", "loop:B", ["B", "C"], True),
        ("P", "loop:B", ["B", "C"], False),
    ]
    assert graph.derive_components(case, []).num_rows == 0


def test_a_version_of_the_store_reads_its_register_once(base: Case, tmp_path: Path) -> None:
    case = held(base, "P", CHAIN)
    graph.owners(case)
    case.store.execute("delete from temp.holdings")
    assert len(graph.owners(case)) == 2
