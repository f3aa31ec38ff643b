"""How many items of a population deviate: the rate that a sample makes most likely, and its upper limit.

Strata are judged one by one, at a confidence that shares the risk out among them (Bonferroni), and their limits added up: valid
whatever the allocation, and wider than need be.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lib.errors import BadParameter
from lib.samples import bounds, units
from lib.samples.results import Item

METHODS = ("hypergeometric", "clopper_pearson", "poisson")
Row = dict[str, Any]


def rows(attrs: Mapping[Any, Any], items: list[Item], confidence: Fraction) -> list[Row]:
    """Return a row per method for the whole, the first being what the conclusion rests on, then those of strata.

    Raises
    ------
    BadParameter
        If the sample was drawn by yuan: it says little of the number of items.
    """
    if attrs["method"] in units.METHODS:
        raise BadParameter(
            "按金额抽取的样本不能推断项目的偏差率, 请按金额评价 (audited_yuan), 或用 random 另抽",
            "A sample drawn by yuan does not tell the rate of items; judge amounts (audited_yuan), or draw another at random",
        )
    strata = attrs["strata"]
    share = 1 - (1 - confidence) / len(strata)
    each = [[_row(m, one, items, share) for one in strata] for m in METHODS]
    known = sum(bool(item.deviates) for item in items)
    whole = [_whole(of_method, attrs["items"], known, confidence) for of_method in each]
    return whole if len(strata) == 1 else [*whole, *(row for of_method in each for row in of_method)]


def _row(method: str, stratum: dict[str, Any], items: list[Item], confidence: Fraction) -> Row:
    own = [i for i in items if i.stratum == stratum["stratum"] and i.how != "targeted"]
    found, n, count = sum(bool(i.deviates) for i in own), len(own), stratum["items"]
    if method == "hypergeometric" or n == count:  # where all were examined, nothing is left to chance
        upper = Fraction(bounds.hypergeometric(count, n, found, confidence), count)
    else:
        limit = bounds.clopper_pearson if method == "clopper_pearson" else bounds.poisson
        upper = Fraction(limit(n, found, confidence))
    known = {"stratum": stratum["stratum"] or None, "method": method, "confidence": float(confidence), "items": count}
    likely = Fraction(found, n)
    return known | {"examined": n, "deviations": found, "most_likely": likely, "upper": max(upper, likely)}


def _whole(strata: list[Row], count: int, known: int, confidence: Fraction) -> Row:
    """Add up strata; what is known to deviate, targeted items too, is never fewer than the limit allows."""
    likely, upper = (sum((row[c] * row["items"] for row in strata), Fraction(0)) / count for c in ("most_likely", "upper"))
    sums = {c: sum(row[c] for row in strata) for c in ("examined", "deviations")}
    made = {"stratum": None, "method": strata[0]["method"], "confidence": float(confidence), "items": count, **sums}
    return made | {"most_likely": max(likely, Fraction(known, count)), "upper": max(upper, Fraction(known, count))}
