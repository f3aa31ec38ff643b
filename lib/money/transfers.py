"""Transfers: the movements of money that statement lines show, made anew at each import."""

from lib.schema import named_sql
from lib.store import Store


def make(draft: Store) -> None:
    """Fill `transfers` of a draft of the Store from all its flows; two lines of one movement are one transfer."""
    draft.execute(named_sql("booked"))
    draft.execute(f"create or replace temp table transfer_pairs as {named_sql('transfer_pairs')}")
    draft.execute("delete from store.transfers")
    draft.execute(f"insert into store.transfers by name {named_sql('transfers')}")
