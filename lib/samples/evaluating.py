"""What a sample says of its population: limits by several methods, and a conclusion in plain words, with risk and precision."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pyarrow as pa

from lib.errors import BadParameter
from lib.money.amounts import as_decimal, as_fen
from lib.samples import asking, misstating, rating
from lib.samples.asking import both
from lib.samples.population import verify
from lib.samples.results import Item, items_of
from lib.store import MONEY, frame

_RATES = pa.schema(
    {
        "stratum": pa.string(),
        "method": pa.string(),
        "confidence": pa.float64(),
        "items": pa.int64(),
        "examined": pa.int64(),
        "deviations": pa.int64(),
        "most_likely_rate": pa.float64(),
        "upper_rate": pa.float64(),
        "precision_rate": pa.float64(),
        "upper_items": pa.int64(),
    }
)
_PARTS = ("known", "projected", "basic", "incremental", "most_likely", "upper", "precision")
_AMOUNTS = pa.schema(
    [
        *(("part", pa.string()), ("method", pa.string()), ("examined", pa.int64()), ("differing", pa.int64())),
        *((f"{name}_yuan", MONEY) for name in _PARTS),
        ("why", pa.string()),
    ]
)
Row = dict[str, Any]


def evaluate(
    sample: pd.DataFrame,
    results: pd.DataFrame | None,
    *,
    of: str | None,
    confidence: float | str,
    tolerable: float | str | Decimal | None,
    tolerable_yuan: float | str | Decimal | None,
    unexamined: str | None,
    population: pd.DataFrame | None,
    published: bool,
) -> pd.DataFrame:
    """Evaluate a sample (see lib.sampling.evaluate)."""
    sure = asking.confidence_of(confidence)
    if population is not None:
        verify(sample, population)
    kind, items, without = items_of(sample, results, of, unexamined)
    if (tolerable if kind == "audited" else tolerable_yuan) is not None:
        raise BadParameter(
            "偏差率与 tolerable 比较, 错报金额与 tolerable_yuan 比较",
            "A rate is held against tolerable, a misstatement against tolerable_yuan",
        )
    if kind == "deviation":
        limit: Fraction | None = asking.part("tolerable", tolerable, 0, 1, open_low=True) if tolerable is not None else None
        found = rating.rows(sample.attrs, items, sure)
        made = frame(pa.Table.from_pylist([_rate_row(row) for row in found], schema=_RATES))
        texts = [_rate_text(found[0], sure)]
    else:
        limit = Fraction(as_fen("tolerable_yuan", tolerable_yuan)) if tolerable_yuan is not None else None
        found = misstating.rows(sample.attrs, items, sure, published=published)
        made = frame(pa.Table.from_pylist([_amount_row(row) for row in found], schema=_AMOUNTS))
        texts = _amount_texts(found, sample.attrs, sure)
    upper = found[0].get("upper")
    within = None if limit is None or upper is None else bool(upper <= limit)
    if limit is not None and within is not None:
        shown = asking.percent(limit) if kind == "deviation" else asking.amount(int(limit))
        texts.append(both(f"{kind}_{'within' if within else 'beyond'}", tolerable=shown))
    targeted = _targeted(items, kind)
    texts += [both(f"targeted_{kind}", **_shown(targeted))] if targeted["items"] else []
    texts += asking.told_apart("left_out", sample.attrs.get("left_out", []))
    texts += [both("unexamined", items=f"{without:,}")] if without else []
    kept = ("population", "sha256", "items", "sum_fen", "method", "seed", "n", "apart", "left_out")
    made.attrs = {key: sample.attrs[key] for key in kept if key in sample.attrs}
    made.attrs |= {"of": kind, "confidence": float(sure), "within": within, "targeted": targeted, "unexamined": without}
    made.attrs["conclusion"] = asking.joined(texts)
    return made


def _rate_row(row: Row) -> Row:
    likely, upper = row["most_likely"], row["upper"]
    numbers = {"most_likely_rate": float(likely), "upper_rate": float(upper), "precision_rate": float(upper - likely)}
    return row | numbers | {"upper_items": int(upper * row["items"])}


def _amount_row(row: Row) -> Row:
    money = {f"{name}_yuan": as_decimal(row[name]) for name in _PARTS if name in row}
    if "upper" in row:
        money["precision_yuan"] = as_decimal(row["upper"] - row["most_likely"])
    return {**{k: v for k, v in row.items() if k not in _PARTS}, **money}


def _rate_text(row: Row, sure: Fraction) -> dict[str, str]:
    return both(
        "rate",
        confidence=asking.plain(sure),
        risk=asking.plain(1 - sure),
        items=f"{row['items']:,}",
        upper=asking.percent(row["upper"], up=True),
        upper_items=f"{int(row['upper'] * row['items']):,}",
        likely=asking.percent(row["most_likely"]),
        precision=asking.percent(row["upper"] - row["most_likely"], up=True),
        n=f"{row['examined']:,}",
        deviations=f"{row['deviations']:,}",
    )


def _amount_texts(found: list[Row], attrs: Mapping[Any, Any], sure: Fraction) -> list[dict[str, str]]:
    """Say what the first row says; where it has no limit, say why."""
    first = found[0]
    values = {
        "confidence": asking.plain(sure),
        "risk": asking.plain(1 - sure),
        "likely": asking.amount(first["most_likely"]),
        "n": f"{first['examined']:,}",
        "differing": f"{first['differing']:,}",
        "booked": asking.amount(attrs["sum_fen"]),
    }
    if "upper" not in first:
        return [both("amount_no_limit", **values), both(f"why_{first['why']}", least=misstating.LEAST_DIFFERENCES)]
    limits = {"upper": asking.amount(first["upper"]), "precision": asking.amount(first["upper"] - first["most_likely"])}
    if first["part"] == "net":
        return [both("net", **values, **limits)]
    cut = attrs["units"]
    reached = values | {"booked": asking.amount(cut["top_fen"] + cut["rest_fen"])}
    texts = [both("overstated", **reached, **limits)]
    under = found[-1]["most_likely"]
    texts += [both("understated", likely=asking.amount(under))] if under else []
    return texts + asking.told_apart("apart", attrs["apart"])


def _targeted(items: list[Item], kind: str) -> dict[str, int]:
    """Count the items that findings pointed to and chance did not draw: they are projected to nothing."""
    own = [i for i in items if i.how == "targeted"]
    if kind == "deviation":
        return {"items": len(own), "deviations": sum(bool(i.deviates) for i in own)}
    off = [(i.book or 0) - (i.audited or 0) for i in own if i.book is not None]
    sums = {"over_fen": sum(max(f, 0) for f in off), "under_fen": sum(max(-f, 0) for f in off)}
    return {"items": len(own), "differing": sum(bool(f) for f in off), "unknown": len(own) - len(off), **sums}


def _shown(targeted: dict[str, int]) -> dict[str, str]:
    return {k.replace("_fen", ""): asking.amount(v) if k.endswith("_fen") else f"{v:,}" for k, v in targeted.items()}
