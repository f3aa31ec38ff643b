"""By how much a population is misstated: what a sample makes most likely, and the upper limit.

Drawn by yuan: overstatements by Stringer's bound and by the Poisson factors of the AICPA guide (basic precision, projection,
incremental allowance), with the top stratum's misstatement known. Understatements are projected only: an item may be
understated by more than its amount, and what was never booked cannot be drawn. Drawn by items: difference and ratio
estimates, whose limits rest on Student's t and are given from LEAST_DIFFERENCES differing items on (a practice of the guides,
from memory: with few differences the spread is not known). Point estimates are exact fractions.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from scipy.stats import t as student

from lib.errors import BadParameter, DataGap
from lib.samples import bounds, units
from lib.samples.results import Item

LEAST_DIFFERENCES = 20
Row = dict[str, Any]


def rows(attrs: Mapping[Any, Any], items: list[Item], confidence: Fraction, *, published: bool) -> list[Row]:
    """Return a row per part and method, the first being what the conclusion rests on; amounts in fen.

    Raises
    ------
    DataGap
        If amounts of the population are not known.
    BadParameter
        If an amount is such that no limit can be given.
    """
    if attrs["method"] in units.METHODS:
        return _by_units(attrs["units"], items, confidence, published=published)
    if unknown := [i for i in items if i.book is None] or [p for p in attrs["apart"] if p["why"] == "unknown"]:
        raise DataGap(
            "总体中有金额未知的项目, 不能推断错报金额。请只冻结金额已知的部分: sampling.freeze(表, 名称)",
            f"Amounts are unknown ({len(unknown)} found), so misstatement cannot be projected. Freeze the part with amounts: "
            "sampling.freeze(frame, name)",
        )
    return _by_items(attrs["strata"], [i for i in items if i.how != "targeted"], confidence)


def taints_of(items: Sequence[Item], sign: int) -> list[Fraction]:
    """Return the taints of a sign, (book - audited) / book, above 0, as often as their items were hit.

    Raises
    ------
    BadParameter
        If an item is overstated by more than its amount: no bound covers that.
    """
    made = []
    for item in items:
        assert item.book is not None
        assert item.audited is not None
        taint = Fraction(sign * (item.book - item.audited), item.book)
        if sign > 0 and taint > 1:
            raise BadParameter(
                f"项目 {item.item_id} 的核实金额为负: 按金额抽样的上限假定高估不超过账面金额",
                f"Item {item.item_id}: audited_yuan is negative; limits by yuan assume no more than the amount",
            )
        made += [taint] * item.hits if taint > 0 else []
    return made


def _by_units(cut: dict[str, Any], items: list[Item], confidence: Fraction, *, published: bool) -> list[Row]:
    rest, top = [i for i in items if i.how in units.METHODS], [i for i in items if i.how == "top"]
    over, under = taints_of(rest, 1), taints_of(rest, -1)
    taints_of(top, 1)
    known = [sum(max(s * ((i.book or 0) - (i.audited or 0)), 0) for i in top) for s in (1, -1)]
    # what targeted items overstate is known too; those of the top or drawn by chance stand there already
    aside = sum(max((i.book or 0) - (i.audited or 0), 0) for i in items if i.how != "top" and (i.book or 0) > 0)
    counts = {"examined": len(rest) + len(top), "differing": sum(i.book != i.audited for i in [*rest, *top])}
    interval = Fraction(cut["rest_fen"], cut["hits"]) if cut["hits"] else Fraction(0)
    made = []
    for method in ("stringer", "poisson"):
        basic, projected, more = _parts(method, cut, over, interval, confidence, published=published)
        likely = known[0] + round(projected)
        upper = known[0] + min(math.ceil(basic + float(projected) + more), cut["rest_fen"])
        shown = {"known": known[0], "projected": round(projected), "basic": math.ceil(basic)}
        shown["incremental"] = upper - sum(shown.values())
        likely, upper = max(likely, known[0] + aside), max(upper, known[0] + aside)
        made.append({"part": "overstated", "method": method, **counts, **shown, "most_likely": likely, "upper": upper})
    less = round(sum((t * interval for t in under), Fraction(0)))
    lower = {"known": known[1], "projected": less, "most_likely": known[1] + less}
    return [*made, {"part": "understated", "method": "projected", **counts, **lower, "why": "understated"}]


def _parts(
    method: str, cut: dict[str, Any], taints: list[Fraction], interval: Fraction, confidence: Fraction, *, published: bool
) -> tuple[float, Fraction, float]:
    if not cut["hits"]:
        return 0.0, Fraction(0), 0.0
    if method == "poisson":
        return bounds.allowances(interval, taints, confidence, published=published)
    projected = sum((t * interval for t in taints), Fraction(0))
    basic = bounds.stringer(cut["hits"], [], confidence) * cut["rest_fen"]
    return basic, projected, bounds.stringer(cut["hits"], taints, confidence) * cut["rest_fen"] - basic - float(projected)


def _by_items(strata: list[dict[str, Any]], items: list[Item], confidence: Fraction) -> list[Row]:
    differing = sum(i.book != i.audited for i in items)
    known = {"part": "net", "examined": len(items), "differing": differing}
    booked = sum(s["sum_fen"] for s in strata)
    groups = [(s["items"], [(i.book or 0, i.audited or 0) for i in items if i.stratum == s["stratum"]]) for s in strata]
    difference = sum((Fraction(n * sum(b - a for b, a in g), len(g)) for n, g in groups), Fraction(0))
    book, audited = (sum((Fraction(n * sum(p[k] for p in g), len(g)) for n, g in groups), Fraction(0)) for k in (0, 1))
    ratio = audited / book if book else None
    made = [_estimate(known | {"method": "difference"}, difference, Fraction(1), groups, confidence)]
    if ratio is None or booked <= 0:
        return [*made, known | {"method": "ratio", "why": "no_total"}]
    return [*made, _estimate(known | {"method": "ratio"}, booked * (1 - ratio), ratio, groups, confidence)]


def _estimate(
    known: Row, likely: Fraction, ratio: Fraction, groups: list[tuple[int, list[tuple[int, int]]]], confidence: Fraction
) -> Row:
    """Return an estimate with its upper limit; residuals are audited less ratio times book."""
    made = known | {"most_likely": round(likely)}
    if known["differing"] < LEAST_DIFFERENCES:
        return made | {"why": "few_differences"}
    if any(len(g) < 2 for _, g in groups):
        return made | {"why": "single_items"}
    variance = sum(_variance(n, [a - ratio * b for b, a in g]) for n, g in groups)
    freedom = sum(len(g) for _, g in groups) - len(groups)
    return made | {"upper": math.ceil(float(likely) + float(student.ppf(float(confidence), freedom)) * math.sqrt(variance))}


def _variance(count: int, residuals: list[Fraction]) -> float:
    """Return the variance of a stratum's total, drawn without return."""
    n = len(residuals)
    mean = sum(residuals, Fraction(0)) / n
    spread = float(sum(((r - mean) ** 2 for r in residuals), Fraction(0))) / (n - 1)
    return count**2 * (1 - n / count) * spread / n
