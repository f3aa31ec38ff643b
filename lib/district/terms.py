"""Terms of loans and what falls due when, by the four methods of repayment; whole fen, for many loans at once."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from lib.district.days import months_on

Ints = npt.NDArray[np.int64]
METHODS = ("annuity", "equal_principal", "interest_first", "bullet")
ANNUITY, EQUAL, INTEREST_FIRST, BULLET = range(4)


@dataclass(frozen=True)
class Terms:
    """Terms of many loans: principal and fee per instalment in fen, yearly rate in 1/10,000, months, method, first day."""

    fen: Ints
    rate_bp: Ints
    months: Ints
    method: Ints
    start: Ints
    fee: Ints

    @property
    def due(self) -> Ints:
        """The last due days."""
        return months_on(self.start, self.months)


@dataclass(frozen=True)
class Instalments:
    """What falls due: number of the loan, period from 1, day, principal, interest and fee in fen; by loan, then period."""

    loan: Ints
    period: Ints
    due: Ints
    principal: Ints
    interest: Ints
    fee: Ints


def instalments(terms: Terms) -> Instalments:
    """Return all instalments of all loans.

    Interest is the month's, 1/12 of the yearly rate of what is left (bullet: of all months at the end), rounded half up to the
    fen; the last instalment takes what rounding left.
    """
    periods = np.where(terms.method == BULLET, 1, terms.months)
    loan = np.repeat(np.arange(len(periods)), periods)
    period = np.arange(len(loan)) - np.repeat(np.cumsum(periods) - periods, periods) + 1
    due = months_on(terms.start[loan], np.where(terms.method[loan] == BULLET, terms.months[loan], period))
    principal, interest = np.zeros(len(loan), np.int64), np.zeros(len(loan), np.int64)
    payment, left = _payments(terms), terms.fen.copy()
    first = np.cumsum(periods) - periods
    for n in range(int(periods.max(initial=0))):
        active = np.flatnonzero(periods > n)
        row, method, months = first[active] + n, terms.method[active], terms.months[active]
        span = np.where(method == BULLET, months, 1)
        owed = _rounded(left[active] * terms.rate_bp[active] * span, 120_000)
        last = n + 1 == periods[active]
        part = np.select([method == ANNUITY, method == EQUAL], [payment[active] - owed, terms.fen[active] // months], 0)
        part = np.where(last, left[active], part)
        principal[row], interest[row] = part, owed
        left[active] -= part
    return Instalments(loan, period, due, principal, interest, terms.fee[loan])


def _payments(terms: Terms) -> Ints:
    """Return the level payment of annuities: principal × r / (1 − (1 + r)^−n), exactly, rounded half up to the fen."""
    payment = np.zeros(len(terms.fen), np.int64)
    chosen = np.flatnonzero(terms.method == ANNUITY)
    pairs, place = np.unique(terms.rate_bp[chosen] * 1_000 + terms.months[chosen], return_inverse=True)
    for n, pair in enumerate(pairs.tolist()):
        monthly, mine = Fraction(pair // 1_000, 120_000), chosen[place == n]
        factor = monthly / (1 - (1 + monthly) ** -(pair % 1_000))
        top, whole = factor.numerator, factor.denominator  # far beyond 64 bits, and a rounded factor misses a fen at times
        payment[mine] = [(2 * fen * top + whole) // (2 * whole) for fen in terms.fen[mine].tolist()]
    return payment


def _rounded(numerator: Ints, denominator: int) -> Ints:
    return (numerator + denominator // 2) // denominator
