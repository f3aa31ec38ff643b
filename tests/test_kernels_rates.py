"""lib.kernels.rates: the one rate of a series of payments, or how many there are, against scipy and polynomials."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from lib.kernels.rates import rates


def solved(*series):
    """Solve series of (time, amount)."""
    starts = np.cumsum([0, *(len(s) for s in series)]).astype(np.int64)
    flat = list(itertools.chain.from_iterable(series))
    found = rates(starts, *(np.array([row[k] for row in flat], np.float64) for k in (0, 1)))
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


def worth(series, rate):
    return sum(amount * (1 + rate) ** -time for time, amount in series)


# Source: rules/tests.yaml, block apr (monthly_irr; apr_simple ÷ 12)
@pytest.mark.parametrize(("net", "pay", "monthly"), [(12000, 1120, 0.01788099), (9000, 11200 / 12, 0.42432757 / 12)])
def test_the_monthly_rates_of_the_oracle(net, pay, monthly):
    [(rate, roots)] = solved([(0, net), *((k, -pay) for k in range(1, 13))])
    assert (roots, rate) == (1, pytest.approx(monthly, abs=5e-9))


def test_all_series_are_solved_at_once_each_for_itself():
    found = solved([(0, 100), (1, -110)], [], [(5, 100), (7, -121)], [(0, 100), (3, 5)], [(0, 100), (2, -25)])
    assert [roots for _, roots in found] == [1, 0, 1, 0, 1]
    assert [rate for rate, roots in found if roots] == pytest.approx([0.1, 0.1, -0.5])
    assert np.isnan([rate for rate, roots in found if not roots]).all()


# (1 + r) of 1.1 and 1.2: 100 − 230 / (1 + r) + 132 / (1 + r)² = 0, as 1.1 + 1.2 = 2.3 and 1.1 × 1.2 = 1.32
@pytest.mark.parametrize(
    ("series", "roots"),
    [
        ([(0, 100), (1, -230), (2, 132)], 2),
        ([(0, 100), (1, -220), (2, 121)], 1),  # (1 + r − 1.1)²: touches once
        ([(0, 100), (1, -100), (2, 100)], 0),
        ([(0, 1000), (1, -3600), (2, 4310), (3, -1716)], 3),  # 1.1, 1.2 and 1.3
    ],
)
def test_several_rates_and_none_are_told(series, roots):
    [(rate, found)] = solved(series)
    assert found == roots
    assert np.isnan(rate) == (roots != 1)
    if roots == 1:
        assert rate == pytest.approx(0.1, abs=1e-6)


def test_a_single_rate_among_several_changes_of_sign_is_found():
    series = [(0, 100), (1, -1), (2, 1), (3, -150)]
    [(rate, roots)] = solved(series)
    assert roots == 1
    assert worth(series, rate) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("days", "factor"), [(1, 1.25), (1, 100), (3650, 1.0001), (3650, 0.001)])
def test_short_and_long_loans_are_solved(days, factor):
    [(rate, roots)] = solved([(0, 1000), (days * 12 / 365, -1000 * factor)])
    assert roots == 1
    assert np.log1p(rate) == pytest.approx(np.log(factor) * 365 / 12 / days, rel=1e-9)


@given(
    st.integers(1, 10_000_000),
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 5_000_000)), min_size=1, max_size=20, unique_by=lambda p: p[0]),
)
def test_an_ordinary_loan_has_the_rate_that_brentq_finds(net, payments):
    series = [(0.0, net), *((day * 12 / 365, -fen) for day, fen in sorted(payments))]
    [(rate, roots)] = solved(series)

    def value(x):
        shift = max(0.0, x * series[-1][0])
        return sum(amount * np.exp(time * x - shift) for time, amount in series)

    expected = brentq(value, -600, 600, xtol=1e-14, rtol=1e-14)
    assert (roots, rate) == (1, pytest.approx(np.expm1(-expected), rel=1e-8, abs=1e-10))


@given(st.lists(st.integers(-50, 50).filter(bool), min_size=2, max_size=7))
def test_as_many_rates_as_a_polynomial_has_positive_zeros(amounts):
    zeros = np.roots(amounts)  # in 1 + r, as amounts[k] belongs to (1 + r) ** -k
    near = np.abs(zeros.imag) < 1e-3
    assume(not near.any() or (np.abs(zeros.imag[near]) < 1e-12).all())  # a double zero is one for one and none for the other
    real = np.sort(zeros.real[near])
    assume((np.diff(real) > 1e-3).all())
    wanted = real[real > 0] - 1
    [(rate, roots)] = solved(list(enumerate(amounts)))
    assert roots == len(wanted)
    if roots == 1:
        assert rate == pytest.approx(wanted[0], rel=1e-6, abs=1e-8)
