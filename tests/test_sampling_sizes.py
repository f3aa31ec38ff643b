"""sampling.plan: sizes as published tables have them, the smallest that do, and inputs that cannot be."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, gamma, hypergeom

from lib import sampling
from lib.errors import BadParameter
from lib.samples import sizes
from tests.oracles import sampling as oracle
from tests.trials import trials


def planned(convention, tolerable, confidence, expected, items=None):
    asked = {"expected_items": expected} if isinstance(expected, int) else {"expected": expected}
    return sampling.plan(tolerable=tolerable, confidence=confidence, convention=convention, items=items, **asked)


@pytest.mark.parametrize(("convention", "items", "tolerable", "confidence", "expected", "n"), oracle.SIZES)
def test_sizes_are_those_of_jfa(convention, items, tolerable, confidence, expected, n):
    assert planned(convention, tolerable, confidence, expected, items)["n"] == n


@pytest.mark.parametrize(("percent", "n"), oracle.A1.items())
def test_sizes_by_rate_are_those_of_aicpa_table_a1(percent, n):
    assert planned("binomial", "0.05", "0.95", str(Decimal(percent) / 100))["n"] == n


@pytest.mark.parametrize("confidence", oracle.C1)
def test_sizes_by_yuan_are_those_of_aicpa_table_c1(confidence):
    for part, ns in oracle.C1[confidence].items():
        for tolerable, n in zip(("0.05", "0.03", "0.01"), ns, strict=True):
            assert planned("poisson", tolerable, confidence, str(Decimal(tolerable) * Decimal(part)))["n"] == n


def test_two_stages_of_103_are_as_sure_as_one():
    # Touw and Hoogduin: one deviation in the first stage, none in the second. 0.97 ** 103 = 0.0434; one of 103: 0.1383
    made = sampling.plan(tolerable=0.03, expected_items=1, second_stage=0)
    assert (made["n"], made["n_total"]) == (103, 206)
    aim = sizes.Aim(Fraction("0.03"), Fraction("0.05"), "binomial")
    none, one = 0.97**103, 103 * 0.03 * 0.97**102
    assert sizes.chance_of_stages(aim, 103, 1, 0) == pytest.approx(none + one * none)
    assert sizes.chance_of_stages(aim, 102, 1, 0) > 0.05


def test_two_stages_without_return_count_what_the_first_has_taken():
    # 10 items, 2 deviate; stages of 3: none in the first, or one, and then none of the other in 3 of 7
    aim = sizes.Aim(Fraction("0.2"), Fraction("0.05"), "hypergeometric", 10)
    none, one = (8 * 7 * 6) / (10 * 9 * 8), 3 * (2 * 8 * 7) / (10 * 9 * 8)
    assert sizes.chance_of_stages(aim, 3, 1, 0) == pytest.approx(none + one * 4 / 7)


CONVENTIONS = {
    "poisson": lambda x, n, t, risk, items: gamma.ppf(1 - risk, 1 + x) <= n * t,
    "binomial": lambda x, n, t, risk, items: binom.cdf(np.ceil(x - 1e-9), n, t) <= risk,
    "hypergeometric": lambda x, n, t, risk, items: (
        hypergeom.cdf(np.ceil(x - 1e-9), items, int(np.ceil(items * t - 1e-9)), n) <= risk
    ),
}


@settings(max_examples=trials(60))
@given(
    convention=st.sampled_from(sizes.CONVENTIONS),
    tolerable=st.integers(20, 300),
    part=st.integers(0, 60),
    confidence=st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]),
)
def test_the_size_is_the_smallest_that_keeps_the_risk(convention, tolerable, part, confidence):
    expected, items = tolerable * part // 100, 5000
    made = planned(convention, tolerable / 1000, confidence, str(expected / 1000), items)
    ns = np.arange(1, made["n"] + 1)
    good = CONVENTIONS[convention](expected * ns / 1000, ns, tolerable / 1000, 1 - confidence, items)
    assert good[-1]
    assert not good[:-1].any()


@pytest.mark.parametrize("kind", ["binomial", "hypergeometric"])
def test_what_a_plan_allows_is_what_an_evaluation_finds_within(kind):
    rows = pd.DataFrame({"item_id": [f"L{i:04}" for i in range(1000)]})
    population = sampling.freeze(rows, "loans")
    plan = sampling.plan(population, tolerable=0.05, expected=0.01, convention=kind)
    sample = sampling.pick(population, n=plan, seed=1)
    for deviations, within in ((plan["allowed"], True), (plan["allowed"] + 1, False)):
        sample["deviation"] = [k < deviations for k in range(len(sample))]
        found = sampling.evaluate(sample, tolerable=0.05).set_index("method")["upper_rate"]
        method = "hypergeometric" if kind == "hypergeometric" else "clopper_pearson"
        assert (found[method] <= 0.05) == within, deviations


def test_a_plan_by_yuan_names_its_interval():
    # 5,000 tolerable of 100,000 is 5 %: 60 items, 100,000 / 60 = 1,666.66; the negative amount is not drawn from
    amounts = [Decimal("1000.00")] * 100 + [Decimal("-50.00")]
    rows = pd.DataFrame({"item_id": [f"{i:03}" for i in range(101)], "amount_yuan": amounts})
    made = sampling.plan(sampling.freeze(rows, "loans"), tolerable_yuan=5000)
    assert (made["n"], made["convention"], made["base_yuan"]) == (60, "poisson", Decimal(100_000))
    assert made["interval_yuan"] == Decimal("1666.66")
    assert "泊松" in made["sentence"]["zh"]
    assert "1,666.66" in made["sentence"]["en"]


def test_a_plan_says_when_all_must_be_examined():
    made = sampling.plan(tolerable=0.05, items=59)
    assert made["all"]
    assert "请检查全部" in made["sentence"]["zh"]
    assert not sampling.plan(tolerable=0.05, items=60)["all"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"tolerable": 0.05, "expected": 0.05}, "须大于预期"),
        ({"tolerable": 0}, "大于 0"),
        ({"tolerable": 1}, "小于 1"),
        ({"tolerable": "x"}, "tolerable='x'"),
        ({"tolerable": 0.05, "confidence": 95}, "confidence=95"),
        ({"tolerable": 0.05, "confidence": 0.4}, "confidence=0.4"),
        ({"tolerable": 0.05, "convention": "normal"}, "poisson、binomial、hypergeometric"),
        ({"tolerable": 0.05, "convention": "hypergeometric"}, "总体项目数"),
        ({"tolerable": 0.05, "expected": 0.0499}, "太接近"),
        ({"tolerable": 0.05, "expected": 0.01, "expected_items": 1}, "只用其一"),
        ({"tolerable": 0.05, "second_stage": 0}, "second_stage"),
        ({"tolerable": 0.05, "expected_items": 1.5}, "expected_items=1.5"),
        ({"tolerable_yuan": 5}, "总体"),
        ({}, "之一"),
        ({"tolerable": 0.05, "tolerable_yuan": 5}, "之一"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_a_line(asked, said):
    with pytest.raises(BadParameter, match=said):
        sampling.plan(**asked)


def test_a_misstatement_beyond_the_population_is_refused():
    rows = pd.DataFrame({"item_id": ["a", "b"], "amount_yuan": [Decimal(10), Decimal(20)]})
    population = sampling.freeze(rows, "loans")
    for asked in (30, 0, "1.005"):
        with pytest.raises(BadParameter, match="tolerable_yuan"):
            sampling.plan(population, tolerable_yuan=asked)
    with pytest.raises(BadParameter, match="须大于预期"):
        sampling.plan(population, tolerable_yuan=10, expected_yuan=10)
    with pytest.raises(BadParameter, match="不适用于金额"):
        sampling.plan(population, tolerable_yuan=10, convention="hypergeometric")
