"""Digits of amounts against what is expected of them: Benford's law for leading digits, evenness for the last two.

A weak screen: loan amounts are capped and round. Populations that the law does not suit are refused with the reasons. Bands
of the mean absolute deviation (MAD) are Nigrini's, as the R package benford.analysis has them; of the second digit his book
prints 0.012 as the last (from memory), so bounds can be given. Kolmogorov–Smirnov: 1.36 / sqrt(n) at 95 %.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy.stats import chi2 as chi_square

from lib.errors import BadParameter, DataGap
from lib.money.amounts import as_decimal, fen
from lib.samples import asking
from lib.samples.asking import both
from lib.samples.population import sum_of, thawed
from lib.store import MONEY, frame

BANDS = ("close", "acceptable", "marginal", "nonconforming")
MAD_BOUNDS = {
    "first": (0.006, 0.012, 0.015),
    "second": (0.008, 0.010, 0.011),
    "first_two": (0.0012, 0.0018, 0.0022),
    "first_three": (0.00036, 0.00044, 0.00050),
}
LEAST_EXPECTED = 5  # of every digit: below, chi-square is not the distribution of the statistic (Cochran 1954)
LEAST_SPREAD = (
    100  # the 99th hundredth of amounts over the first: below two powers of ten, leading digits are those of the range
)
MOST_OF_ONE = Fraction(1, 10)  # share of a single amount: digits then are those of a price list
KS_95 = 1.36
ROUND_YUAN = (100, 1_000, 10_000, 100_000)
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Law:
    """What digits a test looks at, and how often each is expected."""

    first: int
    expected: npt.NDArray[np.float64]
    least_fen: int

    @property
    def digits(self) -> list[int]:
        """The digits, in order."""
        return list(range(self.first, self.first + len(self.expected)))


def _leading(low: int, high: int) -> npt.NDArray[np.float64]:
    return np.array([math.log10(1 + 1 / d) for d in range(low, high)])


_SECOND = np.array([sum(math.log10(1 + 1 / (10 * a + b)) for a in range(1, 10)) for b in range(10)])
LAWS = {
    "first": Law(1, _leading(1, 10), 1),
    "second": Law(0, _SECOND, 10),
    "first_two": Law(10, _leading(10, 100), 10),
    "first_three": Law(100, _leading(100, 1000), 100),
    "last_two": Law(0, np.full(100, 0.01), 1),
    "last_two_yuan": Law(0, np.full(100, 0.01), 10_000),
}
TESTS = (*LAWS, "duplicates", "round")


def digits(
    amounts: pd.DataFrame | pd.Series | Sequence[Decimal],
    test: str,
    *,
    anyway: bool,
    bounds: Sequence[float] | None,
) -> pd.DataFrame:
    """Test digits of amounts (see lib.sampling.digits)."""
    asking.one_of("test", test, TESTS)
    values, unknown = _amounts(amounts)
    positive = values[values > 0]
    left_out = {"unknown": unknown, "zero": int((values == 0).sum()), "negative": int((values < 0).sum())}
    if not len(positive):
        raise DataGap("没有大于 0 的金额可供数字检验", "There is no amount above 0 whose digits could be tested")
    if test == "duplicates":
        return _told(_duplicates(positive), test, positive, left_out)
    if test == "round":
        return _told(_rounds(positive), test, positive, left_out)
    law = LAWS[test]
    used = positive[positive >= law.least_fen]
    left_out["short"] = len(positive) - len(used)
    doubts = unsuited(used, test)
    if doubts and not anyway:
        reasons = [both(f"unsuited_{key}", **facts) for key, facts in doubts]
        raise DataGap(
            f"这些金额不适合 {test} 检验: {'; '.join(r['zh'] for r in reasons)}。仍要计算可用 anyway=True (不给出结论)",
            f"These amounts do not suit the test {test}: {'; '.join(r['en'] for r in reasons)}. With anyway=True it is worked "
            "out all the same, without a conclusion",
        )
    counts = np.bincount(digits_of(used, test) - law.first, minlength=len(law.expected))
    made, figures = compared(counts, test, bounds)
    if doubts:
        figures["band"] = None
    return _told(made, test, used, left_out, figures, [key for key, _ in doubts])


def compared(
    counts: Sequence[int] | Ints, test: str, bounds: Sequence[float] | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Hold counts of digits against the law: a row per digit, and the statistics of the whole.

    z is corrected for continuity, |observed - expected| - 1 / 2n, where that is above 0.
    """
    law, found = LAWS[test], np.asarray(counts, np.int64)
    n = int(found.sum())
    share, expected = found / n, law.expected
    off = np.abs(share - expected)
    z = np.maximum(off - 1 / (2 * n), 0) / np.sqrt(expected * (1 - expected) / n)
    statistic, freedom = float((n * (share - expected) ** 2 / expected).sum()), len(expected) - 1
    mad, ks = float(off.mean()), float(np.abs(np.cumsum(share - expected)).max())
    made = pd.DataFrame(
        {
            "digits": law.digits,
            "count": found,
            "share": share,
            "expected_share": expected,
            "difference_share": share - expected,
            "z": z,
        }
    )
    figures = {"n": n, "mad": mad, "chi2": statistic, "df": freedom, "p": float(chi_square.sf(statistic, freedom))}
    figures |= {"chi2_critical_95": float(chi_square.ppf(0.95, freedom)), "ks": ks, "ks_critical_95": KS_95 / math.sqrt(n)}
    return made, figures | {"band": _band(mad, test, bounds)}


