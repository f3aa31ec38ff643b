"""sampling.digits: published statistics, digits as they are written, and populations that the tests do not suit."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from lib import sampling
from lib.errors import BadParameter, DataGap
from lib.samples import digits as tests_of_digits
from lib.samples.digits import compared, digits_of
from tests.oracles import sampling as oracle
from tests.sampling_cases import population
from tests.trials import trials


def leading(numbers, places):
    return [int(str(n)[:places]) for n in numbers]


def counted(numbers, places=1):
    low = 10 ** (places - 1)
    return np.bincount(np.array(leading(numbers, places)) - low, minlength=9 * low)


def fibonacci(count):
    made = [1, 1]
    while len(made) < count:
        made.append(made[-1] + made[-2])
    return made


@pytest.mark.parametrize(
    ("numbers", "published"),
    [
        ([2**k for k in range(1, 1001)], oracle.POWERS_OF_TWO),
        (fibonacci(1000), oracle.FIBONACCI),
        (range(1, 10_000), oracle.WHOLE_NUMBERS),
    ],
)
def test_first_digits_of_known_sequences_have_the_published_statistics(numbers, published):
    counts, mad, statistic = published
    assert counted(numbers).tolist() == counts
    figures = compared(counts, "first")[1]
    assert figures["mad"] == pytest.approx(mad, abs=5e-7)
    assert figures["chi2"] == pytest.approx(statistic, abs=5e-5)


def test_first_two_digits_of_powers_of_two_have_the_published_deviation():
    counts = counted([2**k for k in range(4, 1004)], 2)
    assert compared(counts, "first_two")[1]["mad"] == pytest.approx(oracle.POWERS_FIRST_TWO_MAD, abs=5e-7)


def test_critical_values_and_probabilities_are_those_of_tables():
    for test, freedom in (("first", 8), ("first_two", 89)):
        figures = compared(np.ones(freedom + 1, np.int64), test)[1]
        assert figures["df"] == freedom
        assert figures["chi2_critical_95"] == pytest.approx(oracle.CHI2_95[freedom], abs=5e-4)
        assert figures["ks_critical_95"] == pytest.approx(1.36 / (freedom + 1) ** 0.5)
    statistic, freedom, probability = oracle.CHI2_N772
    assert chi2.sf(statistic, freedom) == pytest.approx(probability, abs=5e-8)
    figures = compared(oracle.POWERS_OF_TWO[0], "first")[1]
    assert figures["p"] == pytest.approx(chi2.sf(figures["chi2"], 8))


def test_z_is_corrected_for_continuity():
    made = compared([360, *[80] * 8], "first")[0]
    assert made["z"].iloc[0] == pytest.approx(oracle.Z_OF_360_ONES_IN_1000, abs=5e-5)


@pytest.mark.parametrize("test", oracle.MAD_BOUNDS)
def test_bands_of_the_mean_deviation_are_nigrinis_and_hold_their_bound(test):
    assert tests_of_digits.MAD_BOUNDS[test] == oracle.MAD_BOUNDS[test]
    bands = [tests_of_digits._band(mad, test, None) for line in oracle.MAD_BOUNDS[test] for mad in (line, line + 1e-9)]
    assert bands == ["close", "acceptable", "acceptable", "marginal", "marginal", "nonconforming"]
    assert tests_of_digits._band(0.0115, "second", (0.008, 0.010, 0.012)) == "marginal"  # as the book has it


@pytest.mark.parametrize("test", tests_of_digits.LAWS)
def test_what_is_expected_adds_up(test):
    assert tests_of_digits.LAWS[test].expected.sum() == pytest.approx(1)


@settings(max_examples=trials(200))
@given(fen=st.lists(st.integers(1, 10**18 - 1), min_size=1, max_size=20))
def test_digits_are_those_that_are_written(fen):
    array = np.array(fen, np.int64)
    assert digits_of(array, "first").tolist() == leading(fen, 1)
    long = np.array([f for f in fen if f > 99], np.int64)
    assert digits_of(long, "first_two").tolist() == leading(long.tolist(), 2)
    assert digits_of(long, "first_three").tolist() == leading(long.tolist(), 3)
    assert digits_of(long, "second").tolist() == [int(str(f)[1]) for f in long.tolist()]
    assert digits_of(array, "last_two").tolist() == [int(f"{f:03}"[-2:]) for f in fen]
    assert digits_of(long, "last_two_yuan").tolist() == [int(f"{f:05}"[-4:-2]) for f in long.tolist()]


def spread_out(count=2000):
    """Return amounts that follow the law: 10 ** u, u even, from 1 yuan to 100,000 yuan."""
    return [Decimal(int(10 ** (2 + 5 * k / count))) / 100 for k in range(count)]


def test_amounts_that_follow_the_law_are_close_and_nothing_more_is_said():
    found = sampling.digits(population([*spread_out(), 0, -5, None]), "first")
    assert found["digits"].tolist() == list(range(1, 10))
    assert found["count"].sum() == found.attrs["n"] == 2000
    assert found.attrs["band"] == "close"
    assert found.attrs["left_out"] == {"unknown": 1, "zero": 1, "negative": 1}
    said = found.attrs["conclusion"]
    assert "相符也不说明真实" in said["zh"]
    assert "未纳入 3 项" in said["zh"]
    assert "a lead that needs a reason" in said["en"]
    assert sampling.digits(pd.Series(spread_out()), "first_two").attrs["band"] == "close"


UNSUITED = [
    ("first", spread_out(100), "只有 100 个金额, 至少须 110 个"),
    ("first_two", spread_out(1000), "至少须 1,146 个"),
    ("first", [Decimal(10_000 + 37 * k) for k in range(500)], "不足两个数量级"),
    ("first", [*spread_out(1000), *[Decimal("88.88")] * 200], "同一金额占 16.67%"),
    ("first", [*spread_out(500), *[Decimal(1000 * k) for k in range(1, 700)]], "1,000 元的整数倍"),
    ("last_two", [Decimal(k) for k in range(1, 1001)], "1 元的整数倍"),
]


@pytest.mark.parametrize(("test", "amounts", "said"), UNSUITED)
def test_amounts_that_do_not_suit_are_refused_with_the_reason(test, amounts, said):
    with pytest.raises(DataGap, match=said):
        sampling.digits(amounts, test)
    found = sampling.digits(amounts, test, anyway=True)
    assert found.attrs["band"] is None
    assert found.attrs["unsuited"]
    assert "不作结论" in found.attrs["conclusion"]["zh"]


def test_the_last_two_digits_of_yuan_are_tested_where_fen_are_not_written():
    found = sampling.digits([Decimal(1000 + k) for k in range(1000)], "last_two_yuan")
    assert found["count"].tolist() == [10] * 100
    assert (found.attrs["chi2"], found.attrs["band"]) == (0, None)


def test_repeated_and_round_amounts_are_counted():
    amounts = [Decimal(5000)] * 3 + [Decimal("12.50")] * 2 + [Decimal(200), Decimal(30_000), Decimal("7.01")]
    found = sampling.digits(amounts, "duplicates")
    assert found["amount_yuan"].tolist() == [Decimal(5000), Decimal("12.50")]
    assert found["count"].tolist() == [3, 2]
    assert found["share"].tolist() == [3 / 8, 2 / 8]
    found = sampling.digits(amounts, "round")
    assert found.set_index("unit_yuan")["count"].to_dict() == {100: 5, 1_000: 4, 10_000: 1, 100_000: 0}


def test_what_cannot_be_tested_is_refused_in_a_line():
    with pytest.raises(BadParameter, match="first、second"):
        sampling.digits(spread_out(), "third")
    with pytest.raises(BadParameter, match="Decimal"):
        sampling.digits([0.1, 0.2], "first")
    with pytest.raises(BadParameter, match="Decimal"):
        sampling.digits(["x"], "first")
    with pytest.raises(DataGap, match="大于 0"):
        sampling.digits([Decimal(0), None], "first")
    with pytest.raises(BadParameter, match="三个递增"):
        sampling.digits(spread_out(), "first", bounds=[0.2, 0.1, 0.3])
