"""sampling.pick: which items are drawn, that anybody can draw them again, and what is never drawn."""

import hashlib
from collections import Counter
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import sampling
from lib.errors import BadParameter
from lib.samples import selecting, strata, units
from lib.samples.population import thawed
from tests.oracles import sampling as oracle
from tests.sampling_cases import population
from tests.trials import trials


def by_hand(frame, purpose, seed):
    head = f"lookthrough draw 1\n{seed}\n{frame.attrs['sha256']}\n{purpose}\n"
    return sorted(frame["item_id"], key=lambda i: hashlib.sha256(f"{head}{i}".encode()).hexdigest())


def test_a_random_sample_is_the_first_of_the_order_of_hashes():
    items = population(range(1, 101))
    drawn = sampling.pick(items, n=10, seed=2018)
    assert drawn["item_id"].tolist() == by_hand(items, "random", 2018)[:10]
    assert drawn["order"].tolist() == list(range(1, 11))
    assert sampling.pick(items, n=10, seed=2019)["item_id"].tolist() != drawn["item_id"].tolist()


def test_a_draw_is_the_same_for_ever():
    # written down when the draw was first defined: whoever changes it changes samples that are in working papers
    items = population(range(1, 101))
    assert items.attrs["sha256"].startswith("5b91a8f72772")
    picked = {m: sampling.pick(items, n=5, method=m, seed=2018)["item_id"].tolist() for m in selecting.METHODS}
    assert picked == {
        "random": ["0087", "0096", "0006", "0069", "0083"],
        "systematic": ["0018", "0038", "0058", "0078", "0098"],
        "monetary_unit": ["0030", "0053", "0070", "0083", "0094"],
        "monetary_unit_cell": ["0030", "0060", "0071", "0088", "0098"],
        "monetary_unit_random": ["0095", "0042", "0038", "0064", "0062"],
    }


def test_a_larger_sample_of_the_same_seed_holds_the_smaller():
    items = population(range(1, 101))
    small, large = (sampling.pick(items, n=n, seed=7)["item_id"].tolist() for n in (10, 40))
    assert large[:10] == small


@pytest.mark.parametrize("method", selecting.METHODS)
def test_a_draw_does_not_depend_on_the_order_of_rows(method):
    rows = pd.DataFrame({"item_id": [f"L{i}" for i in range(50)], "amount_yuan": [Decimal(i + 1) for i in range(50)]})
    one = sampling.pick(sampling.freeze(rows, "loans"), n=12, method=method, seed=3)
    other = sampling.pick(sampling.freeze(rows.iloc[::-1], "loans"), n=12, method=method, seed=3)
    pd.testing.assert_frame_equal(one, other)
    assert one.attrs == other.attrs