def digits_of(amounts: Ints, test: str) -> Ints:
    """Return the digits that a test looks at, of amounts above 0 in fen; amounts of too few digits have been taken out."""
    if test == "last_two":
        return amounts % 100
    if test == "last_two_yuan":
        return amounts // 100 % 100
    wanted = {"first": 1, "second": 2, "first_two": 2, "first_three": 3}[test]
    powers = 10 ** np.arange(19, dtype=np.int64)
    length = np.searchsorted(powers, amounts, side="right")  # whole numbers: a logarithm of 999 may come out as 3
    leading = amounts // powers[length - wanted]
    return leading % 10 if test == "second" else leading


def unsuited(amounts: Ints, test: str) -> list[tuple[str, dict[str, str]]]:
    """Return why amounts (above 0, fen) do not suit a test: (reason, facts)."""
    law, made = LAWS[test], []
    least = math.ceil(LEAST_EXPECTED / float(law.expected.min()) - 1e-9)
    if len(amounts) < least:
        made.append(("few", {"n": f"{len(amounts):,}", "least": f"{least:,}"}))
    if not len(amounts):
        return made
    ranked, counts = np.sort(amounts), np.unique(amounts, return_counts=True)[1]
    low, high = int(ranked[len(ranked) // 100]), int(ranked[len(ranked) - 1 - len(ranked) // 100])
    if not test.startswith("last") and high < low * LEAST_SPREAD:
        made.append(("narrow", {"low": asking.amount(low), "high": asking.amount(high)}))
    if int(counts.max()) > MOST_OF_ONE * len(amounts):
        made.append(("repeated", {"share": asking.percent(Fraction(int(counts.max()), len(amounts)))}))
    unit = {"last_two": 100, "last_two_yuan": 10_000}.get(test, 100_000)
    even = int((amounts % unit == 0).sum())
    if 2 * even > len(amounts):
        made.append(("round", {"share": asking.percent(Fraction(even, len(amounts))), "unit": f"{unit // 100:,}"}))
    return made


def _amounts(amounts: pd.DataFrame | pd.Series | Sequence[Decimal]) -> tuple[Ints, int]:
    """Return the known amounts in fen, and how many are unknown."""
    if isinstance(amounts, pd.DataFrame):
        known = thawed(amounts)
        return known.fen[known.known], int((~known.known).sum())
    try:
        given = [v for v in amounts if not (v is None or v is pd.NA or v != v)]
        if any(isinstance(v, float | np.floating | bool) for v in given):
            raise TypeError("float")
        made = pa.array([Decimal(str(v)) for v in given], MONEY)
    except (TypeError, ArithmeticError, pa.ArrowInvalid) as error:
        raise BadParameter(
            f"amounts 须为冻结的总体, 或 Decimal 金额 (元, 至多两位小数) 的列 ({error})",
            f"amounts must be a frozen population, or Decimal amounts in yuan with two places at most ({error})",
        ) from None
    return fen(made), len(amounts) - len(given)


def _band(mad: float, test: str, bounds: Sequence[float] | None) -> str | None:
    if bounds is not None and (len(bounds) != 3 or not 0 < bounds[0] < bounds[1] < bounds[2]):
        raise BadParameter(
            f"bounds={bounds!r} 应为三个递增的数, 例如 {MAD_BOUNDS['first']}",
            f"bounds={bounds!r} must be three rising numbers, for example {MAD_BOUNDS['first']}",
        )
    lines = bounds or MAD_BOUNDS.get(test)
    return None if lines is None else BANDS[sum(mad > line for line in lines)]


def _duplicates(amounts: Ints) -> pd.DataFrame:
    values, counts = np.unique(amounts, return_counts=True)
    order = np.lexsort((-values, -counts))
    order = order[counts[order] > 1]
    shares = counts[order] / len(amounts)
    yuan = pa.array([as_decimal(v) for v in values[order].tolist()], MONEY)
    return frame(pa.table({"amount_yuan": yuan, "count": counts[order], "share": shares}))


def _rounds(amounts: Ints) -> pd.DataFrame:
    counts = [int((amounts % (unit * 100) == 0).sum()) for unit in ROUND_YUAN]
    shares = [count / len(amounts) for count in counts]
    return pd.DataFrame({"unit_yuan": ROUND_YUAN, "count": counts, "share": shares})


def _told(
    made: pd.DataFrame,
    test: str,
    used: Ints,
    left_out: Mapping[str, int],
    figures: Mapping[str, Any] | None = None,
    doubts: Sequence[str] = (),
) -> pd.DataFrame:
    made.attrs |= {"test": test, "n": len(used), "sum_fen": sum_of(used), **(figures or {}), "unsuited": list(doubts)}
    made.attrs["left_out"] = {why: count for why, count in left_out.items() if count}
    n, apart = f"{len(used):,}", f"{sum(left_out.values()):,}"
    texts = []
    if figures is not None:
        shown = {
            "mad": f"{figures['mad']:.6f}",
            "chi2": f"{figures['chi2']:.4f}",
            "df": figures["df"],
            "p": f"{figures['p']:.4f}",
        }
        texts.append(both("digits", n=n, test=test, **shown))
        texts += [both(f"band_{figures['band']}")] if figures["band"] else []
        texts += [both("unsuited_anyway")] if doubts else []
        texts.append(both("digits_lead"))
    else:
        texts.append(both(test, n=n, most=f"{len(made):,}"))
    texts += [both("digits_left_out", items=apart)] if sum(left_out.values()) else []
    made.attrs["conclusion"] = asking.joined(texts)
    return made
