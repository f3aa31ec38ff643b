"""Populations: the items that a sample is drawn from, frozen by a hash, so that a later change is seen.

The hash is SHA-256 over a head (`lookthrough population 1`, the name, the count, a line each) and a line per item, by id in the
order of its UTF-8 bytes: length of the id in bytes, id, amount in fen, day, length of the stratum in bytes, stratum;
separated by U+001F, what is unknown empty. Neither the order of rows nor the Store's version enters.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case, day_of
from lib.errors import BadParameter, DataGap
from lib.money import scope
from lib.money.amounts import fen
from lib.samples import asking
from lib.schema import schema
from lib.store import MONEY, frame

POPULATIONS = ("loans", "projects", "flows", "transfers", "ledger_entries", "disclosures", "advertisements")
EVIDENCE = pa.list_(pa.struct({"table": pa.string(), "id": pa.string()}))
COLUMNS = pa.schema(
    {
        "item_id": pa.string(),
        "amount_yuan": MONEY,
        "stratum": pa.string(),
        "dated_on": pa.date32(),
        "evidence": EVIDENCE,
    }
)
_HEAD = "lookthrough population 1"
_NO_ACCOUNTS = pa.table({"account_id": pa.array([], pa.string())})


@dataclass(frozen=True, eq=False)
class Frozen:
    """A population as kernels and draws read it: by id; amounts in fen, 0 where they are not known."""

    table: pa.Table
    attrs: Mapping[Any, Any]
    ids: list[str]
    strata: list[str | None]
    fen: npt.NDArray[np.int64]
    known: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """The number of items."""
        return len(self.ids)

    @property
    def positive(self) -> npt.NDArray[np.int64]:
        """Places of the items with an amount above 0: all that a draw by yuan can reach."""
        return np.flatnonzero(self.fen > 0)


def population(
    case: Case, name: str, first_on: str | dt.date | None = None, last_on: str | dt.date | None = None
) -> pd.DataFrame:
    """Freeze a population of a case (see lib.sampling.population)."""
    asking.one_of("population", name, POPULATIONS)
    _lay_out(case, name)
    ids = {"institution": case.institution_id, "party": case.party_id}
    rows = case.store.run("population", population=name, everything=case.is_district, **ids)
    if not rows.num_rows:
        raise DataGap(
            f"没有{_label(name)}可供抽样。请先导入 {name}.csv, 或核对机构与基准日",
            f"There are no {name.replace('_', ' ')} to sample from. Import {name}.csv first, or check the institution",
        )
    first, last = day_of(first_on, "first_on") if first_on else None, day_of(last_on, "last_on") if last_on else None
    rows, left_out = _within(rows, first, last)
    named = rows.filter(pc.is_valid(rows["item_id"]))
    without_id = rows.filter(pc.is_null(rows["item_id"]))
    if not named.num_rows:
        raise _nothing_left(name, left_out)
    made = _frozen(named.append_column("evidence", _evidence(name, named["item_id"])).select(COLUMNS.names), name)
    made.attrs |= {
        "case": case.name,
        "as_of": str(case.as_of),
        "version": case.store.version,
        "first_on": str(first) if first else None,
        "last_on": str(last) if last else None,
        "left_out": [*left_out, *([_part("without_id", without_id)] if without_id.num_rows else [])],
    }
    return made


def freeze(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Freeze a frame of one's own as a population (see lib.sampling.freeze)."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise BadParameter(f"name={name!r} 应为总体的名称", f"name={name!r} must be a name for the population")
    if not isinstance(rows, pd.DataFrame) or "item_id" not in rows:
        raise BadParameter(
            "总体须为含 item_id 列的表 (另可有 amount_yuan、stratum、dated_on、evidence)",
            "A population is a frame with a column item_id (and amount_yuan, stratum, dated_on, evidence where known)",
        )
    if rows.empty:
        raise BadParameter(f"总体 {name} 没有任何项目, 无从抽样", f"The population {name} has no items to sample from")
    columns = {c: _column(rows[c], kind, c) if c in rows else pa.nulls(len(rows), kind) for c, kind in _kinds()}
    made = _frozen(pa.table(columns, schema=COLUMNS), name)
    kept = ("case", "as_of", "version")
    made.attrs |= {key: rows.attrs[key] for key in kept if key in rows.attrs}
    return made


def thawed(rows: pd.DataFrame) -> Frozen:
    """Return a frozen population for drawing, having proved that its rows are those that were frozen.

    Raises
    ------
    BadParameter
        If it is no frozen population.
    DataGap
        If its rows are not those that were frozen.
    """
    if not isinstance(rows, pd.DataFrame) or "sha256" not in rows.attrs or not set(COLUMNS.names) <= set(rows.columns):
        raise BadParameter(
            "需要冻结的总体: 请用 sampling.population(case, ...) 或 sampling.freeze(表, 名称) 生成",
            "A frozen population is needed: make one with sampling.population(case, ...) or sampling.freeze(frame, name)",
        )
    attrs = dict(rows.attrs)
    if rows.empty:
        raise changed(attrs, {"sha256": "-", "items": 0, "sum_fen": 0}, None)
    now = freeze(rows, attrs["population"])
    if now.attrs["sha256"] != attrs["sha256"]:
        raise changed(attrs, now.attrs, None)
    table = pa.table({c: _column(now[c], kind, c) for c, kind in _kinds()}, schema=COLUMNS)
    known = table["amount_yuan"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    return Frozen(table, attrs, table["item_id"].to_pylist(), table["stratum"].to_pylist(), fen(table["amount_yuan"]), known)


def verify(frozen: pd.DataFrame, now: pd.DataFrame) -> int:
    """Prove that a population is still the one that was frozen (see lib.sampling.verify)."""
    then = frozen.attrs
    if not isinstance(then, dict) or "sha256" not in then:
        raise BadParameter(
            "frozen 须为 population、freeze 或 pick 的结果", "frozen must be a result of population, freeze or pick"
        )
    if thawed(now).attrs["sha256"] == then["sha256"]:
        return int(then["items"])
    raise changed(then, now.attrs, _differing(frozen, now))


def changed(then: Mapping[Any, Any], now: Mapping[Any, Any], differing: str | None) -> DataGap:
    """Return the line that says that a population is not the one that was frozen."""
    zh, en, zh_now, en_now = (
        f"{a['sha256'][:12]} ({a['items']:,} {unit}, {asking.amount(a['sum_fen'])} {yuan})"
        for a in (then, now)
        for unit, yuan in (("项", "元"), ("items", "yuan"))
    )
    return DataGap(
        f"总体 {then['population']} 已与冻结时不同: 冻结时 {zh}, 现为 {zh_now}"
        + (f"; 不同的项目 {differing}" if differing else "")
        + "。请重新冻结并说明变动",
        f"The population {then['population']} is not as frozen: then {en}, now {en_now}"
        + (f"; items that differ: {differing}" if differing else "")
        + ". Freeze it again and say what changed",
    )


def _differing(frozen: pd.DataFrame, now: pd.DataFrame) -> str | None:
    """Count the items that are gone, new or other, as far as the rows frozen then are at hand."""
    if "amount_yuan" not in frozen:
        return None  # a sample: what the others were is not known
    marks = [
        {r[0]: r[1:] for r in zip(f["item_id"], f["amount_yuan"], f["stratum"], f["dated_on"], strict=True)}
        for f in (frozen.astype(object).where(frozen.notna(), None), now.astype(object).where(now.notna(), None))
    ]
    return f"{sum(marks[0].get(i, ()) != marks[1].get(i, ()) for i in marks[0].keys() | marks[1].keys()):,}"


def _kinds() -> list[tuple[str, pa.DataType]]:
    return list(zip(COLUMNS.names, COLUMNS.types, strict=True))


def _column(values: pd.Series, kind: pa.DataType, name: str) -> pa.Array:
    """Return a column of a caller's frame in the type that it must have; amounts never pass through a float."""
    try:
        if pa.types.is_decimal(kind):
            known = [None if pd.isna(v) else v for v in values] if values.dtype == object else values
            if pd.api.types.is_float_dtype(values.dtype) and not isinstance(values.dtype, pd.ArrowDtype):
                raise TypeError("float")
            return pa.array(known).cast(kind) if pa.types.is_integer(pa.array(known).type) else pa.array(known, kind)
        if pa.types.is_list(kind) or values.dtype == object:
            return pa.array([None if v is None or v is pd.NA or v is pd.NaT else v for v in values], kind)
        made = pa.Array.from_pandas(values)
        whole = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
        if pa.types.is_string(kind) and not (pa.types.is_string(whole.type) or pa.types.is_large_string(whole.type)):
            raise TypeError(str(whole.type))
        return whole.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError, ValueError) as error:
        kinds = {"amount_yuan": ("Decimal 金额, 至多两位小数", "Decimal amounts with two places at most")}
        zh, en = kinds.get(name, (f"{kind} 类型", f"of type {kind}"))
        raise BadParameter(f"列 {name} 须为{zh} ({error})", f"The column {name} must be {en} ({error})") from None


