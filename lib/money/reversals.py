"""Reversals: transfers that undo an earlier one (冲正, 退汇, 抹账, 撤销, 退回), paired at import.

A failed payment that comes back is no round trip and no use of a loan. A pair moves nothing in the end, but traces keep it:
for a while the money did lie on the other side.
"""

import pyarrow as pa

from lib.store import Store

DAYS = 3
WORDS = "冲正|冲账|冲销|红冲|抹账|撤销|退汇|退票|退回|退款"
UNLESS = "重发|重汇|重付|重划|重新|再次|补发|补汇|[不未可]予?(冲正|抹账|撤销|退汇|退回|退款)"
# Ways to compare the accounts, one after the other: $blind and $by_reversal of sql/reversals.sql.
_WAYS = (("none", False), ("masked", False), ("payee", True), ("payee", False), ("payer", True), ("payer", False))


def pair(store: Store) -> None:
    """Write reversal_of of the transfers of a Store that can be written: at import, once the transfers are made.

    A transfer undoes an earlier one if a line of it says so (kind `refund`, or a word in its memo), the amount is the same, the
    two accounts are the same the other way round, and no more than 3 days lie between. An account that one of the two does not
    state, or writes with stars, may be that of the other; those that are stated in full are paired first. One to one, the
    nearest original before it first. Amounts alone pair nothing.
    """
    undoing = store.run("undoing", words=WORDS, unless=UNLESS)
    store.derive("undoing", undoing)
    if not undoing.num_rows:
        return
    for blind, by_reversal in _WAYS:
        store.derive("reversed", store.run("reversals", blind=blind, by_reversal=by_reversal, days=DAYS))
        store.execute(
            "update transfers set reversal_of = reversed.original_id from reversed "
            "where transfers.transfer_id = reversed.reversal_id"
        )


def pairs(store: Store) -> pa.Table:
    """Return original_id, reversal_id of every pair; read once per version."""
    key = "money.reversals"
    if key not in store.memo:
        query = "select reversal_of as original_id, transfer_id as reversal_id from transfers where reversal_of is not null"
        store.memo[key] = store.arrow(f"{query} order by 1, 2")
    return store.memo[key]