@settings(max_examples=trials(60))
@given(count=st.integers(2, 60), seed=st.integers(0, 2**63 - 1), data=st.data())
def test_a_systematic_sample_has_one_item_of_each_interval(count, seed, data):
    n = data.draw(st.integers(1, count - 1))
    drawn = sampling.pick(population([1] * count), n=n, method="systematic", seed=seed)
    places = [sorted(population([1] * count)["item_id"]).index(i) for i in drawn["item_id"]]
    assert drawn["interval"].tolist() == list(range(1, n + 1))
    gaps = np.diff(places)
    assert all(g in (count // n, -(-count // n)) for g in gaps)
    assert len(set(places)) == n


def test_a_fixed_interval_selects_as_the_published_example():
    values, n, first, selected = oracle.INTERVALS
    hits = units.at_intervals(sum(values.values()), n, (first - 1) * n)
    assert [list(values)[k] for k in units.items_at(np.array(list(values.values())), hits)] == selected
    # D, as large as the interval, is the top stratum; what is drawn from the others is the same
    cut = units.layers(np.array([v for v in values.values() if v]), n)
    assert (len(cut.top), cut.rest_fen, cut.hits) == (1, 36, 4)


@settings(max_examples=trials(60))
@given(fen=st.lists(st.integers(1, 40), min_size=1, max_size=8), n=st.integers(1, 6))
def test_every_fen_has_the_same_odds_at_a_fixed_interval(fen, n):
    # over all starts each fen is hit n times
    hits = Counter(
        k for start in range(sum(fen)) for k in units.items_at(np.array(fen), units.at_intervals(sum(fen), n, start))
    )
    assert hits == Counter({k: n * f for k, f in enumerate(fen)})


@settings(max_examples=trials(100))
@given(
    yuan=st.lists(st.integers(-5, 2000) | st.just(None), min_size=3, max_size=40),
    method=st.sampled_from(units.METHODS),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_a_draw_by_yuan_takes_all_that_is_large_and_nothing_without_an_amount(yuan, method, seed, data):
    known = [y for y in yuan if y is not None and y > 0]
    items = population(yuan)
    if len(known) < 2:
        with pytest.raises(BadParameter):
            sampling.pick(items, n=max(len(known), 1), method=method, seed=seed)
        return
    n = data.draw(st.integers(1, len(known) - 1))
    drawn = sampling.pick(items, n=n, method=method, seed=seed)
    top, rest = drawn[drawn["how"] == "top"], drawn[drawn["how"] == method]
    assert (drawn["book_yuan"] > 0).all()
    assert not drawn["item_id"].duplicated().any()
    large = [y for y in known if y * n >= sum(known)]
    assert sorted(top["book_yuan"])[len(top) - len(large) :] == sorted(large)
    cut = drawn.attrs["units"]
    assert cut["top_fen"] + cut["rest_fen"] == sum(known) * 100
    assert rest["hit_count"].sum() == cut["hits"]
    if cut["hits"]:
        interval = Decimal(cut["rest_fen"]) / cut["hits"] / 100
        assert cut["rest_fen"] * n <= cut["hits"] * sum(known) * 100  # no wider than asked for
        assert all(y >= interval for y in top["book_yuan"])
        largest = [y for i, y in zip(items["item_id"], yuan, strict=True) if y and y > 0 and i not in set(top["item_id"])]
        assert all(y < interval for y in largest)
    if method == "monetary_unit":
        assert rest["hit_count"].eq(1).all()


def test_amounts_that_cannot_be_drawn_by_yuan_are_told():
    drawn = sampling.pick(population([5, 5, 5, 5, 0, -3, None]), n=2, method="monetary_unit", seed=1)
    apart = {p["why"]: (p["items"], p["fen"]) for p in drawn.attrs["apart"]}
    assert apart == {"unknown": (1, 0), "zero": (1, 0), "negative": (1, -300)}
    assert "金额为负的 1 项 (-3.00 元)" in drawn.attrs["caption"]["zh"]
    assert "negative amount (-3.00 yuan)" in drawn.attrs["caption"]["en"]


def test_sums_beyond_64_bits_are_drawn_from():
    most = Decimal("9999999999999999.99")
    drawn = sampling.pick(population([most] * 30), n=7, method="monetary_unit", seed=1)
    assert len(drawn) == 7
    assert drawn.attrs["sum_fen"] == 30 * (10**18 - 1)


def test_strata_share_the_sample_by_their_items():
    # 60, 30 and 10 items: 12, 6 and 2 of 20
    items = population([1] * 100, ["甲"] * 60 + ["乙"] * 30 + [None] * 10)
    drawn = sampling.pick(items, n=20, seed=1, strata="stratum")
    assert drawn["stratum"].fillna("").value_counts().to_dict() == {"甲": 12, "乙": 6, "": 2}
    told = {s["stratum"]: (s["items"], s["n"]) for s in drawn.attrs["strata"]}
    assert told == {"甲": (60, 12), "乙": (30, 6), "": (10, 2)}


def counts(items, n, how, bounds="stratum"):
    known = thawed(items)
    groups = strata.strata_of(known, bounds)
    return dict(zip([g.name for g in groups], strata.allocate(known, groups, n, how), strict=True))


def test_strata_share_the_sample_by_amount_by_spread_or_evenly():
    items = population([10] * 10 + [30] * 10 + [1, 119] * 5, ["a"] * 10 + ["b"] * 10 + ["c"] * 10)
    assert counts(items, 20, "proportional") == {"a": 7, "b": 7, "c": 6}
    assert counts(items, 20, "amount") == {
        "a": 2,
        "b": 8,
        "c": 10,
    }  # 100, 300 and 600 of 1,000: 2, 6, 12, of which 10 are there
    assert counts(items, 6, "neyman") == {"a": 1, "b": 1, "c": 4}  # only c has a spread
    assert counts(items, 6, "equal") == {"a": 2, "b": 2, "c": 2}
    assert counts(items, 6, {"a": 1, "b": 2, "c": 3}) == {"a": 1, "b": 2, "c": 3}


def test_bands_hold_their_lower_bound():
    items = population([9.99, 10, 19.99, 20, -1, None])
    named = {g.name: sorted(g.places) for g in strata.strata_of(thawed(items), [10, 20])}
    assert named == {"": [5], "< 10.00": [0, 4], "[10.00, 20.00)": [1, 2], ">= 20.00": [3]}


@settings(max_examples=trials(100))
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6), how=st.sampled_from(strata.ALLOCATIONS), data=st.data())
def test_every_stratum_gets_an_item_and_none_more_than_it_has(sizes, how, data):
    names = [f"{k}" for k, size in enumerate(sizes) for _ in range(size)]
    items = population([data.draw(st.integers(0, 1000)) for _ in names], names)
    n = data.draw(st.integers(len(sizes), sum(sizes)))
    given_out = counts(items, n, how)
    assert sum(given_out.values()) == n
    assert all(1 <= given_out[f"{k}"] <= size for k, size in enumerate(sizes))


def finding(name, *proof, outcome="hit"):
    return {"finding_id": name, "outcome": outcome, "evidence": [{"table": t, "id": i} for t, i in proof]}


def test_items_that_findings_point_to_are_kept_apart():
    items = population(range(1, 27))
    first = by_hand(items, "random", 5)
    found = pd.DataFrame(
        [
            finding("F1", ("loans", first[0]), ("flows", "z")),
            finding("F2", ("loans", first[20])),
            finding("F3", ("loans", first[20]), ("loans", first[21])),
            finding("F4", ("parties", first[22])),
            finding(None, ("loans", first[23]), outcome="clear"),
        ]
    )
    drawn = sampling.pick(items, n=4, seed=5, targeted=found).set_index("item_id")
    assert drawn["how"].value_counts().to_dict() == {"random": 4, "targeted": 2}
    assert drawn.index[:4].tolist() == first[:4]  # what findings point to changes nothing in what chance draws
    assert drawn.loc[first[0], "finding_ids"] == ["F1"]
    assert drawn.loc[first[20], "finding_ids"] == ["F2", "F3"]
    assert drawn.loc[first[20], "hit_count"] == 0
    assert drawn.attrs["unmatched_findings"] == ["F4"]
    assert "定向选取 2 项" in drawn.attrs["caption"]["zh"]


def test_a_finding_on_a_transfer_points_to_the_line_that_bears_its_id():
    drawn = sampling.pick(
        population([1] * 9, name="flows"), n=1, seed=1, targeted=pd.DataFrame([finding("F", ("transfers", "c"))])
    )
    assert drawn["finding_ids"].explode().dropna().tolist() == ["F"]
    with pytest.raises(BadParameter, match="1 个项目不在总体"):
        sampling.pick(population([1] * 9), n=1, seed=1, targeted=["zz"])
    assert sampling.pick(population([1] * 9), n=1, seed=1, targeted=["c", "c"])["item_id"].tolist().count("c") == 1


TEN = [1] * 10


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"n": 3}, "seed=None"),
        ({"n": 3, "seed": -1}, "seed=-1"),
        ({"n": 3, "seed": 2018.0}, "seed=2018.0"),
        ({"n": 10, "seed": 1}, "不小于总体的 10 项"),
        ({"n": 0, "seed": 1}, "n=0"),
        ({"n": True, "seed": 1}, "n=True"),
        ({"n": 3, "seed": 1, "method": "haphazard"}, "random、systematic"),
        ({"n": 3, "seed": 1, "strata": "amount"}, "stratum"),
        ({"n": 3, "seed": 1, "strata": [20, 10]}, "递增"),
        ({"n": 1, "seed": 1, "strata": [1]}, None),
        ({"n": 3, "seed": 1, "strata": "stratum", "allocation": "fair"}, "proportional、amount"),
        ({"n": 3, "seed": 1, "strata": "stratum", "allocation": {"": 2}}, "合计 3"),
        ({"n": 3, "seed": 1, "strata": "stratum", "method": "monetary_unit"}, "不能再分层"),
        ({"n": 10, "seed": 1, "method": "monetary_unit"}, "金额大于 0 的 10 项"),
        ({"n": {"n": 3, "sha256": "other"}, "seed": 1}, "重新计算"),
        ({"n": {"n": 3, "base_yuan": 1}, "seed": 1}, "须一同使用"),
        ({"n": {"n": 3}, "seed": 1, "method": "monetary_unit"}, "须一同使用"),
    ],
)
def test_a_draw_that_cannot_be_is_refused_in_a_line(asked, said):
    if said is None:
        assert len(sampling.pick(population(TEN), **asked)) == 1
        return
    with pytest.raises(BadParameter, match=said):
        sampling.pick(population(TEN), **asked)


def test_a_case_needs_the_name_of_a_population_and_a_population_none():
    with pytest.raises(BadParameter, match="只与 case 同用"):
        sampling.pick(population(TEN), "loans", n=3, seed=1)


def test_fewer_items_than_strata_and_unknown_amounts_are_refused():
    items = population([1, None, 3], ["a", "b", "c"])
    with pytest.raises(BadParameter, match="少于层数 3"):
        sampling.pick(items, n=2, seed=1, strata="stratum")
    with pytest.raises(BadParameter, match="1 项金额未知"):
        counts(items, 3, "amount")
    with pytest.raises(BadParameter, match="没有金额大于 0"):
        sampling.pick(population([0, None, -1]), n=1, method="monetary_unit", seed=1)
    with pytest.raises(BadParameter, match="冻结的总体"):
        sampling.pick(pd.DataFrame({"item_id": ["a"]}), n=1, seed=1)