def _frozen(rows: pa.Table, name: str) -> pd.DataFrame:
    rows = rows.sort_by("item_id")
    ids = rows["item_id"]
    if ids.null_count or pc.count_distinct(ids).as_py() < len(ids):
        doubled = len(ids) - ids.null_count - pc.count_distinct(ids).as_py()
        raise BadParameter(
            f"总体 {name} 的 item_id 须唯一且不为空: 空 {ids.null_count} 行, 重复 {doubled} 行",
            f"Ids of the population {name} must be unique and not empty: {ids.null_count} rows empty, {doubled} repeated",
        )
    known = pc.is_valid(rows["amount_yuan"])
    amounts = fen(rows["amount_yuan"])
    made = frame(rows)
    made.attrs = {
        "population": name,
        "sha256": _digest(rows, amounts, name),
        "items": rows.num_rows,
        "sum_fen": sum_of(amounts),
        "apart": [
            {"why": why, "items": int(mask.sum()), "fen": sum_of(amounts[mask])}
            for why, mask in (
                ("unknown", pc.invert(known).to_numpy()),
                ("zero", known.to_numpy() & (amounts == 0)),
                ("negative", amounts < 0),
            )
            if mask.any()
        ],
    }
    return made


def sum_of(amounts: npt.NDArray[np.int64]) -> int:
    """Add up fen beyond 64 bits: the amounts of a district may exceed them."""
    high, low = amounts >> 32, amounts & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())


