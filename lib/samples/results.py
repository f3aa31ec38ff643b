"""What was found in the items of a sample: joined by id, whole, and nothing without a result passed over."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import BadParameter, DataGap
from lib.samples import asking, units

KINDS = {"deviation": "deviation", "audited": "audited_yuan"}


@dataclass(frozen=True)
class Item:
    """An item that was examined; amounts in fen. `audited` is None and `deviates` is None where that was not asked."""

    item_id: str
    how: str
    stratum: str
    hits: int
    book: int | None
    audited: int | None
    deviates: bool | None


def items_of(
    sample: pd.DataFrame, results: pd.DataFrame | None, of: str | None, unexamined: str | None
) -> tuple[str, list[Item], int]:
    """Return what is judged, the items with their results, and how many had none and count as deviating.

    Raises
    ------
    BadParameter
        If the sample is not a whole result of pick, a result is no such value, or both kinds are there and none is asked for.
    DataGap
        If results are missing, and it was not asked that these count as deviations.
    """
    _prove_whole(sample)
    if unexamined is not None:
        asking.one_of("unexamined", unexamined, ["deviation"])
    given = sample if results is None else _joined(sample, results)
    kind = _kind(given, of)
    column = given[KINDS[kind]].tolist()
    made, without = [], 0
    for row, value in zip(given.to_dict("records"), column, strict=True):
        known = not (value is None or value is pd.NA or value != value)
        without += not known
        made.append(_item(row, value if known else None, kind, sample.attrs["stratified"]))
    if without and unexamined is None:
        raise DataGap(
            f"样本 {len(given):,} 项中有 {without:,} 项没有结果 ({KINDS[kind]})。请补填; 确实无法检查的, 用 "
            "unexamined='deviation' 按偏差 (金额为 0) 计",
            f"Of {len(given):,} items {without:,} have no result ({KINDS[kind]}). Fill them in; what cannot be examined counts "
            "as deviating (nothing audited) with unexamined='deviation'",
        )
    return kind, made, without


def _prove_whole(sample: pd.DataFrame) -> None:
    """Refuse a frame that pick has not made, or that has lost rows since."""
    attrs = sample.attrs if isinstance(sample, pd.DataFrame) else {}
    if not {"sha256", "method", "seed", "n"} <= attrs.keys() or not {"item_id", "how", "hit_count", "book_yuan"} <= set(sample):
        raise BadParameter(
            "sample 须为 sampling.pick 的结果; 另存后读回的结果请用 evaluate(sample, results=...)",
            "sample must be a result of sampling.pick; results read back from a file go in evaluate(sample, results=...)",
        )
    drawn = sample[~sample["how"].isin(["targeted", "top"])]
    wanted = attrs["units"]["hits"] if attrs["method"] in units.METHODS else attrs["n"]
    top = attrs.get("units", {}).get("top_items", 0)
    if (
        int(drawn["hit_count"].sum()) != wanted
        or int((sample["how"] == "top").sum()) != top
        or sample["item_id"].duplicated().any()
    ):
        raise BadParameter(
            f"样本的行与抽取时不符 (应有 {wanted + top:,} 次抽取)。请用未删改的样本",
            f"The rows of the sample are not those that were drawn ({wanted + top:,} draws). Use the sample as it was",
        )


def _joined(sample: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Return the sample with the results of another frame, by id."""
    columns = [c for c in KINDS.values() if c in results] if isinstance(results, pd.DataFrame) else []
    if not columns or "item_id" not in results:
        raise BadParameter(
            "results 须有 item_id 列, 以及 deviation 或 audited_yuan 列",
            "results must have the column item_id, and deviation or audited_yuan",
        )
    ids = [str(i) for i in results["item_id"]]
    if unknown := sorted(set(ids) - set(sample["item_id"])):
        raise asking.unknown_ids("results", unknown)
    if len(set(ids)) < len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})
        raise BadParameter(
            f"results 中 {len(twice)} 个项目出现多次: {'、'.join(twice[:10])}",
            f"In results {len(twice)} items stand more than once: {', '.join(twice[:10])}",
        )
    made = sample.drop(columns=columns).copy()
    for column in columns:
        found = dict(zip(ids, results[column].tolist(), strict=True))
        made[column] = pd.Series([found.get(i) for i in made["item_id"]], index=made.index, dtype=object)
    return made


def _kind(given: pd.DataFrame, of: str | None) -> str:
    if of is not None:
        return asking.one_of("of", of, KINDS)
    filled = [kind for kind, column in KINDS.items() if column in given and given[column].notna().any()]
    if len(filled) == 1:
        return filled[0]
    if filled:
        raise BadParameter(
            "样本中既有 deviation 又有 audited_yuan, 请用 of='deviation' 或 of='audited' 说明评价哪一项",
            "The sample has both deviation and audited_yuan; say which with of='deviation' or of='audited'",
        )
    raise DataGap(
        "样本还没有检查结果: 请填写 deviation (是否偏差) 或 audited_yuan (核实金额)",
        "The sample has no results yet: fill in deviation or audited_yuan",
    )


def _item(row: dict[Any, Any], value: Any, kind: str, stratified: bool) -> Item:
    book = None if row["book_yuan"] is None or pd.isna(row["book_yuan"]) else int(row["book_yuan"] * 100)
    stratum = "" if not stratified or pd.isna(row["stratum"]) else row["stratum"]
    known = (row["item_id"], row["how"], stratum, int(row["hit_count"]), book)
    if kind == "audited":
        return Item(*known, 0 if value is None else _fen(row["item_id"], value), None)
    if value is not None and not isinstance(value, bool | np.bool_):
        raise BadParameter(
            f"项目 {row['item_id']} 的 deviation={value!r} 应为 True 或 False",
            f"Item {row['item_id']}: deviation={value!r} must be True or False",
        )
    return Item(*known, None, True if value is None else bool(value))


def _fen(item: str, value: Any) -> int:
    try:
        number = Decimal(str(value)) * 100
    except ArithmeticError:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number != int(number):
        raise BadParameter(
            f"项目 {item} 的 audited_yuan={value!r} 应为至多两位小数的金额",
            f"Item {item}: audited_yuan={value!r} must be an amount with two decimals at most",
        )
    return int(number)
