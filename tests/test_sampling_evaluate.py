"""sampling.evaluate: limits as published, conclusions that say no more than the numbers, and results that cannot be."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom
from scipy.stats import t as student

from lib import sampling
from lib.errors import BadParameter, DataGap
from lib.samples import bounds
from tests.oracles import sampling as oracle
from tests.sampling_cases import population
from tests.trials import trials

SURE = Fraction("0.95")


@pytest.mark.parametrize("n", oracle.A3)
def test_limits_of_rates_are_those_of_aicpa_table_a3(n):
    limits = [math.ceil(bounds.clopper_pearson(n, k, SURE) * 1000) / 10 for k in range(11)]
    assert limits == oracle.A3[n]


def test_limits_of_rates_are_those_of_jfa():
    assert [bounds.clopper_pearson(145, k, SURE) for k in range(4)] == pytest.approx(oracle.CLOPPER_N145_95, abs=5e-9)
    assert bounds.poisson(100, 1, SURE) == pytest.approx(0.0474, abs=5e-5)
    assert bounds.clopper_pearson(100, 1, SURE) == pytest.approx(0.0466, abs=5e-5)
    limits = [bounds.hypergeometric(1200, 102, k, Fraction("0.9")) / 1200 for k in range(4)]
    assert limits == pytest.approx(oracle.HYPERGEOMETRIC_N1200_N102_90, abs=5e-8)


@pytest.mark.parametrize("confidence", oracle.FACTORS)
def test_confidence_factors_are_published_rounded_up(confidence):
    made = [bounds.factor(k, Fraction(confidence), published=True) for k in range(11)]
    assert made == oracle.FACTORS[confidence]
    assert all(bounds.factor(k, Fraction(confidence)) <= f for k, f in enumerate(made))


@pytest.mark.parametrize(("taints", "likely", "upper"), oracle.STRINGER_N145_95)
def test_stringers_bound_is_that_of_jfa(taints, likely, upper):
    fractions = [Fraction(t) for t in taints]
    assert bounds.stringer(145, fractions, SURE) == pytest.approx(upper, abs=5e-9)
    if likely is not None:
        assert float(sum(fractions) / 145) == pytest.approx(likely, abs=5e-9)


def test_the_upper_misstatement_limit_is_that_of_the_published_example():
    # an item of 15,000 is above the interval: its 2,500 are known and not projected
    below = [(b, a) for b, a in oracle.MONETARY["items"] if b < oracle.MONETARY["interval"]]
    taints = [Fraction(b - a, b) for b, a in below]
    basic, projected, more = bounds.allowances(Fraction(oracle.MONETARY["interval"]), taints, SURE, published=True)
    assert (basic, projected, more) == pytest.approx([oracle.MONETARY[k] for k in ("basic", "projected", "incremental")])
    assert basic + float(projected) + more + oracle.MONETARY["known"] == pytest.approx(oracle.MONETARY["upper"])


def test_a_sample_by_yuan_reproduces_the_published_example():
    amounts = [15_000, 10_000, 3_000, *[6_000] * 10, 800]
    items = population(amounts)  # 88,800 in all, and 73,800 without the top stratum
    drawn = sampling.pick(items, n=7, method="monetary_unit", seed=4)
    cut = drawn.attrs["units"]
    assert (cut["top_items"], cut["rest_fen"], cut["hits"]) == (1, 7_380_000, 6)  # 73,800 / 6 = 12,300
    drawn["audited_yuan"] = drawn["book_yuan"].astype(object)
    hit = {row.book_yuan: at for at, row in enumerate(drawn.itertuples())}
    drawn.loc[hit[Decimal(15_000)], "audited_yuan"] = Decimal(12_500)
    drawn.loc[hit[Decimal(6_000)], "audited_yuan"] = Decimal(2_400)  # 60 %, as 4,000 of 10,000
    found = sampling.evaluate(drawn, published=True).set_index("method").loc["poisson"]
    assert found["known_yuan"] == 2_500
    assert found["basic_yuan"] == 36_900
    assert found["projected_yuan"] == 7_380  # 60 % of 12,300
    assert found["incremental_yuan"] == 5_535  # (4.75 - 3.00 - 1) * 7,380
    assert found["upper_yuan"] == 2_500 + 36_900 + 7_380 + 5_535
    assert found["most_likely_yuan"] == 2_500 + 7_380
    assert found["precision_yuan"] == 36_900 + 5_535


@settings(max_examples=trials(40))
@given(n=st.integers(1, 40), rate=st.floats(0.01, 0.99), confidence=st.sampled_from(["0.5", "0.9", "0.95"]))
def test_a_limit_of_a_rate_is_missed_no_more_often_than_its_risk(n, rate, confidence):
    sure = Fraction(confidence)
    above = [k for k in range(n + 1) if bounds.clopper_pearson(n, k, sure) < rate]
    assert sum(binom.pmf(above, n, rate)) <= float(1 - sure) + 1e-9
    # the Poisson limit is never the lower of the two
    assert all(bounds.poisson(n, k, sure) >= bounds.clopper_pearson(n, k, sure) - 1e-12 for k in range(n + 1))


@settings(max_examples=trials(40))
@given(items=st.integers(2, 60), confidence=st.sampled_from(["0.5", "0.9", "0.95"]), data=st.data())
def test_a_limit_of_items_is_missed_no_more_often_than_its_risk(items, confidence, data):
    sure, n = Fraction(confidence), data.draw(st.integers(1, items))
    deviating = data.draw(st.integers(0, items))
    limits = [bounds.hypergeometric(items, n, k, sure) for k in range(n + 1) if k + items - n >= 0]
    chance = hypergeom.pmf(np.arange(n + 1), items, deviating, n)
    assert sum(chance[k] for k in range(n + 1) if limits[k] < deviating) <= float(1 - sure) + 1e-9
    assert limits == sorted(limits)


def sampled(count=1200, n=102, seed=1, **settings):
    drawn = sampling.pick(population([1] * count), n=n, seed=seed, **settings)
    drawn["deviation"] = False
    return drawn


def test_a_rate_is_concluded_in_plain_words_with_risk_and_precision():
    drawn = sampled()
    drawn.loc[0, "deviation"] = True
    found = sampling.evaluate(drawn, confidence=0.9, tolerable=0.04)
    first = found.iloc[0]
    assert (first["method"], first["items"], first["examined"], first["deviations"]) == ("hypergeometric", 1200, 102, 1)
    assert (first["upper_items"], first["upper_rate"], first["most_likely_rate"]) == (43, 43 / 1200, 1 / 102)
    assert first["precision_rate"] == pytest.approx(43 / 1200 - 1 / 102)
    said = found.attrs["conclusion"]
    assert said["zh"].startswith(
        "在 90% 的可信度下, 总体 1,200 项的偏差率不超过 3.59% (至多 43 项), 实际超过的风险为 10%; 最可能为 0.98%"
    )
    assert "no more than 3.59% of the 1,200 items deviate (43 at the most), the risk of more being 10%" in said["en"]
    assert found.attrs["within"] is True
    assert sampling.evaluate(drawn, confidence=0.9).attrs["within"] is None
    worse = sampling.evaluate(drawn, confidence=0.9, tolerable=0.03)
    assert worse.attrs["within"] is False
    assert "并不说明已经超过" in worse.attrs["conclusion"]["zh"]


def test_the_limit_itself_is_within_what_is_tolerable():
    drawn = sampled()
    found = sampling.evaluate(drawn, confidence=0.9, tolerable=str(Decimal(25) / 1200))
    assert found.iloc[0]["upper_items"] == 25
    exact = sampling.evaluate(sampled(1000, 100), confidence=0.9)["upper_items"].iloc[0]
    limit = str(Decimal(int(exact)) / 1000)
    assert sampling.evaluate(sampled(1000, 100), confidence=0.9, tolerable=limit).attrs["within"] is True


def test_strata_are_judged_one_by_one_and_added_up():
    items = population([1] * 300, ["a"] * 200 + ["b"] * 100)
    drawn = sampling.pick(items, n=40, seed=1, strata="stratum", allocation={"a": 20, "b": 20})
    drawn["deviation"] = [row.stratum == "b" and row.Index % 10 == 0 for row in drawn.itertuples()]
    found = sampling.evaluate(drawn, confidence=0.9)
    deviating = int(drawn["deviation"].sum())
    each = [bounds.hypergeometric(200, 20, 0, SURE), bounds.hypergeometric(100, 20, deviating, SURE)]  # 10 % of risk, halved
    assert found.iloc[0]["upper_items"] == sum(each)
    assert found.iloc[0]["most_likely_rate"] == pytest.approx(deviating / 20 * 100 / 300)
    assert found[found["method"] == "hypergeometric"]["upper_items"].tolist() == [sum(each), *each]


def test_targeted_items_are_projected_to_nothing_and_known_all_the_same():
    items = population([1] * 300)
    targeted = items["item_id"].tolist()[:50]
    drawn = sampling.pick(items, n=100, seed=1, targeted=targeted)
    drawn["deviation"] = drawn["how"] == "targeted"
    found = sampling.evaluate(drawn)
    known = int(drawn["deviation"].sum())
    first = found.iloc[0]
    assert (first["deviations"], first["examined"]) == (0, 100)
    assert bounds.hypergeometric(300, 100, 0, SURE) < known
    assert first["upper_items"] == known  # no limit is below what is known
    assert found.attrs["targeted"] == {"items": known, "deviations": known}
    assert "不推断至总体" in found.attrs["conclusion"]["zh"]


def test_items_without_a_result_are_refused_or_deviate():
    drawn = sampled(300, 100)
    drawn["deviation"] = pd.Series([None] + [False] * 99, dtype=object)
    with pytest.raises(DataGap, match="100 项中有 1 项没有结果"):
        sampling.evaluate(drawn)
    found = sampling.evaluate(drawn, unexamined="deviation")
    assert (found.iloc[0]["deviations"], found.attrs["unexamined"]) == (1, 1)
    assert "1 项未能检查" in found.attrs["conclusion"]["zh"]


def test_a_sample_survives_a_parquet_file(tmp_path):
    items = population([1] * 300)
    drawn = sampling.pick(items, n=100, seed=1)
    drawn.to_parquet(tmp_path / "sample.parquet")
    read = pd.read_parquet(tmp_path / "sample.parquet").assign(deviation=False)
    assert read.attrs == drawn.attrs
    assert sampling.evaluate(read, population=items).iloc[0]["examined"] == 100


def test_results_may_come_from_another_frame_by_id():
    drawn = sampling.pick(population([1] * 300), n=100, seed=1)
    results = pd.DataFrame({"item_id": drawn["item_id"], "deviation": [True] + [False] * 99}).sample(frac=1, random_state=1)
    assert sampling.evaluate(drawn, results).iloc[0]["deviations"] == 1
    with pytest.raises(DataGap, match="没有结果"):
        sampling.evaluate(drawn, results.iloc[1:])
    with pytest.raises(BadParameter, match="zz"):
        sampling.evaluate(drawn, pd.concat([results, pd.DataFrame({"item_id": ["zz"], "deviation": [True]})]))
    with pytest.raises(BadParameter, match="出现多次"):
        sampling.evaluate(drawn, pd.concat([results, results.iloc[:1]]))
    with pytest.raises(BadParameter, match="item_id"):
        sampling.evaluate(drawn, results[["item_id"]])


def test_a_sample_that_is_not_whole_or_judged_wrongly_is_refused():
    drawn = sampled(300, 100)
    with pytest.raises(BadParameter, match="100 次抽取"):
        sampling.evaluate(drawn.iloc[1:])
    with pytest.raises(BadParameter, match=r"sampling\.pick"):
        sampling.evaluate(pd.DataFrame(drawn.to_dict("list")))
    with pytest.raises(DataGap, match="还没有检查结果"):
        sampling.evaluate(drawn.assign(deviation=None))
    with pytest.raises(BadParameter, match="deviation='是'"):
        sampling.evaluate(drawn.assign(deviation="是"))
    with pytest.raises(BadParameter, match="of='deviation'"):
        sampling.evaluate(drawn.assign(audited_yuan=Decimal(1)))
    with pytest.raises(BadParameter, match="tolerable_yuan"):
        sampling.evaluate(drawn, tolerable_yuan=5)
    with pytest.raises(DataGap, match="已与冻结时不同"):
        sampling.evaluate(drawn, population=population([1] * 299 + [2]))
    by_yuan = sampling.pick(population([1] * 300), n=10, method="monetary_unit", seed=1)
    with pytest.raises(BadParameter, match="不能推断项目的偏差率"):
        sampling.evaluate(by_yuan.assign(deviation=False))
    with pytest.raises(BadParameter, match=r"audited_yuan=0\.001"):
        sampling.evaluate(by_yuan.assign(audited_yuan=0.001))
    with pytest.raises(BadParameter, match="核实金额为负"):
        sampling.evaluate(by_yuan.assign(audited_yuan=-1))


def audited(items, change, n=60, method="monetary_unit", **settings):
    drawn = sampling.pick(items, n=n, method=method, seed=1, **settings)
    values = [change(row.Index, row.book_yuan) for row in drawn.itertuples()]
    return drawn.assign(audited_yuan=pd.Series(values, dtype=object))


def test_a_clean_sample_by_yuan_still_has_a_limit():
    found = sampling.evaluate(audited(population([100] * 300), lambda at, book: book), tolerable_yuan=1500)
    both = found.set_index("method")
    assert both.loc["poisson", "upper_yuan"] == Decimal(str(math.ceil(2.995732273553991 / 60 * 3_000_000) / 100))
    assert both.loc["stringer", "upper_yuan"] == Decimal(str(math.ceil((1 - 0.05 ** (1 / 60)) * 3_000_000) / 100))
    assert found.attrs["within"] is True  # 4.87 % of 30,000, rounded up
    assert "高估不超过 1,461.09 元" in found.attrs["conclusion"]["zh"]


def test_understatements_are_projected_and_have_no_limit():
    found = sampling.evaluate(audited(population([100] * 300), lambda at, book: book * 3 if at == 0 else book))
    under = found.set_index("part").loc["understated"]
    assert under["most_likely_yuan"] == 1_000  # 200 % of an interval of 500
    assert pd.isna(under["upper_yuan"])
    assert under["why"] == "understated"
    assert found.iloc[0]["most_likely_yuan"] == 0
    assert "低估最可能为 1,000.00 元, 上限不能" in found.attrs["conclusion"]["zh"]


def test_what_targeted_items_are_overstated_by_is_never_above_the_limit():
    items = population([100] * 290 + [0.01] * 10)
    drawn = audited(items, lambda at, book: Decimal(0), n=1, targeted=items["item_id"].tolist()[:200])
    drawn.loc[drawn["how"] != "targeted", "audited_yuan"] = Decimal(100)
    found = sampling.evaluate(drawn, confidence=0.5)
    known = int((drawn["how"] == "targeted").sum()) * 100
    assert found["upper_yuan"].dropna().ge(known).all()
    assert found.iloc[0]["most_likely_yuan"] == known


def test_difference_and_ratio_estimates_are_those_of_the_textbook():
    # 100 items of 100 and 100 of 300; 40 drawn of each; every second one is overstated by a tenth
    items = population([100] * 100 + [300] * 100, ["a"] * 100 + ["b"] * 100)
    drawn = audited(
        items, lambda at, b: b * 9 / 10 if at % 2 else b, 80, "random", strata="stratum", allocation={"a": 40, "b": 40}
    )
    found = sampling.evaluate(drawn, confidence="0.95").set_index("method")
    # differences 0 and 10 (20 each), and 0 and 30: 100 * 5 + 100 * 15
    assert found.loc["difference", "most_likely_yuan"] == 2_000
    spread = [20 * 2 * h**2 / 39 for h in (5, 15)]
    error = math.sqrt(sum(100**2 * (1 - 40 / 100) * s / 40 for s in spread))
    upper = 2_000 + student.ppf(0.95, 78) * error
    assert float(found.loc["difference", "upper_yuan"]) == pytest.approx(upper, abs=0.02)
    # audited: 95 of 100 and 285 of 300: a ratio of 0.95, and residuals audited - 0.95 * book of +-5 and +-15, the same spread
    assert found.loc["ratio", "most_likely_yuan"] == 2_000
    assert float(found.loc["ratio", "upper_yuan"]) == pytest.approx(upper, abs=0.02)
    assert found.index[0] == "difference"


def test_few_differences_give_no_limit_of_an_estimate():
    made = [
        sampling.evaluate(audited(population([100] * 200), lambda at, b, k=k: b - 1 if at < k else b, 60, "random"))
        for k in (19, 20)
    ]
    assert [pd.isna(f["upper_yuan"]).tolist() for f in made] == [[True, True], [False, False]]
    assert made[0]["why"].tolist() == ["few_differences"] * 2
    assert made[0].attrs["within"] is None
    assert "少于 20 项" in made[0].attrs["conclusion"]["zh"]
    assert made[0].iloc[0]["most_likely_yuan"] == Decimal("63.33")  # 19 of 60, times 200


def test_amounts_that_are_unknown_are_not_projected():
    drawn = audited(population([100] * 50 + [None]), lambda at, book: Decimal(1), 20, "random")
    with pytest.raises(DataGap, match="金额未知"):
        sampling.evaluate(drawn)


@settings(max_examples=trials(40))
@given(
    amounts=st.lists(st.integers(1, 10**6), min_size=5, max_size=40),
    method=st.sampled_from(["monetary_unit", "monetary_unit_cell", "monetary_unit_random"]),
    parts=st.lists(st.integers(0, 100), min_size=40, max_size=40),
    data=st.data(),
)
def test_parts_of_a_limit_by_yuan_add_up_to_the_fen(amounts, method, parts, data):
    items = population([Decimal(a) / 100 for a in amounts])
    drawn = audited(
        items, lambda at, book: (book * parts[at] / 100).quantize(Decimal("0.01")), data.draw(st.integers(1, 4)), method
    )
    found = sampling.evaluate(drawn)
    over = found[found["part"] == "overstated"]
    for row in over.to_dict("records"):
        known = sum(row[f"{k}_yuan"] for k in ("known", "projected", "basic", "incremental"))
        assert known == row["upper_yuan"] <= sum(amounts) / Decimal(100)
        assert row["upper_yuan"] - row["most_likely_yuan"] == row["precision_yuan"] >= 0
    assert over["upper_yuan"].iloc[0] <= over["upper_yuan"].iloc[1]  # Stringer's is not above the Poisson limit
