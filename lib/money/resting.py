"""Where the money of a trail lies at its end, or where it came from."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.errors import BadParameter
from lib.store import frame


def at_rest(trail: pd.DataFrame) -> pd.DataFrame:
    """Say where the money of a trail lies at its end: what came to each account less what went on from it.

    Returns
    -------
    DataFrame, one row per account, largest first
        account · traced_yuan. The row without an account is what left the data: paid to somebody who is not stated.
        The column adds up to the trail's hop 0, to the fen; of a trail by poison, to that and what it overstates.
        Of a trail backward it is where the money came from: what lay in each account before (or where following ended: at a
        hub, or by the limits of hops or days), and without an account what came from nobody who is stated, or was paid beyond
        what the payer is known to have held. Of a trail told apart by source, one row per source and account, with its column.

    Raises
    ------
    BadParameter
        If the frame is no trail.
    """
    needed = ["payer_account", "payee_account", "traced_yuan", "hop"]
    if missing := [c for c in needed if c not in trail.columns]:
        raise BadParameter(
            f"at_rest 需要 flows.trace 的结果, 缺少列: {'、'.join(missing)}",
            f"at_rest needs the result of flows.trace; missing columns: {', '.join(missing)}",
        )
    text, money = pa.string(), pa.decimal128(38, 2)
    backward = "unfunded_yuan" in trail.columns
    sides = ("payee_account", "payer_account") if backward else ("payer_account", "payee_account")
    left, to = (pa.array(trail[c], text, from_pandas=True) for c in sides)
    traced, onward = pa.array(trail["traced_yuan"]).cast(money), pa.array(trail["hop"].to_numpy() > 0)
    accounts, amounts = [to, left.filter(onward)], [traced, pc.negate(traced.filter(onward))]
    if "overstated_yuan" in trail.columns:
        accounts, amounts = [*accounts, left], [*amounts, pa.array(trail["overstated_yuan"]).cast(money)]
    if backward:
        unfunded = pa.array(trail["unfunded_yuan"]).cast(money)
        accounts, amounts = [*accounts, to, pa.nulls(len(to), text)], [*amounts, pc.negate(unfunded), unfunded]
    columns = {"account": pa.chunked_array(accounts, text), "traced_yuan": pa.chunked_array(amounts, money)}
    apart = [c for c in ("source_transfer", "source_account") if c in trail.columns]
    for name in apart:
        source = pa.array(trail[name], text, from_pandas=True)
        columns[name] = pa.chunked_array([source.filter(onward) if len(a) < len(trail) else source for a in accounts], text)
    sums = pa.table(columns).group_by([*apart, "account"]).aggregate([("traced_yuan", "sum")])
    told = {name: sums[name] for name in (*apart, "account")}
    sums = pa.table(told | {"traced_yuan": sums["traced_yuan_sum"].cast(pa.decimal128(18, 2))})
    order = [*((name, "ascending") for name in apart), ("traced_yuan", "descending"), ("account", "ascending")]
    return frame(sums.filter(pc.not_equal(sums["traced_yuan"], 0)).sort_by(order))