def _digest(rows: pa.Table, amounts: npt.NDArray[np.int64], name: str) -> str:
    text = pa.large_string()
    known = pc.is_valid(rows["amount_yuan"]).combine_chunks()
    figures = pc.if_else(known, pa.array(amounts).cast(text), pa.scalar(None, text))
    sizes = [pc.binary_length(rows[c].combine_chunks().cast(text)).cast(text) for c in ("item_id", "stratum")]
    ids, strata, days = (rows[c].combine_chunks().cast(text) for c in ("item_id", "stratum", "dated_on"))
    cells = [pc.fill_null(cell, pa.scalar("", text)) for cell in (sizes[0], ids, figures, days, sizes[1], strata)]
    unit, nothing, end = (pa.scalar(mark, text) for mark in ("\x1f", "", "\n"))
    lines = pc.binary_join_element_wise(pc.binary_join_element_wise(*cells, unit), nothing, end)
    hashed = hashlib.sha256(f"{_HEAD}\n{name}\n{rows.num_rows}\n".encode())
    for chunk in [lines] if isinstance(lines, pa.Array) else lines.chunks:
        places = np.frombuffer(chunk.buffers()[1], np.int64, count=chunk.offset + len(chunk) + 1)
        hashed.update(memoryview(chunk.buffers()[2])[places[chunk.offset] : places[-1]])
    return hashed.hexdigest()


def _lay_out(case: Case, name: str) -> None:
    """Lay out the accounts of the case where the population needs them."""
    needed = name in ("flows", "transfers") and not case.is_district
    case.store.derive("money_accounts", scope.account_ids(case) if needed else _NO_ACCOUNTS)


def _evidence(name: str, ids: pa.ChunkedArray) -> pa.Array:
    """Return each item's own row as its evidence."""
    rows = pa.StructArray.from_arrays([pa.repeat(name, len(ids)), ids.combine_chunks()], ["table", "id"])
    return pa.ListArray.from_arrays(pa.array(range(len(ids) + 1), pa.int32()), rows).cast(EVIDENCE)


def _within(rows: pa.Table, first: dt.date | None, last: dt.date | None) -> tuple[pa.Table, list[dict[str, Any]]]:
    """Cut to a period, both days included, and tell what was left out."""
    if first is None and last is None:
        return rows, []
    if first is not None and last is not None and first > last:
        raise BadParameter(f"first_on={first} 晚于 last_on={last}", f"first_on={first} is after last_on={last}")
    day = rows["dated_on"]
    inside = pc.and_(
        pc.greater_equal(day, first) if first else pc.is_valid(day), pc.less_equal(day, last) if last else pc.is_valid(day)
    )
    masks = (("undated", pc.is_null(day)), ("outside_period", pc.invert(pc.fill_null(inside, True))))
    parts = [_part(why, rows.filter(mask)) for why, mask in masks]
    return rows.filter(pc.fill_null(inside, False)), [p for p in parts if p["items"]]


def _part(why: str, rows: pa.Table) -> dict[str, Any]:
    return {"why": why, "items": rows.num_rows, "fen": sum_of(fen(rows["amount_yuan"]))}


def _nothing_left(name: str, left_out: Iterable[dict[str, Any]]) -> DataGap:
    counts = ", ".join(f"{p['why']} {p['items']:,}" for p in left_out)
    return DataGap(
        f"{_label(name)}中没有可供抽样的项目: 期间以外、无日期或无编号 ({counts})。请核对 first_on 与 last_on",
        f"No item of the {name.replace('_', ' ')} is left to sample from: out of the period, without day or id ({counts}). "
        "Check first_on and last_on",
    )


def _label(name: str) -> str:
    return schema()[name].zh
