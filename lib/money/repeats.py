"""Round trips that repeat: the same accounts in a ring, again and again."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.errors import BadParameter
from lib.money.amounts import as_decimal
from lib.money.hubtrips import ring_id
from lib.money.ledger import Ledger, ledger
from lib.store import MONEY, frame

_COLUMNS = pa.schema(
    [
        ("ring_id", pa.string()),
        ("hops", pa.int64()),
        ("accounts", pa.list_(pa.string())),
        ("trips", pa.int64()),
        ("first_at", pa.timestamp("us")),
        ("last_at", pa.timestamp("us")),
        ("sent_yuan", MONEY),
        ("back_yuan", MONEY),
        ("trip_ids", pa.list_(pa.string())),
        ("transfer_ids", pa.list_(pa.string())),
    ]
)


def trip_rings(case: Case, trips: pd.DataFrame) -> pd.DataFrame:
    """Group round trips by the ring of accounts that they run through, wherever on the ring each begins.

    Parameters
    ----------
    trips
        A result of `round_trips` for the same Store.

    Returns
    -------
    DataFrame, one row per ring, those that repeat most first, then by money
        ring_id (as in `hub_trips`) · hops · accounts (from the first payer of the earliest trip on) · trips (how many) ·
        first_at · last_at · sent_yuan (what the first account paid to the second, each transfer once) · back_yuan (what the
        last paid to the first, each transfer once) · trip_ids · transfer_ids (all, each once, in time order). Trips may share
        transfers: a ring of three trips need not have moved money three times.

    Raises
    ------
    BadParameter
        If the frame is no result of `round_trips`, or of another Store.
    """
    if missing := [c for c in ("trip_id", "accounts", "transfer_ids", "first_at", "last_at") if c not in trips.columns]:
        raise BadParameter(
            f"trip_rings 需要 flows.round_trips 的结果, 缺少列: {'、'.join(missing)}",
            f"trip_rings needs the result of flows.round_trips; missing columns: {', '.join(missing)}",
        )
    book, groups = ledger(case.store), dict[str, list[int]]()
    for row, accounts in enumerate(trips["accounts"]):
        groups.setdefault(ring_id(accounts), []).append(row)
    made = [{"ring_id": name, **_ring(book, trips.iloc[rows])} for name, rows in groups.items()]
    made.sort(key=lambda ring: (-ring["trips"], -ring["sent_yuan"], ring["first_at"], ring["ring_id"]))
    return frame(pa.Table.from_pylist(made, schema=_COLUMNS))


def _ring(book: Ledger, trips: pd.DataFrame) -> dict[str, Any]:
    accounts = trips["accounts"].iloc[0]
    places = np.unique(book.positions([t for ids in trips["transfer_ids"] for t in ids]))
    if len(places) and places[0] < 0:
        raise BadParameter(
            "trips 中有本数据库没有的划转。请用同一数据库的 flows.round_trips 结果",
            "trips has transfers that this Store does not know. Use the result of flows.round_trips on the same Store",
        )
    codes = book.codes(accounts)
    first, last = (places[side[places] == codes[0]] for side in (book.moves.payer, book.moves.payee))
    return {
        "hops": len(accounts),
        "accounts": accounts,
        "trips": len(trips),
        "first_at": trips["first_at"].min(),
        "last_at": trips["last_at"].max(),
        "sent_yuan": as_decimal(book.amount[first].sum()),
        "back_yuan": as_decimal(book.amount[last].sum()),
        "trip_ids": trips["trip_id"].tolist(),
        "transfer_ids": book.table["transfer_id"].take(pa.array(places)).to_pylist(),
    }
