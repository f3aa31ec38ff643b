"""Which items are drawn: at random, at intervals, by strata or by yuan; and those that findings point to, kept apart.

A draw depends on the population's hash, the seed, the method and n alone (see drawing.py), never on the order of rows in files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lib.errors import BadParameter
from lib.money.amounts import as_decimal
from lib.samples import asking, units
from lib.samples.asking import both
from lib.samples.drawing import Chance
from lib.samples.population import EVIDENCE, Frozen, sum_of, thawed
from lib.samples.strata import Stratum, allocate, strata_of
from lib.store import MONEY, frame
from lib.words import labels

METHODS = ("random", "systematic", *units.METHODS)
Ints = npt.NDArray[np.int64]
COLUMNS = pa.schema(
    {
        "order": pa.int64(),
        "item_id": pa.string(),
        "book_yuan": MONEY,
        "how": pa.string(),
        "interval": pa.int64(),
        "hit_count": pa.int64(),
        "stratum": pa.string(),
        "finding_ids": pa.list_(pa.string()),
        "audited_yuan": MONEY,
        "deviation": pa.bool_(),
        "note": pa.string(),
        "evidence": EVIDENCE,
    }
)


@dataclass(frozen=True)
class Drawn:
    """An item that was drawn: its place, how, the first of its intervals (from 1), how often it was hit, its stratum."""

    place: int
    how: str
    interval: int | None
    hits: int
    stratum: str | None


def pick(
    population: pd.DataFrame,
    n: int | Mapping[str, Any],
    method: str,
    seed: object,
    strata: str | Sequence[float | str | Decimal] | None,
    allocation: str | Mapping[str, int],
    targeted: pd.DataFrame | Sequence[str] | None,
) -> pd.DataFrame:
    """Draw a sample (see lib.sampling.pick)."""
    known = thawed(population)
    asking.one_of("method", method, METHODS)
    chance = Chance(asking.seed_of(seed), known.attrs["sha256"])
    size = _size(known, n, method)
    attrs: dict[str, Any] = {}
    if method in units.METHODS:
        if strata is not None:
            raise BadParameter(
                f"method={method!r} 已按金额抽取, 不能再分层; 请用 random 或 systematic",
                f"method={method!r} already draws by amount and takes no strata; use random or systematic",
            )
        drawn, cut = _by_units(known, chance, method, size)
        attrs["units"] = cut
    else:
        groups = [Stratum("", np.arange(known.count))] if strata is None else strata_of(known, strata)
        counts = [size] if strata is None else allocate(known, groups, size, allocation)
        drawn = []
        for number, (group, count) in enumerate(zip(groups, counts, strict=True)):
            drawn += _by_items(known, chance, method, group, count, number, strata is not None)
        attrs["strata"] = [
            {"stratum": g.name, "items": len(g.places), "sum_fen": sum_of(known.fen[g.places]), "n": count}
            for g, count in zip(groups, counts, strict=True)
        ]
        attrs["allocation"] = None if strata is None else allocation if isinstance(allocation, str) else dict(allocation)
    wanted, unmatched = _targets(known, targeted)
    drawn += [Drawn(p, "targeted", None, 0, known.strata[p]) for p in sorted(wanted.keys() - {d.place for d in drawn})]
    made = frame(_rows(known, drawn, wanted))
    kept = ("population", "sha256", "items", "sum_fen", "apart", "left_out", "case", "as_of", "version", "first_on", "last_on")
    made.attrs |= {key: known.attrs[key] for key in kept if key in known.attrs} | attrs
    made.attrs |= {"method": method, "seed": chance.seed, "n": size, "stratified": strata is not None}
    made.attrs["unmatched_findings"] = unmatched
    made.attrs["caption"] = _caption(made)
    return made


def _size(known: Frozen, n: int | Mapping[str, Any], method: str) -> int:
    """Return how many to draw, given a number or a plan for this very population."""
    by_yuan = method in units.METHODS
    count = len(known.positive) if by_yuan else known.count
    n = _planned(known, n, by_yuan) if isinstance(n, Mapping) else n
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise BadParameter(f"n={n!r} 应为大于 0 的整数或 plan 的结果", f"n={n!r} must be a whole number above 0 or a plan")
    if not count:
        raise BadParameter(
            f"总体 {known.attrs['population']} 没有金额大于 0 的项目, 不能按金额抽样",
            f"The population {known.attrs['population']} has no amount above 0 to draw by",
        )
    if n >= count:
        raise BadParameter(
            f"n={n:,} 不小于总体{'中金额大于 0 ' if by_yuan else ''}的 {count:,} 项: 无须抽样, 请检查全部",
            f"n={n:,} is not below the {count:,} items{' with an amount above 0' if by_yuan else ''}: examine all of them, "
            "without a sample",
        )
    return n


def _planned(known: Frozen, plan: Mapping[str, Any], by_yuan: bool) -> int:
    """Return how many a plan says, if it is one for this population and for draws of this kind."""
    if "n" not in plan or plan.get("sha256") not in (None, known.attrs["sha256"]):
        raise BadParameter(
            "该方案不是 sampling.plan 为此总体作出的, 请重新计算", "This plan was not made for this population; plan again"
        )
    if ("base_yuan" in plan) != by_yuan:
        raise BadParameter(
            "按金额的方案 (tolerable_yuan) 与按金额抽取的方法 (monetary_unit…) 须一同使用, 按比率的方案用 random 或 systematic",
            "A plan by yuan (tolerable_yuan) goes with a method by yuan (monetary_unit…), a plan by rate with the others",
        )
    return int(plan["n"])


def _by_items(
    known: Frozen, chance: Chance, method: str, group: Stratum, count: int, number: int, stratified: bool
) -> list[Drawn]:
    def stratum(place: int) -> str | None:
        return (group.name or None) if stratified else known.strata[place]

    if method == "random":
        places = group.places[chance.order(method, [known.ids[p] for p in group.places])[:count]]
        return [Drawn(int(p), method, None, 1, stratum(p)) for p in places]
    total = len(group.places)
    at = units.at_intervals(total, count, chance.below(method, number, total))
    return [Drawn(int(p), method, k, 1, stratum(p)) for k, p in enumerate(group.places[at], 1)]


def _by_units(known: Frozen, chance: Chance, method: str, n: int) -> tuple[list[Drawn], dict[str, Any]]:
    places = known.positive
    fen = known.fen[places]
    cut = units.layers(fen, n)
    drawn = [Drawn(int(p), "top", None, 1, known.strata[p]) for p in places[cut.top]]
    rest = places[cut.rest]
    first: dict[int, Drawn] = {}
    if cut.hits:
        found = units.items_at(fen[cut.rest], units.hit_fen(chance, method, cut.rest_fen, cut.hits))
        for number, at in enumerate(found, 1):
            place = int(rest[at])
            before = first.get(place)
            interval = before.interval if before else None if method == "monetary_unit_random" else number
            first[place] = Drawn(place, method, interval, (before.hits if before else 0) + 1, known.strata[place])
    told = {"top_items": len(cut.top), "top_fen": sum_of(fen[cut.top]), "rest_items": len(rest)}
    return [*drawn, *first.values()], told | {"rest_fen": cut.rest_fen, "hits": cut.hits}


def _targets(known: Frozen, targeted: pd.DataFrame | Sequence[str] | None) -> tuple[dict[int, list[str]], list[str]]:
    """Return the findings by item that they point to, and the findings that point to none of the population."""
    if targeted is None:
        return {}, []
    if not isinstance(targeted, pd.DataFrame):
        return _named(known, [targeted] if isinstance(targeted, str) else list(targeted)), []
    if not {"finding_id", "outcome", "evidence"} <= set(targeted.columns):
        raise BadParameter(
            "targeted 应为 checks.run 的结果 (或其中几行), 或项目编号的列表",
            "targeted must be a result of checks.run (or some of its rows), or a list of item ids",
        )
    index: dict[tuple[str, str], int] = {}
    for place, proof in enumerate(known.table["evidence"].to_pylist()):
        index |= {(one["table"], one["id"]): place for one in proof or []}
        # a transfer bears the id of the line of its payer, else of its payee: findings name transfers where a line is meant
        index |= {("transfers", one["id"]): place for one in proof or [] if one["table"] == "flows"}
    wanted: dict[int, list[str]] = {}
    unmatched: list[str] = []
    hits = targeted[targeted["outcome"] == "hit"]
    for finding, proof in zip(hits["finding_id"], hits["evidence"], strict=True):
        places = {index[key] for one in proof if (key := (one["table"], one["id"])) in index}
        for place in places:
            wanted.setdefault(place, []).append(finding)
        unmatched += [] if places else [finding]
    return wanted, unmatched


def _named(known: Frozen, ids: list[str]) -> dict[int, list[str]]:
    places = {item: place for place, item in enumerate(known.ids)}
    if missing := [str(item) for item in ids if item not in places]:
        raise asking.unknown_ids("targeted", missing)
    return {places[item]: [] for item in ids}


def _rows(known: Frozen, drawn: list[Drawn], wanted: Mapping[int, list[str]]) -> pa.Table:
    taken = known.table.take(pa.array([d.place for d in drawn], pa.int64()))
    columns = {
        "order": list(range(1, len(drawn) + 1)),
        "item_id": taken["item_id"],
        "book_yuan": taken["amount_yuan"],
        "how": [d.how for d in drawn],
        "interval": [d.interval for d in drawn],
        "hit_count": [d.hits for d in drawn],
        "stratum": [d.stratum for d in drawn],
        "finding_ids": [wanted.get(d.place, []) for d in drawn],
        "evidence": taken["evidence"],
    }
    empty = {name: pa.nulls(len(drawn), COLUMNS.field(name).type) for name in ("audited_yuan", "deviation", "note")}
    made = {k: v if isinstance(v, pa.ChunkedArray) else pa.array(v, COLUMNS.field(k).type) for k, v in columns.items()}
    return pa.table(made | empty).select(COLUMNS.names).cast(COLUMNS)


def _caption(made: pd.DataFrame) -> dict[str, str]:
    """Say what was drawn, from what and how, so that anybody can draw it again."""
    attrs, how = made.attrs, made["how"].value_counts().to_dict()
    values = {
        "population": attrs["population"],
        "items": f"{attrs['items']:,}",
        "sum": asking.amount(attrs["sum_fen"]),
        "sha256": attrs["sha256"][:12],
        "seed": attrs["seed"],
        "n": f"{attrs['n']:,}",
        "drawn": f"{len(made) - how.get('targeted', 0):,}",
        "targeted": f"{how.get('targeted', 0):,}",
    }
    texts = [both("drawn", **values, method=labels()["sampled"][attrs["method"]]["zh"])]
    texts[0]["en"] = both("drawn", **values, method=labels()["sampled"][attrs["method"]]["en"])["en"]
    if cut := attrs.get("units"):
        top, interval = asking.amount(cut["top_fen"]), as_decimal(cut["rest_fen"] // max(cut["hits"], 1))
        texts.append(both("drawn_units", top=cut["top_items"], top_yuan=top, hits=cut["hits"], interval=f"{interval:,}"))
        texts += asking.told_apart("apart", attrs["apart"])
    texts += asking.told_apart("left_out", attrs.get("left_out", []))
    if attrs["stratified"]:
        texts.append(both("drawn_strata", strata=len(attrs["strata"])))
    if how.get("targeted") or attrs["unmatched_findings"]:
        texts.append(both("drawn_targeted", **values, unmatched=len(attrs["unmatched_findings"])))
    return asking.joined(texts)
