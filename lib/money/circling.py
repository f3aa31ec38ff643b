"""Round trips of every case of a scope, as the table that rules read."""

import pyarrow as pa

from lib.case import Case
from lib.money import scope
from lib.money.hubtrips import ring_id
from lib.money.keeping import each
from lib.money.trips import BUSY, round_trips
from lib.store import MONEY

_TEXTS, _AT = pa.list_(pa.string()), pa.timestamp("us")
TRIPS = pa.schema(
    {"case_id": pa.string(), "ring_id": pa.string(), "trip_id": pa.string(), "hops": pa.int64(), "accounts": _TEXTS}
    | {"transfer_ids": _TEXTS, "first_at": _AT, "last_at": _AT, "least_yuan": MONEY, "tied": pa.bool_()}
)


def derive_case_trips(
    case: Case, scope_rows: scope.Scope, *, days: int = 10, max_hops: int = 6, min_yuan: float = 0, busy: int = BUSY
) -> pa.Table:
    """Return `round_trips` of every case.

    Returns
    -------
    Table, one row per case and trip
        case_id · ring_id (the same wherever on the ring a trip begins) · trip_id · hops · accounts · transfer_ids · first_at ·
        last_at · least_yuan · tied.
    """
    parts = [TRIPS.empty_table()]
    for row, one in zip(scope_rows, each(case, scope_rows), strict=True):
        found = round_trips(one, days, max_hops, min_yuan, busy=busy)
        found.attrs = {}
        table = pa.Table.from_pandas(found, preserve_index=False)
        rings = [ring_id(accounts) for accounts in table["accounts"].to_pylist()]
        table = table.append_column("ring_id", pa.array(rings, pa.string()))
        table = table.append_column("case_id", pa.array([row[0]] * table.num_rows, pa.string()))
        parts.append(table.select(TRIPS.names).cast(TRIPS))
    return pa.concat_tables(parts)
